/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may talk to whom over TLS, and what both sides hear of it if not. */
#include "test-streams.h"
#include "tls-rig.h"

#include "core/imp-error.h"
#include "rpc/client/imp-remote-factory-private.h"
#include "rpc/imp-tls-text-private.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *server;    /* its certificate */
  const char *client_ca; /* whom it trusts, if it demands certificates */
  const char *ca;        /* whom the client trusts */
  const char *client;    /* its certificate, or NULL */
  const char *tls_name;
  const char *client_hears; /* NULL: it is connected */
  const char *server_logs;  /* NULL: nothing */
} Meeting;

#define BROKEN_OFF "the client's end closed the connection in the TLS handshake"
#define CLOSED "the server closed the connection as soon as the TLS handshake was done"

static const Meeting meetings[] = {
  { "good", "server", NULL, "ca.pem", NULL, NULL, NULL, NULL },
  { "good-name", "server", NULL, "ca.pem", NULL, "localhost", NULL, NULL },
  { "good-client", "server", "ca.pem", "ca.pem", "client", NULL, NULL, NULL },
  { "client-shows-more-than-it-must", "server", NULL, "ca.pem", "client", NULL, NULL, NULL },
  { "trusted-self-signed", "self", NULL, "self.pem", NULL, NULL, NULL, NULL },
  { "expired", "expired", NULL, "ca.pem", NULL, NULL, "it has expired at 2020-01-02 00:00:00 UTC",
    BROKEN_OFF },
  { "not-yet-valid", "early", NULL, "ca.pem", NULL, NULL,
    "it is not valid before 2098-01-01 00:00:00 UTC", BROKEN_OFF },
  { "wrong-address", "wrong", NULL, "ca.pem", NULL, NULL,
    "it is for other.example, 192.0.2.1 and not for \"127.0.0.1\" (tls-name)", BROKEN_OFF },
  { "wrong-name", "server", NULL, "ca.pem", NULL, "foo.example",
    "it is for localhost, 127.0.0.1, ::1 and not for \"foo.example\" (tls-name)", BROKEN_OFF },
  { "right-name", "wrong", NULL, "ca.pem", NULL, "other.example", NULL, NULL },
  { "unknown-issuer", "server", NULL, "other.pem", NULL, NULL,
    "its issuer \"CN=ca\" is unknown here", BROKEN_OFF },
  { "unknown-to-the-system", "server", NULL, NULL, NULL, NULL,
    "its issuer \"CN=ca\" is unknown here", BROKEN_OFF },
  { "self-signed", "self", NULL, "ca.pem", NULL, NULL,
    "it is self-signed, and not among those that are trusted here", BROKEN_OFF },
  { "no-client-certificate", "server", "ca.pem", "ca.pem", NULL, NULL, "certificate of this side",
    "the client's certificate is missing, and is demanded" },
  { "strange-client", "server", "ca.pem", "ca.pem", "stranger", NULL, CLOSED,
    "the client's certificate \"CN=stranger\" is refused: its issuer \"CN=other\" is unknown" },
  { "expired-client", "server", "ca.pem", "ca.pem", "expired", NULL, CLOSED,
    "the client's certificate \"CN=expired\" is refused: it has expired at 2020-01-02" },
  { "early-client", "server", "ca.pem", "ca.pem", "early", NULL, CLOSED,
    "the client's certificate \"CN=early\" is refused: it is not valid before 2098-01-01" },
  { "self-signed-client", "server", "ca.pem", "ca.pem", "self", NULL, CLOSED,
    "the client's certificate \"CN=self\" is refused: it is self-signed" },
};

static void
assert_heard (const GError *error, const char *text)
{
  if (text == NULL)
    g_assert_no_error (error);
  else if (error == NULL || strstr (error->message, text) == NULL)
    g_error ("\"%s\" is not in \"%s\"", text, error != NULL ? error->message : "success");
}

