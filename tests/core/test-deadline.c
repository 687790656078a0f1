/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock of verdicts: what waits too long expires, and time is granted so often. */
#include "core/imp-data-type.h"
#include "core/imp-deadline-private.h"
#include "core/imp-result.h"

#include <string.h>

#define DEADLINE 60 /* milliseconds; a quarter of it is the clock's step */

typedef struct
{
  ImpDeadlineEntry entry; /* first, so that an entry is its fixture */
  ImpMarks marks[2];
  gboolean suspended, extended, paused[2];
  guint n_expired;
  gboolean is_silent;
  ImpDirection direction;
  char *reason;
} Fixture;

static const ImpMarks *
get_marks (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return &((Fixture *) entry)->marks[direction];
}

static gboolean
is_suspended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return ((Fixture *) entry)->suspended;
}

static gboolean
is_paused (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return ((Fixture *) entry)->paused[direction];
}

static gboolean
is_extended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return ((Fixture *) entry)->extended;
}

static void
on_expired (ImpDeadlineEntry *entry, ImpDirection direction, gboolean is_silent, const char *reason,
            gpointer user_data)
{
  Fixture *fixture = (Fixture *) entry;

  fixture->is_silent = is_silent;
  fixture->n_expired++;
  g_free (fixture->reason);
  fixture->reason = g_strdup (reason);
  fixture->direction = direction;
}

static guint64 progress;

static guint64
get_progress (gpointer user_data)
{
  return progress;
}

static const ImpDeadlineFuncs funcs = {
  .get_marks = get_marks,
  .is_suspended = is_suspended,
  .is_paused = is_paused,
  .is_extended = is_extended,
  .expired = on_expired,
  .get_progress = get_progress,
  .setting = "deadline",
};

static ImpDeadline *
start (Fixture *fixture, guint max_extensions)
{
  ImpDeadline *deadline = imp_deadline_new (g_main_context_default (), &funcs, NULL);

  memset (fixture, 0, sizeof *fixture);
  imp_deadline_set (deadline, DEADLINE, max_extensions);
  return deadline;
}

static void
finish (ImpDeadline *deadline, Fixture *fixture)
{
  imp_deadline_free (deadline);
  g_free (fixture->reason);
}

static void
feed (ImpDeadline *deadline, Fixture *fixture, ImpDirection direction, gsize length)
{
  imp_marks_feed (&fixture->marks[direction], length, 0, IMP_DATA_TYPE_STREAM);
  imp_deadline_watch (deadline, &fixture->entry);
}

static void
pass (Fixture *fixture, ImpDirection direction, gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, direction, offset);

  g_assert_true (imp_marks_apply (&fixture->marks[direction], &verdict, NULL));
}

static gboolean
on_over (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_for (guint milliseconds)
{
  gboolean over = FALSE;

  g_timeout_add (milliseconds, on_over, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static void
run_until_expired (Fixture *fixture)
{
  while (fixture->n_expired == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_expires_once (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);
  gint64 begin = g_get_monotonic_time ();

  feed (deadline, &fixture, 1, 10);
  run_until_expired (&fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, DEADLINE * 1000);
  g_assert_cmpint (fixture.direction, ==, 1);
  run_for (3 * DEADLINE);
  g_assert_cmpuint (fixture.n_expired, ==, 1);
  finish (deadline, &fixture);
}

/* Whoever waits for the end of a stream waits as well. */
static void
test_end_of_stream (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);

  feed (deadline, &fixture, 0, 10);
  pass (&fixture, 0, 10);
  feed (deadline, &fixture, 0, 0);
  run_until_expired (&fixture);
  g_assert_cmpint (fixture.direction, ==, 0);

  fixture.n_expired = 0;
  feed (deadline, &fixture, 0, 0);
  pass (&fixture, 0, IMP_MAX_OFFSET);
  run_for (3 * DEADLINE);
  g_assert_cmpuint (fixture.n_expired, ==, 0);
  finish (deadline, &fixture);
}

/* Nothing is watched, so nothing wakes the loop. */
static void
test_idle_costs_nothing (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);

  feed (deadline, &fixture, 0, 10);
  pass (&fixture, 0, 10);
  run_for (DEADLINE);
  g_assert_false (g_main_context_pending (NULL));
  g_assert_false (fixture.entry.watched);
  g_assert_cmpuint (fixture.n_expired, ==, 0);
  finish (deadline, &fixture);
}

/* An analyzer that trickles is not saved by it: each byte has its own age. */
static void
test_age_of_the_oldest (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);

  feed (deadline, &fixture, 0, 1000);
  for (guint i = 1; i < 100 && fixture.n_expired == 0; i++)
    {
      pass (&fixture, 0, i);
      run_for (DEADLINE / 10);
    }
  g_assert_cmpuint (fixture.n_expired, ==, 1);
  finish (deadline, &fixture);
}

static void
test_suspended (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);

  fixture.suspended = TRUE;
  feed (deadline, &fixture, 0, 10);
  run_for (3 * DEADLINE);
  g_assert_cmpuint (fixture.n_expired, ==, 0);
  fixture.suspended = FALSE;
  run_until_expired (&fixture);
  finish (deadline, &fixture);
}

static void
test_extensions_are_bounded (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 3);
  gint64 begin = g_get_monotonic_time ();

  fixture.extended = TRUE;
  feed (deadline, &fixture, 0, 10);
  run_until_expired (&fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 4 * DEADLINE * 1000);
  g_assert_cmpuint (imp_deadline_get_extensions (deadline), ==, 3);
  finish (deadline, &fixture);
}

