/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One of our codecs' decoders, FUZZ_WIRE: it never reads beyond its input; a message that is cut
 * gives "more" at every cut; what it made of the bytes can be written and read again. */
#include "fuzz.h"

#include "core/imp-error.h"
#include "core/imp-marks-private.h"
#include "test-heads.h"
#include "test-messages.h"
#include "wire/imp-wire-private.h"

#include <string.h>

static const ImpWireLimits narrow = { .max_message = 4096, .max_context = 512, .max_depth = 8 };
static const ImpWireLimits wide = IMP_WIRE_LIMITS_INIT;

/* On a copy that ends where the input ends, so that every look behind it is seen. */
static ImpDecodeStatus
decode (const guint8 *data, gsize length, const ImpWireLimits *limits, ImpMessage *message,
        gsize *consumed)
{
  g_autofree guint8 *exact = g_malloc (MAX (length, 1)); /* a cursor has an address, if empty */
  g_autoptr (GError) error = NULL;
  ImpCursor cursor = { .data = exact, .length = length };
  gsize need = 0;
  ImpDecodeStatus status;

  memcpy (exact, data, length);
  status = FUZZ_WIRE.decode (&cursor, limits, message, &need, &error);
  g_assert_cmpuint (cursor.position, <=, length);
  *consumed = cursor.position;
  switch (status)
    {
    case IMP_DECODE_DONE:
      g_assert_no_error (error);
      g_assert_cmpuint (cursor.position, >, 0);
      break;
    case IMP_DECODE_MORE:
      g_assert_no_error (error);
      g_assert_cmpuint (cursor.position, ==, 0);
      g_assert_cmpuint (need, >, length);
      break;
    case IMP_DECODE_BAD:
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      break;
    }
  return status;
}

static void
check_cuts (const guint8 *data, gsize consumed, const ImpWireLimits *limits)
{
  /* All of them where they are few, else some. */
  gsize step = consumed / 64 + 1;

  for (gsize cut = 0; cut < consumed; cut += step)
    {
      ImpMessage message = IMP_MESSAGE_INIT;
      gsize unused;

      g_assert_cmpint (decode (data, cut, limits, &message, &unused), ==, IMP_DECODE_MORE);
      imp_message_clear (&message);
    }
}

static void
check_round_trip (ImpMessage *message)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  ImpMessage again = IMP_MESSAGE_INIT;
  gsize length, consumed;
  const guint8 *data;

  if (!FUZZ_WIRE.encode (message, FUZZ_WIRE.max_version, buffer, &error))
    {
      /* What a format cannot carry, it says; then it must have written nothing. */
      g_assert_nonnull (error);
      g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 0);
      return;
    }
  bytes = imp_output_buffer_steal (buffer);
  data = g_bytes_get_data (bytes, &length);
  g_assert_cmpint (decode (data, length, &wide, &again, &consumed), ==, IMP_DECODE_DONE);
  g_assert_cmpuint (consumed, ==, length);
  /* Perl knows no other spelling of the position 0. */
  if (FUZZ_WIRE.max_version == 1 && message->op == IMP_OP_DATA)
    message->offset = imp_explicit_offset (message->offset);
  /* A hash in a hash is flattened in reading, so such contexts come back different; those
   * of real connections are tested beside the codecs. */
  if (!(FUZZ_WIRE.max_version == 1 && message->op == IMP_OP_NEW_ANALYZER)
      && !test_message_is_after (&FUZZ_WIRE, &again, message))
    {
      g_autofree char *before = imp_message_to_string (message);
      g_autofree char *after = imp_message_to_string (&again);

      g_error ("Written and read again, %s became %s", before, after);
    }
  imp_message_clear (&again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  const ImpWireLimits *limits = length % 2 == 0 ? &wide : &narrow;
  ImpDecodeStatus status = IMP_DECODE_DONE;
  gsize position = 0;

  for (int n = 0; n < 64 && status != IMP_DECODE_MORE && position < length; n++)
    {
      ImpMessage message = IMP_MESSAGE_INIT;
      gsize consumed;

      test_heads_agree (&FUZZ_WIRE, data + position, length - position, limits);
      status = decode (data + position, length - position, limits, &message, &consumed);
      if (status == IMP_DECODE_DONE)
        {
          g_autofree char *text = imp_message_to_string (&message);

          g_assert_nonnull (text);
          check_cuts (data + position, consumed, limits);
          check_round_trip (&message);
        }
      imp_message_clear (&message);
      if (consumed == 0)
        break;
      position += consumed;
    }
  if (length > 0 && FUZZ_WIRE.recognize != NULL)
    FUZZ_WIRE.recognize (data, length);
  return 0;
}
