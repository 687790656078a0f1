/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-regex-program-private.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "core/imp-clock-private.h"
#include "core/imp-effort-private.h"
#include "core/imp-error.h"

/* In KiB, where there is no just-in-time compiler or its stack is too small. */
#define HEAP_LIMIT (32 * 1024)
#define STACK_MIN (32 * 1024)
#define STACK_MAX (1024 * 1024)

/* The clock is read after so many items, and after so many nanoseconds that of the thread. */
#define ITEMS_PER_LOOK 64
#define TIME_PER_LOOK 1000000

/* The number of the callouts that are written before each ^. */
#define CALLOUT_LINE_START 1

/* Callouts make a long expression very long. So the careful form is made when it is needed first,
 * without the compiler above this length, and in the worst case without a clock: then what it may
 * backtrack is limited. */
#define CAREFUL_JIT_LENGTH 512
#define CAREFUL_MATCH_LIMIT 100000

/* A form of the expression. */
typedef struct
{
  pcre2_code *code; /* or NULL, as yet */
  gboolean jit;
  gboolean calls;     /* it has callouts */
  gboolean calls_all; /* before each item */
} RegexForm;

struct _ImpRegexProgram
{
  char *text;
  RegexForm quick;
  RegexForm limited; /* the same, for a search in a part of what is there; it takes more time */
  RegexForm careful;
  gboolean utf8;
  guint n_groups;
  gsize behind;
  ImpRegexInfo info;
};

/* What a run needs and nobody keeps: one for each thread. */
typedef struct
{
  pcre2_match_context *context;
  pcre2_match_data *data;
  pcre2_jit_stack *stack;
  const gsize *offsets; /* of the data */
  guint n_pairs;
  guint limit;       /* of the context */
  gboolean is_large; /* since a run had to do without the compiler, and the data keep its memory */
} RegexScratch;

/* What a callout is told of the run that it belongs to. */
typedef struct
{
  ImpRegexProgram *program;
  const RegexForm *form;
  const guint8 *data;
  gsize length;
  ImpRegexEnd end;
  gboolean jit;
  gboolean timed;
  guint n_items;
  gint64 looked;    /* when the clock was read */
  gint64 computing; /* the thread's time then, or 0 */
  /* out */
  gboolean edge;
  gboolean asked;
  gsize start;
} RegexRun;

static gboolean use_jit = TRUE;

static void
regex_scratch_free (gpointer data)
{
  RegexScratch *self = data;

  pcre2_match_data_free (self->data);
  pcre2_match_context_free (self->context);
  pcre2_jit_stack_free (self->stack);
  g_free (self);
}

static RegexScratch *
regex_scratch_get (guint n_pairs)
{
  static GPrivate scratch = G_PRIVATE_INIT (regex_scratch_free);
  RegexScratch *self = g_private_get (&scratch);

  if (G_UNLIKELY (self == NULL))
    {
      self = g_new0 (RegexScratch, 1);
      self->context = pcre2_match_context_create (NULL);
      self->stack = pcre2_jit_stack_create (STACK_MIN, STACK_MAX, NULL);
      pcre2_jit_stack_assign (self->context, NULL, self->stack);
      pcre2_set_heap_limit (self->context, HEAP_LIMIT);
      g_private_set (&scratch, self);
    }
  if (G_UNLIKELY (self->n_pairs < n_pairs || self->is_large))
    {
      pcre2_match_data_free (self->data);
      self->n_pairs = MAX (self->n_pairs, n_pairs);
      self->data = pcre2_match_data_create (self->n_pairs, NULL);
      self->offsets = pcre2_get_ovector_pointer (self->data);
      self->is_large = FALSE;
    }
  return self;
}

static inline void
regex_scratch_set_limit (RegexScratch *self, guint limit)
{
  if (self->limit == limit)
    return;
  self->limit = limit;
  pcre2_set_match_limit (self->context, limit);
}

void
imp_regex_program_set_jit (gboolean jit)
{
  use_jit = jit;
}

static void
regex_program_set_error (const char *regex, int code, gsize offset, GError **error)
{
  char reason[256];
  g_autofree char *text = NULL, *valid = NULL;

  pcre2_get_error_message (code, (PCRE2_UCHAR *) reason, sizeof reason);
  text = g_strdup_printf ("The regular expression \"%s\" is wrong at byte %" G_GSIZE_FORMAT ": %s",
                          regex, offset, reason);
  valid = g_utf8_make_valid (text, -1);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS, valid);
}

