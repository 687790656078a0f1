/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/inspection.h"

/* An analyzer that has not answered once is not waited for again until it has, unless it keeps so
 * many bytes. */
#define SILENT_MAX (1024 * 1024)
#define NS_PER_US 1000

/* A REPLACE that has been said, and may still be refused by the model. */
typedef struct
{
  gboolean is_set;
  gint64 end;
  gint64 new_length;
  guint64 packet;
} InspectionReplacement;

struct _Inspection
{
  Capture *capture;
  const InspectionFuncs *funcs;
  gpointer user_data;
  gint32 data_type;

  ImpFilter *filter;
  ImpRecordingWriter *recording; /* NULL: it is not recorded, or not any more */
  char *recording_path;
  char *reason; /* of a refusal */
  ImpDirection denied_direction;
  Entries entries;
  Outcome outcome;
  gint64 recorded[2]; /* up to here there are entries about bytes */
  gint64 missing[2];  /* bytes that were skipped */
  gint64 held[2];     /* that had no verdict when it was refused here */
  InspectionReplacement replacements[2];
  gint64 wanted[2]; /* up to here the analyzer wants to see more before it answers */
  gboolean pushed_end[2];
  gboolean is_silent; /* it has not said anything for a while */
  gboolean was_heard;
  gboolean has_news; /* it was given something since it was waited for */
  gboolean is_timed_out;
};

const char *
outcome_to_string (Outcome outcome)
{
  static const char *const names[] = {
    "open", "closed", "reset", "idle", "reused", "denied", "dropped", "failed", "incomplete",
  };

  return names[outcome];
}

/* ---- entries ---- */

static void
inspection_add_entry (Inspection *self, EntryKind kind, int direction, gint64 offset,
                      const char *text)
{
  const Entry entry = {
    .kind = kind,
    .direction = direction,
    .offset = offset,
    .packet = self->capture->packet,
    .last_packet = self->capture->packet,
  };

  entries_add (&self->entries, &entry, text);
}

static void
inspection_add_range (Inspection *self, EntryKind kind, ImpDirection direction, gint64 end,
                      gint64 new_length, guint64 packet)
{
  const Entry entry = {
    .kind = kind,
    .direction = direction,
    .offset = self->recorded[direction],
    .length = end - self->recorded[direction],
    .new_length = new_length,
    .packet = packet,
    .last_packet = packet,
  };

  self->recorded[direction] = end;
  entries_add (&self->entries, &entry, NULL);
}

/* Writes down what has become of bytes meanwhile. */
static void
inspection_record (Inspection *self, ImpDirection direction)
{
  InspectionReplacement *replacement = &self->replacements[direction];
  const gint64 settled = inspection_get_settled (self, direction);

  if (replacement->is_set && settled >= replacement->end)
    inspection_add_range (self, ENTRY_REPLACED, direction, replacement->end,
                          replacement->new_length, replacement->packet);
  replacement->is_set = FALSE;
  if (settled > self->recorded[direction])
    inspection_add_range (self, ENTRY_PASSED, direction, settled, 0, self->capture->packet);
}

static void
inspection_on_replace (Inspection *self, ImpResult *result)
{
  const ImpDirection direction = imp_result_get_direction (result);
  GBytes *data = imp_result_get_data (result);

  inspection_record (self, direction);
  self->replacements[direction] = (InspectionReplacement){
    .is_set = TRUE,
    .end = imp_result_get_offset (result),
    .new_length = data != NULL ? g_bytes_get_size (data) : 0,
    .packet = self->capture->packet,
  };
}

static void
inspection_on_log (Inspection *self, ImpResult *result)
{
  const Entry entry = {
    .kind = ENTRY_LOGGED,
    .direction = imp_result_get_direction (result),
    .level = imp_result_get_level (result),
    .offset = imp_result_get_offset (result),
    .length = imp_result_get_length (result),
    .packet = self->capture->packet,
    .last_packet = self->capture->packet,
  };

  entries_add (&self->entries, &entry, imp_result_get_message (result));
}

static void
inspection_on_to_sender (Inspection *self, ImpResult *result)
{
  GBytes *data = imp_result_get_data (result);
  const Entry entry = {
    .kind = ENTRY_ADDED,
    /* It leaves with what the other side says. */
    .direction = !imp_result_get_direction (result),
    .offset = inspection_get_settled (self, !imp_result_get_direction (result)),
    .new_length = data != NULL ? g_bytes_get_size (data) : 0,
    .packet = self->capture->packet,
    .last_packet = self->capture->packet,
  };

  entries_add (&self->entries, &entry, NULL);
}

