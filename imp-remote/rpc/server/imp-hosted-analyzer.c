/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-hosted-analyzer-private.h"

#include "core/imp-context-private.h"
#include "core/imp-proxy-private.h"

/* Bytes of results that are sent in one turn, after which others have theirs. */
#define OUTPUT_TURN (64 * 1024)

struct _ImpHostedAnalyzer
{
  gint64 id;
  ImpAnalyzerHost *host;     /* NULL once it is removed */
  ImpServerInputEntry input; /* has the analyzer */
  ImpServerOutput *output;   /* NULL while nothing waits */
  gsize held;                /* input, and verdicts that wait for a direction */
  gint64 held_since;         /* when it last held less, or nothing; 0: it holds nothing */
  gsize kept;                /* that and the output, as it is known to the host */
  ImpWatermark level;        /* of what is held: above it, the client is to pause */
  guint calls;               /* depth of calls that use this */
  guint8 paused_by_plugin;   /* bit per direction */
  guint8 paused;             /* as the client knows it */
  guint16 verdict;           /* the type of the last one, or 0 */
  GList *hoarder;            /* in the host's list of them, or NULL */
  gsize context_size;
  gpointer life;      /* for the tracer, or NULL */
  guint64 n_verdicts; /* while there is that */
  ImpResultType refusal;
  char *failure;
};

/* A plugin may do anything when it is called, such as run a loop in which its analyzer is deleted
 * or the connection ends, and so may whoever hears of the end: the analyzer is kept, and the host
 * is looked at again after every call. */
static inline void
hosted_analyzer_enter (ImpHostedAnalyzer *self)
{
  self->calls++;
}

static inline void
hosted_analyzer_leave (ImpHostedAnalyzer *self)
{
  if (--self->calls > 0 || self->host != NULL)
    return;
  g_object_unref (self->input.analyzer);
  g_free (self);
}

/* --- what it keeps --- */

static void
hosted_analyzer_update_hoarder (ImpHostedAnalyzer *self)
{
  ImpAnalyzerHost *host = self->host;
  gboolean hoards = self->kept > host->max_held_all / IMP_ANALYZER_HOST_HOARDERS_MAX;

  if (hoards && self->hoarder == NULL)
    {
      g_queue_push_tail (&host->hoarders, self);
      self->hoarder = host->hoarders.tail;
    }
  else if (!hoards && self->hoarder != NULL)
    {
      g_queue_delete_link (&host->hoarders, self->hoarder);
      self->hoarder = NULL;
    }
}

static void
hosted_analyzer_set_kept (ImpHostedAnalyzer *self, gsize kept)
{
  self->host->held += kept - self->kept;
  self->host->account.peer->held += kept - self->kept;
  imp_server_account_add (&self->host->account, kept - self->kept);
  self->kept = kept;
  hosted_analyzer_update_hoarder (self);
}

ImpHostedAnalyzer *
imp_analyzer_host_find_hoarder (const ImpAnalyzerHost *self, ImpHostedAnalyzer *otherwise)
{
  ImpHostedAnalyzer *largest = otherwise;

  for (GList *l = self->hoarders.head; l != NULL; l = l->next)
    if (largest == NULL || ((ImpHostedAnalyzer *) l->data)->kept > largest->kept)
      largest = l->data;
  return largest;
}

/* Of all analyzers of a peer: the one that has most, of the connection that has most. Where there
 * are only many that have little, it is the one that wants more. */
static ImpHostedAnalyzer *
hosted_analyzer_find_hoarder_of_peer (ImpHostedAnalyzer *self)
{
  const ImpAnalyzerHost *host = self->host;
  ImpHostedAnalyzer *hoarder;

  for (GList *l = self->host->account.peer->accounts.head; l != NULL; l = l->next)
    if (imp_analyzer_host_of_account (l->data)->held > host->held)
      host = imp_analyzer_host_of_account (l->data);
  hoarder = imp_analyzer_host_find_hoarder (host, host == self->host ? self : NULL);
  return hoarder != NULL ? hoarder : self;
}

gint64
imp_hosted_analyzer_get_id (const ImpHostedAnalyzer *self)
{
  return self->id;
}