static pcre2_code *
regex_program_compile (ImpRegexProgram *self, const char *regex, guint32 options, GError **error)
{
  pcre2_compile_context *context = pcre2_compile_context_create (NULL);
  PCRE2_SIZE offset;
  pcre2_code *code;
  int number;

  if (self->utf8)
    options |= PCRE2_MATCH_INVALID_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  pcre2_set_newline (context, PCRE2_NEWLINE_LF);
  code = pcre2_compile ((PCRE2_SPTR) regex, PCRE2_ZERO_TERMINATED, options, &number, &offset,
                        context);
  pcre2_compile_context_free (context);
  if (code == NULL)
    regex_program_set_error (regex, number, offset, error);
  return code;
}

static gboolean
regex_program_compile_jit (pcre2_code *code)
{
  return use_jit && pcre2_jit_compile (code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD) == 0;
}

/* The expression with a callout before each ^ of which the library does not notice that it stands
 * at the edge. */
static char *
regex_program_add_callouts (ImpRegexProgram *self)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < self->info.length; i++)
    {
      if ((self->info.marks[i] & IMP_REGEX_MARK_LINE_START) != 0)
        g_string_append_printf (text, "(?C%d)", CALLOUT_LINE_START);
      g_string_append_c (text, self->text[i]);
    }
  return g_string_free (text, FALSE);
}

/* The interpreter does not look behind far enough where bytes may be no characters. */
static gboolean
regex_program_can_be_interpreted (ImpRegexProgram *self)
{
  return !self->utf8 || self->info.behind <= 1;
}

static gboolean
regex_program_has_line_start (ImpRegexProgram *self)
{
  return (self->info.all_marks & IMP_REGEX_MARK_LINE_START) != 0;
}

/* With a just-in-time compiler, only ^ needs a callout; without one, a few more items do. */
static gboolean
regex_program_compile_search (ImpRegexProgram *self, RegexForm *form, guint32 options,
                              GError **error)
{
  g_autofree char *text = regex_program_add_callouts (self);
  pcre2_code *code = regex_program_compile (self, text, options, error);

  form->calls = regex_program_has_line_start (self);
  form->jit = code != NULL && regex_program_compile_jit (code);
  if (code != NULL && !form->jit
      && (form->calls || self->info.any_count > 1 || self->info.has_breaks))
    {
      pcre2_code_free (code);
      code = regex_program_compile (self, self->text, options | PCRE2_AUTO_CALLOUT, error);
      form->calls = form->calls_all = TRUE;
    }
  form->code = code;
  return code != NULL;
}

static pcre2_code *
regex_program_compile_careful (ImpRegexProgram *self, RegexForm *form)
{
  pcre2_code *code = regex_program_compile (self, self->text, PCRE2_ANCHORED | PCRE2_AUTO_CALLOUT,
                                            NULL);
  gboolean fits = code != NULL;

  form->calls = TRUE;
  form->calls_all = fits;
  if (!fits)
    {
      g_autofree char *text = regex_program_add_callouts (self);

      code = regex_program_compile (self, text, PCRE2_ANCHORED, NULL);
    }
  form->jit = (!fits || self->info.length <= CAREFUL_JIT_LENGTH
               || !regex_program_can_be_interpreted (self))
              && regex_program_compile_jit (code);
  return code;
}

/* Those that are not always needed are made for whoever asks first, in any thread. */
static const RegexForm *
regex_program_get_careful (ImpRegexProgram *self)
{
  if (g_once_init_enter (&self->careful.code))
    g_once_init_leave (&self->careful.code, regex_program_compile_careful (self, &self->careful));
  return &self->careful;
}

static const RegexForm *
regex_program_get_limited (ImpRegexProgram *self)
{
  if (g_once_init_enter (&self->limited.code))
    {
      RegexForm form = { 0 };

      regex_program_compile_search (self, &form, PCRE2_USE_OFFSET_LIMIT, NULL);
      self->limited.jit = form.jit;
      self->limited.calls = form.calls;
      self->limited.calls_all = form.calls_all;
      g_once_init_leave (&self->limited.code, form.code);
    }
  return &self->limited;
}

/* Each lookbehind goes back from where the one around it has gone to. With one byte more, the first
 * one that is seen never looks like the first of all, and \b sees what it asks for. */
