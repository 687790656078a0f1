/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-regex-search-private.h"

#include "core/imp-error.h"

/* The meaning is laid down per position, by an anchored attempt on a window that begins there:
 * `windowed attempt` below. To make one attempt per byte would be slow, so whole blocks are
 * searched in one go, which is right for this reason: an attempt that succeeds within its window
 * has not looked beyond it, so it succeeds just as well on more data. So what a search leaves out
 * cannot be a match, and what it finds is checked by a windowed attempt. Only the positions whose
 * windows the data do not fill need attempts of their own, and of those only the ones at which the
 * search has come to the end of the data. */

#define BLOCK_MIN 512
#define BLOCK_MAX 65536
/* Of this much more than a window is a block, at least, so that each search decides something. */
#define BLOCK_WINDOWS 4

#define COMPILE_FLAGS (G_REGEX_RAW | G_REGEX_OPTIMIZE | G_REGEX_NEWLINE_LF)

struct _ImpRegexSearch
{
  GRegex *regex;
  GRegex *anchored;
  gsize max_length;
  gsize window;
  gsize context;
  guint8 first[256]; /* can a match begin with this byte? */
};

typedef enum
{
  OUTCOME_NONE,
  OUTCOME_MATCH,
  OUTCOME_PARTIAL, /* came to the end of the data: more of them might change the answer */
  OUTCOME_ERROR,
} Outcome;

typedef enum
{
  VERDICT_NONE,
  VERDICT_TOO_LONG,
  VERDICT_FOUND,
  VERDICT_MORE,
  VERDICT_FAILED,
} Verdict;

/* \G and \K would make a match depend on where a search begins, and verbs end a search early. No
 * knowledge of quoting and comments is needed to find them all; the price is that such text must be
 * written in another way in there, [*(] for [(*]. */
static const char *
find_unsuitable (const char *regex)
{
  for (const char *p = regex; *p != '\0'; p++)
    {
      if (*p == '(' && p[1] == '*')
        return "(*";
      if (*p != '\\')
        continue;
      p++;
      if (*p == 'G')
        return "\\G";
      if (*p == 'K')
        return "\\K";
      if (*p == '\0')
        break;
    }
  return NULL;
}

/* An expression is bytes; what is said of it is text. */
G_GNUC_PRINTF (3, 4)
static void
set_error (GError **error, ImpError code, const char *format, ...)
{
  g_autofree char *text = NULL, *valid = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  valid = g_utf8_make_valid (text, -1);
  g_set_error_literal (error, IMP_ERROR, code, valid);
}

static Outcome
run_regex (GRegex *regex, const guint8 *data, gsize length, gsize at, gboolean partial, gsize *from,
           gsize *to, GError **error)
{
  GRegexMatchFlags flags = G_REGEX_MATCH_NOTEMPTY | (partial ? G_REGEX_MATCH_PARTIAL_HARD : 0);
  g_autoptr (GMatchInfo) info = NULL;
  g_autoptr (GError) failure = NULL;
  int begin, end;

  if (g_regex_match_full (regex, (const char *) data, length, at, flags, &info, &failure))
    {
      g_match_info_fetch_pos (info, 0, &begin, &end);
      *from = begin;
      *to = end;
      return OUTCOME_MATCH;
    }
  if (failure != NULL)
    {
      set_error (error, IMP_ERROR_LIMIT,
                 "The regular expression \"%s\" is too costly for these "
                 "data: %s",
                 g_regex_get_pattern (regex), failure->message);
      return OUTCOME_ERROR;
    }
  return g_match_info_is_partial_match (info) ? OUTCOME_PARTIAL : OUTCOME_NONE;
}

/* Can a match begin with @byte? That is found by trial, at the very beginning, within a line and
 * at the beginning of one. */
