/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-pump-object-private.h"

#include "core/imp-error.h"
#include "io/imp-arena-private.h"
#include "io/imp-input-buffer-private.h"
#include "core/imp-source-private.h"
#include "provider/imp-filter-private.h"

/* Written per wake-up and side, about. */
#define WRITE_MAX (1024 * 1024)
/* How often what was set free is written at once. */
#define ROUNDS_MAX 8
/* What is moved without a copy is worth a pipe from so many bytes on, both where that is allowed
 * and where a read finds them. */
#define SPLICE_MIN (64 * 1024)
/* With fewer it is not worth it any more. */
#define SPLICE_LEAST (16 * 1024)
/* So often a pipe is filled and emptied per wake-up. */
#define SPLICES_MAX 4
/* How often it is looked whether a peer has taken what was written, in milliseconds. */
#define ACKNOWLEDGED_POLL 10
/* How long a peer may take to end its own output after a refusal, in milliseconds. */
#define DRAIN_TIMEOUT 500

static ImpPump *
pump_ref (ImpPump *self)
{
  self->ref_count++;
  return self;
}

static void
pump_unref (ImpPump *self)
{
  if (--self->ref_count > 0)
    return;
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&self->sides[i].lingering, imp_lingering_close_free);
      g_clear_pointer (&self->sides[i].transport, imp_transport_unref);
      imp_splice_clear (&self->sides[i].splice);
      imp_output_buffer_free (self->sides[i].output);
      g_clear_error (&self->sides[i].output_error);
      g_free (self->sides[i].arrivals);
    }
  imp_splice_unuse ();
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_error (&self->error);
  g_object_unref (self->filter);
  g_free (self);
}

/* To be called by whoever changes something from outside: it is looked at before the loop sleeps
 * again. */
static void
pump_kick (ImpPump *self)
{
  if (self->inside == 0 && self->state != STATE_NEW && self->state != STATE_DONE)
    imp_transport_kick (self->sides[0].transport);
}

/* To be called where bytes were read or written. */
static void
pump_note_progress (ImpPump *self)
{
  if (self->limits.idle > 0)
    self->last_progress = g_get_monotonic_time ();
}

/* The first error is kept. */
static void
pump_keep_error (ImpPump *self, const GError *error)
{
  if (self->error == NULL)
    self->error = g_error_copy (error);
}

/* ---- who may go on ---- */

/* To be called after every change of the output's size. */
static void
pump_side_update_watermarks (PumpSide *side)
{
  gsize size = imp_pump_side_get_queued (side);

  imp_watermark_update (&side->ahead, size);
  imp_watermark_update (&side->behind, size);
}

static void
pump_side_clear_output (PumpSide *side)
{
  imp_splice_clear (&side->splice);
  imp_output_buffer_clear (side->output);
  pump_side_update_watermarks (side);
}

/* In the output of a direction's sender there is mostly what the other direction forwards, which
 * stops by itself in time: what is in it beyond that was sent back. To stop for less would let a
 * peer that does not read yet block one that must be heard first. */
static void
pump_side_set_watermarks (PumpSide *side, gsize buffer_size)
{
  imp_watermark_set_high (&side->ahead, buffer_size);
  imp_watermark_set_high (&side->behind, 2 * (buffer_size + IMP_INPUT_BUFFER_READ_SIZE) + 1);
}

/* A pipe is filled when it is empty: behind it, what need not be seen waits in the socket. What is
 * to be seen does not wait for that. */
static gboolean
pump_waits_for_pipe (ImpPump *self, ImpDirection direction)
{
  return imp_splice_get_held (&self->sides[!direction].splice) > 0
         && imp_filter_get_unseen_room (self->filter, direction) > 0;
}

/* The one question that decides over reading and over the filter's busyness alike. */
static gboolean
pump_is_blocked (ImpPump *self, ImpDirection direction)
{
  return imp_watermark_is_above (&self->sides[!direction].ahead)
         || imp_watermark_is_above (&self->sides[direction].behind);
}

