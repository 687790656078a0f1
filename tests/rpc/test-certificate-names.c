/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a client of a TLS server is by its certificate: which names are taken from it, and that
 * analyzers and the application's own answer learn them, and none that a client makes up. */
#include "test-guard.h"
#include "test-streams.h"
#include "tls-rig.h"

#include "core/imp-error.h"
#include "rpc/imp-certificate-names-private.h"

#include <string.h>

#define CHARACTERS_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* --- certificates as openssl makes them --- */

typedef struct
{
  const char *subject;
  const char *common_name; /* NULL: none is taken */
} Subject;

static const Subject subjects[] = {
  { "/CN=relay-1", "relay-1" },
  { "/CN=Zo\xc3\xab", "Zo\xc3\xab" },
  { "/O=x/CN=relay 1/OU=y", "relay 1" },
  { "/CN=" CHARACTERS_64, CHARACTERS_64 },
  /* What separates the parts of a subject where it is shown as one text. */
  { "/CN=a,O=b", "a,O=b" },
  { "/CN=a\\+UID=b", "a+UID=b" },
  { "/CN=a\\\\2cb", "a\\2cb" },
  { "/CN=\"a\"", "\"a\"" },
  { "/CN=#0c0161", "#0c0161" },
  { "/O=x,CN=root", NULL },
  { "/O=x,CN=root/CN=nobody", "nobody" },
  { "/OU=x\nCN=root/CN=nobody", "nobody" },
  /* Beside another part, in the same set. */
  { "/CN=a+UID=b", "a" },
  /* Several of them. */
  { "/CN=a/CN=b", NULL },
  { "/CN=a/CN=a", NULL },
  { "/CN=a+CN=b", NULL },
  { "/O=x/CN=a/O=y/CN=b", NULL },
  /* What could be taken for something else. */
  { "/CN= root", NULL },
  { "/CN=root ", NULL },
  { "/CN=ro\not", NULL },
  { "/CN=ro\rot", NULL },
  { "/CN=\x1b[31mroot", NULL },
  { "/CN=ro\xc2\x9b"
    "31mot",
    NULL },                         /* a C1 control */
  { "/CN=\xe2\x80\xaetoor", NULL }, /* right to left */
  { "/CN=ro\xe2\x80\x8bot", NULL }, /* of no width */
  { "/CN=ro\xc2\xadot", NULL },     /* a soft hyphen */
  { "/CN=ro\xe2\x80\xa8ot", NULL }, /* ends a line */
  { "/O=x", NULL },
};

static void
test_subjects (void)
{
  g_autofree char *folder = test_certificates_new ();

  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++)
    {
      g_autoptr (GTlsCertificate) certificate = NULL;
      g_autofree char *name = NULL;

      test_certificates_add (folder, "odd", subjects[i].subject, "DNS:x.example");
      certificate = test_certificates_load (folder, "odd");
      name = imp_certificate_get_common_name (certificate);
      g_test_message ("subject %u", i);
      g_assert_cmpstr (name, ==, subjects[i].common_name);
    }
  test_certificates_free (g_steal_pointer (&folder));
}

static void
assert_dns (const char *folder, const char *alternative, const char *expected)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_auto (GStrv) names = NULL;
  g_autofree char *joined = NULL;

  test_certificates_add (folder, "odd", "/CN=x", alternative);
  certificate = test_certificates_load (folder, "odd");
  names = imp_certificate_get_dns_names (certificate);
  joined = names != NULL ? g_strjoinv (",", names) : NULL;
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_dns_names (void)
{
  g_autofree char *folder = test_certificates_new ();
  g_autoptr (GString) many = g_string_new ("DNS:a");

  assert_dns (folder, "DNS:A.Example,IP:192.0.2.1,DNS:*.b_c.example-d",
              "a.example,*.b_c.example-d");
  assert_dns (folder, "IP:192.0.2.1", NULL);
  assert_dns (folder, "email:a@b.example", NULL);
  /* All of them or none. */
  assert_dns (folder, "DNS:good.example,DNS:a b", NULL);
  assert_dns (folder, "DNS:good.example,DNS:a\xc3\xab", NULL);
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (many, ",DNS:%u.many.example", i);
  assert_dns (folder, many->str, NULL);
  test_certificates_free (g_steal_pointer (&folder));
}

/* --- and as nobody should make them --- */

typedef struct
{
  guint8 tag;
  const char *text;
  gsize length;
  const char *common_name;
} Value;

#define VALUE(tag, text, name)                                                                     \
  {                                                                                                \
    tag, text, sizeof text - 1, name                                                               \
  }

