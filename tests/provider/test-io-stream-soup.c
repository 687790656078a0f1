/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server of libsoup whose connections go through analyzers, and curl as its client. */
#include "rewriter-rig.h"
#include "scripted-analyzer.h"
#include "test-certificates.h"
#include "test-streams.h"

#include "analyzers/imp-pattern-factory.h"
#include "provider/imp-io-stream.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>

#define TIMEOUT 60000 /* ms */
/* Each way; a tenth where every access to memory is checked. */
#ifdef __SANITIZE_ADDRESS__
#define MUCH (10 * 1024 * 1024)
#else
#define MUCH (100 * 1024 * 1024)
#endif

typedef struct
{
  SoupServer *server;
  GSocketService *service;
  GTlsCertificate *certificate; /* NULL: without TLS */
  ImpAnalyzer *(*create_analyzer) (void);
  guint16 port;
  guint n_connections;
  guint n_requests;
  char *folder;
} Rig;

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer user_data)
{
  Rig *rig = user_data;
  SoupMessageBody *request = soup_server_message_get_request_body (message);
  SoupMessageBody *response = soup_server_message_get_response_body (message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (request);

  rig->n_requests++;
  soup_server_message_set_status (message, 200, NULL);
  if (g_str_equal (path, "/chunked"))
    soup_message_headers_set_encoding (soup_server_message_get_response_headers (message),
                                       SOUP_ENCODING_CHUNKED);
  if (g_str_equal (path, "/hello"))
    soup_message_body_append (response, SOUP_MEMORY_STATIC, "hello, SECRET\n", 14);
  else
    soup_message_body_append_bytes (response, bytes);
  soup_message_body_complete (response);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source,
             gpointer user_data)
{
  Rig *rig = user_data;
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);
  g_autoptr (ImpAnalyzer) analyzer = rig->create_analyzer ();
  g_autoptr (GIOStream) base = g_object_ref (G_IO_STREAM (connection));
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  if (rig->certificate != NULL)
    {
      g_object_unref (base);
      base = g_tls_server_connection_new (G_IO_STREAM (connection), rig->certificate, &error);
      g_assert_no_error (error);
    }
  rig->n_connections++;
  stream = imp_io_stream_new (base, analyzer, IMP_DIRECTION_FROM_CLIENT);
  soup_server_accept_iostream (rig->server, stream, local, remote, &error);
  g_assert_no_error (error);
  return TRUE;
}

/* libsoup keeps connections alive only as long as it listens itself, somewhere. */
static void
listen_idly (SoupServer *server, GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  g_assert_true (g_socket_listen (socket, NULL));
  soup_server_listen_socket (server, socket, 0, &error);
  g_assert_no_error (error);
}

static Rig *
rig_new (ImpAnalyzer *(*create_analyzer) (void) )
{
  Rig *rig = g_new0 (Rig, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) effective = NULL;

  rig->create_analyzer = create_analyzer;
  rig->folder = test_certificates_new ();
  rig->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (rig->server, NULL, on_request, rig, NULL);
  listen_idly (rig->server, address);
  rig->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (rig->service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &effective, &error);
  g_assert_no_error (error);
  rig->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_signal_connect (rig->service, "incoming", G_CALLBACK (on_incoming), rig);
  g_socket_service_start (rig->service);
  return rig;
}

static void
rig_free (Rig *rig)
{
  g_socket_service_stop (rig->service);
  g_socket_listener_close (G_SOCKET_LISTENER (rig->service));
  soup_server_disconnect (rig->server);
  g_object_unref (rig->service);
  g_object_unref (rig->server);
  g_clear_object (&rig->certificate);
  test_certificates_free (rig->folder);
  g_free (rig);
}

static char *
rig_path (Rig *rig, const char *name)
{
  return g_build_filename (rig->folder, name, NULL);
}

/* ---- curl ---- */

typedef struct
{
  gboolean done;
  char *output;
  int status;
} Curl;

static gboolean
is_done (gpointer data)
{
  return ((Curl *) data)->done;
}

static void
on_curl (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Curl *curl = user_data;
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (object), result, &curl->output, &errors,
                                        &error);
  g_assert_no_error (error);
  curl->status = g_subprocess_get_exit_status (G_SUBPROCESS (object));
  if (curl->status != 0)
    g_test_message ("curl says: %s", errors);
  curl->done = TRUE;
}

/* What it writes to its output; it must exit with @status. The words of @arguments; %s is where the
 * server is. */
