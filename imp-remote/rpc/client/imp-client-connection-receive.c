/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server says. */
#include "core/imp-error.h"
#include "core/imp-result-private.h"
#include "rpc/client/imp-client-connection-state-private.h"
#include "rpc/imp-protocol-private.h"

static void
apply_settles_end (ImpClientConnection *self)
{
  g_autoptr (GPtrArray) analyzers = imp_client_connection_list_analyzers (self);

  for (guint i = 0; i < analyzers->len; i++)
    imp_analyzer_set_settles_end (analyzers->pdata[i], self->settles_end);
}

static void
on_set_version (ImpClientConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  guint version;

  if (self->ready)
    {
      imp_client_connection_fail_literal (self, IMP_ERROR_PROTOCOL,
                                          "the server said set_version twice");
      return;
    }
  version = imp_protocol_negotiate (message, imp_link_get_max_version (self->link), &error);
  if (version == 0)
    {
      imp_client_connection_fail (self, error);
      return;
    }

  imp_link_set_version (self->link, version);
  self->ready = TRUE;
  self->peer_max_message = imp_protocol_get_limit (message, "max-message",
                                                   self->options.limits.max_message);
  if (version >= 2 && message->features != NULL
      && g_strv_contains ((const char *const *) message->features, IMP_FEATURE_END))
    {
      self->settles_end = FALSE;
      apply_settles_end (self);
    }
  if (self->funcs != NULL)
    self->funcs->ready (self, self->user_data);
}

static void
on_interface (ImpClientConnection *self, ImpMessage *message)
{
  GTask *task = g_queue_pop_head (&self->queries);

  if (task == NULL)
    {
      imp_client_connection_fail_literal (
        self, IMP_ERROR_PROTOCOL, "the server answered get_interface, which nobody had asked");
      return;
    }
  g_task_return_pointer (task, g_steal_pointer (&message->interfaces),
                         imp_protocol_free_interfaces);
  g_object_unref (task);
}

/* An id that was given away once may still be on its way; one that never was is a lie. */
static ImpRemoteAnalyzer *
look_up (ImpClientConnection *self, const ImpMessage *message)
{
  ImpRemoteAnalyzer *analyzer = imp_id_table_lookup (&self->analyzers, message->id);

  if (analyzer != NULL && analyzer->announced)
    return analyzer;
  if (message->id <= 0 || message->id > self->last_id || analyzer != NULL)
    {
      g_autofree char *text = g_strdup_printf ("the server spoke of analyzer %" G_GINT64_FORMAT
                                               ", which never was",
                                               message->id);

      imp_client_connection_fail_literal (self, IMP_ERROR_PROTOCOL, text);
      return NULL;
    }
  self->counters.late_results++;
  return NULL;
}

/* A direction that is busy has the server keep what it has to say, if it keeps to that. */
static gboolean
check_waiting (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer, ImpDirection direction)
{
  gsize waiting = imp_analyzer_get_waiting (IMP_ANALYZER (analyzer), direction);
  g_autofree char *reason = NULL;

  if (G_LIKELY (waiting <= self->options.max_waiting))
    return TRUE;
  reason = g_strdup_printf ("%" G_GSIZE_FORMAT " bytes of results wait for direction %d and more "
                            "came (max-waiting is %" G_GSIZE_FORMAT ")",
                            waiting, direction, self->options.max_waiting);
  imp_client_connection_settle (self, analyzer, reason);
  return FALSE;
}

static void
on_result (ImpClientConnection *self, ImpMessage *message)
{
  ImpRemoteAnalyzer *analyzer = look_up (self, message);
  ImpResult *result = message->result;
  g_autoptr (GError) error = NULL;

  if (analyzer == NULL || !check_waiting (self, analyzer, result->direction))
    return;
  if (result->type == IMP_RESULT_PAUSE || result->type == IMP_RESULT_CONTINUE)
    {
      g_object_ref (analyzer);
      imp_remote_analyzer_set_paused (analyzer, result->direction, TRUE,
                                      result->type == IMP_RESULT_PAUSE);
      g_object_unref (analyzer);
      return;
    }
  /* An analyzer that breaks the rules is lost like one that cannot be reached; what it does to the
   * connection is a matter of the fail mode. */
  if (!imp_analyzer_try_result (IMP_ANALYZER (analyzer), g_steal_pointer (&message->result),
                                &error))
    imp_client_connection_settle (self, analyzer, error->message);
}

static void
on_exception (ImpClientConnection *self, ImpMessage *message)
{
  const char *text = message->text != NULL ? message->text : "an exception without a message";
  ImpRemoteAnalyzer *analyzer;

  self->counters.exceptions++;
  if (message->id == 0)
    {
      imp_client_connection_fail_literal (self, IMP_ERROR_FATAL, text);
      return;
    }
  analyzer = look_up (self, message);
  if (analyzer != NULL)
    imp_client_connection_settle (self, analyzer, text);
}

static void
on_ping (ImpClientConnection *self, ImpMessage *message)
{
  ImpMessage pong = { .op = IMP_OP_PONG, .token = message->token };

  imp_client_connection_send (self, &pong);
}

static void
on_pong (ImpClientConnection *self, ImpMessage *message)
{
  /* That something came is all that matters; see on_keepalive(). */
}

static void
on_goodbye (ImpClientConnection *self, ImpMessage *message)
{
  if (self->funcs != NULL)
    self->funcs->goodbye (self, self->user_data);
}

static const struct
{
  ImpOp op;
  guint version; /* the first that has it */
  void (*handle) (ImpClientConnection *self, ImpMessage *message);
} handlers[] = {
  { IMP_OP_RESULT, 1, on_result },       { IMP_OP_SET_VERSION, 1, on_set_version },
  { IMP_OP_INTERFACE, 1, on_interface }, { IMP_OP_EXCEPTION, 1, on_exception },
  { IMP_OP_PING, 2, on_ping },           { IMP_OP_PONG, 2, on_pong },
  { IMP_OP_GOODBYE, 2, on_goodbye },
};

void
imp_client_connection_on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  ImpClientConnection *self = user_data;
  g_autofree char *text = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (handlers); i++)
    if (handlers[i].op == message->op && imp_link_get_version (link) >= handlers[i].version)
      {
        imp_client_connection_ref (self);
        handlers[i].handle (self, message);
        imp_client_connection_unref (self);
        return;
      }

  text = g_strdup_printf ("the server sent %s, which is not for it to say",
                          imp_op_to_string (message->op));
  imp_client_connection_fail_literal (self, IMP_ERROR_PROTOCOL, text);
}
