/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An HTTP analyzer in a filter: what is not touched passes byte for byte, what is changed is framed
 * right, and nothing of it depends on how the streams are cut. */
#include "http-rig.h"

#include <string.h>

#define C IMP_DIRECTION_FROM_CLIENT
#define S IMP_DIRECTION_FROM_SERVER

#define GET(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK(length, body) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" body

/* A conversation, and what comes of it however it is cut. */
typedef struct
{
  const char *name;
  HttpSetup setup;
  HttpWords words[12];
  const char *to_server; /* NULL: what was said */
  const char *to_client;
  const char *log;   /* NULL: is not looked at */
  const char *error; /* what it has, or NULL */
} HttpCase;

static char *
join_words (const HttpCase *test, ImpDirection direction)
{
  GString *text = g_string_new (NULL);

  for (const HttpWords *words = test->words; words->text != NULL; words++)
    if (words->direction == direction)
      g_string_append (text, words->text);
  return g_string_free (text, FALSE);
}

static void
check_output (const HttpCase *test, const HttpRig *rig, ImpDirection direction,
              const char *expected)
{
  g_autofree char *said = join_words (test, direction);

  g_assert_cmpstr (rig->output[direction]->str, ==, expected != NULL ? expected : said);
}

static void
play (const HttpCase *test, gsize size, gsize split)
{
  HttpRig rig;

  http_rig_init (&rig, test->setup);
  http_rig_play (&rig, test->words, size, split);
  http_rig_finish (&rig);
  if (test->error == NULL)
    {
      g_assert_cmpstr (rig.error, ==, NULL);
      check_output (test, &rig, C, test->to_server);
      check_output (test, &rig, S, test->to_client);
    }
  else if (rig.error == NULL || strstr (rig.error, test->error) == NULL)
    g_error ("%s: \"%s\" is not in \"%s\"", test->name, test->error, rig.error);
  if (test->log != NULL)
    g_assert_cmpstr (rig.http->log->str, ==, test->log);
  http_rig_clear (&rig);
}

static void
test_case (gconstpointer data)
{
  const HttpCase *test = data;
  gsize length = 0;

  for (const HttpWords *words = test->words; words->text != NULL; words++)
    length += strlen (words->text);
  for (gsize size = 0; size < 8; size++)
    play (test, size, 0);
  for (gsize split = 1; split < length; split++)
    play (test, 0, split);
}

/* ---- what a test has the analyzer do ---- */

static void
change_request (TestHttp *http, ImpHttpHead *request)
{
  g_assert_true (imp_http_head_set_field (request, "x-by", "me", NULL));
  g_assert_true (imp_http_head_remove_field (request, "COOKIE", NULL));
}

static void
change_response (TestHttp *http, ImpHttpHead *request, ImpHttpHead *response)
{
  g_assert_true (imp_http_head_append_field (response, "X-Seen", "1", NULL));
}

static void
setup_headers (TestHttp *http)
{
  http->on_request = change_request;
  http->on_response = change_response;
}

static void
read_whole_request (TestHttp *http, ImpHttpHead *request)
{
  imp_http_analyzer_read_body (IMP_HTTP_ANALYZER (http), IMP_HTTP_BODY_WHOLE);
}

static void
read_whole_response (TestHttp *http, ImpHttpHead *request, ImpHttpHead *response)
{
  imp_http_analyzer_read_body (IMP_HTTP_ANALYZER (http), IMP_HTTP_BODY_WHOLE);
}

static void
shout (TestHttp *http, ImpHttpHead *head, GBytes *piece, gboolean is_last)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (piece, NULL), g_bytes_get_size (piece));
  g_autofree char *loud = g_ascii_strup (text, -1);
  g_autofree char *whole = g_strconcat (loud, "!", NULL);

  imp_http_analyzer_replace_body (IMP_HTTP_ANALYZER (http), (const guint8 *) whole, strlen (whole));
}

static void
setup_whole (TestHttp *http)
{
  http->on_request = read_whole_request;
  http->on_response = read_whole_response;
  http->on_body = shout;
}

