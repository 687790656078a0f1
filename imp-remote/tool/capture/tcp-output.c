/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/tcp-output.h"

#define MARKS_MAX 256
#define TIMESTAMPS_SIZE 12
#define HEADER_SIZE_MAX 60
/* So much is gathered for segments. */
#define PENDING_MAX 65536
/* Where the receiver has not said how large a segment may be: Ethernet's. */
#define MTU 1500

/* When so much of the input had an outcome, so much of the output had been written. */
typedef struct
{
  gint64 input;
  gint64 output;
} TcpOutputMark;

typedef struct
{
  FrameSide frame;
  gboolean is_started, is_open, is_ended;
  guint32 first;       /* sequence number of its first byte */
  gint64 sent;         /* bytes of its output, and its FIN */
  GByteArray *pending; /* what is to be written with the next bytes */
  GArray *marks;       /* of TcpOutputMark, sorted */
  gint64 acknowledged; /* this side has got so much of the other one's output */
  gint64 said;         /* and has said so */

  guint16 window;
  gint8 scale;         /* -1: none */
  guint16 max_segment; /* that it takes; 0: not said */
  gsize largest;       /* that it has sent */
  gboolean has_timestamps, has_echo;
  guint32 timestamp, timestamp_echo;
} TcpOutputSide;

struct _TcpOutput
{
  TcpOutputSide sides[2];
  int link;
  const FrameSink *sink;
  gboolean is_over;
};

TcpOutput *
tcp_output_new (int link, const FrameSink *sink)
{
  TcpOutput *self = g_new0 (TcpOutput, 1);

  self->link = link;
  self->sink = sink;
  for (guint i = 0; i < 2; i++)
    {
      const TcpOutputMark none = { 0, 0 };

      self->sides[i].scale = -1;
      self->sides[i].pending = g_byte_array_new ();
      self->sides[i].marks = g_array_new (FALSE, FALSE, sizeof (TcpOutputMark));
      g_array_append_val (self->sides[i].marks, none);
    }
  return self;
}

void
tcp_output_free (TcpOutput *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_byte_array_unref (self->sides[i].pending);
      g_array_unref (self->sides[i].marks);
    }
  g_free (self);
}

static void
tcp_output_note_options (TcpOutputSide *side, const Packet *packet)
{
  PacketTcpOptions options;

  if (packet->options_size == 0)
    return;
  packet_read_tcp_options (packet, &options);
  if ((packet->flags & IMP_TCP_SYN) != 0)
    {
      side->scale = options.window_scale;
      side->max_segment = options.max_segment;
    }
  if (!options.has_timestamps)
    return;
  /* What was recorded later may have been sent before. */
  if (!side->has_timestamps || (gint32) (options.timestamp - side->timestamp) > 0)
    side->timestamp = options.timestamp;
  side->has_timestamps = TRUE;
  if ((packet->flags & IMP_TCP_ACK) == 0)
    return;
  if (!side->has_echo || (gint32) (options.timestamp_echo - side->timestamp_echo) > 0)
    side->timestamp_echo = options.timestamp_echo;
  side->has_echo = TRUE;
}

void
tcp_output_note (TcpOutput *self, ImpDirection direction, const Packet *packet)
{
  TcpOutputSide *side = &self->sides[direction];

  frame_side_note (&side->frame, packet);
  side->window = packet->window;
  side->largest = MAX (side->largest, packet->length);
  tcp_output_note_options (side, packet);
}

void
tcp_output_start (TcpOutput *self, ImpDirection direction, guint32 sequence)
{
  self->sides[direction].first = sequence;
  self->sides[direction].is_started = TRUE;
}

/* ---- packets ---- */

/* Both have to have said how, and the SYN itself is not scaled. */
static guint
tcp_output_get_shift (const TcpOutput *self, ImpDirection direction)
{
  if (self->sides[0].scale < 0 || self->sides[1].scale < 0)
    return 0;
  return self->sides[direction].scale;
}

/* Data that the receiver of a direction takes in one segment. */
static gsize
tcp_output_get_segment (const TcpOutput *self, ImpDirection direction)
{
  const TcpOutputSide *side = &self->sides[direction];
  const gsize options = side->has_timestamps ? TIMESTAMPS_SIZE : 0;
  const gsize room = frame_side_get_room (&side->frame, IMP_TCP_SIZE + options);
  gsize segment = self->sides[!direction].max_segment;

  if (segment == 0)
    segment = MAX (side->largest + options, MTU - IMP_TCP_SIZE - imp_ip_get_size (&side->frame.ip));
  return CLAMP (segment, options + 1, room + options) - options;
}

/* No window is smaller than a usual segment: that a receiver had none for a while says nothing
 * about this connection, which may have other bytes. */
