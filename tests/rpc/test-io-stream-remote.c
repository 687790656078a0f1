/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream whose analyzer is in another process, which may be killed at any time. */
#include "io-mover.h"
#include "io-rig.h"
#include "test-child.h"
#include "test-streams.h"
#include "usher.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <signal.h>
#include <string.h>

#define TIMEOUT 30000 /* ms */
#define MUCH (20 * 1024 * 1024)

/* ---- servers, and streams through them ---- */

static char *program;

static GSubprocess *
start_child (char **address)
{
  static guint number;
  g_autoptr (GError) error = NULL;
  GSubprocess *child;
  char line[6];

  *address = g_strdup_printf ("@imp-io-stream-%d-%u", (int) getpid (), number++);
  child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--child", *address,
                            NULL);
  g_assert_no_error (error);
  g_assert_true (g_input_stream_read_all (g_subprocess_get_stdout_pipe (child), line, sizeof line,
                                          NULL, NULL, &error));
  g_assert_cmpmem (line, sizeof line, "ready\n", 6);
  return child;
}

static ImpRemoteFactory *
new_remote (const char *address, ImpFailMode fail)
{
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *remote = imp_remote_factory_new (address, &error);

  g_assert_no_error (error);
  g_object_set (remote, "fail", fail, "reconnect", FALSE, NULL);
  return remote;
}

static ImpAnalyzer *
new_analyzer (ImpRemoteFactory *remote)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), context, &error);

  g_assert_no_error (error);
  return analyzer;
}

/* The child passes "hello", and nothing of what is written. */
typedef struct
{
  GSubprocess *child;
  ImpRemoteFactory *remote;
  IORig *rig;
} Fixture;

static void
fixture_init (Fixture *self, ImpFailMode fail)
{
  g_autofree char *address = NULL;

  self->child = start_child (&address);
  self->remote = new_remote (address, fail);
  self->rig = io_rig_new (new_analyzer (self->remote), NULL);
  io_rig_peer_says (self->rig, "hello world");
  io_rig_read (self->rig, "hello");
  io_rig_write (self->rig, "held");
}

static gboolean
kill_child (gpointer data)
{
  g_subprocess_force_exit (((Fixture *) data)->child);
  return G_SOURCE_REMOVE;
}

static void
fixture_clear (Fixture *self)
{
  io_rig_free (self->rig);
  g_assert_finalize_object (self->remote);
  g_subprocess_force_exit (self->child);
  g_subprocess_wait (self->child, NULL, NULL);
  g_object_unref (self->child);
}

/* ---- tests ---- */

/* Who waits when it is killed gets an error, and so does who comes later. */
static void
test_killed_read (void)
{
  Fixture fixture;

  fixture_init (&fixture, IMP_FAIL_HARD);
  io_rig_peer_ends (fixture.rig);
  g_timeout_add (30, kill_child, &fixture);
  io_rig_fails_to_read (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_fails_to_write (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_fails_to_close (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_peer_waits_for_end (fixture.rig);
  g_assert_cmpuint (fixture.rig->peer->n_received, ==, 0);
  fixture_clear (&fixture);
}

static void
test_killed_flush (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, IMP_FAIL_HARD);
  g_timeout_add (30, kill_child, &fixture);
  g_assert_false (g_output_stream_flush (fixture.rig->output, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_fails_to_read (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  fixture_clear (&fixture);
}

static void
test_killed_close (void)
{
  Fixture fixture;

  fixture_init (&fixture, IMP_FAIL_HARD);
  g_timeout_add (30, kill_child, &fixture);
  io_rig_fails_to_close (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_peer_waits_for_end (fixture.rig);
  g_assert_cmpuint (fixture.rig->peer->n_received, ==, 0);
  fixture_clear (&fixture);
}

/* Where it is wanted so, all goes on without it. */
static void
test_killed_soft (void)
{
  Fixture fixture;

  fixture_init (&fixture, IMP_FAIL_SOFT);
  io_rig_peer_ends (fixture.rig);
  g_timeout_add (30, kill_child, &fixture);
  io_rig_read (fixture.rig, " world");
  io_rig_read_end (fixture.rig);
  io_rig_write (fixture.rig, " no more");
  io_rig_close (fixture.rig);
  io_rig_peer_waits_for_end (fixture.rig);
  io_rig_peer_hears (fixture.rig, "held no more");
  fixture_clear (&fixture);
}

/* One that stops is late. */
static void
test_stopped (void)
{
  Fixture fixture;

  fixture_init (&fixture, IMP_FAIL_HARD);
  io_rig_peer_says (fixture.rig, "!");
  g_subprocess_send_signal (fixture.child, SIGSTOP);
  g_object_set (fixture.remote, "deadline", 200, NULL);
  io_rig_fails_to_read (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_fails_to_write (fixture.rig, IMP_ERROR, IMP_ERROR_FATAL);
  fixture_clear (&fixture);
}

/* Both ways at once, while the server that judges runs in the same main loop; and the same with
 * blocking, where nothing but the calls themselves runs it. */
static void
test_much (void)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (usher_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autofree char *address = g_strdup_printf ("@imp-io-stream-much-%d", (int) getpid ());
  g_autoptr (GBytes) data = test_bytes_pattern (1000003);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (GError) error = NULL;
  GIOStream *streams[2];
  IOMover *movers[2];

  imp_server_listen (server, address, &error);
  g_assert_no_error (error);
  remote = new_remote (address, IMP_FAIL_HARD);
  test_stream_pair (&streams[0], &streams[1]);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ImpAnalyzer) analyzer = new_analyzer (remote);
      g_autoptr (GIOStream) base = streams[i];

      streams[i] = imp_io_stream_new (base, analyzer, i);
      movers[i] = io_mover_new (streams[i], IO_MOVER_ASYNC, data, MUCH);
      movers[i]->ends = TRUE;
      test_stream_write (streams[i], "hello", 5);
    }
  for (guint i = 0; i < 2; i++)
    g_bytes_unref (test_stream_read (streams[i], 5));
  for (guint i = 0; i < 2; i++)
    io_mover_start (movers[i]);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (test_run_until (io_mover_is_over, movers[i], TIMEOUT));
      g_assert_no_error (movers[i]->read_error);
      g_assert_no_error (movers[i]->write_error);
      g_assert_cmpuint (movers[i]->n_received, ==, MUCH);
      io_mover_free (movers[i]);
      g_io_stream_close (streams[i], NULL, &error);
      g_assert_no_error (error);
      g_object_unref (streams[i]);
    }
  imp_server_close (server);
}

int
main (int argc, char *argv[])
{
  if (argc == 3 && g_str_equal (argv[1], "--child"))
    return test_child_run (argv[2]);
  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-stream-remote/killed/read", test_killed_read);
  g_test_add_func ("/io-stream-remote/killed/flush", test_killed_flush);
  g_test_add_func ("/io-stream-remote/killed/close", test_killed_close);
  g_test_add_func ("/io-stream-remote/killed/soft", test_killed_soft);
  g_test_add_func ("/io-stream-remote/stopped", test_stopped);
  g_test_add_func ("/io-stream-remote/much", test_much);
  return g_test_run ();
}
