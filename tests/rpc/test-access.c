/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may use a server: users and groups as the kernel names them, the application's own answer,
 * and what analyzers learn of the client. */
#include "json-rig.h"
#include "server-rig.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"
#include "rpc/client/imp-remote-factory.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nobody's, so that no account need exist. */
#define STRANGER 60123
#define GROUP 60124

#define NEW_WITH(context) "{\"op\":\"new_analyzer\",\"id\":1,\"context\":{" context "}}\n"

/* --- an analyzer that says what it learns --- */

typedef struct
{
  ImpAnalyzer parent_instance;
} TeachAnalyzer;

typedef ImpAnalyzerClass TeachAnalyzerClass;

GType teach_analyzer_get_type (void);
G_DEFINE_TYPE (TeachAnalyzer, teach_analyzer, IMP_TYPE_ANALYZER)

static gboolean
teach_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                     gint32 data_type, GError **error)
{
  const char *const keys[] = { "peer.uid", "peer.pid", "peer.cn", "peer.", "app" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *value = imp_analyzer_lookup_context (analyzer, keys[i]);

      imp_analyzer_account (analyzer, keys[i], value != NULL ? value : "-");
    }
  return TRUE;
}

static void
teach_analyzer_class_init (TeachAnalyzerClass *klass)
{
  klass->data = teach_analyzer_data;
}

static void
teach_analyzer_init (TeachAnalyzer *self)
{
}

/* --- servers --- */

typedef struct
{
  char *folder, *path;
  ImpServer *server;
} Rig;

static void
rig_init (Rig *self)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (teach_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));

  self->folder = g_dir_make_tmp ("imp-access-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "socket", NULL);
  g_assert_cmpint (chmod (self->folder, 0755), ==, 0);
  self->server = imp_server_new (factory);
}

static void
rig_listen (Rig *self)
{
  g_autoptr (GError) error = NULL;

  imp_server_listen (self->server, self->path, &error);
  g_assert_no_error (error);
}

/* Nothing of it is left behind. */
static void
rig_clear (Rig *self)
{
  imp_server_close (self->server);
  g_assert_finalize_object (self->server);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

static guint64
rig_count_denied (Rig *self)
{
  ServerRig rig = { .server = self->server };

  return server_rig_count (&rig, "denied");
}

static TestPeer *
rig_connect (Rig *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->path);
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);
  return test_peer_new (G_IO_STREAM (connection));
}

/* --- users and groups --- */

/* Becomes somebody else, says hello, and writes what it hears to @out. */
static void
be_stranger (const char *path, const gid_t *groups, gsize n_groups, int out)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);
  char buffer[4096];
  ssize_t n;

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (setgroups (n_groups, groups) != 0 || setgid (STRANGER) != 0 || setuid (STRANGER) != 0)
    _exit (2);
  if (connect (fd, (const struct sockaddr *) &address, sizeof address) != 0)
    _exit (3);
  n = write (fd, SERVER_RIG_GREETING, strlen (SERVER_RIG_GREETING));
  n = read (fd, buffer, sizeof buffer);
  if (n > 0 && write (out, buffer, n) != n)
    _exit (4);
  _exit (n > 0 ? 0 : 5);
}

typedef struct
{
  GPid pid;
  int status;
  int out;
} Stranger;

static void
on_stranger_ended (GPid pid, int status, gpointer user_data)
{
  ((Stranger *) user_data)->status = status;
}

/* What a stranger is told; NULL if they cannot connect. */
static char *
ask_as_stranger (Rig *rig, const gid_t *groups, gsize n_groups)
{
  Stranger stranger = { .status = -1 };
  char buffer[4096];
  int pipes[2];
  ssize_t n;

  g_assert_cmpint (pipe (pipes), ==, 0);
  stranger.pid = fork ();
  g_assert_cmpint (stranger.pid, >=, 0);
  if (stranger.pid == 0)
    be_stranger (rig->path, groups, n_groups, pipes[1]);
  close (pipes[1]);
  g_child_watch_add (stranger.pid, on_stranger_ended, &stranger);
  while (stranger.status == -1)
    g_main_context_iteration (NULL, TRUE);
  n = read (pipes[0], buffer, sizeof buffer);
  close (pipes[0]);
  g_assert_true (WIFEXITED (stranger.status));
  if (WEXITSTATUS (stranger.status) == 3)
    return NULL;
  g_assert_cmpint (WEXITSTATUS (stranger.status), ==, 0);
  return g_strndup (buffer, n);
}

