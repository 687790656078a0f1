/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-matcher-set-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-regex-join-private.h"
#include "core/imp-regex-search-private.h"
#include "core/imp-string-set-private.h"

/* A shorter prefix is found too often to save anything. */
#define PREFIX_MIN 2

typedef struct
{
  char *text;             /* of a regular expression; NULL: it is a string */
  ImpRegexSearch *search; /* the same, by itself */
  GString *prefix;        /* what its matches begin with, or NULL: it need not be known */
  gsize max_length;
} SetPattern;

/* What is searched in one go: strings, or one or more regular expressions. */
typedef struct
{
  ImpRegexSearch *search; /* NULL: the strings, or those of which one has a look at the prefixes */
  ImpStringSet *prefixes; /* of these, or NULL */
  gboolean owns_search;   /* a search for several */
  GArray *members;        /* of SetMember, in the order of their numbers */
  guint first;            /* the lowest number of its patterns */
  gboolean uniform;       /* what it finds is right for each of them, and needs no second look */
} SetPart;

typedef struct
{
  guint which;
  guint group; /* its own group among those of all */
} SetMember;

struct _ImpMatcherSet
{
  GArray *patterns; /* of SetPattern */
  GArray *parts;    /* of SetPart */
  ImpStringSet *strings;
  gsize string_bytes;
  gsize context;
  gsize max_doubt;
};

/* No match begins before it, as an offset in the stream; for each part. */
struct _ImpMatcherMemory
{
  gint64 none_before[1];
};

static void
set_pattern_clear (gpointer data)
{
  SetPattern *self = data;

  g_clear_pointer (&self->search, imp_regex_search_free);
  if (self->prefix != NULL)
    g_string_free (self->prefix, TRUE);
  g_free (self->text);
}

static void
set_part_clear (gpointer data)
{
  SetPart *self = data;

  if (self->owns_search)
    imp_regex_search_free (self->search);
  g_clear_pointer (&self->prefixes, imp_string_set_free);
  g_array_unref (self->members);
}

ImpMatcherSet *
imp_matcher_set_new (void)
{
  ImpMatcherSet *self = g_new0 (ImpMatcherSet, 1);

  self->patterns = g_array_new (FALSE, FALSE, sizeof (SetPattern));
  g_array_set_clear_func (self->patterns, set_pattern_clear);
  self->parts = g_array_new (FALSE, FALSE, sizeof (SetPart));
  g_array_set_clear_func (self->parts, set_part_clear);
  self->strings = imp_string_set_new ();
  return self;
}

void
imp_matcher_set_free (ImpMatcherSet *self)
{
  g_array_unref (self->parts);
  g_array_unref (self->patterns);
  imp_string_set_free (self->strings);
  g_free (self);
}

static inline SetPattern *
matcher_set_get (const ImpMatcherSet *self, guint which)
{
  return &g_array_index (self->patterns, SetPattern, which);
}

static gboolean
matcher_set_check_room (const ImpMatcherSet *self, GError **error)
{
  if (self->patterns->len < IMP_MATCHER_SET_MAX)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "There are %d patterns in this direction already, which is the limit",
               IMP_MATCHER_SET_MAX);
  return FALSE;
}

gboolean
imp_matcher_set_add_string (ImpMatcherSet *self, const guint8 *string, gsize length, GError **error)
{
  const SetPattern pattern = { .max_length = length };

  if (!matcher_set_check_room (self, error))
    return FALSE;
  if (length == 0 || length > IMP_PATTERN_LENGTH_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "A string to look for has 1 to %d bytes, not %" G_GSIZE_FORMAT,
                   IMP_PATTERN_LENGTH_MAX, length);
      return FALSE;
    }
  if (length > IMP_MATCHER_SET_BYTES_MAX - self->string_bytes)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "With this string, those of this direction would have more than %d bytes",
                   IMP_MATCHER_SET_BYTES_MAX);
      return FALSE;
    }
  self->string_bytes += length;
  imp_string_set_add (self->strings, string, length, self->patterns->len);
  g_array_append_val (self->patterns, pattern);
  return TRUE;
}

