/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read and not yet understood: how often memory is asked for, and how much. */
#include "io/imp-input-buffer-private.h"

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/input-buffer/unknown-length", test_unknown_length);
  g_test_add_func ("/input-buffer/known-length", test_known_length);
  g_test_add_func ("/input-buffer/rest", test_rest);
  return g_test_run ();
}
