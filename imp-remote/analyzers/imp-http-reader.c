/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-reader-private.h"

#include <string.h>

void
imp_http_reader_init (ImpHttpReader *self, ImpHttpPart part, const ImpHttpRules *rules)
{
  *self = (ImpHttpReader){ .rules = rules, .part = part, .partial = g_byte_array_new () };
}

void
imp_http_reader_clear (ImpHttpReader *self)
{
  g_clear_pointer (&self->partial, g_byte_array_unref);
}

static ImpHttpEventKind
http_reader_refuse (ImpHttpEvent *event, guint status, const char *reason)
{
  imp_http_problem_set (&event->problem, status, "%s", reason);
  return IMP_HTTP_EVENT_BAD;
}

/* Whose head it is that has a limit. */
static ImpHttpEventKind
http_reader_refuse_size (ImpHttpEvent *event, const char *what, guint max, const char *setting)
{
  imp_http_problem_set (&event->problem, 431, "%s has more than %u bytes (%s)", what, max, setting);
  return IMP_HTTP_EVENT_BAD;
}

/* ---- heads and trailers: as a whole, up to their empty line ---- */

/* How long it is with its empty line, or 0: its end is not there. @is_empty: the empty line may be
 * the first one. */
static gsize
http_reader_find_end (const guint8 *data, gsize length, gsize from, gboolean may_be_empty)
{
  if (may_be_empty && length >= 2 && data[0] == '\r' && data[1] == '\n')
    return 2;
  if (may_be_empty && length >= 1 && data[0] == '\n')
    return 1;
  while (from < length)
    {
      const guint8 *at = memchr (data + from, '\n', length - from);

      if (at == NULL)
        return 0;
      from = at - data + 1;
      if (length - from >= 1 && data[from] == '\n')
        return from + 1;
      if (length - from >= 2 && data[from] == '\r' && data[from + 1] == '\n')
        return from + 2;
    }
  return 0;
}

/* Puts by what has come of it. */
static void
http_reader_keep (ImpHttpReader *self, const guint8 *data, gsize length)
{
  g_byte_array_append (self->partial, data, length);
}

/* Gives the section as a whole, or NULL: it is not there, or too long. */
static const guint8 *
http_reader_take_section (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                          gsize *section_length)
{
  const gboolean may_be_empty = self->state == IMP_HTTP_READER_TRAILERS;
  const gsize max = self->rules->max_head, old = self->partial->len;
  gsize end;

  /* The last line feed may be the one that the empty line comes behind. */
  if (old == 0)
    {
      end = http_reader_find_end (data, length, 0, may_be_empty);
      *used = end > 0 ? end : MIN (length, max + 1);
      *section_length = *used;
      if (end > 0 && end <= max)
        return data;
      http_reader_keep (self, data, MIN (*used, max + 1));
    }
  else
    {
      http_reader_keep (self, data, MIN (length, max + 1 - old));
      end = http_reader_find_end (self->partial->data, self->partial->len, self->searched,
                                  may_be_empty);
      *used = (end > 0 ? end : self->partial->len) - old;
      *section_length = end;
      if (end > 0 && end <= max)
        {
          g_byte_array_set_size (self->partial, end);
          return self->partial->data;
        }
    }
  self->searched = self->partial->len - MIN (self->partial->len, 2);
  return NULL;
}

static void
http_reader_forget (ImpHttpReader *self)
{
  g_byte_array_set_size (self->partial, 0);
  self->searched = 0;
}

static ImpHttpEventKind
http_reader_read_section (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                          ImpHttpEvent *event)
{
  const gboolean is_trailer = self->state == IMP_HTTP_READER_TRAILERS;
  gsize section_length = 0;
  const guint8 *section = http_reader_take_section (self, data, length, used, &section_length);

  if (section == NULL && self->partial->len > self->rules->max_head)
    return http_reader_refuse_size (event, is_trailer ? "the trailer section" : "the head",
                                    self->rules->max_head, "max-head-size");
  if (section == NULL)
    return IMP_HTTP_EVENT_MORE;
  event->head = imp_http_parse (self->rules, is_trailer ? IMP_HTTP_TRAILERS : self->part, section,
                                section_length, &event->problem);
  http_reader_forget (self);
  if (event->head == NULL
      || (is_trailer && !imp_http_check_trailers (self->rules, event->head, &event->problem)))
    return IMP_HTTP_EVENT_BAD;
  self->state = is_trailer ? IMP_HTTP_READER_DONE : IMP_HTTP_READER_WAIT;
  return is_trailer ? IMP_HTTP_EVENT_TRAILERS : IMP_HTTP_EVENT_HEAD;
}