gboolean
imp_matcher_set_add_regex (ImpMatcherSet *self, const char *regex, gsize max_length, GError **error)
{
  SetPattern pattern = { .max_length = max_length };

  if (!matcher_set_check_room (self, error))
    return FALSE;
  pattern.search = imp_regex_search_new (regex, max_length, 0, 0, error);
  if (pattern.search == NULL)
    return FALSE;
  pattern.text = g_strdup (regex);
  g_array_append_val (self->patterns, pattern);
  return TRUE;
}

/* ---- the parts ---- */

static SetPart
set_part_new (ImpRegexSearch *search, gboolean owns_search)
{
  return (SetPart){
    .search = search,
    .owns_search = owns_search,
    .members = g_array_new (FALSE, FALSE, sizeof (SetMember)),
    .uniform = TRUE,
  };
}

static void
matcher_set_add_part (ImpMatcherSet *self, SetPart *part)
{
  part->first = g_array_index (part->members, SetMember, 0).which;
  g_array_append_val (self->parts, *part);
}

static void
matcher_set_add_alone (ImpMatcherSet *self, guint which)
{
  const SetMember member = { .which = which };
  SetPart part = set_part_new (matcher_set_get (self, which)->search, FALSE);

  g_array_append_val (part.members, member);
  matcher_set_add_part (self, &part);
}

/* The search for @n of them at once; NULL where they cannot be put together. */
static ImpRegexSearch *
matcher_set_compile (ImpMatcherSet *self, const guint *numbers, guint n, guint *n_groups)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize max_length = 0;

  *n_groups = 0;
  for (guint i = 0; i < n; i++)
    {
      const SetPattern *pattern = matcher_set_get (self, numbers[i]);

      if (!imp_regex_join_append (text, pattern->text))
        return NULL;
      *n_groups += 1 + imp_regex_search_get_n_groups (pattern->search);
      max_length = MAX (max_length, pattern->max_length);
    }
  return imp_regex_search_new (text->str, max_length, 0, IMP_MATCHER_REPORT_OVER, NULL);
}

/* What a place's window shows decides; a larger one may decide otherwise. */
static void
matcher_set_add_members (ImpMatcherSet *self, SetPart *part, const guint *numbers, guint n)
{
  guint group = 1;

  for (guint i = 0; i < n; i++)
    {
      const SetPattern *pattern = matcher_set_get (self, numbers[i]);
      const SetMember member = { numbers[i], group };

      group += 1 + imp_regex_search_get_n_groups (pattern->search);
      g_array_append_val (part->members, member);
      part->uniform = part->uniform
                      && pattern->max_length == matcher_set_get (self, numbers[0])->max_length
                      && imp_regex_search_get_window (pattern->search)
                           == imp_regex_search_get_window (part->search);
    }
}

/* Together, or else in two halves. */
static void
matcher_set_join (ImpMatcherSet *self, const guint *numbers, guint n)
{
  ImpRegexSearch *search;
  guint n_groups;

  if (n == 0)
    return;
  if (n == 1)
    {
      matcher_set_add_alone (self, numbers[0]);
      return;
    }
  search = matcher_set_compile (self, numbers, n, &n_groups);
  if (search != NULL && imp_regex_search_get_n_groups (search) == n_groups)
    {
      SetPart part = set_part_new (search, TRUE);

      matcher_set_add_members (self, &part, numbers, n);
      matcher_set_add_part (self, &part);
      return;
    }
  g_clear_pointer (&search, imp_regex_search_free);
  matcher_set_join (self, numbers, n / 2);
  matcher_set_join (self, numbers + n / 2, n - n / 2);
}

/* Those of which the first bytes are known are looked for by these, and tried where they are. */
static void
matcher_set_add_prefixed (ImpMatcherSet *self, const guint *numbers, guint n)
{
  SetPart part = set_part_new (NULL, FALSE);

  part.prefixes = imp_string_set_new ();
  for (guint i = 0; i < n; i++)
    {
      const SetMember member = { .which = numbers[i] };
      const GString *prefix = matcher_set_get (self, numbers[i])->prefix;

      imp_string_set_add (part.prefixes, (const guint8 *) prefix->str, prefix->len, i);
      g_array_append_val (part.members, member);
    }
  imp_string_set_finish (part.prefixes);
  matcher_set_add_part (self, &part);
}

