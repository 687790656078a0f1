/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-state-private.h"

#include "core/imp-error.h"

ImpFlow *
imp_flow_new (ImpFlowEventQueue *queue, ImpDirection direction)
{
  ImpFlow *self = g_new0 (ImpFlow, 1);

  self->queue = queue;
  self->direction = direction;
  self->refed = -1;
  imp_held_init (&self->held);
  imp_effort_init (&self->effort, IMP_EFFORT_LIMIT_DEFAULT);
  return self;
}

void
imp_flow_free (ImpFlow *self)
{
  imp_flow_search_clear (self);
  imp_held_clear (&self->held);
  imp_promises_clear (&self->promises);
  g_free (self);
}

static void
forward (ImpFlow *self, GBytes *bytes, gint32 data_type)
{
  imp_flow_event_queue_push (self->queue, IMP_FLOW_EVENT_FORWARD, self->direction, bytes, 0,
                             data_type);
}

void
imp_flow_feed (ImpFlow *self, GBytes *bytes, gint64 position, gint32 data_type)
{
  gint64 offset = 0;

  /* After a PASS_PATTERN even the very beginning is named: there it is spelled so. */
  if (self->gap)
    offset = position == 0 ? IMP_MAX_OFFSET : position;
  self->gap = FALSE;
  imp_flow_event_queue_push (self->queue, IMP_FLOW_EVENT_FEED, self->direction, bytes, offset,
                             data_type);
}

void
imp_flow_feed_end (ImpFlow *self)
{
  imp_flow_feed (self, g_bytes_new_static (NULL, 0), self->input, self->last_type);
}

GBytes *
imp_flow_take_held (ImpFlow *self, gsize length, gboolean wanted)
{
  guint n = self->held.n;
  GBytes *bytes = imp_held_take (&self->held, length, wanted);

  self->settled += length;
  if (self->search != NULL && self->held.n < n && self->search->n_searched > 0)
    self->search->n_searched--;
  return bytes;
}

void
imp_flow_forward_held (ImpFlow *self, gint64 target)
{
  while (self->settled < target && self->held.n > 0)
    {
      ImpChunk *first = imp_held_get (&self->held, 0);
      gsize length = MIN ((gint64) first->length, target - self->settled);
      gint32 data_type = first->data_type;

      self->passed += length;
      forward (self, imp_flow_take_held (self, length, TRUE), data_type);
    }
}

void
imp_flow_finish (ImpFlow *self)
{
  if (self->end != END_RECEIVED || !imp_flow_is_passed (self) || self->settled < self->input)
    return;
  self->end = END_FORWARDED;
  forward (self, g_bytes_new_static (NULL, 0), self->last_type);
}

static gboolean
push_end (ImpFlow *self, gint32 data_type, GError **error)
{
  self->end = END_RECEIVED;
  self->last_type = data_type;
  if (!imp_flow_search_end (self, error))
    return FALSE;
  if (imp_flow_is_busy (self))
    return TRUE;
  imp_flow_finish (self);
  if (self->verdict != FOREVER)
    imp_flow_feed_end (self);
  return TRUE;
}

/* A verdict into the future that would end inside a packet ends before it. */
static void
spare_packet (ImpFlow *self, gint64 begin, gint64 end)
{
  if (begin < self->verdict && self->verdict < end)
    self->verdict = begin;
  if (begin < self->prepass && self->prepass < end)
    self->prepass = begin;
}

static GBytes *
rest_of (GBytes *bytes, gsize from)
{
  gsize size = g_bytes_get_size (bytes);

  return from == 0 ? g_bytes_ref (bytes) : g_bytes_new_from_bytes (bytes, from, size - from);
}

/* Keeps the last @length bytes. What is promised to be replaced needs no memory. */
static void
hold (ImpFlow *self, GBytes *bytes, gsize length, gint32 data_type)
{
  gboolean promised = imp_promises_covers (&self->promises, self->input - (gint64) length,
                                           self->input);

  imp_held_append (&self->held, promised ? NULL : g_bytes_ref (bytes),
                   promised ? 0 : g_bytes_get_size (bytes) - length, length, data_type,
                   self->search == NULL);
}

/* Forwards the first @length bytes of new input. */
static void
forward_new (ImpFlow *self, GBytes *bytes, gsize length, gint32 data_type)
{
  self->settled += length;
  self->passed += length;
  if (length == g_bytes_get_size (bytes))
    forward (self, g_bytes_ref (bytes), data_type);
  else
    forward (self, g_bytes_new_from_bytes (bytes, 0, length), data_type);
}

