/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where packets begin and end, against a list of all that was added. */
#include "core/imp-borders-private.h"

typedef struct
{
  gint64 begin, end;
  gboolean is_packet;
} Run;

typedef struct
{
  ImpBorders *borders;
  GArray *runs; /* of Run */
  gint64 settled;
} Test;

static gsize
random_length (void)
{
  static const gsize edges[] = { 1, 63, 64, 8191, 8192, (gsize) 1 << 40 };

  return g_random_int_range (0, 10) == 0 ? edges[g_random_int_range (0, G_N_ELEMENTS (edges))]
                                         : (gsize) g_random_int_range (1, 20);
}

static void
add (Test *t, gboolean is_packet)
{
  gint64 begin = t->runs->len > 0 ? g_array_index (t->runs, Run, t->runs->len - 1).end : 0;
  gsize length = random_length ();
  Run run = { begin, begin + (gint64) length, is_packet };

  g_array_append_val (t->runs, run);
  imp_borders_add (&t->borders, begin, length, is_packet);
}

/* Up to the end of some run, or into a stream. */
static void
trim (Test *t)
{
  const Run *run;

  if (t->runs->len == 0)
    return;
  run = &g_array_index (t->runs, Run, g_random_int_range (0, (gint32) t->runs->len));
  t->settled = MAX (t->settled, run->is_packet || g_random_boolean () ? run->end : run->begin + 1);
  imp_borders_trim (&t->borders, t->settled);
  while (t->runs->len > 1 && g_array_index (t->runs, Run, 0).end <= t->settled)
    g_array_remove_index (t->runs, 0);
}

/* What is settled already is nobody's question. */
static gint64
round_down (const Test *t, gint64 offset)
{
  for (guint i = 0; i < t->runs->len; i++)
    {
      const Run *run = &g_array_index (t->runs, Run, i);

      if (run->begin < offset && offset < run->end && run->is_packet)
        return run->begin;
    }
  return offset;
}

static void
check (const Test *t)
{
  for (guint i = 0; i < t->runs->len; i++)
    {
      const Run *run = &g_array_index (t->runs, Run, i);
      const gint64 offsets[] = { run->begin, run->begin + 1, run->end - 1, run->end, run->end + 1 };

      for (guint k = 0; k < G_N_ELEMENTS (offsets); k++)
        if (offsets[k] >= t->settled)
          g_assert_cmpint (imp_borders_round_down (t->borders, offsets[k]), ==,
                           round_down (t, offsets[k]));
    }
  g_assert_cmpuint (t->borders == NULL ? 0 : imp_borders_get_size (t->borders), <=,
                    6 * t->runs->len);
}

static void
test_random (void)
{
  for (guint round = 0; round < 300; round++)
    {
      Test t = { .runs = g_array_new (FALSE, FALSE, sizeof (Run)) };

      for (guint step = 0; step < 200; step++)
        {
          if (g_random_int_range (0, round % 20 + 3) > 0)
            add (&t, g_random_int_range (0, 3) > 0);
          else
            trim (&t);
          check (&t);
        }
      g_clear_pointer (&t.borders, imp_borders_free);
      g_array_unref (t.runs);
    }
}

/* A small packet takes a byte, and a stream nothing while there are no packets. */
static void
test_size (void)
{
  ImpBorders *borders = NULL;

  imp_borders_add (&borders, 0, 1000, FALSE);
  imp_borders_trim (&borders, 10);
  imp_borders_clear (&borders);
  g_assert_null (borders);
  g_assert_cmpint (imp_borders_round_down (borders, 7), ==, 7);

  for (gint64 i = 0; i < 100000; i++)
    imp_borders_add (&borders, 1000 + 50 * i, 50, TRUE);
  g_assert_cmpuint (imp_borders_get_size (borders), ==, 100000);
  g_assert_cmpint (imp_borders_round_down (borders, 1000 + 50 * 99999 + 49), ==, 1000 + 50 * 99999);
  imp_borders_trim (&borders, 1000 + 50 * 99999);
  g_assert_cmpuint (imp_borders_get_size (borders), ==, 1);
  imp_borders_trim (&borders, G_MAXINT64);
  /* It was long, so that its memory is given back. */
  g_assert_null (borders);

  imp_borders_add (&borders, 5, 5, TRUE);
  imp_borders_trim (&borders, 10);
  g_assert_nonnull (borders);
  g_assert_cmpuint (imp_borders_get_size (borders), ==, 0);
  imp_borders_free (borders);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/borders/random", test_random);
  g_test_add_func ("/borders/size", test_size);
  return g_test_run ();
}