static gboolean
pump_may_read (ImpPump *self, ImpDirection direction)
{
  return !self->sides[direction].input_ended && self->sides[!direction].output_error == NULL
         && !pump_is_blocked (self, direction) && !imp_filter_is_paused (self->filter, direction)
         && !pump_waits_for_pipe (self, direction);
}

static void
pump_update_busy (ImpPump *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      gboolean blocked = pump_is_blocked (self, direction);

      if (blocked == ((self->busy & (1 << direction)) != 0))
        continue;
      self->busy ^= 1 << direction;
      self->n_busy_changes++;
      imp_filter_set_busy (self->filter, direction, blocked);
    }
}

/* ---- the end ---- */

/* Replaces the one that runs. */
static void
pump_start_timer (ImpPump *self, guint ms, GSourceFunc func, const char *name)
{
  imp_source_clear (&self->timer);
  self->timer = imp_source_add_timeout (self->context, ms, name, func, self);
}

/* A side that was told regularly that it has all gets no reset. */
static void
pump_side_close (PumpSide *side)
{
  g_clear_pointer (&side->lingering, imp_lingering_close_free);
  imp_splice_clear (&side->splice);
  imp_output_buffer_clear (side->output);
  if (side->transport == NULL)
    return;
  if (side->output_shut && side->output_error == NULL
      && !imp_transport_is_output_pending (side->transport))
    imp_transport_set_abortive (side->transport, FALSE);
  imp_transport_close (side->transport);
}

/* Nothing is called any more. */
static void
pump_close (ImpPump *self)
{
  self->state = STATE_DONE;
  imp_source_clear (&self->timer);
  imp_source_clear (&self->poll);
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_clear_signal_handler (&self->handlers[i], self->filter);
  imp_filter_close (self->filter);
  for (guint i = 0; i < 2; i++)
    pump_side_close (&self->sides[i]);
}

static void
pump_finish (ImpPump *self)
{
  if (self->state == STATE_DONE)
    return;
  pump_close (self);
  if (self->done != NULL)
    self->done (self->error, self->user_data);
}

static gboolean
pump_on_flush_timeout (gpointer user_data)
{
  pump_finish (user_data);
  return G_SOURCE_REMOVE;
}

/* Whether a side that is refused may be told that this is the end: it has got an answer instead of
 * the rest; or nothing at all, which nobody takes for a part of something, and the analyzer has
 * nothing against what it would have got. */
static gboolean
pump_side_may_end (ImpPump *self, const PumpSide *side, const GError *error)
{
  ImpDirection direction = !side->direction;

  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_CLOSED)) /* dropped */
    return FALSE;
  if (imp_filter_is_answered (self->filter, direction))
    return TRUE;
  return g_error_matches (error, IMP_ERROR, IMP_ERROR_DENIED) && side->sent == 0
         && imp_pump_side_get_queued (side) == 0
         && imp_filter_get_denied (self->filter, direction) == 0
         && imp_filter_get_held (self->filter, direction) == 0;
}

/* Nothing more is read; what is queued has some time to be written. */
static void
pump_refuse (ImpPump *self, const GError *error)
{
  if (self->state != STATE_RUNNING)
    return;
  pump_keep_error (self, error);
  self->state = STATE_FLUSHING;
  for (guint i = 0; i < 2; i++)
    {
      PumpSide *side = &self->sides[i];

      side->output_cut = !side->output_ended && !pump_side_may_end (self, side, error);
      side->output_ended = TRUE;
    }
  pump_start_timer (self, self->limits.linger, pump_on_flush_timeout, "imp relay: flush timeout");
  pump_kick (self);
}

/* Comes once in a while, not with every byte: so it looks how long there was no progress, and waits
 * for the rest of the time. */