static void
setup_hold (TestHttp *http)
{
  http->on_request = read_whole_request;
  http->on_response = read_whole_response;
}

static void
setup_hold_little (TestHttp *http)
{
  setup_hold (http);
  g_object_set (http, "max-body", 4, "on-large-body", IMP_HTTP_LARGE_PASS, NULL);
}

static void
setup_refuse_large (TestHttp *http)
{
  setup_hold (http);
  g_object_set (http, "max-body", 4, NULL);
}

static void
replace_response (TestHttp *http, ImpHttpHead *request, ImpHttpHead *response)
{
  imp_http_analyzer_replace_body (IMP_HTTP_ANALYZER (http), (const guint8 *) "new", 3);
}

static void
setup_replace (TestHttp *http)
{
  http->on_response = replace_response;
}

static void
answer_some (TestHttp *http, ImpHttpHead *request)
{
  g_autoptr (ImpHttpHead) response = NULL;

  if (!g_str_has_prefix (imp_http_head_get_target (request), "/no"))
    return;
  response = imp_http_head_new_response (403, "Forbidden");
  imp_http_analyzer_answer (IMP_HTTP_ANALYZER (http), response, (const guint8 *) "no", 2);
}

static void
setup_answer (TestHttp *http)
{
  http->on_request = answer_some;
}

static void
remove_upgrade (TestHttp *http, ImpHttpHead *request)
{
  g_assert_true (imp_http_head_remove_field (request, "Upgrade", NULL));
}

static void
setup_no_upgrade (TestHttp *http)
{
  http->on_request = remove_upgrade;
}

static void
setup_small (TestHttp *http)
{
  g_object_set (http, "max-head-size", 64, "max-line", 32, "max-fields", 2, NULL);
}

/* What is shown is UTF-8, and what is not changed goes as it came. */
static void
look_at_latin (TestHttp *http, ImpHttpHead *request)
{
  g_assert_cmpstr (imp_http_head_get_target (request), ==, "/\xc3\xa4");
  g_assert_cmpstr (imp_http_head_lookup (request, "x-name"), ==, "J\xc3\xb6rg");
  change_request (http, request);
}

static void
setup_latin (TestHttp *http)
{
  http->on_request = look_at_latin;
}

static void
setup_pipeline (TestHttp *http)
{
  g_object_set (http, "max-pipeline", 2, NULL);
}