static const Value values[] = {
  VALUE (0x0c, "root", "root"),
  VALUE (0x13, "root", "root"),
  VALUE (0x14, "root", "root"),
  VALUE (0x16, "root", "root"),
  VALUE (0x0c, "", NULL),
  VALUE (0x0c, "ro\0ot", NULL),
  VALUE (0x13, "root\0", NULL),
  VALUE (0x0c, "ro\xffot", NULL),
  VALUE (0x0c, "ro\xc0\xafot", NULL),     /* longer than need be */
  VALUE (0x0c, "ro\xed\xa0\x80ot", NULL), /* half a pair */
  VALUE (0x14, "ro\xebt", NULL),          /* who knows which alphabet that is */
  VALUE (0x13, "Zo\xc3\xab", NULL),
  VALUE (0x1e, "\0r\0o\0o\0t", NULL),
  VALUE (0x04, "root", NULL),
  VALUE (0x30, "\x0c\x04root", NULL),
  { 0x0c, CHARACTERS_64 CHARACTERS_64 CHARACTERS_64 CHARACTERS_64, 256,
    CHARACTERS_64 CHARACTERS_64 CHARACTERS_64 CHARACTERS_64 },
  { 0x0c, CHARACTERS_64 CHARACTERS_64 CHARACTERS_64 CHARACTERS_64 "x", 257, NULL },
};

/* What is in @content behind its tag and length. */
static void
wrap (GByteArray *content, guint8 tag)
{
  guint8 head[4] = { tag, 0x82, content->len >> 8, content->len & 0xff };

  g_byte_array_prepend (content, head, sizeof head);
}

/* As much of a certificate as is read; what stands before the subject is empty. */
static GByteArray *
make_certificate (const Value *value)
{
  static const guint8 id[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
  static const guint8 before[] = { 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01,
                                   0x01, 0x30, 0x00, 0x30, 0x00, 0x30, 0x00 };
  GByteArray *der = g_byte_array_new ();

  g_byte_array_append (der, (const guint8 *) value->text, value->length);
  wrap (der, value->tag);
  g_byte_array_prepend (der, id, sizeof id);
  wrap (der, 0x30);
  wrap (der, 0x31);
  wrap (der, 0x30);
  g_byte_array_prepend (der, before, sizeof before);
  wrap (der, 0x30);
  wrap (der, 0x30);
  return der;
}

static void
test_values (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GByteArray) der = make_certificate (&values[i]);
      g_autofree char *name = imp_certificate_read_common_name (der->data, der->len);

      g_assert_cmpstr (name, ==, values[i].common_name);
    }
}

/* Each byte another one, and cut at each place: nothing is read behind the end. */
static void
test_damage (void)
{
  const Value value = VALUE (0x0c, "root", "root");
  g_autoptr (GByteArray) der = make_certificate (&value);
  g_autoptr (TestGuard) guard = test_guard_new (der->len);

  for (gsize length = 0; length < der->len; length++)
    g_assert_null (
      imp_certificate_read_common_name (test_guard_put (guard, der->data, length), length));
  for (gsize place = 0; place < der->len; place++)
    for (guint change = 1; change < 256; change++)
      {
        g_autofree char *name = NULL;

        der->data[place] ^= change;
        name = imp_certificate_read_common_name (test_guard_put (guard, der->data, der->len),
                                                 der->len);
        g_assert_true (name == NULL || strlen (name) <= 4);
        der->data[place] ^= change;
      }
}

/* --- what the server makes of it --- */

typedef struct
{
  TlsRig tls;
  ImpRemoteFactory *client;
} Rig;

/* @certificate: of the client, or NULL; the server demands one only if there is one. */
static void
rig_init (Rig *self, const char *certificate, const char *subject)
{
  tls_rig_init (&self->tls, "server", certificate != NULL ? "ca.pem" : NULL);
  if (subject != NULL)
    test_certificates_add (self->tls.folder, certificate, subject, "DNS:A.example,DNS:b.example");
  tls_rig_listen (&self->tls);
  self->client = tls_rig_new_client (&self->tls, "ca.pem", certificate);
}

static void
rig_clear (Rig *self)
{
  imp_remote_factory_close (self->client);
  g_assert_finalize_object (self->client);
  tls_rig_clear (&self->tls);
}

static void
assert_told (Rig *rig, const char *key, const char *said, const char *expected)
{
  g_autofree char *told = tls_rig_ask (rig->client, key, said);

  g_assert_cmpstr (told, ==, expected);
}

static void
test_context (void)
{
  Rig rig;

  rig_init (&rig, "odd", "/O=x,CN=root/CN=relay-1");
  assert_told (&rig, "peer.cn", NULL, "relay-1");
  assert_told (&rig, "peer.cn", "root", "relay-1");
  assert_told (&rig, "peer.dns", NULL, "a.example,b.example");
  assert_told (&rig, "peer.dns", "root.example", "a.example,b.example");
  assert_told (&rig, "peer.uid", "0", "-");
  assert_told (&rig, "peer.pid", "1", "-");
  assert_told (&rig, "app", "mail", "mail");
  rig_clear (&rig);
}

