/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One direction of a TCP connection, as it was recorded, in the order in which its receiver got
 * it. Offsets are counted from its first byte, with 64 bits, so that sequence numbers may wrap.
 *
 * Of what is sent twice, what came first counts; what is sent again with other bytes is told. Where
 * bytes are missing, what follows waits for them, up to a limit of bytes, of segments and of time;
 * then there is a gap. */
typedef struct _TcpInput TcpInput;

/* How much all directions of all connections may keep. */
typedef struct
{
  gsize used;
  gsize max;
} TcpBudget;

/* Segments that wait for others, of one direction. */
#define TCP_INPUT_SEGMENTS_MAX 4096
/* Bytes that are kept until their receiver has said that it got them, to be compared. */
#define TCP_INPUT_HISTORY_MAX (256 * 1024)
/* What is further ahead was never accepted: no window is larger. */
#define TCP_INPUT_AHEAD_MAX (G_GINT64_CONSTANT (1) << 30)

typedef struct
{
  /* The next bytes of the stream, which begin at @offset. */
  void (*data) (gint64 offset, const guint8 *data, gsize length, gpointer user_data);
  /* The next ones are missing. */
  void (*gap) (gint64 offset, gint64 length, gpointer user_data);
  /* So many bytes from @offset on were sent again, and some of them are other ones. */
  void (*conflict) (gint64 offset, gsize length, gpointer user_data);
  /* The end of the stream has come. */
  void (*end) (gpointer user_data);
} TcpInputFuncs;

/* @max_waiting: bytes. @budget lives longer. */
TcpInput *tcp_input_new (gsize max_waiting, TcpBudget *budget, const TcpInputFuncs *funcs,
                         gpointer user_data);
void tcp_input_free (TcpInput *self);

/* The number of the first byte. Once. */
void tcp_input_start (TcpInput *self, guint32 sequence);
gboolean tcp_input_is_started (const TcpInput *self);
guint32 tcp_input_get_first_sequence (const TcpInput *self);
/* The offset, next to where the stream is now; it may be negative. */
gint64 tcp_input_get_offset (const TcpInput *self, guint32 sequence);
/* Up to here the stream is known. */
gint64 tcp_input_get_next (const TcpInput *self);
/* The highest offset that was acknowledged. */
gint64 tcp_input_get_acked (const TcpInput *self);
gboolean tcp_input_has_ended (const TcpInput *self);

/* A segment, of which the last @missing bytes were not recorded. FALSE if some of it is where the
 * receiver takes nothing: behind the end, or too far ahead. */
gboolean tcp_input_push (TcpInput *self, gint64 offset, const guint8 *data, gsize length,
                         gsize missing, gint64 time);
/* FALSE if there is another end already. */
gboolean tcp_input_set_end (TcpInput *self, gint64 offset);
/* The receiver has got all before @offset, and takes so many bytes more. */
void tcp_input_note_acked (TcpInput *self, gint64 offset, guint32 window);
/* Since when (in ns) something waits; -1: nothing does. */
gint64 tcp_input_get_waiting_since (const TcpInput *self);
/* What is missing does not come any more: all that waits is told, with the gaps. */
void tcp_input_flush (TcpInput *self);

/* Bytes that were sent more than once; of these, such as could not be compared, since they had been
 * acknowledged or were too many. */
gint64 tcp_input_get_repeated (const TcpInput *self);
gint64 tcp_input_get_unchecked (const TcpInput *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TcpInput, tcp_input_free)

G_END_DECLS
