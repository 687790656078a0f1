/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-regex-search-private.h"

#include "core/imp-error.h"
#include "core/imp-regex-program-private.h"

/* The meaning is laid down per place, by an attempt on a window that begins there: the data up to
 * there and W bytes more. If it does not depend on what lies behind the window, it gives what an
 * attempt on the whole stream would give.
 *
 * To make an attempt at each byte would be slow, so whole blocks of places are searched in one go,
 * on the block's data and a window more. That is right for this reason: an attempt that does not
 * depend on what lies behind its window gives the same on more data. So what a search leaves out
 * is no match, and where it comes to the edge of its data is either a place whose window is not
 * full yet, or one that is over.
 *
 * A search also gives up at a place that makes it backtrack much, and does not say which one. Then
 * the blocks become smaller, until the place is alone; if need be it gets an attempt of its own,
 * with a clock. */

/* What one go may take has to be far below a slice, even if the expression looks through all of its
 * data each time it backtracks: so many bytes looked at, about. */
#define WORK_MAX (256 * 1024 * 1024)
/* So often may it backtrack at one place, at least. */
#define LIMIT_MIN 16
/* And so often in all of a block, or at a place that is alone. */
#define LIMITS_MAX (512 * 1024)
#define LIMIT_ALONE (2 * 1024 * 1024)
#define IS_USED_UP "its time in this connection is used up"
/* A block that is too costly becomes so much smaller. */
#define BLOCK_STEP 16
#define BLOCK_MIN 32
#define BLOCK_MAX 8192
/* The clock is read after so many places, or a hard one. */
#define PLACES_PER_LOOK 8192

struct _ImpRegexSearch
{
  ImpRegexProgram *program;
  gsize max_length;
  gsize window;
  gsize context;
  gsize block_max;
  gboolean is_far; /* an attempt may look beyond its window */
  gboolean utf8;
  gboolean reports_over;
  guint next_limit;  /* for the next match; 0: it is not asked for */
  guint64 next_work; /* so many bytes that may look at for each place */
};

/* Where a find is. */
typedef struct
{
  ImpRegexSearch *search;
  ImpSearchRun *run;
  gsize position;
  gsize block;   /* how many places are next */
  gsize charged; /* up to here, time is counted */
  gboolean was_hard;
  ImpRegexFinding finding;
} RegexCursor;

/* What a step has led to; GO_ON: nothing yet. */
typedef enum
{
  STEP_GO_ON,
  STEP_FOUND,
  STEP_OVER,
  STEP_MORE,
  STEP_FAILED,
} RegexStep;

static gboolean regex_search_refuse (ImpRegexSearch *self, GError **error, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* An expression is bytes; what is said of it is text. */
static gboolean
regex_search_refuse (ImpRegexSearch *self, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL, *text = NULL, *valid = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  text = g_strdup_printf ("The regular expression \"%s\" %s",
                          imp_regex_program_get_text (self->program), what);
  valid = g_utf8_make_valid (text, -1);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS, valid);
  return FALSE;
}

static gboolean
regex_search_check_length (ImpRegexSearch *self, GError **error)
{
  const ImpRegexInfo *info = imp_regex_program_get_info (self->program);

  if (self->max_length == 0 || self->max_length > IMP_PATTERN_LENGTH_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "The greatest length of a match is 1 to %d bytes, not %" G_GSIZE_FORMAT,
                   IMP_PATTERN_LENGTH_MAX, self->max_length);
      return FALSE;
    }
  if (info->max_length == 0)
    return regex_search_refuse (self, error, "matches nothing but the empty string");
  if (imp_regex_program_matches_empty (self->program))
    return regex_search_refuse (self, error, "matches the empty string");
  if (info->min_length > self->max_length)
    return regex_search_refuse (self, error,
                                "can never match: its matches have %" G_GSIZE_FORMAT " bytes or "
                                "more, and may have %" G_GSIZE_FORMAT,
                                info->min_length, self->max_length);
  return TRUE;
}

