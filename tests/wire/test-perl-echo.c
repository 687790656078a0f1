/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-messages.h"
#include "wire/imp-wire-private.h"

#include <gio/gio.h>

/* Random messages go through Perl: its own modules read what is written here, and write it
 * again. */

#define MESSAGES 3500

static GBytes *
encode (const ImpWire *wire, ImpMessage *message)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GError) error = NULL;

  wire->encode (message, 1, buffer, &error);
  g_assert_no_error (error);
  return imp_output_buffer_steal (buffer);
}

/* All of them, each behind its length. */
static GBytes *
encode_all (const ImpWire *wire, GPtrArray *messages)
{
  GByteArray *all = g_byte_array_new ();

  for (guint i = 0; i < messages->len; i++)
    {
      g_autoptr (GBytes) bytes = encode (wire, messages->pdata[i]);
      guint32 length = GUINT32_TO_BE ((guint32) g_bytes_get_size (bytes));

      g_byte_array_append (all, (const guint8 *) &length, sizeof length);
      g_byte_array_append (all, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    }
  return g_byte_array_free_to_bytes (all);
}

static GBytes *
through_perl (const ImpWire *wire, GBytes *input)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "wire", "perl-echo.pl", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE
                                                        | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                                      &error, "perl", script, wire->name, NULL);
  GBytes *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate (process, input, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  return output;
}

/* What comes back was written by a Perl end that had read "meta" as we write it. */
static void
check_next (const ImpWire *wire, ImpCursor *cursor, ImpMessage *written)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  ImpMessage message = IMP_MESSAGE_INIT;
  ImpCursor frame;
  guint32 length = 0;
  gsize need;

  g_assert_true (imp_cursor_u32_be (cursor, &length));
  g_assert_true (imp_cursor_take_cursor (cursor, length, &frame));
  wire->decode (&frame, &limits, &message, &need, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (imp_cursor_left (&frame), ==, 0);
  g_assert_true (test_message_is_after (wire, &message, written));
  imp_message_clear (&message);
}

static void
test_echo (gconstpointer user_data)
{
  const ImpWire *wire = user_data;
  g_autoptr (GRand) random = g_rand_new_with_seed (g_test_rand_int ());
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func (
    (GDestroyNotify) imp_message_unref);
  g_autoptr (GBytes) input = NULL, output = NULL;
  ImpCursor cursor;

  for (guint i = 0; i < MESSAGES; i++)
    g_ptr_array_add (messages, test_random_message (random, 1));
  input = encode_all (wire, messages);
  output = through_perl (wire, input);
  imp_cursor_init_bytes (&cursor, output);
  for (guint i = 0; i < messages->len; i++)
    check_next (wire, &cursor, messages->pdata[i]);
  g_assert_cmpuint (imp_cursor_left (&cursor), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/wire/perl-echo/storable", &imp_wire_storable, test_echo);
  g_test_add_data_func ("/wire/perl-echo/sereal", &imp_wire_sereal, test_echo);
  return g_test_run ();
}
