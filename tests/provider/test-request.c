/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients ask of a proxy: whole, cut at every byte, with something behind it, and wrong. */
#include "core/imp-error.h"
#include "provider/imp-request-private.h"
#include "test-guard.h"

#include <string.h>

#define A16 "aaaaaaaaaaaaaaaa"
#define A256 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16 A16
#define A8192                                                                                      \
  A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256   \
    A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256 A256

typedef struct
{
  const char *name;
  const ImpRequestProtocol *protocol;
  const char *bytes;
  gsize length;
  const char *wanted; /* "HOST PORT", or what is in the error */
  const char *reply; /* all that is written meanwhile begins like this; it is no longer for SOCKS */
  gsize reply_length;
} RequestCase;

#define SOCKS(name, bytes, wanted, reply)                                                          \
  {                                                                                                \
    name, &imp_request_socks, bytes, sizeof bytes - 1, wanted, reply, sizeof reply - 1             \
  }
#define HTTP(name, bytes, wanted, reply)                                                           \
  {                                                                                                \
    name, &imp_request_http, bytes, sizeof bytes - 1, wanted, reply, sizeof reply - 1              \
  }

#define LABEL63 "a23456789-123456789-123456789-123456789-123456789-123456789-123"
#define V4_REJECTED "\0\x5b\0\0\0\0\0\0"
#define GREETED "\x05\x00"
#define V5_FAIL(code) GREETED "\x05" code "\x00\x01\0\0\0\0\0\0"

static const RequestCase good[] = {
  SOCKS ("v4", "\x04\x01\x00\x50\xc0\x00\x02\x01\x00", "192.0.2.1 80", ""),
  SOCKS ("v4-user", "\x04\x01\x00\x50\xc0\x00\x02\x01me\x00", "192.0.2.1 80", ""),
  SOCKS ("v4a",
         "\x04\x01\x01\xbb\0\0\0\x01\0"
         "example.org\0",
         "example.org 443", ""),
  SOCKS ("v4-zero", "\x04\x01\x01\xbb\0\0\0\0\0", "0.0.0.0 443", ""),
  SOCKS ("v5", "\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50", "192.0.2.1 80", GREETED),
  SOCKS ("v5-methods", "\x05\x03\x02\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50",
         "192.0.2.1 80", GREETED),
  SOCKS ("v5-name",
         "\x05\x01\x00\x05\x01\x00\x03\x0b"
         "example.org\x01\xbb",
         "example.org 443", GREETED),
  SOCKS ("v5-ip-as-name", "\x05\x01\x00\x05\x01\x00\x03\x03::1\x01\xbb", "::1 443", GREETED),
  SOCKS ("v5-v6", "\x05\x01\x00\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x01\xbb", "::1 443",
         GREETED),
  SOCKS ("v5-zone",
         "\x05\x01\x00\x05\x01\x00\x03\x05"
         "::1%1\x01\xbb",
         "::1%1 443", GREETED),
  SOCKS ("v5-label", "\x05\x01\x00\x05\x01\x00\x03\x40" LABEL63 ".\x01\xbb", LABEL63 ". 443",
         GREETED),
  HTTP ("zone", "CONNECT [::1%1]:1 HTTP/1.1\r\n\r\n", "::1%1 1", ""),
  HTTP ("name", "CONNECT example.org:443 HTTP/1.1\r\n\r\n", "example.org 443", ""),
  HTTP ("fields", "CONNECT example.org:443 HTTP/1.0\r\nHost: example.org:443\r\nX:\t\xe9\r\n\r\n",
        "example.org 443", ""),
  HTTP ("v4", "CONNECT 192.0.2.1:1 HTTP/1.1\r\n\r\n", "192.0.2.1 1", ""),
  HTTP ("v6", "CONNECT [::1]:65535 HTTP/1.1\r\n\r\n", "::1 65535", ""),
};