/* A name that is not taken leaves no room for one that is made up. */
static void
test_context_odd (void)
{
  Rig rig;

  rig_init (&rig, "odd", "/CN=ro\not");
  assert_told (&rig, "peer.cn", NULL, "-");
  assert_told (&rig, "peer.cn", "root", "-");
  rig_clear (&rig);
}

/* Nobody has shown anything, whatever they have. */
static void
test_context_anonymous (void)
{
  Rig rig;

  rig_init (&rig, NULL, NULL);
  assert_told (&rig, "peer.cn", NULL, "-");
  assert_told (&rig, "peer.cn", "root", "-");
  assert_told (&rig, "peer.dns", "root.example", "-");
  rig_clear (&rig);
}

/* A server in front of this one has asked already. */
static void
test_context_trusted (void)
{
  Rig rig;

  rig_init (&rig, "client", NULL);
  g_object_set (rig.tls.server, "trust-context", TRUE, NULL);
  assert_told (&rig, "peer.cn", NULL, "-");
  assert_told (&rig, "peer.cn", "somebody", "somebody");
  rig_clear (&rig);
}

/* --- an application that brings the connection --- */

static gboolean
on_accept (GTlsConnection *tls, GTlsCertificate *certificate, GTlsCertificateFlags errors,
           gpointer user_data)
{
  return TRUE;
}

typedef struct
{
  guint n;
  gboolean answer;
  gboolean has_certificate;
  gint64 uid;
  char *common_name, *dns_names, *address, *name;
} Question;

static void
question_clear (Question *self)
{
  g_clear_pointer (&self->common_name, g_free);
  g_clear_pointer (&self->dns_names, g_free);
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->name, g_free);
}

static void
question_note (Question *self, ImpPeer *peer)
{
  const char *const *names = imp_peer_get_dns_names (peer);

  question_clear (self);
  self->n++;
  self->has_certificate = imp_peer_get_certificate (peer) != NULL;
  self->uid = imp_peer_get_uid (peer);
  self->common_name = g_strdup (imp_peer_get_common_name (peer));
  self->dns_names = names != NULL ? g_strjoinv (",", (char **) names) : NULL;
  self->address = g_strdup (imp_peer_get_address (peer));
  self->name = g_strdup (imp_peer_get_name (peer));
}

static gboolean
on_authorize (ImpServer *server, ImpPeer *peer, gpointer user_data, GError **error)
{
  Question *question = user_data;

  question_note (question, peer);
  return question->answer;
}

