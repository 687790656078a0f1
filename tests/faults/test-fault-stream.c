/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-streams.h"

#include "core/imp-error.h"
#include "faults/imp-fault-stream.h"

static guint64
get_number (GIOStream *stream, const char *key)
{
  g_autoptr (GVariant) numbers = imp_fault_stream_get_statistics (IMP_FAULT_STREAM (stream));
  guint64 value;

  g_assert_true (g_variant_lookup (numbers, key, "t", &value));
  return value;
}

static gssize
read_some (GIOStream *stream, gpointer buffer, gsize length, GError **error)
{
  return g_pollable_input_stream_read_nonblocking (
    G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream)), buffer, length, NULL, error);
}

static gssize
write_some (GIOStream *stream, gconstpointer data, gsize length, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (
    G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream)), data, length, NULL, error);
}

/* Through @faults, in operations of up to @step bytes: what arrives of the pattern. */
static GBytes *
transfer (const char *faults, gsize length, gsize step)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) pattern = test_bytes_pattern (length);
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *buffer = g_malloc (step);
  g_autoptr (GByteArray) got = g_byte_array_new ();
  gssize n;

  test_stream_pair_faulty (faults, &faulty, &plain);
  test_stream_write (plain, g_bytes_get_data (pattern, NULL), length);
  g_assert_true (g_output_stream_close (g_io_stream_get_output_stream (plain), NULL, NULL));
  g_assert_true (g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (plain)),
                                    FALSE, TRUE, NULL));
  while (
    (n = g_input_stream_read (g_io_stream_get_input_stream (faulty), buffer, step, NULL, &error))
    > 0)
    g_byte_array_append (got, buffer, n);
  g_assert_no_error (error);
  return g_byte_array_free_to_bytes (g_steal_pointer (&got));
}

static guint
count_changes (GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (GBytes) pattern = test_bytes_pattern (length);
  const guint8 *expected = g_bytes_get_data (pattern, NULL);
  guint n = 0;

  for (gsize i = 0; i < length; i++)
    n += data[i] != expected[i];
  return n;
}

static void
test_nothing (void)
{
  g_autoptr (GBytes) got = transfer ("", 100000, 4096);
  g_autoptr (GBytes) pattern = test_bytes_pattern (100000);

  g_assert_true (g_bytes_equal (got, pattern));
}

static void
test_settings_errors (void)
{
  g_autoptr (GIOStream) a = NULL;
  g_autoptr (GIOStream) b = NULL;
  g_autoptr (GError) error = NULL;

  test_stream_pair (&a, &b);
  g_assert_null (imp_fault_stream_new (a,
                                       "seed=x&read-delay=-1&bogus=1&write-chunk=0"
                                       "&block-rate=100&eof_at=1&eof-at=2&read-chunk-min=4",
                                       &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  for (const char *const *text
       = (const char *const[]){ "seed: \"x\"", "read-delay: \"-1\"", "\"bogus\" is no fault",
                                "write-chunk: \"0\"", "block-rate: \"100\"",
                                "eof-at is there more than once", "read-chunk-min needs", NULL };
       *text != NULL; text++)
    if (strstr (error->message, *text) == NULL)
      g_error ("\"%s\" is missing in: %s", *text, error->message);
}

static void
test_settings_malformed (void)
{
  const char *const malformed[] = { "delay", "delay=1&&", "=5", "delay=%zz", "delay=1 ", "delay=" };
  g_autoptr (GIOStream) a = NULL;
  g_autoptr (GIOStream) b = NULL;

  test_stream_pair (&a, &b);
  for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autoptr (GError) error = NULL;
      GIOStream *stream = imp_fault_stream_new (a, malformed[i], &error);

      if (stream != NULL)
        g_error ("accepted: %s", malformed[i]);
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
    }
}

static void
test_settings_both_ways (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  guint8 buffer[8];

  test_stream_pair_faulty ("chunk=3&write-chunk=2", &faulty, &plain);
  g_assert_cmpstr (imp_fault_stream_get_faults (IMP_FAULT_STREAM (faulty)), ==,
                   "chunk=3&write-chunk=2");
  test_stream_write (plain, "abcdefgh", 8);
  g_assert_cmpint (read_some (faulty, buffer, 8, NULL), ==, 3);
  g_assert_cmpint (write_some (faulty, "abcdefgh", 8, NULL), ==, 2);
  g_assert_cmpuint (get_number (faulty, "read-shortened"), ==, 1);
  g_assert_cmpuint (get_number (faulty, "write-bytes"), ==, 2);
}

static void
test_one_byte (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) got = NULL;
  guint8 byte;

  test_stream_pair_one_byte (&faulty, &plain);
  test_stream_write (plain, "xyz", 3);
  for (int i = 0; i < 3; i++)
    {
      guint8 buffer[16];

      g_assert_cmpint (read_some (faulty, buffer, sizeof buffer, NULL), ==, 1);
      byte = buffer[0];
      g_assert_cmpint (byte, ==, 'x' + i);
    }
  test_stream_write (faulty, "hello", 5);
  got = test_stream_read (plain, 5);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), 5, "hello", 5);
  g_assert_cmpuint (get_number (faulty, "write-shortened"), ==, 4);
}

