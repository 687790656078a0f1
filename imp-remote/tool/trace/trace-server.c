/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/trace/trace-server.h"

#include "rpc/server/imp-server-tracer-private.h"
#include "tool/trace/trace.h"

static gpointer
trace_server_begin (const char *parent, gpointer user_data)
{
  return trace_begin (parent, TRACE_KIND_SERVER, NULL);
}

/* A refusal is an outcome as good as any; a failure is none. */
static void
trace_server_end (gpointer life, const ImpServerLife *what, gpointer user_data)
{
  const char *outcome = what->refusal != 0      ? imp_result_type_to_string (what->refusal)
                        : what->failure != NULL ? "failed"
                                                : "passed";
  const TraceAttribute attributes[] = {
    { "imp.analyzer", what->type, 0 },
    { "imp.client.bytes", NULL, what->bytes[0] },
    { "imp.server.bytes", NULL, what->bytes[1] },
    { "imp.verdicts", NULL, what->n_verdicts },
    { "imp.outcome", outcome, 0 },
    { NULL, NULL, 0 },
  };

  trace_end (life, user_data, what->failure, attributes);
}

void
trace_server_follow (ImpServer *server, const char *name)
{
  ImpServerTracer *tracer;

  if (!trace_is_on ())
    return;
  tracer = g_object_get_data (G_OBJECT (server), IMP_SERVER_TRACER_KEY);
  if (tracer != NULL)
    {
      tracer->user_data = (gpointer) name;
      return;
    }
  tracer = g_new (ImpServerTracer, 1);
  *tracer = (ImpServerTracer){
    .begin = trace_server_begin,
    .end = trace_server_end,
    .user_data = (gpointer) name,
  };
  g_object_set_data_full (G_OBJECT (server), IMP_SERVER_TRACER_KEY, tracer, g_free);
}
