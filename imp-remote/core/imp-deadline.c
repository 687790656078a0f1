/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-deadline-private.h"

#include "core/imp-source-private.h"

#include <string.h>

struct _ImpDeadline
{
  GMainContext *context;
  const ImpDeadlineFuncs *funcs;
  gpointer user_data;
  guint milliseconds;
  guint max_extensions;
  guint extensions; /* granted so far, all in all */
  GQueue watched;
  guint64 progress[2]; /* at the last two ticks, the newest first */
  GSource *timer;
  gboolean freed; /* from within a call-out */
  gboolean ticking;
};

ImpDeadline *
imp_deadline_new (GMainContext *context, const ImpDeadlineFuncs *funcs, gpointer user_data)
{
  ImpDeadline *self = g_new0 (ImpDeadline, 1);

  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
imp_deadline_free (ImpDeadline *self)
{
  while (self->watched.head != NULL)
    imp_deadline_forget (self, self->watched.head->data);
  imp_source_clear (&self->timer);
  if (self->ticking)
    {
      self->freed = TRUE;
      return;
    }
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
deadline_is_waiting_for (ImpDeadline *self, ImpDeadlineEntry *entry, ImpDirection direction)
{
  return imp_marks_is_waiting (self->funcs->get_marks (entry, direction))
         || self->funcs->is_paused (entry, direction);
}

static void
deadline_clear_marks (ImpDeadlineEntry *entry, ImpDirection direction)
{
  memset (entry->marks[direction], 0, sizeof entry->marks[direction]);
  entry->pauses[direction] = 0;
}

/* Takes a mark of what waits. TRUE if the first of it has waited for too long. */
static gboolean
deadline_mark_bytes (const ImpMarks *verdicts, gint64 *marks)
{
  memmove (marks + 1, marks, (IMP_DEADLINE_MARKS - 1) * sizeof *marks);
  /* The end of the stream counts as one byte more. */
  marks[0] = verdicts->fed + verdicts->ended;
  return marks[IMP_DEADLINE_MARKS - 1] > imp_marks_get_settled (verdicts);
}

/* Takes a mark for one direction. TRUE if its time is over. */
static gboolean
deadline_mark (ImpDeadline *self, ImpDeadlineEntry *entry, ImpDirection direction)
{
  const ImpMarks *verdicts = self->funcs->get_marks (entry, direction);
  gboolean is_over;

  if (!deadline_is_waiting_for (self, entry, direction)
      || self->funcs->is_suspended (entry, direction))
    {
      deadline_clear_marks (entry, direction);
      return FALSE;
    }

  if (imp_marks_is_waiting (verdicts))
    {
      entry->pauses[direction] = 0;
      is_over = deadline_mark_bytes (verdicts, entry->marks[direction]);
    }
  else
    {
      memset (entry->marks[direction], 0, sizeof entry->marks[direction]);
      is_over = ++entry->pauses[direction] >= IMP_DEADLINE_MARKS;
    }
  if (!is_over)
    return FALSE;
  if (!self->funcs->is_extended (entry, direction) || entry->extensions >= self->max_extensions)
    return TRUE;
  entry->extensions++;
  self->extensions++;
  deadline_clear_marks (entry, direction);
  return FALSE;
}

static gboolean
deadline_is_waiting (ImpDeadline *self, ImpDeadlineEntry *entry)
{
  return deadline_is_waiting_for (self, entry, 0) || deadline_is_waiting_for (self, entry, 1);
}

/* In the last quarter of the deadline: what has stopped may have gone on for a while before, since
 * what waits came. */
static gboolean
deadline_is_silent (ImpDeadline *self)
{
  return self->progress[1] == self->progress[0];
}

static void
deadline_describe_subject (ImpDeadline *self, ImpDeadlineEntry *entry, ImpDirection direction,
                           GString *text)
{
  const char *side = direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server";
  gint64 n = imp_marks_get_unsettled (self->funcs->get_marks (entry, direction));

  if (entry->pauses[direction] > 0)
    g_string_append_printf (text, "kept data from the %s paused", side);
  else if (n > 0)
    g_string_append_printf (text, "let %" G_GINT64_FORMAT " byte%s from the %s wait", n,
                            n == 1 ? "" : "s", side);
  else
    g_string_append_printf (text, "let the end of the data from the %s wait", side);
}

static void
deadline_expire (ImpDeadline *self, ImpDeadlineEntry *entry, ImpDirection direction)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *reason = NULL;

  deadline_describe_subject (self, entry, direction, text);
  g_string_append_printf (text, " for more than %u ms (%s)", self->milliseconds,
                          self->funcs->setting);
  if (entry->extensions > 0)
    g_string_append_printf (text, ", and had %u more of them (max-extensions is %u)",
                            entry->extensions, self->max_extensions);
  reason = g_string_free (g_steal_pointer (&text), FALSE);
  imp_deadline_forget (self, entry);
  self->funcs->expired (entry, direction, deadline_is_silent (self), reason, self->user_data);
}

/* An entry that has to go on is put at the end, one that has not is forgotten, so that the first
 * one is always the next, whatever the call-outs do. */
static void
deadline_tick_first (ImpDeadline *self)
{
  ImpDeadlineEntry *entry = self->watched.head->data;

  for (guint direction = 0; direction < 2; direction++)
    if (deadline_mark (self, entry, direction))
      {
        deadline_expire (self, entry, direction);
        return;
      }

  if (deadline_is_waiting (self, entry))
    {
      g_queue_unlink (&self->watched, &entry->node);
      g_queue_push_tail_link (&self->watched, &entry->node);
    }
  else
    {
      /* It has kept its word, so it may ask for time again. */
      entry->extensions = 0;
      imp_deadline_forget (self, entry);
    }
}

static gboolean
deadline_on_tick (gpointer user_data)
{
  ImpDeadline *self = user_data;

  self->progress[1] = self->progress[0];
  if (self->funcs->get_progress != NULL)
    self->progress[0] = self->funcs->get_progress (self->user_data);
  self->ticking = TRUE;
  for (guint n = self->watched.length; n > 0 && self->watched.length > 0; n--)
    deadline_tick_first (self);
  self->ticking = FALSE;
  if (self->freed)
    {
      imp_deadline_free (self);
      return G_SOURCE_REMOVE;
    }
  if (self->watched.length > 0)
    return G_SOURCE_CONTINUE;
  imp_source_clear (&self->timer);
  return G_SOURCE_REMOVE;
}

static void
deadline_start_timer (ImpDeadline *self)
{
  if (self->timer != NULL || self->milliseconds == 0 || self->watched.length == 0)
    return;
  self->timer = imp_source_add_timeout (self->context,
                                        MAX (1, self->milliseconds / (IMP_DEADLINE_MARKS - 1)),
                                        "imp deadline", deadline_on_tick, self);
}

void
imp_deadline_set (ImpDeadline *self, guint milliseconds, guint max_extensions)
{
  self->max_extensions = max_extensions;
  if (self->milliseconds == milliseconds)
    return;
  self->milliseconds = milliseconds;
  imp_source_clear (&self->timer);
  deadline_start_timer (self);
}

guint
imp_deadline_get_extensions (ImpDeadline *self)
{
  return self->extensions;
}

void
imp_deadline_add (ImpDeadline *self, ImpDeadlineEntry *entry)
{
  g_assert (!entry->watched);

  entry->watched = TRUE;
  entry->node.data = entry;
  g_queue_push_tail_link (&self->watched, &entry->node);
  deadline_start_timer (self);
}

void
imp_deadline_forget (ImpDeadline *self, ImpDeadlineEntry *entry)
{
  if (!entry->watched)
    return;
  entry->watched = FALSE;
  g_queue_unlink (&self->watched, &entry->node);
  deadline_clear_marks (entry, 0);
  deadline_clear_marks (entry, 1);
}
