/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/fragments.h"
#include "tool/capture/pcap-file.h"
#include "tool/capture/pcap-modules.h"
#include "tool/capture/pcap-progress.h"
#include "tool/capture/report.h"
#include "tool/capture/table.h"
#include "tool/tool.h"

#include <signal.h>
#include <stdio.h>

/* So often something else is looked at: progress, errors, and what analyzers say by themselves. */
#define PACKETS_PER_TURN 256

typedef struct
{
  /* What the user wants. */
  char **modules;
  char *output;
  char *record; /* a folder, or NULL */
  gsize record_max;
  gsize record_max_total;
  char *format_name;
  ReportFormat format;
  const char *input;
  TableLimits limits;

  Capture capture;
  FrameSink sink;
  PcapReader *reader;
  PcapWriter *writer;
  Fragments *fragments;
  Table *table;
  Report *report;
  ReportSummary summary;
  Entries notes; /* about what belongs to no connection */
  PcapProgress progress;
} Pcap;

/* By a signal. No main loop is needed to notice that. */
static volatile sig_atomic_t pcap_command_stopped;

#define PLACE(member) G_STRUCT_OFFSET (Pcap, member)

static const ImpLimit pcap_limits[] = {
  { "max-connections", IMP_LIMIT_COUNT, PLACE (limits.max_connections), 1, 10000000, 65536,
    "how many connections are known at once; who was idle for the longest time makes room" },
  { "max-waiting", IMP_LIMIT_BYTES, PLACE (capture.max_waiting), 1, G_MAXINT32, 4194304,
    "how much of a direction waits for bytes that are missing before it, until there is a gap" },
  { "max-kept", IMP_LIMIT_BYTES, PLACE (capture.budget.max), 1, G_MAXINT64, 268435456,
    "how much is kept of what waits or may be sent again, and as much for reports, in all" },
  { "gap-time", IMP_LIMIT_SECONDS, PLACE (capture.gap_time), 0, TOOL_MAX_SECONDS, 10,
    "how long, in the time of the capture, missing bytes may take to come" },
  { "idle-timeout", IMP_LIMIT_SECONDS, PLACE (limits.tcp_timeout), 1, TOOL_MAX_SECONDS, 3600,
    "after so long a silence in the capture, a TCP connection has ended" },
  { "udp-timeout", IMP_LIMIT_SECONDS, PLACE (limits.udp_timeout), 1, TOOL_MAX_SECONDS, 60,
    "the same for the datagrams of UDP between two addresses" },
  { "answer-time", IMP_LIMIT_MILLISECONDS, PLACE (capture.answer_time), 0, TOOL_MAX_SECONDS * 1000,
    100, "how long, in ms, an analyzer elsewhere may take for a packet before the next is read" },
  { "deadline", IMP_LIMIT_SECONDS, PLACE (capture.deadline), 1, TOOL_MAX_SECONDS, 10,
    "how long it may take for what is left at the end of a connection" },
  { "record-max", IMP_LIMIT_BYTES, PLACE (record_max), 4096, 1023 << 20, 16 << 20,
    "how many bytes of one connection are recorded" },
  { "record-max-total", IMP_LIMIT_BYTES, PLACE (record_max_total), 4096, G_MAXINT64, 1 << 30,
    "after how many bytes of all connections nothing is recorded any more" },
};

