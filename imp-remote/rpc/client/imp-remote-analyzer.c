/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-remote-analyzer-private.h"

#include "core/imp-data-type-private.h"
#include "core/imp-flow-private.h"
#include "core/imp-proxy-private.h"
#include "rpc/client/imp-analyzer-question-private.h"
#include "rpc/client/imp-kept-input-private.h"
#include "rpc/imp-protocol-private.h"

G_DEFINE_FINAL_TYPE (ImpRemoteAnalyzer, imp_remote_analyzer, IMP_TYPE_ANALYZER)

static void
remote_analyzer_send (ImpRemoteAnalyzer *self, const ImpMessage *message)
{
  self->host->funcs->send (self->host, message);
}

static void
remote_analyzer_send_piece (ImpRemoteAnalyzer *self, ImpDirection direction, const ImpView *data,
                            gint64 offset, gint32 data_type)
{
  self->host->funcs->send_data (self->host, self->id, direction, data, offset, data_type);
}

/* In messages that the server takes. What goes on where the last piece ended has offset 0. */
static void
remote_analyzer_send_pieces (ImpRemoteAnalyzer *self, ImpDirection direction, const ImpView *data,
                             gint64 offset, gint32 data_type)
{
  g_autoptr (GBytes) whole = imp_view_ref_bytes (data);

  g_object_ref (self);
  for (gsize done = 0, step; done < data->length && self->host != NULL; done += step)
    {
      g_autoptr (GBytes) bytes = NULL;
      ImpView piece;

      step = MIN (data->length - done, self->host->max_piece);
      bytes = g_bytes_new_from_bytes (whole, done, step);
      piece = imp_view_of_bytes (bytes);
      remote_analyzer_send_piece (self, direction, &piece, done == 0 ? offset : 0, data_type);
    }
  g_object_unref (self);
}

/* What was gathered since the analyzer has said that it wants it (WANT) is one message, where that
 * is one that the server takes: nothing waits for what the others are told. */
static gboolean
remote_analyzer_is_wanted (ImpRemoteAnalyzer *self, ImpDirection direction, gsize length)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (IMP_ANALYZER (self), direction);

  return marks->extra != NULL && marks->fed - (gint64) length < marks->extra->wanted
         && length <= IMP_FLOW_GATHER_MAX
         && length <= imp_protocol_max_payload (self->host->max_message);
}

static inline void
remote_analyzer_send_data (ImpRemoteAnalyzer *self, ImpDirection direction, const ImpView *data,
                           gint64 offset, gint32 data_type)
{
  if (G_LIKELY (data->length <= self->host->max_piece || !imp_data_type_is_streaming (data_type))
      || remote_analyzer_is_wanted (self, direction, data->length))
    remote_analyzer_send_piece (self, direction, data, offset, data_type);
  else
    remote_analyzer_send_pieces (self, direction, data, offset, data_type);
}

static gboolean
remote_analyzer_may_send (const ImpRemoteAnalyzerHost *host)
{
  return host->link != NULL && imp_link_may_queue (host->link);
}

/* A packet cannot be split, so one that the server will not take is the analyzer's end. */
static gboolean
remote_analyzer_check_packet (ImpRemoteAnalyzer *self, gsize size, gint32 data_type)
{
  g_autofree char *reason = NULL;

  if (imp_data_type_is_streaming (data_type)
      || size <= imp_protocol_max_payload (self->host->max_message))
    return TRUE;
  reason = g_strdup_printf ("a packet of %" G_GSIZE_FORMAT " bytes does not fit into the server's "
                            "messages (max-message is %" G_GSIZE_FORMAT ")",
                            size, self->host->max_message);
  imp_remote_analyzer_resolve_overload (self, reason);
  return FALSE;
}

static gboolean
remote_analyzer_check_context (ImpRemoteAnalyzer *self)
{
  ImpContext *context = imp_analyzer_peek_context (IMP_ANALYZER (self));
  gsize size = context != NULL ? imp_context_get_size (context) : 0;
  g_autofree char *reason = NULL;

  if (G_LIKELY (size <= imp_protocol_max_payload (self->host->max_message)))
    return TRUE;
  reason = g_strdup_printf ("a context of %" G_GSIZE_FORMAT " bytes does not fit into the "
                            "server's messages (max-message is %" G_GSIZE_FORMAT ")",
                            size, self->host->max_message);
  imp_remote_analyzer_resolve_overload (self, reason);
  return FALSE;
}