/* RFC 9112, 2.2: an empty line before a request is nothing; more of them, or others, are. */
static ImpHttpEventKind
http_reader_read_blank (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                        ImpHttpEvent *event)
{
  const gboolean has_cr = self->partial->len > 0;

  *used = 1;
  if (!has_cr && *data == '\r')
    {
      http_reader_keep (self, data, 1);
      return IMP_HTTP_EVENT_MORE;
    }
  if (*data != '\n')
    return http_reader_refuse (event, 400, "there is a CR without LF before a request");
  http_reader_forget (self);
  self->n_blank++;
  if (!self->rules->strict && !has_cr)
    return http_reader_refuse (event, 400, "a line ends with LF, not with CR LF");
  if (!self->rules->strict && self->n_blank > 1)
    return http_reader_refuse (event, 400, "there is more than one empty line before a request");
  return IMP_HTTP_EVENT_BLANK;
}

static ImpHttpEventKind
http_reader_read_start (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                        ImpHttpEvent *event)
{
  if (length == 0)
    return IMP_HTTP_EVENT_MORE;
  if (self->part == IMP_HTTP_REQUEST && (*data == '\r' || *data == '\n' || self->partial->len > 0))
    return http_reader_read_blank (self, data, length, used, event);
  /* Of what is no HTTP at all no end of a head may ever come. */
  if (self->part == IMP_HTTP_REQUEST && !imp_http_is_token_char (*data))
    return http_reader_refuse (event, 400, "what comes is no request of HTTP");
  if (self->part == IMP_HTTP_RESPONSE && *data != 'H')
    return http_reader_refuse (event, 502, "what comes is no response of HTTP");
  self->n_blank = 0;
  self->state = IMP_HTTP_READER_HEAD;
  return http_reader_read_section (self, data, length, used, event);
}

/* ---- bodies ---- */

static ImpHttpEventKind
http_reader_read_body (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                       ImpHttpEvent *event)
{
  gsize n = self->state == IMP_HTTP_READER_UNTIL_END ? length : MIN (self->remaining, length);

  if (n == 0)
    return IMP_HTTP_EVENT_MORE;
  *used = n;
  event->data = data;
  event->length = n;
  imp_http_reader_skip (self, n);
  return IMP_HTTP_EVENT_BODY;
}

/* A line up to its LF, or NULL: it is not there, or too long. */
static const guint8 *
http_reader_take_line (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                       gsize *line_length)
{
  const guint8 *end = length > 0 ? memchr (data, '\n', length) : NULL;
  const gsize max = self->rules->max_line;

  *used = end != NULL ? (gsize) (end - data) + 1 : length;
  if (end != NULL && self->partial->len == 0 && *used <= max)
    {
      *line_length = *used;
      return data;
    }
  if (*used > max + 1 - self->partial->len)
    *used = max + 1 - self->partial->len;
  http_reader_keep (self, data, *used);
  if (end == NULL || self->partial->len > max)
    return NULL;
  *line_length = self->partial->len;
  return self->partial->data;
}

/* Takes away what ends the line. */
static gboolean
http_reader_trim_line (ImpHttpReader *self, const guint8 *line, gsize *length, gboolean *is_changed,
                       ImpHttpEvent *event)
{
  *length -= 1;
  if (*length > 0 && line[*length - 1] == '\r')
    {
      *length -= 1;
      return TRUE;
    }
  *is_changed = TRUE;
  return self->rules->strict
         || imp_http_problem_set (&event->problem, 400,
                                  "a line of the body ends with LF, not with CR LF");
}

static ImpHttpEventKind
http_reader_read_chunk_line (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                             ImpHttpEvent *event)
{
  gsize line_length;
  const guint8 *line = http_reader_take_line (self, data, length, used, &line_length);
  gboolean is_changed = FALSE;

  if (line == NULL && self->partial->len > self->rules->max_line)
    return http_reader_refuse_size (event, "the line before a chunk", self->rules->max_line,
                                    "max-line");
  if (line == NULL)
    return IMP_HTTP_EVENT_MORE;
  if (!http_reader_trim_line (self, line, &line_length, &is_changed, event)
      || !imp_http_parse_chunk (self->rules, line, line_length, &self->remaining, &is_changed,
                                &event->problem))
    return IMP_HTTP_EVENT_BAD;
  http_reader_forget (self);
  if (is_changed)
    {
      char *text = g_strdup_printf ("%" G_GINT64_MODIFIER "x\r\n", self->remaining);

      event->text = g_bytes_new_take (text, strlen (text));
    }
  self->state = self->remaining > 0 ? IMP_HTTP_READER_CHUNK : IMP_HTTP_READER_TRAILERS;
  return IMP_HTTP_EVENT_FRAME;
}