static gboolean
pump_on_idle_timeout (gpointer user_data)
{
  ImpPump *self = user_data;
  gint64 idle = (g_get_monotonic_time () - self->last_progress) / G_TIME_SPAN_MILLISECOND;
  g_autoptr (GError) error = NULL;

  if (idle < self->limits.idle)
    {
      pump_start_timer (self, self->limits.idle - idle, pump_on_idle_timeout,
                        "imp relay: idle timeout");
      return G_SOURCE_REMOVE;
    }
  error = g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                       "Nothing has moved for %u ms (property "
                       "idle-timeout of ImpRelay)",
                       self->limits.idle);
  pump_refuse (self, error);
  return G_SOURCE_REMOVE;
}

static void
pump_start_draining (ImpPump *self)
{
  self->state = STATE_DRAINING;
  imp_source_clear (&self->timer);
  for (guint i = 0; i < 2; i++)
    {
      PumpSide *side = &self->sides[i];

      if (side->output_cut)
        pump_side_close (side);
      if (side->input_ended || side->output_error != NULL || side->output_cut)
        continue;
      side->lingering = imp_lingering_close_new (side->transport, self->context, DRAIN_TIMEOUT);
      imp_lingering_close_end_output (side->lingering);
    }
}

/* What was written before an end or a reset shall arrive: the connection may be closed once it has
 * gone to the socket, and be reset only once the peer's machine has taken all of it. One that is
 * dropped is reset at once. */
static gboolean
pump_side_is_output_over (const PumpSide *side)
{
  if (side->output_error != NULL || (side->pump->dropped && side->output_cut))
    return TRUE;
  if (imp_transport_is_output_pending (side->transport))
    return FALSE;
  return side->output_shut
         || (side->output_cut && imp_pump_side_get_queued (side) == 0
             && imp_transport_get_unacknowledged (side->transport) == 0);
}

static gboolean
pump_on_poll (gpointer user_data)
{
  ImpPump *self = user_data;

  imp_source_clear (&self->poll);
  pump_kick (self);
  return G_SOURCE_REMOVE;
}

static gboolean
pump_side_is_drained (const PumpSide *side)
{
  return side->lingering == NULL || imp_lingering_close_is_over (side->lingering);
}

/* Goes on to the next state if its time has come. */
static void
pump_advance (ImpPump *self)
{
  gboolean over = pump_side_is_output_over (&self->sides[0])
                  && pump_side_is_output_over (&self->sides[1]);

  if (self->state == STATE_RUNNING && over)
    pump_finish (self);
  else if (self->state == STATE_FLUSHING && over)
    pump_start_draining (self);
  else if (self->state == STATE_FLUSHING && self->poll == NULL)
    self->poll = imp_source_add_timeout (self->context, ACKNOWLEDGED_POLL, "imp relay: poll",
                                         pump_on_poll, self);
  if (self->state == STATE_DRAINING && pump_side_is_drained (&self->sides[0])
      && pump_side_is_drained (&self->sides[1]))
    pump_finish (self);
}

/* ---- moving bytes ---- */

static void
pump_break_output (ImpPump *self, PumpSide *side, const GError *error)
{
  pump_keep_error (self, error);
  if (side->output_error == NULL)
    side->output_error = g_error_copy (error);
  pump_side_clear_output (side);
}

/* The end, once all before it was written. */
static void
pump_shut_output (ImpPump *self, PumpSide *side)
{
  g_autoptr (GError) error = NULL;

  side->output_shut = TRUE;
  if (!imp_transport_shutdown_write (side->transport, &error))
    pump_break_output (self, side, error);
}

static void
pump_flush_side (ImpPump *self, PumpSide *side)
{
  gssize n, written = 0;

  while (imp_pump_side_get_queued (side) > 0 && !side->output_full && written < WRITE_MAX)
    {
      g_autoptr (GError) error = NULL;
      gboolean full;

      if (imp_splice_get_held (&side->splice) > 0)
        n = imp_splice_drain (&side->splice, side->transport, &full, &error);
      else
        n = imp_output_buffer_write (side->output, side->transport, &full, &error);
      if (n < 0)
        {
          pump_break_output (self, side, error);
          break;
        }
      side->output_full = full;
      written += n;
    }
  if (written > 0)
    {
      side->sent += written;
      pump_note_progress (self);
      pump_side_update_watermarks (side);
    }
  if (imp_pump_side_get_queued (side) > 0)
    return;
  side->output_full = FALSE;
  /* A side that nothing waits for needs no memory. */
  imp_output_buffer_clear (side->output);
  if (side->output_ended && !side->output_cut && !side->output_shut && side->output_error == NULL)
    pump_shut_output (self, side);
}

