/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-watermark-private.h"
#include "rpc/server/imp-server-input-private.h"
#include "rpc/server/imp-server-output-private.h"
#include "rpc/server/imp-server-totals-private.h"

G_BEGIN_DECLS

/* An analyzer of a client's: what it is told, what it answers, and what it holds. */
typedef struct _ImpHostedAnalyzer ImpHostedAnalyzer;

typedef struct _ImpAnalyzerHost ImpAnalyzerHost;

/* What hosted analyzers ask of their connection. */
typedef struct
{
  /* Whether a result can be sent now. */
  gboolean (*may_send) (ImpAnalyzerHost *host);
  /* Sends it, if that may be. An error: it never can be sent. */
  gboolean (*send) (ImpAnalyzerHost *host, gint64 id, const ImpVerdict *verdict, GError **error);
  /* Sends as many verdicts of a run as may be now, and says how many. */
  guint (*send_run) (ImpAnalyzerHost *host, gint64 id, const ImpVerdict *verdicts, guint n,
                     GError **error);
  /* The analyzer has met a limit: the client is told @text, and it is removed. This may end the
   * connection. */
  void (*fail) (ImpAnalyzerHost *host, gint64 id, const char *text);
  /* What runs the analyzer cannot be reached any more, as @text says; @overload: since a limit was
   * met that traffic alone can reach. FALSE: the client has to be sent a FATAL. */
  gboolean (*lose) (ImpAnalyzerHost *host, gint64 id, const char *text, gboolean overload);
  /* The connection gives up what it takes besides its analyzers; that ends it. */
  void (*pay) (ImpAnalyzerHost *host);
  /* The host stays where it is between these, also when the connection ends. */
  void (*hold) (ImpAnalyzerHost *host);
  void (*release) (ImpAnalyzerHost *host);
} ImpAnalyzerHostFuncs;

/* What the analyzers of one connection share: part of it. */
struct _ImpAnalyzerHost
{
  const ImpAnalyzerHostFuncs *funcs;
  ImpServerInput *input;
  ImpServerTurns *output;   /* of those whose results wait */
  gsize max_held;           /* bytes that one of them may hold: see ImpServer:max-held */
  gsize max_output;         /* bytes that one of them may have to say */
  gsize max_held_all;       /* bytes of both that all of them may have */
  gsize held;               /* bytes that they have */
  GQueue hoarders;          /* those with a share of that that is worth taking: at most so many */
  gboolean takes_want;      /* the client has said so: see IMP_FEATURE_WANT */
  ImpServerAccount account; /* of the connection */
};

#define IMP_ANALYZER_HOST_HOARDERS_MAX 1024

static inline ImpAnalyzerHost *
imp_analyzer_host_of_account (ImpServerAccount *account)
{
  return (ImpAnalyzerHost *) ((char *) account - G_STRUCT_OFFSET (ImpAnalyzerHost, account));
}

/* An analyzer is taken to need so much memory, besides its context and what it holds. */
#define IMP_HOSTED_ANALYZER_MEMORY 1024

/* The hoarder that has most, and more than @otherwise, which is returned if there is none. */
ImpHostedAnalyzer *imp_analyzer_host_find_hoarder (const ImpAnalyzerHost *self,
                                                   ImpHostedAnalyzer *otherwise);

/* The client is told that this one, which takes so many bytes, is ended since the server keeps too
 * much, and it is. */
void imp_analyzer_host_have_pay (ImpAnalyzerHost *self, gint64 id, gsize memory);

/* Takes @analyzer. @context_size: bytes of its context. */
ImpHostedAnalyzer *imp_hosted_analyzer_new (ImpAnalyzerHost *host, gint64 id, ImpAnalyzer *analyzer,
                                            gsize context_size);
/* Sends what the plugin has said already, and then each result as it comes. The caller has a hold
 * on the analyzer and the host. */
void imp_hosted_analyzer_start (ImpHostedAnalyzer *self);
/* Closes and frees it, once nobody uses it any more: the plugin can have asked for this. The host
 * is not touched after this. */
void imp_hosted_analyzer_remove (ImpHostedAnalyzer *self);

/* In these the caller has a hold on the host; the analyzer can be gone afterwards. */
void imp_hosted_analyzer_feed (ImpHostedAnalyzer *self, ImpDirection direction, const ImpView *data,
                               gint64 offset, gint32 data_type);
void imp_hosted_analyzer_set_busy (ImpHostedAnalyzer *self, ImpDirection direction, gboolean busy);

gint64 imp_hosted_analyzer_get_id (const ImpHostedAnalyzer *self);
/* Whether its plugin must not see bytes that may change. */
gboolean imp_hosted_analyzer_wants_stable_input (const ImpHostedAnalyzer *self);
/* How much memory it takes, in bytes. */
gsize imp_hosted_analyzer_get_memory (const ImpHostedAnalyzer *self);
gsize imp_hosted_analyzer_get_context_size (const ImpHostedAnalyzer *self);

/* How it is. */
typedef struct
{
  gint64 id;
  ImpAnalyzer *analyzer;
  gsize held;          /* bytes without a verdict, or with one that waits for a busy direction */
  gsize queued;        /* bytes of verdicts that the client does not read */
  gint64 held_since;   /* when it last held less, in monotonic time; 0: it holds nothing */
  guint verdict;       /* the type of the last one, or 0 */
  gboolean is_paused;  /* it does not want to be fed in a direction */
  gboolean is_waiting; /* it has to say something */
} ImpHostedFacts;

void imp_hosted_analyzer_get_facts (const ImpHostedAnalyzer *self, ImpHostedFacts *facts);

/* For the funcs of the host's input, and its output, whose owners are hosted analyzers. */
gboolean imp_hosted_analyzer_take_input_turn (ImpServerInputEntry *entry);
gboolean imp_hosted_analyzer_take_output_turn (gpointer owner);

G_END_DECLS
