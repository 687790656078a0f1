/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-recorder.h"

#include "core/imp-log-private.h"

struct _RelayRecorder
{
  ImpRecorder *recorder;
};

/* Once: traffic goes on. */
static void
relay_recorder_on_stopped (ImpRecorder *recorder, const char *reason, gpointer user_data)
{
  imp_log_kind (IMP_LOG_RECORDING_FAILED, "--record \"%s\": nothing is recorded any more: %s",
                imp_recorder_get_folder (recorder), reason);
}

RelayRecorder *
relay_recorder_new (const char *folder, gsize max_size, gsize max_total, int *status)
{
  g_autoptr (GError) error = NULL;
  ImpRecorder *recorder = imp_recorder_new (folder, &error);
  RelayRecorder *self;

  if (recorder == NULL)
    {
      *status = tool_error ("--record: %s", error->message);
      return NULL;
    }
  g_object_set (recorder, "max-size", (guint64) max_size, "max-total", (guint64) max_total, NULL);
  g_signal_connect (recorder, "stopped", G_CALLBACK (relay_recorder_on_stopped), NULL);
  self = g_new0 (RelayRecorder, 1);
  self->recorder = recorder;
  return self;
}

void
relay_recorder_free (RelayRecorder *self)
{
  const guint64 n = imp_recorder_get_n_recordings (self->recorder);

  /* Whether the disk takes all is known only then. */
  imp_recorder_flush (self->recorder);
  if (n > 0)
    imp_log_kind (IMP_LOG_RECORDING,
                  "--record \"%s\": %" G_GUINT64_FORMAT " %s recorded, %" G_GUINT64_FORMAT
                  " of them not wholly; %" G_GUINT64_FORMAT " bytes",
                  imp_recorder_get_folder (self->recorder), n,
                  n == 1 ? "connection was" : "connections were",
                  imp_recorder_get_n_incomplete (self->recorder),
                  imp_recorder_get_size (self->recorder));
  g_object_unref (self->recorder);
  g_free (self);
}

ImpRecordingWriter *
relay_recorder_follow (RelayRecorder *self, ImpRelay *relay, GHashTable *context,
                       const char *const *modules)
{
  g_auto (GStrv) names = NULL;
  g_autoptr (ImpInterface) interface = NULL;
  g_autoptr (GError) error = NULL;
  ImpRecordingWriter *writer;

  /* Why it has stopped was said then. */
  if (self == NULL || !imp_recorder_check (self->recorder, NULL))
    return NULL;
  names = tool_name_modules (modules);
  interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  writer = imp_recording_writer_new (self->recorder, context, interface,
                                     (const char *const *) names, -1, &error);
  if (writer != NULL)
    imp_recording_writer_follow (writer, imp_relay_get_filter (relay));
  else if (imp_recorder_check (self->recorder, NULL))
    imp_log_kind (IMP_LOG_RECORDING_FAILED, "--record: %s", error->message);
  return writer;
}

void
relay_recorder_finish (ImpRecordingWriter *writer, const GError *error)
{
  g_autoptr (GError) left_out = NULL;

  if (writer == NULL)
    return;
  /* What the analyzer has said stays. */
  if (error != NULL)
    imp_recording_writer_set_outcome (writer, IMP_OUTCOME_BROKEN, error->message);
  if (!imp_recording_writer_close (writer, &left_out))
    imp_log_kind (IMP_LOG_RECORDING_FAILED, "--record: %s", left_out->message);
  g_object_unref (writer);
}

/* ---- what is counted ---- */

static const MetricsFamily recordings = {
  "imp_relay_recordings",
  METRICS_COUNTER,
  NULL,
  "Connections that were recorded",
};
static const MetricsFamily incomplete = {
  "imp_relay_incomplete_recordings",
  METRICS_COUNTER,
  NULL,
  "Those of them that lack something",
};
static const MetricsFamily recorded_bytes = {
  "imp_relay_recorded_bytes",
  METRICS_COUNTER,
  "bytes",
  "How long all recordings are",
};
static const MetricsFamily recording = {
  "imp_relay_recording",
  METRICS_GAUGE,
  NULL,
  "Whether connections are still recorded",
};

void
relay_recorder_describe (RelayRecorder *self, MetricsText *text)
{
  metrics_text_add (text, &recordings, NULL, imp_recorder_get_n_recordings (self->recorder));
  metrics_text_add (text, &incomplete, NULL, imp_recorder_get_n_incomplete (self->recorder));
  metrics_text_add (text, &recorded_bytes, NULL, imp_recorder_get_size (self->recorder));
  metrics_text_add (text, &recording, NULL, imp_recorder_check (self->recorder, NULL));
}