static gboolean
skip_if_not_root (void)
{
  if (geteuid () == 0)
    return FALSE;
  g_test_skip ("only root can become another user");
  return TRUE;
}

static void
assert_told (Rig *rig, const gid_t *groups, gsize n_groups, const char *text)
{
  g_autofree char *told = ask_as_stranger (rig, groups, n_groups);

  g_assert_nonnull (told);
  g_test_message ("%s", told);
  g_assert_nonnull (strstr (told, text));
}

#define WELCOME "\"set_version\""
#define REFUSAL "User 60123 (process "

static void
set_list (Rig *rig, const char *property, const char *one)
{
  const char *texts[] = { one, NULL };

  g_object_set (rig->server, property, one != NULL ? texts : NULL, NULL);
}

static void
test_users (void)
{
  const gid_t groups[] = { 1, GROUP };
  g_autofree char *group = g_strdup_printf ("%d", GROUP), *told = NULL;
  Rig rig;

  if (skip_if_not_root ())
    return;
  rig_init (&rig);
  rig_listen (&rig);
  told = ask_as_stranger (&rig, NULL, 0);
  g_assert_null (told);
  g_assert_cmpuint (rig_count_denied (&rig), ==, 0);

  g_assert_cmpint (chmod (rig.path, 0666), ==, 0);
  assert_told (&rig, NULL, 0, REFUSAL);
  assert_told (&rig, NULL, 0, "(allow-uids) 0 and the groups (allow-gids) none");
  g_assert_cmpuint (rig_count_denied (&rig), ==, 2);
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 0);

  set_list (&rig, "allow-uids", "60123");
  assert_told (&rig, NULL, 0, WELCOME);
  set_list (&rig, "allow-uids", "60122");
  assert_told (&rig, NULL, 0, REFUSAL);
  set_list (&rig, "allow-uids", "*");
  assert_told (&rig, NULL, 0, WELCOME);
  set_list (&rig, "allow-uids", NULL);
  assert_told (&rig, NULL, 0, REFUSAL);

  /* Of the own group, and of another one. */
  set_list (&rig, "allow-gids", "60123");
  assert_told (&rig, NULL, 0, WELCOME);
  set_list (&rig, "allow-gids", group);
  assert_told (&rig, NULL, 0, REFUSAL);
  assert_told (&rig, groups, 2, WELCOME);
  set_list (&rig, "allow-gids", "*");
  assert_told (&rig, NULL, 0, WELCOME);
  rig_clear (&rig);
}

/* Those of a process that is in more groups than most. */
static void
test_many_groups (void)
{
  g_autofree gid_t *groups = g_new (gid_t, 1000);
  Rig rig;

  if (skip_if_not_root ())
    return;
  for (guint i = 0; i < 1000; i++)
    groups[i] = 50000 + i;
  rig_init (&rig);
  g_object_set (rig.server, "socket-mode", 0666, NULL);
  set_list (&rig, "allow-gids", "50999");
  rig_listen (&rig);
  assert_told (&rig, groups, 1000, WELCOME);
  assert_told (&rig, groups, 999, REFUSAL);
  rig_clear (&rig);
}

/* Root, and the user of the process. */
static void
test_default_users (void)
{
  TestPeer *peer;
  Rig rig;

  rig_init (&rig);
  rig_listen (&rig);
  peer = rig_connect (&rig);
  server_rig_ask (peer, SERVER_RIG_GREETING);
  test_peer_free (peer);
  rig_clear (&rig);
}

static void
on_not_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_false (
    imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, user_data));
}

