/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/tcp-connection.h"

#include "tool/capture/tcp-output.h"

#include <string.h>

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)
/* A window of which the scale is not known may be that large. */
#define SCALE_MAX 14

typedef struct
{
  TcpConnection *owner;
  ImpDirection direction;
  TcpInput *input;
  gboolean has_syn;
  guint8 scale; /* of its windows */
  gboolean has_ended;
  /* The other side has acknowledged what was not recorded: the first and the last number. */
  gboolean has_acks;
  guint32 first_ack, last_ack;
} TcpConnectionSide;

struct _TcpConnection
{
  Connection base;
  TcpConnectionSide sides[2];
  TcpOutput *output;  /* NULL: nothing is written */
  gboolean is_taking; /* a packet of it is being dealt with */

  /* A SYN in the middle of the connection: it is another one if the other side agrees. */
  gboolean has_syn;
  ImpDirection syn_direction;
  Packet syn;
  guint8 syn_link[PACKET_LINK_MAX];
  guint8 syn_options[40];
};

/* ---- what comes in order ---- */

static void
tcp_connection_on_data (gint64 offset, const guint8 *data, gsize length, gpointer user_data)
{
  TcpConnectionSide *side = user_data;

  inspection_push (side->owner->base.inspection, side->direction, data, length);
}

static void
tcp_connection_add_entry (TcpConnectionSide *side, EntryKind kind, gint64 offset, gint64 length)
{
  Connection *base = &side->owner->base;
  const Entry entry = {
    .kind = kind,
    .direction = side->direction,
    .offset = offset,
    .length = length,
    .packet = base->capture->packet,
    .last_packet = base->capture->packet,
  };

  entries_add (inspection_get_entries (base->inspection), &entry, NULL);
}

static void
tcp_connection_on_gap (gint64 offset, gint64 length, gpointer user_data)
{
  TcpConnectionSide *side = user_data;
  TcpConnection *self = side->owner;

  tcp_connection_add_entry (side, ENTRY_GAP, offset, length);
  if (inspection_skip (self->base.inspection, side->direction, length) && self->output != NULL)
    tcp_output_skip (self->output, side->direction, length);
}

static void
tcp_connection_on_conflict (gint64 offset, gsize length, gpointer user_data)
{
  tcp_connection_add_entry (user_data, ENTRY_CONFLICT, offset, length);
}

static gboolean
tcp_connection_has_closed (TcpConnection *self)
{
  return self->sides[0].has_ended && self->sides[1].has_ended;
}

static void
tcp_connection_on_end (gpointer user_data)
{
  TcpConnectionSide *side = user_data;

  side->has_ended = TRUE;
  side->owner->base.is_ending = tcp_connection_has_closed (side->owner);
  inspection_push (side->owner->base.inspection, side->direction, NULL, 0);
}

static const TcpInputFuncs tcp_connection_input_funcs = {
  .data = tcp_connection_on_data,
  .gap = tcp_connection_on_gap,
  .conflict = tcp_connection_on_conflict,
  .end = tcp_connection_on_end,
};

/* ---- what comes out ---- */

static void
tcp_connection_on_output (ImpDirection direction, const guint8 *data, gsize length,
                          gpointer user_data)
{
  TcpConnection *self = user_data;

  if (self->output == NULL)
    return;
  if (length > 0)
    tcp_output_send (self->output, direction, data, length);
  else
    tcp_output_end (self->output, direction);
  /* A late verdict, while another connection has its turn. */
  if (!self->is_taking)
    tcp_output_flush (self->output, direction);
}

/* Who drops a connection does not want anybody to see it. */
static void
tcp_connection_on_refused (Outcome outcome, gpointer user_data)
{
  TcpConnection *self = user_data;

  self->base.outcome = outcome;
  self->base.is_over = TRUE;
  if (self->output != NULL && outcome != OUTCOME_DROPPED)
    tcp_output_refuse (self->output);
}

static const InspectionFuncs tcp_connection_inspection_funcs = {
  .output = tcp_connection_on_output,
  .refused = tcp_connection_on_refused,
};

/* ---- the object ---- */

