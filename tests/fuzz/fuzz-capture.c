/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets of a capture: whatever they say, only their bytes are read, and what is put together from
 * fragments or segments is what a plain model makes of them. */
#include "fuzz.h"

#include "tool/capture/fragments.h"
#include "tool/capture/tcp-input.h"
#include "tool/capture/tcp-output.h"

#include <string.h>

#define SIZE 2048
#define UNKNOWN 0x100
#define STEPS_MAX 400

typedef struct
{
  guint16 known[SIZE]; /* what came first */
  gint64 end;          /* that was taken; -1: none */
  gint64 next;         /* so much came out */
  gboolean ended;
} FuzzStream;

static void
on_data (gint64 offset, const guint8 *data, gsize length, gpointer user_data)
{
  FuzzStream *stream = user_data;

  g_assert_true (offset == stream->next && !stream->ended);
  for (gsize i = 0; i < length; i++)
    g_assert_true (stream->known[offset + i] == data[i]);
  stream->next += length;
}

static void
on_gap (gint64 offset, gint64 length, gpointer user_data)
{
  FuzzStream *stream = user_data;

  g_assert_true (offset == stream->next && length > 0 && !stream->ended);
  for (gint64 i = 0; i < length; i++)
    g_assert_true (stream->known[offset + i] == UNKNOWN);
  stream->next += length;
}

static void
on_conflict (gint64 offset, gsize length, gpointer user_data)
{
}

static void
on_end (gpointer user_data)
{
  FuzzStream *stream = user_data;

  g_assert_true (stream->next == stream->end && !stream->ended);
  stream->ended = TRUE;
}

static const TcpInputFuncs funcs = { on_data, on_gap, on_conflict, on_end };

/* What the model takes of a segment, before it is pushed: what has come out stays as it is. */
static void
stream_note (FuzzStream *stream, gint64 offset, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (offset + (gint64) i >= stream->next
        && (stream->end < 0 || offset + (gint64) i < stream->end)
        && stream->known[offset + i] == UNKNOWN)
      stream->known[offset + i] = data[i];
}

/* It may be told at once. */
static void
stream_end (FuzzStream *stream, TcpInput *tcp, gint64 offset)
{
  const gint64 before = stream->end;

  stream->end = offset;
  if (!tcp_input_set_end (tcp, offset))
    stream->end = before;
}

static void
fuzz_segments (FuzzInput *input)
{
  const guint32 first = (guint32) fuzz_take_number (input);
  TcpBudget budget = { 0, SIZE * 4 };
  FuzzStream stream = { .end = -1 };
  TcpInput *tcp = tcp_input_new (1 + fuzz_take (input) * 8u, &budget, &funcs, &stream);

  for (guint i = 0; i < SIZE; i++)
    stream.known[i] = UNKNOWN;
  tcp_input_start (tcp, first);
  for (guint i = 0; i < STEPS_MAX && input->left > 0; i++)
    {
      const guint8 what = fuzz_take (input);
      const gint64 offset = (fuzz_take (input) * 7u + what) % (SIZE - 256);
      gsize length;
      const guint8 *data = fuzz_take_bytes (input, 255, &length);

      g_assert_true (tcp_input_get_offset (tcp, first + (guint32) offset) == offset);
      if (what % 16 == 0)
        tcp_input_note_acked (tcp, offset, what * 16u);
      else if (what % 64 == 1)
        tcp_input_flush (tcp);
      else if (what % 64 == 2)
        stream_end (&stream, tcp, offset);
      else
        {
          stream_note (&stream, offset, data, length);
          tcp_input_push (tcp, offset, data, length, 0, i);
        }
      g_assert_true (tcp_input_get_next (tcp) == stream.next);
    }
  tcp_input_flush (tcp);
  g_assert_true (tcp_input_get_waiting_since (tcp) < 0);
  tcp_input_free (tcp);
  g_assert_true (budget.used == 0);
}

/* ---- packets ---- */

static void
on_lost (const char *reason, guint n_fragments, gpointer user_data)
{
  g_assert_true (reason != NULL && n_fragments > 0);
}

/* What is written is well-formed. */
static void
on_frame (const guint8 *data, gsize length, gpointer user_data)
{
  Packet packet;

  g_assert_true (packet_decode (&packet, *(int *) user_data, data, length, length)
                 == PACKET_TRANSPORT);
  g_assert_true (packet.missing == 0);
}

static void
fuzz_output (TcpOutput *output, const Packet *packet)
{
  const gint64 settled[2] = { packet->length, packet->window };
  const ImpDirection direction = packet->flags >> 7;

  tcp_output_note (output, direction, packet);
  if ((packet->flags & IMP_TCP_SYN) != 0)
    {
      tcp_output_start (output, direction, packet->sequence + 1);
      tcp_output_open (output, direction);
    }
  tcp_output_acknowledge (output, direction, packet->acknowledgment);
  tcp_output_send (output, direction, packet->data, packet->length);
  if ((packet->flags & IMP_TCP_FIN) != 0)
    tcp_output_end (output, direction);
  tcp_output_finish_packet (output, direction, settled);
  if ((packet->flags & IMP_TCP_RST) != 0)
    tcp_output_refuse (output);
}

static void
check_packet (const Packet *packet, PacketKind kind, const guint8 *bytes, gsize length)
{
  PacketTcpOptions options;

  if (kind == PACKET_MALFORMED)
    g_assert_true (packet->reason != NULL);
  if (kind != PACKET_TRANSPORT && kind != PACKET_FRAGMENT)
    return;
  g_assert_true (packet->data >= bytes && packet->data + packet->length <= bytes + length);
  if (kind == PACKET_TRANSPORT && packet->ip.protocol == IMP_PROTOCOL_TCP)
    packet_read_tcp_options (packet, &options);
}

static void
fuzz_packets (FuzzInput *input)
{
  static const int links[] = {
    PACKET_LINK_NULL, PACKET_LINK_ETHERNET, PACKET_LINK_RAW,  PACKET_LINK_LOOP,
    PACKET_LINK_SLL,  PACKET_LINK_IPV4,     PACKET_LINK_IPV6, PACKET_LINK_SLL2,
  };
  int link = links[fuzz_take (input) % G_N_ELEMENTS (links)];
  const FrameSink sink = { on_frame, &link };
  g_autoptr (Fragments) fragments = fragments_new (on_lost, NULL);
  g_autoptr (TcpOutput) output = tcp_output_new (link, &sink);

  for (guint i = 0; i < STEPS_MAX && input->left > 0; i++)
    {
      gsize recorded, length;
      const guint8 *data = fuzz_take_bytes (input, 255, &recorded);
      g_autofree guint8 *bytes = g_memdup2 (data, recorded);
      Packet packet, whole;
      PacketKind kind = packet_decode (&packet, link, bytes, recorded,
                                       recorded + fuzz_take (input) % 4);

      check_packet (&packet, kind, bytes, recorded);
      if (kind == PACKET_TRANSPORT && packet.ip.protocol == IMP_PROTOCOL_TCP)
        fuzz_output (output, &packet);
      if (kind != PACKET_FRAGMENT)
        continue;
      data = fragments_add (fragments, &packet, i * G_GINT64_CONSTANT (1000000000), &length);
      if (data != NULL)
        check_packet (&whole, packet_decode_whole (&whole, &packet, data, length), data, length);
    }
  fragments_flush (fragments);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };

  if (fuzz_take (&input) % 2 == 0)
    fuzz_segments (&input);
  else
    fuzz_packets (&input);
  return 0;
}