/* How far it may look beyond a match. */
static gboolean
regex_search_check_lookahead (ImpRegexSearch *self, gsize *lookahead, GError **error)
{
  const ImpRegexInfo *info = imp_regex_program_get_info (self->program);

  if (*lookahead > 0 && info->ahead != IMP_REGEX_UNBOUNDED && info->ahead > *lookahead)
    return regex_search_refuse (self, error,
                                "looks up to %" G_GSIZE_FORMAT " bytes ahead, more than the "
                                "%" G_GSIZE_FORMAT " that are set (lookahead)",
                                info->ahead, *lookahead);
  if (*lookahead == 0)
    *lookahead = info->ahead;
  if (*lookahead == IMP_REGEX_UNBOUNDED)
    return regex_search_refuse (self, error,
                                "looks ahead without a bound, which a stream needs (lookahead)");
  if (*lookahead > IMP_PATTERN_LENGTH_MAX)
    return regex_search_refuse (self, error,
                                "looks up to %" G_GSIZE_FORMAT " bytes ahead, and "
                                "the limit is %d",
                                *lookahead, IMP_PATTERN_LENGTH_MAX);
  if (info->need > self->max_length + *lookahead)
    return regex_search_refuse (self, error,
                                "can never match: it has to see %" G_GSIZE_FORMAT " bytes or more, "
                                "and may see %" G_GSIZE_FORMAT,
                                info->need, self->max_length + *lookahead);
  return TRUE;
}

/* What it may look at from the beginning of a block of @n places on. */
static gsize
regex_search_get_span (ImpRegexSearch *self, gsize n)
{
  return MIN (imp_regex_program_get_info (self->program)->reach, n + self->window);
}

static gsize
regex_search_compute_block (ImpRegexSearch *self)
{
  gsize n = BLOCK_MIN;

  while (n < BLOCK_MAX && 2 * n * regex_search_get_span (self, 2 * n) <= WORK_MAX / LIMIT_MIN)
    n *= 2;
  return n;
}

static guint
regex_search_compute_limit (ImpRegexSearch *self, gsize n)
{
  gsize limit = WORK_MAX / (n * regex_search_get_span (self, n));

  return MAX (LIMIT_MIN, MIN (limit, n == 1 ? LIMIT_ALONE : LIMITS_MAX / n));
}

static gboolean
regex_search_build (ImpRegexSearch *self, const char *regex, gsize lookahead, GError **error)
{
  const ImpRegexInfo *info;

  self->program = imp_regex_program_new (regex, self->utf8, error);
  if (self->program == NULL || !regex_search_check_length (self, error)
      || !regex_search_check_lookahead (self, &lookahead, error))
    return FALSE;

  info = imp_regex_program_get_info (self->program);
  /* One byte tells whether the match is longer; with another one it is never more than was said
   * before expressions were looked at so closely. A character that is cut may hide three. */
  self->window = self->max_length + MAX (lookahead, 2) + (self->utf8 ? 3 : 0);
  self->is_far = info->reach > self->window;
  self->block_max = regex_search_compute_block (self);
  self->context = imp_regex_program_get_behind (self->program);
  if (!self->is_far && !self->utf8 && self->block_max >= self->window
      && imp_regex_program_can_search_next (self->program))
    {
      gsize n = self->block_max + self->window;

      self->next_limit = regex_search_compute_limit (self, n);
      self->next_work = (guint64) self->next_limit * regex_search_get_span (self, n);
    }
  return TRUE;
}

ImpRegexSearch *
imp_regex_search_new (const char *regex, gsize max_length, gsize lookahead, ImpMatcherFlags flags,
                      GError **error)
{
  ImpRegexSearch *self = g_new0 (ImpRegexSearch, 1);

  self->max_length = max_length;
  self->utf8 = (flags & IMP_MATCHER_UTF8) != 0;
  self->reports_over = (flags & IMP_MATCHER_REPORT_OVER) != 0;
  if (regex_search_build (self, regex, lookahead, error))
    return self;
  imp_regex_search_free (self);
  return NULL;
}

void
imp_regex_search_free (ImpRegexSearch *self)
{
  g_clear_pointer (&self->program, imp_regex_program_free);
  g_free (self);
}

gsize
imp_regex_search_get_context (ImpRegexSearch *self)
{
  return self->context;
}

gsize
imp_regex_search_get_window (ImpRegexSearch *self)
{
  return self->window;
}

guint
imp_regex_search_get_n_groups (ImpRegexSearch *self)
{
  return imp_regex_program_get_n_groups (self->program);
}

guint
imp_regex_search_find_group (ImpRegexSearch *self, const char *name)
{
  return imp_regex_program_find_group (self->program, name);
}

static inline gboolean
regex_search_is_continuation (guint8 byte)
{
  return (byte & 0xc0) == 0x80;
}

