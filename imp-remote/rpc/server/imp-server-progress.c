/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the connections of a server wait for. */
#include "core/imp-clean-text-private.h"
#include "core/imp-proxy-private.h"
#include "rpc/imp-peer-private.h"
#include "rpc/server/imp-server-connection-object-private.h"
#include "rpc/server/imp-server-object-private.h"

/* Of one connection: so many analyzers are told, and so many looked at. */
#define TOLD_MAX 8
#define LOOKED_AT_MAX 65536

typedef struct
{
  ImpHostedFacts told[TOLD_MAX]; /* those that have held something for longest come first */
  guint n_told;
  guint n_waiting;
  guint n_paused;
  guint64 held, queued;
} ServerProgress;

static gboolean
server_progress_is_older (const ImpHostedFacts *one, const ImpHostedFacts *other)
{
  return one->held_since != 0 && (other->held_since == 0 || one->held_since < other->held_since);
}

static void
server_progress_tell (ServerProgress *self, const ImpHostedFacts *facts)
{
  guint place = self->n_told;

  while (place > 0 && server_progress_is_older (facts, &self->told[place - 1]))
    place--;
  if (place == TOLD_MAX)
    return;
  self->n_told = MIN (self->n_told + 1, TOLD_MAX);
  memmove (self->told + place + 1, self->told + place,
           (self->n_told - place - 1) * sizeof *self->told);
  self->told[place] = *facts;
}

static void
server_progress_look (ServerProgress *self, ImpServerAnalyzers *analyzers)
{
  const guint n = MIN (imp_server_analyzers_get_n (analyzers), LOOKED_AT_MAX);
  gsize cursor = 0;
  gint64 id;

  for (guint i = 0; i < n; i++)
    {
      ImpHostedAnalyzer *analyzer = imp_id_table_next (&analyzers->table, &cursor, &id);
      ImpHostedFacts facts;

      if (imp_server_analyzers_is_ignored (analyzers, analyzer))
        continue;
      imp_hosted_analyzer_get_facts (analyzer, &facts);
      self->held += facts.held;
      self->queued += facts.queued;
      self->n_waiting += facts.is_waiting;
      self->n_paused += facts.is_paused;
      if (facts.held > 0 || facts.is_paused || facts.is_waiting)
        server_progress_tell (self, &facts);
    }
}

/* ---- dictionaries ---- */

static void
server_progress_add_number (GVariantDict *dictionary, const char *key, guint64 number)
{
  g_variant_dict_insert (dictionary, key, "x", (gint64) number);
}

static void
server_progress_add_age (GVariantDict *dictionary, const char *key, gint64 since, gint64 now)
{
  if (since != 0)
    server_progress_add_number (dictionary, key, (now - since) / G_TIME_SPAN_MILLISECOND);
}

static GVariant *
server_progress_describe_analyzer (const ImpHostedFacts *facts, gint64 now)
{
  g_autofree char *name = imp_clean_line (imp_proxy_peek_name (facts->analyzer),
                                          IMP_CLEAN_TEXT_MAX);
  GVariantDict dictionary;

  g_variant_dict_init (&dictionary, NULL);
  server_progress_add_number (&dictionary, "id", facts->id);
  g_variant_dict_insert (&dictionary, "analyzer", "s", name);
  server_progress_add_number (&dictionary, "held", facts->held);
  server_progress_add_number (&dictionary, "queued", facts->queued);
  server_progress_add_age (&dictionary, "held-ms", facts->held_since, now);
  g_variant_dict_insert (&dictionary, "waiting", "b", facts->is_waiting);
  g_variant_dict_insert (&dictionary, "paused", "b", facts->is_paused);
  if (facts->verdict != 0)
    g_variant_dict_insert (&dictionary, "verdict", "s", imp_result_type_to_string (facts->verdict));
  return g_variant_dict_end (&dictionary);
}

static void
server_progress_add_analyzers (GVariantDict *dictionary, const ServerProgress *progress, gint64 now)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < progress->n_told; i++)
    g_variant_builder_add_value (&builder,
                                 server_progress_describe_analyzer (&progress->told[i], now));
  g_variant_dict_insert_value (dictionary, "longest", g_variant_builder_end (&builder));
}