/* An analyzer that is fed more than may wait is lost, and only that one. */
static void
remote_analyzer_queue_data (ImpRemoteAnalyzer *self, ImpDirection direction, const ImpView *data,
                            gint64 offset, gint32 data_type)
{
  g_autoptr (GBytes) bytes = imp_view_ref_bytes (data);
  const ImpInput input = { bytes, offset, data_type, direction };
  ImpRemoteAnalyzerHost *host = self->host;
  g_autoptr (GError) error = NULL;

  host->funcs->hold (host);
  if (!imp_send_scheduler_push (host->scheduler, &self->send, &input, &error))
    imp_remote_analyzer_resolve_overload (self, error->message);
  host->funcs->release (host);
}

/* --- what another server can be fed again --- */

static void
remote_analyzer_stop_keeping (ImpRemoteAnalyzer *self)
{
  self->send.is_watched = FALSE;
  self->busy &= ~REMOTE_ANALYZER_INTACT;
  g_clear_pointer (&self->kept, imp_kept_input_free);
}

static void
remote_analyzer_keep (ImpRemoteAnalyzer *self, ImpDirection direction, const ImpView *data,
                      gint64 offset, gint32 data_type)
{
  if (!imp_kept_input_add (&self->kept, self->host->max_replay, direction, data, offset, data_type))
    remote_analyzer_stop_keeping (self);
}

/* From the first thing on that the provider may have acted upon there is no way back. */
static void
remote_analyzer_note_verdict (ImpRemoteAnalyzer *self, const ImpVerdict *verdict)
{
  if ((self->busy & REMOTE_ANALYZER_INTACT) == 0 || verdict->type == IMP_RESULT_PAUSE
      || verdict->type == IMP_RESULT_CONTINUE || verdict->type == IMP_RESULT_WANT)
    return;
  self->host->judged_id = MAX (self->host->judged_id, self->id);
  remote_analyzer_stop_keeping (self);
}

static inline gboolean
remote_analyzer_may_bypass (ImpRemoteAnalyzer *self, ImpDirection direction, gsize length)
{
  return (imp_send_entry_may_bypass (&self->send, length)
          || (!self->send.backlogged && !self->send.is_watched
              && remote_analyzer_is_wanted (self, direction, length)))
         && remote_analyzer_may_send (self->host);
}

/* It may be gone once it has sent. */
static void
remote_analyzer_keep_and_send (ImpRemoteAnalyzer *self, ImpDirection direction, const ImpView *data,
                               gint64 offset, gint32 data_type)
{
  remote_analyzer_keep (self, direction, data, offset, data_type);
  if (!self->send.backlogged && data->length <= IMP_INPUT_PIECE_SIZE
      && remote_analyzer_may_send (self->host))
    remote_analyzer_send_data (self, direction, data, offset, data_type);
  else
    remote_analyzer_queue_data (self, direction, data, offset, data_type);
}

/* It may be gone once it has sent. */
static gboolean
imp_remote_analyzer_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *data,
                          gint64 offset, gint32 data_type, GError **error)
{
  ImpRemoteAnalyzer *self = (ImpRemoteAnalyzer *) analyzer;

  if (self->host == NULL)
    return TRUE;
  if (data->length > IMP_INPUT_PIECE_SIZE
      && !remote_analyzer_check_packet (self, data->length, data_type))
    return TRUE;
  imp_deadline_watch (self->host->deadline, &self->deadline);
  if (remote_analyzer_may_bypass (self, direction, data->length))
    remote_analyzer_send_data (self, direction, data, offset, data_type);
  else if (G_UNLIKELY (self->send.is_watched))
    remote_analyzer_keep_and_send (self, direction, data, offset, data_type);
  else
    remote_analyzer_queue_data (self, direction, data, offset, data_type);
  return TRUE;
}