/* Who has begun it, as far as its first packet says. Of a connection that had begun before, the
 * server is the one whose port is more likely to be known. */
static guint
tcp_connection_guess_client (const Packet *packet, guint sender)
{
  if ((packet->flags & IMP_TCP_SYN) != 0)
    return (packet->flags & IMP_TCP_ACK) != 0 ? !sender : sender;
  return packet->ports[0] < packet->ports[1] ? !sender : sender;
}

TcpConnection *
tcp_connection_new (Capture *capture, const ConnectionKey *key, const Packet *packet, guint sender)
{
  TcpConnection *self = g_new0 (TcpConnection, 1);

  connection_init (&self->base, capture, key, tcp_connection_guess_client (packet, sender));
  self->base.is_partial = (packet->flags & (IMP_TCP_SYN | IMP_TCP_RST)) != IMP_TCP_SYN
                          || (packet->flags & IMP_TCP_ACK) != 0;
  for (guint direction = 0; direction < 2; direction++)
    {
      TcpConnectionSide *side = &self->sides[direction];

      side->owner = self;
      side->direction = direction;
      side->scale = self->base.is_partial ? SCALE_MAX : 0;
      side->input = tcp_input_new (capture->max_waiting, &capture->budget,
                                   &tcp_connection_input_funcs, side);
    }
  if (capture->sink != NULL)
    self->output = tcp_output_new (capture->link, capture->sink);
  return self;
}

void
tcp_connection_free (TcpConnection *self)
{
  connection_clear (&self->base);
  tcp_input_free (self->sides[0].input);
  tcp_input_free (self->sides[1].input);
  g_clear_pointer (&self->output, tcp_output_free);
  g_free (self);
}

Connection *
tcp_connection_get_base (TcpConnection *self)
{
  return &self->base;
}

static void
tcp_connection_add_note (TcpConnection *self, ImpDirection direction, const char *text)
{
  entries_add_note (inspection_get_entries (self->base.inspection), direction,
                    self->base.capture->packet, text);
}

/* ---- SYN ---- */

static void
tcp_connection_start (TcpConnection *self, ImpDirection direction, guint32 sequence)
{
  if (tcp_input_is_started (self->sides[direction].input))
    return;
  tcp_input_start (self->sides[direction].input, sequence);
  if (self->output != NULL)
    tcp_output_start (self->output, direction, sequence);
}

static void
tcp_connection_open (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  TcpConnectionSide *side = &self->sides[direction];
  PacketTcpOptions options;

  packet_read_tcp_options (packet, &options);
  side->has_syn = TRUE;
  if (self->sides[!direction].has_syn && options.window_scale < 0)
    self->sides[!direction].scale = 0;
  else if (options.window_scale >= 0)
    side->scale = options.window_scale;
  tcp_connection_start (self, direction, packet->sequence + 1);
  if (self->output != NULL)
    tcp_output_open (self->output, direction);
}

static void
tcp_connection_keep_syn (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  self->has_syn = TRUE;
  self->syn_direction = direction;
  self->syn = *packet;
  self->syn.link_size = MIN (packet->link_size, sizeof self->syn_link);
  memcpy (self->syn_link, packet->link, self->syn.link_size);
  self->syn.options_size = MIN (packet->options_size, sizeof self->syn_options);
  memcpy (self->syn_options, packet->options, self->syn.options_size);
  self->syn.link = self->syn_link;
  self->syn.options = self->syn_options;
  /* Data there is sent again. */
  self->syn.length = self->syn.missing = 0;
  tcp_connection_add_note (self, direction, "a SYN within the connection");
}

const Packet *
tcp_connection_peek_syn (TcpConnection *self)
{
  return self->has_syn ? &self->syn : NULL;
}

/* A SYN that is not the one that has begun the connection. TRUE if there is a new one: at once,
 * where this one is over or was never answered; else once the other side answers. Anybody could
 * send it, to have what follows not looked at. */
