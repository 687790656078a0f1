/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-deadline-private.h"
#include "core/imp-note-limit-private.h"
#include "core/imp-proxy-private.h"
#include "io/imp-arena-private.h"
#include "rpc/client/imp-send-scheduler-private.h"
#include "rpc/client/imp-soft-budget-private.h"
#include "rpc/imp-link-private.h"

G_BEGIN_DECLS

#define IMP_TYPE_REMOTE_ANALYZER (imp_remote_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpRemoteAnalyzer, imp_remote_analyzer, IMP, REMOTE_ANALYZER, ImpAnalyzer)

typedef struct _ImpRemoteAnalyzerHost ImpRemoteAnalyzerHost;

/* What their results may make the provider do. */
typedef struct
{
  gsize max_waiting; /* bytes of results that may wait, per analyzer and direction */
  gsize max_waiting_all;
  ImpNoteLimits notes;
} ImpRemoteAnalyzerLimits;

/* What remote analyzers ask of their connection. */
typedef struct
{
  void (*hold) (ImpRemoteAnalyzerHost *host);
  void (*release) (ImpRemoteAnalyzerHost *host);
  /* What cannot be sent is the end of the connection, and so of all its analyzers. */
  void (*send) (ImpRemoteAnalyzerHost *host, const ImpMessage *message);
  void (*send_data) (ImpRemoteAnalyzerHost *host, gint64 id, ImpDirection direction,
                     const ImpView *data, gint64 offset, gint32 data_type);
  /* It is over with this one. */
  void (*remove) (ImpRemoteAnalyzerHost *host, ImpRemoteAnalyzer *analyzer);
  /* One of them was given up, and the server is to blame. */
  void (*failed) (ImpRemoteAnalyzerHost *host);
  /* How the server's modules are, asked behind those that it has now; see
   * imp_client_connection_query_statuses(). */
  void (*query_statuses) (ImpRemoteAnalyzerHost *host, guint timeout_ms, GTask *task);
  /* All of them, each with a reference. */
  GPtrArray *(*list) (ImpRemoteAnalyzerHost *host);
} ImpRemoteAnalyzerHostFuncs;

/* What the remote analyzers of one connection share: part of it. */
struct _ImpRemoteAnalyzerHost
{
  const ImpRemoteAnalyzerHostFuncs *funcs;
  char *name;    /* for messages to people */
  ImpLink *link; /* NULL before there is a connection */
  ImpSendScheduler *scheduler;
  ImpDeadline *deadline;
  ImpArena *arena;   /* memory that the server reads; or NULL */
  gsize max_message; /* bytes that the server takes as one; our own limit until it has said so */
  gsize max_piece;   /* bytes of a stream in one message */
  ImpRemoteAnalyzerLimits limits;
  gsize waiting_all;     /* as far as it was noticed: the sum of what they have noted */
  ImpFailMode fail;      /* where the server is to blame */
  ImpFailMode overload;  /* where the traffic may be */
  ImpSoftBudget *budget; /* of soft outcomes; or NULL: as many as there are */
  gboolean has_deadline; /* that, or that there is none, holds for whoever asks, too */
  gboolean settles_end;  /* the server does not: see docs/wire-format.md, feature "end" */
  gboolean is_lost;      /* the connection is over */
  gint64 judged_id;      /* the last of its intact analyzers that were judged */
  gsize max_replay;      /* bytes that may be kept to be fed again elsewhere; 0: none are */
  guint64 resolved_hard, resolved_soft, deadlines, log_limits;
  guint64 moved, replayed; /* analyzers that came from servers that had them; bytes of these */
};

/* An analyzer that nothing has been said of may go from one server to another. What it was fed may
 * be what servers are lost by, so it takes no more than three of them along; and no more deadlines
 * than there are moves. Its context may be that, too, if no analyzer that came later was judged at
 * any of so many in a row. */
#define IMP_REMOTE_ANALYZER_LOSSES_MAX 2
#define IMP_REMOTE_ANALYZER_MOVES_MAX 8
#define IMP_REMOTE_ANALYZER_DOUBTS_MAX 4

/* Gives a lost analyzer its outcome, which is hard where @budget (may be NULL) has no soft one
 * left. TRUE if it was soft. */
