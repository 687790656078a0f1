/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter whose analyzer is elsewhere, and does not answer: the deadline of the remote factory
 * decides, since only that knows what the outcome is to be. */
#include "core/imp-error.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-remote-factory-private.h"
#include "test-peer.h"
#include "test-raw-server.h"
#include "test-streams.h"

#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define DEADLINE 40 /* milliseconds, of the filter */

typedef struct
{
  TestRaw *server;
  ImpRemoteFactory *remote;
  ImpFilter *filter;
  GString *output;
} Rig;

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *bytes, gint32 data_type,
           gpointer user_data)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  g_string_append_len (user_data, text, size);
}

static void
rig_init (Rig *self, guint remote_deadline, ImpFailMode fail)
{
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) error = NULL;

  self->output = g_string_new (NULL);
  self->server = test_raw_new ();
  self->remote = imp_remote_factory_new (self->server->address, &error);
  g_assert_no_error (error);
  g_object_set (self->remote, "codec", "json", "deadline", remote_deadline, "max-extensions", 0,
                "keepalive", 0, "fail", fail, "overload", fail, NULL);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (self->remote), NULL, &error);
  g_assert_no_error (error);
  self->filter = imp_filter_new (analyzer);
  imp_filter_set_deadline (self->filter, DEADLINE);
  imp_filter_set_max_extensions (self->filter, 0);
  imp_filter_set_output (self->filter, on_output, self->output, NULL);
  test_raw_accept (self->server);
  test_raw_say (self->server, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
}

static void
rig_clear (Rig *self)
{
  imp_filter_close (self->filter);
  g_assert_finalize_object (self->filter);
  g_assert_finalize_object (self->remote);
  test_raw_free (self->server);
  g_string_free (self->output, TRUE);
}

static void
push (Rig *self, const char *text)
{
  g_assert_true (imp_filter_push_bytes (self->filter, CLIENT, (const guint8 *) text, strlen (text),
                                        IMP_DATA_TYPE_STREAM, NULL));
}

static gboolean
has_output (gpointer data)
{
  return ((Rig *) data)->output->len > 0;
}

static gboolean
has_failed (gpointer data)
{
  return !imp_filter_check (((Rig *) data)->filter, NULL);
}

/* Long after the filter's own would have been over. */
static void
test_soft (void)
{
  Rig rig;

  rig_init (&rig, 10 * DEADLINE, IMP_FAIL_SOFT);
  push (&rig, "abc");
  g_assert_true (test_run_until (has_output, &rig, 20000));
  push (&rig, "def");
  g_assert_true (imp_filter_check (rig.filter, NULL));
  g_assert_cmpstr (rig.output->str, ==, "abcdef");
  rig_clear (&rig);
}

/* The server has paused a direction, and does not continue it. */
static void
test_soft_pause (void)
{
  Rig rig;

  rig_init (&rig, 10 * DEADLINE, IMP_FAIL_SOFT);
  test_raw_expect (rig.server, "new_analyzer", 1);
  test_raw_say (rig.server, "{\"op\":\"result\",\"id\":1,\"result\":\"pause\",\"dir\":0}");
  while (!imp_filter_is_paused (rig.filter, CLIENT))
    g_main_context_iteration (NULL, TRUE);
  while (imp_filter_is_paused (rig.filter, CLIENT))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (imp_filter_check (rig.filter, NULL));
  push (&rig, "abc");
  g_assert_cmpstr (rig.output->str, ==, "abc");
  rig_clear (&rig);
}

static void
test_hard (void)
{
  g_autoptr (GError) error = NULL;
  Rig rig;

  rig_init (&rig, 10 * DEADLINE, IMP_FAIL_HARD);
  push (&rig, "abc");
  g_assert_true (test_run_until (has_failed, &rig, 20000));
  imp_filter_check (rig.filter, &error);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_nonnull (strstr (error->message, "400 ms (deadline)"));
  rig_clear (&rig);
}

/* Also where it was told to wait as long as it takes. */
static void
test_none (void)
{
  Rig rig;

  rig_init (&rig, 0, IMP_FAIL_SOFT);
  push (&rig, "abc");
  test_run_until (test_never, NULL, 5 * DEADLINE);
  g_assert_true (imp_filter_check (rig.filter, NULL));
  g_assert_cmpstr (rig.output->str, ==, "");
  rig_clear (&rig);
}

/* One that is there for this provider alone, such as a script: unless it was told something else,
 * the filter's deadline is what counts, and the message names what the analyzer stands for. */
static void
test_program (gconstpointer own)
{
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GIOStream) ours = NULL, theirs = NULL;
  g_autoptr (GError) error = NULL;
  Rig rig = { NULL };

  test_stream_pair (&ours, &theirs);
  remote = imp_remote_factory_new_for_program (ours, "./silent.py", 0);
  g_object_set (remote, "deadline", GPOINTER_TO_UINT (own), "fail", IMP_FAIL_SOFT, NULL);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL);
  rig.output = g_string_new (NULL);
  rig.filter = imp_filter_new (analyzer);
  imp_filter_set_deadline (rig.filter, DEADLINE);
  imp_filter_set_output (rig.filter, on_output, rig.output, NULL);
  push (&rig, "abc");
  if (own != NULL)
    g_assert_true (test_run_until (has_output, &rig, 20000));
  else
    g_assert_true (test_run_until (has_failed, &rig, 20000));
  g_assert_cmpstr (rig.output->str, ==, own != NULL ? "abc" : "");
  g_assert_true (imp_filter_check (rig.filter, &error) == (own != NULL));
  if (own == NULL)
    g_assert_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_assert_cmpstr (error != NULL ? error->message : NULL, ==,
                   own != NULL ? NULL
                               : "The analyzer ./silent.py let 3 bytes from the client wait for "
                                 "more than 40 ms (property deadline of ImpFilter)");
  imp_filter_close (rig.filter);
  g_object_unref (rig.filter);
  imp_remote_factory_close (remote);
  g_string_free (rig.output, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-deadline/soft", test_soft);
  g_test_add_func ("/remote-deadline/soft/pause", test_soft_pause);
  g_test_add_func ("/remote-deadline/hard", test_hard);
  g_test_add_func ("/remote-deadline/none", test_none);
  g_test_add_data_func ("/remote-deadline/program", NULL, test_program);
  g_test_add_data_func ("/remote-deadline/program/own", GUINT_TO_POINTER (10 * DEADLINE),
                        test_program);
  return g_test_run ();
}
