/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-clock-private.h"

#include <time.h>

static gint64
clock_read (clockid_t id)
{
  struct timespec now;

  clock_gettime (id, &now);
  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

gint64
imp_clock_get_thread_time (void)
{
  return clock_read (CLOCK_THREAD_CPUTIME_ID);
}

gint64
imp_clock_get_time (void)
{
  return clock_read (CLOCK_MONOTONIC);
}