gboolean imp_remote_analyzer_resolve_within (ImpAnalyzer *analyzer, ImpSoftBudget *budget,
                                             ImpFailMode mode, const char *reason);

/* The connection then sets the link, the limits and the mode. @name is taken. */
void imp_remote_analyzer_host_init (ImpRemoteAnalyzerHost *host,
                                    const ImpRemoteAnalyzerHostFuncs *funcs, char *name,
                                    GMainContext *context);
/* It has no analyzers any more. */
void imp_remote_analyzer_host_clear (ImpRemoteAnalyzerHost *host);

/* The first one that waits for its turn to be announced: its id, which is less than those of the
 * others that do; G_MAXINT64 if there is none. */
gint64 imp_remote_analyzer_host_find_unannounced (ImpRemoteAnalyzerHost *host);

/* Stands for an analyzer at the other end. */
struct _ImpRemoteAnalyzer
{
  ImpAnalyzer parent_instance;

  ImpRemoteAnalyzerHost *host; /* NULL before it has one, and once it is over */
  gint64 id;
  guint8 busy;              /* bit per direction, as the provider has said; see below for another */
  guint8 paused_by_server;  /* bit per direction: the analyzer has said PAUSE */
  guint8 paused_here;       /* bit per direction: too much waits to be sent */
  guint8 paused;            /* as the provider knows it */
  guint8 is_moving;         /* what waited at another host is pushed again */
  guint8 n_moves, n_losses; /* from servers that had been fed something; of these, lost ones */
  guint8 n_doubts; /* lost servers in a row that had been told of it, and may be so by that */
  ImpSendEntry send;
  ImpDeadlineEntry deadline;
  gsize waiting;       /* bytes of its results that wait, as noted in the sum of all */
  GObject *owner;      /* the factory, which has to live as long as this is in use */
  ImpNoteCount *notes; /* NULL: it has said nothing for the log yet */
  ImpInputQueue *kept; /* all that it was fed, while it is intact; NULL: nothing */
};

/* Beside the bits in busy, so that both together are one question: the provider was given nothing
 * yet that cannot be undone, and another server can take over. With it goes send.is_watched. */
#define REMOTE_ANALYZER_INTACT (1 << 2)

extern const ImpSendFuncs imp_remote_analyzer_send_funcs;

static inline ImpRemoteAnalyzer *
imp_remote_analyzer_of_send_entry (const ImpSendEntry *entry)
{
  return (gpointer) ((char *) entry - G_STRUCT_OFFSET (ImpRemoteAnalyzer, send));
}

ImpRemoteAnalyzer *imp_remote_analyzer_new (GObject *owner);
/* For its proxy. */
void imp_remote_analyzer_find_wait (ImpAnalyzer *analyzer, ImpProxyWait *wait);
/* From now on it belongs to @host. It may have its outcome before this returns. */
void imp_remote_analyzer_join (ImpRemoteAnalyzer *self, ImpRemoteAnalyzerHost *host, gint64 id);

/* Whether another host can have it: its own one was not told of it yet, or nothing has come of it
 * that cannot be undone, and all that it was fed is known. */
gboolean imp_remote_analyzer_is_movable (ImpRemoteAnalyzer *self);
/* It is about to leave its host for another one, and that host was told of it. */
void imp_remote_analyzer_count_move (ImpRemoteAnalyzer *self);
/* As imp_remote_analyzer_join() with such a one. It is fed there what it was fed, from the
 * beginning on; its pauses, and what it wanted, are over. */
void imp_remote_analyzer_move (ImpRemoteAnalyzer *self, ImpRemoteAnalyzerHost *host, gint64 id);

/* What the server says of it. It may be gone afterwards. */
void imp_remote_analyzer_take_verdict (ImpRemoteAnalyzer *self, const ImpVerdict *verdict);
/* As many of these, of one direction, as can go together, and says how many that is. */
guint imp_remote_analyzer_take_run (ImpRemoteAnalyzer *self, const ImpVerdict *verdicts, guint n);
/* It has been lost: gives it its outcome. */
void imp_remote_analyzer_resolve (ImpRemoteAnalyzer *self, const char *reason);
/* The same for a limit that traffic alone can reach. */
void imp_remote_analyzer_resolve_overload (ImpRemoteAnalyzer *self, const char *reason);

G_END_DECLS