/* Version 1 does not know it; what comes is held at this end then. */
static void
remote_analyzer_send_busy (ImpRemoteAnalyzer *self, ImpDirection direction, gboolean busy)
{
  const ImpMessage message = {
    .op = IMP_OP_BUSY,
    .id = self->id,
    .direction = direction,
    .busy = busy,
  };

  if (imp_link_get_version (self->host->link) >= 2)
    remote_analyzer_send (self, &message);
}

static gboolean
imp_remote_analyzer_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy,
                          GError **error)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (analyzer);
  guint8 bit = 1 << direction;

  self->busy = busy ? self->busy | bit : self->busy & ~bit;
  /* Else the server hears of it when it hears of the analyzer. */
  if (self->host != NULL && self->send.announced)
    remote_analyzer_send_busy (self, direction, busy);
  return TRUE;
}

static void
remote_analyzer_leave_host (ImpRemoteAnalyzer *self)
{
  const ImpMessage message = { .op = IMP_OP_DELETE_ANALYZER, .id = self->id };
  ImpRemoteAnalyzerHost *host = g_steal_pointer (&self->host);

  host->waiting_all -= self->waiting;
  self->waiting = 0;
  host->funcs->hold (host);
  host->funcs->remove (host, self);
  imp_deadline_forget (host->deadline, &self->deadline);
  if (self->send.announced)
    host->funcs->send (host, &message);
  imp_send_scheduler_remove (host->scheduler, &self->send);
  host->funcs->release (host);
}

/* Nothing more can come from there. */
static void
remote_analyzer_leave (ImpRemoteAnalyzer *self)
{
  if (self->host != NULL)
    remote_analyzer_leave_host (self);
  g_clear_pointer (&self->kept, imp_kept_input_free);
  g_clear_object (&self->owner);
}

static void
imp_remote_analyzer_close (ImpAnalyzer *analyzer)
{
  remote_analyzer_leave (IMP_REMOTE_ANALYZER (analyzer));
}

static const char *
remote_analyzer_peek_name (ImpAnalyzer *analyzer)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (analyzer);

  return self->host != NULL ? self->host->name : NULL;
}

static gboolean
remote_analyzer_has_deadline (ImpAnalyzer *analyzer)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (analyzer);

  return self->host != NULL && self->host->has_deadline;
}

static ImpArena *
remote_analyzer_peek_arena (ImpAnalyzer *analyzer)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (analyzer);

  return self->host != NULL ? self->host->arena : NULL;
}

static void
remote_analyzer_query_statuses (ImpAnalyzer *analyzer, guint timeout_ms, GTask *task)
{
  imp_analyzer_question_start (IMP_REMOTE_ANALYZER (analyzer), timeout_ms, task);
}

static const ImpProxyFuncs remote_analyzer_proxy_funcs = {
  .peek_name = remote_analyzer_peek_name,
  .has_deadline = remote_analyzer_has_deadline,
  .peek_arena = remote_analyzer_peek_arena,
  .query_statuses = remote_analyzer_query_statuses,
  .find_wait = imp_remote_analyzer_find_wait,
};

static void
imp_remote_analyzer_dispose (GObject *object)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (object);

  remote_analyzer_leave (self);
  g_clear_pointer (&self->notes, g_free);
  G_OBJECT_CLASS (imp_remote_analyzer_parent_class)->dispose (object);
}

static void
imp_remote_analyzer_class_init (ImpRemoteAnalyzerClass *klass)
{
  ImpAnalyzerClass *analyzer_class = IMP_ANALYZER_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = imp_remote_analyzer_dispose;
  analyzer_class->view = imp_remote_analyzer_view;
  analyzer_class->busy = imp_remote_analyzer_busy;
  analyzer_class->close = imp_remote_analyzer_close;
  /* A codec looks at bytes before it writes them. */
  analyzer_class->wants_stable_input = TRUE;
  analyzer_class->proxy = &remote_analyzer_proxy_funcs;
}

static void
imp_remote_analyzer_init (ImpRemoteAnalyzer *self)
{
}

ImpRemoteAnalyzer *
imp_remote_analyzer_new (GObject *owner)
{
  ImpRemoteAnalyzer *self = g_object_new (IMP_TYPE_REMOTE_ANALYZER, NULL);

  self->owner = g_object_ref (owner);
  imp_analyzer_set_is_proxy (IMP_ANALYZER (self));
  return self;
}

