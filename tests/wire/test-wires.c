/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "test-guard.h"
#include "test-heads.h"
#include "test-messages.h"
#include "wire/imp-wire-private.h"

/* What must be true of every row of the table of wire formats. Each test runs once per row, with a
 * seed that GLib prints and that --seed repeats. */

#define N_MESSAGES 3000
#define N_SPLIT 300
#define N_MUTATED 60000
#define SPLIT_MAX 4096 /* longer messages are cut at both ends only */

static GRand *
new_random (void)
{
  return g_rand_new_with_seed (g_test_rand_int ());
}

static void
assert_equal (const ImpWire *wire, ImpMessage *got, ImpMessage *written)
{
  g_autofree char *got_text = imp_message_to_string (got);
  g_autofree char *written_text = imp_message_to_string (written);

  if (got->op != IMP_OP_NEW_ANALYZER)
    g_assert_cmpstr (got_text, ==, written_text);
  g_assert_true (test_message_is_after (wire, got, written));
}

static ImpCursor
cursor_over (const guint8 *data, gsize length)
{
  return (ImpCursor){ .data = data, .length = length };
}

static void
test_round_trip (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  for (guint i = 0; i < N_MESSAGES; i++)
    {
      guint version = g_rand_int_range (random, 1, wire->max_version + 1);
      g_autoptr (ImpMessage) message = test_random_message (random, version);
      g_autoptr (GBytes) bytes = test_encode (wire, version, message);
      g_autoptr (GError) error = NULL;
      ImpMessage decoded = IMP_MESSAGE_INIT;
      ImpCursor cursor;
      gsize need;

      imp_cursor_init_bytes (&cursor, bytes);
      g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, &error), ==,
                       IMP_DECODE_DONE);
      g_assert_no_error (error);
      g_assert_cmpuint (cursor.position, ==, g_bytes_get_size (bytes));
      assert_equal (wire, &decoded, message);
      imp_message_clear (&decoded);
    }
}

/* Several messages one behind the other: each decoder stops where its message ends. */
static void
test_sequence (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func (
    (GDestroyNotify) imp_message_unref);
  g_autoptr (GBytes) bytes = NULL;
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpCursor cursor;

  for (guint i = 0; i < 500; i++)
    {
      ImpMessage *message = test_random_message (random, wire->max_version);

      g_ptr_array_add (messages, message);
      g_assert_true (wire->encode (message, wire->max_version, buffer, NULL));
    }
  bytes = imp_output_buffer_steal (buffer);
  imp_cursor_init_bytes (&cursor, bytes);
  for (guint i = 0; i < messages->len; i++)
    {
      ImpMessage decoded = IMP_MESSAGE_INIT;
      gsize need;

      g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, NULL), ==, IMP_DECODE_DONE);
      assert_equal (wire, &decoded, messages->pdata[i]);
      imp_message_clear (&decoded);
    }
  g_assert_cmpuint (imp_cursor_left (&cursor), ==, 0);
}

/* A beginning of a message is never a message, never wrong, and never read beyond. */
static void
check_beginning (const ImpWire *wire, TestGuard *guard, GBytes *bytes, gsize length)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  ImpCursor cursor = cursor_over (test_guard_put (guard, g_bytes_get_data (bytes, NULL), length),
                                  length);
  gsize need = 0;
  ImpDecodeStatus status = wire->decode (&cursor, &limits, &decoded, &need, &error);

  g_assert_no_error (error);
  g_assert_cmpint (status, ==, IMP_DECODE_MORE);
  g_assert_cmpuint (cursor.position, ==, 0);
  g_assert_cmpuint (need, >, length);
  g_assert_cmpuint (need, <=, g_bytes_get_size (bytes));
  imp_message_clear (&decoded);
}

static void
test_split (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();
  g_autoptr (TestGuard) guard = test_guard_new (1024 * 1024);

  for (guint i = 0; i < N_SPLIT; i++)
    {
      g_autoptr (ImpMessage) message = test_random_message (random, wire->max_version);
      g_autoptr (GBytes) bytes = test_encode (wire, wire->max_version, message);
      gsize size = g_bytes_get_size (bytes);

      for (gsize length = 0; length < size; length++)
        if (length < SPLIT_MAX || size - length < SPLIT_MAX)
          check_beginning (wire, guard, bytes, length);
    }
}