static const RequestCase bad[] = {
  SOCKS ("version", "\x06", "version 6", ""),
  SOCKS ("http", "GET /", "version 71", ""),
  SOCKS ("v4-bind", "\x04\x02\x00\x50\xc0\x00\x02\x01\x00", "command 2", V4_REJECTED),
  SOCKS ("v4-port", "\x04\x01\x00\x00\xc0\x00\x02\x01\x00", "port 0", V4_REJECTED),
  SOCKS ("v4-user", "\x04\x01\x00\x50\xc0\x00\x02\x01" A256, "user of more than 255", V4_REJECTED),
  SOCKS ("v4-name", "\x04\x01\x00\x50\0\0\0\x01\0" A256, "name of more than 255", V4_REJECTED),
  SOCKS ("v4-no-name", "\x04\x01\x00\x50\0\0\0\x01\0\0", "\"\"", V4_REJECTED),
  SOCKS ("v4-wrong-name", "\x04\x01\x00\x50\0\0\0\x01\0a b\0", "\"a b\"", V4_REJECTED),
  SOCKS ("v5-no-methods", "\x05\x00", "no method", "\x05\xff"),
  SOCKS ("v5-password", "\x05\x01\x02", "0x02", "\x05\xff"),
  SOCKS ("v5-then-v4", "\x05\x01\x00\x04", "version 4", GREETED),
  SOCKS ("v5-bind", "\x05\x01\x00\x05\x02\x00\x01\xc0\x00\x02\x01\x00\x50", "command 2",
         V5_FAIL ("\x07")),
  SOCKS ("v5-udp", "\x05\x01\x00\x05\x03\x00\x01\xc0\x00\x02\x01\x00\x50", "command 3",
         V5_FAIL ("\x07")),
  SOCKS ("v5-type", "\x05\x01\x00\x05\x01\x00\x02", "type 2", V5_FAIL ("\x08")),
  SOCKS ("v5-reserved", "\x05\x01\x00\x05\x01\x01\x01", "0x01", V5_FAIL ("\x01")),
  SOCKS ("v5-port", "\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x00", "port 0",
         V5_FAIL ("\x01")),
  SOCKS ("v5-no-name", "\x05\x01\x00\x05\x01\x00\x03\x00\x01\xbb", "\"\"", V5_FAIL ("\x01")),
  SOCKS ("v5-zero",
         "\x05\x01\x00\x05\x01\x00\x03\x03"
         "a\0b\x01\xbb",
         "a\\x00b", V5_FAIL ("\x01")),
  SOCKS ("v5-line",
         "\x05\x01\x00\x05\x01\x00\x03\x03"
         "a\nb\x01\xbb",
         "a\\x0ab", V5_FAIL ("\x01")),
  SOCKS ("v5-scope",
         "\x05\x01\x00\x05\x01\x00\x03\x07"
         "fe80::%\x01\xbb",
         "fe80::%", V5_FAIL ("\x01")),
  SOCKS ("v5-zone-lines",
         "\x05\x01\x00\x05\x01\x00\x03\x0d"
         "::1%\r\nX: evil\x01\xbb",
         "::1%\\x0d\\x0aX: evil", V5_FAIL ("\x01")),
  SOCKS ("v5-zone",
         "\x05\x01\x00\x05\x01\x00\x03\x0b"
         "::1%no-zone\x01\xbb",
         "::1%no-zone", V5_FAIL ("\x01")),
  SOCKS ("v5-label", "\x05\x01\x00\x05\x01\x00\x03\x42" LABEL63 "a.a\x01\xbb", "\"" LABEL63 "a.a\"",
         V5_FAIL ("\x01")),
  SOCKS ("v5-empty-label",
         "\x05\x01\x00\x05\x01\x00\x03\x04"
         "a..b\x01\xbb",
         "\"a..b\"", V5_FAIL ("\x01")),
  SOCKS ("v4a-zone", "\x04\x01\x01\xbb\0\0\0\x01\0::1%\n\0", "::1%\\x0a", V4_REJECTED),
  HTTP ("zone", "CONNECT [::1%no-zone]:1 HTTP/1.1\r\n\r\n", "::1%no-zone", "HTTP/1.1 400 "),
  HTTP ("zone-tab", "CONNECT [::1%\t]:1 HTTP/1.1\r\n\r\n", "::1%\\x09", "HTTP/1.1 400 "),
  HTTP ("label", "CONNECT " LABEL63 "a:1 HTTP/1.1\r\n\r\n", LABEL63 "a", "HTTP/1.1 400 "),
  HTTP ("get", "GET http://example.org/ HTTP/1.1\r\n\r\n", "another method", "HTTP/1.1 405 "),
  HTTP ("near", "CONNECTX", "another method", "HTTP/1.1 405 "),
  HTTP ("tls", "\x16\x03\x01", "0x16", "HTTP/1.1 400 "),
  HTTP ("socks", "\x05\x01", "0x05", "HTTP/1.1 400 "),
  HTTP ("version", "CONNECT a:1 HTTP/2\r\n\r\n", "HTTP/2", "HTTP/1.1 505 "),
  HTTP ("no-version", "CONNECT a:1\r\n\r\n", "CONNECT a:1", "HTTP/1.1 400 "),
  HTTP ("blanks", "CONNECT  a:1 HTTP/1.1\r\n\r\n", "CONNECT  a:1", "HTTP/1.1 400 "),
  HTTP ("no-port", "CONNECT a HTTP/1.1\r\n\r\n", "\"a\"", "HTTP/1.1 400 "),
  HTTP ("no-host", "CONNECT :1 HTTP/1.1\r\n\r\n", "\"\"", "HTTP/1.1 400 "),
  HTTP ("port-0", "CONNECT a:0 HTTP/1.1\r\n\r\n", "a:0", "HTTP/1.1 400 "),
  HTTP ("port", "CONNECT a:65536 HTTP/1.1\r\n\r\n", "a:65536", "HTTP/1.1 400 "),
  HTTP ("bare-v6", "CONNECT ::1:443 HTTP/1.1\r\n\r\n", "::1:443", "HTTP/1.1 400 "),
  HTTP ("bracketed-v4", "CONNECT [192.0.2.1]:1 HTTP/1.1\r\n\r\n", "[192.0.2.1]", "HTTP/1.1 400 "),
  HTTP ("url", "CONNECT http://a:1 HTTP/1.1\r\n\r\n", "http://a", "HTTP/1.1 400 "),
  HTTP ("user", "CONNECT me@a:1 HTTP/1.1\r\n\r\n", "me@a", "HTTP/1.1 400 "),
  HTTP ("lf", "CONNECT a:1 HTTP/1.1\n", "0x0a", "HTTP/1.1 400 "),
  HTTP ("cr", "CONNECT a:1 HTTP/1.1\rX", "0x0d", "HTTP/1.1 400 "),
  HTTP ("zero", "CONNECT a:1 HTTP/1.1\r\nA: \0", "0x00", "HTTP/1.1 400 "),
  HTTP ("folded", "CONNECT a:1 HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n", "c: d", "HTTP/1.1 400 "),
  HTTP ("no-colon", "CONNECT a:1 HTTP/1.1\r\nA\r\n\r\n", "\"A\"", "HTTP/1.1 400 "),
  HTTP ("blank-name", "CONNECT a:1 HTTP/1.1\r\nA : b\r\n\r\n", "A : b", "HTTP/1.1 400 "),
  HTTP ("not-ascii", "CONNECT \xe9:1 HTTP/1.1\r\n\r\n", "\\xe9", "HTTP/1.1 400 "),
  HTTP ("long", "CONNECT a:1 HTTP/1.1\r\nA: " A8192, "8192", "HTTP/1.1 431 "),
};

