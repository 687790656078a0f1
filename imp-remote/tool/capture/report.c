/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/report.h"

#include "tool/tool.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)
#define N_OUTCOMES (OUTCOME_INCOMPLETE + 1)

struct _Report
{
  ReportFormat format;
  guint64 n_connections;
  guint64 n_outcomes[N_OUTCOMES];
};

static void
report_print_json (const char *text)
{
  tool_print_json (text, strlen (text));
}

Report *
report_new (ReportFormat format)
{
  Report *self = g_new0 (Report, 1);

  self->format = format;
  if (format == REPORT_JSON)
    report_print_json ("{\"connections\":[");
  return self;
}

void
report_free (Report *self)
{
  g_free (self);
}

guint64
report_get_n_outcomes (const Report *self, Outcome outcome)
{
  return self->n_outcomes[outcome];
}

static char *
report_format_time (gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time / NS_PER_SECOND);
  g_autofree char *seconds = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%S")
                                          : g_strdup ("?");

  return g_strdup_printf ("%s.%09dZ", seconds, (int) (time % NS_PER_SECOND));
}

static const char *
report_get_protocol (const Connection *connection)
{
  return connection->key.protocol == IMP_PROTOCOL_TCP ? "tcp" : "udp";
}

static const char *
report_get_level (const Entry *entry)
{
  static const char *const names[] = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency",
  };

  return names[CLAMP (entry->level, IMP_LOG_LEVEL_DEBUG, IMP_LOG_LEVEL_EMERGENCY)
               - IMP_LOG_LEVEL_DEBUG];
}

/* ---- for people ---- */

static void
report_print_packets (GString *out, guint64 first, guint64 last)
{
  if (first == last)
    g_string_append_printf (out, ", packet %" G_GUINT64_FORMAT, first);
  else
    g_string_append_printf (out, ", packets %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, first, last);
}

static void
report_print_range (GString *out, const Entry *entry)
{
  if (entry->direction < 0)
    return;
  g_string_append_printf (out, " %s", entry_direction_to_string (entry->direction));
  if (entry->offset >= 0)
    g_string_append_printf (out, " %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, entry->offset,
                            entry->offset + entry->length);
  if (entry->kind == ENTRY_REPLACED)
    g_string_append_printf (out, " by %" G_GINT64_FORMAT " bytes", entry->new_length);
  else if (entry->kind == ENTRY_ADDED)
    g_string_append_printf (out, ", %" G_GINT64_FORMAT " bytes", entry->new_length);
}

static void
report_print_entry (GString *out, const Entry *entry)
{
  g_string_append_printf (out, "  %s", entry_kind_to_string (entry->kind));
  if (entry->kind == ENTRY_LOGGED)
    g_string_append_printf (out, " (%s)", report_get_level (entry));
  report_print_range (out, entry);
  report_print_packets (out, entry->packet, entry->last_packet);
  if (entry->text != NULL)
    g_string_append_printf (out, ": %s", entry->text);
  g_string_append_printf (out, "\n");
}

static void
report_print_entries (GString *out, const Entries *entries)
{
  for (guint i = 0; i < entries->list->len; i++)
    report_print_entry (out, &g_array_index (entries->list, Entry, i));
  if (entries->omitted > 0)
    g_string_append_printf (out, "  and %" G_GUINT64_FORMAT " entries for which there is no room\n",
                            entries->omitted);
}

static void
report_print_direction (GString *out, const Connection *connection, ImpDirection direction)
{
  InspectionCounts counts;

  inspection_get_counts (connection->inspection, direction, &counts);
  g_string_append_printf (out,
                          "  %s: %" G_GINT64_FORMAT " bytes: %" G_GINT64_FORMAT
                          " passed, %" G_GINT64_FORMAT " replaced, %" G_GINT64_FORMAT
                          " denied, %" G_GINT64_FORMAT " without a verdict\n",
                          entry_direction_to_string (direction), counts.input, counts.passed,
                          counts.replaced, counts.denied, counts.held);
}

static void
report_print_count (GString *out, guint64 n, const char *what)
{
  if (n > 0)
    g_string_append_printf (out, "  %" G_GUINT64_FORMAT " %s\n", n, what);
}

static void
report_print_connection (GString *out, const Connection *connection)
{
  const char *recording = inspection_get_recording (connection->inspection);
  g_autofree char *client = connection_format_end (connection, IMP_DIRECTION_FROM_CLIENT);
  g_autofree char *server = connection_format_end (connection, IMP_DIRECTION_FROM_SERVER);
  g_autofree char *start = report_format_time (connection->start);

  g_string_append_printf (out, "%s %s -> %s, %s", report_get_protocol (connection), client, server,
                          start);
  report_print_packets (out, connection->first_packet, connection->last_packet);
  g_string_append_printf (out, ": %s%s\n", outcome_to_string (connection->outcome),
                          connection->is_partial ? ", its beginning was not recorded" : "");
  report_print_direction (out, connection, IMP_DIRECTION_FROM_CLIENT);
  report_print_direction (out, connection, IMP_DIRECTION_FROM_SERVER);
  report_print_entries (out, inspection_get_entries (connection->inspection));
  if (recording != NULL)
    g_string_append_printf (out, "  recorded in %s\n", recording);
  if (connection->n_late_bytes > 0)
    g_string_append_printf (out,
                            "  %" G_GUINT64_FORMAT
                            " bytes came after the end, and were not inspected\n",
                            connection->n_late_bytes);
  report_print_count (out, connection->n_wrong_sums,
                      "packets have wrong checksums, and are left out");
}

static void
report_print_summary (GString *out, const Report *self, const ReportSummary *summary,
                      const Entries *notes)
{
  g_string_append_printf (out, "%" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " connections:",
                          summary->n_packets, self->n_connections);
  for (guint i = 0; i < N_OUTCOMES; i++)
    if (self->n_outcomes[i] > 0)
      g_string_append_printf (out, " %" G_GUINT64_FORMAT " %s", self->n_outcomes[i],
                              outcome_to_string (i));
  g_string_append_printf (out, "\n");
  report_print_count (out, summary->n_other,
                      "packets are neither TCP nor UDP, and are not inspected");
  report_print_count (out, summary->n_unsuited,
                      "packets are of a protocol that the modules do not work with, and are not "
                      "inspected");
  report_print_count (out, summary->n_malformed, "packets are malformed, and are left out");
  report_print_count (out, summary->n_fragments,
                      "fragments could not be put together, and are left out");
  report_print_count (out, summary->n_cut, "packets were not recorded as a whole");
  report_print_count (out, summary->n_backwards, "packets are earlier than the one before");
  report_print_count (out, summary->n_displaced,
                      "connections were ended to make room for others (--max-connections)");
  report_print_entries (out, notes);
  if (summary->is_truncated)
    g_string_append_printf (out, "  the file could not be read to its end\n");
}

/* ---- for programs ---- */

static void
report_add_number (JsonBuilder *builder, const char *name, gint64 number)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, number);
}

