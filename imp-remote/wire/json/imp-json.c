/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/json/imp-json-private.h"

/* Blanks and empty lines before a message are passed over, but nobody needs more of them. */
#define BLANKS_MAX 4096

static ImpDecodeStatus
recognize (const guint8 *data, gsize length)
{
  return data[0] == '{' ? IMP_DECODE_DONE : IMP_DECODE_BAD;
}

static gboolean
encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  if (!imp_message_check (message, version, error))
    return FALSE;
  imp_json_write (message, version, output);
  imp_output_buffer_append (output, "\n", 1);
  return TRUE;
}

static gboolean
is_blank (const guint8 *p, const guint8 *end)
{
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
    p++;
  return p == end;
}

static ImpDecodeStatus
too_long (GError **error, const char *what, gsize max)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT, "JSON: %s longer than %" G_GSIZE_FORMAT " bytes",
               what, max);
  return IMP_DECODE_BAD;
}

/* The first line that is not blank, with what is blank before it, so that the same bytes are
 * judged in the same way however they were cut. */
static ImpDecodeStatus
take_line (ImpCursor *input, const ImpWireLimits *limits, ImpCursor *line, gsize *need,
           GError **error)
{
  const guint8 *begin = imp_cursor_here (input);
  gsize left = imp_cursor_left (input), from = input->searched, blank = 0;

  g_return_val_if_fail (from <= left, IMP_DECODE_BAD);

  for (;;)
    {
      const guint8 *end = from < left ? memchr (begin + from, '\n', left - from) : NULL;

      if (blank > BLANKS_MAX)
        return too_long (error, "what is blank before a message is", BLANKS_MAX);
      if ((end != NULL ? (gsize) (end - begin) : left) >= limits->max_message)
        return too_long (error, "a line (max-message) is", limits->max_message);
      if (end == NULL)
        {
          input->searched = left;
          *need = left + 1;
          return IMP_DECODE_MORE;
        }
      from = end + 1 - begin;
      if (!is_blank (begin + blank, end))
        break;
      blank = from;
    }
  imp_cursor_take_cursor (input, from, line);
  input->searched = 0;
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
        GError **error)
{
  ImpCursor line;
  ImpDecodeStatus status = take_line (input, limits, &line, need, error);
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;

  if (status != IMP_DECODE_DONE)
    return status;
  if (imp_json_read (&line, limits, &fields, error) && imp_fields_build (&fields, message, error))
    return IMP_DECODE_DONE;
  imp_fields_salvage (&fields, message);
  return IMP_DECODE_BAD;
}

const ImpWire imp_wire_json = {
  .name = "json",
  .max_version = 2,
  .recognize = recognize,
  .encode = encode,
  .decode = decode,
};