/* A connection that gets its input piece by piece. */
typedef struct
{
  const ImpRequestProtocol *protocol;
  TestGuard *guard;
  ImpRequest request;
  GByteArray *input;
  GByteArray *replies;
  ImpDecodeStatus status;
  GError *error;
} Rig;

static void
rig_open (Rig *rig, const ImpRequestProtocol *protocol)
{
  *rig = (Rig){ .protocol = protocol,
                .guard = test_guard_new (16 * 1024),
                .input = g_byte_array_new (),
                .replies = g_byte_array_new (),
                .status = IMP_DECODE_MORE };
}

static void
rig_close (Rig *rig)
{
  imp_request_clear (&rig->request);
  test_guard_free (rig->guard);
  g_byte_array_unref (rig->input);
  g_byte_array_unref (rig->replies);
  g_clear_error (&rig->error);
}

static void
rig_take_reply (Rig *rig)
{
  g_autoptr (GBytes) reply = g_steal_pointer (&rig->request.reply);
  gsize length;
  const guint8 *data = reply != NULL ? g_bytes_get_data (reply, &length) : NULL;

  if (data != NULL)
    g_byte_array_append (rig->replies, data, length);
}

static void
rig_push (Rig *rig, const char *bytes, gsize length)
{
  gsize used;

  g_byte_array_append (rig->input, (const guint8 *) bytes, length);
  do
    {
      const guint8 *data = test_guard_put (rig->guard, rig->input->data, rig->input->len);

      if (rig->status != IMP_DECODE_MORE)
        return;
      rig->status = rig->protocol->decode (&rig->request, data, rig->input->len, &used,
                                           &rig->error);
      g_assert_cmpuint (used, <=, rig->input->len);
      g_byte_array_remove_range (rig->input, 0, used);
      rig_take_reply (rig);
      /* Else no limit would be needed. */
      if (rig->status == IMP_DECODE_MORE && used == 0)
        g_assert_cmpuint (rig->input->len, <, rig->protocol->max_length);
    }
  while (used > 0);
}

