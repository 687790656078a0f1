/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-rig.h"
#include "test-streams.h"

#include "core/imp-log-private.h"
#include "core/imp-type-factory.h"

#include <string.h>

typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
} TlsUsher;
typedef ImpAnalyzerClass TlsUsherClass;

GType tls_usher_get_type (void);
G_DEFINE_TYPE (TlsUsher, tls_usher, IMP_TYPE_ANALYZER)

static gboolean
tls_usher_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                gint32 data_type, GError **error)
{
  TlsUsher *self = (TlsUsher *) analyzer;
  const char *key = imp_analyzer_lookup_context (analyzer, "tell");
  const char *value = key != NULL ? imp_analyzer_lookup_context (analyzer, key) : NULL;

  if (key != NULL)
    imp_analyzer_account (analyzer, key, value != NULL ? value : "-");
  self->fed[direction] += g_bytes_get_size (data);
  imp_analyzer_pass_bytes (analyzer, direction, self->fed[direction]);
  return TRUE;
}

static void
tls_usher_init (TlsUsher *self)
{
}

static void
tls_usher_class_init (TlsUsherClass *klass)
{
  klass->data = tls_usher_data;
}

/* Lines with fields come to no handler; and there is one writer in a process. */
static TlsRig *logged;

static GLogWriterOutput
tls_rig_on_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user_data)
{
  const char *text = imp_log_find_field (fields, n, "MESSAGE");

  if (logged == NULL || (level & G_LOG_LEVEL_MESSAGE) == 0
      || g_strcmp0 (imp_log_find_field (fields, n, "GLIB_DOMAIN"), "Imp-rpc") != 0)
    return g_log_writer_default (level, fields, n, user_data);
  g_string_append_printf (logged->log, "%s\n", text);
  return G_LOG_WRITER_HANDLED;
}

static void
tls_rig_follow_log (TlsRig *self)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      g_log_set_writer_func (tls_rig_on_log, NULL, NULL);
      g_once_init_leave (&once, 1);
    }
  logged = self;
}

static void
tls_rig_on_disconnected (ImpServer *server, GIOStream *stream, const char *reason,
                         gpointer user_data)
{
  TlsRig *self = user_data;

  g_string_append_printf (self->reasons, "%s\n", reason);
}

void
tls_rig_init (TlsRig *self, const char *certificate, const char *client_ca)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (tls_usher_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  g_autofree char *cert = NULL, *key = NULL, *ca = NULL;

  *self = (TlsRig){ .folder = test_certificates_new () };
  self->log = g_string_new (NULL);
  self->reasons = g_string_new (NULL);
  tls_rig_follow_log (self);
  cert = g_strdup_printf ("%s/%s.pem", self->folder, certificate);
  key = g_strdup_printf ("%s/%s.key", self->folder, certificate);
  if (client_ca != NULL)
    ca = g_strdup_printf ("%s/%s", self->folder, client_ca);
  self->server = imp_server_new (factory);
  g_signal_connect (self->server, "disconnected", G_CALLBACK (tls_rig_on_disconnected), self);
  g_object_set (self->server, "tls-cert", cert, "tls-key", key, "tls-client-ca", ca, NULL);
}

void
tls_rig_listen (TlsRig *self)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  imp_server_listen (self->server, "tls://127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (self->server);
  self->address = g_strdup (addresses[0]);
  g_assert_true (g_str_has_prefix (self->address, "tls://127.0.0.1:"));
  self->port = (guint16) g_ascii_strtoull (strrchr (self->address, ':') + 1, NULL, 10);
}

void
tls_rig_clear (TlsRig *self)
{
  imp_server_close (self->server);
  g_assert_finalize_object (self->server);
  logged = NULL;
  g_string_free (self->log, TRUE);
  g_string_free (self->reasons, TRUE);
  test_certificates_free (self->folder);
  g_free (self->address);
}

guint64
tls_rig_count_refusals (TlsRig *self, const char *reason)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (self->server);
  g_autoptr (GVariant) refusals = g_variant_lookup_value (statistics, "refusals", NULL);
  guint64 n;

  g_assert_true (g_variant_lookup (refusals, reason, "t", &n));
  return n;
}

typedef struct
{
  const GString *heard;
  const char *text;
} Awaited;

static gboolean
is_heard (gpointer data)
{
  const Awaited *awaited = data;

  return strstr (awaited->heard->str, awaited->text) != NULL;
}

static void
wait_for_text (const GString *heard, const char *text)
{
  Awaited awaited = { heard, text };

  if (!test_run_until (is_heard, &awaited, TLS_RIG_TIMEOUT))
    g_error ("\"%s\" is not in \"%s\"", text, heard->str);
}

void
tls_rig_wait_for_log (TlsRig *self, const char *text)
{
  wait_for_text (self->log, text);
}

