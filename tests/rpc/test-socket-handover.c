/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening sockets on their way from one process to the next one, both of which are this one here:
 * who accepts, whose the file is, and what is no use. */
#include "rpc/imp-listener-private.h"
#include "rpc/imp-socket-handover-private.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <unistd.h>

typedef struct
{
  char *folder, *path;
  GPtrArray *old, *new; /* of ImpListener */
  guint n_old, n_new;   /* connections */
} Rig;

static GPtrArray *
rig_new_array (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
}

static void
rig_open (GPtrArray *listeners, const char *text)
{
  const ImpListenerOptions options = { .mode = 0600 };
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) address = imp_address_parse (text, &error);

  g_assert_no_error (error);
  imp_listener_open (address, &options, listeners, &error);
  g_assert_no_error (error);
}

static void
rig_init (Rig *self)
{
  *self = (Rig){ .old = rig_new_array (), .new = rig_new_array () };
  self->folder = g_dir_make_tmp ("imp-handover-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "socket", NULL);
}

/* Nothing of it is left behind. */
static void
rig_clear (Rig *self)
{
  g_autoptr (GPtrArray) rest = NULL;

  g_clear_pointer (&self->old, g_ptr_array_unref);
  g_clear_pointer (&self->new, g_ptr_array_unref);
  rest = imp_socket_handover_list (NULL);
  g_assert_cmpuint (rest->len, ==, 0);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

/* Copies of all that there is come back as what another process would get; the last id. */
static guint64
rig_hand_over (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) bundles = imp_socket_handover_list (&error);
  guint64 id = 0;

  g_assert_no_error (error);
  while (bundles->len > 0)
    {
      ImpSocketBundle *bundle = g_ptr_array_steal_index (bundles, 0);

      id = bundle->id;
      imp_socket_handover_receive (bundle);
    }
  return id;
}

static void
on_connection (GSocketConnection *connection, gpointer user_data)
{
  guint *n = user_data;

  ++*n;
}

static void
rig_connect (const char *text)
{
  g_autoptr (ImpAddress) address = imp_address_parse (text, NULL);
  g_autoptr (GSocketConnectable) target = imp_address_to_connectable (address, NULL);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = g_socket_client_connect (client, target, NULL, &error);

  g_assert_no_error (error);
}

static gboolean
exists (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* Who waits when the old one stops is accepted by the new one, and the file is the new one's once
 * it is said that it owns it. */
static void
test_path (void)
{
  g_autoptr (GArray) left = NULL;
  guint64 id;
  Rig rig;

  rig_init (&rig);
  rig_open (rig.old, rig.path);
  imp_listener_start (rig.old->pdata[0], g_main_context_default (), on_connection, &rig.n_old);
  id = rig_hand_over ();
  rig_open (rig.new, rig.path);
  left = imp_socket_handover_drop ();
  g_assert_cmpuint (left->len, ==, 0);
  rig_connect (rig.path);
  imp_socket_handover_give (id);
  imp_listener_stop (rig.old->pdata[0], G_MAXUINT);
  g_clear_pointer (&rig.old, g_ptr_array_unref);
  g_assert_cmpuint (rig.n_old, ==, 0);
  g_assert_true (exists (rig.path));
  rig_connect (rig.path);
  imp_listener_start (rig.new->pdata[0], g_main_context_default (), on_connection, &rig.n_new);
  while (rig.n_new < 2)
    g_main_context_iteration (NULL, TRUE);
  imp_socket_handover_own ();
  g_clear_pointer (&rig.new, g_ptr_array_unref);
  g_assert_false (exists (rig.path));
  rig.old = rig_new_array ();
  rig.new = rig_new_array ();
  rig_clear (&rig);
}

/* The new one ends before the old one has stopped: nothing has changed. */
static void
test_given_up (void)
{
  Rig rig;

  rig_init (&rig);
  rig_open (rig.old, rig.path);
  rig_hand_over ();
  rig_open (rig.new, rig.path);
  g_ptr_array_set_size (rig.new, 0);
  g_assert_true (exists (rig.path));
  rig_connect (rig.path);
  imp_listener_start (rig.old->pdata[0], g_main_context_default (), on_connection, &rig.n_old);
  while (rig.n_old < 1)
    g_main_context_iteration (NULL, TRUE);
  rig_clear (&rig);
}

static char *
get_address (GPtrArray *listeners, guint index)
{
  return g_strdup (imp_listener_get_address (listeners->pdata[index]));
}

/* Each address is taken once, in the order of the command line, whatever their number. */
static void
test_ports (void)
{
  g_autofree char *abstract = g_strdup_printf ("@imp-test-handover-%08x", g_random_int ());
  const char *const texts[] = { "127.0.0.1:0", "localhost:0", "127.0.0.1:0", abstract };
  Rig rig;

  rig_init (&rig);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    rig_open (rig.old, texts[i]);
  rig_hand_over ();
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    rig_open (rig.new, texts[i]);
  g_assert_cmpuint (rig.new->len, ==, rig.old->len);
  for (guint i = 0; i < rig.old->len; i++)
    {
      g_autofree char *old = get_address (rig.old, i), *new = get_address (rig.new, i);

      g_assert_cmpstr (old, ==, new);
    }
  rig_clear (&rig);
}

/* Nobody has a use for it. */
static void
test_left (void)
{
  g_autoptr (GArray) left = NULL;
  guint64 id;
  Rig rig;

  rig_init (&rig);
  rig_open (rig.old, rig.path);
  id = rig_hand_over ();
  rig_open (rig.new, "127.0.0.1:0");
  left = imp_socket_handover_drop ();
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_cmpuint (g_array_index (left, guint64, 0), ==, id);
  g_assert_null (imp_socket_handover_take (rig.path));
  rig_clear (&rig);
}

/* What is handed over is no socket of that file any more, or none that listens: it is opened. */
static void
test_useless (void)
{
  for (guint i = 0; i < 3; i++)
    {
      ImpSocketBundle *bundle;
      int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
      Rig rig;

      rig_init (&rig);
      if (i == 0)
        {
          rig_open (rig.old, rig.path);
          rig_hand_over ();
          g_assert_cmpint (g_unlink (rig.path), ==, 0);
          close (fd);
        }
      else
        {
          bundle = imp_socket_bundle_new (rig.path, 1);
          if (i == 1)
            g_array_append_val (bundle->fds, fd);
          else
            close (fd);
          imp_socket_handover_receive (bundle);
        }
      if (i < 2)
        g_test_expect_message ("Imp-rpc", G_LOG_LEVEL_MESSAGE, "*opened anew*");
      rig_open (rig.new, rig.path);
      g_test_assert_expected_messages ();
      rig_connect (rig.path);
      imp_listener_start (rig.new->pdata[0], g_main_context_default (), on_connection, &rig.n_new);
      while (rig.n_new < 1)
        g_main_context_iteration (NULL, TRUE);
      rig_clear (&rig);
    }
}

static void
test_texts (void)
{
  const char *const texts[] = { "/a/b",        "./a",           "@a",          "localhost:1",
                                "[::1]:0",     "tls://[::1]:2", "fd:3",        "systemd",
                                "systemd:web", "tls:fd:07",     "tls:systemd", "tls:systemd:web" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (ImpAddress) address = imp_address_parse (texts[i], NULL);
      g_autofree char *text = imp_address_to_text (address);

      g_assert_cmpstr (text, ==, texts[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/socket-handover/path", test_path);
  g_test_add_func ("/socket-handover/given-up", test_given_up);
  g_test_add_func ("/socket-handover/ports", test_ports);
  g_test_add_func ("/socket-handover/left", test_left);
  g_test_add_func ("/socket-handover/useless", test_useless);
  g_test_add_func ("/socket-handover/texts", test_texts);
  return g_test_run ();
}
