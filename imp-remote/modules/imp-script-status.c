/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-status-private.h"

#include "core/imp-factory-private.h"

/* --- one process --- */

static ImpFactoryStatus *
script_status_new_for_worker (const char *path, ImpScriptWorker *worker)
{
  gint64 since = imp_script_worker_get_since (worker);

  if (imp_script_worker_is_up (worker))
    return imp_factory_status_new (path, IMP_FACTORY_STATE_UP, NULL, since, -1);
  return imp_factory_status_new (path, IMP_FACTORY_STATE_RESTARTING,
                                 imp_script_worker_get_reason (worker), since,
                                 imp_script_worker_get_retry (worker));
}

static ImpFactoryStatus *
script_status_new_closed (const char *path)
{
  return imp_factory_status_new (path, IMP_FACTORY_STATE_UNUSABLE, "it was closed", -1, -1);
}

/* It is as good as the worst of what it consists of. */
static ImpFactoryStatus *
script_status_find_worst (GList *statuses)
{
  ImpFactoryStatus *worst = statuses->data;

  for (GList *l = statuses->next; l != NULL; l = l->next)
    if (imp_factory_status_get_state (l->data) > imp_factory_status_get_state (worst))
      worst = l->data;
  return worst;
}

static ImpFactoryStatus *
script_status_rename (const char *path, ImpScriptWorker *worker, ImpFactoryStatus *status)
{
  gint64 since = imp_factory_status_get_since (status);

  if (imp_factory_status_get_state (status) == IMP_FACTORY_STATE_UP)
    since = imp_script_worker_get_since (worker);
  return imp_factory_status_new (path, imp_factory_status_get_state (status),
                                 imp_factory_status_get_reason (status), since,
                                 imp_factory_status_get_retry (status));
}

/* --- all of them --- */

static const char *
script_status_get_nick (ImpFactoryStatus *status)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (IMP_TYPE_FACTORY_STATE);

  return g_enum_get_value (klass, imp_factory_status_get_state (status))->value_nick;
}

static char *
script_status_describe (guint n_up, guint n, ImpFactoryStatus *worst)
{
  const char *reason = imp_factory_status_get_reason (worst);

  return g_strdup_printf ("%u of %u processes %s up, and one is %s%s%s", n_up, n,
                          n_up == 1 ? "is" : "are", script_status_get_nick (worst),
                          reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

/* The smaller one of those that are known; -1 is not. */
static gint64
script_status_choose_time (gint64 a, gint64 b)
{
  return a == -1 || (b != -1 && b < a) ? b : a;
}

/* @statuses: one for each process. It is usable for as long as one of them is, and it is not for as
 * long as none of them is. */
static GList *
script_status_summarize (const char *path, GList *statuses)
{
  ImpFactoryStatus *worst = statuses != NULL ? script_status_find_worst (statuses) : NULL;
  g_autofree char *reason = NULL;
  gint64 up_since = -1, down_since = -1, retry = -1;
  guint n = 0, n_up = 0;

  if (worst == NULL)
    return imp_factory_status_list_new (script_status_new_closed (path));
  for (GList *l = statuses; l != NULL; l = l->next, n++)
    if (imp_factory_status_get_state (l->data) == IMP_FACTORY_STATE_UP)
      {
        n_up++;
        up_since = MAX (up_since, imp_factory_status_get_since (l->data));
      }
    else
      {
        down_since = script_status_choose_time (down_since, imp_factory_status_get_since (l->data));
        retry = script_status_choose_time (retry, imp_factory_status_get_retry (l->data));
      }
  if (n == 1)
    return imp_factory_status_list_new (imp_factory_status_ref (worst));
  if (n_up == n)
    return imp_factory_status_list_new (
      imp_factory_status_new (path, IMP_FACTORY_STATE_UP, NULL, up_since, -1));
  reason = script_status_describe (n_up, n, worst);
  return imp_factory_status_list_new (
    n_up > 0 ? imp_factory_status_new (path, IMP_FACTORY_STATE_UP, reason, up_since, -1)
             : imp_factory_status_new (path, imp_factory_status_get_state (worst), reason,
                                       down_since, retry));
}

GList *
imp_script_status_list (const char *path, GPtrArray *workers)
{
  GList *statuses = NULL, *summary;

  for (guint i = workers->len; i > 0; i--)
    statuses = g_list_prepend (statuses,
                               script_status_new_for_worker (path, workers->pdata[i - 1]));
  summary = script_status_summarize (path, statuses);
  imp_factory_status_list_free (statuses);
  return summary;
}

/* --- asking them --- */

typedef struct
{
  guint ref_count; /* of one thread: each process that is asked holds one */
  GTask *task;
  char *path;
  GPtrArray *workers;
  GList *statuses; /* of those that have answered */
} StatusQuery;

typedef struct
{
  StatusQuery *query;
  ImpScriptWorker *worker;
} StatusQuestion;

static void
status_query_unref (StatusQuery *self)
{
  if (--self->ref_count > 0)
    return;
  g_task_return_pointer (self->task, script_status_summarize (self->path, self->statuses),
                         imp_factory_status_list_free);
  imp_factory_status_list_free (self->statuses);
  g_ptr_array_unref (self->workers);
  g_object_unref (self->task);
  g_free (self->path);
  g_free (self);
}

/* The process that was asked may have been replaced meanwhile, and the workers may have ended. */
static gboolean
status_question_is_of (const StatusQuestion *self, gpointer host)
{
  return g_ptr_array_find (self->query->workers, self->worker, NULL)
         && (gpointer) imp_script_worker_get_factory (self->worker) == host
         && imp_script_worker_is_up (self->worker);
}

static void
status_question_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree StatusQuestion *self = user_data;
  StatusQuery *query = self->query;
  GList *statuses = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, NULL);
  ImpFactoryStatus *own;

  if (statuses != NULL && status_question_is_of (self, source))
    own = script_status_rename (query->path, self->worker, script_status_find_worst (statuses));
  else if (g_ptr_array_find (query->workers, self->worker, NULL))
    own = script_status_new_for_worker (query->path, self->worker);
  else
    own = script_status_new_closed (query->path);
  query->statuses = g_list_prepend (query->statuses, own);
  imp_factory_status_list_free (statuses);
  status_query_unref (query);
}

static void
status_query_ask (StatusQuery *self, ImpScriptWorker *worker, guint timeout_ms)
{
  StatusQuestion *question;

  if (!imp_script_worker_is_up (worker))
    {
      self->statuses = g_list_prepend (self->statuses,
                                       script_status_new_for_worker (self->path, worker));
      return;
    }
  question = g_new (StatusQuestion, 1);
  *question = (StatusQuestion){ self, worker };
  self->ref_count++;
  imp_factory_query_statuses_async (imp_script_worker_get_factory (worker), timeout_ms, NULL,
                                    status_question_on_answer, question);
}

void
imp_script_status_query (const char *path, GPtrArray *workers, guint timeout_ms, GTask *task)
{
  StatusQuery *query = g_new0 (StatusQuery, 1);

  query->ref_count = 1;
  query->task = task;
  query->path = g_strdup (path);
  query->workers = g_ptr_array_ref (workers);
  for (guint i = 0; i < workers->len; i++)
    status_query_ask (query, workers->pdata[i], timeout_ms);
  status_query_unref (query);
}