static char *
rig_curl (Rig *rig, int status, const char *const *arguments)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *where = g_strdup_printf ("%s://127.0.0.1:%u",
                                            rig->certificate != NULL ? "https" : "http", rig->port);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  Curl curl = { 0 };

  for (const char *const *word = (const char *const[]){ "curl", "-q", "-sS", "--noproxy", "*",
                                                        "--max-time", "50", NULL };
       *word != NULL; word++)
    g_ptr_array_add (argv, g_strdup (*word));
  for (const char *const *word = arguments; *word != NULL; word++)
    g_ptr_array_add (argv,
                     **word == '/' && word[0][1] != '\0' && strstr (*word, rig->folder) == NULL
                       ? g_strconcat (where, *word, NULL)
                       : g_strdup (*word));
  g_ptr_array_add (argv, NULL);
  process = g_subprocess_newv ((const char *const *) argv->pdata,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_curl, &curl);
  g_assert_true (test_run_until (is_done, &curl, TIMEOUT));
  g_assert_cmpint (curl.status, ==, status);
  return curl.output;
}

#define CURL(rig, status, ...) rig_curl (rig, status, (const char *const[]){ __VA_ARGS__, NULL })

/* ---- analyzers ---- */

static ImpAnalyzer *
create_passing (void)
{
  return scripted_analyzer_new (scripted_analyzer_pass_all);
}

static gboolean
make_public (TestRewriter *self, ImpDirection direction, guint id, GBytes *match, gint64 offset,
             GError **error)
{
  imp_rewriter_replace (IMP_REWRITER (self), (const guint8 *) "PUBLIC", 6);
  return TRUE;
}

static ImpAnalyzer *
create_rewriting (void)
{
  TestRewriter *rewriter = g_object_new (test_rewriter_get_type (), NULL);

  rewriter->func = make_public;
  for (guint direction = 0; direction < 2; direction++)
    g_assert_cmpuint (imp_rewriter_add_string (IMP_REWRITER (rewriter), direction,
                                               (const guint8 *) "SECRET", 6, NULL),
                      >, 0);
  return IMP_ANALYZER (rewriter);
}

static const char refusal[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n"
                              "Connection: close\r\n\r\nno\n";

static void
refuse (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (direction == IMP_DIRECTION_FROM_CLIENT && length > 0
      && memmem (bytes, length, "/forbidden", 10) != NULL)
    {
      imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) refusal,
                              strlen (refusal));
      imp_analyzer_deny (IMP_ANALYZER (self), direction, "forbidden");
    }
  else
    scripted_analyzer_pass_all (self, direction, data);
}

static ImpAnalyzer *
create_refusing (void)
{
  return scripted_analyzer_new (refuse);
}

static void
fail_in_response (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (direction == IMP_DIRECTION_FROM_SERVER && self->fed[direction] > 300000)
    imp_analyzer_fail (IMP_ANALYZER (self), "out of ideas");
  else
    scripted_analyzer_pass_all (self, direction, data);
}

static ImpAnalyzer *
create_failing (void)
{
  return scripted_analyzer_new (fail_in_response);
}

/* ---- tests ---- */

/* Several requests, one connection. */
static void
test_keep_alive (void)
{
  Rig *rig = rig_new (create_passing);
  g_autofree char *output = CURL (rig, 0, "/hello", "/hello", "/hello");

  g_assert_cmpstr (output, ==, "hello, SECRET\nhello, SECRET\nhello, SECRET\n");
  g_assert_cmpuint (rig->n_requests, ==, 3);
  g_assert_cmpuint (rig->n_connections, ==, 1);
  rig_free (rig);
}

static void
test_chunked (void)
{
  Rig *rig = rig_new (create_passing);
  g_autofree char *output = CURL (rig, 0, "-H", "Transfer-Encoding: chunked", "-d", "in pieces",
                                  "/chunked", "/chunked");
  g_autofree char *plain = CURL (rig, 0, "-H", "Connection: close", "-d", "once", "/echo");

  g_assert_cmpstr (output, ==, "in piecesin pieces");
  g_assert_cmpstr (plain, ==, "once");
  g_assert_cmpuint (rig->n_connections, ==, 2);
  rig_free (rig);
}

static void
test_rewritten (void)
{
  Rig *rig = rig_new (create_rewriting);
  g_autofree char *output = CURL (rig, 0, "/hello", "/hello");

  g_assert_cmpstr (output, ==, "hello, PUBLIC\nhello, PUBLIC\n");
  g_assert_cmpuint (rig->n_connections, ==, 1);
  rig_free (rig);
}

/* The client gets the analyzer's answer, and libsoup an error: no request comes of it. */
static void
test_refused (void)
{
  Rig *rig = rig_new (create_refusing);
  g_autofree char *output = CURL (rig, 0, "-w", "%{http_code}", "/forbidden");
  g_autofree char *hello = CURL (rig, 0, "/hello");

  g_assert_cmpstr (output, ==, "no\n403");
  g_assert_cmpstr (hello, ==, "hello, SECRET\n");
  g_assert_cmpuint (rig->n_requests, ==, 1);
  rig_free (rig);
}

