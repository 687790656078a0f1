/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay-rig.h"

#include <string.h>

#include "test-streams.h"

#define DONE_TIMEOUT 20000 /* ms */

static GIOStream *
make_side (TestPeer **peer, const char *faults)
{
  GIOStream *ours, *theirs;

  test_stream_pair (&ours, &theirs);
  *peer = test_peer_new (theirs);
  return faults == NULL ? ours : test_stream_faulty (ours, faults);
}

RelayRig *
relay_rig_new (ImpAnalyzer *analyzer, const char *client_faults, const char *server_faults,
               guint buffer_size)
{
  RelayRig *rig = g_new0 (RelayRig, 1);
  g_autoptr (GIOStream) client = make_side (&rig->peers[0], client_faults);
  g_autoptr (GIOStream) server = make_side (&rig->peers[1], server_faults);

  rig->cancellable = g_cancellable_new ();
  rig->relay = buffer_size == 0
                 ? imp_relay_new (client, server, analyzer)
                 : g_object_new (IMP_TYPE_RELAY, "client", client, "server", server, "analyzer",
                                 analyzer, "buffer-size", buffer_size, NULL);
  g_object_unref (analyzer);
  return rig;
}

void
relay_rig_set (RelayRig *rig, ImpAnalyzer *analyzer, const char *property, guint value)
{
  g_autoptr (GIOStream) client = g_object_ref (imp_relay_get_client (rig->relay));
  g_autoptr (GIOStream) server = g_object_ref (imp_relay_get_server (rig->relay));

  g_assert_finalize_object (rig->relay);
  rig->relay = g_object_new (IMP_TYPE_RELAY, "client", client, "server", server, "analyzer",
                             analyzer, property, value, NULL);
  g_object_unref (analyzer);
}

void
relay_rig_send_text (RelayRig *rig, guint from, const char *text)
{
  test_peer_send (rig->peers[from], text, strlen (text));
}

static void
on_done (GObject *object, GAsyncResult *result, gpointer user_data)
{
  RelayRig *rig = user_data;

  g_assert_false (rig->done);
  rig->done = TRUE;
  rig->regular = imp_relay_run_finish (IMP_RELAY (object), result, &rig->error);
  g_assert_true (rig->regular == (rig->error == NULL));
}

void
relay_rig_run (RelayRig *rig)
{
  imp_relay_run_async (rig->relay, rig->cancellable, on_done, rig);
}

static gboolean
is_done (gpointer data)
{
  RelayRig *rig = data;

  return rig->done && rig->peers[0]->got_end && rig->peers[1]->got_end;
}

void
relay_rig_wait_done (RelayRig *rig)
{
  if (test_run_until (is_done, rig, DONE_TIMEOUT))
    return;
  g_test_message ("done %d; client sent %zu of %u, got %zu, end %d; "
                  "server sent %zu of %u, got %zu, end %d; queued %zu and %zu",
                  rig->done, rig->peers[0]->sent, rig->peers[0]->to_send->len,
                  rig->peers[0]->n_received, rig->peers[0]->got_end, rig->peers[1]->sent,
                  rig->peers[1]->to_send->len, rig->peers[1]->n_received, rig->peers[1]->got_end,
                  imp_relay_get_queued (rig->relay, 0), imp_relay_get_queued (rig->relay, 1));
  for (guint i = 0; i < 2; i++)
    g_test_message ("direction %u: received %" G_GINT64_FORMAT ", held %" G_GINT64_FORMAT
                    ", sent %" G_GINT64_FORMAT ", paused %d, finished %d",
                    i, imp_relay_get_received (rig->relay, i),
                    imp_filter_get_held (imp_relay_get_filter (rig->relay), i),
                    imp_relay_get_sent (rig->relay, i),
                    imp_filter_is_paused (imp_relay_get_filter (rig->relay), i),
                    imp_filter_is_finished (imp_relay_get_filter (rig->relay), i));
  g_assert_not_reached ();
}

void
relay_rig_free (RelayRig *rig)
{
  g_assert_finalize_object (rig->relay);
  for (guint i = 0; i < 2; i++)
    test_peer_free (rig->peers[i]);
  g_object_unref (rig->cancellable);
  g_clear_error (&rig->error);
  g_free (rig);
}