static void
inspection_on_result (ImpFilter *filter, ImpResult *result, gpointer user_data)
{
  Inspection *self = user_data;
  g_autofree char *text = NULL;

  self->is_silent = FALSE;
  self->was_heard = TRUE;
  if (self->recording != NULL)
    imp_recording_writer_add_result (self->recording, self->capture->time / NS_PER_US, result);
  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_REPLACE:
      inspection_on_replace (self, result);
      break;
    case IMP_RESULT_LOG:
      inspection_on_log (self, result);
      break;
    case IMP_RESULT_ACCOUNT_FIELD:
      text = g_strdup_printf ("%s=%s", imp_result_get_key (result), imp_result_get_value (result));
      inspection_add_entry (self, ENTRY_ACCOUNTED, -1, -1, text);
      break;
    case IMP_RESULT_TO_SENDER:
      inspection_on_to_sender (self, result);
      break;
    case IMP_RESULT_DENY:
      self->denied_direction = imp_result_get_direction (result);
      break;
    case IMP_RESULT_WANT:
      self->wanted[imp_result_get_direction (result)] = imp_result_get_offset (result);
      break;
    default:
      break;
    }
}

/* ---- outcomes ---- */

/* Of which bytes it was said: those that had no verdict. */
static void
inspection_add_denied (Inspection *self, const char *reason)
{
  const Entry entry = {
    .kind = ENTRY_DENIED,
    .direction = self->denied_direction,
    .offset = inspection_get_settled (self, self->denied_direction),
    .length = imp_filter_get_denied (self->filter, self->denied_direction),
    .packet = self->capture->packet,
    .last_packet = self->capture->packet,
  };

  entries_add (&self->entries, &entry, reason);
}

static void
inspection_refuse (Inspection *self, Outcome outcome, EntryKind kind, const char *reason)
{
  if (self->outcome != OUTCOME_OPEN)
    return;
  self->outcome = outcome;
  self->reason = g_strdup (reason);
  for (guint direction = 0; direction < 2; direction++)
    inspection_record (self, direction);
  if (kind == ENTRY_DENIED)
    inspection_add_denied (self, reason);
  else
    inspection_add_entry (self, kind, -1, -1, reason);
  self->funcs->refused (outcome, self->user_data);
}

static void
inspection_on_denied (ImpFilter *filter, const char *reason, gpointer user_data)
{
  inspection_refuse (user_data, OUTCOME_DENIED, ENTRY_DENIED, reason);
}

static void
inspection_on_dropped (ImpFilter *filter, gpointer user_data)
{
  inspection_refuse (user_data, OUTCOME_DROPPED, ENTRY_DROPPED, NULL);
}

static void
inspection_on_failed (ImpFilter *filter, const char *message, gpointer user_data)
{
  inspection_refuse (user_data, OUTCOME_FAILED, ENTRY_FAILED, message);
}

void
inspection_fail (Inspection *self, Outcome outcome, const char *reason)
{
  inspection_refuse (self, outcome, ENTRY_FAILED, reason);
  if (self->filter == NULL)
    return;
  /* It would take them for denied. */
  for (guint direction = 0; direction < 2; direction++)
    self->held[direction] += imp_filter_get_held (self->filter, direction);
  imp_filter_close (self->filter);
}

static void
inspection_on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
                      gpointer user_data)
{
  Inspection *self = user_data;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  self->funcs->output (direction, bytes, length, self->user_data);
}

/* ---- the object ---- */

static void
inspection_start (Inspection *self, GHashTable *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (self->capture->factory, context,
                                                                  &error);

  if (analyzer == NULL)
    {
      inspection_refuse (self, OUTCOME_FAILED, ENTRY_FAILED, error->message);
      return;
    }
  self->recording = pcap_recorder_begin (self->capture->recorder, context, self->data_type,
                                         self->capture->time);
  if (self->recording != NULL)
    self->recording_path = g_filename_display_name (
      imp_recording_writer_get_path (self->recording));
  self->filter = imp_filter_new (analyzer);
  g_signal_connect (self->filter, "result", G_CALLBACK (inspection_on_result), self);
  g_signal_connect (self->filter, "denied", G_CALLBACK (inspection_on_denied), self);
  g_signal_connect (self->filter, "dropped", G_CALLBACK (inspection_on_dropped), self);
  g_signal_connect (self->filter, "failed", G_CALLBACK (inspection_on_failed), self);
  imp_filter_set_output (self->filter, inspection_on_output, self, NULL);
}

