/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-shelf-private.h"
#include "rpc/imp-id-table-private.h"
#include "rpc/imp-session-private.h"

G_BEGIN_DECLS

/* What imp-session.c, the connection, imp-session-analyzers.c, what lives on it, and
 * imp-session-input.c, what it is fed with, share. */
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
  gsize held;            /* bytes without a verdict, all in all */
  GQueue dammed;         /* analyzers with input that they have not been fed yet */
  GSource *resume;       /* feeds them on */
  guint nonsense;
  gboolean greeted;
  gboolean draining;
};

/* One analyzer of the client's. */
typedef struct
{
  gint64 id;
  ImpSession *session;
  ImpAnalyzer *analyzer;
  gsize held;
  ImpShelf *unfed;         /* per direction, input that waits; NULL for none */
  GList dammed_node;       /* in the session's list, then */
  guint calls;             /* depth of calls that use this */
  guint8 paused_by_plugin; /* bit per direction */
  guint8 paused_here;      /* too much is held */
  guint8 paused;           /* what the client was told */
  gboolean removed;        /* it goes with the last call */
} ImpSessionAnalyzer;

/* A plugin may do anything when it is called, such as run a loop in which its analyzer is deleted
 * or the connection ends, and so may whoever hears of the end. */
static inline void
imp_session_analyzer_enter (ImpSessionAnalyzer *entry)
{
  entry->calls++;
  entry->session->ref_count++;
}

void imp_session_analyzer_leave (ImpSessionAnalyzer *entry);
/* What it holds has changed, perhaps: the client may have to pause, or has gone too far. */
void imp_session_analyzer_check (ImpSessionAnalyzer *entry);

/* Feeds the analyzer, now or later. */
void  imp_session_input_take    (ImpSessionAnalyzer *entry, ImpMessage *message);
gsize imp_session_input_count   (const ImpSessionAnalyzer *entry);
void  imp_session_input_clear   (ImpSessionAnalyzer *entry);
/* Some of what waits may perhaps be fed. */
void  imp_session_resume_input  (ImpSession *self);
void  imp_session_stop_input    (ImpSession *self);

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
