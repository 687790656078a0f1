/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-hosted-analyzer-private.h"

#include "core/imp-result-private.h"

struct _ImpHostedAnalyzer
{
  gint64 id;
  ImpAnalyzerHost *host;     /* NULL once it is removed */
  ImpServerInputEntry input; /* has the analyzer */
  gsize held;                /* as it is known to the host */
  ImpWatermark level;        /* of that: above it, the client is to pause */
  guint calls;               /* depth of calls that use this */
  guint8 paused_by_plugin;   /* bit per direction */
  guint8 paused;             /* as the client knows it */
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
  g_slice_free (ImpHostedAnalyzer, self);
}

void
imp_hosted_analyzer_remove (ImpHostedAnalyzer *self)
{
  ImpAnalyzerHost *host = g_steal_pointer (&self->host);

  g_assert (host != NULL);
  hosted_analyzer_enter (self);
  host->held -= self->held;
  imp_server_input_clear (host->input, &self->input);
  imp_analyzer_close (self->input.analyzer);
  hosted_analyzer_leave (self);
}

static void
hosted_analyzer_send (ImpHostedAnalyzer *self, ImpResult *result)
{
  ImpMessage message = { .op = IMP_OP_RESULT, .id = self->id, .result = result };

  if (self->host != NULL)
    self->host->funcs->send (self->host, &message);
}

/* The client hears PAUSE and CONTINUE only where something changes for it. */
static void
hosted_analyzer_update_paused (ImpHostedAnalyzer *self, ImpDirection direction)
{
  guint8 bit = 1 << direction;
  gboolean paused = (self->paused_by_plugin & bit) != 0 || imp_watermark_is_above (&self->level);
  g_autoptr (ImpResult) result = NULL;

  if (paused == ((self->paused & bit) != 0))
    return;
  self->paused ^= bit;
  result = paused ? imp_result_new_pause (direction) : imp_result_new_continue (direction);
  hosted_analyzer_send (self, result);
}

/* Counts what it holds. */
static void
hosted_analyzer_update_held (ImpHostedAnalyzer *self)
{
  gsize held = imp_analyzer_get_held (self->input.analyzer)
               + imp_server_input_entry_get_size (&self->input);

  if (held == self->held)
    return;
  self->host->held += held - self->held;
  self->held = held;
  if (imp_watermark_update (&self->level, held) == IMP_WATERMARK_SAME)
    return;
  hosted_analyzer_update_paused (self, IMP_DIRECTION_FROM_CLIENT);
  hosted_analyzer_update_paused (self, IMP_DIRECTION_FROM_SERVER);
}

static void
hosted_analyzer_fail_held (ImpHostedAnalyzer *self)
{
  const ImpAnalyzerHost *host = self->host;
  g_autofree char *text = g_strdup_printf (
    "the analyzer holds %" G_GSIZE_FORMAT " bytes without a verdict (max-held is %" G_GSIZE_FORMAT
    "), all of the connection %" G_GSIZE_FORMAT " (max-held-all is %" G_GSIZE_FORMAT ")",
    self->held, host->max_held, host->held, host->max_held_all);

  host->funcs->fail (self->host, self->id, text);
}

/* What it holds has changed, perhaps: the client may have to pause, or has gone too far. */
static void
hosted_analyzer_check (ImpHostedAnalyzer *self)
{
  if (self->host != NULL)
    hosted_analyzer_update_held (self);
  if (self->host != NULL
      && (self->held > self->host->max_held || self->host->held > self->host->max_held_all))
    hosted_analyzer_fail_held (self);
}

static void
hosted_analyzer_on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  ImpHostedAnalyzer *self = user_data;
  guint8 bit = 1 << result->direction;

  hosted_analyzer_enter (self);
  if (result->type == IMP_RESULT_PAUSE || result->type == IMP_RESULT_CONTINUE)
    {
      if (result->type == IMP_RESULT_PAUSE)
        self->paused_by_plugin |= bit;
      else
        self->paused_by_plugin &= ~bit;
      hosted_analyzer_update_paused (self, result->direction);
    }
  else if (result->type != IMP_RESULT_WANT || self->host->takes_want)
    {
      hosted_analyzer_send (self, result);
      /* While it is called, what it holds is counted once, in the end. */
      if (self->host != NULL && self->calls == 1)
        hosted_analyzer_update_held (self);
    }
  hosted_analyzer_leave (self);
}

ImpHostedAnalyzer *
imp_hosted_analyzer_new (ImpAnalyzerHost *host, gint64 id, ImpAnalyzer *analyzer)
{
  ImpHostedAnalyzer *self = g_slice_new0 (ImpHostedAnalyzer);

  self->id = id;
  self->host = host;
  self->input.analyzer = g_object_ref (analyzer);
  imp_watermark_set_high (&self->level, host->max_held / 2);
  return self;
}

void
imp_hosted_analyzer_start (ImpHostedAnalyzer *self)
{
  imp_analyzer_set_callback (self->input.analyzer, hosted_analyzer_on_result, self, NULL);
}

void
imp_hosted_analyzer_feed (ImpHostedAnalyzer *self, const ImpMessage *message)
{
  hosted_analyzer_enter (self);
  imp_server_input_take (self->host->input, &self->input, message);
  hosted_analyzer_check (self);
  hosted_analyzer_leave (self);
}

void
imp_hosted_analyzer_set_busy (ImpHostedAnalyzer *self, ImpDirection direction, gboolean busy)
{
  ImpServerInput *input = self->host->input;

  hosted_analyzer_enter (self);
  imp_analyzer_set_busy (self->input.analyzer, direction, busy);
  if (self->host != NULL)
    hosted_analyzer_update_held (self);
  imp_server_input_resume (input);
  hosted_analyzer_leave (self);
}

/* A plugin that is in a call already, and runs a loop there, is fed after it. */
gboolean
imp_hosted_analyzer_take_turn (ImpServerInputEntry *entry)
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