gsize
imp_hosted_analyzer_get_memory (const ImpHostedAnalyzer *self)
{
  return IMP_HOSTED_ANALYZER_MEMORY + self->context_size + self->kept;
}

gboolean
imp_hosted_analyzer_wants_stable_input (const ImpHostedAnalyzer *self)
{
  return IMP_ANALYZER_GET_CLASS (self->input.analyzer)->wants_stable_input;
}

void
imp_hosted_analyzer_get_facts (const ImpHostedAnalyzer *self, ImpHostedFacts *facts)
{
  ImpAnalyzer *analyzer = self->input.analyzer;

  *facts = (ImpHostedFacts){
    .id = self->id,
    .analyzer = analyzer,
    .held = self->held,
    .queued = imp_server_output_get_size (self->output),
    .held_since = self->held_since,
    .verdict = self->verdict,
    .is_paused = self->paused_by_plugin != 0,
    .is_waiting = imp_marks_is_waiting (imp_analyzer_peek_marks (analyzer, 0))
                  || imp_marks_is_waiting (imp_analyzer_peek_marks (analyzer, 1)),
  };
}

gsize
imp_hosted_analyzer_get_context_size (const ImpHostedAnalyzer *self)
{
  return self->context_size;
}

G_GNUC_PRINTF (3, 4)
static void
hosted_analyzer_fail (ImpHostedAnalyzer *self, ImpServerRefusal refusal, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  imp_server_account_count_refusal (&self->host->account, refusal);
  if (self->life != NULL && self->failure == NULL)
    self->failure = g_strdup (text);
  self->host->funcs->fail (self->host, self->id, text);
}

static void
hosted_analyzer_fail_held (ImpHostedAnalyzer *self)
{
  hosted_analyzer_fail (self, IMP_SERVER_REFUSAL_MAX_HELD,
                        "the analyzer holds %" G_GSIZE_FORMAT
                        " bytes without a verdict (max-held is %" G_GSIZE_FORMAT ")",
                        self->held, self->host->max_held);
}

static void
hosted_analyzer_fail_held_all (ImpHostedAnalyzer *self)
{
  hosted_analyzer_fail (self, IMP_SERVER_REFUSAL_MAX_HELD_ALL,
                        "the analyzer holds %" G_GSIZE_FORMAT
                        " bytes, and all of the connection %" G_GSIZE_FORMAT
                        " (max-held-all is %" G_GSIZE_FORMAT ")",
                        self->kept, self->host->held, self->host->max_held_all);
}

static void
hosted_analyzer_fail_held_of_peer (ImpHostedAnalyzer *self)
{
  const ImpServerPeer *peer = self->host->account.peer;

  hosted_analyzer_fail (self, IMP_SERVER_REFUSAL_MAX_HELD_PER_PEER,
                        "%s holds %" G_GSIZE_FORMAT " bytes here, %" G_GSIZE_FORMAT
                        " of them for the analyzer (max-held-per-peer is %" G_GSIZE_FORMAT ")",
                        imp_server_peer_get_title (peer), peer->held, self->kept,
                        peer->totals->max_held_per_peer);
}

static void
hosted_analyzer_fail_output (ImpHostedAnalyzer *self)
{
  hosted_analyzer_fail (self, IMP_SERVER_REFUSAL_MAX_OUTPUT,
                        "%" G_GSIZE_FORMAT " bytes of the analyzer's verdicts wait to be read "
                        "(max-output is %" G_GSIZE_FORMAT ")",
                        imp_server_output_get_size (self->output), self->host->max_output);
}

void
imp_analyzer_host_have_pay (ImpAnalyzerHost *self, gint64 id, gsize memory)
{
  const ImpServerTotals *totals = self->account.totals;
  g_autofree char *text = NULL;

  text = g_strdup_printf ("the analyzer takes %" G_GSIZE_FORMAT
                          " bytes, and all of the server %" G_GSIZE_FORMAT
                          " (max-memory is %" G_GSIZE_FORMAT ")",
                          memory, totals->memory, totals->max_memory);
  imp_server_account_count_refusal (&self->account, IMP_SERVER_REFUSAL_MAX_MEMORY);
  self->funcs->fail (self, id, text);
}

