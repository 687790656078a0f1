/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the remote analyzers of one connection share, and the clock that they have together. */
#include "rpc/client/imp-remote-analyzer-private.h"

/* --- for the clock of its connection --- */

static ImpRemoteAnalyzer *
remote_analyzer_of_deadline_entry (ImpDeadlineEntry *entry)
{
  return (gpointer) ((char *) entry - G_STRUCT_OFFSET (ImpRemoteAnalyzer, deadline));
}

static const ImpMarks *
deadline_entry_get_marks (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return imp_analyzer_peek_marks (IMP_ANALYZER (remote_analyzer_of_deadline_entry (entry)),
                                  direction);
}

static gboolean
deadline_entry_is_suspended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return imp_analyzer_is_busy (IMP_ANALYZER (remote_analyzer_of_deadline_entry (entry)), direction);
}

static gboolean
deadline_entry_is_paused (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return (remote_analyzer_of_deadline_entry (entry)->paused_by_server & (1 << direction)) != 0;
}

static gboolean
deadline_entry_is_extended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return deadline_entry_is_paused (entry, direction)
         || imp_marks_has_promise (deadline_entry_get_marks (entry, direction));
}

static void
deadline_entry_expired (ImpDeadlineEntry *entry, ImpDirection direction, gboolean is_silent,
                        const char *reason, gpointer user_data)
{
  ImpRemoteAnalyzerHost *host = user_data;
  ImpRemoteAnalyzer *self = remote_analyzer_of_deadline_entry (entry);
  g_autofree char *text = g_strconcat ("the analyzer ", reason, NULL);

  host->deadlines++;
  if (is_silent)
    {
      host->funcs->failed (host);
      imp_remote_analyzer_resolve (self, text);
    }
  else
    imp_remote_analyzer_resolve_overload (self, text);
}

static guint64
deadline_get_progress (gpointer user_data)
{
  ImpRemoteAnalyzerHost *host = user_data;

  return host->link != NULL ? imp_link_get_counters (host->link)->bytes_in : 0;
}

static const ImpDeadlineFuncs remote_analyzer_deadline_funcs = {
  .get_marks = deadline_entry_get_marks,
  .is_suspended = deadline_entry_is_suspended,
  .is_paused = deadline_entry_is_paused,
  .is_extended = deadline_entry_is_extended,
  .expired = deadline_entry_expired,
  .get_progress = deadline_get_progress,
  .setting = "deadline",
};

/* --- what those of one connection share --- */

void
imp_remote_analyzer_host_init (ImpRemoteAnalyzerHost *host, const ImpRemoteAnalyzerHostFuncs *funcs,
                               char *name, GMainContext *context)
{
  *host = (ImpRemoteAnalyzerHost){
    .funcs = funcs,
    .name = name,
    .scheduler = imp_send_scheduler_new (&imp_remote_analyzer_send_funcs, host),
    .deadline = imp_deadline_new (context, &remote_analyzer_deadline_funcs, host),
  };
}

void
imp_remote_analyzer_host_clear (ImpRemoteAnalyzerHost *host)
{
  imp_send_scheduler_free (host->scheduler);
  imp_deadline_free (host->deadline);
  g_clear_pointer (&host->budget, g_rc_box_release);
  g_free (host->name);
}

gint64
imp_remote_analyzer_host_find_unannounced (ImpRemoteAnalyzerHost *host)
{
  const ImpSendEntry *entry = imp_send_scheduler_peek_unannounced (host->scheduler);

  return entry != NULL ? imp_remote_analyzer_of_send_entry (entry)->id : G_MAXINT64;
}
