/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trace-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-data-type-private.h"
#include "provider/imp-difference-private.h"
#include "provider/imp-filter-object-private.h"

#include <string.h>

/* Where data of another type, or the next packet, begins. */
typedef struct
{
  gsize position;
  gint32 data_type;
} TraceBorder;

/* What came out in one direction. */
typedef struct
{
  GByteArray *output;
  GByteArray *sent; /* by the analyzer itself */
  GArray *borders;  /* of TraceBorder, in the output */
  GPtrArray *log;   /* text */
  gint64 held;
} TraceSide;

struct _ImpTrace
{
  TraceSide sides[2];
  GPtrArray *accounts; /* text */
  gboolean has_prepassed;
  ImpOutcome outcome;
  char *reason; /* of a refusal */
};

static void
trace_add_border (TraceSide *side, gint32 data_type)
{
  const TraceBorder border = { side->output->len, data_type };
  const TraceBorder *last = side->borders->len > 0
                              ? &g_array_index (side->borders, TraceBorder, side->borders->len - 1)
                              : NULL;

  if (last == NULL || !imp_data_type_is_streaming (data_type) || last->data_type != data_type)
    g_array_append_val (side->borders, border);
}

static void
trace_on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
                 gpointer user_data)
{
  ImpTrace *self = user_data;
  TraceSide *side = &self->sides[direction];
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length == 0)
    return;
  /* When an answer comes between what the other side says depends on who speaks first. */
  if (filter->sent[direction])
    {
      g_byte_array_append (side->sent, bytes, length);
      return;
    }
  trace_add_border (side, data_type);
  g_byte_array_append (side->output, bytes, length);
}

static void
trace_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  ImpTrace *self = user_data;
  g_autoptr (ImpResult) result = NULL;
  g_autofree char *text = NULL;

  if (verdict->type == IMP_RESULT_PREPASS)
    {
      self->has_prepassed = TRUE;
      return;
    }
  result = imp_verdict_to_result (verdict);
  text = imp_result_to_string (result);
  g_ptr_array_add (verdict->type == IMP_RESULT_LOG ? self->sides[verdict->direction].log
                                                   : self->accounts,
                   g_steal_pointer (&text));
}

ImpTrace *
imp_trace_new (ImpFilter *filter)
{
  ImpTrace *self = g_new0 (ImpTrace, 1);

  for (guint direction = 0; direction < 2; direction++)
    {
      self->sides[direction].output = g_byte_array_new ();
      self->sides[direction].sent = g_byte_array_new ();
      self->sides[direction].borders = g_array_new (FALSE, FALSE, sizeof (TraceBorder));
      self->sides[direction].log = g_ptr_array_new_with_free_func (g_free);
    }
  self->accounts = g_ptr_array_new_with_free_func (g_free);
  imp_filter_observe (filter,
                      IMP_RESULT_FLAGS_LOG | IMP_RESULT_FLAGS_ACCOUNT_FIELD
                        | IMP_RESULT_FLAGS_PREPASS,
                      trace_on_verdict, self);
  imp_filter_set_output (filter, trace_on_output, self, NULL);
  return self;
}

void
imp_trace_free (ImpTrace *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      g_byte_array_unref (self->sides[direction].output);
      g_byte_array_unref (self->sides[direction].sent);
      g_array_unref (self->sides[direction].borders);
      g_ptr_array_unref (self->sides[direction].log);
    }
  g_ptr_array_unref (self->accounts);
  g_free (self->reason);
  g_free (self);
}

static int
trace_compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

void
imp_trace_end (ImpTrace *self, ImpFilter *filter)
{
  self->outcome = imp_filter_get_outcome (filter);
  self->reason = g_strdup (filter->reason != NULL ? filter->reason : "");
  for (guint direction = 0; direction < 2; direction++)
    {
      self->sides[direction].held = imp_filter_get_held (filter, direction);
      g_ptr_array_add (self->sides[direction].log, NULL);
    }
  /* Both directions may account. */
  g_ptr_array_sort (self->accounts, trace_compare_text);
  g_ptr_array_add (self->accounts, NULL);
}

ImpOutcome
imp_trace_get_outcome (const ImpTrace *self)
{
  return self->outcome;
}

gboolean
imp_trace_has_prepassed (const ImpTrace *self)
{
  return self->has_prepassed;
}

gsize
imp_trace_count_said (const ImpTrace *self)
{
  gsize n = self->accounts->len;

  for (guint direction = 0; direction < 2; direction++)
    n += self->sides[direction].log->len + self->sides[direction].sent->len;
  return n;
}

const char *
imp_trace_get_reason (const ImpTrace *self)
{
  return self->reason;
}

GBytes *
imp_trace_copy_output (const ImpTrace *self, ImpDirection direction)
{
  const GByteArray *output = self->sides[direction].output;

  return g_bytes_new (output->data, output->len);
}

