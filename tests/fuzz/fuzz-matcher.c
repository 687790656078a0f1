/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matchers: the same matches whatever the chunks, and never a look beyond what is there. */
#include "fuzz.h"

#include "core/imp-error.h"
#include "core/imp-matcher-private.h"

#include <string.h>

typedef struct
{
  GArray *matches; /* from, to, from, to, ... (gsize) */
  gboolean failed;
} Outcome;

/* One search, on a copy of exactly what the caller must have at hand. */
static ImpMatchStatus
find (ImpMatcher *matcher, ImpEffort *effort, const guint8 *data, gsize position, gsize available,
      gsize total, gsize *from, gsize *to)
{
  gsize context = MIN (position, imp_matcher_get_context (matcher));
  gsize base = position - context;
  g_autofree guint8 *exact = g_memdup2 (data + base, available - base);
  g_autoptr (GError) error = NULL;
  ImpSearchRun run = {
    .data = exact,
    .length = available - base,
    .position = context,
    .start = base == 0,
    .end = available == total ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN,
    .effort = effort,
  };
  ImpMatchStatus status;

  while ((status = imp_matcher_find (matcher, &run, &error)) == IMP_MATCH_BUSY)
    {
      g_assert_cmpuint (run.from, >, run.position);
      run.position = run.from;
      imp_effort_begin_slice (effort);
    }
  if (status == IMP_MATCH_FAILED)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
      return status;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (run.from, >=, context);
  g_assert_cmpuint (run.from, <=, available - base);
  *from = run.from + base;
  if (status == IMP_MATCH_FOUND)
    *to = run.to + base;
  return status;
}

/* @chunks: how much more there is each time; NULL: everything at once. */
static Outcome
search (ImpMatcher *matcher, const guint8 *data, gsize total, FuzzInput *chunks)
{
  Outcome outcome = { .matches = g_array_new (FALSE, FALSE, sizeof (gsize)) };
  gsize position = 0;
  gsize available = chunks == NULL ? total : 0;
  ImpEffort effort;

  imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
  while (TRUE)
    {
      gsize from = 0, to = 0, step;
      ImpMatchStatus status = find (matcher, &effort, data, position, available, total, &from, &to);

      if (status == IMP_MATCH_FAILED)
        {
          outcome.failed = TRUE;
          return outcome;
        }
      if (status == IMP_MATCH_OVER)
        {
          g_array_append_val (outcome.matches, from);
          return outcome;
        }
      if (status == IMP_MATCH_FOUND)
        {
          g_assert_cmpuint (to, >, from);
          g_assert_cmpuint (to, <=, available);
          g_array_append_val (outcome.matches, from);
          g_array_append_val (outcome.matches, to);
          position = to;
          continue;
        }
      if (status == IMP_MATCH_NONE)
        g_assert_cmpuint (from, ==, available);
      position = from;
      if (available == total)
        {
          g_assert_cmpint (status, ==, IMP_MATCH_NONE);
          return outcome;
        }
      step = 1 + fuzz_take (chunks) % 16;
      available += MIN (total - available, step);
    }
}

static void
compare (const Outcome *whole, const Outcome *chunked)
{
  if (whole->failed || chunked->failed)
    return;
  g_assert_cmpuint (whole->matches->len, ==, chunked->matches->len);
  g_assert_cmpmem (whole->matches->data, whole->matches->len * sizeof (gsize),
                   chunked->matches->data, chunked->matches->len * sizeof (gsize));
}

static ImpMatcher *
make_matcher (FuzzInput *input)
{
  g_autoptr (GError) error = NULL;
  guint8 length = fuzz_take (input);
  guint8 kind = fuzz_take (input);
  ImpMatcherFlags flags = ((kind & 4) != 0 ? IMP_MATCHER_UTF8 : 0)
                          | ((kind & 8) != 0 ? IMP_MATCHER_REPORT_OVER : 0);
  ImpMatcher *matcher;

  if (kind % 4 != 0)
    {
      g_autofree char *regex = fuzz_take_string (input, 64);

      matcher = imp_matcher_new_regex (regex, length, (kind & 16) != 0 ? kind : 0, flags, &error);
    }
  else
    {
      gsize n;
      const guint8 *bytes = fuzz_take_bytes (input, 64, &n);
      g_autoptr (GBytes) string = g_bytes_new (bytes, n);

      matcher = imp_matcher_new_string (string, &error);
    }
  if (matcher == NULL)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  return matcher;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  g_autoptr (ImpMatcher) matcher = make_matcher (&input);
  FuzzInput chunks;
  Outcome whole, chunked;
  gsize n;

  if (matcher == NULL)
    return 0;
  chunks.data = fuzz_take_bytes (&input, 32, &n);
  chunks.left = n;
  whole = search (matcher, input.data, input.left, NULL);
  chunked = search (matcher, input.data, input.left, &chunks);
  compare (&whole, &chunked);
  g_array_unref (whole.matches);
  g_array_unref (chunked.matches);
  return 0;
}