static guint16
tcp_output_get_window (const TcpOutput *self, ImpDirection direction, gboolean is_syn)
{
  const guint shift = is_syn ? 0 : tcp_output_get_shift (self, direction);

  return MAX (self->sides[direction].window, (MTU >> shift) + 1);
}

static gsize
tcp_output_put_syn_options (const TcpOutputSide *side, guint8 *at)
{
  gsize size = 0;

  if (side->max_segment > 0)
    {
      at[0] = 2;
      at[1] = 4;
      imp_ip_put16 (at + 2, side->max_segment);
      size = 4;
    }
  if (side->scale >= 0)
    {
      at[size] = 1;
      at[size + 1] = 3;
      at[size + 2] = 3;
      at[size + 3] = side->scale;
      size += 4;
    }
  return size;
}

static gsize
tcp_output_put_timestamps (const TcpOutputSide *side, guint8 *at)
{
  if (!side->has_timestamps)
    return 0;
  at[0] = at[1] = 1;
  at[2] = 8;
  at[3] = 10;
  imp_ip_put32 (at + 4, side->timestamp);
  imp_ip_put32 (at + 8, side->timestamp_echo);
  return TIMESTAMPS_SIZE;
}

/* A side of which nothing was recorded is made up from the other one. */
static gboolean
tcp_output_has_frame (TcpOutput *self, ImpDirection direction)
{
  FrameSide *frame = &self->sides[direction].frame;
  const FrameSide *other = &self->sides[!direction].frame;

  if (!frame->is_known && other->is_known)
    frame_side_mirror (frame, other, self->link);
  return frame->is_known;
}

static void
tcp_output_write (TcpOutput *self, ImpDirection direction, guint8 flags, const guint8 *data,
                  gsize length)
{
  TcpOutputSide *side = &self->sides[direction], *other = &self->sides[!direction];
  const gboolean is_syn = (flags & IMP_TCP_SYN) != 0;
  guint8 tcp[HEADER_SIZE_MAX] = { 0 };
  gsize size = IMP_TCP_SIZE;

  if (self->is_over || !tcp_output_has_frame (self, direction))
    return;
  imp_ip_put32 (tcp + 4, side->first + (guint32) side->sent - (is_syn ? 1 : 0));
  if (other->is_started)
    {
      imp_ip_put32 (tcp + 8, other->first + (guint32) side->acknowledged);
      side->said = side->acknowledged;
      flags |= IMP_TCP_ACK;
    }
  if (is_syn)
    size += tcp_output_put_syn_options (side, tcp + size);
  if ((flags & IMP_TCP_RST) == 0)
    size += tcp_output_put_timestamps (side, tcp + size);
  tcp[12] = size / 4 << 4;
  tcp[13] = flags;
  if ((flags & IMP_TCP_RST) == 0)
    imp_ip_put16 (tcp + 14, tcp_output_get_window (self, direction, is_syn));
  frame_side_write (&side->frame, self->sink, tcp, size, 16, data, length);
}

/* ---- acknowledgments ---- */

/* How much of the output its receiver had when it had so much of the input. */
static gint64
tcp_output_map (const TcpOutputSide *side, gint64 offset)
{
  const TcpOutputMark *marks = (const TcpOutputMark *) (void *) side->marks->data;
  guint low = 0, high = side->marks->len;

  /* The last mark that is not behind it. */
  while (high - low > 1)
    {
      const guint middle = low + (high - low) / 2;

      if (marks[middle].input <= offset)
        low = middle;
      else
        high = middle;
    }
  if (offset < marks[low].input)
    return 0;
  if (low + 1 < side->marks->len
      && marks[low + 1].input - marks[low].input == marks[low + 1].output - marks[low].output)
    return marks[low].output + (offset - marks[low].input);
  return marks[low].output;
}

/* Marks before it are of no use any more. */
static void
tcp_output_forget_marks (TcpOutputSide *side, gint64 acknowledged)
{
  guint n = 0;

  while (n + 1 < side->marks->len
         && g_array_index (side->marks, TcpOutputMark, n + 1).output <= acknowledged)
    n++;
  if (n > 0)
    g_array_remove_range (side->marks, 0, n);
}

static void
tcp_output_add_mark (TcpOutputSide *side, gint64 input)
{
  const TcpOutputMark mark = { input, side->sent };
  TcpOutputMark *last = &g_array_index (side->marks, TcpOutputMark, side->marks->len - 1);

  if (mark.input == last->input)
    last->output = mark.output;
  else if (mark.input > last->input)
    g_array_append_val (side->marks, mark);
  /* What is between two marks is told less exactly then. */
  if (side->marks->len > MARKS_MAX)
    g_array_remove_range (side->marks, 1, MARKS_MAX / 2);
}

void
tcp_output_acknowledge (TcpOutput *self, ImpDirection direction, gint64 offset)
{
  TcpOutputSide *side = &self->sides[direction], *other = &self->sides[!direction];
  const gint64 output = MIN (tcp_output_map (other, offset), other->sent);

  if (output <= side->acknowledged)
    return;
  side->acknowledged = output;
  tcp_output_forget_marks (other, output);
}