static gboolean
tcp_connection_begins_anew (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  const TcpInput *other = self->sides[!direction].input;

  if ((packet->flags & IMP_TCP_ACK) != 0)
    return self->has_syn && self->syn_direction != direction
           && packet->acknowledgment == self->syn.sequence + 1;
  self->has_syn = FALSE;
  if (self->base.is_over || (!tcp_input_is_started (other) && !self->sides[!direction].has_acks))
    return TRUE;
  if (tcp_connection_has_closed (self))
    return TRUE;
  tcp_connection_keep_syn (self, direction, packet);
  return FALSE;
}

/* One that was sent again, or recorded behind its answer. After the end nobody sends it again,
 * unless the end came from an analyzer. */
static gboolean
tcp_connection_is_same_syn (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  const TcpInput *input = self->sides[direction].input;

  if (self->base.outcome == OUTCOME_RESET || tcp_connection_has_closed (self))
    return FALSE;
  return tcp_input_get_first_sequence (input) == packet->sequence + 1;
}

/* Whether it is the answer to the SYN of the other side, and what came with that. */
static gboolean
tcp_connection_answers_syn (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  const TcpInput *other = self->sides[!direction].input;
  const gint64 offset = tcp_input_get_offset (other, packet->acknowledgment);

  return tcp_input_is_started (other) && offset >= 0 && offset <= tcp_input_get_next (other);
}

/* A SYN that does not fit to what is known of the connection. */
static gboolean
tcp_connection_is_other_syn (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  if ((packet->flags & (IMP_TCP_SYN | IMP_TCP_RST)) != IMP_TCP_SYN)
    return FALSE;
  if (tcp_input_is_started (self->sides[direction].input))
    return !tcp_connection_is_same_syn (self, direction, packet);
  return (packet->flags & IMP_TCP_ACK) != 0 && self->sides[!direction].has_syn
         && !tcp_connection_answers_syn (self, direction, packet);
}

/* An answer to a SYN that says something else than what came before. If both may be what the
 * receiver has taken, nobody knows which bytes it got. */
static void
tcp_connection_take_other_answer (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  if (self->base.is_over)
    return;
  if (tcp_connection_answers_syn (self, direction, packet)
      || (self->sides[!direction].has_syn && !self->sides[direction].has_syn))
    inspection_fail (self->base.inspection, OUTCOME_INCOMPLETE,
                     "the answer to the SYN contradicts what came before, so that it is not known "
                     "where the streams begin");
  else
    tcp_connection_add_note (self, direction, "an answer to a SYN that was not sent");
}

/* ---- packets ---- */

/* Where a SYN was seen, its receiver says where it begins: anybody could have made up a number. */
static void
tcp_connection_note_unknown_ack (TcpConnection *self, ImpDirection direction, guint32 number)
{
  TcpConnectionSide *side = &self->sides[direction];

  if (!side->has_acks)
    side->first_ack = side->last_ack = number;
  side->has_acks = TRUE;
  if ((gint32) (number - side->last_ack) > 0)
    side->last_ack = number;
}

static void
tcp_connection_take_ack (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  TcpConnectionSide *side = &self->sides[direction], *other = &self->sides[!direction];
  gint64 offset;

  if (self->base.is_partial)
    tcp_connection_start (self, !direction, packet->acknowledgment);
  if (!tcp_input_is_started (other->input))
    {
      tcp_connection_note_unknown_ack (self, !direction, packet->acknowledgment);
      return;
    }
  offset = tcp_input_get_offset (other->input, packet->acknowledgment);
  if (offset < 0)
    return;
  tcp_input_note_acked (other->input, offset,
                        (guint32) packet->window
                          << ((packet->flags & IMP_TCP_SYN) != 0 ? 0 : side->scale));
  if (self->output != NULL)
    tcp_output_acknowledge (self->output, direction, offset);
}

/* A reset that anybody could have made up, since the number is not the one that it has to have,
 * ends nothing. */