static void
matcher_set_add_strings (ImpMatcherSet *self)
{
  SetPart part = set_part_new (NULL, FALSE);

  imp_string_set_finish (self->strings);
  for (guint i = 0; i < self->patterns->len; i++)
    {
      const SetMember member = { .which = i };

      if (matcher_set_get (self, i)->text == NULL)
        g_array_append_val (part.members, member);
    }
  if (part.members->len > 0)
    matcher_set_add_part (self, &part);
  else
    g_array_unref (part.members);
}

static void
matcher_set_measure (ImpMatcherSet *self)
{
  for (guint i = 0; i < self->patterns->len; i++)
    {
      const SetPattern *pattern = matcher_set_get (self, i);
      gsize window = pattern->search != NULL ? imp_regex_search_get_window (pattern->search)
                                             : pattern->max_length;

      self->max_doubt = MAX (self->max_doubt, window - 1);
      if (pattern->search != NULL)
        self->context = MAX (self->context, imp_regex_search_get_context (pattern->search));
    }
  for (guint i = 0; i < self->parts->len; i++)
    {
      const SetPart *part = &g_array_index (self->parts, SetPart, i);

      if (part->search != NULL)
        self->context = MAX (self->context, imp_regex_search_get_context (part->search));
    }
}

void
imp_matcher_set_finish (ImpMatcherSet *self)
{
  g_autoptr (GArray) joined = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) prefixed = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GString) scratch = g_string_new (NULL);

  matcher_set_add_strings (self);
  for (guint i = 0; i < self->patterns->len; i++)
    {
      SetPattern *pattern = matcher_set_get (self, i);

      if (pattern->text == NULL)
        continue;
      g_string_truncate (scratch, 0);
      if (!imp_regex_join_append (scratch, pattern->text))
        {
          matcher_set_add_alone (self, i);
          continue;
        }
      pattern->prefix = imp_regex_join_get_prefix (pattern->text);
      if (pattern->prefix->len >= PREFIX_MIN)
        g_array_append_val (prefixed, i);
      else
        g_array_append_val (joined, i);
    }
  if (prefixed->len == 1)
    matcher_set_add_alone (self, g_array_index (prefixed, guint, 0));
  else if (prefixed->len > 1)
    matcher_set_add_prefixed (self, (const guint *) prefixed->data, prefixed->len);
  matcher_set_join (self, (const guint *) joined->data, joined->len);
  matcher_set_measure (self);
}

guint
imp_matcher_set_get_n (const ImpMatcherSet *self)
{
  return self->patterns->len;
}

gsize
imp_matcher_set_get_context (const ImpMatcherSet *self)
{
  return self->context;
}

gsize
imp_matcher_set_get_max_doubt (const ImpMatcherSet *self)
{
  return self->max_doubt;
}

guint
imp_matcher_set_find_group (const ImpMatcherSet *self, guint which, const char *name)
{
  ImpRegexSearch *search = matcher_set_get (self, which)->search;

  return search != NULL ? imp_regex_search_find_group (search, name) : 0;
}

ImpMatcherMemory *
imp_matcher_memory_new (const ImpMatcherSet *set)
{
  return g_malloc0 (MAX (1, set->parts->len) * sizeof (gint64));
}

void
imp_matcher_memory_free (ImpMatcherMemory *self)
{
  g_free (self);
}

/* ---- regular expressions that are looked for together ---- */