static void
report_add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

static void
report_add_flag (JsonBuilder *builder, const char *name, gboolean flag)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, flag);
}

static void
report_build_entry (JsonBuilder *builder, const Entry *entry)
{
  json_builder_begin_object (builder);
  report_add_text (builder, "kind", entry_kind_to_string (entry->kind));
  if (entry->direction >= 0)
    report_add_text (builder, "direction", entry_direction_to_string (entry->direction));
  if (entry->offset >= 0)
    {
      report_add_number (builder, "offset", entry->offset);
      report_add_number (builder, "length", entry->length);
    }
  if (entry->kind == ENTRY_REPLACED || entry->kind == ENTRY_ADDED)
    report_add_number (builder, "new_length", entry->new_length);
  if (entry->kind == ENTRY_LOGGED)
    report_add_text (builder, "level", report_get_level (entry));
  report_add_number (builder, "packet", entry->packet);
  report_add_number (builder, "last_packet", entry->last_packet);
  if (entry->text != NULL)
    report_add_text (builder, "text", entry->text);
  json_builder_end_object (builder);
}

static void
report_build_entries (JsonBuilder *builder, const char *name, const Entries *entries)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < entries->list->len; i++)
    report_build_entry (builder, &g_array_index (entries->list, Entry, i));
  json_builder_end_array (builder);
  report_add_number (builder, "omitted", entries->omitted);
}

static void
report_build_direction (JsonBuilder *builder, const Connection *connection, ImpDirection direction)
{
  InspectionCounts counts;

  inspection_get_counts (connection->inspection, direction, &counts);
  json_builder_set_member_name (builder, entry_direction_to_string (direction));
  json_builder_begin_object (builder);
  report_add_number (builder, "bytes", counts.input);
  report_add_number (builder, "passed", counts.passed);
  report_add_number (builder, "replaced", counts.replaced);
  report_add_number (builder, "denied", counts.denied);
  report_add_number (builder, "held", counts.held);
  json_builder_end_object (builder);
}

