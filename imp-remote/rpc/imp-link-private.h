/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-transport-private.h"
#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* A connection: moves messages over one stream, in one main context, whatever they mean. With
 * G_MESSAGES_DEBUG=Imp each of them is logged. */
typedef struct _ImpLink ImpLink;

typedef struct
{
  /* A message has come. It belongs to the link, which clears it afterwards. */
  void (*message) (ImpLink *link, ImpMessage *message, gpointer user_data);
  /* The two that come with each chunk (either may be NULL: then they come as messages). What they
   * are given is there during the call. */
  void (*data) (ImpLink *link, gint64 id, ImpDirection direction, const ImpView *data,
                gint64 offset, gint32 data_type, gpointer user_data);
  void (*verdict) (ImpLink *link, gint64 id, const ImpVerdict *verdict, gpointer user_data);
  /* Verdicts of a run that have come together (may be NULL): says how many of them were taken. The
   * others are given to verdict(), one by one. For a link that is always read. */
  guint (*run) (ImpLink *link, gint64 id, const ImpVerdict *verdicts, guint n, gpointer user_data);
  /* The same for NEW_ANALYZER, with its context, and DELETE_ANALYZER. */
  void (*analyzer) (ImpLink *link, ImpOp op, gint64 id, ImpContext *context, gpointer user_data);
  /* All that was read has been told (may be NULL). */
  void (*decoded) (ImpLink *link, gpointer user_data);
  /* What came is malformed (may be NULL: then the link ends). Unless that is @unrecoverable it
   * ended where it said, and the connection can go on; else this is the time for last words.
   * @message has the op and the id as far as they could be read, 0 where not. */
  void (*malformed) (ImpLink *link, const ImpMessage *message, const GError *error,
                     gboolean unrecoverable, gpointer user_data);
  /* The end, exactly once unless imp_link_close() came first; @error is never NULL (the peer's
   * regular end is %IMP_ERROR_CLOSED). Always from the main loop, never from within a call. */
  void (*closed) (ImpLink *link, const GError *error, gpointer user_data);
  /* What waits to be written has fallen below the low-water mark after it was above the high one
   * (may be NULL). */
  void (*drained) (ImpLink *link, gpointer user_data);
  /* The memory that an unfinished message takes has changed (may be NULL). */
  void (*input_changed) (ImpLink *link, gsize bytes, gpointer user_data);
} ImpLinkFuncs;

/* Above so many bytes that wait to be written no more should be queued, until they are a quarter.
 * Both ends ask imp_link_may_queue() and nothing else, and drained() is called when it changes. */
#define IMP_LINK_HIGH_WATER (1024 * 1024)
/* For so long, in milliseconds, a peer may keep its end open after imp_link_finish(), or read
 * nothing; see ImpLingeringClose. */
#define IMP_LINK_LINGER_TIMEOUT 1000

/* @codec: NULL to recognize it from the first bytes that come in. */
ImpLink *imp_link_new (GIOStream *stream, ImpCodec *codec, const ImpWireLimits *limits,
                       GError **error);
ImpLink *imp_link_ref (ImpLink *self);
void imp_link_unref (ImpLink *self);

/* Begins to read; @funcs must live as long as the link. */
void imp_link_start (ImpLink *self, GMainContext *context, const ImpLinkFuncs *funcs,
                     gpointer user_data);
/* Nothing is called any more; what waits to be written is lost. */
void imp_link_close (ImpLink *self);
/* And says why to those who look for errors. */
void imp_link_close_for (ImpLink *self, const GError *reason);
/* Closes once what waits has been written and the other side has had time to read it; no message
 * comes any more. Then closed() is called. After imp_link_start(). */
void imp_link_finish (ImpLink *self);

/* Queues a message. It is written at the end of this turn of the loop. FALSE with an error if the
 * codec cannot say it; the link lives on. */
gboolean imp_link_send (ImpLink *self, const ImpMessage *message, GError **error);

/* The same for the two messages that come with every chunk. */
gboolean imp_link_send_data (ImpLink *self, gint64 id, ImpDirection direction, const ImpView *data,
                             gint64 offset, gint32 data_type, GError **error);
gboolean imp_link_send_verdict (ImpLink *self, gint64 id, const ImpVerdict *verdict,
                                GError **error);
/* Verdicts of one direction that follow each other, as many as in a run. Says how many were sent;
 * if not all, with an error about the next. */
guint imp_link_send_run (ImpLink *self, gint64 id, const ImpVerdict *verdicts, guint n,
                         GError **error);

/* @fd, which is taken, goes with the first byte of what is sent next; one at a time. */
void imp_link_attach_descriptor (ImpLink *self, int fd);
/* For what it moves the bytes of; also descriptors, which are taken where this takes them. */
ImpTransport *imp_link_get_transport (ImpLink *self);

/* Writes at once what can be written. */
void imp_link_flush (ImpLink *self);
/* Whether there is nothing to be read. */
gboolean imp_link_is_quiet (ImpLink *self);

/* The peer takes no larger messages; at first it takes any. One that is larger is not sent: that is
 * an %IMP_ERROR_LIMIT. */
void imp_link_set_max_sent (ImpLink *self, gsize bytes);

void imp_link_set_high_water (ImpLink *self, gsize bytes);
gboolean imp_link_may_queue (ImpLink *self); /* above the high-water mark: not until drained() */
gsize imp_link_get_queued (ImpLink *self);   /* bytes that wait to be written */

/* Whether messages are read (at first yes). Those that were read already wait in the link. */
void imp_link_set_reading (ImpLink *self, gboolean reading);

/* The peer may take so long to send the whole of a message, known to a quarter; 0: as long as it
 * likes. The link ends as it does after a message that is malformed and unrecoverable. Before
 * imp_link_start(). */
void imp_link_set_message_timeout (ImpLink *self, guint milliseconds);

/* After something has come, spin on the socket for so long before sleeping; microseconds. */
void imp_link_set_busy_poll (ImpLink *self, guint microseconds);

/* See imp_transport_set_keepalive(). */
void imp_link_set_keepalive (ImpLink *self, guint milliseconds);

void imp_link_set_version (ImpLink *self, guint version);
/* Both ends have agreed on it. */
void imp_link_agree (ImpLink *self, guint version);
guint imp_link_get_version (ImpLink *self);
/* What the wire format can carry at most; 0 while it is not known. */
guint imp_link_get_max_version (ImpLink *self);
gboolean imp_link_greets_first (ImpLink *self);
const char *imp_link_get_codec_name (ImpLink *self); /* NULL while it is not known */

typedef struct
{
  guint64 messages_in, messages_out;
  guint64 bytes_in, bytes_out;
} ImpLinkCounters;

const ImpLinkCounters *imp_link_get_counters (ImpLink *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpLink, imp_link_unref)

G_END_DECLS
