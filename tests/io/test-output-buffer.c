/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-output-buffer-private.h"
#include "test-streams.h"

#include <fcntl.h>
#include <unistd.h>

/* A buffer beside the naive one, a GByteArray that holds the same. */
typedef struct
{
  ImpOutputBuffer *buffer;
  GByteArray *naive;
  GRand *random;
  guint8 next;
} Pair;

static GBytes *
new_bytes (Pair *pair, gsize length)
{
  guint8 *data = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    data[i] = pair->next++;
  return g_bytes_new_take (data, length);
}

static void
append_both (Pair *pair, gsize length, gboolean as_bytes)
{
  g_autoptr (GBytes) bytes = new_bytes (pair, length);
  gconstpointer data = g_bytes_get_data (bytes, NULL);

  if (as_bytes)
    imp_output_buffer_append_bytes (pair->buffer, bytes);
  else
    imp_output_buffer_append (pair->buffer, data, length);
  g_byte_array_append (pair->naive, data, length);
}

static void
reserve_both (Pair *pair)
{
  gsize length = g_rand_int_range (pair->random, 0, IMP_OUTPUT_BUFFER_RESERVE_MAX + 1);
  gsize used = g_rand_int_range (pair->random, 0, length + 1);
  g_autoptr (GBytes) bytes = new_bytes (pair, used);
  guint8 *place = imp_output_buffer_reserve (pair->buffer, length);

  if (used > 0)
    memcpy (place, g_bytes_get_data (bytes, NULL), used);
  imp_output_buffer_commit (pair->buffer, used);
  g_byte_array_append (pair->naive, g_bytes_get_data (bytes, NULL), used);
}

static gsize
random_length (Pair *pair)
{
  return g_rand_int_range (pair->random, 0, 1 << g_rand_int_range (pair->random, 1, 18));
}

static void
write_both (Pair *pair)
{
  switch (g_rand_int_range (pair->random, 0, 4))
    {
    case 0:
      append_both (pair, random_length (pair), FALSE);
      break;
    case 1:
      append_both (pair, random_length (pair), TRUE);
      break;
    case 2:
      append_both (pair, g_rand_int_range (pair->random, 0, 100), FALSE);
      break;
    default:
      reserve_both (pair);
      break;
    }
}

static void
consume_both (Pair *pair)
{
  gsize length = pair->naive->len;

  if (g_rand_boolean (pair->random))
    length = g_rand_int_range (pair->random, 0, length + 1);
  imp_output_buffer_consume (pair->buffer, length);
  if (length > 0)
    g_byte_array_remove_range (pair->naive, 0, length);
}

/* Writes something behind a mark, then takes it back, or patches its beginning. */
static void
mark_both (Pair *pair)
{
  gsize before = pair->naive->len;
  ImpOutputBufferMark mark;

  imp_output_buffer_mark (pair->buffer, &mark);
  memcpy (imp_output_buffer_reserve (pair->buffer, 4), "????", 4);
  imp_output_buffer_commit (pair->buffer, 4);
  g_byte_array_append (pair->naive, (const guint8 *) "!!!!", 4);
  for (guint n = g_rand_int_range (pair->random, 0, 6); n > 0; n--)
    write_both (pair);

  g_assert_cmpuint (imp_output_buffer_size_since (pair->buffer, &mark), ==,
                    pair->naive->len - before);
  if (g_rand_boolean (pair->random))
    {
      imp_output_buffer_truncate (pair->buffer, &mark);
      g_byte_array_set_size (pair->naive, before);
    }
  else
    {
      memcpy (imp_output_buffer_at_mark (pair->buffer, &mark), "!!!!", 4);
    }
}

/* All that is there, through as many vectors as there may be. */
static void
compare (Pair *pair)
{
  GOutputVector vectors[4096];
  guint max = g_rand_int_range (pair->random, 1, G_N_ELEMENTS (vectors));
  guint n = imp_output_buffer_peek (pair->buffer, vectors, max);
  gsize position = 0;

  g_assert_cmpuint (imp_output_buffer_get_size (pair->buffer), ==, pair->naive->len);
  g_assert_cmpuint (n, <=, max);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (vectors[i].size, >, 0);
      g_assert_cmpuint (vectors[i].size, <=, pair->naive->len - position);
      g_assert_cmpmem (vectors[i].buffer, vectors[i].size, pair->naive->data + position,
                       vectors[i].size);
      position += vectors[i].size;
    }
  g_assert_true (n == max || position == pair->naive->len);
}

static void
test_random (void)
{
  Pair pair = {
    imp_output_buffer_new (),
    g_byte_array_new (),
    g_rand_new_with_seed (g_test_rand_int ()),
    0,
  };

  for (guint i = 0; i < 20000; i++)
    {
      guint what = g_rand_int_range (pair.random, 0, 8);

      if (what < 4 && pair.naive->len < 1024 * 1024)
        write_both (&pair);
      else if (what == 4 && pair.naive->len < 1024 * 1024)
        mark_both (&pair);
      else
        consume_both (&pair);
      if (i % 8 == 0)
        compare (&pair);
    }
  g_rand_free (pair.random);
  g_byte_array_unref (pair.naive);
  imp_output_buffer_free (pair.buffer);
}

