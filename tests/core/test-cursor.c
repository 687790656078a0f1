/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-cursor-private.h"

/* Numbers of each size and order, and nothing beyond the end. */
static void
test_reads (void)
{
  static const guint8 data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
  ImpCursor cursor = { .data = data, .length = sizeof data }, sub;
  guint16 two;
  guint32 four;
  guint64 eight;

  g_assert_true (imp_cursor_u16_be (&cursor, &two) && two == 0x0102);
  g_assert_true (imp_cursor_u16_le (&cursor, &two) && two == 0x0403);
  g_assert_false (imp_cursor_u64_be (&cursor, &eight));
  g_assert_cmpuint (cursor.position, ==, 4);
  g_assert_true (imp_cursor_u32_be (&cursor, &four) && four == 0x05060708);
  g_assert_false (imp_cursor_u16_be (&cursor, &two));
  cursor.position = 1;
  g_assert_true (imp_cursor_u64_le (&cursor, &eight));
  g_assert_cmpuint (eight, ==, G_GUINT64_CONSTANT (0x0908070605040302));
  cursor.position = 2;
  g_assert_true (imp_cursor_u32_le (&cursor, &four) && four == 0x06050403);
  g_assert_false (imp_cursor_take_cursor (&cursor, 4, &sub));
  g_assert_true (imp_cursor_take_cursor (&cursor, 3, &sub));
  g_assert_cmpuint (imp_cursor_left (&cursor), ==, 0);
  g_assert_cmpuint (imp_cursor_left (&sub), ==, 3);
  g_assert_false (imp_cursor_skip (&sub, G_MAXSIZE));
  g_assert_null (imp_cursor_take (&sub, G_MAXSIZE));
  g_assert_null (imp_cursor_take_bytes (&sub, 4));
  g_assert_true (imp_cursor_take (&sub, 3) == data + 6);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cursor/reads", test_reads);
  return g_test_run ();
}
