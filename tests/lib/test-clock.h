/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-clock-private.h"

/* A test that is built with test-clock.c has these clocks of searches in place of the library's.
 * They stand still, but for what the test says, so that it can judge to the nanosecond what costs
 * how much, whatever else the machine does. */

/* Time goes by, of which the thread has computed a part. */
void test_clock_advance (gint64 elapsed, gint64 computed);
/* From now on each reading of a clock takes so long, and nothing else takes any time: what is
 * measured is how often a search has looked, and not how long the machine took for it. */
#define TEST_CLOCK_STEP 500000
void test_clock_set_step (gint64 step);
/* What the thread has computed, without a reading. */
gint64 test_clock_get_computed (void);