static void
rig_check (Rig *rig, const RequestCase *c, ImpDecodeStatus status)
{
  g_autofree char *target = NULL;

  g_assert_cmpint (rig->status, ==, status);
  if (status == IMP_DECODE_DONE)
    {
      g_assert_no_error (rig->error);
      target = g_strdup_printf ("%s %u", rig->request.host, rig->request.port);
      g_assert_cmpstr (target, ==, c->wanted);
    }
  else
    {
      g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_PROTOCOL);
      g_assert_true (g_utf8_validate (rig->error->message, -1, NULL));
      if (strstr (rig->error->message, c->wanted) == NULL)
        g_error ("\"%s\" is not in \"%s\"", c->wanted, rig->error->message);
    }
  g_assert_cmpuint (rig->replies->len, >=, c->reply_length);
  g_assert_cmpmem (rig->replies->data, c->reply_length, c->reply, c->reply_length);
  if (c->protocol == &imp_request_socks)
    g_assert_cmpuint (rig->replies->len, ==, c->reply_length);
}

/* Whole, in two pieces, and byte by byte: always the same. */
static void
check_splits (const RequestCase *c, ImpDecodeStatus status)
{
  for (gsize cut = 0; cut <= c->length; cut += c->length > 4096 ? 61 : 1)
    {
      Rig rig;

      rig_open (&rig, c->protocol);
      rig_push (&rig, c->bytes, cut);
      if (status == IMP_DECODE_DONE && cut < c->length)
        g_assert_cmpint (rig.status, ==, IMP_DECODE_MORE);
      g_assert_true (rig.status != IMP_DECODE_DONE || cut == c->length);
      rig_push (&rig, c->bytes + cut, c->length - cut);
      rig_check (&rig, c, status);
      rig_close (&rig);
    }
}

static void
check_single_bytes (const RequestCase *c, ImpDecodeStatus status)
{
  Rig rig;

  rig_open (&rig, c->protocol);
  for (gsize i = 0; i < c->length; i++)
    rig_push (&rig, c->bytes + i, 1);
  rig_check (&rig, c, status);
  rig_close (&rig);
}

static void
test_good (gconstpointer data)
{
  const RequestCase *c = data;
  g_autofree char *more = g_malloc (c->length + 4);
  Rig rig;

  check_splits (c, IMP_DECODE_DONE);
  check_single_bytes (c, IMP_DECODE_DONE);

  /* What follows is the server's. */
  memcpy (more, c->bytes, c->length);
  memcpy (more + c->length, "\r\n\0x", 4);
  rig_open (&rig, c->protocol);
  rig_push (&rig, more, c->length + 4);
  rig_check (&rig, c, IMP_DECODE_DONE);
  g_assert_cmpmem (rig.input->data, rig.input->len, "\r\n\0x", 4);
  rig_close (&rig);
}

