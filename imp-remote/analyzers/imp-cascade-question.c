/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade-question-private.h"

#include "core/imp-factory-private.h"
#include "core/imp-proxy-private.h"

struct _ImpCascadeQuestion
{
  GTask *task;
  GList **answers; /* of each part */
  guint n_parts;
  guint n_open;
  GError *error; /* the first one */
};

typedef struct
{
  ImpCascadeQuestion *question;
  guint part;
} CascadeQuestionPart;

ImpCascadeQuestion *
imp_cascade_question_new (guint n_parts, GTask *task)
{
  ImpCascadeQuestion *self = g_new0 (ImpCascadeQuestion, 1);

  g_assert (n_parts > 0);

  self->task = task;
  self->answers = g_new0 (GList *, n_parts);
  self->n_parts = self->n_open = n_parts;
  return self;
}

static void
cascade_question_answer (ImpCascadeQuestion *self)
{
  GList *all = NULL;

  for (guint i = 0; i < self->n_parts; i++)
    all = g_list_concat (all, self->answers[i]);
  if (self->error == NULL)
    g_task_return_pointer (self->task, all, imp_factory_status_list_free);
  else
    {
      imp_factory_status_list_free (all);
      g_task_return_error (self->task, self->error);
    }
  g_object_unref (self->task);
  g_free (self->answers);
  g_free (self);
}

static void
cascade_question_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree CascadeQuestionPart *part = user_data;
  ImpCascadeQuestion *self = part->question;
  g_autoptr (GError) error = NULL;

  self->answers[part->part] = imp_proxy_query_statuses_finish (IMP_ANALYZER (source), result,
                                                               &error);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  if (--self->n_open == 0)
    cascade_question_answer (self);
}

void
imp_cascade_question_ask (ImpCascadeQuestion *self, guint part, ImpAnalyzer *analyzer,
                          ImpFactory *factory, guint timeout_ms)
{
  CascadeQuestionPart *own = g_new (CascadeQuestionPart, 1);

  *own = (CascadeQuestionPart){ self, part };
  imp_proxy_query_statuses (analyzer, factory, timeout_ms, g_task_get_cancellable (self->task),
                            cascade_question_on_answer, own);
}
