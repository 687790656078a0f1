/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A watermark says once that its high level was passed, and once that the low one was reached. */
#include "core/imp-watermark-private.h"

#define HIGH 1000
#define LOW 250

static void
test_crossings (void)
{
  static const struct
  {
    gsize size;
    ImpWatermarkCrossing crossing;
  } steps[] = {
    { 0, IMP_WATERMARK_SAME },        { HIGH, IMP_WATERMARK_SAME },
    { HIGH + 1, IMP_WATERMARK_UP },   { G_MAXSIZE, IMP_WATERMARK_SAME },
    { HIGH, IMP_WATERMARK_SAME },     { LOW + 1, IMP_WATERMARK_SAME },
    { HIGH + 1, IMP_WATERMARK_SAME }, { LOW, IMP_WATERMARK_DOWN },
    { 0, IMP_WATERMARK_SAME },        { LOW + 1, IMP_WATERMARK_SAME },
    { HIGH, IMP_WATERMARK_SAME },     { G_MAXSIZE, IMP_WATERMARK_UP },
    { 0, IMP_WATERMARK_DOWN },        { 0, IMP_WATERMARK_SAME },
  };
  ImpWatermark mark = { 0 };

  imp_watermark_set_high (&mark, HIGH);
  g_assert_cmpuint (imp_watermark_get_high (&mark), ==, HIGH);
  g_assert_cmpuint (imp_watermark_get_low (&mark), ==, LOW);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      gboolean above = imp_watermark_is_above (&mark);

      g_test_message ("step %" G_GSIZE_FORMAT ", %" G_GSIZE_FORMAT, i, steps[i].size);
      g_assert_cmpint (imp_watermark_update (&mark, steps[i].size), ==, steps[i].crossing);
      g_assert_true ((above != imp_watermark_is_above (&mark))
                     == (steps[i].crossing != IMP_WATERMARK_SAME));
    }
}

/* What small numbers leave of the levels still works: nobody stays above with nothing there. */
static void
test_small (void)
{
  for (gsize high = 0; high < 8; high++)
    {
      ImpWatermark mark = { 0 };

      imp_watermark_set_high (&mark, high);
      g_assert_cmpint (imp_watermark_update (&mark, high), ==, IMP_WATERMARK_SAME);
      g_assert_cmpint (imp_watermark_update (&mark, high + 1), ==, IMP_WATERMARK_UP);
      g_assert_cmpint (imp_watermark_update (&mark, 0), ==, IMP_WATERMARK_DOWN);
    }
}

/* Without a limit it is never above; one that comes later, or goes, counts from then on. */
static void
test_set_high (void)
{
  ImpWatermark mark = { 0 };

  imp_watermark_set_high (&mark, G_MAXSIZE);
  g_assert_cmpint (imp_watermark_update (&mark, G_MAXINT64), ==, IMP_WATERMARK_SAME);
  imp_watermark_set_high (&mark, HIGH);
  g_assert_false (imp_watermark_is_above (&mark));
  g_assert_cmpint (imp_watermark_update (&mark, 2 * HIGH), ==, IMP_WATERMARK_UP);
  imp_watermark_set_high (&mark, 8 * HIGH);
  g_assert_true (imp_watermark_is_above (&mark));
  g_assert_cmpint (imp_watermark_update (&mark, 2 * HIGH), ==, IMP_WATERMARK_DOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/watermark/crossings", test_crossings);
  g_test_add_func ("/watermark/small", test_small);
  g_test_add_func ("/watermark/set-high", test_set_high);
  return g_test_run ();
}
