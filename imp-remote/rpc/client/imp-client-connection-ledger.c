/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client connection has, and what it has counted. */
#include "rpc/client/imp-client-connection-object-private.h"

#include "core/imp-error.h"

GPtrArray *
imp_client_connection_list (ImpRemoteAnalyzerHost *host)
{
  ImpClientConnection *self = (ImpClientConnection *) host;
  GPtrArray *analyzers = imp_id_table_get_values (&self->analyzers);

  g_ptr_array_foreach (analyzers, (GFunc) (void (*) (void)) g_object_ref, NULL);
  g_ptr_array_set_free_func (analyzers, g_object_unref);
  return analyzers;
}

/* A server that breaks the rules, or is too slow, has failed; one that is gone has not. */
void
imp_client_connection_resolve_all (ImpClientConnection *self, const GError *error)
{
  g_autoptr (GPtrArray) analyzers = imp_client_connection_list (&self->host);
  const gboolean is_gone = error->domain != IMP_ERROR || error->code == IMP_ERROR_CLOSED;

  for (guint i = 0; i < analyzers->len; i++)
    {
      ImpRemoteAnalyzer *analyzer = analyzers->pdata[i];

      if (analyzer->host != &self->host)
        continue;
      self->not_intact += self->host.max_replay > 0 && !imp_remote_analyzer_is_movable (analyzer);
      imp_analyzer_peek_loss (IMP_ANALYZER (analyzer))->is_unreached = is_gone;
      imp_remote_analyzer_resolve (analyzer, error->message);
    }
}

gboolean
imp_client_connection_tells_status (ImpClientConnection *self)
{
  return self->tells_status;
}

gboolean
imp_client_connection_was_of_use (ImpClientConnection *self)
{
  return self->use != 0;
}

gboolean
imp_client_connection_take_judged (ImpClientConnection *self)
{
  gboolean judged = (self->use & USE_JUDGED) != 0;

  self->use &= ~USE_JUDGED;
  return judged;
}

guint64
imp_client_connection_count_unsettled (ImpClientConnection *self)
{
  gsize cursor = 0;
  guint64 sum = 0;

  for (guint i = 0; i < self->analyzers.n_values; i++)
    {
      gint64 id;
      ImpAnalyzer *analyzer = imp_id_table_next (&self->analyzers, &cursor, &id);

      for (guint direction = 0; direction < 2; direction++)
        sum += imp_marks_get_unsettled (imp_analyzer_peek_marks (analyzer, direction));
    }
  return sum;
}

GPtrArray *
imp_client_connection_list_movable (ImpClientConnection *self)
{
  GPtrArray *analyzers = imp_client_connection_list (&self->host);

  for (guint i = analyzers->len; i-- > 0;)
    if (!imp_remote_analyzer_is_movable (analyzers->pdata[i]))
      g_ptr_array_remove_index_fast (analyzers, i);
  return analyzers;
}

guint
imp_client_connection_get_n_analyzers (ImpClientConnection *self)
{
  return self->analyzers.n_values;
}

gboolean
imp_client_connection_has (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  return analyzer->host == &self->host;
}

gboolean
imp_client_connection_is_lost (ImpClientConnection *self)
{
  return self->host.is_lost;
}

guint
imp_client_connection_get_version (ImpClientConnection *self)
{
  return self->host.link != NULL && self->ready ? imp_link_get_version (self->host.link) : 0;
}

gsize
imp_client_connection_get_queued (ImpClientConnection *self)
{
  return imp_send_scheduler_get_n_bytes (self->host.scheduler)
         + (self->host.link != NULL ? imp_link_get_queued (self->host.link) : 0);
}

void
imp_client_connection_add_counters (ImpClientConnection *self, ImpClientConnectionCounters *sum)
{
  sum->resolved_hard += self->host.resolved_hard;
  sum->resolved_soft += self->host.resolved_soft;
  sum->deadlines += self->host.deadlines;
  sum->log_limits += self->host.log_limits;
  sum->moved += self->host.moved;
  sum->replayed += self->host.replayed;
  sum->not_intact += self->not_intact;
  sum->exceptions += self->exceptions;
  sum->late_results += self->late_results;
  sum->extensions += imp_deadline_get_extensions (self->host.deadline);
  if (self->host.link != NULL)
    {
      const ImpLinkCounters *link = imp_link_get_counters (self->host.link);

      sum->messages_in += link->messages_in;
      sum->messages_out += link->messages_out;
      sum->bytes_in += link->bytes_in;
      sum->bytes_out += link->bytes_out;
    }
}