/* What the receiver of a direction has not acknowledged yet must fit into its window, and not fill
 * it. How large windows are is known only to those who have seen how they are scaled. */
static gsize
tcp_output_make_room (TcpOutput *self, ImpDirection direction, gsize length)
{
  TcpOutputSide *side = &self->sides[direction], *receiver = &self->sides[!direction];
  const gint64 window = (gint64) tcp_output_get_window (self, !direction, FALSE)
                        << tcp_output_get_shift (self, !direction);

  if (!side->is_open || !receiver->is_open
      || side->sent - receiver->said + (gint64) length < window)
    return length;
  if (receiver->acknowledged < side->sent)
    {
      receiver->acknowledged = side->sent;
      tcp_output_forget_marks (side, side->sent);
    }
  if (receiver->said < receiver->acknowledged)
    tcp_output_write (self, !direction, IMP_TCP_ACK, NULL, 0);
  return MIN (length, (gsize) window - 1);
}

/* ---- what a connection consists of ---- */

void
tcp_output_open (TcpOutput *self, ImpDirection direction)
{
  tcp_output_write (self, direction, IMP_TCP_SYN, NULL, 0);
  self->sides[direction].is_open = TRUE;
  /* That it was said is seen by the next packet, which may be an empty one. */
  if (self->sides[!direction].is_started)
    self->sides[!direction].said = -1;
}

static void
tcp_output_write_data (TcpOutput *self, ImpDirection direction, const guint8 *data, gsize length)
{
  const gsize segment = tcp_output_get_segment (self, direction);

  for (gsize done = 0, n; done < length; done += n)
    {
      n = tcp_output_make_room (self, direction, MIN (segment, length - done));
      tcp_output_write (self, direction, done + n == length ? IMP_TCP_PSH : 0, data + done, n);
      self->sides[direction].sent += n;
    }
}

void
tcp_output_flush (TcpOutput *self, ImpDirection direction)
{
  GByteArray *pending = self->sides[direction].pending;

  if (pending->len == 0)
    return;
  tcp_output_write_data (self, direction, pending->data, pending->len);
  g_byte_array_set_size (pending, 0);
}

/* An analyzer may say what it has to say in small pieces; what is a segment goes at once. */
void
tcp_output_send (TcpOutput *self, ImpDirection direction, const guint8 *data, gsize length)
{
  TcpOutputSide *side = &self->sides[direction];

  if (self->is_over || side->is_ended || !tcp_output_has_frame (self, direction))
    return;
  tcp_output_flush (self, !direction);
  if (side->pending->len == 0 && length >= tcp_output_get_segment (self, direction))
    {
      tcp_output_write_data (self, direction, data, length);
      return;
    }
  g_byte_array_append (side->pending, data, length);
  if (side->pending->len >= PENDING_MAX)
    tcp_output_flush (self, direction);
}

void
tcp_output_skip (TcpOutput *self, ImpDirection direction, gint64 length)
{
  tcp_output_flush (self, direction);
  self->sides[direction].sent += length;
}

void
tcp_output_end (TcpOutput *self, ImpDirection direction)
{
  TcpOutputSide *side = &self->sides[direction];

  if (self->is_over || side->is_ended)
    return;
  tcp_output_flush (self, direction);
  tcp_output_write (self, direction, IMP_TCP_FIN, NULL, 0);
  side->is_ended = TRUE;
  side->sent++;
}

void
tcp_output_reset (TcpOutput *self, ImpDirection direction)
{
  tcp_output_flush (self, !direction);
  tcp_output_flush (self, direction);
  tcp_output_write (self, direction, IMP_TCP_RST, NULL, 0);
  self->is_over = TRUE;
}

void
tcp_output_refuse (TcpOutput *self)
{
  tcp_output_flush (self, IMP_DIRECTION_FROM_SERVER);
  tcp_output_flush (self, IMP_DIRECTION_FROM_CLIENT);
  tcp_output_write (self, IMP_DIRECTION_FROM_SERVER, IMP_TCP_RST, NULL, 0);
  tcp_output_reset (self, IMP_DIRECTION_FROM_CLIENT);
}

void
tcp_output_finish_packet (TcpOutput *self, ImpDirection direction, const gint64 settled[2])
{
  TcpOutputSide *side = &self->sides[direction];

  tcp_output_flush (self, !direction);
  tcp_output_flush (self, direction);
  for (guint i = 0; i < 2; i++)
    tcp_output_add_mark (&self->sides[i], settled[i] + (self->sides[i].is_ended ? 1 : 0));
  if (side->acknowledged > side->said)
    tcp_output_write (self, direction, IMP_TCP_ACK, NULL, 0);
}