static void
report_build_connection (JsonBuilder *builder, const Connection *connection)
{
  const char *recording = inspection_get_recording (connection->inspection);
  g_autofree char *client = connection_format_end (connection, IMP_DIRECTION_FROM_CLIENT);
  g_autofree char *server = connection_format_end (connection, IMP_DIRECTION_FROM_SERVER);
  g_autofree char *start = report_format_time (connection->start);
  g_autofree char *end = report_format_time (connection->last);

  json_builder_begin_object (builder);
  report_add_text (builder, "protocol", report_get_protocol (connection));
  report_add_text (builder, "client_address", client);
  report_add_text (builder, "server_address", server);
  report_add_text (builder, "start", start);
  report_add_text (builder, "end", end);
  report_add_number (builder, "packets", connection->n_packets);
  report_add_number (builder, "first_packet", connection->first_packet);
  report_add_number (builder, "last_packet", connection->last_packet);
  report_add_text (builder, "outcome", outcome_to_string (connection->outcome));
  report_add_flag (builder, "partial", connection->is_partial);
  report_add_number (builder, "late_bytes", connection->n_late_bytes);
  report_add_number (builder, "wrong_checksums", connection->n_wrong_sums);
  if (recording != NULL)
    report_add_text (builder, "recording", recording);
  report_build_direction (builder, connection, IMP_DIRECTION_FROM_CLIENT);
  report_build_direction (builder, connection, IMP_DIRECTION_FROM_SERVER);
  report_build_entries (builder, "entries", inspection_get_entries (connection->inspection));
  json_builder_end_object (builder);
}

/* Without its braces, if it goes on with what was begun. */
static void
report_print_built (JsonBuilder *builder, gboolean is_open)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = NULL;

  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, NULL);
  report_print_json (is_open ? text + 1 : text);
}

static void
report_build_outcomes (const Report *self, JsonBuilder *builder)
{
  json_builder_set_member_name (builder, "outcomes");
  json_builder_begin_object (builder);
  for (guint i = 0; i < N_OUTCOMES; i++)
    report_add_number (builder, outcome_to_string (i), self->n_outcomes[i]);
  json_builder_end_object (builder);
}

static void
report_build_summary (const Report *self, JsonBuilder *builder, const ReportSummary *summary,
                      const Entries *notes)
{
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "summary");
  json_builder_begin_object (builder);
  report_add_number (builder, "packets", summary->n_packets);
  report_add_number (builder, "packets_inspected", summary->n_inspected);
  report_add_number (builder, "packets_other", summary->n_other);
  report_add_number (builder, "packets_unsuited", summary->n_unsuited);
  report_add_number (builder, "packets_malformed", summary->n_malformed);
  report_add_number (builder, "fragments_lost", summary->n_fragments);
  report_add_number (builder, "packets_cut", summary->n_cut);
  report_add_number (builder, "packets_backwards", summary->n_backwards);
  report_add_number (builder, "connections_displaced", summary->n_displaced);
  report_add_flag (builder, "truncated", summary->is_truncated);
  report_build_outcomes (self, builder);
  report_build_entries (builder, "notes", notes);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
}

void
report_add (Report *self, const Connection *connection)
{
  g_autoptr (JsonBuilder) builder = NULL;

  self->n_connections++;
  self->n_outcomes[connection->outcome]++;
  if (self->format == REPORT_TEXT)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      report_print_connection (text, connection);
      tool_print_lines (text->str);
      return;
    }
  builder = json_builder_new_immutable ();
  report_build_connection (builder, connection);
  report_print_json (self->n_connections > 1 ? ",\n" : "\n");
  report_print_built (builder, FALSE);
}

void
report_finish (Report *self, const ReportSummary *summary, const Entries *notes)
{
  g_autoptr (JsonBuilder) builder = NULL;

  if (self->format == REPORT_TEXT)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      report_print_summary (text, self, summary, notes);
      tool_print_lines (text->str);
      return;
    }
  builder = json_builder_new_immutable ();
  report_build_summary (self, builder, summary, notes);
  report_print_json ("\n],\n");
  report_print_built (builder, TRUE);
  report_print_json ("\n");
}