/* Where data end that go on: before a character of which something is missing. */
static gsize
regex_cursor_trim (RegexCursor *self, gsize end)
{
  const guint8 *data = self->run->data;
  gsize back = 1;
  guint8 first;

  if (!self->search->utf8)
    return end;
  while (back < 3 && back < end && regex_search_is_continuation (data[end - back]))
    back++;
  if (back > end)
    return end;
  first = data[end - back];
  if ((first >= 0xc2 && back < 2) || (first >= 0xe0 && back < 3) || (first >= 0xf0 && back < 4))
    return first < 0xf5 ? end - back : end;
  return end;
}

/* The place behind @position. */
static gsize
regex_cursor_next (RegexCursor *self, gsize position)
{
  position++;
  while (self->search->utf8 && position < self->run->length
         && regex_search_is_continuation (self->run->data[position]))
    position++;
  return position;
}

/* Where the context begins, not within a character. */
static gsize
regex_cursor_get_base (RegexCursor *self, gsize position)
{
  gsize base = position - MIN (position, self->search->context);

  for (guint i = 0; i < 3 && self->search->utf8 && base > 0 && base < position
                    && regex_search_is_continuation (self->run->data[base]);
       i++)
    base++;
  return base;
}

static gboolean
regex_cursor_is_full (RegexCursor *self, gsize position)
{
  return self->run->length - position >= self->search->window;
}

/* What begins at @from would be a match if it were not, or need not become, too long. */
static RegexStep
regex_cursor_pass_over (RegexCursor *self, gsize from)
{
  self->run->from = from;
  if (self->search->reports_over)
    return STEP_OVER;
  self->position = regex_cursor_next (self, from);
  return STEP_GO_ON;
}

static RegexStep
regex_cursor_find (RegexCursor *self, gsize base)
{
  ImpSearchRun *run = self->run;

  if (self->finding.to - self->finding.from > self->search->max_length)
    return regex_cursor_pass_over (self, self->finding.from + base);
  run->from = self->finding.from + base;
  run->to = self->finding.to + base;
  run->groups = self->finding.groups;
  run->n_groups = self->finding.n_groups;
  run->groups_base = base;
  return STEP_FOUND;
}

/* A single place. */
static RegexStep
regex_cursor_attempt (RegexCursor *self)
{
  ImpSearchRun *run = self->run;
  gsize position = self->position;
  gboolean full = regex_cursor_is_full (self, position);
  gsize end = full ? position + self->search->window : run->length;
  gsize base = regex_cursor_get_base (self, position);
  ImpRegexEnd follows = full || run->end == IMP_MATCH_END_OPEN ? IMP_REGEX_END_OPEN
                        : run->end == IMP_MATCH_END_PAUSE      ? IMP_REGEX_END_PAUSE
                                                               : IMP_REGEX_END_FINAL;

  self->was_hard = TRUE;
  if (follows != IMP_REGEX_END_FINAL)
    end = MAX (regex_cursor_trim (self, end), position);
  switch (imp_regex_program_attempt (self->search->program, run->data + base, end - base,
                                     position - base, follows, &self->finding))
    {
    case IMP_REGEX_NONE:
      /* Nothing but the beginning of a character. */
      if (end == position && follows == IMP_REGEX_END_OPEN)
        return STEP_MORE;
      self->position = regex_cursor_next (self, position);
      return STEP_GO_ON;
    case IMP_REGEX_MATCH:
      return regex_cursor_find (self, base);
    case IMP_REGEX_EDGE:
      return full ? regex_cursor_pass_over (self, position) : STEP_MORE;
    case IMP_REGEX_COSTLY:
    default:
      return STEP_FAILED;
    }
}

/* A search has found something. */
static RegexStep
regex_cursor_check (RegexCursor *self, gsize base)
{
  gsize from = self->finding.from + base;

  self->position = from;
  if (self->search->is_far && regex_cursor_is_full (self, from))
    return regex_cursor_attempt (self);
  return regex_cursor_find (self, base);
}

/* Where the block is much larger than the window, the places behind it, of which the data have no
 * full windows, are not left out: that is quicker. */
static gboolean
regex_cursor_is_wide (RegexCursor *self, gsize last)
{
  return last + 1 - self->position >= self->search->window;
}