static void
remote_analyzer_enter (ImpRemoteAnalyzer *self, ImpRemoteAnalyzerHost *host, gint64 id)
{
  g_assert (self->host == NULL);

  self->host = host;
  self->id = id;
  imp_analyzer_set_settles_end (IMP_ANALYZER (self), host->settles_end);
  imp_send_scheduler_add (host->scheduler, &self->send);
}

void
imp_remote_analyzer_join (ImpRemoteAnalyzer *self, ImpRemoteAnalyzerHost *host, gint64 id)
{
  g_assert (self->id == 0);

  if (host->max_replay > 0)
    {
      self->send.is_watched = TRUE;
      self->busy |= REMOTE_ANALYZER_INTACT;
    }
  remote_analyzer_enter (self, host, id);
}

/* PAUSE and CONTINUE from both causes become one. */
static void
remote_analyzer_set_paused (ImpRemoteAnalyzer *self, ImpDirection direction, guint8 *cause,
                            gboolean paused)
{
  guint8 bit = 1 << direction;
  ImpVerdict verdict;
  gboolean now;

  *cause = paused ? *cause | bit : *cause & ~bit;
  now = ((self->paused_by_server | self->paused_here) & bit) != 0;
  if (now == ((self->paused & bit) != 0))
    return;
  self->paused ^= bit;
  verdict = imp_verdict_of_offset (now ? IMP_RESULT_PAUSE : IMP_RESULT_CONTINUE, direction, 0);
  imp_analyzer_take_verdict (IMP_ANALYZER (self), &verdict);
}

/* --- from one server to another --- */

/* What it was to be fed at its host, which it leaves; or NULL. */
static ImpInputQueue *
remote_analyzer_leave_for_another (ImpRemoteAnalyzer *self)
{
  const ImpMessage message = { .op = IMP_OP_DELETE_ANALYZER, .id = self->id };
  ImpRemoteAnalyzerHost *host = g_steal_pointer (&self->host);
  gboolean announced = self->send.announced;
  ImpInputQueue *input;

  host->funcs->hold (host);
  input = imp_send_scheduler_remove_with_input (host->scheduler, &self->send);
  imp_deadline_forget (host->deadline, &self->deadline);
  host->waiting_all -= self->waiting;
  self->waiting = 0;
  /* Who leaves has not given up waiting: that says nothing of the server. */
  self->send.announced = FALSE;
  host->funcs->remove (host, self);
  if (announced)
    host->funcs->send (host, &message);
  host->funcs->release (host);
  return input;
}

/* All that was fed, as far as it is known, takes the place of what waits of it. */
static ImpInputQueue *
remote_analyzer_take_kept (ImpRemoteAnalyzer *self, ImpInputQueue *waiting)
{
  if (!self->send.is_watched)
    return waiting;
  g_clear_pointer (&waiting, imp_kept_input_free);
  return g_steal_pointer (&self->kept);
}

/* Takes @input. It may be the end of the analyzer. */
static void
remote_analyzer_push_again (ImpRemoteAnalyzer *self, ImpInputQueue *input)
{
  ImpInput next;

  if (self->host != NULL)
    imp_deadline_watch (self->host->deadline, &self->deadline);
  self->is_moving = TRUE;
  while (imp_input_queue_take (input, G_MAXSIZE, &next))
    {
      const ImpView view = imp_view_of_bytes (next.data);

      if (self->host != NULL && remote_analyzer_check_packet (self, view.length, next.data_type))
        {
          if (self->send.is_watched)
            remote_analyzer_keep (self, next.direction, &view, next.offset, next.data_type);
          remote_analyzer_queue_data (self, next.direction, &view, next.offset, next.data_type);
        }
      g_bytes_unref (next.data);
    }
  imp_kept_input_free (input);
  self->is_moving = FALSE;
}