/* Byte by byte through one cursor that keeps its note of what it has searched. */
static void
test_drip (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  for (guint i = 0; i < N_SPLIT; i++)
    {
      g_autoptr (ImpMessage) message = test_random_message (random, wire->max_version);
      g_autoptr (GBytes) bytes = test_encode (wire, wire->max_version, message);
      ImpMessage decoded = IMP_MESSAGE_INIT;
      ImpCursor cursor;
      gsize need;

      imp_cursor_init_bytes (&cursor, bytes);
      for (cursor.length = 0; cursor.length < g_bytes_get_size (bytes); cursor.length++)
        g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, NULL), ==,
                         IMP_DECODE_MORE);
      g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, NULL), ==, IMP_DECODE_DONE);
      assert_equal (wire, &decoded, message);
      imp_message_clear (&decoded);
    }
}

static void
mutate (GRand *random, guint8 *data, gsize length)
{
  for (guint n = g_rand_int_range (random, 1, 4); n > 0; n--)
    {
      gsize place = g_rand_int_range (random, 0, length);

      if (g_rand_boolean (random))
        data[place] ^= 1 << g_rand_int_range (random, 0, 8);
      else
        data[place] = g_rand_int (random);
    }
}

/* Whatever the bytes are: an answer of the three, an error exactly where it is bad, and nothing
 * read beyond the end. What is taken for a message can be written again. */
static void
check_mutated (const ImpWire *wire, const guint8 *data, gsize length)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  g_autoptr (GError) error = NULL;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  ImpCursor cursor = cursor_over (data, length);
  gsize need = 0;
  ImpDecodeStatus status = wire->decode (&cursor, &limits, &decoded, &need, &error);

  g_assert_cmpuint (cursor.position, <=, length);
  g_assert_true ((status == IMP_DECODE_BAD) == (error != NULL));
  if (status == IMP_DECODE_MORE)
    g_assert_true (cursor.position == 0 && need > length);
  if (status == IMP_DECODE_DONE)
    {
      guint version = decoded.op == IMP_OP_SET_VERSION ? wire->max_version : 2;
      g_autoptr (GBytes) bytes = test_encode (wire, MIN (version, wire->max_version), &decoded);

      g_assert_cmpuint (g_bytes_get_size (bytes), >, 0);
    }
  imp_message_clear (&decoded);
}

static void
test_mutated (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();
  g_autoptr (TestGuard) guard = test_guard_new (1024 * 1024);

  for (guint i = 0; i < N_MUTATED / 20; i++)
    {
      g_autoptr (ImpMessage) message = test_random_message (random, wire->max_version);
      g_autoptr (GBytes) bytes = test_encode (wire, wire->max_version, message);
      gsize length;
      const guint8 *raw = g_bytes_get_data (bytes, &length);

      if (length > SPLIT_MAX)
        continue;
      for (guint k = 0; k < 20; k++)
        {
          guint8 *copy = (guint8 *) test_guard_put (guard, raw, length);

          mutate (random, copy, length);
          check_mutated (wire, copy, length);
        }
    }
}

static void
check_short_cuts (const ImpWire *wire, const guint8 *data, gsize length)
{
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  for (gsize cut = 0; cut < length; cut++)
    if (cut < SPLIT_MAX || length - cut < SPLIT_MAX)
      g_assert_false (test_heads_agree (wire, data, cut, &limits));
}

/* Short and general way, about messages that are whole, cut and changed. */
static void
test_short (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  guint n_taken = 0, n_mutated_taken = 0;

  for (guint i = 0; i < N_MUTATED / 20; i++)
    {
      g_autoptr (ImpMessage) message = test_random_message (random, wire->max_version);
      g_autoptr (GBytes) bytes = test_encode (wire, wire->max_version, message);
      gsize length = g_bytes_get_size (bytes);
      g_autofree guint8 *copy = NULL;

      limits.max_message = g_rand_boolean (random) ? IMP_WIRE_MAX_MESSAGE_DEFAULT : length;
      limits.max_context = g_rand_boolean (random) ? IMP_WIRE_MAX_CONTEXT_DEFAULT
                                                   : (gsize) g_rand_int_range (random, 0, 100);
      n_taken += test_heads_agree (wire, g_bytes_get_data (bytes, NULL), length, &limits);
      limits.max_context = IMP_WIRE_MAX_CONTEXT_DEFAULT;
      limits.max_message = length - 1;
      g_assert_false (test_heads_agree (wire, g_bytes_get_data (bytes, NULL), length, &limits));
      limits.max_message = IMP_WIRE_MAX_MESSAGE_DEFAULT;
      if (i < N_SPLIT)
        check_short_cuts (wire, g_bytes_get_data (bytes, NULL), length);
      copy = g_memdup2 (g_bytes_get_data (bytes, NULL), length);
      for (guint k = 0; k < 20 && length < SPLIT_MAX; k++)
        {
          mutate (random, copy, length);
          n_mutated_taken += test_heads_agree (wire, copy, length, &limits);
        }
    }
  if (wire->decode_head != NULL)
    g_assert_true (n_taken > 100 && n_mutated_taken > 100);
  else
    g_assert_true (n_taken == 0 && n_mutated_taken == 0);
}

