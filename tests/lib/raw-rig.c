/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw-rig.h"

#include "test-streams.h"

#include <string.h>

void
raw_rig_set_number (ImpRemoteFactory *remote, const char *limit, guint64 value)
{
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_UINT64);
  g_value_set_uint64 (&number, value);
  g_object_set_property (G_OBJECT (remote), limit, &number);
}

void
raw_rig_init (RawRig *rig, const char *limit, guint64 value)
{
  g_autoptr (GError) error = NULL;

  *rig = (RawRig){ 0 };
  rig->server = test_raw_new ();
  rig->remote = imp_remote_factory_new (rig->server->address, &error);
  g_assert_no_error (error);
  g_object_set (rig->remote, "codec", "json", "deadline", 0, "keepalive", 0, "fail", IMP_FAIL_HARD,
                "reconnect", FALSE, NULL);
  raw_rig_set_number (rig->remote, limit, value);
}

void
raw_rig_clear (RawRig *rig)
{
  g_assert_finalize_object (rig->remote);
  test_raw_free (rig->server);
}

TestOutcome *
raw_rig_add (RawRig *rig)
{
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer = imp_factory_create_analyzer (IMP_FACTORY (rig->remote), NULL, &error);

  g_assert_no_error (error);
  return test_outcome_new (analyzer);
}

void
raw_rig_feed (TestOutcome *outcome, gsize length)
{
  g_autofree guint8 *bytes = g_malloc0 (length);

  imp_analyzer_data_bytes (outcome->analyzer, 0, bytes, length, 0, IMP_DATA_TYPE_STREAM);
}

gboolean
raw_rig_is_ready (gpointer data)
{
  return imp_remote_factory_get_state (((RawRig *) data)->remote) == IMP_REMOTE_STATE_READY;
}

void
raw_rig_greet (RawRig *rig)
{
  test_raw_accept (rig->server);
  test_raw_say (rig->server, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
  g_assert_true (test_run_until (raw_rig_is_ready, rig, 5000));
}

gboolean
raw_rig_is_settled (gpointer data)
{
  return test_outcome_is_resolved (data);
}

void
raw_rig_assert_refused (TestOutcome *outcome, const char *limit, guint value)
{
  g_autofree char *number = g_strdup_printf ("%u", value);

  g_assert_true (test_run_until (raw_rig_is_settled, outcome, 5000));
  test_outcome_assert_hard (outcome);
  g_test_message ("%s", outcome->reason);
  g_assert_nonnull (strstr (outcome->reason, limit));
  g_assert_nonnull (strstr (outcome->reason, number));
}

gboolean
raw_rig_has_log (gpointer data)
{
  return strstr (((TestOutcome *) data)->text->str, "log ") != NULL;
}