/* What stands behind a chunk: CR LF, and nothing else. */
static ImpHttpEventKind
http_reader_read_chunk_end (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                            ImpHttpEvent *event)
{
  const gboolean has_cr = self->partial->len > 0;

  if (length == 0)
    return IMP_HTTP_EVENT_MORE;
  *used = 1;
  if (!has_cr && *data == '\r')
    {
      http_reader_keep (self, data, 1);
      return IMP_HTTP_EVENT_MORE;
    }
  if (*data != '\n' || (!has_cr && !self->rules->strict))
    return http_reader_refuse (event, 400, "a chunk does not end with CR LF where its size says");
  if (!has_cr)
    event->text = g_bytes_new_static ("\r\n", 2);
  http_reader_forget (self);
  self->state = IMP_HTTP_READER_CHUNK_LINE;
  return IMP_HTTP_EVENT_FRAME;
}

/* ---- all of it ---- */

ImpHttpEventKind
imp_http_reader_next (ImpHttpReader *self, const guint8 *data, gsize length, gsize *used,
                      ImpHttpEvent *event)
{
  *used = 0;
  *event = (ImpHttpEvent){ 0 };
  switch (self->state)
    {
    case IMP_HTTP_READER_START:
      return http_reader_read_start (self, data, length, used, event);
    case IMP_HTTP_READER_HEAD:
    case IMP_HTTP_READER_TRAILERS:
      return length > 0 ? http_reader_read_section (self, data, length, used, event)
                        : IMP_HTTP_EVENT_MORE;
    case IMP_HTTP_READER_LENGTH:
    case IMP_HTTP_READER_UNTIL_END:
    case IMP_HTTP_READER_CHUNK:
      return http_reader_read_body (self, data, length, used, event);
    case IMP_HTTP_READER_CHUNK_LINE:
      return http_reader_read_chunk_line (self, data, length, used, event);
    case IMP_HTTP_READER_CHUNK_END:
      return http_reader_read_chunk_end (self, data, length, used, event);
    case IMP_HTTP_READER_DONE:
      self->state = IMP_HTTP_READER_START;
      return IMP_HTTP_EVENT_END;
    case IMP_HTTP_READER_WAIT:
    default:
      return IMP_HTTP_EVENT_MORE;
    }
}

void
imp_http_reader_set_body (ImpHttpReader *self, ImpHttpFraming framing, guint64 length)
{
  static const ImpHttpReaderState states[] = {
    [IMP_HTTP_FRAMING_NONE] = IMP_HTTP_READER_DONE,
    [IMP_HTTP_FRAMING_LENGTH] = IMP_HTTP_READER_LENGTH,
    [IMP_HTTP_FRAMING_CHUNKED] = IMP_HTTP_READER_CHUNK_LINE,
    [IMP_HTTP_FRAMING_UNTIL_END] = IMP_HTTP_READER_UNTIL_END,
  };

  self->state = states[framing];
  self->remaining = length;
}

gboolean
imp_http_reader_skip (ImpHttpReader *self, guint64 n)
{
  if (self->state == IMP_HTTP_READER_UNTIL_END)
    return TRUE;
  if ((self->state != IMP_HTTP_READER_LENGTH && self->state != IMP_HTTP_READER_CHUNK)
      || n > self->remaining)
    return FALSE;
  self->remaining -= n;
  if (self->remaining == 0)
    self->state = self->state == IMP_HTTP_READER_LENGTH ? IMP_HTTP_READER_DONE
                                                        : IMP_HTTP_READER_CHUNK_END;
  return TRUE;
}

ImpHttpEventKind
imp_http_reader_finish (ImpHttpReader *self, ImpHttpEvent *event)
{
  *event = (ImpHttpEvent){ 0 };
  if (self->partial->len > 0)
    return http_reader_refuse (event, 400,
                               self->state == IMP_HTTP_READER_HEAD
                                   || self->state == IMP_HTTP_READER_START
                                 ? "the stream ends within a head"
                                 : "the stream ends within a line of a body");
  if (self->state == IMP_HTTP_READER_START)
    return IMP_HTTP_EVENT_MORE;
  if (self->state != IMP_HTTP_READER_UNTIL_END)
    return IMP_HTTP_EVENT_CUT;
  self->state = IMP_HTTP_READER_START;
  return IMP_HTTP_EVENT_END;
}
