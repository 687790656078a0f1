/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-id-table-private.h"
#include "rpc/server/imp-hosted-analyzer-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint max_analyzers;
  gsize max_context_all; /* bytes of contexts */
  gsize max_held;        /* bytes without a verdict, or with one that waits, per analyzer */
  gsize max_output;      /* bytes of verdicts that wait for the client, per analyzer */
  gsize max_held_all;    /* bytes of both, of all */
  gsize max_waiting;     /* bytes of verdicts for a busy direction, above which it is not fed */
} ImpServerAnalyzersLimits;

/* All analyzers of one connection, and the memory that the connection takes: part of it. Where that
 * is too much, they pay before the connection does. */
typedef struct
{
  ImpAnalyzerHost host; /* the first */
  ImpServerAnalyzersLimits limits;
  ImpIdTable table; /* of ImpHostedAnalyzer, or this itself for one that is ignored */
  guint n_ignored;
  gsize cursor;   /* where the next one that has to pay is looked for */
  gsize contexts; /* bytes of theirs */
  gsize alone;    /* bytes that the connection takes itself */
} ImpServerAnalyzers;

/* @peer: see imp_server_account_open(). */
void imp_server_analyzers_init (ImpServerAnalyzers *self, const ImpServerAnalyzersLimits *limits,
                                const ImpAnalyzerHostFuncs *funcs, ImpServerTotals *totals,
                                const char *peer);
/* After imp_server_analyzers_end(), or instead of imp_server_analyzers_start(). */
void imp_server_analyzers_clear (ImpServerAnalyzers *self);
void imp_server_analyzers_start (ImpServerAnalyzers *self, GMainContext *context);
/* What an id takes whose analyzer is ignored: its share of the table, at the most. */
#define IMP_IGNORED_ANALYZER_MEMORY 128

/* There are no analyzers any more, and no memory is counted. */
void imp_server_analyzers_end (ImpServerAnalyzers *self);

/* Why there cannot be another analyzer; NULL if there can. Others may have to pay for it, and the
 * connection may end. @overload: whether it is by a limit. */
char *imp_server_analyzers_check_new (ImpServerAnalyzers *self, gint64 id, gsize context_size,
                                      gboolean *overload);
/* Takes @analyzer. */
void imp_server_analyzers_add (ImpServerAnalyzers *self, gint64 id, ImpAnalyzer *analyzer,
                               gsize context_size);
/* The client has this one, and the factory is not interested: there is no analyzer, and whatever
 * comes for it is ignored. */
void imp_server_analyzers_add_ignored (ImpServerAnalyzers *self, gint64 id);
/* If there is such a one. */
void imp_server_analyzers_remove (ImpServerAnalyzers *self, gint64 id);
void imp_server_analyzers_remove_all (ImpServerAnalyzers *self);
/* The client is told that each of them is ended since a limit was met, as @text says, and they are.
 * This may end the connection. */
void imp_server_analyzers_fail_all (ImpServerAnalyzers *self, const char *text);

/* Something can perhaps be sent and fed now. */
void imp_server_analyzers_resume (ImpServerAnalyzers *self);

/* What the connection takes besides its analyzers. */
void imp_server_analyzers_set_alone (ImpServerAnalyzers *self, gsize bytes);
/* Whether anybody has to pay for what the connection takes now. */
void imp_server_analyzers_check (ImpServerAnalyzers *self);

static inline guint
imp_server_analyzers_get_n (const ImpServerAnalyzers *self)
{
  return self->table.n_values;
}

/* NULL if there is none. One that is ignored has nothing but its id. */
static inline ImpHostedAnalyzer *
imp_server_analyzers_look_up (const ImpServerAnalyzers *self, gint64 id)
{
  return imp_id_table_lookup (&self->table, id);
}

static inline gboolean
imp_server_analyzers_is_ignored (const ImpServerAnalyzers *self, const ImpHostedAnalyzer *analyzer)
{
  return (gconstpointer) analyzer == self;
}

static inline void
imp_server_analyzers_count_refusal (ImpServerAnalyzers *self, ImpServerRefusal refusal)
{
  imp_server_account_count_refusal (&self->host.account, refusal);
}

G_END_DECLS