static void
hosted_analyzer_begin_life (ImpHostedAnalyzer *self)
{
  const ImpServerTracer *tracer = self->host->account.totals->tracer;
  ImpContext *context = imp_analyzer_peek_context (self->input.analyzer);

  if (G_UNLIKELY (tracer != NULL))
    self->life = tracer->begin (context != NULL ? imp_context_lookup (context, "traceparent")
                                                : NULL,
                                tracer->user_data);
}

static void
hosted_analyzer_end_life (ImpHostedAnalyzer *self)
{
  const ImpServerTracer *tracer = self->host->account.totals->tracer;
  const ImpServerLife what = {
    .type = imp_proxy_peek_name (self->input.analyzer),
    .bytes = { imp_analyzer_peek_marks (self->input.analyzer, 0)->fed,
               imp_analyzer_peek_marks (self->input.analyzer, 1)->fed },
    .n_verdicts = self->n_verdicts,
    .refusal = self->refusal,
    .failure = self->failure,
  };

  tracer->end (g_steal_pointer (&self->life), &what, tracer->user_data);
  g_clear_pointer (&self->failure, g_free);
}

void
imp_hosted_analyzer_remove (ImpHostedAnalyzer *self)
{
  ImpAnalyzerHost *host = self->host;

  g_assert (host != NULL);
  hosted_analyzer_enter (self);
  if (G_UNLIKELY (self->life != NULL))
    hosted_analyzer_end_life (self);
  if (self->kept > 0)
    hosted_analyzer_set_kept (self, 0);
  imp_server_account_add (&host->account, -imp_hosted_analyzer_get_memory (self));
  self->host = NULL;
  imp_server_output_clear (&self->output, host->output);
  imp_server_input_clear (host->input, &self->input);
  imp_analyzer_close (self->input.analyzer);
  hosted_analyzer_leave (self);
}

/* --- sending --- */

/* What has to wait keeps all behind it waiting, and the input that would bring more. */
static void
hosted_analyzer_defer (ImpHostedAnalyzer *self, const ImpVerdict *verdict)
{
  self->input.blocked = TRUE;
  imp_server_output_push (&self->output, self->host->output, self, imp_verdict_to_result (verdict));
  if (imp_server_output_get_size (self->output) > self->host->max_output)
    hosted_analyzer_fail_output (self);
}

static void
hosted_analyzer_send (ImpHostedAnalyzer *self, const ImpVerdict *verdict)
{
  GError *error = NULL;

  if (self->host == NULL
      || (self->output == NULL && self->host->funcs->send (self->host, self->id, verdict, &error)))
    return;
  if (error == NULL)
    {
      hosted_analyzer_defer (self, verdict);
      return;
    }
  self->host->funcs->fail (self->host, self->id, error->message);
  g_error_free (error);
}

/* Of what waits. */
static void
hosted_analyzer_send_first (ImpHostedAnalyzer *self)
{
  g_autoptr (ImpResult) result = imp_server_output_pop (&self->output, self->host->output);
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autoptr (GError) error = NULL;

  if (!self->host->funcs->send (self->host, self->id, &verdict, &error))
    self->host->funcs->fail (self->host, self->id, error->message);
}

/* The client hears PAUSE and CONTINUE only where something changes for it. */
static void
hosted_analyzer_update_paused (ImpHostedAnalyzer *self, ImpDirection direction)
{
  guint8 bit = 1 << direction;
  gboolean paused = (self->paused_by_plugin & bit) != 0 || imp_watermark_is_above (&self->level);
  ImpVerdict verdict;

  if (paused == ((self->paused & bit) != 0))
    return;
  self->paused ^= bit;
  verdict = imp_verdict_of_offset (paused ? IMP_RESULT_PAUSE : IMP_RESULT_CONTINUE, direction, 0);
  hosted_analyzer_send (self, &verdict);
}