void
tls_rig_wait_for_reason (TlsRig *self, const char *text)
{
  wait_for_text (self->reasons, text);
}

ImpRemoteFactory *
tls_rig_new_client (TlsRig *self, const char *ca, const char *certificate)
{
  g_autofree char *ca_file = NULL, *cert = NULL, *key = NULL;
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *client = imp_remote_factory_new (self->address, &error);

  g_assert_no_error (error);
  if (ca != NULL)
    ca_file = g_strdup_printf ("%s/%s", self->folder, ca);
  if (certificate != NULL)
    {
      cert = g_strdup_printf ("%s/%s.pem", self->folder, certificate);
      key = g_strdup_printf ("%s/%s.key", self->folder, certificate);
    }
  g_object_set (client, "tls-ca", ca_file, "tls-cert", cert, "tls-key", key, "reconnect", FALSE,
                NULL);
  return client;
}

typedef struct
{
  gboolean done;
  GError *error;
} Outcome;

static gboolean
is_done (gpointer data)
{
  return ((Outcome *) data)->done;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, &outcome->error);
  outcome->done = TRUE;
}

GError *
tls_rig_connect (ImpRemoteFactory *client)
{
  Outcome outcome = { FALSE, NULL };

  imp_remote_factory_connect_async (client, NULL, on_connected, &outcome);
  g_assert_true (test_run_until (is_done, &outcome, TLS_RIG_TIMEOUT));
  return outcome.error;
}

static void
on_told (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  if (imp_result_get_result_type (result) == IMP_RESULT_ACCOUNT_FIELD)
    *(char **) user_data = g_strdup (imp_result_get_value (result));
}

static gboolean
is_told (gpointer data)
{
  return *(char **) data != NULL;
}

char *
tls_rig_ask (ImpRemoteFactory *client, const char *key, const char *said)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) error = NULL;
  char *told = NULL;

  g_hash_table_insert (context, (char *) "tell", (char *) key);
  if (said != NULL)
    g_hash_table_insert (context, (char *) key, (char *) said);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (client), context, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (analyzer, on_told, &told, NULL);
  imp_analyzer_data_bytes (analyzer, IMP_DIRECTION_FROM_CLIENT, (const guint8 *) "x", 1, 0,
                           IMP_DATA_TYPE_STREAM);
  g_assert_true (test_run_until (is_told, &told, TLS_RIG_TIMEOUT));
  imp_analyzer_close (analyzer);
  return told;
}

GSocketConnection *
tls_rig_open (TlsRig *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_to_host (client, "127.0.0.1", self->port,
                                                                   NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &outcome->error);
  outcome->done = TRUE;
}

gboolean
tls_rig_handshake (GTlsConnection *connection, GError **error)
{
  Outcome outcome = { FALSE, NULL };

  g_tls_connection_handshake_async (connection, G_PRIORITY_DEFAULT, NULL, on_handshake, &outcome);
  g_assert_true (test_run_until (is_done, &outcome, TLS_RIG_TIMEOUT));
  if (outcome.error == NULL)
    return TRUE;
  g_propagate_error (error, outcome.error);
  return FALSE;
}

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
                GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

GIOStream *
tls_rig_open_tls (TlsRig *self, const char *certificate)
{
  g_autoptr (GSocketConnection) base = tls_rig_open (self);
  g_autoptr (GTlsCertificate) own = NULL;
  g_autoptr (GError) error = NULL;
  GIOStream *tls = g_tls_client_connection_new (G_IO_STREAM (base), NULL, &error);

  g_assert_no_error (error);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_certificate), NULL);
  if (certificate != NULL)
    {
      own = test_certificates_load (self->folder, certificate);
      g_tls_connection_set_certificate (G_TLS_CONNECTION (tls), own);
    }
  tls_rig_handshake (G_TLS_CONNECTION (tls), &error);
  g_assert_no_error (error);
  return tls;
}

GBytes *
tls_rig_get_hello (void)
{
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Outcome outcome = { FALSE, NULL };
  guint8 buffer[4096];
  gssize n;

  test_stream_pair (&one, &other);
  tls = g_tls_client_connection_new (one, NULL, &error);
  g_assert_no_error (error);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, cancellable,
                                    on_handshake, &outcome);
  n = g_input_stream_read (g_io_stream_get_input_stream (other), buffer, sizeof buffer, NULL,
                           &error);
  g_assert_no_error (error);
  g_assert_cmpint (n, >, 5);
  g_assert_cmpint (n, ==, 5 + (buffer[3] << 8 | buffer[4]));
  g_cancellable_cancel (cancellable);
  g_assert_true (test_run_until (is_done, &outcome, TLS_RIG_TIMEOUT));
  g_clear_error (&outcome.error);
  return g_bytes_new (buffer, n);
}
