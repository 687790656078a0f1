/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-progress-private.h"
#include "provider/imp-relay-private.h"

static GVariant *
relay_describe_direction (ImpRelay *self, ImpDirection direction, gint64 now)
{
  ImpPump *pump = imp_relay_peek_pump (self);
  ImpPumpFacts from, to;
  ImpProgressInput input;

  imp_pump_get_facts (pump, direction, &from);
  imp_pump_get_facts (pump, !direction, &to);
  input = (ImpProgressInput){
    .direction = direction,
    .queued = imp_pump_get_queued (pump, !direction),
    .sent = imp_pump_get_sent (pump, !direction),
    .held_since = from.held_since,
    .is_busy = from.is_busy,
    .is_full = to.is_full,
    .is_ending = g_str_equal (imp_pump_get_state_name (pump), "ending"),
  };
  return imp_progress_describe_direction (imp_relay_get_filter (self), &input, now);
}

/**
 * imp_relay_get_progress:
 * @self: a relay
 *
 * Gets how the relay is at this moment, for people and programs that look into what does not go on,
 * as a dictionary (a{sv}):
 *
 * - "state" (a string): "new", "running", "ending" or "over";
 * - "idle-ms" (a signed 64-bit number, as all numbers here): for how many milliseconds nothing was
 *   read or written;
 * - "part" and "analyzer-server" (strings): of several analyzers, which one has the data, and where
 *   it is, if that is elsewhere;
 * - "deadline-ms": [property@Imp.Relay:deadline], unless it is for others to say when this analyzer
 *   is late;
 * - "verdict" (a string) and "verdict-ms": the type of the last one, and how long ago it came;
 * - "from-client" and "from-server" (dictionaries): "received", "passed", "replaced", "held",
 *   "queued" and "sent", in bytes; "held-ms", for how long the oldest byte has waited for a
 *   verdict; "busy" (a boolean), that the direction is not read since the receiver does not read;
 *   "paused" (a boolean), that the analyzer does not want to be fed; "ended" (a boolean), that the
 *   end of the stream has come; "waits-for" (a string): "client", "server", "analyzer" or "nobody";
 *   and "why" (a string): "read", the receiver does not; "verdict", "promise", "pause" or "search"
 *   of the analyzer, or that it cannot be reached, "connect", or sent to, "send"; "more" of what
 *   the analyzer wants to see before it decides; "idle", nothing comes; or "ended".
 *
 * What is not known is missing: times are kept only while there is a
 * [property@Imp.Relay:idle-timeout].
 *
 * Returns: (transfer full): the dictionary
 *
 * Since: 0.2
 */
GVariant *
imp_relay_get_progress (ImpRelay *self)
{
  const gint64 now = g_get_monotonic_time ();
  ImpPump *pump;
  GVariantDict dictionary;

  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  pump = imp_relay_peek_pump (self);
  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "state", "s", imp_pump_get_state_name (pump));
  imp_progress_add_age (&dictionary, "idle-ms", imp_pump_get_last_progress (pump), now);
  imp_progress_add_analyzer (&dictionary, imp_relay_get_filter (self), now);
  g_variant_dict_insert_value (&dictionary, "from-client",
                               relay_describe_direction (self, IMP_DIRECTION_FROM_CLIENT, now));
  g_variant_dict_insert_value (&dictionary, "from-server",
                               relay_describe_direction (self, IMP_DIRECTION_FROM_SERVER, now));
  return g_variant_ref_sink (g_variant_dict_end (&dictionary));
}