/* Does @which match at @place? NONE, FOUND, MORE or FAILED. */
static ImpMatchStatus
matcher_set_try (const ImpMatcherSet *self, guint which, gsize place, ImpSearchRun *run,
                 GError **error)
{
  const SetPattern *pattern = matcher_set_get (self, which);
  gsize window = imp_regex_search_get_window (pattern->search);
  gint64 time = imp_effort_begin (run->effort);
  ImpEffort effort = *run->effort;
  ImpSearchRun at = *run;
  ImpMatchStatus status;

  at.position = place;
  at.effort = &effort;
  if (run->length - place > window)
    {
      at.length = place + window;
      at.end = IMP_MATCH_END_OPEN;
    }
  status = imp_regex_search_find (pattern->search, &at, error);
  /* The same bytes do not pay for each of them. */
  if (!imp_effort_charge (run->effort, &time, 0) && status != IMP_MATCH_FAILED)
    {
      g_set_error_literal (
        error, IMP_ERROR, IMP_ERROR_LIMIT,
        "The regular expressions are too costly for these data: their time in this "
        "connection is used up");
      return IMP_MATCH_FAILED;
    }
  if (status == IMP_MATCH_FAILED)
    return status;
  if ((status != IMP_MATCH_FOUND && status != IMP_MATCH_MORE) || at.from != place)
    return IMP_MATCH_NONE;
  if (status == IMP_MATCH_MORE && at.length < run->length)
    return IMP_MATCH_NONE;
  run->from = at.from;
  run->to = at.to;
  run->groups = at.groups;
  run->n_groups = at.n_groups;
  run->groups_base = at.groups_base;
  run->which = which;
  return status;
}

/* The first of them that matches at @place, or may. */
static ImpMatchStatus
matcher_set_try_all (const ImpMatcherSet *self, const SetPart *part, gsize place, ImpSearchRun *run,
                     GError **error)
{
  for (guint i = 0; i < part->members->len; i++)
    {
      ImpMatchStatus status = matcher_set_try (self,
                                               g_array_index (part->members, SetMember, i).which,
                                               place, run, error);

      if (status != IMP_MATCH_NONE)
        return status;
    }
  return IMP_MATCH_NONE;
}

/* Whose alternative was it? The last group that took part is one of its own. */
static const SetMember *
set_part_find_member (const SetPart *self, guint last_group)
{
  guint low = 0, high = self->members->len;

  while (high - low > 1)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (self->members, SetMember, middle).group <= last_group)
        low = middle;
      else
        high = middle;
    }
  return &g_array_index (self->members, SetMember, low);
}

/* The search for all has found something. FALSE: it has to be looked at again. */
static gboolean
matcher_set_accept (const ImpMatcherSet *self, const SetPart *part, ImpSearchRun *run)
{
  const SetMember *member = set_part_find_member (part, run->n_groups - 1);

  if (!part->uniform)
    {
      const SetPattern *pattern = matcher_set_get (self, member->which);

      if (pattern->max_length < run->to - run->from
          || imp_regex_search_get_window (pattern->search)
               != imp_regex_search_get_window (part->search))
        return FALSE;
    }
  run->which = member->which;
  run->groups += 2 * member->group;
  run->n_groups -= member->group;
  return TRUE;
}

/* Each byte pays once for each of the expressions, which are tried at it one after the other. */
static void
matcher_set_credit (const SetPart *part, ImpSearchRun *run, gsize n_bytes)
{
  gint64 time = imp_effort_begin (run->effort);

  imp_effort_charge (run->effort, &time, n_bytes * (part->members->len - 1));
}

static ImpMatchStatus
matcher_set_search (const SetPart *part, ImpSearchRun *run, GError **error)
{
  ImpMatchStatus status = imp_regex_search_find (part->search, run, error);

  if (status != IMP_MATCH_FAILED)
    matcher_set_credit (part, run, run->from - run->position);
  return status;
}

static ImpMatchStatus
matcher_set_finish_none (ImpSearchRun *run, gsize place)
{
  run->from = place;
  run->to = run->length;
  return place < run->length ? IMP_MATCH_BUSY : IMP_MATCH_NONE;
}

static ImpMatchStatus
matcher_set_find_joined (const ImpMatcherSet *self, const SetPart *part, ImpSearchRun *run,
                         GError **error)
{
  for (;;)
    {
      ImpMatchStatus status = matcher_set_search (part, run, error);
      gsize place = run->from;

      if (status == IMP_MATCH_FOUND && matcher_set_accept (self, part, run))
        return status;
      if (status != IMP_MATCH_FOUND && status != IMP_MATCH_OVER
          && (status != IMP_MATCH_MORE || part->uniform))
        return status;
      status = matcher_set_try_all (self, part, place, run, error);
      if (status == IMP_MATCH_MORE)
        run->to = run->length;
      if (status != IMP_MATCH_NONE)
        return status;
      run->position = place + 1;
      if (run->position == run->length
          || (imp_effort_slice_is_over (run->effort) && run->end != IMP_MATCH_END_PAUSE))
        return matcher_set_finish_none (run, place + 1);
    }
}