static gboolean
try_first (ImpRegexSearch *self, guint8 byte)
{
  static const guint8 before[] = { 0, '\n' };
  gsize from, to;

  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    {
      guint8 bytes[2] = { before[i], byte };

      if (run_regex (self->anchored, bytes, 2, 1, TRUE, &from, &to, NULL) != OUTCOME_NONE)
        return TRUE;
    }
  return run_regex (self->anchored, &byte, 1, 0, TRUE, &from, &to, NULL) != OUTCOME_NONE;
}

static void
learn_first (ImpRegexSearch *self)
{
  /* Where an expression looks further behind itself, trials prove nothing. */
  gboolean any = g_regex_get_max_lookbehind (self->regex) > 0;

  for (guint i = 0; i < 256; i++)
    self->first[i] = any || try_first (self, i);
}

static gboolean
check_arguments (const char *regex, gsize max_length, GError **error)
{
  const char *unsuitable = find_unsuitable (regex);

  if (max_length == 0 || max_length > IMP_PATTERN_LENGTH_MAX)
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                 "The greatest length of a match is 1 to %d bytes, not %" G_GSIZE_FORMAT,
                 IMP_PATTERN_LENGTH_MAX, max_length);
  else if (unsuitable != NULL)
    set_error (error, IMP_ERROR_SETTINGS,
               "The regular expression \"%s\" uses %s, which means nothing in a stream", regex,
               unsuitable);
  else
    return TRUE;
  return FALSE;
}

static gboolean
compile (ImpRegexSearch *self, const char *pattern, GError **error)
{
  g_autoptr (GError) failure = NULL;

  self->regex = g_regex_new (pattern, COMPILE_FLAGS, 0, &failure);
  if (self->regex != NULL)
    self->anchored = g_regex_new (pattern, COMPILE_FLAGS | G_REGEX_ANCHORED, 0, &failure);
  if (self->anchored == NULL)
    {
      set_error (error, IMP_ERROR_SETTINGS, "%s", failure->message);
      return FALSE;
    }
  if (g_regex_match (self->regex, "", 0, NULL))
    {
      set_error (error, IMP_ERROR_SETTINGS,
                 "The regular expression \"%s\" matches the empty string", pattern);
      return FALSE;
    }
  return TRUE;
}

ImpRegexSearch *
imp_regex_search_new (const char *regex, gsize max_length, GError **error)
{
  ImpRegexSearch *self;

  if (!check_arguments (regex, max_length, error))
    return NULL;

  self = g_new0 (ImpRegexSearch, 1);
  if (!compile (self, regex, error))
    {
      imp_regex_search_free (self);
      return NULL;
    }

  self->max_length = max_length;
  /* One byte tells whether the match is longer; with another one $ knows that a \n is not the
   * last byte of all. */
  self->window = max_length + 2;
  /* One more than it asks for, so that the first byte shown never seems to be the stream's. */
  self->context = g_regex_get_max_lookbehind (self->regex) + 1;
  learn_first (self);
  return self;
}

void
imp_regex_search_free (ImpRegexSearch *self)
{
  g_clear_pointer (&self->regex, g_regex_unref);
  g_clear_pointer (&self->anchored, g_regex_unref);
  g_free (self);
}

gsize
imp_regex_search_get_context (ImpRegexSearch *self)
{
  return self->context;
}

/* Searches from run->position to @end. */
static Outcome
search (ImpRegexSearch *self, GRegex *regex, ImpSearchRun *run, gsize end, gboolean partial,
        GError **error)
{
  gsize base = run->position - MIN (run->position, self->context);
  Outcome outcome;

  outcome = run_regex (regex, run->data + base, end - base, run->position - base, partial,
                       &run->from, &run->to, error);
  run->from += base;
  run->to += base;
  return outcome;
}