static void
test_bad (gconstpointer data)
{
  check_splits (data, IMP_DECODE_BAD);
  check_single_bytes (data, IMP_DECODE_BAD);
}

/* ---- answers ---- */

static void
check_answer (const ImpRequest *request, const ImpRequestProtocol *protocol,
              ImpRequestOutcome outcome, GSocketAddress *local, const char *wanted, gsize length)
{
  g_autoptr (GBytes) answer = protocol->answer (request, outcome, NULL, local);
  gsize n;
  const void *data = g_bytes_get_data (answer, &n);

  g_assert_cmpuint (n, >=, length);
  g_assert_cmpmem (data, length, wanted, length);
  if (protocol == &imp_request_socks)
    g_assert_cmpuint (n, ==, length);
}

static void
test_answers_socks (void)
{
  static const char codes[] = { 0, 1, 2, 3, 4, 5, 6 };
  ImpRequest four = { .version = 4 }, five = { .version = 5, .greeted = TRUE };
  ImpRequest nobody = { .version = 0 }, stranger = { .version = 5 };
  g_autoptr (GSocketAddress) ip4 = g_inet_socket_address_new_from_string ("192.0.2.1", 258);
  g_autoptr (GSocketAddress) ip6 = g_inet_socket_address_new_from_string ("::1", 258);

  for (guint outcome = 0; outcome < G_N_ELEMENTS (codes); outcome++)
    {
      char answer4[8] = { 0, outcome == IMP_REQUEST_GRANTED ? 90 : 91 };
      char answer5[10] = { 5, codes[outcome], 0, 1 };

      check_answer (&four, &imp_request_socks, outcome, NULL, answer4, sizeof answer4);
      check_answer (&five, &imp_request_socks, outcome, NULL, answer5, sizeof answer5);
      check_answer (&nobody, &imp_request_socks, outcome, NULL, "", 0);
      check_answer (&stranger, &imp_request_socks, outcome, NULL, "", 0);
    }
  check_answer (&five, &imp_request_socks, IMP_REQUEST_GRANTED, ip4,
                "\x05\0\0\x01\xc0\x00\x02\x01\x01\x02", 10);
  check_answer (&five, &imp_request_socks, IMP_REQUEST_GRANTED, ip6,
                "\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02", 22);
}

static void
test_answers_http (void)
{
  static const char *const wanted[] = { "HTTP/1.1 200 ", "HTTP/1.1 502 ", "HTTP/1.1 403 ",
                                        "HTTP/1.1 502 ", "HTTP/1.1 502 ", "HTTP/1.1 502 ",
                                        "HTTP/1.1 504 " };
  ImpRequest request = { 0 };

  for (guint outcome = 0; outcome < G_N_ELEMENTS (wanted); outcome++)
    {
      g_autoptr (GBytes) answer = imp_request_http.answer (&request, outcome, "why", NULL);
      g_autofree char *text = g_strndup (g_bytes_get_data (answer, NULL),
                                         g_bytes_get_size (answer));

      g_assert_true (g_str_has_prefix (text, wanted[outcome]));
      if (outcome == IMP_REQUEST_GRANTED)
        g_assert_true (g_str_has_suffix (text, "\r\n\r\n"));
      else
        {
          g_assert_nonnull (strstr (text, "Content-Length: 4\r\n"));
          g_assert_true (g_str_has_suffix (text, "\r\n\r\nwhy\n"));
        }
    }
}

static void
add_cases (const char *folder, const RequestCase *cases, gsize n, GTestDataFunc func)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/request/%s/%s/%s",
                                               cases[i].protocol == &imp_request_socks ? "socks"
                                                                                       : "http",
                                               folder, cases[i].name);

      g_test_add_data_func (path, &cases[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_cases ("good", good, G_N_ELEMENTS (good), test_good);
  add_cases ("bad", bad, G_N_ELEMENTS (bad), test_bad);
  g_test_add_func ("/request/socks/answers", test_answers_socks);
  g_test_add_func ("/request/http/answers", test_answers_http);
  return g_test_run ();
}