static void
server_progress_add_wait (GVariantDict *dictionary, ImpServerConnection *connection,
                          const ServerProgress *progress, gint64 now)
{
  const char *whom = "client", *why = "idle";

  if (!imp_link_may_queue (connection->link))
    why = "read";
  else if (progress->n_waiting > 0 || progress->n_paused > 0)
    {
      whom = "analyzer";
      why = progress->n_waiting > 0 ? "verdict" : "pause";
    }
  else if (progress->held > 0)
    why = "more";
  g_variant_dict_insert (dictionary, "waits-for", "s", whom);
  g_variant_dict_insert (dictionary, "why", "s", why);
  if (progress->n_told > 0)
    server_progress_add_age (dictionary, "waits-ms", progress->told[0].held_since, now);
}

static char *
server_progress_name_client (ImpServerConnection *connection)
{
  GIOStream *stream = imp_server_connection_get_stream (connection);
  g_autofree char *address = imp_peer_address_of_stream (stream);
  g_autofree char *name = address != NULL ? NULL : imp_peer_name_of_stream (stream);
  const char *text = address != NULL ? address : name != NULL ? name : "unknown";

  return imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
}

static GVariant *
server_progress_describe (ImpServerConnection *connection, gint64 now)
{
  g_autofree char *client = server_progress_name_client (connection);
  ServerProgress progress = { .n_told = 0 };
  GVariantDict dictionary;

  server_progress_look (&progress, &connection->analyzers);
  g_variant_dict_init (&dictionary, NULL);
  server_progress_add_number (&dictionary, "id", connection->serial);
  server_progress_add_age (&dictionary, "since-ms", connection->since, now);
  g_variant_dict_insert (&dictionary, "client", "s", client);
  server_progress_add_number (&dictionary, "analyzers",
                              imp_server_analyzers_get_n (&connection->analyzers));
  server_progress_add_number (&dictionary, "waiting", progress.n_waiting);
  server_progress_add_number (&dictionary, "paused", progress.n_paused);
  server_progress_add_number (&dictionary, "held", progress.held);
  server_progress_add_number (&dictionary, "queued",
                              progress.queued + imp_link_get_queued (connection->link));
  server_progress_add_wait (&dictionary, connection, &progress, now);
  server_progress_add_analyzers (&dictionary, &progress, now);
  return g_variant_dict_end (&dictionary);
}

/**
 * imp_server_list_progress:
 * @self: a server
 *
 * Gets how each connection is at this moment, for people and programs that look into what does not
 * go on, as an array of dictionaries (aa{sv}), in no order. Numbers are signed 64-bit ones:
 *
 * - "id", by which the connections of a server are told apart; "client" (a string); "since-ms", how
 *   long ago it began, in milliseconds;
 * - "analyzers", how many there are, and "waiting" and "paused", how many of them have to say
 *   something, or do not want to be fed now;
 * - "held", bytes that analyzers hold, and "queued", those that the client has not read;
 * - "waits-for" (a string), "client" or "analyzer", and "why" (a string): "read", the client does
 *   not; "verdict" or "pause" of an analyzer; "more" of what analyzers want to see; "idle"; and
 *   "waits-ms", for how long, if it is known;
 * - "longest" (an array of dictionaries): up to eight analyzers, those that have held something for
 *   longest: "id", as the client has called it; "analyzer" (a string), what it is; "held" and
 *   "queued"; "held-ms", how long ago it last held less; "waiting" and "paused" (booleans); and
 *   "verdict" (a string), the type of the last one.
 *
 * Of a connection that has more than 65536 analyzers so many are looked at.
 *
 * Returns: (transfer full): the array
 *
 * Since: 0.2
 */
GVariant *
imp_server_list_progress (ImpServer *self)
{
  const gint64 now = g_get_monotonic_time ();
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer connection;

  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  g_hash_table_iter_init (&iter, imp_server_get_private (self)->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    g_variant_builder_add_value (&builder, server_progress_describe (connection, now));
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