/* Whoever feeds it was asked to pause by the host before, or to gather. */
static void
remote_analyzer_end_hints (ImpRemoteAnalyzer *self)
{
  for (guint direction = 0; direction < 2 && self->host != NULL; direction++)
    {
      const ImpMarks *marks = imp_analyzer_peek_marks (IMP_ANALYZER (self), direction);

      if (self->send.is_watched && marks->extra != NULL && marks->extra->wanted > 0)
        imp_analyzer_take_result (IMP_ANALYZER (self), imp_result_new_want (direction, 0));
      if (!self->send.paused)
        remote_analyzer_set_paused (self, direction, &self->paused_here, FALSE);
      if (self->send.is_watched)
        remote_analyzer_set_paused (self, direction, &self->paused_by_server, FALSE);
    }
}

void
imp_remote_analyzer_move (ImpRemoteAnalyzer *self, ImpRemoteAnalyzerHost *host, gint64 id)
{
  ImpRemoteAnalyzerHost *old = self->host;
  gboolean announced = self->send.announced;
  ImpInputQueue *input;

  g_assert (old != NULL && imp_remote_analyzer_is_movable (self));

  g_object_ref (self);
  if (announced)
    imp_remote_analyzer_count_move (self);
  input = remote_analyzer_take_kept (self, remote_analyzer_leave_for_another (self));
  if (announced)
    {
      host->moved++;
      host->replayed += input != NULL ? imp_input_queue_get_n_bytes (input) : 0;
    }
  remote_analyzer_enter (self, host, id);
  if (input != NULL)
    remote_analyzer_push_again (self, input);
  remote_analyzer_end_hints (self);
  g_object_unref (self);
}

/* Brings the sum of all up to date. */
static void
remote_analyzer_note_waiting (ImpRemoteAnalyzer *self, gsize waiting)
{
  self->host->waiting_all += waiting - self->waiting;
  self->waiting = waiting;
}

static gsize
remote_analyzer_get_waiting (ImpRemoteAnalyzer *self)
{
  gsize one = imp_analyzer_get_waiting (IMP_ANALYZER (self), 0);

  return one + imp_analyzer_get_waiting (IMP_ANALYZER (self), 1);
}

/* More waits than all together may have: the one that has most of it pays. What was delivered since
 * it was noted does not count. */
static void
remote_analyzer_resolve_largest (ImpRemoteAnalyzerHost *host)
{
  g_autoptr (GPtrArray) analyzers = host->funcs->list (host);
  ImpRemoteAnalyzer *largest = NULL;
  g_autofree char *reason = NULL;

  for (guint i = 0; i < analyzers->len; i++)
    {
      ImpRemoteAnalyzer *analyzer = analyzers->pdata[i];

      if (analyzer->waiting > 0)
        remote_analyzer_note_waiting (analyzer, remote_analyzer_get_waiting (analyzer));
      if (largest == NULL || analyzer->waiting > largest->waiting)
        largest = analyzer;
    }
  if (host->waiting_all <= host->limits.max_waiting_all || largest == NULL)
    return;
  reason = g_strdup_printf ("%" G_GSIZE_FORMAT " bytes of results wait in all, most of them here "
                            "(max-waiting-all is %" G_GSIZE_FORMAT ")",
                            host->waiting_all, host->limits.max_waiting_all);
  imp_remote_analyzer_resolve_overload (largest, reason);
}

/* Something may have been added to what waits, or taken away. */
static void
remote_analyzer_check_all_waiting (ImpRemoteAnalyzer *self)
{
  ImpRemoteAnalyzerHost *host = self->host;

  if (host == NULL)
    return;
  remote_analyzer_note_waiting (self, remote_analyzer_get_waiting (self));
  if (host->waiting_all <= host->limits.max_waiting_all)
    return;
  host->funcs->hold (host);
  remote_analyzer_resolve_largest (host);
  host->funcs->release (host);
}

/* A direction that is busy has the server keep what it has to say, if it keeps to that. FALSE if
 * the analyzer was lost. */
static gboolean
remote_analyzer_check_waiting (ImpRemoteAnalyzer *self, ImpDirection direction)
{
  gsize waiting = imp_analyzer_get_waiting (IMP_ANALYZER (self), direction);
  g_autofree char *reason = NULL;

  if (G_LIKELY (waiting <= self->host->limits.max_waiting))
    return TRUE;
  reason = g_strdup_printf ("%" G_GSIZE_FORMAT " bytes of results wait for direction %d and more "
                            "came (max-waiting is %" G_GSIZE_FORMAT ")",
                            waiting, direction, self->host->limits.max_waiting);
  imp_remote_analyzer_resolve_overload (self, reason);
  return FALSE;
}

