/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-matcher-set-private.h"
#include "core/imp-regex-search-private.h"

#include <string.h>

#include "core/imp-clock-private.h"
#include "core/imp-error.h"

struct _ImpMatcher
{
  gatomicrefcount ref_count;
  gint64 cost;
  ImpRegexSearch *regex; /* or NULL, and then there is a set, or a string */
  ImpMatcherSet *set;
  GBytes *string;
  guint32 *borders; /* [i]: the longest proper prefix of string[0 .. i] that it also ends with */
};

static ImpMatcher *
matcher_new (void)
{
  ImpMatcher *self = g_new0 (ImpMatcher, 1);

  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

ImpMatcher *
imp_matcher_new_regex (const char *regex, gsize max_length, gsize lookahead, ImpMatcherFlags flags,
                       GError **error)
{
  gint64 began = imp_clock_get_thread_time ();
  ImpRegexSearch *search;
  ImpMatcher *self;

  g_return_val_if_fail (regex != NULL, NULL);

  search = imp_regex_search_new (regex, max_length, lookahead, flags, error);
  if (search == NULL)
    return NULL;
  self = matcher_new ();
  self->regex = search;
  self->cost = imp_clock_get_thread_time () - began;
  return self;
}

/* How much of what came last, @byte included, can still be the beginning of the string? */
static gsize
matcher_advance (const guint8 *string, const guint32 *borders, gsize matched, guint8 byte)
{
  while (matched > 0 && string[matched] != byte)
    matched = borders[matched - 1];
  return string[matched] == byte ? matched + 1 : 0;
}

static guint32 *
matcher_compute_borders (const guint8 *string, gsize size)
{
  guint32 *borders = g_new0 (guint32, size);

  for (gsize i = 1; i < size; i++)
    borders[i] = matcher_advance (string, borders, borders[i - 1], string[i]);
  return borders;
}

ImpMatcher *
imp_matcher_new_string (GBytes *string, GError **error)
{
  ImpMatcher *self;
  const guint8 *bytes;
  gsize size;

  g_return_val_if_fail (string != NULL, NULL);

  bytes = g_bytes_get_data (string, &size);
  if (size == 0 || size > IMP_PATTERN_LENGTH_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "A string to look for has 1 to %d bytes, not %" G_GSIZE_FORMAT,
                   IMP_PATTERN_LENGTH_MAX, size);
      return NULL;
    }

  self = matcher_new ();
  self->string = g_bytes_ref (string);
  self->borders = matcher_compute_borders (bytes, size);
  return self;
}

ImpMatcher *
imp_matcher_new_set (ImpMatcherSet *set)
{
  ImpMatcher *self = matcher_new ();

  self->set = set;
  return self;
}

const ImpMatcherSet *
imp_matcher_peek_set (ImpMatcher *self)
{
  return self->set;
}

ImpMatcher *
imp_matcher_ref (ImpMatcher *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
imp_matcher_unref (ImpMatcher *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->regex, imp_regex_search_free);
  g_clear_pointer (&self->set, imp_matcher_set_free);
  g_clear_pointer (&self->string, g_bytes_unref);
  g_free (self->borders);
  g_free (self);
}

gint64
imp_matcher_get_cost (ImpMatcher *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->cost;
}

gsize
imp_matcher_get_context (ImpMatcher *self)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->set != NULL)
    return imp_matcher_set_get_context (self->set);
  return self->regex != NULL ? imp_regex_search_get_context (self->regex) : 0;
}

guint
imp_matcher_get_n_groups (ImpMatcher *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->regex != NULL ? imp_regex_search_get_n_groups (self->regex) : 0;
}

guint
imp_matcher_find_group (ImpMatcher *self, const char *name)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (name != NULL, 0);

  return self->regex != NULL ? imp_regex_search_find_group (self->regex, name) : 0;
}

/* How long is the end of the data that the string may begin with? */
static gsize
matcher_measure_tail (ImpMatcher *self, const guint8 *string, gsize size, ImpSearchRun *run)
{
  gsize available = run->length - run->position;
  gsize matched = 0;

  for (gsize i = run->length - MIN (available, size - 1); i < run->length; i++)
    matched = matcher_advance (string, self->borders, matched, run->data[i]);
  return matched;
}

static ImpMatchStatus
matcher_find_string (ImpMatcher *self, ImpSearchRun *run)
{
  gsize size;
  const guint8 *string = g_bytes_get_data (self->string, &size);
  const guint8 *found;

  found = memmem (run->data + run->position, run->length - run->position, string, size);
  if (found != NULL)
    {
      run->from = found - run->data;
      run->to = run->from + size;
      run->n_groups = 0;
      return IMP_MATCH_FOUND;
    }

  run->from = run->to = run->length;
  if (run->end != IMP_MATCH_END_FINAL)
    run->from -= matcher_measure_tail (self, string, size, run);
  return run->from < run->length ? IMP_MATCH_MORE : IMP_MATCH_NONE;
}

ImpMatchStatus
imp_matcher_find (ImpMatcher *self, ImpSearchRun *run, GError **error)
{
  g_return_val_if_fail (self != NULL, IMP_MATCH_NONE);
  g_return_val_if_fail (run->position <= run->length, IMP_MATCH_NONE);
  g_return_val_if_fail (run->start || run->position >= imp_matcher_get_context (self),
                        IMP_MATCH_NONE);

  if (run->position == run->length)
    {
      run->from = run->to = run->length;
      return IMP_MATCH_NONE;
    }
  if (self->set != NULL)
    return imp_matcher_set_find (self->set, run, error);
  return self->regex != NULL ? imp_regex_search_find (self->regex, run, error)
                             : matcher_find_string (self, run);
}

gboolean
imp_search_run_get_group (const ImpSearchRun *run, guint number, gsize *from, gsize *to)
{
  if (number >= MAX (1, run->n_groups))
    return FALSE;
  *from = run->from;
  *to = run->to;
  if (number == 0)
    return TRUE;
  if (run->groups[2 * number] == G_MAXSIZE)
    return FALSE;
  *from = run->groups[2 * number] + run->groups_base;
  *to = run->groups[2 * number + 1] + run->groups_base;
  return TRUE;
}
