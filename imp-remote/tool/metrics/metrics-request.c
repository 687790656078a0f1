/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-request.h"

#include <string.h>

#define PATH "/metrics"
#define LINE_END "\r\n"
#define HEAD_END LINE_END LINE_END

typedef struct
{
  guint code;
  const char *phrase;
  const char *field; /* of the head, or "" */
} RequestStatus;

static const RequestStatus statuses[] = {
  { 200, "OK", "" },
  { 400, "Bad Request", "" },
  { 404, "Not Found", "" },
  { 405, "Method Not Allowed", "Allow: GET, HEAD" LINE_END },
  { 431, "Request Header Fields Too Large", "" },
  { 505, "HTTP Version Not Supported", "" },
};

static const RequestStatus *
request_find_status (guint code)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (statuses[i].code == code)
      return &statuses[i];
  g_assert_not_reached ();
}

/* ---- the format ---- */

/* How much the client wants what an item of Accept says: 0 to 1000. What is no number is 1. */
static guint
request_get_quality (char **parameters)
{
  for (; *parameters != NULL; parameters++)
    {
      const char *text = g_strstrip (*parameters);

      if (g_ascii_strncasecmp (text, "q=", 2) == 0)
        return (guint) (CLAMP (g_ascii_strtod (text + 2, NULL), 0, 1) * 1000);
    }
  return 1000;
}

/* One item, such as "application/openmetrics-text;version=1.0.0;q=0.5". */
static void
request_weigh (const char *item, guint *weights)
{
  g_auto (GStrv) parts = g_strsplit (item, ";", 16);
  const char *type = parts[0] != NULL ? g_strstrip (parts[0]) : "";
  guint quality;

  if (*type == '\0')
    return;
  quality = request_get_quality (parts + 1);
  if (g_ascii_strcasecmp (type, "application/openmetrics-text") == 0)
    weights[METRICS_FORMAT_OPENMETRICS] = MAX (weights[METRICS_FORMAT_OPENMETRICS], quality);
  else if (g_ascii_strcasecmp (type, "text/plain") == 0 || g_str_equal (type, "*/*")
           || g_ascii_strcasecmp (type, "text/*") == 0)
    weights[METRICS_FORMAT_PROMETHEUS] = MAX (weights[METRICS_FORMAT_PROMETHEUS], quality);
}

/* Who does not ask for OpenMetrics gets what all collectors can read. */
static MetricsFormat
request_choose_format (const char *accept)
{
  g_auto (GStrv) items = g_strsplit (accept, ",", 64);
  guint weights[2] = { 0, 0 };

  for (char **item = items; *item != NULL; item++)
    request_weigh (*item, weights);
  return weights[METRICS_FORMAT_OPENMETRICS] > 0
             && weights[METRICS_FORMAT_OPENMETRICS] >= weights[METRICS_FORMAT_PROMETHEUS]
           ? METRICS_FORMAT_OPENMETRICS
           : METRICS_FORMAT_PROMETHEUS;
}

/* ---- the head ---- */

static gboolean
request_is_token (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("!#$%&'*+-.^_`|~", text[i]) == NULL)
      return FALSE;
  return length > 0;
}

static guint
request_judge_line (MetricsRequest *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  gsize length;

  if (g_strv_length (words) != 3 || !g_str_is_ascii (line)
      || !request_is_token (words[0], strlen (words[0])))
    return 400;
  if (!g_str_has_prefix (words[2], "HTTP/"))
    return 400;
  if (!g_str_equal (words[2], "HTTP/1.1") && !g_str_equal (words[2], "HTTP/1.0"))
    return 505;
  length = strcspn (words[1], "?");
  if (length != strlen (PATH) || strncmp (words[1], PATH, length) != 0)
    return 404;
  self->wants_body = !g_str_equal (words[0], "HEAD");
  return g_str_equal (words[0], "GET") || g_str_equal (words[0], "HEAD") ? 200 : 405;
}

/* 400 if it is no field. */
static guint
request_read_field (MetricsRequest *self, const char *line)
{
  const char *colon = strchr (line, ':');

  if (colon == NULL || !request_is_token (line, colon - line))
    return 400;
  if (g_ascii_strncasecmp (line, "accept:", strlen ("accept:")) == 0)
    self->format = request_choose_format (colon + 1);
  return 200;
}

static gboolean
request_is_clean (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (g_ascii_iscntrl (text[i]) && text[i] != '\t')
      return FALSE;
  return TRUE;
}

static guint
request_judge (MetricsRequest *self, const char *head)
{
  g_auto (GStrv) lines = g_strsplit (head, LINE_END, -1);
  guint status = request_judge_line (self, lines[0]);

  for (guint i = 0; lines[i] != NULL; i++)
    if (!request_is_clean (lines[i], strlen (lines[i]))
        || (i > 0 && request_read_field (self, lines[i]) != 200))
      return 400;
  return status;
}

/* A NUL would hide what stands behind it. */
gboolean
metrics_request_read (MetricsRequest *self, const char *data, gsize length)
{
  const gsize seen = MIN (length, METRICS_REQUEST_MAX);
  const char *end = g_strstr_len (data, seen, HEAD_END);
  g_autofree char *head = NULL;

  *self = (MetricsRequest){ .status = 400, .wants_body = TRUE };
  if (memchr (data, '\0', seen) != NULL)
    return TRUE;
  if (end == NULL && length < METRICS_REQUEST_MAX)
    return FALSE;
  if (end == NULL)
    {
      self->status = 431;
      return TRUE;
    }
  head = g_strndup (data, end - data);
  self->status = request_judge (self, head);
  return TRUE;
}

/* ---- the answer ---- */

GBytes *
metrics_request_answer (const MetricsRequest *self, GBytes *text)
{
  const RequestStatus *status = request_find_status (self->status);
  g_autofree char *line = g_strdup_printf ("%s\n", status->phrase);
  gsize length = strlen (line);
  const char *body = text != NULL ? g_bytes_get_data (text, &length) : line;
  GString *answer = g_string_new (NULL);

  g_string_append_printf (answer,
                          "HTTP/1.1 %u %s" LINE_END "%s"
                          "Content-Type: %s" LINE_END "Content-Length: %" G_GSIZE_FORMAT LINE_END
                          "Cache-Control: no-store" LINE_END
                          "X-Content-Type-Options: nosniff" LINE_END "Connection: close" HEAD_END,
                          status->code, status->phrase, status->field,
                          text != NULL ? metrics_format_get_content_type (self->format)
                                       : "text/plain; charset=utf-8",
                          length);
  if (self->wants_body)
    g_string_append_len (answer, body, length);
  return g_string_free_to_bytes (answer);
}
