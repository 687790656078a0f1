/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-analyzer-question-private.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"

typedef struct
{
  ImpRemoteAnalyzer *analyzer;
  ImpRemoteAnalyzerHost *host; /* that was asked; held */
  gint64 deadline;             /* on the monotonic clock */
  GTask *task;
} AnalyzerQuestion;

static void
analyzer_question_free (AnalyzerQuestion *self)
{
  if (self->host != NULL)
    self->host->funcs->release (self->host);
  g_object_unref (self->analyzer);
  g_object_unref (self->task);
  g_free (self);
}

/* Takes @statuses, and ends. */
static void
analyzer_question_answer (AnalyzerQuestion *self, GList *statuses)
{
  g_task_return_pointer (self->task, statuses, imp_factory_status_list_free);
  analyzer_question_free (self);
}

static void
analyzer_question_answer_state (AnalyzerQuestion *self, ImpFactoryState state, const char *reason)
{
  const char *name = self->host != NULL ? self->host->name : "server";

  analyzer_question_answer (self, imp_factory_status_list_new (
                                    imp_factory_status_new (name, state, reason, -1, -1)));
}

static void analyzer_question_on_answer (GObject *source, GAsyncResult *result, gpointer user_data);

static void
analyzer_question_ask (AnalyzerQuestion *self)
{
  gint64 left = (self->deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

  self->host = self->analyzer->host;
  self->host->funcs->hold (self->host);
  self->host->funcs->query_statuses (self->host, MAX (left, 1),
                                     g_task_new (NULL, NULL, analyzer_question_on_answer, self));
}

/* It may have been lost with nothing said of the analyzer, which is at another one then. */
static gboolean
analyzer_question_has_moved (const AnalyzerQuestion *self)
{
  return self->analyzer->host != NULL && self->analyzer->host != self->host;
}

static void
analyzer_question_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AnalyzerQuestion *self = user_data;
  g_autoptr (GError) error = NULL;
  GList *statuses = g_task_propagate_pointer (G_TASK (result), &error);

  if (analyzer_question_has_moved (self) && g_get_monotonic_time () < self->deadline)
    {
      imp_factory_status_list_free (statuses);
      self->host->funcs->release (self->host);
      analyzer_question_ask (self);
    }
  else if (error == NULL)
    analyzer_question_answer (self, statuses);
  else if (g_error_matches (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED))
    analyzer_question_answer_state (self, IMP_FACTORY_STATE_UP, error->message);
  else
    analyzer_question_answer_state (self, IMP_FACTORY_STATE_UNUSABLE, error->message);
}

void
imp_analyzer_question_start (ImpRemoteAnalyzer *analyzer, guint timeout_ms, GTask *task)
{
  AnalyzerQuestion *self = g_new0 (AnalyzerQuestion, 1);

  self->analyzer = g_object_ref (analyzer);
  self->deadline = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  self->task = task;
  if (analyzer->host != NULL)
    analyzer_question_ask (self);
  else
    /* It has its outcome, or has said all that it had to say. */
    analyzer_question_answer_state (self, IMP_FACTORY_STATE_UNUSABLE,
                                    "the analyzer is there no more");
}
