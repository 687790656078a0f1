/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trace-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-data-type-private.h"
#include "provider/imp-filter-object-private.h"

#include <string.h>

/* So much of what differs is shown. */
#define SHOWN_MAX 40

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
  GString *log;     /* a line for each */
  gint64 held;
} TraceSide;

struct _ImpTrace
{
  TraceSide sides[2];
  GPtrArray *accounts; /* text */
  ImpTraceOutcome outcome;
  char *reason; /* of a refusal */
};

static const char *const trace_side_names[] = { "to the server", "to the client" };

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
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);
  g_autofree char *text = imp_result_to_string (result);

  if (verdict->type == IMP_RESULT_LOG)
    g_string_append_printf (self->sides[verdict->direction].log, "%s\n", text);
  else
    g_ptr_array_add (self->accounts, g_steal_pointer (&text));
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
      self->sides[direction].log = g_string_new (NULL);
    }
  self->accounts = g_ptr_array_new_with_free_func (g_free);
  imp_filter_observe (filter, IMP_RESULT_FLAGS_LOG | IMP_RESULT_FLAGS_ACCOUNT_FIELD,
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
      g_string_free (self->sides[direction].log, TRUE);
    }
  g_ptr_array_unref (self->accounts);
  g_free (self->reason);
  g_free (self);
}

static ImpTraceOutcome
trace_read_outcome (ImpFilter *filter)
{
  switch (filter->state)
    {
    case STATE_OPEN:
      return filter->ended[0] && filter->ended[1] ? IMP_TRACE_PASSED : IMP_TRACE_HELD;
    case STATE_DENIED:
      return IMP_TRACE_DENIED;
    case STATE_DROPPED:
      return IMP_TRACE_DROPPED;
    case STATE_FAILED:
    case STATE_CLOSED:
    default:
      return IMP_TRACE_FAILED;
    }
}

static int
trace_compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

void
imp_trace_end (ImpTrace *self, ImpFilter *filter)
{
  self->outcome = trace_read_outcome (filter);
  self->reason = g_strdup (filter->reason != NULL ? filter->reason : "");
  for (guint direction = 0; direction < 2; direction++)
    self->sides[direction].held = imp_filter_get_held (filter, direction);
  /* Both directions may account. */
  g_ptr_array_sort (self->accounts, trace_compare_text);
}

ImpTraceOutcome
imp_trace_get_outcome (const ImpTrace *self)
{
  return self->outcome;
}

char *
imp_trace_describe (const ImpTrace *self)
{
  g_autofree char *reason = imp_clean_text (self->reason, strlen (self->reason), 0);

  switch (self->outcome)
    {
    case IMP_TRACE_DENIED:
      return g_strdup_printf ("it was denied: \"%s\"", reason);
    case IMP_TRACE_DROPPED:
      return g_strdup ("it was dropped");
    case IMP_TRACE_FAILED:
      return g_strdup_printf ("the analyzer failed: \"%s\"", reason);
    case IMP_TRACE_HELD:
      return g_strdup_printf ("the analyzer has no verdict on %" G_GINT64_FORMAT
                              " bytes from the client and %" G_GINT64_FORMAT
                              " from the server, or on an end",
                              self->sides[0].held, self->sides[1].held);
    case IMP_TRACE_PASSED:
    default:
      return g_strdup ("it went through");
    }
}

static gboolean
trace_is_refused (const ImpTrace *self)
{
  return self->outcome == IMP_TRACE_DENIED || self->outcome == IMP_TRACE_DROPPED
         || self->outcome == IMP_TRACE_FAILED;
}

/* The bytes from @position on, as far as they are shown. */
static char *
trace_show (const guint8 *data, gsize length, gsize position)
{
  const gsize left = length - position;
  const gsize n = MIN (left, SHOWN_MAX);
  g_autofree char *text = imp_clean_text ((const char *) data + position, n, left - n);

  return left == 0 ? g_strdup ("nothing") : g_strdup_printf ("\"%s\"", text);
}