/* The new input is [begin, input): [begin, unseen) passes, [.., ahead) is forwarded, the rest held;
 * all from unseen on is fed, unless a pattern has to be found first. */
static gboolean
distribute (ImpFlow *self, GBytes *bytes, gint64 begin, gint32 data_type, GError **error)
{
  gint64 unseen = CLAMP (self->verdict, begin, self->input);
  gint64 ahead = CLAMP (MAX (self->verdict, self->prepass), begin, self->input);

  if (ahead > begin)
    forward_new (self, bytes, ahead - begin, data_type);
  if (ahead < self->input)
    hold (self, bytes, self->input - ahead, data_type);
  if (unseen > begin)
    self->gap = TRUE;

  if (self->search == NULL)
    {
      if (unseen < self->input)
        imp_flow_feed (self, rest_of (bytes, unseen - begin), unseen, data_type);
      return TRUE;
    }
  if (unseen < ahead)
    imp_flow_feed (self, g_bytes_new_from_bytes (bytes, unseen - begin, ahead - unseen), unseen,
                   data_type);
  return imp_flow_search_run (self, error);
}

gboolean
imp_flow_push (ImpFlow *self, GBytes *bytes, gint32 data_type, GError **error)
{
  gsize length = g_bytes_get_size (bytes);
  gint64 begin = self->input;

  if (self->end != END_UNKNOWN || data_type == 0)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           data_type == 0 ? "Input has data type 0, which is none"
                                          : "Input after the end of the stream");
      return FALSE;
    }
  if (length > (gsize) (G_MAXINT64 - 1 - begin))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, "More input than can be counted");
      return FALSE;
    }
  if (self->is_denied)
    {
      self->input += length;
      self->settled += length;
      self->denied += length;
      if (length == 0)
        self->end = END_RECEIVED;
      return TRUE;
    }
  if (length == 0)
    return push_end (self, data_type, error);

  self->input += length;
  self->last_type = data_type;
  if (!imp_data_type_is_stream (data_type))
    spare_packet (self, begin, self->input);
  return distribute (self, bytes, begin, data_type, error);
}

void
imp_flow_deny (ImpFlow *self)
{
  if (self->is_denied)
    return;
  self->is_denied = TRUE;
  self->denied += self->input - self->settled;
  self->settled = self->input;
  imp_flow_search_clear (self);
  imp_held_clear (&self->held);
  imp_promises_clear (&self->promises);
  imp_flow_event_queue_cancel (self->queue, IMP_FLOW_EVENT_FEED, self->direction);
}

gint64
imp_flow_get_input (const ImpFlow *self)
{
  return self->input;
}

gint64
imp_flow_get_settled (const ImpFlow *self)
{
  return self->settled;
}

gint64
imp_flow_get_held (const ImpFlow *self)
{
  return self->input - self->settled;
}

guint
imp_flow_get_n_held (const ImpFlow *self)
{
  return self->held.n;
}

gint64
imp_flow_get_passed (const ImpFlow *self)
{
  return self->passed;
}

gint64
imp_flow_get_replaced (const ImpFlow *self)
{
  return self->replaced;
}

gint64
imp_flow_get_denied (const ImpFlow *self)
{
  return self->denied;
}

gint32
imp_flow_get_data_type (const ImpFlow *self)
{
  return self->last_type;
}

gboolean
imp_flow_has_promise (const ImpFlow *self)
{
  return self->promises.n > 0;
}

gboolean
imp_flow_is_searching (const ImpFlow *self)
{
  return self->search != NULL;
}

gboolean
imp_flow_is_busy (const ImpFlow *self)
{
  return self->search != NULL && self->search->is_busy;
}

gboolean
imp_flow_go_on (ImpFlow *self, GError **error)
{
  return !imp_flow_is_busy (self) || imp_flow_search_go_on (self, error);
}

gboolean
imp_flow_is_passed (const ImpFlow *self)
{
  return !self->is_denied && (self->verdict == FOREVER || self->prepass == FOREVER);
}

gboolean
imp_flow_is_denied (const ImpFlow *self)
{
  return self->is_denied;
}

gboolean
imp_flow_has_ended (const ImpFlow *self)
{
  return self->end != END_UNKNOWN;
}

gboolean
imp_flow_is_finished (const ImpFlow *self)
{
  return self->end == END_FORWARDED;
}

gboolean
imp_flow_is_balanced (const ImpFlow *self)
{
  gint64 held = 0;

  for (guint i = 0; i < self->held.n; i++)
    held += imp_held_get ((ImpHeld *) &self->held, i)->length;
  return held == self->input - self->settled
         && self->input == self->passed + self->replaced + self->denied + held;
}