/* The list says all: who is not in it may not, and be it this user. What the client has is an
 * error that says so. */
static void
test_refused_factory (void)
{
  g_autoptr (ImpRemoteFactory) factory = NULL;
  g_autoptr (GError) error = NULL, refusal = NULL;
  g_autofree char *text = NULL;
  Rig rig;

  rig_init (&rig);
  set_list (&rig, "allow-uids", "60122");
  rig_listen (&rig);
  factory = imp_remote_factory_new (rig.path, &error);
  g_assert_no_error (error);
  imp_remote_factory_connect_async (factory, NULL, on_not_connected, &refusal);
  while (refusal == NULL)
    g_main_context_iteration (NULL, TRUE);
  text = g_strdup_printf ("User %u (process %d) is not allowed to connect", (guint) geteuid (),
                          (int) getpid ());
  g_assert_nonnull (strstr (refusal->message, text));
  g_clear_object (&factory);
  rig_clear (&rig);
}

static void
test_unknown_names (void)
{
  g_autoptr (GError) error = NULL;
  GIOStream *one, *other;
  Rig rig;

  rig_init (&rig);
  set_list (&rig, "allow-uids", "no such\nuser");
  g_assert_false (imp_server_listen (rig.server, rig.path, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_cmpstr (error->message, ==, "There is no user \"no such\\x0auser\" (allow-uids)");
  g_clear_error (&error);
  set_list (&rig, "allow-uids", "root");
  set_list (&rig, "allow-gids", "4294967295");
  g_assert_false (imp_server_listen (rig.server, rig.path, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  set_list (&rig, "allow-gids", "root");
  rig_listen (&rig);
  /* The application knows whom it brings. */
  set_list (&rig, "allow-uids", "60122");
  test_stream_pair (&one, &other);
  imp_server_add_stream (rig.server, one, &error);
  g_assert_no_error (error);
  g_object_unref (one);
  g_object_unref (other);
  rig_clear (&rig);
}

/* --- the application's answer --- */

typedef struct
{
  guint n;
  gboolean answer, fails;
  gint64 uid, gid, pid;
  gboolean in_own_group, in_no_group;
  char *name, *address;
} Question;

static gboolean
on_authorize (ImpServer *server, ImpPeer *peer, gpointer user_data, GError **error)
{
  Question *question = user_data;

  question->n++;
  question->uid = imp_peer_get_uid (peer);
  question->gid = imp_peer_get_gid (peer);
  question->pid = imp_peer_get_pid (peer);
  question->in_own_group = imp_peer_is_in_group (peer, getegid ());
  question->in_no_group = imp_peer_is_in_group (peer, -1);
  g_free (question->name);
  g_free (question->address);
  question->name = g_strdup (imp_peer_get_name (peer));
  question->address = g_strdup (imp_peer_get_address (peer));
  g_assert_null (imp_peer_get_certificate (peer));
  if (question->fails)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_DENIED, "not today");
  return question->answer;
}

static void
ask (Rig *rig, const char *expected)
{
  TestPeer *peer = rig_connect (rig);

  server_rig_say (peer, SERVER_RIG_GREETING);
  server_rig_expect (peer, expected);
  test_peer_free (peer);
}

static void
test_func (void)
{
  Question question = { .answer = TRUE };
  g_autofree char *name = g_strdup_printf ("uid %u", (guint) geteuid ());
  Rig rig;

  rig_init (&rig);
  rig_listen (&rig);
  imp_server_set_authorize_func (rig.server, on_authorize, &question, NULL);
  ask (&rig, WELCOME);
  g_assert_cmpuint (question.n, ==, 1);
  g_assert_cmpint (question.uid, ==, geteuid ());
  g_assert_cmpint (question.gid, ==, getegid ());
  g_assert_cmpint (question.pid, ==, getpid ());
  g_assert_true (question.in_own_group);
  g_assert_false (question.in_no_group);
  g_assert_cmpstr (question.name, ==, name);
  g_assert_null (question.address);

  question.answer = FALSE;
  ask (&rig, "The server does not allow uid ");
  question.fails = TRUE;
  ask (&rig, "not today");
  g_assert_cmpuint (rig_count_denied (&rig), ==, 2);
  /* It is not asked about those who are refused anyway. */
  set_list (&rig, "allow-uids", "60122");
  ask (&rig, "is not allowed to connect");
  g_assert_cmpuint (question.n, ==, 3);
  imp_server_set_authorize_func (rig.server, NULL, NULL, NULL);
  set_list (&rig, "allow-uids", NULL);
  ask (&rig, WELCOME);
  g_assert_cmpuint (question.n, ==, 3);
  g_free (question.name);
  rig_clear (&rig);
}

static void
test_func_tcp (void)
{
  Question question = { .answer = TRUE };
  TestPeer *peer;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  imp_server_set_authorize_func (rig.server, on_authorize, &question, NULL);
  peer = server_rig_connect_and_greet (&rig);
  g_assert_cmpint (question.uid, ==, -1);
  g_assert_cmpint (question.pid, ==, -1);
  g_assert_cmpstr (question.name, ==, "loopback");
  g_assert_true (g_str_has_prefix (question.address, "127.0.0.1:"));
  g_free (question.name);
  g_free (question.address);
  test_peer_free (peer);
  server_rig_clear (&rig);
}

/* Also about streams that the application brings, which may do so within. */
static void
test_func_established (void)
{
  Question question = { .answer = FALSE };
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  Rig rig;

  rig_init (&rig);
  imp_server_set_authorize_func (rig.server, on_authorize, &question, NULL);
  test_stream_pair (&one, &other);
  g_assert_false (imp_server_add_stream (rig.server, one, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  g_assert_cmpuint (question.n, ==, 1);
  g_free (question.name);
  rig_clear (&rig);
}

static gboolean
on_authorize_close (ImpServer *server, ImpPeer *peer, gpointer user_data, GError **error)
{
  imp_server_close (server);
  return TRUE;
}

static void
test_func_closes (void)
{
  TestPeer *peer;
  Rig rig;

  rig_init (&rig);
  rig_listen (&rig);
  imp_server_set_authorize_func (rig.server, on_authorize_close, NULL, NULL);
  peer = rig_connect (&rig);
  server_rig_expect_end (peer);
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 0);
  test_peer_free (peer);
  rig_clear (&rig);
}

/* --- a class of one's own --- */

/* Lets in so many, and asks the default, too. */
typedef struct
{
  ImpServer parent_instance;
  guint n_left;
  GString *asked;
} SternServer;

typedef struct
{
  ImpServerClass parent_class;
} SternServerClass;

GType stern_server_get_type (void);
G_DEFINE_TYPE (SternServer, stern_server, IMP_TYPE_SERVER)

static gboolean
stern_server_authorize (ImpServer *server, ImpPeer *peer, GError **error)
{
  SternServer *self = (SternServer *) server;

  g_string_append_printf (self->asked, "%s;", imp_peer_get_name (peer));
  if (!IMP_SERVER_CLASS (stern_server_parent_class)->authorize (server, peer, error))
    return FALSE;
  if (self->n_left-- > 0)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_DENIED, "the class says no");
  return FALSE;
}

static void
stern_server_finalize (GObject *object)
{
  g_string_free (((SternServer *) object)->asked, TRUE);
  G_OBJECT_CLASS (stern_server_parent_class)->finalize (object);
}

static void
stern_server_class_init (SternServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = stern_server_finalize;
  IMP_SERVER_CLASS (klass)->authorize = stern_server_authorize;
}

static void
stern_server_init (SternServer *self)
{
  self->n_left = 1;
  self->asked = g_string_new (NULL);
}

static void
test_class (void)
{
  static const char *const nobody[] = { "60000", NULL };
  g_autofree char *once = g_strdup_printf ("uid %d;", (int) geteuid ());
  g_autofree char *thrice = g_strconcat (once, once, once, NULL);
  g_autoptr (ImpFactory) factory = NULL;
  SternServer *server;
  Rig rig;

  rig_init (&rig);
  g_object_get (rig.server, "factory", &factory, NULL);
  g_assert_finalize_object (rig.server);
  server = g_object_new (stern_server_get_type (), "factory", factory, NULL);
  rig.server = IMP_SERVER (server);
  rig_listen (&rig);
  ask (&rig, WELCOME);
  ask (&rig, "the class says no");
  server->n_left = 1;
  g_object_set (server, "allow-uids", nobody, NULL);
  ask (&rig, "is not allowed to connect");
  g_assert_cmpuint (server->n_left, ==, 1);
  g_assert_cmpstr (server->asked->str, ==, thrice);
  rig_clear (&rig);
}

/* --- what analyzers learn --- */

static void
assert_learned (TestPeer *peer, const char *key, const char *value)
{
  g_autofree char *text = g_strdup_printf ("\"key\":\"%s\",\"value\":\"%s\"", key, value);
  g_autofree char *received = g_strndup ((const char *) peer->received->data, peer->received->len);

  if (strstr (received, text) == NULL)
    g_error ("%s is not in %s", text, received);
}

static void
assert_teaches (Rig *rig, const char *create, const char *uid, const char *app)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  TestPeer *peer = rig_connect (rig);

  server_rig_ask (peer, SERVER_RIG_GREETING);
  server_rig_say (peer, create);
  server_rig_ask (peer, SERVER_RIG_DATA);
  assert_learned (peer, "peer.uid", uid);
  assert_learned (peer, "peer.pid", g_str_equal (uid, "7") ? "-" : pid);
  assert_learned (peer, "peer.cn", "-");
  assert_learned (peer, "peer.", "-");
  assert_learned (peer, "app", app);
  test_peer_free (peer);
}

static void
test_context (void)
{
  g_autofree char *uid = g_strdup_printf ("%u", (guint) geteuid ());
  Rig rig;

  rig_init (&rig);
  rig_listen (&rig);
  assert_teaches (&rig, SERVER_RIG_NEW, uid, "-");
  assert_teaches (&rig, NEW_WITH ("\"app\":\"mail\""), uid, "mail");
  assert_teaches (&rig, NEW_WITH ("\"peer.uid\":\"7\""), uid, "-");
  assert_teaches (
    &rig, NEW_WITH ("\"app\":\"mail\",\"peer.uid\":\"7\",\"peer.cn\":\"x\",\"peer.\":\"y\""), uid,
    "mail");
  g_object_set (rig.server, "trust-context", TRUE, NULL);
  assert_teaches (&rig, NEW_WITH ("\"app\":\"mail\",\"peer.uid\":\"7\""), "7", "mail");
  rig_clear (&rig);
}

/* Nothing is known there, so that nothing is said. */
static void
test_context_tcp (void)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (teach_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  JsonRig *rig = json_rig_new_for_factory (factory, NULL, 0);
  g_autofree char *unused = NULL, *text = NULL;

  unused = json_rig_ask (rig, "%s",
                         "{\"op\":\"new_analyzer\",\"id\":1,\"context\":{\"peer.cn\":\"x\"}}");
  text = json_rig_ask (rig, "%s", "{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"x\"}");
  g_assert_nonnull (strstr (text, "\"key\":\"peer.cn\",\"value\":\"-\""));
  json_rig_free (rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/access/users", test_users);
  g_test_add_func ("/access/many-groups", test_many_groups);
  g_test_add_func ("/access/default-users", test_default_users);
  g_test_add_func ("/access/refused-factory", test_refused_factory);
  g_test_add_func ("/access/unknown-names", test_unknown_names);
  g_test_add_func ("/access/func", test_func);
  g_test_add_func ("/access/func/tcp", test_func_tcp);
  g_test_add_func ("/access/func/established", test_func_established);
  g_test_add_func ("/access/func/closes", test_func_closes);
  g_test_add_func ("/access/class", test_class);
  g_test_add_func ("/access/context", test_context);
  g_test_add_func ("/access/context/json", test_context_tcp);
  return g_test_run ();
}
