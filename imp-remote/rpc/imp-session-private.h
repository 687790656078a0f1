/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-private.h"
#include "rpc/imp-link-private.h"

G_BEGIN_DECLS

/* So much of verdicts may wait for a busy direction before its input waits. */
#define IMP_SESSION_MAX_WAITING (256 * 1024)

/* The server's end of one connection: the analyzers that a provider has made there. */
typedef struct _ImpSession ImpSession;

typedef struct
{
  ImpWireLimits limits;
  guint max_analyzers;
  gsize max_held;      /* bytes without a verdict, or with one that waits, per analyzer */
  gsize max_held_all;  /* the same per connection */
  gsize max_waiting;   /* bytes of verdicts for a busy direction, above which it is not fed */
  gsize high_water;    /* bytes that wait to be written, above which nothing is read */
  gsize max_output;    /* bytes that wait to be written, at most */
  guint handshake_timeout; /* milliseconds */
  guint keepalive;     /* milliseconds; 0: none */
  guint busy_poll;     /* microseconds */
} ImpSessionOptions;

typedef struct
{
  /* It is over, and all its analyzers are closed; exactly once. @error is never NULL. */
  void (*ended) (ImpSession *session, const GError *error, gpointer user_data);
} ImpSessionFuncs;

/* @codec: NULL to recognize it. */
ImpSession *imp_session_new   (GIOStream *stream, ImpFactory *factory, ImpCodec *codec,
                               const ImpSessionOptions *options, GError **error);
ImpSession *imp_session_ref   (ImpSession *self);
void        imp_session_unref (ImpSession *self);

void imp_session_start (ImpSession *self, GMainContext *context, const ImpSessionFuncs *funcs,
                        gpointer user_data);
/* Ends it now; ended() is called before this returns. */
void imp_session_close (ImpSession *self, const GError *error);
/* Tells the client that there will be no new analyzers; ends once the old ones are gone. */
void imp_session_drain (ImpSession *self);

guint       imp_session_get_n_analyzers (ImpSession *self);
GIOStream  *imp_session_get_stream      (ImpSession *self);
const char *imp_session_get_codec_name  (ImpSession *self);

G_END_DECLS
