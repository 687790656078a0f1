/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-exchange-private.h"

#include <string.h>

ImpHttpExchange *
imp_http_exchange_new (ImpHttpHead *request)
{
  ImpHttpExchange *self = g_rc_box_new0 (ImpHttpExchange);

  self->request = request;
  return self;
}

void
imp_http_exchange_look (ImpHttpExchange *self)
{
  ImpHttpHead *request = self->request;

  self->may_switch = strcmp (request->method, "CONNECT") == 0
                     || imp_http_head_count (request, "Upgrade") > 0;
  self->expects = request->framing != IMP_HTTP_FRAMING_NONE
                  && imp_http_head_count (request, "Expect") > 0;
  request->is_last |= imp_http_head_has_token (request, "Connection", "close");
}

ImpHttpExchange *
imp_http_exchange_ref (ImpHttpExchange *self)
{
  return g_rc_box_acquire (self);
}

static void
http_exchange_clear (gpointer data)
{
  ImpHttpExchange *self = data;

  g_object_unref (self->request);
  g_clear_pointer (&self->answer, g_bytes_unref);
}

void
imp_http_exchange_unref (ImpHttpExchange *self)
{
  g_rc_box_release_full (self, http_exchange_clear);
}

/* The caller may use its head once more. */
static ImpHttpHead *
http_exchange_copy_head (ImpHttpHead *response)
{
  ImpHttpHead *copy = imp_http_head_new_response (response->status, response->reason);

  for (guint i = 0; i < response->fields->len; i++)
    {
      const ImpHttpField *field = imp_http_head_peek_field (response, i);

      imp_http_head_add (copy, field->name, field->value);
    }
  imp_http_head_drop (copy, "Content-Length");
  imp_http_head_drop (copy, "Transfer-Encoding");
  return copy;
}

GBytes *
imp_http_exchange_write_answer (ImpHttpHead *request, ImpHttpHead *given, const guint8 *body,
                                gsize length, gboolean closes)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (ImpHttpHead) response = http_exchange_copy_head (given);
  const gboolean is_bodiless = response->status == 204 || response->status == 304;

  if (!is_bodiless)
    imp_http_head_set_length (response, length);
  if (closes)
    imp_http_head_put (response, "Connection", "close");
  else if (request != NULL && request->minor == 0)
    imp_http_head_put (response, "Connection", "keep-alive");
  imp_http_head_write (response, output);
  if (!is_bodiless && (request == NULL || strcmp (request->method, "HEAD") != 0))
    g_byte_array_append (output, body, length);
  return g_byte_array_free_to_bytes (g_steal_pointer (&output));
}

static const char *
http_exchange_name_status (guint status)
{
  static const struct
  {
    guint status;
    const char *name;
  } names[] = {
    { 400, "Bad Request" },         { 403, "Forbidden" },
    { 404, "Not Found" },           { 413, "Content Too Large" },
    { 414, "URI Too Long" },        { 417, "Expectation Failed" },
    { 429, "Too Many Requests" },   { 431, "Request Header Fields Too Large" },
    { 501, "Not Implemented" },     { 502, "Bad Gateway" },
    { 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].status == status)
      return names[i].name;
  return status < 500 ? "Refused" : "Failed";
}

GBytes *
imp_http_exchange_write_page (ImpHttpHead *request, guint status, const char *text)
{
  g_autoptr (ImpHttpHead) head = imp_http_head_new_response (status,
                                                             http_exchange_name_status (status));
  g_autofree char *body = g_strconcat (text, "\n", NULL);

  imp_http_head_add (head, "Content-Type", "text/plain; charset=utf-8");
  return imp_http_exchange_write_answer (request, head, (const guint8 *) body, strlen (body), TRUE);
}