/* @prefix: one of them may go on where the other one ends. */
static char *
trace_compare_bytes (const char *what, const char *where, const guint8 *a, gsize a_length,
                     const guint8 *b, gsize b_length, gboolean prefix)
{
  const gsize common = MIN (a_length, b_length);
  gsize at = 0;
  g_autofree char *shown_a = NULL;
  g_autofree char *shown_b = NULL;

  while (at < common && a[at] == b[at])
    at++;
  if (at == common && (a_length == b_length || prefix))
    return NULL;
  shown_a = trace_show (a, a_length, at);
  shown_b = trace_show (b, b_length, at);
  return g_strdup_printf ("%s %s differs at byte %" G_GSIZE_FORMAT ": %s, and not %s", what, where,
                          at, shown_b, shown_a);
}

static char *
trace_compare_borders (const TraceSide *a, const TraceSide *b, const char *where, gboolean prefix)
{
  const guint common = MIN (a->borders->len, b->borders->len);

  for (guint i = 0; i < common; i++)
    {
      const TraceBorder *x = &g_array_index (a->borders, TraceBorder, i);
      const TraceBorder *y = &g_array_index (b->borders, TraceBorder, i);

      if (x->position != y->position || x->data_type != y->data_type)
        return g_strdup_printf ("part %u of the output %s begins at byte %" G_GSIZE_FORMAT
                                " with type %d, and not at byte %" G_GSIZE_FORMAT " with type %d",
                                i, where, y->position, y->data_type, x->position, x->data_type);
    }
  if (a->borders->len == b->borders->len || prefix)
    return NULL;
  return g_strdup_printf ("the output %s has %u parts (packets, or changes of type), and not %u",
                          where, b->borders->len, a->borders->len);
}

static char *
trace_compare_sides (const TraceSide *a, const TraceSide *b, guint direction, gboolean prefix)
{
  const char *where = trace_side_names[direction];
  char *text = trace_compare_bytes ("the output", where, a->output->data, a->output->len,
                                    b->output->data, b->output->len, prefix);

  if (text == NULL)
    text = trace_compare_borders (a, b, where, prefix);
  if (text == NULL)
    text = trace_compare_bytes ("what the analyzer itself sends", where, a->sent->data,
                                a->sent->len, b->sent->data, b->sent->len, prefix);
  if (text == NULL)
    text = trace_compare_bytes ("the log of what goes", where, (const guint8 *) a->log->str,
                                a->log->len, (const guint8 *) b->log->str, b->log->len, prefix);
  return text;
}

static char *
trace_compare_accounts (const ImpTrace *a, const ImpTrace *b)
{
  const guint common = MIN (a->accounts->len, b->accounts->len);

  for (guint i = 0; i < common; i++)
    if (!g_str_equal (a->accounts->pdata[i], b->accounts->pdata[i]))
      return g_strdup_printf ("the account differs: %s, and not %s",
                              (const char *) b->accounts->pdata[i],
                              (const char *) a->accounts->pdata[i]);
  if (a->accounts->len == b->accounts->len)
    return NULL;
  return g_strdup_printf ("there are %u fields of the account, and not %u", b->accounts->len,
                          a->accounts->len);
}

char *
imp_trace_compare (const ImpTrace *self, const ImpTrace *other)
{
  const gboolean refused = trace_is_refused (self) && trace_is_refused (other);
  char *text = NULL;

  if (self->outcome != other->outcome || !g_str_equal (self->reason, other->reason))
    {
      g_autofree char *mine = imp_trace_describe (self);
      g_autofree char *others = imp_trace_describe (other);

      return g_strdup_printf ("%s, and not: %s", others, mine);
    }
  for (guint direction = 0; direction < 2 && text == NULL; direction++)
    text = trace_compare_sides (&self->sides[direction], &other->sides[direction], direction,
                                refused);
  if (text == NULL && !refused)
    text = trace_compare_accounts (self, other);
  return text;
}