/* What a decoder says of a stream up to its end, or to where it is unrecoverable, in words. */
static char *
describe_stream (const ImpWire *wire, GRand *cuts, const guint8 *data, gsize length)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  GString *description = g_string_new (NULL);
  ImpCursor cursor = cursor_over (data, cuts != NULL ? 0 : length);
  gsize need = 0;

  for (;;)
    {
      ImpMessage decoded = IMP_MESSAGE_INIT;
      g_autoptr (GError) error = NULL;
      gsize before = cursor.position;
      ImpDecodeStatus status = wire->decode (&cursor, &limits, &decoded, &need, &error);
      g_autofree char *text = status == IMP_DECODE_DONE ? imp_message_to_string (&decoded) : NULL;

      if (status != IMP_DECODE_MORE)
        g_string_append_printf (description, "%s %" G_GSIZE_FORMAT "\n",
                                error != NULL ? error->message : text, cursor.position);
      imp_message_clear (&decoded);
      if (status == IMP_DECODE_MORE && cursor.length < length)
        cursor.length += g_rand_int_range (cuts, 1, MIN (100, length - cursor.length + 1) + 1);
      else if (status == IMP_DECODE_MORE || (status == IMP_DECODE_BAD && cursor.position == before))
        break;
      cursor.length = MIN (cursor.length, length);
    }
  return g_string_free (description, FALSE);
}

/* Good messages and bad ones are taken for the same however the stream is cut. */
static void
test_cuts (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
      g_autoptr (GBytes) bytes = NULL;
      g_autofree guint8 *raw = NULL;
      g_autofree char *whole = NULL;
      g_autofree char *cut = NULL;
      gsize length;

      for (guint n = g_rand_int_range (random, 1, 20); n > 0; n--)
        {
          g_autoptr (ImpMessage) message = test_random_message (random, wire->max_version);

          g_assert_true (wire->encode (message, wire->max_version, buffer, NULL));
        }
      bytes = imp_output_buffer_steal (buffer);
      raw = g_memdup2 (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));
      if (i % 4 != 0)
        mutate (random, raw, length);
      whole = describe_stream (wire, NULL, raw, length);
      cut = describe_stream (wire, random, raw, length);
      g_assert_cmpstr (cut, ==, whole);
    }
}

static void
test_recognize (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GRand) random = new_random ();

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (ImpMessage) message = test_random_message (random, wire->max_version);
      g_autoptr (GBytes) bytes = test_encode (wire, wire->max_version, message);
      const ImpWire *found = NULL;
      ImpDecodeStatus status = IMP_DECODE_MORE;

      for (gsize n = 1; status == IMP_DECODE_MORE && n <= g_bytes_get_size (bytes); n++)
        status = imp_wire_recognize (g_bytes_get_data (bytes, NULL), n, &found, NULL);
      g_assert_cmpint (status, ==, IMP_DECODE_DONE);
      g_assert_cmpstr (found->name, ==, wire->name);
    }
}

/* In version 1 what it lacks is refused, and nothing of it is left in the output. */
static void
test_version_1 (gconstpointer data)
{
  const ImpWire *wire = data;
  ImpMessage *messages[] = {
    imp_message_new_busy (1, IMP_DIRECTION_FROM_CLIENT, TRUE),
    imp_message_new_ping (1),
    imp_message_new_pong (1),
    imp_message_new_goodbye ("bye"),
    imp_message_new_get_status (1, 1000),
    imp_message_new_status (1, NULL, FALSE),
  };

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (ImpMessage) message = messages[i];
      g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
      g_autoptr (GError) error = NULL;

      imp_output_buffer_append (buffer, "before", 6);
      g_assert_false (wire->encode (message, 1, buffer, &error));
      g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
      g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 6);
    }
}

/* A text that is not UTF-8, as only the library's own messages on the stack can have it, does not
 * spoil the connection. */