Inspection *
inspection_new (Capture *capture, GHashTable *context, gint32 data_type,
                const InspectionFuncs *funcs, gpointer user_data)
{
  Inspection *self = g_new0 (Inspection, 1);

  self->capture = capture;
  self->funcs = funcs;
  self->user_data = user_data;
  self->data_type = data_type;
  entries_init (&self->entries, &capture->entries);
  inspection_start (self, context);
  return self;
}

void
inspection_free (Inspection *self)
{
  inspection_finish_recording (self, OUTCOME_OPEN);
  if (self->filter != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->filter, self);
      imp_filter_close (self->filter);
      g_object_unref (self->filter);
    }
  entries_clear (&self->entries);
  g_free (self->recording_path);
  g_free (self->reason);
  g_free (self);
}

Entries *
inspection_get_entries (Inspection *self)
{
  return &self->entries;
}

gint64
inspection_get_settled (const Inspection *self, ImpDirection direction)
{
  if (self->filter == NULL)
    return 0;
  return imp_filter_get_passed (self->filter, direction)
         + imp_filter_get_replaced (self->filter, direction);
}

gboolean
inspection_has_ended (const Inspection *self, ImpDirection direction)
{
  return self->filter != NULL && imp_filter_is_finished (self->filter, direction);
}

void
inspection_get_counts (const Inspection *self, ImpDirection direction, InspectionCounts *counts)
{
  *counts = (InspectionCounts){ 0 };
  if (self->filter == NULL)
    return;
  counts->input = imp_filter_get_input (self->filter, direction) - self->missing[direction];
  counts->passed = imp_filter_get_passed (self->filter, direction) - self->missing[direction];
  counts->replaced = imp_filter_get_replaced (self->filter, direction);
  counts->denied = imp_filter_get_denied (self->filter, direction) - self->held[direction];
  counts->held = self->held[direction] + imp_filter_get_held (self->filter, direction);
}

const char *
inspection_get_recording (const Inspection *self)
{
  return self->recording_path;
}

/* ---- recordings ---- */

static void
inspection_record_data (Inspection *self, ImpDirection direction, const guint8 *data, gsize length)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->recording == NULL)
    return;
  bytes = g_bytes_new (data, length);
  imp_recording_writer_add_data (self->recording, self->capture->time / NS_PER_US, direction, bytes,
                                 self->data_type);
}

static void
inspection_end_recording (Inspection *self, ImpOutcome outcome, const char *reason)
{
  ImpRecordingWriter *recording = g_steal_pointer (&self->recording);
  g_autoptr (GError) error = NULL;

  if (recording != NULL
      && !pcap_recorder_end (self->capture->recorder, recording, outcome, reason, &error))
    entries_add_note (&self->entries, -1, self->capture->packet, error->message);
}

void
inspection_finish_recording (Inspection *self, Outcome outcome)
{
  const gboolean has_ended = inspection_has_ended (self, 0) && inspection_has_ended (self, 1);

  if (outcome == OUTCOME_DENIED)
    inspection_end_recording (self, IMP_OUTCOME_DENIED, self->reason);
  else if (outcome == OUTCOME_DROPPED)
    inspection_end_recording (self, IMP_OUTCOME_DROPPED, NULL);
  else if (outcome == OUTCOME_FAILED)
    inspection_end_recording (self, IMP_OUTCOME_FAILED, self->reason);
  else if (outcome == OUTCOME_RESET)
    inspection_end_recording (self, IMP_OUTCOME_BROKEN, "the connection was reset");
  else if (outcome == OUTCOME_INCOMPLETE)
    inspection_end_recording (self, IMP_OUTCOME_BROKEN,
                              self->reason != NULL ? self->reason
                                                   : "the connection went on behind a reset");
  else
    inspection_end_recording (self, has_ended ? IMP_OUTCOME_PASSED : IMP_OUTCOME_UNSETTLED, NULL);
}

/* A recording has no gaps: what is before one can be played. */
static void
inspection_break_recording (Inspection *self, ImpDirection direction, gint64 length)
{
  g_autofree char *reason = NULL;

  if (self->recording == NULL)
    return;
  reason = g_strdup_printf ("%" G_GINT64_FORMAT " bytes from the %s are missing in the capture",
                            length, entry_direction_to_string (direction));
  inspection_end_recording (self, IMP_OUTCOME_BROKEN, reason);
  entries_add_note (&self->entries, direction, self->capture->packet,
                    "the recording of the connection ends here");
}

/* ---- input ---- */