/* Counts what it holds; FALSE if nothing has changed. */
static gboolean
hosted_analyzer_update_held (ImpHostedAnalyzer *self)
{
  gsize held = imp_analyzer_get_held (self->input.analyzer)
               + imp_server_input_entry_get_size (&self->input);
  gsize kept = held + imp_server_output_get_size (self->output);

  if (held == self->held && kept == self->kept)
    return FALSE;
  if (held == 0)
    self->held_since = 0;
  else if (self->held == 0 || held < self->held)
    self->held_since = g_get_monotonic_time ();
  self->held = held;
  hosted_analyzer_set_kept (self, kept);
  if (imp_watermark_update (&self->level, held) == IMP_WATERMARK_SAME)
    return TRUE;
  hosted_analyzer_update_paused (self, IMP_DIRECTION_FROM_CLIENT);
  hosted_analyzer_update_paused (self, IMP_DIRECTION_FROM_SERVER);
  return TRUE;
}

/* What it holds has changed, perhaps: the client may have to pause, or has gone too far. It pays
 * itself where it has most. */
static void
hosted_analyzer_check (ImpHostedAnalyzer *self)
{
  if (self->host == NULL || !hosted_analyzer_update_held (self))
    return;
  if (self->host != NULL && self->held > self->host->max_held)
    hosted_analyzer_fail_held (self);
  while (self->host != NULL && self->host->held > self->host->max_held_all)
    hosted_analyzer_fail_held_all (imp_analyzer_host_find_hoarder (self->host, self));
  while (self->host != NULL && imp_server_account_exceeds_held (&self->host->account))
    hosted_analyzer_fail_held_of_peer (hosted_analyzer_find_hoarder_of_peer (self));
  if (self->host != NULL)
    imp_server_account_check (&self->host->account);
}

/* A FATAL that is no word of the analyzer's own, but of what stands for one elsewhere. */
static gboolean
hosted_analyzer_lose (ImpHostedAnalyzer *self, const ImpVerdict *verdict)
{
  const ImpAnalyzerLoss *loss = imp_analyzer_peek_loss (self->input.analyzer);

  return verdict->type == IMP_RESULT_FATAL && self->host != NULL && loss->is_lost
         && self->host->funcs->lose (self->host, self->id, verdict->result->text,
                                     loss->is_overload);
}

static void
hosted_analyzer_pause (ImpHostedAnalyzer *self, const ImpVerdict *verdict)
{
  guint8 bit = 1 << verdict->direction;

  if (verdict->type == IMP_RESULT_PAUSE)
    self->paused_by_plugin |= bit;
  else
    self->paused_by_plugin &= ~bit;
  hosted_analyzer_update_paused (self, verdict->direction);
}

static void
hosted_analyzer_note_verdict (ImpHostedAnalyzer *self, const ImpVerdict *verdict)
{
  self->n_verdicts++;
  if (verdict->type == IMP_RESULT_DENY || verdict->type == IMP_RESULT_DROP
      || verdict->type == IMP_RESULT_FATAL)
    self->refusal = verdict->type;
  if (verdict->type == IMP_RESULT_FATAL && self->failure == NULL && verdict->result != NULL)
    self->failure = g_strdup (verdict->result->text);
}

static void
hosted_analyzer_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  ImpHostedAnalyzer *self = user_data;

  hosted_analyzer_enter (self);
  self->verdict = verdict->type;
  if (G_UNLIKELY (self->life != NULL))
    hosted_analyzer_note_verdict (self, verdict);
  if (verdict->type == IMP_RESULT_PAUSE || verdict->type == IMP_RESULT_CONTINUE)
    hosted_analyzer_pause (self, verdict);
  else if (hosted_analyzer_lose (self, verdict))
    {
      /* The client has heard of it, and it is removed. */
    }
  else if (verdict->type != IMP_RESULT_WANT || (self->host != NULL && self->host->takes_want))
    {
      hosted_analyzer_send (self, verdict);
      /* While it is called, what it holds is counted once, in the end. */
      if (self->calls == 1)
        hosted_analyzer_check (self);
    }
  hosted_analyzer_leave (self);
}

