/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-pump-state-private.h"
#include "provider/imp-read-buffer-private.h"

/* Written per wake-up and side, about. */
#define WRITE_MAX (1024 * 1024)
/* How often what was set free is written at once. */
#define ROUNDS_MAX 8
/* How long a peer may take to say its own good-bye, in milliseconds. If a socket is closed while
 * there is input that nobody has read, the peer may lose what was written to it last. */
#define DRAIN 500

static gboolean
may_read (ImpPump *self, ImpDirection direction)
{
  return !self->sides[direction].input_ended && !self->sides[!direction].output_broken
         && !imp_pump_is_blocked (self, direction)
         && !imp_filter_is_paused (self->filter, direction);
}

static void
break_output (ImpPump *self, ImpPumpSide *side, const GError *error)
{
  imp_pump_keep_error (self, error);
  side->output_broken = TRUE;
  imp_output_queue_clear (&side->output);
}

static void
flush_side (ImpPump *self, ImpPumpSide *side)
{
  g_autoptr (GError) error = NULL;
  gsize written = 0;

  if (side->waits || side->output_broken)
    return;
  if (!imp_output_queue_flush (&side->output, side->transport, WRITE_MAX, &written, &error))
    break_output (self, side, error);
  side->sent += written;
  if (written > 0)
    imp_pump_note_move (self);
  side->waits = side->output.size > 0 && written < WRITE_MAX;
  if (side->output.size == 0 && side->output_ended && !side->output_shut && !side->output_broken)
    {
      side->output_shut = TRUE;
      if (!imp_transport_shutdown_write (side->transport, &error))
        break_output (self, side, error);
    }
}

static gboolean
is_output_over (const ImpPumpSide *side)
{
  return side->output_shut || side->output_broken;
}

static void
drain (ImpPumpSide *side)
{
  g_autoptr (GBytes) ignored = NULL;
  g_autoptr (GError) error = NULL;

  ignored = imp_read_buffer_read (side->transport, &error);
  if (ignored == NULL ? !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
                      : g_bytes_get_size (ignored) == 0)
    side->input_ended = TRUE;
}

static void
read_side (ImpPump *self, ImpPumpSide *side)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = imp_read_buffer_read (side->transport, &error);

  if (bytes == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return;
  if (bytes == NULL)
    {
      side->input_ended = TRUE;
      imp_pump_refuse (self, error);
      return;
    }
  imp_pump_note_move (self);
  side->input_ended = g_bytes_get_size (bytes) == 0;
  if (!imp_filter_push (self->filter, side->number, bytes, IMP_DATA_TYPE_STREAM, &error))
    imp_pump_refuse (self, error);
}

/* Goes on to the next state if its time has come. */
static void
advance (ImpPump *self)
{
  gboolean over = is_output_over (&self->sides[0]) && is_output_over (&self->sides[1]);

  if (self->state == IMP_PUMP_RUNNING && over)
    imp_pump_finish (self);
  else if (self->state == IMP_PUMP_FLUSHING && over)
    {
      self->state = IMP_PUMP_DRAINING;
      imp_pump_start_timer (self, DRAIN);
    }
  if (self->state == IMP_PUMP_DRAINING && self->sides[0].input_ended && self->sides[1].input_ended)
    imp_pump_finish (self);
}

static GIOCondition
get_interest (ImpPump *self, ImpPumpSide *side)
{
  GIOCondition interest = 0;

  if (self->state == IMP_PUMP_RUNNING ? may_read (self, side->number)
                                      : self->state == IMP_PUMP_DRAINING && !side->input_ended)
    interest |= G_IO_IN;
  if (side->output.size > 0)
    interest |= G_IO_OUT;
  return interest;
}

/* What is written may make a direction free again, and what the analyzer then says is to be written
 * too, and may make it busy: until nothing changes any more, or in the next turn of the loop. */
static void
flush_all (ImpPump *self)
{
  for (guint round = 0; round < ROUNDS_MAX; round++)
    {
      guint n_turns = self->n_turns;

      for (guint i = 0; i < 2; i++)
        flush_side (self, &self->sides[i]);
      if (self->state == IMP_PUMP_RUNNING)
        imp_pump_update_busy (self);
      if (self->n_turns == n_turns)
        return;
    }
  imp_transport_kick (self->sides[0].transport);
}

/* Puts everything right after something has happened. */
static void
settle (ImpPump *self)
{
  flush_all (self);
  advance (self);
  if (self->state == IMP_PUMP_DONE)
    return;
  for (guint i = 0; i < 2; i++)
    imp_transport_set_interest (self->sides[i].transport, get_interest (self, &self->sides[i]));
}

void
imp_pump_on_transport (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  ImpPumpSide *side = user_data;
  ImpPump *self = imp_pump_ref (side->pump);

  self->inside++;
  if ((conditions & G_IO_OUT) != 0)
    side->waits = FALSE;
  if ((conditions & G_IO_IN) != 0)
    {
      if (self->state == IMP_PUMP_RUNNING && may_read (self, side->number))
        read_side (self, side);
      else if (self->state == IMP_PUMP_DRAINING && !side->input_ended)
        drain (side);
    }
  if (self->state != IMP_PUMP_DONE)
    settle (self);
  self->inside--;
  imp_pump_unref (self);
}