void
inspection_push (Inspection *self, ImpDirection direction, const guint8 *data, gsize length)
{
  if (self->outcome != OUTCOME_OPEN)
    return;
  if (length == 0)
    self->pushed_end[direction] = TRUE;
  self->has_news = TRUE;
  inspection_record_data (self, direction, data, length);
  /* What nobody needs to see is not copied. */
  if (length > 0 && self->data_type == IMP_DATA_TYPE_STREAM
      && imp_filter_skip (self->filter, direction, length, NULL))
    self->funcs->output (direction, data, length, self->user_data);
  else
    /* Why it is refused has been told by a signal. */
    imp_filter_push_bytes (self->filter, direction, data, length, self->data_type, NULL);
}

gboolean
inspection_skip (Inspection *self, ImpDirection direction, gint64 length)
{
  g_autoptr (GError) error = NULL;

  if (self->outcome != OUTCOME_OPEN)
    return FALSE;
  inspection_break_recording (self, direction, length);
  inspection_record (self, direction);
  if (imp_filter_skip (self->filter, direction, length, &error))
    {
      /* They have not passed, nor anything else. */
      self->recorded[direction] += length;
      self->missing[direction] += length;
      return TRUE;
    }
  inspection_fail (self, OUTCOME_INCOMPLETE, error->message);
  return FALSE;
}

/* ---- verdicts that come later ---- */

static gboolean
inspection_waits_for (const Inspection *self, ImpDirection direction)
{
  const gint64 held = imp_filter_get_held (self->filter, direction);

  if (self->pushed_end[direction])
    return !imp_filter_is_finished (self->filter, direction);
  return held > 0 && self->wanted[direction] <= imp_filter_get_input (self->filter, direction);
}

/* An analyzer in this process has answered if it is going to, unless a search is under way. */
static gboolean
inspection_is_unanswered (const Inspection *self)
{
  if (self->outcome != OUTCOME_OPEN)
    return FALSE;
  if (imp_filter_is_paused (self->filter, 0) || imp_filter_is_paused (self->filter, 1))
    return TRUE;
  return self->capture->is_elsewhere
         && (inspection_waits_for (self, 0) || inspection_waits_for (self, 1));
}

static gboolean
inspection_on_timeout (gpointer user_data)
{
  ((Inspection *) user_data)->is_timed_out = TRUE;
  return G_SOURCE_REMOVE;
}

/* FALSE if it has not answered in time. */
static gboolean
inspection_wait (Inspection *self, guint milliseconds)
{
  guint source;

  if (!inspection_is_unanswered (self))
    return TRUE;
  self->is_timed_out = FALSE;
  source = g_timeout_add (milliseconds, inspection_on_timeout, self);
  while (!self->is_timed_out && inspection_is_unanswered (self))
    g_main_context_iteration (NULL, TRUE);
  if (!self->is_timed_out)
    g_source_remove (source);
  return !inspection_is_unanswered (self);
}

static gint64
inspection_get_held (const Inspection *self)
{
  return imp_filter_get_held (self->filter, 0) + imp_filter_get_held (self->filter, 1);
}

static void
inspection_fail_silent (Inspection *self)
{
  g_autofree char *reason = g_strdup_printf ("there is no verdict on %" G_GINT64_FORMAT " bytes",
                                             inspection_get_held (self));

  inspection_fail (self, OUTCOME_FAILED, reason);
}

/* A packet that the analyzer says nothing about costs the time once: then it is taken for one that
 * wants to see more, until it says something. */
static void
inspection_wait_for_packet (Inspection *self)
{
  if (inspection_get_held (self) > SILENT_MAX)
    {
      if (!inspection_wait (self, self->capture->deadline * 1000))
        inspection_fail_silent (self);
      return;
    }
  if (self->is_silent)
    while (g_main_context_iteration (NULL, FALSE))
      ;
  if (self->is_silent || self->outcome != OUTCOME_OPEN)
    return;
  self->was_heard = FALSE;
  self->is_silent = !inspection_wait (self, self->capture->answer_time) && !self->was_heard;
}

void
inspection_finish_packet (Inspection *self)
{
  if (self->has_news && inspection_is_unanswered (self))
    inspection_wait_for_packet (self);
  self->has_news = FALSE;
  for (guint direction = 0; direction < 2; direction++)
    inspection_record (self, direction);
}

void
inspection_close (Inspection *self)
{
  if (self->outcome != OUTCOME_OPEN)
    return;
  if (!inspection_wait (self, self->capture->deadline * 1000)
      || (self->pushed_end[0] && self->pushed_end[1] && self->outcome == OUTCOME_OPEN
          && !(inspection_has_ended (self, 0) && inspection_has_ended (self, 1))))
    inspection_fail_silent (self);
  for (guint direction = 0; direction < 2; direction++)
    inspection_record (self, direction);
}