static gboolean
tcp_connection_is_reset (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  const TcpInput *input = self->sides[direction].input;
  const gint64 offset = tcp_input_get_offset (input, packet->sequence);
  const TcpInput *other = self->sides[!direction].input;

  /* The answer to a SYN has nothing else to be known by. */
  if (!self->sides[direction].has_syn && !self->base.is_partial
      && (packet->flags & IMP_TCP_ACK) != 0)
    return tcp_input_get_offset (other, packet->acknowledgment) == tcp_input_get_next (other);
  if (tcp_input_is_started (input)
      && offset >= MIN (tcp_input_get_acked (input), tcp_input_get_next (input))
      && offset <= tcp_input_get_next (input) + (self->sides[direction].has_ended ? 1 : 0))
    return TRUE;
  tcp_connection_add_note (self, direction,
                           "a reset with a wrong sequence number, which ends nothing");
  return FALSE;
}

static void
tcp_connection_take_reset (TcpConnection *self, ImpDirection direction)
{
  tcp_input_flush (self->sides[0].input);
  tcp_input_flush (self->sides[1].input);
  inspection_close (self->base.inspection);
  if (self->base.is_over)
    return;
  self->base.is_over = TRUE;
  self->base.outcome = OUTCOME_RESET;
  if (self->output != NULL)
    tcp_output_reset (self->output, direction);
}

static void
tcp_connection_take_data (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  TcpInput *input = self->sides[direction].input;
  const gboolean has_syn = (packet->flags & IMP_TCP_SYN) != 0;
  const gint64 offset = tcp_input_get_offset (input, packet->sequence + (has_syn ? 1 : 0));
  const gint64 time = self->base.capture->now;

  if (packet->length > 0 || packet->missing > 0)
    if (!tcp_input_push (input, offset, packet->data, packet->length, packet->missing, time))
      tcp_connection_add_note (self, direction,
                               "data behind the end or outside of the window, "
                               "which is not part of the connection");
  if ((packet->flags & IMP_TCP_FIN) != 0
      && !tcp_input_set_end (input, offset + (gint64) packet->length + (gint64) packet->missing))
    tcp_connection_add_note (self, direction, "another end of the stream, which is not one");
}

/* What has been missing for so long does not come any more. */
static void
tcp_connection_check_gaps (TcpConnection *self)
{
  const Capture *capture = self->base.capture;

  for (guint direction = 0; direction < 2; direction++)
    {
      const gint64 since = tcp_input_get_waiting_since (self->sides[direction].input);

      if (since >= 0 && capture->now - since > capture->gap_time * NS_PER_SECOND)
        tcp_input_flush (self->sides[direction].input);
    }
}

static void
tcp_connection_finish_packet (TcpConnection *self, ImpDirection direction)
{
  Inspection *inspection = self->base.inspection;

  tcp_connection_check_gaps (self);
  inspection_finish_packet (inspection);
  if (self->output != NULL && !outcome_is_refusal (self->base.outcome))
    tcp_output_finish_packet (self->output, direction,
                              (gint64[]){ inspection_get_settled (inspection, 0),
                                          inspection_get_settled (inspection, 1) });
}

/* Packets that cross the end of a connection are no news, but what they carry is: behind a reset,
 * it may be that this was one which nobody got. */
static void
tcp_connection_take_late (TcpConnection *self, const Packet *packet)
{
  self->base.n_late_bytes += packet->length + packet->missing;
}

static gboolean
tcp_connection_has_content (const Packet *packet)
{
  return packet->length > 0 || packet->missing > 0 || (packet->flags & IMP_TCP_FIN) != 0;
}

static void
tcp_connection_take_open (TcpConnection *self, ImpDirection direction, const Packet *packet)
{
  const gboolean has_syn = (packet->flags & IMP_TCP_SYN) != 0;

  if (self->output != NULL)
    tcp_output_note (self->output, direction, packet);
  if (has_syn && !self->sides[direction].has_syn)
    {
      if ((packet->flags & IMP_TCP_ACK) != 0)
        tcp_connection_take_ack (self, direction, packet);
      tcp_connection_open (self, direction, packet);
    }
  if (self->base.is_partial || tcp_connection_has_content (packet))
    tcp_connection_start (self, direction, packet->sequence);
  if ((packet->flags & IMP_TCP_ACK) != 0)
    tcp_connection_take_ack (self, direction, packet);
  if ((packet->flags & IMP_TCP_RST) != 0)
    {
      if (tcp_connection_is_reset (self, direction, packet))
        tcp_connection_take_reset (self, direction);
      return;
    }
  if (tcp_connection_has_content (packet))
    tcp_connection_take_data (self, direction, packet);
  tcp_connection_finish_packet (self, direction);
}

