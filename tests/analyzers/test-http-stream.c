/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies that an HTTP analyzer shows in pieces: their sizes depend on the chunks, and what they say
 * together does not. */
#include "http-rig.h"

#include <stdlib.h>
#include <string.h>

#define C IMP_DIRECTION_FROM_CLIENT
#define S IMP_DIRECTION_FROM_SERVER

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void
read_stream (TestHttp *http, ImpHttpHead *request, ImpHttpHead *response)
{
  imp_http_analyzer_read_body (IMP_HTTP_ANALYZER (http), IMP_HTTP_BODY_STREAM);
}

static void
shout_piece (TestHttp *http, ImpHttpHead *head, GBytes *piece, gboolean is_last)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (piece, NULL), g_bytes_get_size (piece));
  g_autofree char *loud = g_ascii_strup (text, -1);

  imp_http_analyzer_replace_body (IMP_HTTP_ANALYZER (http), (const guint8 *) loud, strlen (loud));
}

static void
setup_stream (TestHttp *http)
{
  http->on_response = read_stream;
  http->on_body = shout_piece;
}

static void
read_watched (TestHttp *http, ImpHttpHead *request, ImpHttpHead *response)
{
  imp_http_analyzer_read_body (IMP_HTTP_ANALYZER (http), IMP_HTTP_BODY_WATCH);
}

static void
setup_watch (TestHttp *http)
{
  http->on_response = read_watched;
}

/* What a naive reader finds in the one chunked response that there is. */
static char *
dechunk (const char *text)
{
  GString *body = g_string_new (NULL);
  const char *at = strstr (text, "\r\n\r\n");

  g_assert_nonnull (strstr (text, "Transfer-Encoding: chunked\r\n"));
  g_assert_null (strstr (text, "Content-Length"));
  g_assert_nonnull (at);
  at += 4;
  while (TRUE)
    {
      char *end;
      gsize size = strtoul (at, &end, 16);

      g_assert_true (g_str_has_prefix (end, "\r\n"));
      if (size == 0)
        break;
      g_string_append_len (body, end + 2, size);
      at = end + 2 + size + 2;
    }
  g_assert_cmpstr (at, ==, "0\r\n\r\n");
  return g_string_free (body, FALSE);
}

static void
test_stream (void)
{
  static const char *const responses[] = {
    OK ("11", "hello world"),
    "HTTP/1.1 200 OK\r\n\r\nhello world",
    CHUNKED "5\r\nhello\r\n1\r\n \r\n5;x\r\nworld\r\n0\r\n\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (responses); i++)
    for (gsize size = 0; size < 12; size++)
      {
        const HttpWords words[] = { { C, GET ("/") }, { S, responses[i] }, { 0, NULL } };
        g_autofree char *body = NULL;
        HttpRig rig;

        http_rig_init (&rig, setup_stream);
        http_rig_play (&rig, words, size, 0);
        http_rig_finish (&rig);
        g_assert_null (rig.error);
        body = dechunk (rig.output[S]->str);
        g_assert_cmpstr (body, ==, "HELLO WORLD");
        http_rig_clear (&rig);

        http_rig_init (&rig, setup_watch);
        http_rig_play (&rig, words, size, 0);
        http_rig_finish (&rig);
        g_assert_cmpstr (rig.output[S]->str, ==, responses[i]);
        g_assert_cmpstr (rig.http->body[S]->str, ==, "hello world");
        http_rig_clear (&rig);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-stream/pieces", test_stream);
  return g_test_run ();
}