/* Small payloads are copied, large ones are the caller's own memory until they are written. */
static void
test_references (void)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) small = g_bytes_new_take (g_strnfill (IMP_OUTPUT_BUFFER_COPY_MAX, 's'),
                                               IMP_OUTPUT_BUFFER_COPY_MAX);
  g_autoptr (GBytes) large = g_bytes_new_take (g_strnfill (IMP_OUTPUT_BUFFER_COPY_MAX + 1, 'l'),
                                               IMP_OUTPUT_BUFFER_COPY_MAX + 1);
  GOutputVector vectors[4];

  imp_output_buffer_append (buffer, "head", 4);
  imp_output_buffer_append_bytes (buffer, small);
  imp_output_buffer_append_bytes (buffer, large);
  imp_output_buffer_append (buffer, "tail", 4);

  g_assert_cmpuint (imp_output_buffer_peek (buffer, vectors, G_N_ELEMENTS (vectors)), ==, 3);
  g_assert_cmpuint (vectors[0].size, ==, 4 + IMP_OUTPUT_BUFFER_COPY_MAX);
  g_assert_true (vectors[1].buffer == g_bytes_get_data (large, NULL));
  g_assert_cmpuint (vectors[2].size, ==, 4);

  imp_output_buffer_consume (buffer, vectors[0].size + 1);
  g_assert_cmpuint (imp_output_buffer_peek (buffer, vectors, 1), ==, 1);
  g_assert_true (vectors[0].buffer == (const guint8 *) g_bytes_get_data (large, NULL) + 1);
}

/* What a transport takes is gone, and the buffer knows when there is no room for more. */
static void
test_write (gconstpointer plain)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) much = test_bytes_pattern (4 * 1024 * 1024);
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autoptr (ImpTransport) transport = NULL;
  g_autoptr (GByteArray) received = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  gboolean full = FALSE;

  if (plain != NULL)
    test_stream_pair (&near, &far);
  else
    test_stream_pair_faulty ("chunk=50000", &near, &far);
  transport = imp_transport_new (near, &error);
  g_assert_no_error (error);
  imp_output_buffer_append (buffer, "head", 4);
  imp_output_buffer_append_bytes (buffer, much);
  imp_output_buffer_append (buffer, "tail", 4);

  while (imp_output_buffer_get_size (buffer) > 0)
    {
      gsize before = imp_output_buffer_get_size (buffer);
      gssize n = imp_output_buffer_write (buffer, transport, &full, &error);
      g_autoptr (GBytes) part = NULL;

      g_assert_no_error (error);
      g_assert_cmpint (n, >=, 0);
      g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, before - n);
      g_assert_true (full || n > 0);
      if (n == 0)
        continue;
      /* Full it is only where the next write says so. */
      if (full)
        g_assert_cmpint (imp_output_buffer_write (buffer, transport, &full, &error), ==, 0);
      part = test_stream_read (far, n);
      g_byte_array_append (received, g_bytes_get_data (part, NULL), n);
    }
  g_assert_cmpuint (received->len, ==, 8 + g_bytes_get_size (much));
  g_assert_cmpmem (received->data, 4, "head", 4);
  g_assert_cmpmem (received->data + 4, g_bytes_get_size (much), g_bytes_get_data (much, NULL),
                   g_bytes_get_size (much));
  g_assert_cmpmem (received->data + received->len - 4, 4, "tail", 4);
}

/* What cannot be written stays, and the error says why. */
static void
test_write_error (void)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autoptr (ImpTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  gboolean full;

  test_stream_pair (&near, &far);
  transport = imp_transport_new (near, NULL);
  g_assert_true (g_io_stream_close (far, NULL, NULL));
  imp_output_buffer_append (buffer, "bytes", 5);
  g_assert_cmpint (imp_output_buffer_write (buffer, transport, &full, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_false (full);
  g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 5);
}

static void
count_free (gpointer count)
{
  ++*(guint *) count;
}

/* What is referenced is given back once: when it is consumed, taken back, or with the buffer. */
static void
test_release (void)
{
  static char data[4096];
  ImpOutputBuffer *buffer = imp_output_buffer_new ();
  ImpOutputBufferMark mark;
  guint freed = 0;

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (data, sizeof data, count_free, &freed);

      if (i == 1)
        imp_output_buffer_mark (buffer, &mark);
      imp_output_buffer_append_bytes (buffer, bytes);
      if (i == 1)
        imp_output_buffer_truncate (buffer, &mark);
    }
  g_assert_cmpuint (freed, ==, 1);
  imp_output_buffer_consume (buffer, sizeof data);
  g_assert_cmpuint (freed, ==, 2);
  imp_output_buffer_free (buffer);
  g_assert_cmpuint (freed, ==, 3);
}