/* What is written may make a direction free again, and what the analyzer then says is to be written
 * too, and may make it busy: until nothing changes any more, or in the next turn of the loop. */
static void
pump_flush (ImpPump *self)
{
  for (guint round = 0; round < ROUNDS_MAX; round++)
    {
      guint n_busy_changes = self->n_busy_changes;

      for (guint i = 0; i < 2; i++)
        pump_flush_side (self, &self->sides[i]);
      if (self->state == STATE_RUNNING)
        pump_update_busy (self);
      if (self->n_busy_changes == n_busy_changes)
        return;
    }
  imp_transport_kick (self->sides[0].transport);
}

static void
pump_fail_input (ImpPump *self, PumpSide *side, const GError *error)
{
  side->input_ended = TRUE;
  pump_refuse (self, error);
}

/* How many bytes may be moved unseen now: none, if it is not worth it. */
static gsize
pump_get_splice_room (ImpPump *self, const PumpSide *side)
{
  const PumpSide *to = &self->sides[!side->direction];
  gint64 room;

  if (!side->input_is_bulk || imp_pump_side_get_queued (to) > 0
      || !imp_splice_is_possible (side->transport, to->transport))
    return 0;
  room = imp_filter_get_unseen_room (self->filter, side->direction);
  return room < SPLICE_MIN ? 0 : MIN (room, IMP_SPLICE_SIZE);
}

/* Moves at most @room bytes that need not be seen into the pipe: how many, or -1. */
static gssize
pump_fill_pipe (ImpPump *self, PumpSide *side, gsize room)
{
  PumpSide *to = &self->sides[!side->direction];
  g_autoptr (GError) error = NULL;
  gssize n = imp_splice_fill (&to->splice, side->transport, room, &error);

  if (n < 0)
    pump_fail_input (self, side, error);
  if (n > 0)
    {
      pump_note_progress (self);
      side->input_is_bulk = n >= SPLICE_LEAST;
      imp_filter_note_unseen (self->filter, side->direction, n);
      pump_side_update_watermarks (to);
    }
  return n;
}

/* Moves what need not be seen, and where it fills the pipe, some more of it: a turn of the loop
 * would take a good part of the time that this does. FALSE: it is to be read. */
static gboolean
pump_splice_side (ImpPump *self, PumpSide *side)
{
  guint round = 0;
  gsize room;
  gssize n;

  do
    {
      room = pump_get_splice_room (self, side);
      n = room > 0 ? pump_fill_pipe (self, side, room) : 0;
      if (n == 0)
        return round > 0;
      if (n < 0 || (gsize) n < room)
        return TRUE;
      pump_flush_side (self, &self->sides[!side->direction]);
    }
  while (++round < SPLICES_MAX && pump_may_read (self, side->direction));
  return TRUE;
}

/* One read, into memory that the analyzer can see where there is such. */
static gssize
pump_read_bytes (ImpPump *self, PumpSide *side, GBytes **bytes, GError **error)
{
  ImpArena *arena = imp_filter_peek_arena (self->filter);
  ImpInputBuffer input = { 0 };
  gssize n;

  if (arena != NULL && imp_arena_has_room (arena))
    return imp_arena_read (arena, side->transport, bytes, error);
  n = imp_input_buffer_read (&input, side->transport, 0, error);
  if (n > 0)
    *bytes = imp_input_buffer_take (&input);
  return n;
}

