/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-pump-state-private.h"
#include "provider/imp-read-buffer-private.h"

#include "core/imp-error.h"

ImpPump *
imp_pump_ref (ImpPump *self)
{
  self->ref_count++;
  return self;
}

void
imp_pump_unref (ImpPump *self)
{
  if (--self->ref_count > 0)
    return;
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&self->sides[i].transport, imp_transport_unref);
      imp_output_queue_clear (&self->sides[i].output);
    }
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_object_unref (self->filter);
  g_free (self);
}

/* Whoever changes something from outside has it looked at before the loop sleeps again. */
static void
look_soon (ImpPump *self)
{
  if (self->inside == 0 && self->state != IMP_PUMP_NEW && self->state != IMP_PUMP_DONE)
    imp_transport_kick (self->sides[0].transport);
}

/* The one question that decides over reading and over the filter's busyness alike. The queue in
 * front is the direction's own. In the queue to its sender there is mostly what the other direction
 * forwards, which stops by itself in time: what is in it beyond that was sent back. To stop for
 * less would let a peer that does not read yet block one that must be heard first. */
gboolean
imp_pump_is_blocked (ImpPump *self, ImpDirection direction)
{
  gsize limit = self->limits.buffer_size;

  return self->sides[!direction].output.size > limit
         || self->sides[direction].output.size / 2 > limit + IMP_READ_BUFFER_SIZE;
}

void
imp_pump_update_busy (ImpPump *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      gboolean blocked = imp_pump_is_blocked (self, direction);

      if (blocked == ((self->busy & (1 << direction)) != 0))
        continue;
      self->busy ^= 1 << direction;
      self->n_turns++;
      imp_filter_set_busy (self->filter, direction, blocked);
    }
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  ImpPump *self = user_data;
  ImpPumpSide *side = &self->sides[!direction];

  if (self->state == IMP_PUMP_DONE)
    return;
  if (g_bytes_get_size (data) == 0)
    side->output_ended = TRUE;
  else if (!side->output_broken)
    imp_output_queue_push (&side->output, data);
  /* At once, since more of what waits in the analyzer may follow. */
  if (self->state == IMP_PUMP_RUNNING)
    imp_pump_update_busy (self);
  look_soon (self);
}

static void
clear_timer (ImpPump *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
imp_pump_finish (ImpPump *self)
{
  ImpPumpFunc done = self->done;

  if (self->state == IMP_PUMP_DONE)
    return;
  self->state = IMP_PUMP_DONE;
  clear_timer (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->filter);
  imp_filter_close (self->filter);
  for (guint i = 0; i < 2; i++)
    {
      imp_transport_close (self->sides[i].transport);
      imp_output_queue_clear (&self->sides[i].output);
    }
  if (done != NULL)
    done (self->error, self->user_data);
}

static void
start_timer (ImpPump *self, guint ms, GSourceFunc func)
{
  clear_timer (self);
  self->timer = g_timeout_source_new (ms);
  g_source_set_static_name (self->timer, "imp relay: end of patience");
  g_source_set_callback (self->timer, func, imp_pump_ref (self), (GDestroyNotify) imp_pump_unref);
  g_source_attach (self->timer, self->context);
}

static gboolean
on_timer (gpointer user_data)
{
  imp_pump_finish (user_data);
  return G_SOURCE_REMOVE;
}

void
imp_pump_start_timer (ImpPump *self, guint ms)
{
  start_timer (self, ms, on_timer);
}

/* Comes once in a while, not with every byte: so it looks how long nothing has moved, and waits
 * for the rest of the time. */
static gboolean
on_idle (gpointer user_data)
{
  ImpPump *self = user_data;
  gint64 still = (g_get_monotonic_time () - self->last_moved) / 1000;
  g_autoptr (GError) error = NULL;

  if (still < self->limits.idle)
    {
      start_timer (self, self->limits.idle - still, on_idle);
      return G_SOURCE_REMOVE;
    }
  error = g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                       "Nothing has moved for %u ms (property "
                       "idle-timeout of ImpRelay)",
                       self->limits.idle);
  imp_pump_refuse (self, error);
  return G_SOURCE_REMOVE;
}

void
imp_pump_note_move (ImpPump *self)
{
  if (self->limits.idle > 0)
    self->last_moved = g_get_monotonic_time ();
}

