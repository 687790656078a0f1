/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read and not yet understood: how often memory is asked for, and how much. */
#include "io/imp-input-buffer-private.h"
#include "test-streams.h"

#include <string.h>

#define LARGE (32 * 1024 * 1024)

/* As much as fits, every byte another. Returns the room there was. */
static gsize
fill (ImpInputBuffer *buffer, gsize need, gsize most)
{
  gsize length = imp_input_buffer_get_size (buffer), room;
  guint8 *memory = imp_input_buffer_reserve (buffer, need, &room);

  g_assert_cmpuint (room, >=, 1);
  g_assert_cmpuint (room, <=, MAX (length, IMP_INPUT_BUFFER_READ_SIZE));
  for (gsize i = 0; i < MIN (room, most); i++)
    memory[i] = (guint8) ((length + i) * 251 >> 3);
  imp_input_buffer_commit (buffer, MIN (room, most));
  return room;
}

static void
assert_kept (ImpInputBuffer *buffer, gsize length)
{
  gsize n;
  const guint8 *data = imp_input_buffer_peek (buffer, &n);

  g_assert_cmpuint (n, ==, length);
  for (gsize i = 0; i < length; i++)
    if (data[i] != (guint8) (i * 251 >> 3))
      g_error ("byte %" G_GSIZE_FORMAT " has changed", i);
}

/* A decoder that knows only that one byte more is needed must not be served byte by byte. */
static void
test_unknown_length (void)
{
  ImpInputBuffer buffer = { 0 };
  guint n = 0;

  while (imp_input_buffer_get_size (&buffer) < LARGE)
    {
      fill (&buffer, imp_input_buffer_get_size (&buffer) + 1, G_MAXSIZE);
      g_assert_cmpuint (++n, <, 20);
    }
  assert_kept (&buffer, imp_input_buffer_get_size (&buffer));
  imp_input_buffer_clear (&buffer);
}

/* One that knows it gets no more room than it needs, and is not moved any more near the end. */
static void
test_known_length (void)
{
  ImpInputBuffer buffer = { 0 };
  gsize length = 0, moved = 0;
  const guint8 *last = NULL;

  while (length < LARGE)
    {
      const guint8 *data;

      fill (&buffer, LARGE, 100000);
      data = imp_input_buffer_peek (&buffer, &length);
      g_assert_cmpuint (length, <=, LARGE);
      if (data != last)
        moved += length;
      last = data;
    }
  g_assert_cmpuint (moved, <=, 2 * LARGE);
  assert_kept (&buffer, LARGE);
  imp_input_buffer_clear (&buffer);
}

/* Behind messages that have been taken the rest stays what it was, whoever keeps a slice. */
static void
test_rest (void)
{
  for (int keeps = 0; keeps < 2; keeps++)
    {
      ImpInputBuffer buffer = { 0 };
      g_autoptr (GBytes) slice = NULL;
      const guint8 *data;
      gsize length;

      while (imp_input_buffer_get_size (&buffer) < IMP_INPUT_BUFFER_READ_SIZE)
        fill (&buffer, 0, G_MAXSIZE);
      data = imp_input_buffer_peek (&buffer, &length);
      if (keeps)
        slice = imp_block_slice (imp_input_buffer_get_block (&buffer), data, 1000);
      imp_input_buffer_consume (&buffer, 256 * 1000);
      g_assert_cmpuint (fill (&buffer, 300 * 1024, 0), >=, 64 * 1024);
      data = imp_input_buffer_peek (&buffer, &length);
      for (gsize i = 0; i < length; i++)
        g_assert_cmpuint (data[i], ==, (guint8) ((256 * 1000 + i) * 251 >> 3));
      imp_input_buffer_clear (&buffer);
      if (keeps)
        g_assert_cmpuint (((const guint8 *) g_bytes_get_data (slice, NULL))[999], ==,
                          (guint8) (999 * 251 >> 3));
    }
}

/* What is taken out whole is a copy, or the memory that it was read into; either way the buffer
 * does not keep it. */
static void
test_take (void)
{
  const gsize lengths[] = { 0, 1, IMP_INPUT_BUFFER_READ_SIZE / 4 - 1,
                            IMP_INPUT_BUFFER_READ_SIZE / 4, IMP_INPUT_BUFFER_READ_SIZE };
  ImpInputBuffer buffer = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      gsize length;
      const guint8 *place;
      g_autoptr (GBytes) bytes = NULL;

      fill (&buffer, 0, lengths[i]);
      place = imp_input_buffer_peek (&buffer, &length);
      g_assert_cmpuint (length, ==, lengths[i]);
      bytes = imp_input_buffer_take (&buffer);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, length);
      g_assert_true ((g_bytes_get_data (bytes, NULL) == place) == (i >= 3));
      g_assert_cmpuint (imp_input_buffer_get_size (&buffer), ==, 0);
      g_assert_null (imp_input_buffer_get_block (&buffer));
      for (gsize j = 0; j < length; j++)
        if (((const guint8 *) g_bytes_get_data (bytes, NULL))[j] != (guint8) (j * 251 >> 3))
          g_error ("byte %" G_GSIZE_FORMAT " has changed", j);
    }
}

/* Reads go behind what is there, and one that gets nothing leaves no memory behind. */
static void
test_read (void)
{
  ImpInputBuffer buffer = { 0 };
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autoptr (ImpTransport) transport = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  test_stream_pair (&near, &far);
  transport = imp_transport_new (near, &error);
  g_assert_no_error (error);
  g_assert_cmpint (imp_input_buffer_read (&buffer, transport, 0, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_null (imp_input_buffer_get_block (&buffer));
  g_clear_error (&error);

  test_stream_write (far, "one", 3);
  g_assert_cmpint (imp_input_buffer_read (&buffer, transport, 0, &error), ==, 3);
  test_stream_write (far, "two", 3);
  g_assert_cmpint (imp_input_buffer_read (&buffer, transport, 0, &error), ==, 3);
  g_assert_true (g_io_stream_close (far, NULL, NULL));
  g_assert_cmpint (imp_input_buffer_read (&buffer, transport, 0, &error), ==, 0);
  g_assert_no_error (error);
  bytes = imp_input_buffer_take (&buffer);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "onetwo", 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/input-buffer/unknown-length", test_unknown_length);
  g_test_add_func ("/input-buffer/known-length", test_known_length);
  g_test_add_func ("/input-buffer/rest", test_rest);
  g_test_add_func ("/input-buffer/take", test_take);
  g_test_add_func ("/input-buffer/read", test_read);
  return g_test_run ();
}
