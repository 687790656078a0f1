/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/pcap-recorder.h"

#include "tool/tool.h"

#define NS_PER_US 1000

struct _PcapRecorder
{
  ImpRecorder *recorder;
  GStrv modules;
  char *stopped; /* why nothing is recorded any more */
};

static void
pcap_recorder_on_stopped (ImpRecorder *recorder, const char *reason, gpointer user_data)
{
  ((PcapRecorder *) user_data)->stopped = g_strdup (reason);
}

PcapRecorder *
pcap_recorder_new (const char *folder, gsize max_size, gsize max_total, const char *const *modules,
                   int *status)
{
  g_autoptr (GError) error = NULL;
  ImpRecorder *recorder = imp_recorder_new (folder, &error);
  PcapRecorder *self;

  if (recorder == NULL)
    {
      *status = tool_error ("--record: %s", error->message);
      return NULL;
    }
  self = g_new0 (PcapRecorder, 1);
  self->recorder = recorder;
  self->modules = tool_name_modules (modules);
  /* Nobody waits for the capture. */
  g_object_set (recorder, "max-size", (guint64) max_size, "max-total", (guint64) max_total,
                "may-wait", TRUE, NULL);
  g_signal_connect (recorder, "stopped", G_CALLBACK (pcap_recorder_on_stopped), self);
  return self;
}

void
pcap_recorder_free (PcapRecorder *self)
{
  g_signal_handlers_disconnect_by_data (self->recorder, self);
  g_object_unref (self->recorder);
  g_strfreev (self->modules);
  g_free (self->stopped);
  g_free (self);
}

int
pcap_recorder_finish (PcapRecorder *self)
{
  const char *folder = imp_recorder_get_folder (self->recorder);

  guint64 n_incomplete, n;

  /* Whether the disk takes all is known only then. */
  imp_recorder_flush (self->recorder);
  n = imp_recorder_get_n_recordings (self->recorder);
  n_incomplete = imp_recorder_get_n_incomplete (self->recorder);
  if (n_incomplete > 0)
    tool_error ("--record \"%s\": %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                " recordings are not complete",
                folder, n_incomplete, n);
  if (self->stopped != NULL)
    tool_error ("--record \"%s\": after %" G_GUINT64_FORMAT
                " connections nothing was recorded any more: %s",
                folder, n, self->stopped);
  return n_incomplete > 0 || self->stopped != NULL ? TOOL_FAILED : TOOL_DONE;
}

ImpRecordingWriter *
pcap_recorder_begin (PcapRecorder *self, GHashTable *context, gint32 data_type, gint64 time)
{
  g_autoptr (ImpInterface) interface = NULL;

  /* Why it has stopped is said at the end. */
  if (self == NULL || self->stopped != NULL)
    return NULL;
  interface = imp_interface_new (data_type, IMP_RESULT_FLAGS_ALL);
  return imp_recording_writer_new (self->recorder, context, interface,
                                   (const char *const *) self->modules, time / NS_PER_US, NULL);
}

gboolean
pcap_recorder_end (PcapRecorder *self, ImpRecordingWriter *writer, ImpOutcome outcome,
                   const char *reason, GError **error)
{
  g_autoptr (ImpRecordingWriter) owned = writer;

  imp_recording_writer_set_outcome (owned, outcome, reason);
  return imp_recording_writer_close (owned, error);
}