static void
test_random_chunks (void)
{
  const char *faults = "seed=5&chunk=9&chunk-min=2";
  g_autoptr (GBytes) got = transfer (faults, 5000, 4096);
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) pattern = test_bytes_pattern (5000);
  gboolean seen[10] = { FALSE };
  guint8 buffer[64];
  gssize n;

  g_assert_true (g_bytes_equal (got, pattern));
  test_stream_pair_faulty (faults, &faulty, &plain);
  test_stream_write (plain, g_bytes_get_data (pattern, NULL), 5000);
  for (int i = 0; i < 400; i++)
    {
      n = read_some (faulty, buffer, sizeof buffer, NULL);
      g_assert_cmpint (n, >=, 2);
      g_assert_cmpint (n, <=, 9);
      seen[n] = TRUE;
    }
  for (n = 2; n <= 9; n++)
    g_assert_true (seen[n]);
}

static void
test_block_first (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  guint8 buffer[8];

  test_stream_pair_blocking (3, &faulty, &plain);
  test_stream_write (plain, "abc", 3);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (read_some (faulty, buffer, 8, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      g_clear_error (&error);
      g_assert_cmpint (write_some (faulty, "abc", 3, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    }
  g_assert_cmpint (read_some (faulty, buffer, 8, NULL), ==, 3);
  g_assert_cmpint (write_some (faulty, "abc", 3, NULL), ==, 3);
  g_assert_cmpuint (get_number (faulty, "read-blocked"), ==, 3);
}

/* A series of blocked (1) and done (0) reads. */
static char *
get_block_series (const char *faults)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  GString *series = g_string_new (NULL);
  guint8 byte;

  test_stream_pair_faulty (faults, &faulty, &plain);
  for (int i = 0; i < 400; i++)
    {
      test_stream_write (plain, "x", 1);
      g_string_append_c (series, read_some (faulty, &byte, 1, NULL) == 1 ? '0' : '1');
    }
  g_assert_cmpuint (get_number (faulty, "read-bytes") + get_number (faulty, "read-blocked"), ==,
                    400);
  return g_string_free (series, FALSE);
}

static void
test_block_rate (void)
{
  g_autofree char *one = get_block_series ("seed=1&block-rate=40");
  g_autofree char *same = get_block_series ("seed=1&block-rate=40");
  g_autofree char *other = get_block_series ("seed=2&block-rate=40");
  guint n = 0;

  for (const char *c = one; *c != '\0'; c++)
    n += *c == '1';
  g_assert_cmpuint (n, >, 110);
  g_assert_cmpuint (n, <, 210);
  g_assert_cmpstr (one, ==, same);
  g_assert_cmpstr (one, !=, other);
}

static void
test_corrupt_at (void)
{
  g_autoptr (GBytes) got = transfer ("corrupt-at=1234", 5000, 100);
  g_autoptr (GBytes) pattern = test_bytes_pattern (5000);

  g_assert_cmpuint (count_changes (got), ==, 1);
  g_assert_cmpint (((const guint8 *) g_bytes_get_data (got, NULL))[1234], !=,
                   ((const guint8 *) g_bytes_get_data (pattern, NULL))[1234]);
}

/* The same bytes whatever the chunks; others with another seed. */
static void
test_corrupt_every (void)
{
  g_autoptr (GBytes) one = transfer ("seed=3&corrupt-every=100", 50000, 4096);
  g_autoptr (GBytes) same = transfer ("seed=3&corrupt-every=100&chunk=7", 50000, 4096);
  g_autoptr (GBytes) other = transfer ("seed=4&corrupt-every=100", 50000, 4096);
  g_autoptr (GBytes) all = transfer ("seed=4&corrupt-every=1", 5000, 64);

  g_assert_cmpuint (count_changes (one), >, 350);
  g_assert_cmpuint (count_changes (one), <, 650);
  g_assert_true (g_bytes_equal (one, same));
  g_assert_false (g_bytes_equal (one, other));
  g_assert_cmpuint (count_changes (all), ==, 5000);
}

static void
test_corrupt_write (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) pattern = test_bytes_pattern (3000);
  g_autoptr (GBytes) before = g_bytes_new (g_bytes_get_data (pattern, NULL), 3000);
  g_autoptr (GBytes) got = NULL;

  test_stream_pair_faulty ("write-corrupt-at=2999&write-chunk=11", &faulty, &plain);
  test_stream_write (faulty, g_bytes_get_data (pattern, NULL), 3000);
  got = test_stream_read (plain, 3000);
  g_assert_cmpuint (count_changes (got), ==, 1);
  g_assert_cmpuint (get_number (faulty, "write-corrupted"), ==, 1);
  g_assert_cmpuint (get_number (faulty, "read-corrupted"), ==, 0);
  g_assert_true (g_bytes_equal (pattern, before));
}

static void
test_eof_read (void)
{
  g_autoptr (GBytes) some = transfer ("read-eof-at=777", 5000, 100);
  g_autoptr (GBytes) none = transfer ("read-eof-at=0", 5000, 100);

  g_assert_cmpuint (g_bytes_get_size (some), ==, 777);
  g_assert_cmpuint (count_changes (some), ==, 0);
  g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
}

static void
test_eof_write (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GError) error = NULL;

  test_stream_pair_faulty ("write-eof-at=4", &faulty, &plain);
  g_assert_cmpint (write_some (faulty, "abcdef", 6, NULL), ==, 4);
  g_assert_cmpint (write_some (faulty, "ef", 2, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  got = test_stream_read_all (plain);
  g_assert_cmpuint (g_bytes_get_size (got), ==, 4);
  test_stream_write (plain, "still", 5);
  g_clear_pointer (&got, g_bytes_unref);
  got = test_stream_read (faulty, 5);
  g_assert_cmpuint (get_number (faulty, "write-ended"), ==, 1);
}

static void
test_stall (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GError) error = NULL;
  guint8 buffer[64];

  test_stream_pair_faulty ("stall-at=5", &faulty, &plain);
  test_stream_write (plain, "abcdefgh", 8);
  g_assert_cmpint (read_some (faulty, buffer, 64, NULL), ==, 5);
  g_assert_cmpint (read_some (faulty, buffer, 64, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  g_assert_cmpint (write_some (faulty, "abcdefgh", 8, NULL), ==, 5);
  g_assert_cmpint (write_some (faulty, "fgh", 3, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);

  g_assert_true (g_io_stream_close (faulty, NULL, NULL));
  g_assert_cmpint (read_some (faulty, buffer, 64, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (50 * 1000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_stall_blocking (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
  guint8 buffer[8];

  test_stream_pair_faulty ("stall-at=0", &faulty, &plain);
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (faulty), buffer, 8,
                                        cancellable, &error),
                   ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

static void
test_reset (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) rest = NULL;
  guint8 buffer[64];

  test_stream_pair_faulty ("write-reset-at=3", &faulty, &plain);
  test_stream_write (plain, "abc", 3);
  g_assert_cmpint (read_some (faulty, buffer, 64, NULL), ==, 3);
  g_assert_cmpint (write_some (faulty, "abcd", 4, NULL), ==, 3);
  g_assert_cmpint (write_some (faulty, "d", 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_clear_error (&error);
  g_assert_cmpint (read_some (faulty, buffer, 64, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_cmpuint (get_number (faulty, "write-reset"), ==, 1);
  g_assert_cmpuint (get_number (faulty, "read-reset"), ==, 0);
  rest = test_stream_read_all (plain);
  g_assert_cmpuint (g_bytes_get_size (rest), ==, 3);
}

static void
tcp_pair (GIOStream **client, GIOStream **server)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketClient) connector = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);

  g_assert_no_error (error);
  *client = G_IO_STREAM (
    g_socket_client_connect_to_host (connector, "127.0.0.1", port, NULL, &error));
  g_assert_no_error (error);
  *server = G_IO_STREAM (g_socket_listener_accept (listener, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_reset_tcp (void)
{
  g_autoptr (GIOStream) client = NULL;
  g_autoptr (GIOStream) server = NULL;
  g_autoptr (GError) error = NULL;
  guint8 buffer[64];

  tcp_pair (&client, &server);
  client = test_stream_faulty (client, "read-reset-at=0");
  g_assert_cmpint (read_some (client, buffer, 64, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (
    g_input_stream_read (g_io_stream_get_input_stream (server), buffer, 64, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static void
test_delay_blocking (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) got = NULL;
  gint64 begin = g_get_monotonic_time ();

  test_stream_pair_faulty ("delay=30", &faulty, &plain);
  test_stream_write (faulty, "ab", 2);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 30 * 1000);
  test_stream_write (plain, "ab", 2);
  got = test_stream_read (faulty, 2);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 60 * 1000);
}

static void
test_half_close (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (GBytes) got = NULL;
  g_autoptr (GBytes) answer = NULL;

  test_stream_pair_faulty ("chunk=2", &faulty, &plain);
  test_stream_write (faulty, "abc", 3);
  g_assert_true (g_output_stream_close (g_io_stream_get_output_stream (faulty), NULL, NULL));
  got = test_stream_read_all (plain);
  g_assert_cmpuint (g_bytes_get_size (got), ==, 3);
  test_stream_write (plain, "ok", 2);
  answer = test_stream_read (faulty, 2);
  g_assert_true (g_io_stream_close (faulty, NULL, NULL));
  g_assert_true (
    g_io_stream_is_closed (imp_fault_stream_get_base_stream (IMP_FAULT_STREAM (faulty))));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fault-stream/nothing", test_nothing);
  g_test_add_func ("/fault-stream/settings/errors", test_settings_errors);
  g_test_add_func ("/fault-stream/settings/malformed", test_settings_malformed);
  g_test_add_func ("/fault-stream/settings/both-ways", test_settings_both_ways);
  g_test_add_func ("/fault-stream/one-byte", test_one_byte);
  g_test_add_func ("/fault-stream/random-chunks", test_random_chunks);
  g_test_add_func ("/fault-stream/block-first", test_block_first);
  g_test_add_func ("/fault-stream/block-rate", test_block_rate);
  g_test_add_func ("/fault-stream/corrupt-at", test_corrupt_at);
  g_test_add_func ("/fault-stream/corrupt-every", test_corrupt_every);
  g_test_add_func ("/fault-stream/corrupt-write", test_corrupt_write);
  g_test_add_func ("/fault-stream/eof/read", test_eof_read);
  g_test_add_func ("/fault-stream/eof/write", test_eof_write);
  g_test_add_func ("/fault-stream/stall", test_stall);
  g_test_add_func ("/fault-stream/stall/blocking", test_stall_blocking);
  g_test_add_func ("/fault-stream/reset", test_reset);
  g_test_add_func ("/fault-stream/reset/tcp", test_reset_tcp);
  g_test_add_func ("/fault-stream/delay/blocking", test_delay_blocking);
  g_test_add_func ("/fault-stream/half-close", test_half_close);
  return g_test_run ();
}