static gsize
regex_program_compute_behind (ImpRegexProgram *self)
{
  guint32 longest = 0;
  gsize n_chars;

  pcre2_pattern_info (self->quick.code, PCRE2_INFO_MAXLOOKBEHIND, &longest);
  n_chars = (gsize) longest * MAX (1, self->info.behind) + 1;
  return self->utf8 ? 4 * n_chars : n_chars;
}

static gboolean
regex_program_build (ImpRegexProgram *self, GError **error)
{
  guint32 n_groups = 0;
  /* As it is, so that a position in an error is one in the text. */
  pcre2_code *code = regex_program_compile (self, self->text, 0, error);

  if (code == NULL)
    return FALSE;
  pcre2_pattern_info (code, PCRE2_INFO_CAPTURECOUNT, &n_groups);
  pcre2_code_free (code);
  self->n_groups = n_groups;
  if (!imp_regex_info_read (&self->info, self->text, n_groups, self->utf8, error)
      || !regex_program_compile_search (self, &self->quick, 0, error))
    return FALSE;
  self->behind = regex_program_compute_behind (self);
  return TRUE;
}

static gboolean
regex_program_check (ImpRegexProgram *self, GError **error)
{
  if (self->quick.jit || regex_program_can_be_interpreted (self))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "The regular expression \"%s\" has lookbehinds within each other, which need the "
               "just-in-time compiler of PCRE2 to match on characters; it cannot be used here",
               self->text);
  return FALSE;
}

ImpRegexProgram *
imp_regex_program_new (const char *regex, gboolean utf8, GError **error)
{
  ImpRegexProgram *self = g_new0 (ImpRegexProgram, 1);

  self->text = g_strdup (regex);
  self->utf8 = utf8;
  if (regex_program_build (self, error) && regex_program_check (self, error))
    return self;
  imp_regex_program_free (self);
  return NULL;
}

void
imp_regex_program_free (ImpRegexProgram *self)
{
  pcre2_code_free (self->quick.code);
  pcre2_code_free (self->limited.code);
  pcre2_code_free (self->careful.code);
  imp_regex_info_clear (&self->info);
  g_free (self->text);
  g_free (self);
}

const ImpRegexInfo *
imp_regex_program_get_info (ImpRegexProgram *self)
{
  return &self->info;
}

const char *
imp_regex_program_get_text (ImpRegexProgram *self)
{
  return self->text;
}

gsize
imp_regex_program_get_behind (ImpRegexProgram *self)
{
  return self->behind;
}

guint
imp_regex_program_get_n_groups (ImpRegexProgram *self)
{
  return self->n_groups;
}

guint
imp_regex_program_find_group (ImpRegexProgram *self, const char *name)
{
  int number = pcre2_substring_number_from_name (self->quick.code, (PCRE2_SPTR) name);

  return MAX (number, 0);
}

/* Does it match an empty text? */
gboolean
imp_regex_program_matches_empty (ImpRegexProgram *self)
{
  RegexScratch *scratch = regex_scratch_get (self->n_groups + 1);

  pcre2_set_callout (scratch->context, NULL, NULL);
  regex_scratch_set_limit (scratch, G_MAXUINT16);
  pcre2_set_offset_limit (scratch->context, PCRE2_UNSET);
  return pcre2_match (self->quick.code, (PCRE2_SPTR) "", 0, 0, 0, scratch->data, scratch->context)
         > 0;
}

/* Why a run was too costly. */
char *
imp_regex_program_describe_error (int error)
{
  char reason[256];

  if (error == PCRE2_ERROR_CALLOUT)
    return g_strdup_printf ("more than %d ms at one place", (int) (IMP_EFFORT_PLACE_MAX / 1000000));
  pcre2_get_error_message (error, (PCRE2_UCHAR *) reason, sizeof reason);
  return g_strdup (reason);
}

/* Has the thread computed for too long? */
static gboolean
regex_run_is_over_time (RegexRun *self)
{
  gint64 now = imp_clock_get_time ();

  if (self->looked == 0)
    self->looked = now;
  if (now - self->looked < TIME_PER_LOOK)
    return FALSE;
  self->looked = now;
  if (self->computing == 0)
    {
      self->computing = imp_clock_get_thread_time ();
      return FALSE;
    }
  return imp_clock_get_thread_time () - self->computing > IMP_EFFORT_PLACE_MAX;
}