static void
test_meeting (gconstpointer data)
{
  const Meeting *meeting = data;
  TlsRig rig;
  ImpRemoteFactory *client;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, meeting->server, meeting->client_ca);
  tls_rig_listen (&rig);
  client = tls_rig_new_client (&rig, meeting->ca, meeting->client);
  g_object_set (client, "tls-name", meeting->tls_name, NULL);
  error = tls_rig_connect (client);
  assert_heard (error, meeting->client_hears);
  if (error != NULL)
    g_assert_null (strchr (error->message, '\n'));
  if (meeting->server_logs != NULL)
    {
      tls_rig_wait_for_log (&rig, meeting->server_logs);
      g_assert_cmpuint (tls_rig_count_refusals (&rig, "tls"), ==, 1);
      g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 0);
    }
  else
    {
      g_assert_cmpstr (rig.log->str, ==, "");
      g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 1);
    }
  imp_remote_factory_close (client);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

/* Of what GIO does not tell, such as that a certificate is revoked, the words are there. */
static void
test_texts (void)
{
  g_autofree char *folder = test_certificates_new ();
  g_autoptr (GTlsCertificate) certificate = test_certificates_load (folder, "revoked");
  const struct
  {
    GTlsCertificateFlags flag;
    const char *text;
  } cases[] = {
    { G_TLS_CERTIFICATE_REVOKED, "is refused: it is revoked" },
    { G_TLS_CERTIFICATE_INSECURE, "is refused: its algorithm is insecure" },
    { G_TLS_CERTIFICATE_GENERIC_ERROR, "is refused: it cannot be verified" },
    { G_TLS_CERTIFICATE_REVOKED | G_TLS_CERTIFICATE_EXPIRED, "; it is revoked" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = imp_tls_text_refuse (certificate, cases[i].flag, "the client's",
                                                      NULL);

      g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
      assert_heard (error, cases[i].text);
    }
  g_clear_object (&certificate);
  test_certificates_free (g_steal_pointer (&folder));
}

/* --- who does not speak TLS --- */

static ImpRemoteFactory *
new_plain_client (TlsRig *rig)
{
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *client = imp_remote_factory_new (rig->address + strlen ("tls://"), &error);

  g_assert_no_error (error);
  g_object_set (client, "reconnect", FALSE, NULL);
  return client;
}

static void
test_plain_client (void)
{
  TlsRig rig;
  ImpRemoteFactory *client;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", NULL);
  tls_rig_listen (&rig);
  client = new_plain_client (&rig);
  error = tls_rig_connect (client);
  assert_heard (error, "this address is for TLS, and what came is not TLS: write \"tls://\"");
  tls_rig_wait_for_log (&rig, "this address is for TLS");
  g_assert_cmpuint (tls_rig_count_refusals (&rig, "tls"), ==, 1);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

/* Whatever its wire format is, and also where it waits for what the client says. */
static void
test_plain_server (gconstpointer codec)
{
  TlsRig rig;
  ImpRemoteFactory *client;
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", NULL);
  g_object_set (rig.server, "codec", codec, NULL);
  imp_server_listen (rig.server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (rig.server);
  rig.address = g_strconcat ("tls://", addresses[0], NULL);
  client = tls_rig_new_client (&rig, "ca.pem", NULL);
  error = tls_rig_connect (client);
  assert_heard (error,
                "the server's end does not speak TLS (then there is no \"tls://\" before the "
                "address)");
  tls_rig_wait_for_log (&rig,
                        "A client (loopback) is refused: what came is TLS, and this end of the "
                        "connection is without: either both ends have \"tls://\" before the "
                        "address, or none of them (1 of them)");
  g_assert_cmpuint (tls_rig_count_refusals (&rig, "tls"), ==, 1);
  g_assert_cmpuint (tls_rig_count_refusals (&rig, "malformed"), ==, 0);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

/* --- settings --- */

static void
assert_cannot_listen (ImpServer *server, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (imp_server_listen (server, "tls://127.0.0.1:0", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  assert_heard (error, text);
}

static void
set_file (TlsRig *rig, const char *property, const char *name)
{
  g_autofree char *path = name != NULL ? test_certificates_path (rig->folder, name) : NULL;

  g_object_set (rig->server, property, path, NULL);
}

static void
test_wrong_files (void)
{
  TlsRig rig;

  tls_rig_init (&rig, "server", NULL);
  set_file (&rig, "tls-key", "wrong.key");
  assert_cannot_listen (rig.server, "do not belong together");
  set_file (&rig, "tls-key", "nothing");
  assert_cannot_listen (rig.server, "tls-cert");
  set_file (&rig, "tls-cert", NULL);
  assert_cannot_listen (rig.server, "there is no tls-cert to it");
  set_file (&rig, "tls-key", NULL);
  assert_cannot_listen (rig.server, "TLS needs a certificate and its key (tls-cert, tls-key)");
  set_file (&rig, "tls-cert", "server.pem");
  assert_cannot_listen (rig.server, "tls-cert");
  set_file (&rig, "tls-cert", "both.pem");
  set_file (&rig, "tls-client-ca", "openssl.cnf");
  assert_cannot_listen (rig.server, "tls-client-ca");
  set_file (&rig, "tls-client-ca", "ca.pem");
  tls_rig_listen (&rig);
  tls_rig_clear (&rig);
}

/* What is set for TLS is not ignored. */
static void
test_settings_without_tls (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_factory_new_from_settings (
    IMP_TYPE_REMOTE_FACTORY, "address=127.0.0.1:1&tls_ca=/ca.pem", &error);

  g_assert_null (factory);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  assert_heard (error, "does not begin with \"tls://\"");
  g_clear_error (&error);
  factory = imp_factory_new_from_settings (IMP_TYPE_REMOTE_FACTORY,
                                           "address=tls://127.0.0.1:1&tls_ca=/nowhere/ca.pem",
                                           &error);
  g_assert_null (factory);
  assert_heard (error, "tls-ca \"/nowhere/ca.pem\"");
}

/* The application has the certificates. */
static void
test_objects (void)
{
  TlsRig rig;
  ImpRemoteFactory *client;
  g_autoptr (GTlsCertificate) certificate = NULL, own = NULL, shown = NULL;
  g_autoptr (GTlsDatabase) database = NULL;
  g_autofree char *ca = NULL;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", NULL);
  set_file (&rig, "tls-cert", NULL);
  set_file (&rig, "tls-key", NULL);
  certificate = test_certificates_load (rig.folder, "server");
  own = test_certificates_load (rig.folder, "client");
  ca = test_certificates_path (rig.folder, "ca.pem");
  database = g_tls_file_database_new (ca, &error);
  g_assert_no_error (error);
  g_object_set (rig.server, "tls-certificate", certificate, "tls-client-database", database, NULL);
  tls_rig_listen (&rig);
  client = tls_rig_new_client (&rig, NULL, NULL);
  g_object_set (client, "tls-certificate", own, "tls-database", database, NULL);
  error = tls_rig_connect (client);
  g_assert_no_error (error);
  g_object_get (client, "tls-certificate", &shown, NULL);
  g_assert_true (shown == own);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

/* An interface is bound to a factory of its own, which has to show the same. */
static void
test_set_interface (void)
{
  TlsRig rig;
  ImpRemoteFactory *client;
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpFactory) bound = NULL;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", "ca.pem");
  tls_rig_listen (&rig);
  client = tls_rig_new_client (&rig, "ca.pem", "client");
  g_object_set (client, "tls-name", "localhost", NULL);
  bound = imp_factory_set_interface (IMP_FACTORY (client), interface, &error);
  g_assert_no_error (error);
  g_clear_object (&client);
  error = tls_rig_connect (IMP_REMOTE_FACTORY (bound));
  g_assert_no_error (error);
  g_clear_object (&bound);
  tls_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (meetings); i++)
    {
      g_autofree char *path = g_strconcat ("/tls/meeting/", meetings[i].name, NULL);

      g_test_add_data_func (path, &meetings[i], test_meeting);
    }
  g_test_add_func ("/tls/texts", test_texts);
  g_test_add_func ("/tls/plain-client", test_plain_client);
  g_test_add_data_func ("/tls/plain-server/auto", "auto", test_plain_server);
  g_test_add_data_func ("/tls/plain-server/json", "json", test_plain_server);
  g_test_add_data_func ("/tls/plain-server/cbor", "cbor", test_plain_server);
  g_test_add_func ("/tls/wrong-files", test_wrong_files);
  g_test_add_func ("/tls/settings-without-tls", test_settings_without_tls);
  g_test_add_func ("/tls/objects", test_objects);
  g_test_add_func ("/tls/set-interface", test_set_interface);
  return g_test_run ();
}