GBytes *
imp_trace_copy_sent (const ImpTrace *self, ImpDirection direction)
{
  const GByteArray *sent = self->sides[direction].sent;

  return g_bytes_new (sent->data, sent->len);
}

char **
imp_trace_peek_log (const ImpTrace *self, ImpDirection direction)
{
  return (char **) self->sides[direction].log->pdata;
}

char **
imp_trace_peek_accounts (const ImpTrace *self)
{
  return (char **) self->accounts->pdata;
}

char *
imp_trace_describe (const ImpTrace *self)
{
  g_autofree char *reason = imp_clean_text (self->reason, strlen (self->reason), 0);

  switch (self->outcome)
    {
    case IMP_OUTCOME_DENIED:
      return g_strdup_printf ("it was denied: \"%s\"", reason);
    case IMP_OUTCOME_DROPPED:
      return g_strdup ("it was dropped");
    case IMP_OUTCOME_FAILED:
      return g_strdup_printf ("the analyzer failed: \"%s\"", reason);
    case IMP_OUTCOME_UNSETTLED:
      return g_strdup_printf ("the analyzer has no verdict on %" G_GINT64_FORMAT
                              " bytes from the client and %" G_GINT64_FORMAT
                              " from the server, or on an end",
                              self->sides[0].held, self->sides[1].held);
    case IMP_OUTCOME_BROKEN:
      return g_strdup_printf ("it broke off: \"%s\"", reason);
    case IMP_OUTCOME_PASSED:
    default:
      return g_strdup ("it went through");
    }
}

static gboolean
trace_is_refused (const ImpTrace *self)
{
  return self->outcome == IMP_OUTCOME_DENIED || self->outcome == IMP_OUTCOME_DROPPED
         || self->outcome == IMP_OUTCOME_FAILED;
}

/* ---- differences ---- */

/* What is compared, and what may be longer than the other one. */
typedef struct
{
  const ImpTrace *a;
  const ImpTrace *b;
  ImpTraceExtent extent;
  GPtrArray *differences;
} TraceComparison;

static void
trace_comparison_add (TraceComparison *self, ImpDifferenceKind kind, guint direction, gint64 offset,
                      char *text)
{
  g_ptr_array_add (self->differences, imp_difference_new (kind, direction, offset, text));
}

/* Whether what is the same up to its shorter end is the same. */
static gboolean
trace_comparison_allows (const TraceComparison *self, guint direction, gsize a_length,
                         gsize b_length)
{
  if (a_length == b_length)
    return TRUE;
  if (a_length < b_length)
    return trace_is_refused (self->a) || (self->extent & IMP_TRACE_BEGINNING) != 0;
  return trace_is_refused (self->b)
         || ((self->extent & IMP_TRACE_WAITING) != 0 && self->b->sides[direction].held > 0);
}

/* Whether there may be more in the second one that was said of what had passed already. */
static gboolean
trace_comparison_is_unheard (const TraceComparison *self)
{
  return (self->extent & IMP_TRACE_RECORDED) != 0 && self->a->has_prepassed;
}

static void
trace_compare_bytes (TraceComparison *self, ImpDifferenceKind kind, guint direction,
                     const GByteArray *a, const GByteArray *b)
{
  const char *what = kind == IMP_DIFFERENCE_SENT ? "what the analyzer itself sends" : "the output";
  const gsize common = MIN (a->len, b->len);
  gsize at = 0;
  g_autofree char *before = NULL;
  g_autofree char *shown_a = NULL;
  g_autofree char *shown_b = NULL;

  while (at < common && a->data[at] == b->data[at])
    at++;
  if (at == common && trace_comparison_allows (self, direction, a->len, b->len))
    return;
  before = imp_difference_show_before (a->data, at);
  shown_a = imp_difference_show_bytes (a->data, a->len, at);
  shown_b = imp_difference_show_bytes (b->data, b->len, at);
  trace_comparison_add (
    self, kind, direction, at,
    g_strdup_printf ("%s %s differs at byte %" G_GSIZE_FORMAT "%s: %s, and not %s", what,
                     imp_difference_name_direction (direction), at, before, shown_b, shown_a));
}

static void
trace_compare_borders (TraceComparison *self, guint direction, const GArray *a, const GArray *b)
{
  const char *where = imp_difference_name_direction (direction);
  const guint common = MIN (a->len, b->len);

  for (guint i = 0; i < common; i++)
    {
      const TraceBorder *x = &g_array_index (a, TraceBorder, i);
      const TraceBorder *y = &g_array_index (b, TraceBorder, i);

      if (x->position == y->position && x->data_type == y->data_type)
        continue;
      trace_comparison_add (
        self, IMP_DIFFERENCE_BORDERS, direction, MIN (x->position, y->position),
        g_strdup_printf ("part %u of the output %s begins at byte %" G_GSIZE_FORMAT
                         " with type %d, and not at byte %" G_GSIZE_FORMAT " with type %d",
                         i, where, y->position, y->data_type, x->position, x->data_type));
      return;
    }
  if (trace_comparison_allows (self, direction, a->len, b->len))
    return;
  trace_comparison_add (
    self, IMP_DIFFERENCE_BORDERS, direction,
    g_array_index (a->len > b->len ? a : b, TraceBorder, common).position,
    g_strdup_printf ("the output %s has %u parts (packets, or changes of type), and not %u", where,
                     b->len, a->len));
}