/* Is the answer to this item in what follows, though the library would not say so? */
static gboolean
regex_run_is_at_edge (RegexRun *self, const pcre2_callout_block *block)
{
  const ImpRegexInfo *info = &self->program->info;
  gsize position = block->current_position;
  gboolean at_end = position == self->length && position > 0;

  if (at_end
      && (block->callout_number == CALLOUT_LINE_START
          || (info->marks[block->pattern_position] & IMP_REGEX_MARK_LINE_START) != 0))
    return self->data[position - 1] == '\n';
  if (self->jit)
    return FALSE;
  if (at_end && info->has_breaks && self->data[position - 1] == '\r')
    return TRUE;
  return position == block->start_match && self->length - position < info->any_count;
}

/* Called before an item. */
static int
regex_run_on_item (pcre2_callout_block *block, void *data)
{
  RegexRun *self = data;

  if (self->timed && ++self->n_items % ITEMS_PER_LOOK == 0 && regex_run_is_over_time (self))
    return PCRE2_ERROR_CALLOUT;
  if (self->end == IMP_REGEX_END_OPEN)
    self->edge = regex_run_is_at_edge (self, block);
  else if (self->end == IMP_REGEX_END_PAUSE && block->current_position == self->length)
    self->asked = (self->program->info.marks[block->pattern_position] & IMP_REGEX_MARK_ASKS) != 0;
  self->start = block->start_match;
  return self->edge || self->asked ? PCRE2_ERROR_CALLOUT : 0;
}

static int
regex_run_match (RegexRun *self, RegexScratch *scratch, gsize position)
{
  guint32 options = PCRE2_NOTEMPTY | (self->jit ? 0 : PCRE2_NO_JIT);

  if (self->end == IMP_REGEX_END_OPEN)
    options |= PCRE2_PARTIAL_HARD;
  if (self->end == IMP_REGEX_END_WHOLE)
    options |= PCRE2_ENDANCHORED;
  return pcre2_match (self->form->code, self->data, self->length, position, options, scratch->data,
                      scratch->context);
}

/* Up to where are there characters? */
static gsize
regex_run_find_invalid (RegexRun *self, gsize position)
{
  const char *text = (const char *) self->data + position;
  const char *end = text;

  /* It stops at a NUL as well, which is a character here. */
  while (!g_utf8_validate_len (end, (const char *) self->data + self->length - end, &end)
         && *end == '\0')
    end++;
  return end - (const char *) self->data;
}

/* Without the compiler: where characters end at bytes that are none, no match goes on, and what
 * follows the data makes no difference. The library would take that for the edge. */
static int
regex_run_interpret (RegexRun *self, RegexScratch *scratch, gsize position)
{
  gsize end;

  self->jit = FALSE;
  if (!self->program->utf8)
    return regex_run_match (self, scratch, position);
  end = regex_run_find_invalid (self, position);
  if (end == position && end < self->length)
    return PCRE2_ERROR_NOMATCH;
  if (end < self->length)
    self->end = IMP_REGEX_END_FINAL;
  return regex_run_match (self, scratch, position);
}

static ImpRegexOutcome
regex_run_finish (RegexRun *self, RegexScratch *scratch, int number, ImpRegexFinding *finding)
{
  const gsize *offsets = pcre2_get_ovector_pointer (scratch->data);

  if (number > 0)
    {
      finding->from = offsets[0];
      finding->to = offsets[1];
      finding->groups = offsets;
      finding->n_groups = number;
      return IMP_REGEX_MATCH;
    }
  if (number == PCRE2_ERROR_NOMATCH || self->asked)
    return IMP_REGEX_NONE;
  if (number == PCRE2_ERROR_PARTIAL || self->edge)
    {
      finding->from = self->edge ? self->start : offsets[0];
      return IMP_REGEX_EDGE;
    }
  finding->error = number;
  return IMP_REGEX_COSTLY;
}

/* As long as there are bytes that are no characters, each part before them is searched alone. */
static int
regex_run_search_parts (RegexRun *self, RegexScratch *scratch, gsize position, gsize last)
{
  ImpRegexEnd end = self->end;
  int number = PCRE2_ERROR_NOMATCH;

  while (number == PCRE2_ERROR_NOMATCH && position <= last && position < self->length)
    {
      gsize invalid = regex_run_find_invalid (self, position);

      pcre2_set_offset_limit (scratch->context, MIN (last, MAX (invalid, 1) - 1));
      self->end = invalid < self->length ? IMP_REGEX_END_FINAL : end;
      if (invalid > position)
        number = regex_run_match (self, scratch, position);
      position = invalid + 1;
    }
  return number;
}

