/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-id-table-private.h"
#include "rpc/imp-session-private.h"

G_BEGIN_DECLS

/* What imp-session.c, the connection, and imp-session-analyzers.c, what lives on it, share. */
struct _ImpSession
{
  guint ref_count;       /* of one thread */
  ImpFactory *factory;
  ImpFactory *bound;     /* to the interface that the client has set; else the factory itself */
  ImpSessionOptions options;
  const ImpSessionFuncs *funcs; /* NULL once it has ended */
  gpointer user_data;
  ImpLink *link;
  GMainContext *context;
  GSource *handshake;    /* until the client has said something */
  ImpIdTable analyzers;  /* of ImpSessionAnalyzer */
  gsize held;            /* octets without a verdict, all in all */
  guint nonsense;
  gboolean greeted;
  gboolean draining;
};

/* Sends, unless it is over. What cannot be said, or is too much to wait, ends the session: to leave
 * a message out would leave somebody waiting for it. */
void imp_session_send           (ImpSession *self, const ImpMessage *message);
void imp_session_send_exception (ImpSession *self, gint64 id, const char *text);

/* What a client says of his analyzers. */
void imp_session_on_new_analyzer    (ImpSession *self, ImpMessage *message);
void imp_session_on_delete_analyzer (ImpSession *self, ImpMessage *message);
void imp_session_on_data            (ImpSession *self, ImpMessage *message);
void imp_session_on_busy            (ImpSession *self, ImpMessage *message);

/* One analyzer has come to its end here, if there is one; the others go on. 0: speaks of all. */
void imp_session_fail_analyzer (ImpSession *self, gint64 id, const char *text);
void imp_session_remove_all_analyzers (ImpSession *self);

G_END_DECLS