void
imp_pump_keep_error (ImpPump *self, const GError *error)
{
  if (self->error == NULL)
    self->error = g_error_copy (error);
}

/* Nothing more is read; what is queued has some time to be written. */
void
imp_pump_refuse (ImpPump *self, const GError *error)
{
  if (self->state != IMP_PUMP_RUNNING)
    return;
  imp_pump_keep_error (self, error);
  self->state = IMP_PUMP_FLUSHING;
  for (guint i = 0; i < 2; i++)
    self->sides[i].output_ended = TRUE;
  imp_pump_start_timer (self, self->limits.linger);
  look_soon (self);
}

static void
on_refused (ImpPump *self)
{
  g_autoptr (GError) error = NULL;

  if (!imp_filter_check (self->filter, &error))
    imp_pump_refuse (self, error);
}

/* Not a word, not even what was on its way. */
static void
on_dropped (ImpPump *self)
{
  on_refused (self);
  for (guint i = 0; i < 2; i++)
    {
      imp_output_queue_clear (&self->sides[i].output);
      self->sides[i].input_ended = TRUE;
    }
  look_soon (self);
}

ImpPump *
imp_pump_new (ImpFilter *filter)
{
  ImpPump *self = g_new0 (ImpPump, 1);

  self->ref_count = 1;
  self->filter = g_object_ref (filter);
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].pump = self;
      self->sides[i].number = i;
    }
  return self;
}

void
imp_pump_free (ImpPump *self)
{
  clear_timer (self);
  if (self->state != IMP_PUMP_DONE)
    {
      self->state = IMP_PUMP_DONE;
      for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
        g_clear_signal_handler (&self->handlers[i], self->filter);
      for (guint i = 0; i < 2; i++)
        if (self->sides[i].transport != NULL)
          imp_transport_close (self->sides[i].transport);
      imp_filter_close (self->filter);
    }
  imp_pump_unref (self);
}

static void
watch_filter (ImpPump *self)
{
  self->handlers[0] = g_signal_connect_swapped (self->filter, "denied", G_CALLBACK (on_refused),
                                                self);
  self->handlers[1] = g_signal_connect_swapped (self->filter, "failed", G_CALLBACK (on_refused),
                                                self);
  self->handlers[2] = g_signal_connect_swapped (self->filter, "dropped", G_CALLBACK (on_dropped),
                                                self);
  self->handlers[3] = g_signal_connect_swapped (self->filter, "paused-changed",
                                                G_CALLBACK (look_soon), self);
}

gboolean
imp_pump_start (ImpPump *self, GIOStream *client, GIOStream *server, const ImpPumpLimits *limits,
                ImpPumpFunc done, gpointer user_data, GError **error)
{
  g_autoptr (ImpTransport) one = imp_transport_new (client, error);
  g_autoptr (ImpTransport) other = one == NULL ? NULL : imp_transport_new (server, error);

  if (other == NULL)
    return FALSE;
  self->sides[0].transport = g_steal_pointer (&one);
  self->sides[1].transport = g_steal_pointer (&other);
  self->limits = *limits;
  self->done = done;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default ();
  self->state = IMP_PUMP_RUNNING;
  watch_filter (self);
  for (guint i = 0; i < 2; i++)
    imp_transport_attach (self->sides[i].transport, self->context, G_PRIORITY_DEFAULT,
                          imp_pump_on_transport, &self->sides[i]);
  /* From here on the filter works: the analyzer may have spoken already. */
  imp_filter_set_output (self->filter, on_output, self, NULL);
  if (limits->idle > 0)
    {
      imp_pump_note_move (self);
      start_timer (self, limits->idle, on_idle);
    }
  on_refused (self);
  look_soon (self);
  return TRUE;
}

void
imp_pump_abort (ImpPump *self, const GError *error)
{
  if (self->state == IMP_PUMP_NEW || self->state == IMP_PUMP_DONE)
    return;
  imp_pump_keep_error (self, error);
  imp_pump_finish (self);
}

gsize
imp_pump_get_queued (ImpPump *self, guint side)
{
  return self->sides[side].output.size;
}

gint64
imp_pump_get_sent (ImpPump *self, guint side)
{
  return self->sides[side].sent;
}