/* Searches the data up to @end, from self->position up to @last at least. */
static ImpRegexOutcome
regex_cursor_ask (RegexCursor *self, gsize last, gsize end, gboolean open)
{
  const guint8 *data = self->run->data;
  gsize base = regex_cursor_get_base (self, self->position);
  gboolean wide = regex_cursor_is_wide (self, last);
  gsize n_places = wide ? end - self->position : last + 1 - self->position;

  return imp_regex_program_search (self->search->program, data + base, end - base,
                                   self->position - base, wide ? IMP_REGEX_NO_LAST : last - base,
                                   regex_search_compute_limit (self->search, n_places), open,
                                   &self->finding);
}

/* At self->position, where the windows are full up to @last, something is too long; so is mostly
 * the next place, in a run of digits, say. A search that takes the end of its data for the last one
 * passes over them, and leaves out nothing that does not need more. */
static RegexStep
regex_cursor_leap (RegexCursor *self, gsize last, gsize end)
{
  RegexStep step = regex_cursor_pass_over (self, self->position);
  gsize base;

  if (step != STEP_GO_ON || self->position > last)
    return step;
  base = regex_cursor_get_base (self, self->position);
  switch (regex_cursor_ask (self, last, end, FALSE))
    {
    case IMP_REGEX_MATCH:
      self->position = MIN (self->finding.from + base, last + 1);
      return self->position <= last ? regex_cursor_attempt (self) : STEP_GO_ON;
    case IMP_REGEX_COSTLY:
      self->was_hard = TRUE;
      self->block = 1;
      return STEP_GO_ON;
    case IMP_REGEX_NONE:
    case IMP_REGEX_EDGE:
    default:
      self->position = last + 1;
      return STEP_GO_ON;
    }
}

/* The search came to the edge at @from. */
static RegexStep
regex_cursor_meet_edge (RegexCursor *self, gsize from, gsize last, gsize end)
{
  self->position = from;
  if (!regex_cursor_is_full (self, from))
    return STEP_MORE;
  if (!regex_cursor_is_full (self, last))
    last = self->run->length - self->search->window;
  return regex_cursor_leap (self, last, end);
}

static RegexStep
regex_cursor_search (RegexCursor *self, gsize last, gsize end, gboolean open)
{
  gsize base = regex_cursor_get_base (self, self->position);
  gsize from;

  switch (regex_cursor_ask (self, last, end, open))
    {
    case IMP_REGEX_NONE:
      self->position = regex_cursor_is_wide (self, last) ? end : last + 1;
      self->block = MIN (2 * self->block, self->search->block_max);
      return STEP_GO_ON;
    case IMP_REGEX_MATCH:
      return regex_cursor_check (self, base);
    case IMP_REGEX_EDGE:
      from = self->finding.from + base;
      if (from <= last)
        return regex_cursor_meet_edge (self, from, last, end);
      /* There it is for the next block to say what the edge means. */
      self->position = from;
      return STEP_GO_ON;
    case IMP_REGEX_COSTLY:
    default:
      self->was_hard = TRUE;
      self->block = last > self->position ? MAX (1, (last + 1 - self->position) / BLOCK_STEP) : 0;
      return STEP_GO_ON;
    }
}

static RegexStep
regex_cursor_step (RegexCursor *self)
{
  ImpSearchRun *run = self->run;
  gsize window = self->search->window;
  gsize left = run->length - self->position;
  gsize n = MIN (self->block, left);
  gsize end = run->length;
  gboolean open = run->end == IMP_MATCH_END_OPEN;

  if (n == 0)
    {
      self->block = 2;
      return regex_cursor_attempt (self);
    }
  /* What is decided by the window alone must not see the end behind it. */
  if (!open && self->search->is_far && left >= window)
    {
      n = MIN (n, left - window + 1);
      open = TRUE;
    }
  if (left - n > window)
    {
      end = self->position + n + window;
      open = TRUE;
    }
  if (open)
    end = regex_cursor_trim (self, end);
  if (end <= self->position)
    return STEP_MORE;
  return regex_cursor_search (self, MIN (self->position + n, end) - 1, end, open);
}

/* What is a match as it stands, where nothing will be added for a while. Here only those places are
 * left of which more was to tell, so that there are few. */
static RegexStep
regex_cursor_step_paused (RegexCursor *self)
{
  RegexStep step = regex_cursor_attempt (self);

  if (step != STEP_MORE)
    return step;
  self->position = regex_cursor_next (self, self->position);
  return STEP_GO_ON;
}

