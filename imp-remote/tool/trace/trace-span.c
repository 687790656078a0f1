/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/trace/trace-span.h"

#include "core/imp-clean-text-private.h"
#include "tool/json-text.h"

#include <imp-remote.h>
#include <unistd.h>

#define STATUS_ERROR 2

static void
trace_append_text (GString *json, const char *text)
{
  g_autofree char *clean = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);

  json_text_append (json, clean);
}

/* Numbers of 64 bits are strings. */
static void
trace_append_attribute (GString *json, const TraceAttribute *attribute)
{
  g_string_append (json, "{\"key\":");
  json_text_append (json, attribute->key);
  if (attribute->text == NULL)
    g_string_append_printf (json, ",\"value\":{\"intValue\":\"%" G_GUINT64_FORMAT "\"}}",
                            attribute->number);
  else
    {
      g_string_append (json, ",\"value\":{\"stringValue\":");
      trace_append_text (json, attribute->text);
      g_string_append (json, "}}");
    }
}

static void
trace_append_attributes (GString *json, const TraceAttribute *attributes)
{
  g_string_append (json, "\"attributes\":[");
  for (guint i = 0; attributes[i].key != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (json, ',');
      trace_append_attribute (json, &attributes[i]);
    }
  g_string_append_c (json, ']');
}

static void
trace_append_resource (GString *json)
{
  const TraceAttribute attributes[] = {
    { "service.name", "imp-remote", 0 },
    { "process.pid", NULL, (guint64) getpid () },
    { NULL, NULL, 0 },
  };

  g_string_append (json, "{\"resourceSpans\":[{\"resource\":{");
  trace_append_attributes (json, attributes);
  g_string_append_printf (json,
                          "},\"scopeSpans\":[{\"scope\":{\"name\":\"imp-remote\","
                          "\"version\":\"%d.%d.%d\"},\"spans\":[",
                          IMP_MAJOR_VERSION, IMP_MINOR_VERSION, IMP_MICRO_VERSION);
}

static void
trace_append_time (GString *json, const char *key, gint64 microseconds)
{
  g_string_append_printf (json, ",\"%s\":\"%" G_GINT64_FORMAT "000\"", key, microseconds);
}

GString *
trace_span_to_json (const TraceSpan *self, const char *name, const char *failure,
                    const TraceAttribute *attributes)
{
  GString *json = g_string_sized_new (1024);
  const gint64 now = g_get_real_time ();

  trace_append_resource (json);
  g_string_append_printf (json, "{\"traceId\":\"%s\",\"spanId\":\"%s\"", self->context.trace,
                          self->context.span);
  if (self->parent[0] != '\0')
    g_string_append_printf (json, ",\"parentSpanId\":\"%s\"", self->parent);
  g_string_append (json, ",\"name\":");
  trace_append_text (json, name);
  g_string_append_printf (json, ",\"kind\":%d", self->kind);
  trace_append_time (json, "startTimeUnixNano", self->begin);
  /* The clock may have been set meanwhile. */
  trace_append_time (json, "endTimeUnixNano", MAX (now, self->begin));
  g_string_append_c (json, ',');
  trace_append_attributes (json, attributes);
  g_string_append (json, ",\"status\":{");
  if (failure != NULL)
    {
      g_string_append_printf (json, "\"code\":%d,\"message\":", STATUS_ERROR);
      trace_append_text (json, failure);
    }
  g_string_append (json, "}}]}]}]}\n");
  return json;
}
