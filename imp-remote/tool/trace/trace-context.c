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
  return g_strconcat ("00-", self->trace, "-", self->span, self->sampled ? "-01" : "-00", NULL);
}

#define HALF_DIGITS 16

/* Hexadecimal, and not 0, which would be no id. */
static void
trace_context_choose (char *digits)
{
  guint64 number;

  do
    number = (guint64) g_random_int () << 32 | g_random_int ();
  while (number == 0);
  for (guint i = 0; i < HALF_DIGITS; i++, number <<= 4)
    digits[i] = "0123456789abcdef"[number >> 60];
  digits[HALF_DIGITS] = '\0';
}

void
trace_context_init (TraceContext *self, const TraceContext *parent, gboolean sampled)
{
  if (parent != NULL)
    memcpy (self->trace, parent->trace, sizeof self->trace);
  else
    {
      trace_context_choose (self->trace);
      trace_context_choose (self->trace + HALF_DIGITS);
    }
  trace_context_choose (self->span);
  self->sampled = sampled;
}
