/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/udp-connection.h"

struct _UdpConnection
{
  Connection base;
  FrameSide sides[2];
};

static gboolean
udp_connection_has_frame (UdpConnection *self, ImpDirection direction)
{
  FrameSide *side = &self->sides[direction];
  const FrameSide *other = &self->sides[!direction];

  if (!side->is_known && other->is_known)
    frame_side_mirror (side, other, self->base.capture->link);
  return side->is_known;
}

static void
udp_connection_write (UdpConnection *self, ImpDirection direction, const guint8 *data, gsize length)
{
  Capture *capture = self->base.capture;

  if (capture->sink == NULL || !udp_connection_has_frame (self, direction))
    return;
  if (length <= frame_side_get_room (&self->sides[direction], IMP_UDP_SIZE))
    frame_side_write_datagram (&self->sides[direction], capture->sink, data, length);
  else
    inspection_fail (self->base.inspection, OUTCOME_FAILED,
                     "the analyzer has made a datagram that is too large for UDP");
}

static void
udp_connection_on_output (ImpDirection direction, const guint8 *data, gsize length,
                          gpointer user_data)
{
  if (length > 0)
    udp_connection_write (user_data, direction, data, length);
}

/* There is no reset in UDP. */
static void
udp_connection_on_refused (Outcome outcome, gpointer user_data)
{
  UdpConnection *self = user_data;

  self->base.outcome = outcome;
  self->base.is_over = TRUE;
}

static const InspectionFuncs udp_connection_inspection_funcs = {
  .output = udp_connection_on_output,
  .refused = udp_connection_on_refused,
};

UdpConnection *
udp_connection_new (Capture *capture, const ConnectionKey *key, guint sender)
{
  UdpConnection *self = g_new0 (UdpConnection, 1);

  connection_init (&self->base, capture, key, sender);
  connection_inspect (&self->base, IMP_DATA_TYPE_PACKET, &udp_connection_inspection_funcs, self);
  return self;
}

void
udp_connection_free (UdpConnection *self)
{
  connection_clear (&self->base);
  g_free (self);
}

Connection *
udp_connection_get_base (UdpConnection *self)
{
  return &self->base;
}

static void
udp_connection_add_note (UdpConnection *self, ImpDirection direction, const char *text)
{
  entries_add_note (inspection_get_entries (self->base.inspection), direction,
                    self->base.capture->packet, text);
}

void
udp_connection_take (UdpConnection *self, const Packet *packet, guint sender)
{
  const ImpDirection direction = sender == self->base.client ? IMP_DIRECTION_FROM_CLIENT
                                                             : IMP_DIRECTION_FROM_SERVER;

  connection_note_packet (&self->base);
  if (!connection_believes (&self->base, packet, sender))
    return;
  if (self->base.is_over)
    {
      self->base.n_late_bytes += packet->length + packet->missing;
      return;
    }
  frame_side_note (&self->sides[direction], packet);
  if (packet->missing > 0)
    {
      udp_connection_add_note (self, direction,
                               "a datagram that was not recorded as a whole, and is left out");
    }
  else if (packet->length == 0)
    {
      /* For an analyzer that would be the end. */
      udp_connection_add_note (self, direction, "an empty datagram, which is not inspected");
      udp_connection_write (self, direction, NULL, 0);
    }
  else
    {
      inspection_push (self->base.inspection, direction, packet->data, packet->length);
      inspection_finish_packet (self->base.inspection);
    }
}

/* There is no end in UDP: nobody waits for one, but an analyzer may have kept something. */
void
udp_connection_finish (UdpConnection *self, Outcome outcome)
{
  for (guint direction = 0; direction < 2; direction++)
    inspection_push (self->base.inspection, direction, NULL, 0);
  inspection_close (self->base.inspection);
  if (self->base.is_over)
    return;
  self->base.is_over = TRUE;
  self->base.outcome = outcome;
}