/* Whether the other end has said anything meanwhile, about whatever. */
static void
test_silence (gconstpointer is_silent)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);

  progress++;
  feed (deadline, &fixture, 0, 10);
  run_for (DEADLINE / 2);
  /* That it was not so before says nothing. */
  progress++;
  while (fixture.n_expired == 0)
    {
      if (is_silent == NULL)
        progress++;
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpint (fixture.is_silent, ==, is_silent != NULL);
  finish (deadline, &fixture);
}

/* A pause keeps a direction from going on as bytes without a verdict do, whatever was before. */
static void
test_pause (gconstpointer before)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);
  gint64 begin;

  if (g_str_equal (before, "settled") || g_str_equal (before, "passed"))
    {
      feed (deadline, &fixture, 1, 100);
      run_for (DEADLINE / 2);
      pass (&fixture, 1, g_str_equal (before, "passed") ? IMP_MAX_OFFSET : 100);
    }
  begin = g_get_monotonic_time ();
  fixture.paused[1] = TRUE;
  imp_deadline_watch (deadline, &fixture.entry);
  run_until_expired (&fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, (DEADLINE - 1) * 1000);
  g_assert_cmpuint (fixture.direction, ==, 1);
  run_for (DEADLINE * 2);
  g_assert_cmpuint (fixture.n_expired, ==, 1);
  finish (deadline, &fixture);
}

static void
test_pause_that_ends (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 0);

  for (guint i = 0; i < 6; i++)
    {
      fixture.paused[0] = TRUE;
      imp_deadline_watch (deadline, &fixture.entry);
      run_for (DEADLINE / 3);
      fixture.paused[0] = FALSE;
      run_for (DEADLINE / 2);
    }
  g_assert_cmpuint (fixture.n_expired, ==, 0);
  finish (deadline, &fixture);
}

static void
test_pause_is_extended (void)
{
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, 2);
  gint64 begin = g_get_monotonic_time ();

  fixture.paused[0] = fixture.extended = TRUE;
  imp_deadline_watch (deadline, &fixture.entry);
  run_until_expired (&fixture);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, (3 * DEADLINE - 1) * 1000);
  g_assert_cmpuint (imp_deadline_get_extensions (deadline), ==, 2);
  finish (deadline, &fixture);
}

/* What is said of it: how much waits, since when, and what was granted before. */
static void
test_reason (gconstpointer extensions)
{
  guint n = GPOINTER_TO_UINT (extensions);
  Fixture fixture;
  ImpDeadline *deadline = start (&fixture, n);
  const char *more = n == 0 ? "" : ", and had 1 more of them (max-extensions is 1)";
  g_autofree char *bytes = g_strconcat ("let 7 bytes from the client wait for more than 60 ms "
                                        "(deadline)",
                                        more, NULL);
  g_autofree char *end = g_strconcat ("let the end of the data from the server wait for more than "
                                      "60 ms (deadline)",
                                      more, NULL);
  g_autofree char *pause = g_strconcat ("kept data from the server paused for more than 60 ms "
                                        "(deadline)",
                                        more, NULL);

  fixture.extended = n > 0;
  feed (deadline, &fixture, 0, 10);
  pass (&fixture, 0, 3);
  run_until_expired (&fixture);
  g_assert_cmpstr (fixture.reason, ==, bytes);

  pass (&fixture, 0, 10);
  fixture.n_expired = fixture.entry.extensions = 0;
  feed (deadline, &fixture, 1, 0);
  run_until_expired (&fixture);
  g_assert_cmpstr (fixture.reason, ==, end);

  pass (&fixture, 1, IMP_MAX_OFFSET);
  fixture.n_expired = fixture.entry.extensions = 0;
  fixture.paused[1] = TRUE;
  imp_deadline_watch (deadline, &fixture.entry);
  run_until_expired (&fixture);
  g_assert_cmpstr (fixture.reason, ==, pause);
  finish (deadline, &fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deadline/expires-once", test_expires_once);
  g_test_add_func ("/deadline/idle-costs-nothing", test_idle_costs_nothing);
  g_test_add_func ("/deadline/age-of-the-oldest", test_age_of_the_oldest);
  g_test_add_func ("/deadline/end-of-stream", test_end_of_stream);
  g_test_add_func ("/deadline/suspended", test_suspended);
  g_test_add_func ("/deadline/extensions-are-bounded", test_extensions_are_bounded);
  g_test_add_data_func ("/deadline/silent/yes", GINT_TO_POINTER (TRUE), test_silence);
  g_test_add_data_func ("/deadline/silent/no", NULL, test_silence);
  g_test_add_data_func ("/deadline/pause/fresh", "fresh", test_pause);
  g_test_add_data_func ("/deadline/pause/settled", "settled", test_pause);
  g_test_add_data_func ("/deadline/pause/passed", "passed", test_pause);
  g_test_add_func ("/deadline/pause/ends", test_pause_that_ends);
  g_test_add_func ("/deadline/pause/extended", test_pause_is_extended);
  g_test_add_data_func ("/deadline/reason/plain", GUINT_TO_POINTER (0), test_reason);
  g_test_add_data_func ("/deadline/reason/extended", GUINT_TO_POINTER (1), test_reason);
  return g_test_run ();
}
