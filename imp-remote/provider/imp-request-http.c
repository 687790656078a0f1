/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"
#include "provider/imp-request-private.h"

#include <string.h>

#define METHOD "CONNECT "
#define HEAD_END "\r\n\r\n"
#define HEAD_MAX 8192

typedef struct
{
  guint code;
  const char *phrase;
} HttpStatus;

static const HttpStatus status_malformed = { 400, "Bad Request" };
static const HttpStatus status_method = { 405, "Method Not Allowed" };
static const HttpStatus status_too_long = { 431, "Request Header Fields Too Large" };
static const HttpStatus status_version = { 505, "HTTP Version Not Supported" };

/* ---- answers ---- */

static HttpStatus
http_get_status (ImpRequestOutcome outcome)
{
  switch (outcome)
    {
    case IMP_REQUEST_GRANTED:
      return (HttpStatus){ 200, "Connection established" };
    case IMP_REQUEST_DENIED:
      return (HttpStatus){ 403, "Forbidden" };
    case IMP_REQUEST_TIMED_OUT:
      return (HttpStatus){ 504, "Gateway Timeout" };
    case IMP_REQUEST_FAILED:
    case IMP_REQUEST_NO_NETWORK:
    case IMP_REQUEST_NO_HOST:
    case IMP_REQUEST_REFUSED:
    default:
      return (HttpStatus){ 502, "Bad Gateway" };
    }
}

static GBytes *
http_refusal (const HttpStatus *status, const char *reason)
{
  const char *text = reason != NULL ? reason : status->phrase;
  char *answer = g_strdup_printf ("HTTP/1.1 %u %s\r\n"
                                  "%s"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Length: %" G_GSIZE_FORMAT "\r\n"
                                  "Connection: close\r\n"
                                  "\r\n"
                                  "%s\n",
                                  status->code, status->phrase,
                                  status->code == 405 ? "Allow: CONNECT\r\n" : "",
                                  strlen (text) + 1, text);

  return g_bytes_new_take (answer, strlen (answer));
}

static GBytes *
http_answer (const ImpRequest *self, ImpRequestOutcome outcome, const char *reason,
             GSocketAddress *local)
{
  HttpStatus status = http_get_status (outcome);
  char *answer;

  if (outcome != IMP_REQUEST_GRANTED)
    return http_refusal (&status, reason);
  answer = g_strdup_printf ("HTTP/1.1 %u %s\r\n\r\n", status.code, status.phrase);
  return g_bytes_new_take (answer, strlen (answer));
}

/* ---- the head ---- */

static ImpDecodeStatus http_refuse (ImpRequest *self, const HttpStatus *status, GError **error,
                                    const char *format, ...) G_GNUC_PRINTF (4, 5);

static ImpDecodeStatus
http_refuse (ImpRequest *self, const HttpStatus *status, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "The HTTP client %s", what);
  g_clear_pointer (&self->reply, g_bytes_unref);
  self->reply = http_refusal (status, NULL);
  return IMP_DECODE_BAD;
}

/* "HOST:PORT" or "[IPV6]:PORT". */
static gboolean
http_parse_authority (ImpRequest *self, const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  const char *host = text;
  gsize length = colon != NULL ? (gsize) (colon - text) : 0;
  gboolean bracketed = length >= 2 && host[0] == '[' && host[length - 1] == ']';
  guint64 port;

  if (bracketed)
    {
      host++;
      length -= 2;
    }
  /* Only in brackets there are colons. */
  if (colon == NULL || (memchr (host, ':', length) != NULL) != bracketed
      || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "The HTTP client asks for \"%s\", not for HOST:PORT", text);
      return FALSE;
    }
  return imp_request_set_target (self, host, length, (guint16) port, error);
}

static ImpDecodeStatus
http_parse_request_line (ImpRequest *self, const char *line, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  g_autofree char *shown = imp_clean_text (line, strlen (line), 0);

  if (g_strv_length (words) != 3 || !g_str_is_ascii (line))
    return http_refuse (self, &status_malformed, error, "sends the line \"%s\"", shown);
  if (!g_str_equal (words[2], "HTTP/1.1") && !g_str_equal (words[2], "HTTP/1.0"))
    return http_refuse (self, &status_version, error, "speaks \"%s\", not HTTP/1.1", words[2]);
  if (http_parse_authority (self, words[1], error))
    return IMP_DECODE_DONE;
  self->reply = http_refusal (&status_malformed, NULL);
  return IMP_DECODE_BAD;
}

