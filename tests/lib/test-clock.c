/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-clock.h"

static gint64 clock_elapsed = G_GINT64_CONSTANT (1000000000);
static gint64 clock_computed = G_GINT64_CONSTANT (1000000);
static gint64 clock_step;

void
test_clock_advance (gint64 elapsed, gint64 computed)
{
  clock_elapsed += elapsed;
  clock_computed += computed;
}

void
test_clock_set_step (gint64 step)
{
  clock_step = step;
}

gint64
test_clock_get_computed (void)
{
  return clock_computed;
}

gint64
imp_clock_get_thread_time (void)
{
  test_clock_advance (clock_step, clock_step);
  return clock_computed;
}

gint64
imp_clock_get_time (void)
{
  test_clock_advance (clock_step, clock_step);
  return clock_elapsed;
}