static void
pump_read_side (ImpPump *self, PumpSide *side)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gssize n = pump_read_bytes (self, side, &bytes, &error);

  if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return;
  /* An end that is none; see imp_transport_was_reset(). */
  if (n == 0 && imp_transport_was_reset (side->transport))
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                                 "The connection was reset");
  if (error != NULL)
    {
      pump_fail_input (self, side, error);
      return;
    }
  pump_note_progress (self);
  side->input_is_bulk = n >= SPLICE_MIN;
  side->input_ended = n == 0;
  if (n == 0)
    bytes = g_bytes_new (NULL, 0);
  if (!imp_filter_push (self->filter, side->direction, bytes, IMP_DATA_TYPE_STREAM, &error))
    pump_refuse (self, error);
  else if (self->limits.idle > 0 && imp_filter_get_held (self->filter, side->direction) > 0)
    imp_pump_side_note_arrival (side);
}

static GIOCondition
pump_get_interest (ImpPump *self, PumpSide *side)
{
  GIOCondition interest = 0;

  if (self->state == STATE_RUNNING
        ? pump_may_read (self, side->direction)
        : side->lingering != NULL && imp_lingering_close_wants_input (side->lingering))
    interest |= G_IO_IN;
  if (imp_pump_side_get_queued (side) > 0)
    interest |= G_IO_OUT;
  return interest;
}

/* Writes, and draws the consequences of whatever has happened. */
static void
pump_update (ImpPump *self)
{
  pump_flush (self);
  if (self->limits.idle > 0)
    imp_pump_note_turn (self);
  pump_advance (self);
  if (self->state == STATE_DONE)
    return;
  if (self->watch != NULL)
    self->watch (self->watch_data);
  if (self->state == STATE_DONE)
    return;
  for (guint i = 0; i < 2; i++)
    if (self->sides[i].transport != NULL)
      imp_transport_set_interest (self->sides[i].transport,
                                  pump_get_interest (self, &self->sides[i]));
}

static void
pump_on_transport (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  PumpSide *side = user_data;
  ImpPump *self = pump_ref (side->pump);

  self->inside++;
  if ((conditions & G_IO_OUT) != 0)
    side->output_full = FALSE;
  if ((conditions & G_IO_IN) != 0)
    {
      if (self->state == STATE_RUNNING && pump_may_read (self, side->direction))
        {
          if (!pump_splice_side (self, side))
            pump_read_side (self, side);
        }
      else if (side->lingering != NULL)
        imp_lingering_close_read (side->lingering);
    }
  if (self->state != STATE_DONE)
    pump_update (self);
  self->inside--;
  pump_unref (self);
}

/* ---- what the filter says ---- */

static void
pump_on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
                gpointer user_data)
{
  ImpPump *self = user_data;
  PumpSide *side = &self->sides[!direction];

  if (self->state == STATE_DONE)
    return;
  if (g_bytes_get_size (data) == 0)
    {
      side->output_ended = TRUE;
    }
  else if (side->output_error == NULL)
    {
      imp_output_buffer_append_bytes (side->output, data);
      pump_side_update_watermarks (side);
    }
  /* At once, since more of what waits in the analyzer may follow. */
  if (self->state == STATE_NEW || self->state == STATE_RUNNING)
    pump_update_busy (self);
  pump_kick (self);
}

static void
pump_on_refused (ImpPump *self)
{
  g_autoptr (GError) error = NULL;

  if (!imp_filter_check (self->filter, &error))
    pump_refuse (self, error);
}

/* Not a byte, not even what was on its way. */
static void
pump_on_dropped (ImpPump *self)
{
  self->dropped = TRUE;
  pump_on_refused (self);
  for (guint i = 0; i < 2; i++)
    {
      pump_side_clear_output (&self->sides[i]);
      self->sides[i].input_ended = TRUE;
    }
  pump_kick (self);
}