/* Nothing was believed of what came before, so neither was who the client is. */
static gboolean
tcp_connection_is_first_syn (TcpConnection *self, const Packet *packet)
{
  return (packet->flags & (IMP_TCP_SYN | IMP_TCP_RST | IMP_TCP_ACK)) == IMP_TCP_SYN
         && self->base.inspection != NULL && !self->base.is_over
         && !tcp_input_is_started (self->sides[0].input)
         && !tcp_input_is_started (self->sides[1].input);
}

static void
tcp_connection_inspect (TcpConnection *self)
{
  if (self->base.inspection == NULL)
    connection_inspect (&self->base, IMP_DATA_TYPE_STREAM, &tcp_connection_inspection_funcs, self);
}

TcpVerdict
tcp_connection_take (TcpConnection *self, const Packet *packet, guint sender)
{
  const ImpDirection direction = sender == self->base.client ? IMP_DIRECTION_FROM_CLIENT
                                                             : IMP_DIRECTION_FROM_SERVER;

  if (tcp_connection_is_first_syn (self, packet))
    return TCP_NEW;
  if (!connection_believes (&self->base, packet, sender))
    {
      connection_note_packet (&self->base);
      tcp_connection_inspect (self);
      return TCP_TAKEN;
    }
  if (tcp_connection_is_other_syn (self, direction, packet))
    {
      if (tcp_connection_begins_anew (self, direction, packet))
        return TCP_NEW;
      connection_note_packet (&self->base);
      if ((packet->flags & IMP_TCP_ACK) != 0)
        tcp_connection_take_other_answer (self, direction, packet);
      return TCP_TAKEN;
    }
  connection_note_packet (&self->base);
  tcp_connection_inspect (self);
  self->is_taking = TRUE;
  if (self->base.is_over)
    tcp_connection_take_late (self, packet);
  else
    tcp_connection_take_open (self, direction, packet);
  self->is_taking = FALSE;
  return TCP_TAKEN;
}

/* ---- the end ---- */

/* Bytes that the other side got, and the capture has not. */
static void
tcp_connection_check_unseen (TcpConnection *self, ImpDirection direction)
{
  TcpConnectionSide *side = &self->sides[direction];
  const gint64 next = tcp_input_get_next (side->input);
  gint64 unseen = tcp_input_get_acked (side->input) - next;

  if (!tcp_input_is_started (side->input))
    unseen = side->last_ack - side->first_ack;
  /* One may be for the end of the stream. */
  if (unseen > 1)
    tcp_connection_add_entry (side, ENTRY_GAP, next, unseen);
}

static void
tcp_connection_check_repeated (TcpConnection *self, ImpDirection direction)
{
  const gint64 unchecked = tcp_input_get_unchecked (self->sides[direction].input);
  g_autofree char *text = NULL;

  if (unchecked == 0)
    return;
  text = g_strdup_printf ("%" G_GINT64_FORMAT " bytes that were sent again after they had been "
                          "acknowledged or told as a gap; they were not compared",
                          unchecked);
  tcp_connection_add_note (self, direction, text);
}

void
tcp_connection_finish (TcpConnection *self, Outcome outcome)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      if (!self->base.is_over)
        tcp_input_flush (self->sides[direction].input);
      if (!outcome_is_refusal (self->base.outcome))
        tcp_connection_check_unseen (self, direction);
      tcp_connection_check_repeated (self, direction);
    }
  inspection_close (self->base.inspection);
  if (self->base.outcome == OUTCOME_RESET && self->base.n_late_bytes > 0)
    self->base.outcome = OUTCOME_INCOMPLETE;
  if (self->base.is_over)
    return;
  self->base.is_over = TRUE;
  self->base.outcome = tcp_connection_has_closed (self) ? OUTCOME_CLOSED : outcome;
}