static void
pcap_command_clear (Pcap *self)
{
  g_clear_pointer (&self->table, table_free);
  g_clear_pointer (&self->capture.recorder, pcap_recorder_free);
  g_clear_pointer (&self->fragments, fragments_free);
  g_clear_pointer (&self->report, report_free);
  g_clear_pointer (&self->writer, pcap_writer_free);
  g_clear_pointer (&self->reader, pcap_reader_free);
  g_clear_object (&self->capture.factory);
  if (self->notes.list != NULL)
    entries_clear (&self->notes);
  g_strfreev (self->modules);
  g_free (self->output);
  g_free (self->record);
  g_free (self->format_name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pcap, pcap_command_clear)

/* ---- packets ---- */

static void
pcap_command_write (Pcap *self, const guint8 *data, gsize recorded, gsize length)
{
  const PcapRecord record = { self->capture.time, data, recorded, length };

  if (self->writer != NULL)
    pcap_writer_add (self->writer, &record);
}

static void
pcap_command_on_frame (const guint8 *data, gsize length, gpointer user_data)
{
  pcap_command_write (user_data, data, length, length);
}

static void
pcap_command_on_fragments_lost (const char *reason, guint n_fragments, gpointer user_data)
{
  Pcap *self = user_data;

  self->summary.n_fragments += n_fragments;
  entries_add_note (&self->notes, -1, self->capture.packet, reason);
}

static void
pcap_command_on_ended (Connection *connection, gpointer user_data)
{
  Pcap *self = user_data;

  pcap_progress_hide (&self->progress);
  report_add (self->report, connection);
}

/* What the modules are not for stays as it is. */
static void
pcap_command_take_transport (Pcap *self, const Packet *packet, const PcapRecord *record)
{
  const gboolean is_suited = packet->ip.protocol == IMP_PROTOCOL_TCP ? self->capture.has_streams
                                                                     : self->capture.has_packets;

  if (packet->missing > 0)
    self->summary.n_cut++;
  if (is_suited)
    {
      self->summary.n_inspected++;
      table_take (self->table, packet);
      return;
    }
  self->summary.n_unsuited++;
  pcap_command_write (self, record->data, record->recorded, record->length);
}

static void
pcap_command_take_malformed (Pcap *self, const Packet *packet)
{
  self->summary.n_malformed++;
  entries_add_note (&self->notes, -1, self->capture.packet, packet->reason);
}

static void
pcap_command_take_kind (Pcap *self, PacketKind kind, const Packet *packet, const PcapRecord *record)
{
  switch (kind)
    {
    case PACKET_TRANSPORT:
      pcap_command_take_transport (self, packet, record);
      break;
    case PACKET_OTHER:
      self->summary.n_other++;
      pcap_command_write (self, record->data, record->recorded, record->length);
      break;
    case PACKET_FRAGMENT: /* within what was put together */
    case PACKET_MALFORMED:
      pcap_command_take_malformed (self, packet);
      break;
    }
}

/* Fragments of what is not inspected anyhow stay as they are. */
static void
pcap_command_take_fragment (Pcap *self, Packet *packet, const PcapRecord *record)
{
  const guint8 protocol = packet->ip.protocol;
  Packet whole;
  const guint8 *data;
  gsize length;
  PacketKind kind;

  if (packet->ip.address_size == 4 && protocol != IMP_PROTOCOL_TCP && protocol != IMP_PROTOCOL_UDP)
    {
      pcap_command_take_kind (self, PACKET_OTHER, packet, record);
      return;
    }
  data = fragments_add (self->fragments, packet, self->capture.now, &length);
  if (data == NULL)
    return;
  kind = packet_decode_whole (&whole, packet, data, length);
  if (kind == PACKET_FRAGMENT)
    whole.reason = "there are fragments in what was put together from fragments";
  pcap_command_take_kind (self, kind, &whole, record);
}

static void
pcap_command_take (Pcap *self, const PcapRecord *record)
{
  Packet packet;
  PacketKind kind;

  self->summary.n_packets++;
  self->capture.packet++;
  self->capture.time = record->time;
  if (record->time < self->capture.now)
    self->summary.n_backwards++;
  self->capture.now = MAX (self->capture.now, record->time);
  table_expire (self->table);
  kind = packet_decode (&packet, self->capture.link, record->data, record->recorded,
                        record->length);
  if (kind == PACKET_FRAGMENT)
    pcap_command_take_fragment (self, &packet, record);
  else
    pcap_command_take_kind (self, kind, &packet, record);
}

/* ---- the whole ---- */

static void
pcap_command_on_signal (int number)
{
  pcap_command_stopped = TRUE;
}

/* The second one ends the program in the usual way. */
static void
pcap_command_watch_signals (void)
{
  static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
  const struct sigaction action = {
    .sa_handler = pcap_command_on_signal,
    .sa_flags = SA_RESETHAND,
  };
  struct sigaction before;

  /* nohup(1) has one ignored. */
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    if (sigaction (signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction (signals[i], &action, NULL);
}

/* The timers of analyzers in this process do not run: how fast a file is read says nothing about
 * the time that passed between its packets. */
static gboolean
pcap_command_turn (Pcap *self, GError **error)
{
  if (self->capture.is_elsewhere)
    while (g_main_context_iteration (NULL, FALSE))
      ;
  pcap_progress_update (&self->progress, pcap_reader_get_position (self->reader),
                        pcap_reader_get_size (self->reader), table_get_n_connections (self->table));
  return self->writer == NULL || pcap_writer_check (self->writer, error);
}

static gboolean
pcap_command_read (Pcap *self, GError **error)
{
  PcapRecord record;

  for (guint n = 1; !pcap_command_stopped && pcap_reader_next (self->reader, &record, error); n++)
    {
      pcap_command_take (self, &record);
      if (n % PACKETS_PER_TURN == 0 && !pcap_command_turn (self, error))
        return FALSE;
    }
  return error == NULL || *error == NULL;
}

/* What has been read is reported and written, even where that is not all. */
static int
pcap_command_finish (Pcap *self, const GError *read_error)
{
  g_autoptr (GError) error = NULL;
  guint64 n_failed, n_incomplete;
  int recorded;

  fragments_flush (self->fragments);
  table_finish (self->table);
  self->summary.n_displaced = table_get_n_displaced (self->table);
  self->summary.is_truncated = read_error != NULL;
  report_finish (self->report, &self->summary, &self->notes);
  recorded = self->capture.recorder != NULL ? pcap_recorder_finish (self->capture.recorder)
                                            : TOOL_DONE;
  if (self->writer != NULL && !pcap_writer_finish (self->writer, &error))
    return tool_option_error ("--write", self->output, error);
  if (fflush (stdout) != 0)
    return tool_error ("pcap: the report cannot be written to standard output");
  if (read_error != NULL)
    return tool_error ("pcap \"%s\": %s, after %" G_GUINT64_FORMAT " packets", self->input,
                       read_error->message, self->summary.n_packets);
  n_failed = report_get_n_outcomes (self->report, OUTCOME_FAILED);
  if (n_failed > 0)
    return tool_error ("pcap: the analyzer has failed in %" G_GUINT64_FORMAT " connections",
                       n_failed);
  n_incomplete = report_get_n_outcomes (self->report, OUTCOME_INCOMPLETE);
  if (n_incomplete > 0)
    return tool_error ("pcap: %" G_GUINT64_FORMAT
                       " connections could not be inspected to their end",
                       n_incomplete);
  return recorded;
}

static int
pcap_command_inspect (Pcap *self)
{
  g_autoptr (GError) error = NULL;
  gboolean is_read;

  pcap_progress_begin (&self->progress);
  is_read = pcap_command_read (self, &error);
  pcap_progress_hide (&self->progress);
  if (pcap_command_stopped)
    return tool_error ("pcap \"%s\": stopped after %" G_GUINT64_FORMAT " packets", self->input,
                       self->summary.n_packets);
  if (self->writer != NULL && !is_read && !pcap_writer_check (self->writer, NULL))
    return tool_option_error ("--write", self->output, error);
  return pcap_command_finish (self, error);
}

static gboolean
pcap_command_open_output (Pcap *self, int *status)
{
  g_autoptr (GError) error = NULL;

  self->writer = pcap_writer_new (self->output, self->reader, &error);
  if (self->writer == NULL)
    {
      *status = tool_option_error ("--write", self->output, error);
      return FALSE;
    }
  self->sink = (FrameSink){ pcap_command_on_frame, self };
  self->capture.sink = &self->sink;
  return TRUE;
}

static gboolean
pcap_command_open (Pcap *self, int *status)
{
  g_autoptr (GError) error = NULL;

  self->reader = pcap_reader_new (self->input, &error);
  if (self->reader == NULL)
    {
      *status = tool_error ("pcap \"%s\": %s", self->input, error->message);
      return FALSE;
    }
  self->capture.link = pcap_reader_get_link (self->reader);
  if (!pcap_modules_load (&self->capture, (const char *const *) self->modules, status))
    return FALSE;
  if (self->record != NULL)
    {
      self->capture.recorder = pcap_recorder_new (self->record, self->record_max,
                                                  self->record_max_total,
                                                  (const char *const *) self->modules, status);
      if (self->capture.recorder == NULL)
        return FALSE;
    }
  return self->output == NULL || pcap_command_open_output (self, status);
}

static gboolean
pcap_command_check (Pcap *self, int argc, char **argv, int *status)
{
  if (argc < 2)
    *status = tool_usage_error ("pcap: IN is missing: which capture shall be read?");
  else if (argc > 2)
    *status = tool_usage_error ("pcap: \"%s\": one capture at a time", argv[2]);
  else if (g_strcmp0 (self->output, "-") == 0)
    *status = tool_usage_error ("--write \"-\": standard output has the report; a file is wanted, "
                                "and ./- if that is its name");
  else if (g_strcmp0 (self->format_name, "json") == 0)
    self->format = REPORT_JSON;
  else if (self->format_name != NULL && !g_str_equal (self->format_name, "text"))
    *status = tool_usage_error ("--report \"%s\": \"text\" or \"json\" is wanted",
                                self->format_name);
  if (*status == TOOL_DONE)
    self->input = argv[1];
  return *status == TOOL_DONE;
}

static gboolean
pcap_command_parse (Pcap *self, int argc, char **argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "module", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &self->modules,
      "The analyzer: a module and its settings (default: pass); several: one behind the other",
      "NAME[=SETTINGS]" },
    { "write", 'w', 0, G_OPTION_ARG_FILENAME, &self->output,
      "Write the traffic as it would have been", "OUT" },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &self->record,
      "Record each connection in a file of its own in this folder", "DIR" },
    { "report", 'r', 0, G_OPTION_ARG_STRING, &self->format_name,
      "How the report is written (default: text)", "text|json" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "[--module NAME[=SETTINGS]]... IN [--write OUT] - inspect a capture",
    .summary
    = "Gives each TCP and UDP connection of the capture IN (pcap or pcapng, \"-\" for standard\n"
      "input) to the modules, and reports for each what was passed, replaced, denied, logged and\n"
      "accounted, with offset and packet number.",
    .entries = entries,
    .limits = limits,
    .has_scripts = TRUE,
  };

  limit_options_add_rows (limits, pcap_limits, G_N_ELEMENTS (pcap_limits), self);
  return tool_parse_options (&options, &argc, &argv, status)
         && pcap_command_check (self, argc, argv, status);
}

static int
pcap_command_run (int argc, char **argv)
{
  g_auto (Pcap) self = { 0 };
  int status;

  entries_init (&self.notes, &self.capture.entries);
  if (!pcap_command_parse (&self, argc, argv, &status))
    return status;
  self.capture.entries.max = self.capture.budget.max;
  pcap_command_watch_signals ();
  if (!pcap_command_open (&self, &status))
    return status;
  self.fragments = fragments_new (pcap_command_on_fragments_lost, &self);
  self.table = table_new (&self.capture, &self.limits, pcap_command_on_ended, &self);
  self.report = report_new (self.format);
  return pcap_command_inspect (&self);
}

const ToolCommand tool_pcap = {
  .name = "pcap",
  .summary = "inspect the connections of a capture, and write it as it would have been",
  .run = pcap_command_run,
};