static void
test_binary_text (gconstpointer data)
{
  const ImpWire *wire = data;
  ImpMessage message = { .op = IMP_OP_EXCEPTION, .id = 3, .text = (char *) "bin\xff \xc3" };
  g_autoptr (GBytes) bytes = test_encode (wire, 1, &message);
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  g_autoptr (GError) error = NULL;
  ImpCursor cursor;
  gsize need;

  imp_cursor_init_bytes (&cursor, bytes);
  wire->decode (&cursor, &limits, &decoded, &need, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (decoded.text, ==, "bin\xef\xbf\xbd \xef\xbf\xbd");
  imp_message_clear (&decoded);
}

static void
test_max_message (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GBytes) payload = g_bytes_new_take (g_strnfill (5000, 'x'), 5000);
  g_autoptr (ImpMessage) message = imp_message_new_data (1, IMP_DIRECTION_FROM_CLIENT, 0,
                                                         IMP_DATA_TYPE_STREAM, payload);
  g_autoptr (GBytes) bytes = test_encode (wire, 1, message);

  for (guint less = 0; less < 2; less++)
    {
      ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
      ImpMessage decoded = IMP_MESSAGE_INIT;
      g_autoptr (GError) error = NULL;
      ImpCursor cursor;
      gsize need;

      limits.max_message = g_bytes_get_size (bytes) - less;
      imp_cursor_init_bytes (&cursor, bytes);
      g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, &error), ==,
                       less == 0 ? IMP_DECODE_DONE : IMP_DECODE_BAD);
      if (less > 0)
        {
          g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
          g_assert_nonnull (strstr (error->message, "max-message"));
          g_assert_cmpuint (cursor.position, ==, 0);
        }
      imp_message_clear (&decoded);
    }
}

static void
test_max_context (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpMessage) message = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_hash_table_insert (context, (char *) "key", (char *) "a value");
  message = imp_message_new_new_analyzer (7, context);
  bytes = test_encode (wire, 1, message);
  for (guint less = 0; less < 2; less++)
    {
      ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
      ImpMessage decoded = IMP_MESSAGE_INIT;
      g_autoptr (GError) error = NULL;
      ImpCursor cursor;
      gsize need;

      limits.max_context = strlen ("key") + 1 + strlen ("a value") + 1 - less;
      imp_cursor_init_bytes (&cursor, bytes);
      g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, &error), ==,
                       less == 0 ? IMP_DECODE_DONE : IMP_DECODE_BAD);
      if (less > 0)
        {
          g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
          g_assert_nonnull (strstr (error->message, "max-context"));
          g_assert_cmpuint (cursor.position, ==, g_bytes_get_size (bytes));
          g_assert_cmpint (decoded.id, ==, 7);
        }
      imp_message_clear (&decoded);
    }
}

/* A large payload is handed on as a part of the input, a small one is copied. */
static void
test_slices (gconstpointer data)
{
  const ImpWire *wire = data;

  for (gsize size = IMP_VIEW_COPY_MAX; size <= IMP_VIEW_COPY_MAX + 1; size++)
    {
      g_autoptr (GBytes) payload = g_bytes_new_take (g_strnfill (size, 'x'), size);
      g_autoptr (ImpMessage) message = imp_message_new_data (1, IMP_DIRECTION_FROM_CLIENT, 0,
                                                             IMP_DATA_TYPE_STREAM, payload);
      g_autoptr (GBytes) bytes = test_encode (wire, 1, message);
      const char *begin = g_bytes_get_data (bytes, NULL), *place;
      ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
      ImpMessage decoded = IMP_MESSAGE_INIT;
      ImpCursor cursor;
      gsize need;

      imp_cursor_init_bytes (&cursor, bytes);
      g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, NULL), ==, IMP_DECODE_DONE);
      place = g_bytes_get_data (decoded.data, NULL);
      g_assert_true ((place >= begin && place < begin + g_bytes_get_size (bytes))
                     == (size > IMP_VIEW_COPY_MAX));
      g_assert_true (g_bytes_equal (decoded.data, payload));
      imp_message_clear (&decoded);
    }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;
  const ImpWire *wire = NULL;

  g_assert_cmpint (imp_wire_recognize ((const guint8 *) "GET / HTTP/1.1", 14, &wire, &error), ==,
                   IMP_DECODE_BAD);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "47 45 54 20 2f 20 48 54 "));
  g_assert_null (wire);
  g_assert_cmpint (imp_wire_recognize (NULL, 0, &wire, NULL), ==, IMP_DECODE_MORE);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    void (*run) (gconstpointer wire);
  } tests[] = {
    { "round-trip", test_round_trip },
    { "sequence", test_sequence },
    { "split", test_split },
    { "drip", test_drip },
    { "mutated", test_mutated },
    { "short", test_short },
    { "cuts", test_cuts },
    { "recognize", test_recognize },
    { "binary-text", test_binary_text },
    { "version-1", test_version_1 },
    { "max-message", test_max_message },
    { "max-context", test_max_context },
    { "slices", test_slices },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; imp_wires[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS (tests); k++)
      {
        g_autofree char *path = g_strdup_printf ("/wires/%s/%s", imp_wires[i]->name, tests[k].name);

        g_test_add_data_func (path, imp_wires[i], tests[k].run);
      }
  g_test_add_func ("/wires/unknown", test_unknown);
  return g_test_run ();
}
