/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read and not yet understood: how often memory is asked for, and how much. */
#include "rpc/imp-inbox-private.h"

#include <string.h>

#define LARGE (32 * 1024 * 1024)

/* As much as fits, every byte another. Returns the room there was. */
static gsize
fill (ImpInbox *inbox, gsize need, gsize most)
{
  gsize length = imp_inbox_get_size (inbox), room;
  guint8 *memory = imp_inbox_reserve (inbox, need, &room);

  g_assert_cmpuint (room, >=, 1);
  g_assert_cmpuint (room, <=, MAX (length, IMP_INBOX_READ_SIZE));
  for (gsize i = 0; i < MIN (room, most); i++)
    memory[i] = (guint8) ((length + i) * 251 >> 3);
  imp_inbox_commit (inbox, MIN (room, most));
  return room;
}

static void
assert_kept (ImpInbox *inbox, gsize length)
{
  ImpCursor cursor;

  imp_inbox_open (inbox, &cursor);
  g_assert_cmpuint (cursor.length, ==, length);
  for (gsize i = 0; i < length; i++)
    if (cursor.data[i] != (guint8) (i * 251 >> 3))
      g_error ("byte %" G_GSIZE_FORMAT " has changed", i);
}

/* A decoder that knows only that one byte more is needed must not be served byte by byte. */
static void
test_unknown_length (void)
{
  ImpInbox inbox = { 0 };
  guint n = 0;

  while (imp_inbox_get_size (&inbox) < LARGE)
    {
      fill (&inbox, imp_inbox_get_size (&inbox) + 1, G_MAXSIZE);
      g_assert_cmpuint (++n, <, 20);
    }
  assert_kept (&inbox, imp_inbox_get_size (&inbox));
  imp_inbox_clear (&inbox);
}

/* One that knows it gets no more room than it needs, and is not moved any more near the end. */
static void
test_known_length (void)
{
  ImpInbox inbox = { 0 };
  gsize length = 0, moved = 0;
  const guint8 *last = NULL;

  while (length < LARGE)
    {
      ImpCursor cursor;

      fill (&inbox, LARGE, 100000);
      length = imp_inbox_get_size (&inbox);
      g_assert_cmpuint (length, <=, LARGE);
      imp_inbox_open (&inbox, &cursor);
      if (cursor.data != last)
        moved += length;
      last = cursor.data;
    }
  g_assert_cmpuint (moved, <=, 2 * LARGE);
  assert_kept (&inbox, LARGE);
  imp_inbox_clear (&inbox);
}

/* Behind messages that have been taken the rest stays what it was, whoever keeps a slice. */
static void
test_rest (void)
{
  for (int keeps = 0; keeps < 2; keeps++)
    {
      ImpInbox inbox = { 0 };
      g_autoptr (GBytes) slice = NULL;
      ImpCursor cursor;

      while (imp_inbox_get_size (&inbox) < IMP_INBOX_READ_SIZE)
        fill (&inbox, 0, G_MAXSIZE);
      imp_inbox_open (&inbox, &cursor);
      if (keeps)
        slice = cursor.slice (cursor.owner, cursor.data, 1000);
      g_assert_true (imp_cursor_skip (&cursor, 256 * 1000));
      imp_inbox_close (&inbox, &cursor);
      g_assert_cmpuint (fill (&inbox, 300 * 1024, 0), >=, 64 * 1024);
      imp_inbox_open (&inbox, &cursor);
      for (gsize i = 0; i < cursor.length; i++)
        g_assert_cmpuint (cursor.data[i], ==, (guint8) ((256 * 1000 + i) * 251 >> 3));
      imp_inbox_clear (&inbox);
      if (keeps)
        g_assert_cmpuint (((const guint8 *) g_bytes_get_data (slice, NULL))[999], ==,
                          (guint8) (999 * 251 >> 3));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inbox/unknown-length", test_unknown_length);
  g_test_add_func ("/inbox/known-length", test_known_length);
  g_test_add_func ("/inbox/rest", test_rest);
  return g_test_run ();
}
