/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-watermark-private.h"
#include "rpc/server/imp-server-input-private.h"

G_BEGIN_DECLS

/* An analyzer of a client's: what it is told, what it answers, and what it holds. */
typedef struct _ImpHostedAnalyzer ImpHostedAnalyzer;

typedef struct _ImpAnalyzerHost ImpAnalyzerHost;

/* What hosted analyzers ask of their connection. Each of these may end it. */
typedef struct
{
  void (*send) (ImpAnalyzerHost *host, const ImpMessage *message);
  /* The analyzer holds too much: the client is told @text, and it is removed. */
  void (*fail) (ImpAnalyzerHost *host, gint64 id, const char *text);
} ImpAnalyzerHostFuncs;

/* What the analyzers of one connection share: part of it. */
struct _ImpAnalyzerHost
{
  const ImpAnalyzerHostFuncs *funcs;
  ImpServerInput *input;
  gsize max_held;      /* bytes that one of them may hold: see ImpServer:max-held */
  gsize max_held_all;  /* bytes that all of them may hold */
  gsize held;          /* bytes that they hold */
  gboolean takes_want; /* the client has said so: see IMP_FEATURE_WANT */
};

ImpHostedAnalyzer *imp_hosted_analyzer_new (ImpAnalyzerHost *host, gint64 id,
                                            ImpAnalyzer *analyzer);
/* Sends what the plugin has said already, and then each result as it comes. The caller has a hold
 * on the analyzer and the host. */
void imp_hosted_analyzer_start (ImpHostedAnalyzer *self);
/* Closes and frees it, once nobody uses it any more: the plugin can have asked for this. The host
 * is not touched after this. */
void imp_hosted_analyzer_remove (ImpHostedAnalyzer *self);

/* In these the caller has a hold on the host; the analyzer can be gone afterwards. */
void imp_hosted_analyzer_feed (ImpHostedAnalyzer *self, const ImpMessage *message);
void imp_hosted_analyzer_set_busy (ImpHostedAnalyzer *self, ImpDirection direction, gboolean busy);

/* For the funcs of the host's input. */
gboolean imp_hosted_analyzer_take_turn (ImpServerInputEntry *entry);

G_END_DECLS