static void
pump_watch_filter (ImpPump *self)
{
  self->handlers[0] = g_signal_connect_swapped (self->filter, "denied",
                                                G_CALLBACK (pump_on_refused), self);
  self->handlers[1] = g_signal_connect_swapped (self->filter, "failed",
                                                G_CALLBACK (pump_on_refused), self);
  self->handlers[2] = g_signal_connect_swapped (self->filter, "dropped",
                                                G_CALLBACK (pump_on_dropped), self);
  self->handlers[3] = g_signal_connect_swapped (self->filter, "paused-changed",
                                                G_CALLBACK (pump_kick), self);
}

/* ---- for the relay ---- */

ImpPump *
imp_pump_new (ImpFilter *filter)
{
  ImpPump *self = g_new0 (ImpPump, 1);

  self->ref_count = 1;
  imp_splice_use ();
  self->filter = g_object_ref (filter);
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].pump = self;
      self->sides[i].direction = i;
      self->sides[i].output = imp_output_buffer_new ();
    }
  return self;
}

void
imp_pump_free (ImpPump *self)
{
  if (self->state != STATE_DONE)
    pump_close (self);
  pump_unref (self);
}

void
imp_pump_prepare (ImpPump *self, const ImpPumpLimits *limits, ImpPumpFunc done, gpointer user_data)
{
  g_assert (self->state == STATE_NEW && self->context == NULL);

  self->limits = *limits;
  self->done = done;
  self->user_data = user_data;
  self->context = g_main_context_ref_thread_default ();
  for (guint i = 0; i < 2; i++)
    pump_side_set_watermarks (&self->sides[i], limits->buffer_size);
  pump_watch_filter (self);
  /* From here on the filter works: the analyzer may have spoken already. */
  imp_filter_move_here (self->filter);
  imp_filter_set_output (self->filter, pump_on_output, self, NULL);
}

static void
pump_side_attach (PumpSide *side, ImpTransport *transport)
{
  ImpPump *self = side->pump;

  side->transport = transport;
  /* Whatever ends the relay, be it a signal, does not look like the end of the stream. */
  imp_transport_set_abortive (transport, TRUE);
  imp_transport_attach (transport, self->context, G_PRIORITY_DEFAULT, pump_on_transport, side);
}

/* Nobody is there: whatever is for that side is lost. */
static void
pump_leave_empty (ImpPump *self, PumpSide *side)
{
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_FAILED, "There is no server");

  pump_fail_input (self, side, error);
  pump_break_output (self, side, error);
}

gboolean
imp_pump_start (ImpPump *self, GIOStream *client, GIOStream *server, GError **error)
{
  g_autoptr (ImpTransport) one = imp_transport_new (client, error);
  g_autoptr (ImpTransport) other = NULL;

  g_assert (self->state == STATE_NEW && self->context != NULL);

  if (one != NULL && server != NULL)
    other = imp_transport_new (server, error);
  if (one == NULL || (server != NULL && other == NULL))
    return FALSE;
  self->state = STATE_RUNNING;
  pump_side_attach (&self->sides[0], g_steal_pointer (&one));
  if (other != NULL)
    pump_side_attach (&self->sides[1], g_steal_pointer (&other));
  if (self->limits.idle > 0)
    {
      pump_note_progress (self);
      pump_start_timer (self, self->limits.idle, pump_on_idle_timeout, "imp relay: idle timeout");
    }
  pump_on_refused (self);
  if (server == NULL)
    pump_leave_empty (self, &self->sides[1]);
  pump_kick (self);
  return TRUE;
}

void
imp_pump_set_watch (ImpPump *self, ImpPumpWatch watch, gpointer user_data)
{
  self->watch = watch;
  self->watch_data = user_data;
}

void
imp_pump_stir (ImpPump *self, guint side, GIOCondition conditions)
{
  if (self->inside == 0 && self->state != STATE_NEW && self->state != STATE_DONE)
    pump_on_transport (self->sides[side].transport, conditions, &self->sides[side]);
}

void
imp_pump_abort (ImpPump *self, const GError *error)
{
  if (self->state == STATE_NEW || self->state == STATE_DONE)
    return;
  if (error != NULL)
    pump_keep_error (self, error);
  pump_finish (self);
}