#define NO "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
#define NO_MORE "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static const HttpCase cases[] = {
  { "get",
    NULL,
    { { C, GET ("/x") }, { S, OK ("5", "hello") } },
    NULL,
    NULL,
    "GET /x|end0|200 for /x|end1|",
    NULL },
  { "kept",
    NULL,
    { { C, GET ("/1") }, { S, OK ("1", "a") }, { C, GET ("/2") }, { S, OK ("0", "") } },
    NULL,
    NULL,
    "GET /1|end0|200 for /1|end1|GET /2|end0|200 for /2|end1|",
    NULL },
  { "pipelined",
    NULL,
    { { C, GET ("/1") GET ("/2") GET ("/3") },
      { S, OK ("2", "ab") CHUNKED "3\r\nabc\r\n0\r\n\r\n" OK ("0", "") } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "head",
    NULL,
    { { C, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" GET ("/2") },
      { S, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" OK ("1", "x") } },
    NULL,
    NULL,
    "HEAD /|end0|GET /2|end0|200 for /|end1|200 for /2|end1|",
    NULL },
  { "no-content",
    NULL,
    { { C, GET ("/") GET ("/2") },
      { S, "HTTP/1.1 204 No Content\r\n\r\n"
           "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n" } },
    NULL,
    NULL,
    "GET /|end0|GET /2|end0|204 for /|end1|304 for /2|end1|",
    NULL },
  { "until-end",
    NULL,
    { { C, GET ("/") }, { S, "HTTP/1.1 200 OK\r\n\r\nall that comes" } },
    NULL,
    NULL,
    "GET /|end0|200 for /|",
    NULL },
  { "old",
    NULL,
    { { C, "GET / HTTP/1.0\r\n\r\n" }, { S, "HTTP/1.0 200 OK\r\n\r\nabc" } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "old-kept",
    NULL,
    { { C, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" },
      { S, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na" },
      { C, "GET / HTTP/1.0\r\n\r\n" },
      { S, "HTTP/1.0 200 OK\r\n\r\nb" } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "last",
    NULL,
    { { C, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET ("/2") },
      { S, OK ("1", "a") } },
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    NULL,
    "GET /|end0|200 for /|end1|",
    NULL },
  { "upload",
    NULL,
    { { C, POST "Content-Length: 3\r\n\r\nabc" POST "Transfer-Encoding: chunked\r\n\r\n"
                "1;x=\"y\"\r\na\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\n" },
      { S, OK ("0", "") OK ("0", "") } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "interim",
    NULL,
    { { C, POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n" },
      { S, "HTTP/1.1 100 Continue\r\n\r\n" },
      { C, "abc" },
      { S, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK ("1", "x") } },
    NULL,
    NULL,
    "POST /|end0|200 for /|end1|",
    NULL },
  { "blank",
    NULL,
    { { C, "\r\n" GET ("/") "\r\n" GET ("/") }, { S, OK ("0", "") OK ("0", "") } },
    GET ("/") GET ("/"),
    NULL,
    NULL,
    NULL },
  { "upgrade",
    NULL,
    { { C, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: ws\r\n\r\n\x01\x02" },
      { S, "HTTP/1.1 101 Switching\r\nUpgrade: ws\r\n\r\n\x03" },
      { C, "\n\n\xff" } },
    NULL,
    NULL,
    "GET /ws|end0|101 for /ws|opaque|",
    NULL },
  { "upgrade-refused",
    NULL,
    { { C, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: ws\r\n\r\n" GET ("/2") },
      { S, OK ("1", "x") },
      { S, OK ("1", "y") } },
    NULL,
    NULL,
    "GET /ws|end0|200 for /ws|end1|GET /2|end0|200 for /2|end1|",
    NULL },
  { "connect",
    NULL,
    { { C, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\x16\x03" },
      { S, "HTTP/1.1 200 OK\r\n\r\nanything" } },
    NULL,
    NULL,
    "CONNECT a:1|end0|200 for a:1|opaque|",
    NULL },
  { "headers",
    setup_headers,
    { { C, "GET / HTTP/1.1\r\nhOST:a\r\nCookie: 1\r\nX-By: you\r\ncookie: 2\r\n\r\n" },
      { S, OK ("2", "hi") } },
    "GET / HTTP/1.1\r\nhOST:a\r\nX-By: me\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: 1\r\n\r\nhi",
    NULL,
    NULL },
  { "whole",
    setup_whole,
    { { C, POST "Content-Length: 3\r\n\r\nabc" },
      { S, CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" } },
    POST "Content-Length: 4\r\n\r\nABC!",
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nHELLO!",
    NULL,
    NULL },
  { "whole-trailers",
    setup_whole,
    { { C, GET ("/") }, { S, CHUNKED "2\r\nhe\r\n0\r\nX: y\r\n\r\n" } },
    NULL,
    CHUNKED "3\r\nHE!\r\n0\r\nX: y\r\n\r\n",
    NULL,
    NULL },
  { "whole-until-end",
    setup_whole,
    { { C, GET ("/") }, { S, "HTTP/1.0 200 OK\r\n\r\nhello" } },
    NULL,
    "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nHELLO!",
    NULL,
    NULL },
  { "whole-expect",
    setup_hold,
    { { C, POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n" },
      { C, "abc" },
      { S, OK ("0", "") } },
    POST "Content-Length: 3\r\n\r\nabc",
    "HTTP/1.1 100 Continue\r\n\r\n" OK ("0", ""),
    NULL,
    NULL },
  { "hold",
    setup_hold,
    { { C, POST "Content-Length: 3\r\n\r\nabc" },
      { S, CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "large",
    setup_hold_little,
    { { C, POST "Content-Length: 5\r\n\r\nabcde" },
      { S, CHUNKED "2\r\nhe\r\n6\r\nllo wo\r\n3\r\nrld\r\n0\r\n\r\n" } },
    NULL,
    CHUNKED "4\r\nhell\r\n4\r\no wo\r\n3\r\nrld\r\n0\r\n\r\n",
    NULL,
    NULL },
  { "large-until-end",
    setup_hold_little,
    { { C, GET ("/") }, { S, "HTTP/1.1 200 OK\r\n\r\nhello world" } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "large-refused",
    setup_refuse_large,
    { { C, POST "Content-Length: 5\r\n\r\nabcde" } },
    NULL,
    NULL,
    NULL,
    "a body has more than 4 bytes (max-body)" },
  { "replace",
    setup_replace,
    { { C, GET ("/") "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" GET ("/") },
      { S, OK ("5", "hello") "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" CHUNKED "0\r\n\r\n" } },
    NULL,
    OK ("3", "new") OK ("3", "") OK ("3", "new"),
    NULL,
    NULL },
  { "answer", setup_answer, { { C, GET ("/no") GET ("/no2") } }, "", NO NO, NULL, NULL },
  { "answer-body",
    setup_answer,
    { { C, "PUT /no HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
           "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET ("/") },
      { S, OK ("1", "x") } },
    GET ("/"),
    NO OK ("1", "x"),
    NULL,
    NULL },
  { "answer-in-turn",
    setup_answer,
    { { C, GET ("/1") GET ("/no") GET ("/2") }, { S, OK ("3", "one") OK ("3", "two") } },
    GET ("/1") GET ("/2"),
    OK ("3", "one") NO OK ("3", "two"),
    NULL,
    NULL },
  { "answer-last",
    setup_answer,
    { { C, "GET /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET ("/") } },
    "",
    NO_MORE,
    NULL,
    NULL },
  { "answer-expect",
    setup_answer,
    { { C, "PUT /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n" GET (
             "/") } },
    "",
    NO_MORE,
    NULL,
    NULL },
  { "connect-refused",
    NULL,
    { { C, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nanything" },
      { S, "HTTP/1.1 403 No\r\n\r\nto the end" } },
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    NULL,
    NULL,
    NULL },
  { "upgrade-early",
    NULL,
    { { C, "PUT / HTTP/1.1\r\nHost: a\r\nUpgrade: b\r\nContent-Length: 3\r\n\r\na" },
      { S, "HTTP/1.1 200 OK\r\n\r\nto the end" },
      { C, "bc" GET ("/") } },
    "PUT / HTTP/1.1\r\nHost: a\r\nUpgrade: b\r\nContent-Length: 3\r\n\r\nabc",
    NULL,
    NULL,
    NULL },
  { "upgrade-refused-at-once",
    NULL,
    { { C, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: ws\r\n\r\n" GET ("/2") },
      { S, OK ("1", "x") OK ("1", "y") } },
    NULL,
    NULL,
    NULL,
    NULL },
  { "expect-refused",
    NULL,
    { { C, POST "Expect: 100-continue\r\nContent-Length: 30\r\n\r\n" },
      { S, OK ("0", "") },
      { C, "GET /hidden HTTP/1.1\r\n\r\n" GET ("/2") } },
    POST "Expect: 100-continue\r\nContent-Length: 30\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "POST /|200 for /|end1|",
    NULL },
  { "upgrade-removed",
    setup_no_upgrade,
    { { C, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n" },
      { S, "HTTP/1.1 101 Switching\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    "a response 101 comes that the request has not asked for" },
  { "unsolicited-while-held",
    setup_hold,
    { { C, POST "Content-Length: 3\r\n\r\n" }, { S, OK ("0", "") }, { C, "abc" } },
    NULL,
    NULL,
    NULL,
    "a response comes that nobody has asked for" },
  { "long-head",
    setup_small,
    { { C, "GET / HTTP/1.1\r\nHost: a\r\nA: 01234567890123456789\r\nB: 0123456789\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    "the head has more than 64 bytes (max-head-size)" },
  { "long-line",
    setup_small,
    { { C, "GET / HTTP/1.1\r\nHost: 01234567890123456789012345\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    "a line of the head has more than 32 bytes (max-line)" },
  { "long-chunk-line",
    setup_small,
    { { C, GET ("/") }, { S, CHUNKED "3;0123456789012345678901234567890\r\nabc\r\n0\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    "the line before a chunk has more than 32 bytes (max-line)" },
  { "many-fields",
    setup_small,
    { { C, "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    "the head has more than 2 fields (max-fields)" },
  { "no-utf-8",
    setup_latin,
    { { C, "GET /\xe4 HTTP/1.1\r\nHost: a\r\nX-Name:  J\xf6rg \r\nX-By: you\r\n\r\n" } },
    "GET /\xe4 HTTP/1.1\r\nHost: a\r\nX-Name:  J\xf6rg \r\nX-By: me\r\n\r\n",
    NULL,
    NULL,
    NULL },
  { "unsolicited",
    NULL,
    { { C, GET ("/") }, { S, OK ("0", "") OK ("0", "") } },
    NULL,
    NULL,
    NULL,
    "a response comes that nobody has asked for" },
  { "pipeline-full",
    setup_pipeline,
    { { C, GET ("/1") GET ("/2") GET ("/3") } },
    NULL,
    NULL,
    NULL,
    "more than 2 requests wait for responses (max-pipeline)" },
  { "no-upgrade",
    NULL,
    { { C, GET ("/") }, { S, "HTTP/1.1 101 Switching\r\n\r\n" } },
    NULL,
    NULL,
    NULL,
    "a response 101 comes that the request has not asked for" },
  { "cut-head",
    NULL,
    { { C, "GET / HTTP/1.1\r\nHost: a" } },
    NULL,
    NULL,
    NULL,
    "the stream ends within a head" },
  { "cut-whole",
    setup_hold,
    { { C, POST "Content-Length: 3\r\n\r\nab" } },
    NULL,
    NULL,
    NULL,
    "the stream ends within a body" },
  { "cut-body",
    NULL,
    { { C, GET ("/") }, { S, OK ("30", "hello") } },
    NULL,
    NULL,
    "GET /|end0|200 for /|",
    NULL },
};

/* ---- what is said of input that has to wait ---- */

static void
note_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  g_autofree char *text = imp_result_to_string (result);

  g_string_append_printf (user_data, "%s|", text);
}

static void
feed (ImpAnalyzer *analyzer, ImpDirection direction, const char *text)
{
  imp_analyzer_data_bytes (analyzer, direction, (const guint8 *) text, strlen (text), 0,
                           IMP_DATA_TYPE_STREAM);
}

static void
expect_results (GString *log, const char *expected)
{
  g_assert_cmpstr (log->str, ==, expected);
  g_string_truncate (log, 0);
}

static void
test_waiting (void)
{
  g_autoptr (ImpAnalyzer) analyzer = g_object_new (IMP_TYPE_HTTP_ANALYZER, NULL);
  TestHttp *holding = g_object_new (TEST_TYPE_HTTP, NULL);
  GString *log = g_string_new (NULL);

  imp_analyzer_set_callback (analyzer, note_result, log, NULL);
  feed (analyzer, C, "CONN");
  expect_results (log, "want dir=0 offset=5|");
  feed (analyzer, C, "ECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nabc");
  expect_results (log, "pass dir=0 offset=35|pause dir=0|");
  feed (analyzer, S, "HTTP/1.1 200 OK\r\n\r\n");
  expect_results (
    log, "pass dir=1 offset=19|pass dir=1 offset=max|pass dir=0 offset=max|continue dir=0|");
  imp_analyzer_close (analyzer);

  setup_hold (holding);
  imp_analyzer_set_callback (IMP_ANALYZER (holding), note_result, log, NULL);
  feed (IMP_ANALYZER (holding), C, POST "Content-Length: 100\r\n\r\nabc");
  expect_results (log, "want dir=0 offset=149|");
  imp_analyzer_close (IMP_ANALYZER (holding));
  g_object_unref (holding);
  g_string_free (log, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/http/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/http/waiting", test_waiting);
  return g_test_run ();
}