static void
shake_hands (GTlsConnection *client, GTlsConnection *server)
{
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake_async (client, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  tls_rig_handshake (server, &error);
  g_assert_no_error (error);
}

/* What it accepts though the checks have failed counts as shown, and its names do not. */
static void
test_established (void)
{
  Question question = { .answer = FALSE };
  g_autoptr (GIOStream) one = NULL, other = NULL, server = NULL, client = NULL;
  g_autoptr (GTlsCertificate) own = NULL, theirs = NULL;
  g_autoptr (GError) error = NULL;
  TlsRig rig;

  tls_rig_init (&rig, "server", NULL);
  imp_server_set_authorize_func (rig.server, on_authorize, &question, NULL);
  own = test_certificates_load (rig.folder, "server");
  theirs = test_certificates_load (rig.folder, "stranger");
  test_stream_pair (&one, &other);
  server = g_tls_server_connection_new (one, own, &error);
  g_assert_no_error (error);
  client = g_tls_client_connection_new (other, NULL, &error);
  g_assert_no_error (error);
  g_object_set (server, "authentication-mode", G_TLS_AUTHENTICATION_REQUIRED, NULL);
  g_signal_connect (server, "accept-certificate", G_CALLBACK (on_accept), NULL);
  g_signal_connect (client, "accept-certificate", G_CALLBACK (on_accept), NULL);
  g_tls_connection_set_certificate (G_TLS_CONNECTION (client), theirs);
  shake_hands (G_TLS_CONNECTION (client), G_TLS_CONNECTION (server));

  g_assert_false (imp_server_add_stream (rig.server, server, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  g_assert_cmpuint (question.n, ==, 1);
  g_assert_true (question.has_certificate);
  g_assert_null (question.common_name);
  g_assert_null (question.dns_names);
  question_clear (&question);
  tls_rig_clear (&rig);
}

/* --- who may use the server --- */

static void
assert_asked (const Question *question, guint n)
{
  g_assert_cmpuint (question->n, ==, n);
  g_assert_true (question->has_certificate);
  g_assert_cmpstr (question->common_name, ==, "client");
  g_assert_cmpstr (question->dns_names, ==, "client.example");
  g_assert_cmpint (question->uid, ==, -1);
  g_assert_cmpstr (question->name, ==, "loopback");
  g_assert_true (g_str_has_prefix (question->address, "127.0.0.1:"));
}

static void
test_authorize_func (void)
{
  Question question = { .answer = TRUE };
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *other;
  Rig rig;

  rig_init (&rig, "client", NULL);
  imp_server_set_authorize_func (rig.tls.server, on_authorize, &question, NULL);
  error = tls_rig_connect (rig.client);
  g_assert_no_error (error);
  assert_asked (&question, 1);

  question.answer = FALSE;
  other = tls_rig_new_client (&rig.tls, "ca.pem", "client");
  error = tls_rig_connect (other);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "The server does not allow loopback to use it"));
  assert_asked (&question, 2);
  g_assert_cmpuint (tls_rig_count_refusals (&rig.tls, "denied"), ==, 1);
  g_assert_finalize_object (other);
  g_clear_error (&error);

  /* Whoever has shown none that is good does not come so far. */
  other = tls_rig_new_client (&rig.tls, "ca.pem", "stranger");
  error = tls_rig_connect (other);
  g_assert_nonnull (error);
  tls_rig_wait_for_log (&rig.tls, "the client's certificate \"CN=stranger\" is refused");
  g_assert_cmpuint (question.n, ==, 2);
  g_assert_finalize_object (other);
  question_clear (&question);
  rig_clear (&rig);
}

/* Only those with this name, as a class that bindings could have derived. */
static gboolean
choosy_authorize (ImpServer *server, ImpPeer *peer, GError **error)
{
  if (g_strcmp0 (imp_peer_get_common_name (peer), "relay-1") == 0)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_DENIED, "only relay-1 may use this");
  return FALSE;
}

static void
choosy_class_init (gpointer klass, gpointer data)
{
  IMP_SERVER_CLASS (klass)->authorize = choosy_authorize;
}

static void
make_choosy (TlsRig *rig)
{
  g_autofree char *cert = test_certificates_path (rig->folder, "server.pem");
  g_autofree char *key = test_certificates_path (rig->folder, "server.key");
  g_autofree char *ca = test_certificates_path (rig->folder, "ca.pem");
  g_autoptr (ImpFactory) factory = NULL;
  GTypeQuery query;
  GType type;

  g_object_get (rig->server, "factory", &factory, NULL);
  g_type_query (IMP_TYPE_SERVER, &query);
  type = g_type_register_static_simple (IMP_TYPE_SERVER, "ChoosyServer", query.class_size,
                                        choosy_class_init, query.instance_size, NULL, 0);
  g_assert_finalize_object (rig->server);
  rig->server = g_object_new (type, "factory", factory, "tls-cert", cert, "tls-key", key,
                              "tls-client-ca", ca, NULL);
}

static void
test_authorize_class (void)
{
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *right, *wrong;
  TlsRig rig;

  tls_rig_init (&rig, "server", "ca.pem");
  make_choosy (&rig);
  test_certificates_add (rig.folder, "right", "/CN=relay-1", "DNS:x.example");
  test_certificates_add (rig.folder, "wrong", "/CN=relay-2/O=x,CN=relay-1", "DNS:relay-1");
  tls_rig_listen (&rig);
  right = tls_rig_new_client (&rig, "ca.pem", "right");
  wrong = tls_rig_new_client (&rig, "ca.pem", "wrong");
  error = tls_rig_connect (right);
  g_assert_no_error (error);
  error = tls_rig_connect (wrong);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "only relay-1 may use this"));
  imp_remote_factory_close (right);
  g_assert_finalize_object (right);
  g_assert_finalize_object (wrong);
  tls_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/certificate-names/subjects", test_subjects);
  g_test_add_func ("/certificate-names/dns-names", test_dns_names);
  g_test_add_func ("/certificate-names/values", test_values);
  g_test_add_func ("/certificate-names/damage", test_damage);
  g_test_add_func ("/certificate-names/context", test_context);
  g_test_add_func ("/certificate-names/context/odd", test_context_odd);
  g_test_add_func ("/certificate-names/context/anonymous", test_context_anonymous);
  g_test_add_func ("/certificate-names/context/trusted", test_context_trusted);
  g_test_add_func ("/certificate-names/established", test_established);
  g_test_add_func ("/certificate-names/authorize/func", test_authorize_func);
  g_test_add_func ("/certificate-names/authorize/class", test_authorize_class);
  return g_test_run ();
}