static void
write_file (const char *path, gsize size, const char *word)
{
  g_autoptr (GBytes) pattern = test_bytes_pattern (size);
  g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (pattern, NULL), size);
  g_autoptr (GError) error = NULL;

  for (gsize at = 0; at + 6 < size; at += 10007)
    memcpy (data + at, word, 6);
  g_file_set_contents (path, (const char *) data, size, &error);
  g_assert_no_error (error);
}

static void
assert_same_files (const char *path, const char *other)
{
  g_autoptr (GMappedFile) one = g_mapped_file_new (path, FALSE, NULL);
  g_autoptr (GMappedFile) two = g_mapped_file_new (other, FALSE, NULL);

  g_assert_nonnull (one);
  g_assert_nonnull (two);
  g_assert_cmpuint (g_mapped_file_get_length (one), ==, g_mapped_file_get_length (two));
  g_assert_cmpint (memcmp (g_mapped_file_get_contents (one), g_mapped_file_get_contents (two),
                           g_mapped_file_get_length (one)),
                   ==, 0);
}

/* There and back. */
static void
check_much (ImpAnalyzer *(*create_analyzer) (void), const char *expected, gsize size, gboolean tls)
{
  Rig *rig = rig_new (create_analyzer);
  g_autofree char *sent = rig_path (rig, "sent"), *received = rig_path (rig, "received"),
                  *wanted = rig_path (rig, "wanted"), *ca = rig_path (rig, "ca.pem");
  g_autofree char *output = NULL;

  if (tls)
    rig->certificate = test_certificates_load (rig->folder, "server");
  write_file (sent, size, "SECRET");
  write_file (wanted, size, expected);
  output = CURL (rig, 0, "--cacert", ca, "-H", "Expect:", "-T", sent, "-o", received, "-w",
                 "%{http_code}", "/echo");
  g_assert_cmpstr (output, ==, "200");
  assert_same_files (received, wanted);
  rig_free (rig);
}

static void
test_much_passed (void)
{
  check_much (create_passing, "SECRET", MUCH, FALSE);
}

static void
test_much_rewritten (void)
{
  check_much (create_rewriting, "PUBLIC", MUCH, FALSE);
}

static void
test_much_tls (void)
{
  check_much (create_rewriting, "PUBLIC", 10 * 1024 * 1024, TRUE);
}

/* The analyzers are behind a socket, so that libsoup closes its streams while their end waits for a
 * verdict. */
static ImpRemoteFactory *remote;

static ImpAnalyzer *
create_remote (void)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), context, &error);

  g_assert_no_error (error);
  return analyzer;
}

static void
test_remote (void)
{
  g_autofree char *address = g_strdup_printf ("@imp-io-stream-soup-%d", (int) getpid ());
  g_autoptr (ImpFactory) factory = NULL;
  g_autoptr (ImpServer) server = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  Rig *rig;

  factory = imp_factory_new_from_settings (IMP_TYPE_PATTERN_FACTORY,
                                           "string=SECRET&action=replace&actdata=PUBLIC", &error);
  g_assert_no_error (error);
  server = imp_server_new (factory);
  imp_server_listen (server, address, &error);
  g_assert_no_error (error);
  remote = imp_remote_factory_new (address, &error);
  g_assert_no_error (error);

  rig = rig_new (create_remote);
  output = CURL (rig, 0, "-H", "Connection: close", "/hello", "/hello", "/hello");
  g_assert_cmpstr (output, ==, "hello, PUBLIC\nhello, PUBLIC\nhello, PUBLIC\n");
  g_assert_cmpuint (rig->n_connections, ==, 3);
  rig_free (rig);
  check_much (create_remote, "PUBLIC", 10 * 1024 * 1024, FALSE);
  g_clear_object (&remote);
  imp_server_close (server);
}

/* What an analyzer that fails has let through does not look like all. */
static void
test_failed (void)
{
  Rig *rig = rig_new (create_failing);
  g_autofree char *sent = rig_path (rig, "sent"), *received = rig_path (rig, "received");
  g_autofree char *output = NULL;

  write_file (sent, 1000000, "SECRET");
  /* Without a length, only the kind of the end tells. */
  output = CURL (rig, 56, "-0", "-H", "Expect:", "-T", sent, "-o", received, "-w", "%{http_code}",
                 "/echo");
  g_assert_cmpstr (output, ==, "200");
  rig_free (rig);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-stream-soup/keep-alive", test_keep_alive);
  g_test_add_func ("/io-stream-soup/chunked", test_chunked);
  g_test_add_func ("/io-stream-soup/rewritten", test_rewritten);
  g_test_add_func ("/io-stream-soup/refused", test_refused);
  g_test_add_func ("/io-stream-soup/remote", test_remote);
  g_test_add_func ("/io-stream-soup/failed", test_failed);
  g_test_add_func ("/io-stream-soup/much/passed", test_much_passed);
  g_test_add_func ("/io-stream-soup/much/rewritten", test_much_rewritten);
  g_test_add_func ("/io-stream-soup/much/tls", test_much_tls);
  return g_test_run ();
}