/* One that is cleared has given all back, and can be used again. */
static void
test_clear (void)
{
  static char data[4096];
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) stolen = NULL;
  guint freed = 0;

  imp_output_buffer_clear (buffer);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (data, sizeof data, count_free, &freed);

      imp_output_buffer_append (buffer, data, 1000);
      imp_output_buffer_append_bytes (buffer, bytes);
    }
  imp_output_buffer_consume (buffer, 1000 + sizeof data + 10);
  g_assert_cmpuint (freed, ==, 1);
  imp_output_buffer_clear (buffer);
  g_assert_cmpuint (freed, ==, 100);
  g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 0);
  imp_output_buffer_append (buffer, "bytes", 5);
  stolen = imp_output_buffer_steal (buffer);
  g_assert_cmpmem (g_bytes_get_data (stolen, NULL), g_bytes_get_size (stolen), "bytes", 5);
}

static void
clear_again (gpointer buffer)
{
  imp_output_buffer_clear (buffer);
  imp_output_buffer_append (buffer, "new", 3);
}

/* What frees the bytes may come back, and clear what is being written. */
static void
test_clear_within (void)
{
  static char data[4096];
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) large = g_bytes_new_with_free_func (data, sizeof data, clear_again, buffer);
  g_autoptr (GBytes) left = NULL;

  imp_output_buffer_append_bytes (buffer, large);
  g_clear_pointer (&large, g_bytes_unref);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GBytes) more = g_bytes_new (data, sizeof data);

      imp_output_buffer_append_bytes (buffer, more);
    }
  imp_output_buffer_consume (buffer, 3 * sizeof data);
  left = imp_output_buffer_steal (buffer);
  g_assert_cmpmem (g_bytes_get_data (left, NULL), g_bytes_get_size (left), "new", 3);
}

/* A buffer that is filled and drained in turn does not move through memory. */
static void
test_reuse (void)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  GOutputVector vector;
  const void *place = NULL;

  for (guint i = 0; i < 10000; i++)
    {
      imp_output_buffer_append (buffer, "some bytes", 11);
      g_assert_cmpuint (imp_output_buffer_peek (buffer, &vector, 1), ==, 1);
      g_assert_true (place == NULL || place == vector.buffer);
      place = vector.buffer;
      imp_output_buffer_consume (buffer, 11);
    }
}

static void
test_steal (void)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) empty = imp_output_buffer_steal (buffer);
  g_autoptr (GBytes) stolen = NULL;

  g_assert_cmpuint (g_bytes_get_size (empty), ==, 0);
  imp_output_buffer_append (buffer, "bytes", 6);
  stolen = imp_output_buffer_steal (buffer);
  g_assert_cmpmem (g_bytes_get_data (stolen, NULL), g_bytes_get_size (stolen), "bytes", 6);
  g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 0);
}

/* A descriptor goes with the byte behind it, neither earlier nor later, and is closed here then. */
static void
test_descriptor (void)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (ImpTransport) from = NULL, to = NULL;
  g_autoptr (GError) error = NULL;
  int pipes[2], fd;
  gboolean full;
  char text[16];

  test_stream_pair (&one, &other);
  from = imp_transport_new (one, NULL);
  to = imp_transport_new (other, NULL);
  imp_transport_set_takes_descriptors (to, TRUE);
  g_assert_cmpint (pipe (pipes), ==, 0);
  imp_output_buffer_append (buffer, "before", 6);
  imp_output_buffer_attach (buffer, pipes[1]);
  imp_output_buffer_append (buffer, "behind", 6);

  g_assert_cmpint (imp_output_buffer_write (buffer, from, &full, &error), ==, 6);
  g_assert_false (full);
  g_assert_cmpint (imp_transport_read (to, text, sizeof text, &error), ==, 6);
  g_assert_cmpmem (text, 6, "before", 6);
  g_assert_false (imp_transport_has_descriptor (to));
  g_assert_cmpint (imp_output_buffer_write (buffer, from, &full, &error), ==, 6);
  g_assert_cmpint (fcntl (pipes[1], F_GETFD), ==, -1);
  g_assert_cmpint (imp_transport_read (to, text, sizeof text, &error), ==, 6);
  g_assert_cmpmem (text, 6, "behind", 6);
  fd = imp_transport_steal_descriptor (to);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, "x", 1), ==, 1);

  imp_output_buffer_attach (buffer, fd);
  imp_output_buffer_append (buffer, "never", 5);
  imp_output_buffer_clear (buffer);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);
  g_assert_cmpint (read (pipes[0], text, 1), ==, 1);
  g_assert_cmpint (read (pipes[0], text, 1), ==, 0);
  close (pipes[0]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/output-buffer/random", test_random);
  g_test_add_func ("/output-buffer/references", test_references);
  g_test_add_data_func ("/output-buffer/write/socket", "plain", test_write);
  g_test_add_data_func ("/output-buffer/write/stream", NULL, test_write);
  g_test_add_func ("/output-buffer/write/error", test_write_error);
  g_test_add_func ("/output-buffer/release", test_release);
  g_test_add_func ("/output-buffer/clear", test_clear);
  g_test_add_func ("/output-buffer/clear-within", test_clear_within);
  g_test_add_func ("/output-buffer/reuse", test_reuse);
  g_test_add_func ("/output-buffer/steal", test_steal);
  g_test_add_func ("/output-buffer/descriptor", test_descriptor);
  return g_test_run ();
}
