/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "rpc/client/imp-deadline-private.h"

G_BEGIN_DECLS

struct _ImpClientConnection;

/* One call of data() that has not been sent yet. */
typedef struct
{
  GBytes *data;
  gint64 offset;
  gint32 data_type;
  guint8 direction;
} ImpPiece;

#define IMP_TYPE_REMOTE_ANALYZER (imp_remote_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpRemoteAnalyzer, imp_remote_analyzer, IMP, REMOTE_ANALYZER, ImpAnalyzer)

/* Stands for an analyzer at the other end. Its peer fills most of the fields. */
struct _ImpRemoteAnalyzer
{
  ImpAnalyzer parent_instance;

  struct _ImpClientConnection *peer; /* NULL before it is in one, and once it is over */
  gint64 id;
  GQueue *pending;     /* of ImpPiece, NULL where there are none */
  gsize pending_size;  /* bytes of them */
  guint announced : 1; /* new_analyzer has been sent */
  guint in_backlog : 1;
  guint awaits_turn : 1; /* see imp-peer-crowd.c */
  guint8 paused_there;   /* bit per direction: the analyzer has said PAUSE */
  guint8 paused_here;    /* bit per direction: too much waits to be sent */
  guint8 paused;         /* what the provider was told */
  ImpDeadlineEntry deadline;
  GList backlog_node; /* in the peer's list of those that have something to send */
  GObject *owner;     /* the factory, which has to live as long as this is in use */
};

ImpRemoteAnalyzer *imp_remote_analyzer_new (GObject *owner);
/* It is over: nothing more can come from there. */
void imp_remote_analyzer_disown (ImpRemoteAnalyzer *self);

/* Splits off the next piece of at most @max bytes; packets stay whole. FALSE if nothing waits. */
gboolean imp_remote_analyzer_take_piece (ImpRemoteAnalyzer *self, gsize max, ImpPiece *piece);
void imp_remote_analyzer_push_piece (ImpRemoteAnalyzer *self, const ImpPiece *piece);
void imp_remote_analyzer_drop_pending (ImpRemoteAnalyzer *self);

/* PAUSE and CONTINUE from both causes become one. */
void imp_remote_analyzer_set_paused (ImpRemoteAnalyzer *self, ImpDirection direction,
                                     gboolean there, gboolean paused);

static inline gboolean
imp_remote_analyzer_has_pending (ImpRemoteAnalyzer *self)
{
  return self->pending != NULL && self->pending->length > 0;
}

G_END_DECLS