ImpRegexOutcome
imp_regex_program_search (ImpRegexProgram *self, const guint8 *data, gsize length, gsize position,
                          gsize last, guint limit, gboolean open, ImpRegexFinding *finding)
{
  const RegexForm *form = last == IMP_REGEX_NO_LAST ? &self->quick
                                                    : regex_program_get_limited (self);
  RegexScratch *scratch = regex_scratch_get (self->n_groups + 1);
  RegexRun run = {
    self, form, data, length, open ? IMP_REGEX_END_OPEN : IMP_REGEX_END_FINAL, form->jit,
  };
  int number;

  if (!form->jit && self->utf8)
    run.form = form = regex_program_get_limited (self);
  pcre2_set_callout (scratch->context, form->calls ? regex_run_on_item : NULL, &run);
  regex_scratch_set_limit (scratch, limit);
  pcre2_set_offset_limit (scratch->context, last);
  if (!form->jit && self->utf8)
    number = regex_run_search_parts (&run, scratch, position, MIN (last, length));
  else
    number = regex_run_match (&run, scratch, position);
  return regex_run_finish (&run, scratch, number, finding);
}

/* Nothing but the compiled code is needed. */
gboolean
imp_regex_program_can_search_next (ImpRegexProgram *self)
{
  return self->quick.jit && !self->quick.calls;
}

ImpRegexOutcome
imp_regex_program_search_next (ImpRegexProgram *self, const guint8 *data, gsize length,
                               gsize position, guint limit, ImpRegexFinding *finding)
{
  RegexScratch *scratch = regex_scratch_get (self->n_groups + 1);
  int number;

  regex_scratch_set_limit (scratch, limit);
  /* pcre2_match() would do the same, after some questions whose answers are known. */
  number = pcre2_jit_match (self->quick.code, data, length, position,
                            PCRE2_NOTEMPTY | PCRE2_PARTIAL_HARD, scratch->data, scratch->context);
  if (number <= 0)
    return number == PCRE2_ERROR_NOMATCH ? IMP_REGEX_NONE : IMP_REGEX_COSTLY;
  finding->from = scratch->offsets[0];
  finding->to = scratch->offsets[1];
  finding->groups = scratch->offsets;
  finding->n_groups = number;
  return IMP_REGEX_MATCH;
}

ImpRegexOutcome
imp_regex_program_attempt (ImpRegexProgram *self, const guint8 *data, gsize length, gsize position,
                           ImpRegexEnd end, ImpRegexFinding *finding)
{
  const RegexForm *form = regex_program_get_careful (self);
  RegexScratch *scratch = regex_scratch_get (self->n_groups + 1);
  /* The compiler does not know how to stop at the end only. */
  gboolean jit = form->jit && end != IMP_REGEX_END_WHOLE;
  RegexRun run = { self, form, data, length, end, jit, TRUE };
  int number;

  /* It would not be seen what is asked. */
  if (end == IMP_REGEX_END_PAUSE && !form->calls_all)
    return IMP_REGEX_NONE;
  finding->error = PCRE2_ERROR_JIT_BADOPTION;
  if (!jit && !regex_program_can_be_interpreted (self))
    return IMP_REGEX_COSTLY;
  scratch->is_large |= form->jit && !jit;
  pcre2_set_callout (scratch->context, regex_run_on_item, &run);
  regex_scratch_set_limit (scratch, form->calls_all ? G_MAXUINT32 : CAREFUL_MATCH_LIMIT);
  pcre2_set_offset_limit (scratch->context, PCRE2_UNSET);
  number = jit ? regex_run_match (&run, scratch, position)
               : regex_run_interpret (&run, scratch, position);
  /* Without callouts the interpreter would not notice all edges. */
  if (number == PCRE2_ERROR_JIT_STACKLIMIT && form->calls_all
      && regex_program_can_be_interpreted (self))
    {
      scratch->is_large = TRUE;
      number = regex_run_interpret (&run, scratch, position);
    }
  return regex_run_finish (&run, scratch, number, finding);
}