/* Can the pattern begin at @place, as far as its prefix tells? */
static gboolean
matcher_set_fits (const ImpMatcherSet *self, guint which, gsize place, const ImpSearchRun *run)
{
  const GString *prefix = matcher_set_get (self, which)->prefix;

  return memcmp (run->data + place, prefix->str, MIN (prefix->len, run->length - place)) == 0;
}

/* The first of those that match at @place, or may. */
static ImpMatchStatus
matcher_set_try_fitting (const ImpMatcherSet *self, const SetPart *part, gsize place,
                         ImpSearchRun *run, GError **error)
{
  for (guint i = 0; i < part->members->len; i++)
    {
      guint which = g_array_index (part->members, SetMember, i).which;
      ImpMatchStatus status;

      if (!matcher_set_fits (self, which, place, run))
        continue;
      status = matcher_set_try (self, which, place, run, error);
      if (status != IMP_MATCH_NONE)
        return status;
    }
  return IMP_MATCH_NONE;
}

static ImpMatchStatus
matcher_set_find_prefixed (const ImpMatcherSet *self, const SetPart *part, ImpSearchRun *run,
                           GError **error)
{
  for (;;)
    {
      ImpMatchStatus status = imp_string_set_find (part->prefixes, run, error);
      gsize place = run->from;

      if (status != IMP_MATCH_FAILED)
        matcher_set_credit (part, run, place - run->position);
      if (status != IMP_MATCH_FOUND && status != IMP_MATCH_MORE)
        return status;
      status = matcher_set_try_fitting (self, part, place, run, error);
      if (status == IMP_MATCH_MORE)
        run->to = run->length;
      if (status != IMP_MATCH_NONE)
        return status;
      matcher_set_credit (part, run, 1);
      run->position = place + 1;
      if (run->position == run->length
          || (imp_effort_slice_is_over (run->effort) && run->end != IMP_MATCH_END_PAUSE))
        return matcher_set_finish_none (run, place + 1);
    }
}

static ImpMatchStatus
matcher_set_find_part (const ImpMatcherSet *self, const SetPart *part, ImpSearchRun *run,
                       GError **error)
{
  ImpMatchStatus status;

  if (run->position == run->length)
    {
      run->from = run->to = run->length;
      return IMP_MATCH_NONE;
    }
  if (part->prefixes != NULL)
    return matcher_set_find_prefixed (self, part, run, error);
  if (part->search == NULL)
    return imp_string_set_find (self->strings, run, error);
  if (part->owns_search)
    return matcher_set_find_joined (self, part, run, error);
  status = imp_regex_search_find (part->search, run, error);
  run->which = part->first;
  return status;
}

/* ---- all parts ---- */

/* Where a part goes on. */
static gsize
set_search_get_begin (const ImpSearchRun *run, guint part)
{
  gint64 known = run->memory != NULL ? run->memory->none_before[part] - run->base : 0;

  return CLAMP (known, (gint64) run->position, (gint64) run->length);
}

/* Of those that are not done, the one that can find something first; G_MAXUINT: none can find
 * anything better than @best. */
static guint
matcher_set_choose (const ImpMatcherSet *self, const ImpSearchRun *run, const gboolean *done,
                    const ImpSearchRun *best)
{
  guint chosen = G_MAXUINT;
  gsize first = 0;

  for (guint i = 0; i < self->parts->len; i++)
    {
      gsize begin = set_search_get_begin (run, i);
      const SetPart *part = &g_array_index (self->parts, SetPart, i);

      if (done[i]
          || (best != NULL
              && (begin > best->from || (begin == best->from && part->first > best->which))))
        continue;
      if (chosen == G_MAXUINT || begin < first)
        {
          chosen = i;
          first = begin;
        }
    }
  return chosen;
}

