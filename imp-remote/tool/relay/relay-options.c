/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-options.h"

ImpRelay *
relay_options_make_relay (const RelayOptions *self, GSocketConnection *client,
                          ImpAnalyzer *analyzer, GCallback on_result, gpointer user_data)
{
  static const char *const some[] = { "result::log", "result::account_field" };
  ImpRelay *relay;

  relay = g_object_new (IMP_TYPE_RELAY, "client", client, "analyzer", analyzer, "idle-timeout",
                        self->idle_timeout * 1000, "deadline", self->deadline * 1000,
                        "max-extensions", self->max_extensions, "hold-timeout", self->hold_timeout,
                        "max-growth", (guint64) self->max_growth, "max-log-rate",
                        self->max_log_rate, "max-log-size", (guint64) self->max_log_size, NULL);
  g_object_set (imp_relay_get_filter (relay), "warn-silence", self->warn_silence * 1000, NULL);
  if (self->verbose)
    g_signal_connect (relay, "result", on_result, user_data);
  for (guint i = 0; i < G_N_ELEMENTS (some) && !self->verbose; i++)
    g_signal_connect (relay, some[i], on_result, user_data);
  return relay;
}