static void remote_analyzer_resolve_as (ImpRemoteAnalyzer *self, ImpFailMode mode,
                                        const char *reason);

/* Traffic can make an analyzer say much; but one that refuses does not let it pass, whatever its
 * reason is. FALSE if the analyzer was lost. */
static gboolean
remote_analyzer_check_note (ImpRemoteAnalyzer *self, const ImpVerdict *verdict)
{
  ImpRemoteAnalyzerHost *host = self->host;
  g_autofree char *reason = NULL;

  if (!imp_note_is_limited (verdict->type))
    return TRUE;
  if (self->notes == NULL)
    self->notes = g_new0 (ImpNoteCount, 1);
  if (imp_note_count_admit (self->notes, &host->limits.notes, verdict->result, &reason)
      == IMP_NOTE_ADMITTED)
    return TRUE;
  host->log_limits++;
  imp_analyzer_peek_loss (IMP_ANALYZER (self))->is_overload = TRUE;
  remote_analyzer_resolve_as (self,
                              imp_verdict_is_refusal (verdict) ? IMP_FAIL_HARD : host->overload,
                              reason);
  return FALSE;
}

static void
remote_analyzer_pause (ImpRemoteAnalyzer *self, const ImpVerdict *verdict)
{
  gboolean paused = verdict->type == IMP_RESULT_PAUSE;

  g_object_ref (self);
  if (paused)
    imp_deadline_watch (self->host->deadline, &self->deadline);
  remote_analyzer_set_paused (self, verdict->direction, &self->paused_by_server, paused);
  g_object_unref (self);
}

static void
remote_analyzer_apply_verdict (ImpRemoteAnalyzer *self, const ImpVerdict *verdict)
{
  GError *error = NULL;

  if (!remote_analyzer_check_waiting (self, verdict->direction))
    return;
  if (G_UNLIKELY (verdict->result != NULL) && !remote_analyzer_check_note (self, verdict))
    return;
  if (verdict->type == IMP_RESULT_PAUSE || verdict->type == IMP_RESULT_CONTINUE)
    {
      remote_analyzer_pause (self, verdict);
      return;
    }
  if (G_LIKELY (imp_analyzer_try_verdict ((ImpAnalyzer *) self, verdict, &error)))
    return;
  /* An analyzer that breaks the rules is lost like one that cannot be reached; what it does to the
   * connection is a matter of the fail mode. */
  imp_remote_analyzer_resolve (self, error->message);
  g_error_free (error);
}

gboolean
imp_remote_analyzer_resolve_within (ImpAnalyzer *analyzer, ImpSoftBudget *budget, ImpFailMode mode,
                                    const char *reason)
{
  ImpFailMode judged = budget != NULL ? imp_soft_budget_judge (budget, mode) : mode;
  g_autofree char *text = NULL;
  gboolean soft;

  if (judged != mode)
    text = g_strdup_printf ("%s; it would have gone on without an analyzer, as %u others have done "
                            "within a minute (soft-limit)",
                            reason, budget->n_recent);
  soft = imp_analyzer_resolve (analyzer, judged, text != NULL ? text : reason);
  if (soft && budget != NULL)
    imp_soft_budget_note (budget, reason);
  return soft;
}

static void
remote_analyzer_resolve_as (ImpRemoteAnalyzer *self, ImpFailMode mode, const char *reason)
{
  ImpRemoteAnalyzerHost *host = self->host;
  g_autofree char *text = NULL;

  g_assert (host != NULL);

  host->funcs->hold (host);
  g_object_ref (self);
  text = g_strdup_printf ("%s: %s", host->name, reason);
  remote_analyzer_leave (self);
  if (!imp_analyzer_is_closed (IMP_ANALYZER (self)))
    {
      if (imp_remote_analyzer_resolve_within (IMP_ANALYZER (self), host->budget, mode, text))
        host->resolved_soft++;
      else
        host->resolved_hard++;
    }
  g_object_unref (self);
  host->funcs->release (host);
}