static gboolean
http_is_token (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("!#$%&'*+-.^_`|~", text[i]) == NULL)
      return FALSE;
  return length > 0;
}

/* Nothing of them is of interest, but what is no header may be something else to others. */
static ImpDecodeStatus
http_check_fields (ImpRequest *self, char **lines, GError **error)
{
  for (char **line = lines; *line != NULL; line++)
    {
      const char *colon = strchr (*line, ':');
      g_autofree char *shown = NULL;

      if (colon != NULL && http_is_token (*line, colon - *line))
        continue;
      shown = imp_clean_text (*line, strlen (*line), 0);
      return http_refuse (self, &status_malformed, error, "sends the header \"%s\"", shown);
    }
  return IMP_DECODE_DONE;
}

/* @head: without the empty line at its end; it has no control characters but CR LF and tabs. */
static ImpDecodeStatus
http_parse_head (ImpRequest *self, const char *head, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  ImpDecodeStatus status = http_check_fields (self, lines + 1, error);

  return status == IMP_DECODE_DONE ? http_parse_request_line (self, lines[0], error) : status;
}

/* The first bytes tell what it is: the rest of what is none need not be waited for. */
static ImpDecodeStatus
http_check_method (ImpRequest *self, const guint8 *data, gsize length, GError **error)
{
  gsize n = MIN (length, strlen (METHOD));

  if (memcmp (data, METHOD, n) == 0)
    return IMP_DECODE_DONE;
  if (g_ascii_isupper (data[0]))
    return http_refuse (self, &status_method, error, "uses another method than CONNECT");
  return http_refuse (self, &status_malformed, error, "begins with the byte 0x%02x", data[0]);
}

/* FALSE: a byte that no head has, of those that have not been looked at; a CR at the end of them
 * waits for what follows. */
static gboolean
http_scan (ImpRequest *self, const guint8 *data, gsize length, guint8 *wrong)
{
  gsize i = self->scanned;

  for (; i < length; i++)
    {
      *wrong = data[i];
      if (data[i] == '\r' && i + 1 == length)
        break;
      if (data[i] == '\r'   ? data[i + 1] != '\n'
          : data[i] == '\n' ? i == 0 || data[i - 1] != '\r'
                            : (data[i] < ' ' && data[i] != '\t') || data[i] == 0x7f)
        return FALSE;
      if (data[i] == '\n' && i >= 3 && memcmp (data + i - 3, HEAD_END, 4) == 0)
        break;
    }
  self->scanned = i;
  return TRUE;
}

static ImpDecodeStatus
http_decode (ImpRequest *self, const guint8 *data, gsize length, gsize *used, GError **error)
{
  gsize seen = MIN (length, HEAD_MAX);
  g_autofree char *head = NULL;
  guint8 wrong = 0;

  *used = 0;
  if (length == 0)
    return IMP_DECODE_MORE;
  if (http_check_method (self, data, seen, error) != IMP_DECODE_DONE)
    return IMP_DECODE_BAD;
  if (!http_scan (self, data, seen, &wrong))
    return http_refuse (self, &status_malformed, error, "has the byte 0x%02x in its head", wrong);
  if (self->scanned == seen || data[self->scanned] != '\n')
    {
      if (length < HEAD_MAX)
        return IMP_DECODE_MORE;
      return http_refuse (self, &status_too_long, error, "sends a head of more than %d bytes",
                          HEAD_MAX);
    }
  *used = self->scanned + 1;
  head = g_strndup ((const char *) data, *used - strlen (HEAD_END));
  return http_parse_head (self, head, error);
}

const ImpRequestProtocol imp_request_http = {
  .name = "HTTP CONNECT",
  .max_length = HEAD_MAX,
  .decode = http_decode,
  .answer = http_answer,
};