static void
hosted_analyzer_on_run (ImpAnalyzer *analyzer, const ImpVerdict *verdicts, guint n,
                        gpointer user_data)
{
  ImpHostedAnalyzer *self = user_data;
  GError *error = NULL;
  guint sent = 0;

  hosted_analyzer_enter (self);
  self->verdict = verdicts[n - 1].type;
  if (G_UNLIKELY (self->life != NULL))
    self->n_verdicts += n;
  if (self->host != NULL && self->output == NULL)
    sent = self->host->funcs->send_run (self->host, self->id, verdicts, n, &error);
  if (G_UNLIKELY (error != NULL))
    {
      self->host->funcs->fail (self->host, self->id, error->message);
      g_error_free (error);
    }
  while (sent < n && self->host != NULL)
    hosted_analyzer_send (self, &verdicts[sent++]);
  if (self->calls == 1)
    hosted_analyzer_check (self);
  hosted_analyzer_leave (self);
}

ImpHostedAnalyzer *
imp_hosted_analyzer_new (ImpAnalyzerHost *host, gint64 id, ImpAnalyzer *analyzer,
                         gsize context_size)
{
  ImpHostedAnalyzer *self = g_new0 (ImpHostedAnalyzer, 1);

  self->id = id;
  self->host = host;
  self->input.analyzer = analyzer;
  self->context_size = context_size;
  imp_watermark_set_high (&self->level, host->max_held / 2);
  imp_server_account_add (&host->account, imp_hosted_analyzer_get_memory (self));
  return self;
}

void
imp_hosted_analyzer_start (ImpHostedAnalyzer *self)
{
  hosted_analyzer_enter (self);
  hosted_analyzer_begin_life (self);
  imp_analyzer_set_sink (self->input.analyzer, hosted_analyzer_on_verdict, self);
  imp_analyzer_set_run_sink (self->input.analyzer, hosted_analyzer_on_run);
  if (self->calls == 1)
    hosted_analyzer_check (self);
  hosted_analyzer_leave (self);
}

void
imp_hosted_analyzer_feed (ImpHostedAnalyzer *self, ImpDirection direction, const ImpView *data,
                          gint64 offset, gint32 data_type)
{
  hosted_analyzer_enter (self);
  imp_server_input_take (self->host->input, &self->input, direction, data, offset, data_type);
  hosted_analyzer_check (self);
  hosted_analyzer_leave (self);
}

void
imp_hosted_analyzer_set_busy (ImpHostedAnalyzer *self, ImpDirection direction, gboolean busy)
{
  ImpServerInput *input = self->host->input;

  hosted_analyzer_enter (self);
  imp_analyzer_set_busy (self->input.analyzer, direction, busy);
  hosted_analyzer_check (self);
  imp_server_input_resume (input);
  hosted_analyzer_leave (self);
}

/* --- turns --- */

/* A plugin that is in a call already, and runs a loop there, is fed after it. */
gboolean
imp_hosted_analyzer_take_input_turn (ImpServerInputEntry *entry)
{
  ImpHostedAnalyzer *self = (ImpHostedAnalyzer *) ((char *) entry
                                                   - G_STRUCT_OFFSET (ImpHostedAnalyzer, input));
  gboolean fed = FALSE;

  if (self->calls > 0)
    return FALSE;
  hosted_analyzer_enter (self);
  for (guint direction = 0; direction < 2 && self->host != NULL; direction++)
    fed |= imp_server_input_feed (self->host->input, entry, direction);
  if (fed)
    hosted_analyzer_check (self);
  hosted_analyzer_leave (self);
  return fed;
}

gboolean
imp_hosted_analyzer_take_output_turn (gpointer owner)
{
  ImpHostedAnalyzer *self = owner;
  const gsize before = imp_server_output_get_size (self->output);
  gboolean sent = FALSE;

  hosted_analyzer_enter (self);
  while (self->host != NULL && self->output != NULL
         && before - imp_server_output_get_size (self->output) < OUTPUT_TURN
         && self->host->funcs->may_send (self->host))
    {
      hosted_analyzer_send_first (self);
      sent = TRUE;
    }
  if (self->host != NULL && self->output == NULL)
    {
      self->input.blocked = FALSE;
      imp_server_input_resume (self->host->input);
    }
  hosted_analyzer_check (self);
  hosted_analyzer_leave (self);
  return sent;
}