/* The last element of either is NULL. */
static guint
trace_find_text (const GPtrArray *a, const GPtrArray *b)
{
  guint at = 0;

  while (a->pdata[at] != NULL && g_strcmp0 (a->pdata[at], b->pdata[at]) == 0)
    at++;
  return at;
}

static char *
trace_show_text (const char *text)
{
  return text == NULL ? g_strdup ("nothing") : imp_clean_text (text, strlen (text), 0);
}

static void
trace_compare_log (TraceComparison *self, guint direction, const GPtrArray *a, const GPtrArray *b)
{
  const guint at = trace_find_text (a, b);
  g_autofree char *shown_a = NULL;
  g_autofree char *shown_b = NULL;

  if ((a->pdata[at] == NULL || b->pdata[at] == NULL)
      && trace_comparison_allows (self, direction, a->len, b->len))
    return;
  if (a->pdata[at] == NULL && trace_comparison_is_unheard (self))
    return;
  shown_a = trace_show_text (a->pdata[at]);
  shown_b = trace_show_text (b->pdata[at]);
  trace_comparison_add (self, IMP_DIFFERENCE_LOG, direction, at,
                        g_strdup_printf ("the log of what goes %s differs at entry %u: %s, and not "
                                         "%s",
                                         imp_difference_name_direction (direction), at, shown_b,
                                         shown_a));
}

/* They are in no order of time, so that how far they are the same up to an end says nothing. */
static void
trace_compare_accounts (TraceComparison *self)
{
  const GPtrArray *a = self->a->accounts, *b = self->b->accounts;
  const guint at = trace_find_text (a, b);
  g_autofree char *shown_a = NULL;
  g_autofree char *shown_b = NULL;

  if ((self->extent & ~IMP_TRACE_RECORDED) != 0 || trace_comparison_is_unheard (self)
      || trace_is_refused (self->a) || trace_is_refused (self->b)
      || (a->pdata[at] == NULL && b->pdata[at] == NULL))
    return;
  shown_a = trace_show_text (a->pdata[at]);
  shown_b = trace_show_text (b->pdata[at]);
  trace_comparison_add (self, IMP_DIFFERENCE_ACCOUNT, 0, -1,
                        g_strdup_printf ("the account differs: %s, and not %s", shown_b, shown_a));
}

static void
trace_compare_outcomes (TraceComparison *self)
{
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;

  if (self->a->outcome == self->b->outcome && g_str_equal (self->a->reason, self->b->reason))
    return;
  a = imp_trace_describe (self->a);
  b = imp_trace_describe (self->b);
  trace_comparison_add (self, IMP_DIFFERENCE_OUTCOME, 0, -1,
                        g_strdup_printf ("%s, and not: %s", b, a));
}

static void
trace_compare_sides (TraceComparison *self, guint direction)
{
  const TraceSide *a = &self->a->sides[direction], *b = &self->b->sides[direction];
  const guint n_before = self->differences->len;

  trace_compare_bytes (self, IMP_DIFFERENCE_OUTPUT, direction, a->output, b->output);
  /* Where bytes differ, parts begin elsewhere. */
  if (self->differences->len == n_before)
    trace_compare_borders (self, direction, a->borders, b->borders);
  trace_compare_bytes (self, IMP_DIFFERENCE_SENT, direction, a->sent, b->sent);
  trace_compare_log (self, direction, a->log, b->log);
}

GPtrArray *
imp_trace_list_differences (const ImpTrace *self, const ImpTrace *other, ImpTraceExtent extent)
{
  TraceComparison comparison = {
    .a = self,
    .b = other,
    .extent = extent,
    .differences = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_difference_unref),
  };

  /* What had not come to its end can have any, but not this one. */
  if ((extent & IMP_TRACE_BEGINNING) == 0 || trace_is_refused (self) || trace_is_refused (other))
    trace_compare_outcomes (&comparison);
  for (guint direction = 0; direction < 2; direction++)
    trace_compare_sides (&comparison, direction);
  trace_compare_accounts (&comparison);
  return comparison.differences;
}

char *
imp_trace_compare (const ImpTrace *self, const ImpTrace *other)
{
  g_autoptr (GPtrArray) differences = imp_trace_list_differences (self, other, IMP_TRACE_ALL);

  return differences->len == 0 ? NULL : g_strdup (imp_difference_get_text (differences->pdata[0]));
}
