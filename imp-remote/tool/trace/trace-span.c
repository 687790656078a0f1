/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/trace/trace-span.h"

#include "core/imp-clean-text-private.h"
#include "tool/json-text.h"

#include <imp-remote.h>
#include <unistd.h>

#define STATUS_ERROR 2

/* A span is written for each short connection, and printf() is most of what that would cost. */
static void
trace_append_number (GString *json, guint64 number)
{
  char digits[20];
  guint n = sizeof digits;

  do
    digits[--n] = '0' + number % 10;
  while ((number /= 10) > 0);
  g_string_append_len (json, digits + n, sizeof digits - n);
}

static void
trace_append_unclean (GString *json, const char *text)
{
  g_autofree char *clean = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);

  json_text_append (json, clean);
}

/* Most names and addresses are clean. */
static gboolean
trace_text_is_plain (const char *text)
{
  const char *p = text;

  while (*p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\' && p - text < IMP_CLEAN_TEXT_MAX)
    p++;
  return *p == '\0';
}

static void
trace_append_text (GString *json, const char *text)
{
  if (trace_text_is_plain (text))
    {
      g_string_append_c (json, '"');
      g_string_append (json, text);
      g_string_append_c (json, '"');
      return;
    }
  trace_append_unclean (json, text);
}

/* Numbers of 64 bits are strings. */
static void
trace_append_attribute (GString *json, const TraceAttribute *attribute)
{
  g_string_append (json, "{\"key\":");
  trace_append_text (json, attribute->key);
  if (attribute->text == NULL)
    {
      g_string_append (json, ",\"value\":{\"intValue\":\"");
      trace_append_number (json, attribute->number);
      g_string_append (json, "\"}}");
    }
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

static GString *
trace_make_resource (void)
{
  GString *json = g_string_new (NULL);
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
  return json;
}

/* The same in all of them. */
static void
trace_append_resource (GString *json)
{
  static GString *made;

  if (made == NULL)
    made = trace_make_resource ();
  g_string_append_len (json, made->str, made->len);
}

static void
trace_append_key (GString *json, const char *key, const char *value)
{
  g_string_append (json, key);
  g_string_append (json, value);
  g_string_append_c (json, '"');
}

static void
trace_append_time (GString *json, const char *key, gint64 microseconds)
{
  g_string_append (json, key);
  trace_append_number (json, microseconds);
  g_string_append (json, "000\"");
}

void
trace_span_append_json (const TraceSpan *self, const char *name, const char *failure,
                        const TraceAttribute *attributes, GString *json)
{
  const gint64 now = g_get_real_time ();

  trace_append_resource (json);
  trace_append_key (json, "{\"traceId\":\"", self->context.trace);
  trace_append_key (json, ",\"spanId\":\"", self->context.span);
  if (self->parent[0] != '\0')
    trace_append_key (json, ",\"parentSpanId\":\"", self->parent);
  g_string_append (json, ",\"name\":");
  trace_append_text (json, name);
  g_string_append (json, ",\"kind\":");
  trace_append_number (json, self->kind);
  trace_append_time (json, ",\"startTimeUnixNano\":\"", self->begin);
  /* The clock may have been set meanwhile. */
  trace_append_time (json, ",\"endTimeUnixNano\":\"", MAX (now, self->begin));
  g_string_append_c (json, ',');
  trace_append_attributes (json, attributes);
  g_string_append (json, ",\"status\":{");
  if (failure != NULL)
    {
      g_string_append_printf (json, "\"code\":%d,\"message\":", STATUS_ERROR);
      trace_append_text (json, failure);
    }
  g_string_append (json, "}}]}]}]}\n");
}