static ImpMatchStatus
regex_cursor_fail (RegexCursor *self, const char *reason, GError **error)
{
  g_autofree char *text = NULL, *valid = NULL;

  text = g_strdup_printf ("The regular expression \"%s\" is too costly for these data: %s",
                          imp_regex_program_get_text (self->search->program), reason);
  valid = g_utf8_make_valid (text, -1);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, valid);
  return IMP_MATCH_FAILED;
}

static ImpMatchStatus
regex_cursor_finish (RegexCursor *self, RegexStep step, GError **error)
{
  ImpSearchRun *run = self->run;
  g_autofree char *reason = NULL;

  switch (step)
    {
    case STEP_FOUND:
      return IMP_MATCH_FOUND;
    case STEP_OVER:
      return IMP_MATCH_OVER;
    case STEP_FAILED:
      reason = imp_regex_program_describe_error (self->finding.error);
      return regex_cursor_fail (self, reason, error);
    case STEP_MORE:
    case STEP_GO_ON:
    default:
      run->from = self->position;
      run->to = run->length;
      if (step == STEP_MORE)
        return IMP_MATCH_MORE;
      return self->position < run->length ? IMP_MATCH_BUSY : IMP_MATCH_NONE;
    }
}

/* A pause decides nothing but what is found. */
static ImpMatchStatus
regex_cursor_finish_paused (RegexCursor *self, RegexStep step, gsize from, GError **error)
{
  if (step != STEP_GO_ON)
    return regex_cursor_finish (self, step, error);
  self->position = from;
  return regex_cursor_finish (self, STEP_MORE, error);
}

static gboolean
regex_cursor_charge (RegexCursor *self, gint64 *time)
{
  gsize n_places = self->position - self->charged;

  self->charged = self->position;
  self->was_hard = FALSE;
  return imp_effort_charge (self->run->effort, time, n_places);
}

/* Where matches are dense the next one is near, and nothing about it is special: it is asked for as
 * the first step of a find would, with less around it. FALSE: that step is to be made. */
static gboolean
regex_search_find_next (ImpRegexSearch *self, ImpSearchRun *run)
{
  gsize left = run->length - run->position;
  gsize base = run->position - MIN (run->position, self->context);
  ImpRegexFinding finding;

  if (self->next_limit == 0 || run->end != IMP_MATCH_END_OPEN || left < self->window)
    return FALSE;
  left = MIN (left, self->block_max + self->window);
  if (imp_regex_program_search_next (self->program, run->data + base, run->position + left - base,
                                     run->position - base, self->next_limit, &finding)
        != IMP_REGEX_MATCH
      || finding.to - finding.from > self->max_length)
    return FALSE;
  run->from = finding.from + base;
  run->to = finding.to + base;
  run->groups = finding.groups;
  run->n_groups = finding.n_groups;
  run->groups_base = base;
  return TRUE;
}

static gboolean
regex_search_charge_next (ImpRegexSearch *self, ImpSearchRun *run, gint64 *time)
{
  guint64 work = (run->from - run->position + 1) * self->next_work;

  return imp_effort_charge_short (run->effort, time, run->to - run->position, work);
}

ImpMatchStatus
imp_regex_search_find (ImpRegexSearch *self, ImpSearchRun *run, GError **error)
{
  RegexCursor cursor = { self, run, run->position, self->block_max, run->position };
  gboolean paused = run->end == IMP_MATCH_END_PAUSE;
  gboolean affordable = imp_effort_is_affordable (run->effort);
  gint64 time = imp_effort_enter (run->effort);
  RegexStep step = STEP_GO_ON;

  if (affordable && regex_search_find_next (self, run))
    return regex_search_charge_next (self, run, &time)
             ? IMP_MATCH_FOUND
             : regex_cursor_fail (&cursor, IS_USED_UP, error);
  /* However long it takes, each slice gets somewhere. */
  while (step == STEP_GO_ON && cursor.position < run->length && affordable
         && !(imp_effort_slice_is_over (run->effort) && cursor.position > run->position))
    {
      step = paused ? regex_cursor_step_paused (&cursor) : regex_cursor_step (&cursor);
      if (cursor.was_hard || cursor.position - cursor.charged >= PLACES_PER_LOOK)
        affordable = regex_cursor_charge (&cursor, &time);
    }
  if (cursor.position > cursor.charged)
    affordable = affordable && regex_cursor_charge (&cursor, &time);
  if (!affordable)
    return regex_cursor_fail (&cursor, IS_USED_UP, error);
  return paused ? regex_cursor_finish_paused (&cursor, step, run->position, error)
                : regex_cursor_finish (&cursor, step, error);
}