void
imp_remote_analyzer_take_verdict (ImpRemoteAnalyzer *self, const ImpVerdict *verdict)
{
  /* Nearly always it is delivered at once. */
  if (G_LIKELY (self->busy == 0 && self->waiting == 0))
    {
      remote_analyzer_apply_verdict (self, verdict);
      return;
    }
  g_object_ref (self);
  remote_analyzer_note_verdict (self, verdict);
  remote_analyzer_apply_verdict (self, verdict);
  remote_analyzer_check_all_waiting (self);
  g_object_unref (self);
}

guint
imp_remote_analyzer_take_run (ImpRemoteAnalyzer *self, const ImpVerdict *verdicts, guint n)
{
  /* Where nothing waits, nothing is over a limit. */
  if (self->busy != 0 || self->waiting > 0)
    return 0;
  return imp_analyzer_try_run ((ImpAnalyzer *) self, verdicts, n);
}

void
imp_remote_analyzer_resolve (ImpRemoteAnalyzer *self, const char *reason)
{
  remote_analyzer_resolve_as (self, self->host->fail, reason);
}

void
imp_remote_analyzer_resolve_overload (ImpRemoteAnalyzer *self, const char *reason)
{
  imp_analyzer_peek_loss (IMP_ANALYZER (self))->is_overload = TRUE;
  remote_analyzer_resolve_as (self, self->host->overload, reason);
}

/* --- for the scheduler of its connection --- */

static gboolean
send_entry_may_send (gpointer host)
{
  return remote_analyzer_may_send (host);
}

static void
send_entry_announce (ImpSendEntry *entry, gpointer host)
{
  ImpRemoteAnalyzer *self = imp_remote_analyzer_of_send_entry (entry);
  ImpMessage message = { .op = IMP_OP_NEW_ANALYZER, .id = self->id };

  if (!remote_analyzer_check_context (self))
    return;
  message.context = imp_analyzer_peek_context (IMP_ANALYZER (self));
  remote_analyzer_send (self, &message);
  for (guint direction = 0; direction < 2 && self->host != NULL; direction++)
    if ((self->busy & (1 << direction)) != 0)
      remote_analyzer_send_busy (self, direction, TRUE);
}

static void
send_entry_send (ImpSendEntry *entry, const ImpInput *input, gpointer host)
{
  const ImpView view = imp_view_of_bytes (input->data);

  remote_analyzer_send_data (imp_remote_analyzer_of_send_entry (entry), input->direction, &view,
                             input->offset, input->data_type);
}

static void
send_entry_set_paused (ImpSendEntry *entry, gboolean paused, gpointer host)
{
  ImpRemoteAnalyzer *self = imp_remote_analyzer_of_send_entry (entry);

  /* Whoever brought more now would get ahead of what is not pushed again yet. */
  if (self->is_moving && !paused)
    return;
  for (guint direction = 0; direction < 2; direction++)
    remote_analyzer_set_paused (self, direction, &self->paused_here, paused);
}

static void
send_entry_hold (ImpSendEntry *entry)
{
  g_object_ref (imp_remote_analyzer_of_send_entry (entry));
}

static void
send_entry_release (ImpSendEntry *entry)
{
  g_object_unref (imp_remote_analyzer_of_send_entry (entry));
}

static GPtrArray *
send_entry_list (gpointer user_data)
{
  ImpRemoteAnalyzerHost *host = user_data;
  GPtrArray *entries = host->funcs->list (host);

  for (guint i = 0; i < entries->len; i++)
    entries->pdata[i] = &((ImpRemoteAnalyzer *) entries->pdata[i])->send;
  g_ptr_array_set_free_func (entries, (GDestroyNotify) send_entry_release);
  return entries;
}

const ImpSendFuncs imp_remote_analyzer_send_funcs = {
  .may_send = send_entry_may_send,
  .announce = send_entry_announce,
  .send = send_entry_send,
  .set_paused = send_entry_set_paused,
  .hold = send_entry_hold,
  .release = send_entry_release,
  .list = send_entry_list,
};