static void
matcher_set_remember (const ImpSearchRun *run, guint part, gsize from)
{
  if (run->memory != NULL && run->end != IMP_MATCH_END_PAUSE)
    run->memory->none_before[part] = run->base + (gint64) from;
}

typedef struct
{
  gboolean found;
  ImpSearchRun best;
  guint best_part;
  gsize doubt; /* the first place of which more is to tell */
  guint doubt_first;
  ImpMatchStatus doubt_status;
  guint last_part;
} SetOutcome;

static void
set_outcome_add (SetOutcome *self, guint number, const SetPart *part, const ImpSearchRun *run,
                 ImpMatchStatus status)
{
  if (part->search != NULL || part->prefixes != NULL)
    self->last_part = number;
  if (status == IMP_MATCH_FOUND)
    {
      if (!self->found || run->from < self->best.from
          || (run->from == self->best.from && run->which < self->best.which))
        {
          self->best = *run;
          self->best_part = number;
        }
      self->found = TRUE;
    }
  else if (run->from < self->doubt || (run->from == self->doubt && part->first < self->doubt_first))
    {
      self->doubt = run->from;
      self->doubt_first = part->first;
    }
  if (status == IMP_MATCH_BUSY)
    self->doubt_status = status;
}

/* May something better than what was found begin at the doubt? */
static gboolean
set_outcome_is_open (const SetOutcome *self, const ImpSearchRun *run)
{
  if (run->end == IMP_MATCH_END_PAUSE || self->doubt == run->length)
    return FALSE;
  return self->doubt < self->best.from
         || (self->doubt == self->best.from && self->doubt_first < self->best.which);
}

/* The groups of what a regular expression has found are there until the next search. */
static ImpMatchStatus
matcher_set_finish_found (const ImpMatcherSet *self, const SetOutcome *outcome, ImpSearchRun *run,
                          GError **error)
{
  const SetPart *part = &g_array_index (self->parts, SetPart, outcome->best_part);
  gsize position = run->position;
  ImpMatchStatus status = IMP_MATCH_FOUND;

  *run = outcome->best;
  if ((part->search != NULL || part->prefixes != NULL) && outcome->last_part != outcome->best_part)
    {
      run->position = run->from;
      status = matcher_set_find_part (self, part, run, error);
    }
  run->position = position;
  return status;
}

static ImpMatchStatus
set_outcome_finish_doubt (const SetOutcome *self, ImpSearchRun *run)
{
  run->from = self->doubt;
  run->to = run->length;
  if (self->doubt_status == IMP_MATCH_BUSY)
    return IMP_MATCH_BUSY;
  return run->from < run->length ? IMP_MATCH_MORE : IMP_MATCH_NONE;
}

ImpMatchStatus
imp_matcher_set_find (const ImpMatcherSet *self, ImpSearchRun *run, GError **error)
{
  g_autofree gboolean *many = self->parts->len > 8 ? g_new0 (gboolean, self->parts->len) : NULL;
  gboolean few[8] = { FALSE };
  gboolean *done = many != NULL ? many : few;
  SetOutcome outcome = { .doubt = run->length, .doubt_first = G_MAXUINT };
  guint next;

  while ((next = matcher_set_choose (self, run, done, outcome.found ? &outcome.best : NULL))
         != G_MAXUINT)
    {
      const SetPart *part = &g_array_index (self->parts, SetPart, next);
      ImpSearchRun sub = *run;
      ImpMatchStatus status;

      sub.position = set_search_get_begin (run, next);
      status = matcher_set_find_part (self, part, &sub, error);
      if (status == IMP_MATCH_FAILED)
        return status;
      done[next] = TRUE;
      matcher_set_remember (run, next, sub.from);
      set_outcome_add (&outcome, next, part, &sub, status);
    }
  if (outcome.found && !set_outcome_is_open (&outcome, run))
    return matcher_set_finish_found (self, &outcome, run, error);
  if (outcome.found)
    outcome.doubt_status = outcome.doubt_status == IMP_MATCH_BUSY ? IMP_MATCH_BUSY : IMP_MATCH_MORE;
  return set_outcome_finish_doubt (&outcome, run);
}
