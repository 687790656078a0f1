/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* Memory to read into, see io/imp-arena-private.h; here it is only handed on. */
typedef struct _ImpArena ImpArena;

/* Whom a verdict waits for, of an analyzer that stands for others; what is not known is NULL. */
typedef struct
{
  const char *part;     /* of several, the one that has the data now */
  const char *server;   /* where it is, if that is elsewhere */
  const char *obstacle; /* "connect" if that cannot be reached yet, "send" if it does not read */
} ImpProxyWait;

/* What a class of analyzers that stand for others can say of them: ImpAnalyzerClass.proxy. */
typedef struct
{
  const char *(*peek_name) (ImpAnalyzer *self); /* NULL: it stands for none any more */
  gboolean (*has_deadline) (ImpAnalyzer *self);
  gboolean varies; /* what that says: so it has to be asked again when the time is over */
  ImpArena *(*peek_arena) (ImpAnalyzer *self); /* may be NULL, or give NULL */
  /* See imp_proxy_query_statuses(); takes @task, which gets a GList of ImpFactoryStatus within
   * @timeout_ms. */
  void (*query_statuses) (ImpAnalyzer *self, guint timeout_ms, GTask *task);
  void (*find_wait) (ImpAnalyzer *self, ImpProxyWait *wait); /* may be NULL */
} ImpProxyFuncs;

/* Of any analyzer. What it is called, for people: the name of what it stands for, or its type. */
const char *imp_proxy_peek_name (ImpAnalyzer *analyzer);
/* Is it for others to say when its verdicts take too long? It gets its outcome from them then. */
static inline gboolean
imp_proxy_has_deadline (ImpAnalyzer *analyzer)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;

  return proxy != NULL && proxy->has_deadline (analyzer);
}

/* The same, and it stays so. */
static inline gboolean
imp_proxy_keeps_deadline (ImpAnalyzer *analyzer)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;

  return proxy != NULL && !proxy->varies && proxy->has_deadline (analyzer);
}

/* Fills in what is known, and leaves the rest. */
static inline void
imp_proxy_find_wait (ImpAnalyzer *analyzer, ImpProxyWait *wait)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;

  if (proxy != NULL && proxy->find_wait != NULL)
    proxy->find_wait (analyzer, wait);
}

/* As imp_factory_query_statuses_async(), about what the analyzer is made of and nothing else: where
 * it stands for one that is elsewhere, the place that has that one is asked, and behind it. Of
 * other analyzers @factory, which has made it, is asked. */
void imp_proxy_query_statuses (ImpAnalyzer *analyzer, ImpFactory *factory, guint timeout_ms,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
GList *imp_proxy_query_statuses_finish (ImpAnalyzer *analyzer, GAsyncResult *result,
                                        GError **error);

/* Where input for it is best read into; NULL: anywhere. */
static inline ImpArena *
imp_proxy_peek_arena (ImpAnalyzer *analyzer)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;

  return proxy != NULL && proxy->peek_arena != NULL ? proxy->peek_arena (analyzer) : NULL;
}

G_END_DECLS
