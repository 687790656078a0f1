/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/trace/trace-context.h"

#include <string.h>

/* "00-", the trace, "-", the span, "-", flags. */
#define TRACE_AT 3
#define TRACE_LENGTH 32
#define SPAN_AT (TRACE_AT + TRACE_LENGTH + 1)
#define SPAN_LENGTH 16
#define FLAGS_AT (SPAN_AT + SPAN_LENGTH + 1)
#define FLAGS_LENGTH 2
#define LENGTH (FLAGS_AT + FLAGS_LENGTH)

static gboolean
trace_context_is_hex (const char *text, gsize length)
{
  return strspn (text, "0123456789abcdef") >= length;
}

/* All zero is none. */
static gboolean
trace_context_is_id (const char *text, gsize length)
{
  return trace_context_is_hex (text, length) && strspn (text, "0") < length;
}

/* Later versions may have more behind it. */
static gboolean
trace_context_has_end (const char *text)
{
  return text[LENGTH] == '\0' || (text[LENGTH] == '-' && strncmp (text, "00", 2) != 0);
}

gboolean
trace_context_parse (TraceContext *self, const char *text)
{
  if (text == NULL || strnlen (text, LENGTH) < LENGTH || !trace_context_is_hex (text, 2)
      || strncmp (text, "ff", 2) == 0 || text[TRACE_AT - 1] != '-' || text[SPAN_AT - 1] != '-'
      || text[FLAGS_AT - 1] != '-' || !trace_context_is_id (text + TRACE_AT, TRACE_LENGTH)
      || !trace_context_is_id (text + SPAN_AT, SPAN_LENGTH)
      || !trace_context_is_hex (text + FLAGS_AT, FLAGS_LENGTH) || !trace_context_has_end (text))
    return FALSE;
  memcpy (self->trace, text + TRACE_AT, TRACE_LENGTH);
  self->trace[TRACE_LENGTH] = '\0';
  memcpy (self->span, text + SPAN_AT, SPAN_LENGTH);
  self->span[SPAN_LENGTH] = '\0';
  self->sampled = (g_ascii_xdigit_value (text[FLAGS_AT + 1]) & 1) != 0;
  return TRUE;
}

char *
trace_context_to_string (const TraceContext *self)
{
  return g_strdup_printf ("00-%s-%s-%s", self->trace, self->span, self->sampled ? "01" : "00");
}

static guint64
trace_context_choose (void)
{
  guint64 number;

  do
    number = (guint64) g_random_int () << 32 | g_random_int ();
  while (number == 0);
  return number;
}

void
trace_context_init (TraceContext *self, const TraceContext *parent, gboolean sampled)
{
  if (parent != NULL)
    memcpy (self->trace, parent->trace, sizeof self->trace);
  else
    g_snprintf (self->trace, sizeof self->trace,
                "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", trace_context_choose (),
                trace_context_choose ());
  g_snprintf (self->span, sizeof self->span, "%016" G_GINT64_MODIFIER "x", trace_context_choose ());
  self->sampled = sampled;
}