/* The windowed attempt: does a match begin at run->position? */
static Verdict
attempt (ImpRegexSearch *self, ImpSearchRun *run)
{
  gsize available = run->length - run->position;
  gboolean full = available >= self->window;
  gsize end = full ? run->position + self->window : run->length;

  if (!self->first[run->data[run->position]])
    return VERDICT_NONE;

  switch (search (self, self->anchored, run, end, full || !run->final, run->error))
    {
    case OUTCOME_NONE:
      return VERDICT_NONE;
    case OUTCOME_MATCH:
      return run->to - run->from <= self->max_length ? VERDICT_FOUND : VERDICT_TOO_LONG;
    case OUTCOME_PARTIAL:
      return full ? VERDICT_TOO_LONG : VERDICT_MORE;
    case OUTCOME_ERROR:
    default:
      return VERDICT_FAILED;
    }
}

/* Position by position as long as @going says so. TRUE if that has decided the matter. */
static gboolean
creep (ImpRegexSearch *self, ImpSearchRun *run, gsize end, Verdict going, Verdict *verdict)
{
  *verdict = VERDICT_NONE;
  for (; run->position < end; run->position++)
    {
      *verdict = attempt (self, run);
      if (*verdict > VERDICT_TOO_LONG)
        return TRUE;
      if (*verdict < going)
        {
          run->position++;
          break;
        }
    }
  return FALSE;
}

/* A match was found at run->from on more data than its window may hold. */
static gboolean
check_candidate (ImpRegexSearch *self, ImpSearchRun *run, Verdict *verdict)
{
  run->position = run->from;
  /* Where one is too long, so is mostly the next one: a run of digits, say. */
  return creep (self, run, run->length, VERDICT_TOO_LONG, verdict);
}

/* The search came to the end of the block. What has its whole window in it is decided by a search
 * that ignores the end; the rest only by more data, and position by position where there are none.
 */
static gboolean
pass_partial (ImpRegexSearch *self, ImpSearchRun *run, gsize end, Verdict *verdict)
{
  gsize whole = end - run->position >= self->window ? end - self->window + 1 : run->position;

  if (whole > run->position)
    {
      Outcome outcome = search (self, self->regex, run, end, FALSE, NULL);

      if (outcome == OUTCOME_ERROR)
        return creep (self, run, whole, VERDICT_NONE, verdict);
      if (outcome == OUTCOME_MATCH && run->from < whole)
        return check_candidate (self, run, verdict);
      run->position = whole;
    }
  if (end < run->length)
    return FALSE;
  return creep (self, run, run->length, VERDICT_NONE, verdict);
}

/* Blocks grow while nothing is found: on data that look like a match again and again, each attempt
 * may read all of its block. */
static gboolean
search_block (ImpRegexSearch *self, ImpSearchRun *run, gsize *block, Verdict *verdict)
{
  gsize small = MAX (BLOCK_MIN, BLOCK_WINDOWS * self->window);
  gsize end = run->length - run->position > *block ? run->position + *block : run->length;
  gboolean partial = end < run->length || !run->final;

  switch (search (self, self->regex, run, end, partial, NULL))
    {
    case OUTCOME_NONE:
      run->position = end;
      *block = MIN (*block * 2, MAX (BLOCK_MAX, small));
      return FALSE;
    case OUTCOME_MATCH:
      *block = small;
      return check_candidate (self, run, verdict);
    case OUTCOME_PARTIAL:
      *block = small;
      return pass_partial (self, run, end, verdict);
    case OUTCOME_ERROR:
    default:
      /* It may be the block that is too long for it, so each position gets its own chance. */
      *block = small;
      return creep (self, run, end, VERDICT_NONE, verdict);
    }
}

ImpMatchStatus
imp_regex_search_find (ImpRegexSearch *self, ImpSearchRun *run)
{
  gsize block = MAX (BLOCK_MIN, BLOCK_WINDOWS * self->window);
  Verdict verdict = VERDICT_NONE;

  while (run->position < run->length)
    if (search_block (self, run, &block, &verdict))
      {
        if (verdict == VERDICT_FOUND)
          return IMP_MATCH_FOUND;
        run->from = run->position;
        run->to = run->length;
        return verdict == VERDICT_MORE ? IMP_MATCH_MORE : IMP_MATCH_FAILED;
      }

  run->from = run->to = run->length;
  return IMP_MATCH_NONE;
}
