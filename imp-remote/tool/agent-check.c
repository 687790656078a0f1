/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/agent-check.h"

#include "core/imp-log-limit-private.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "rpc/imp-address-masks-private.h"
#include "rpc/imp-listener-private.h"
#include "tool/access-options.h"
#include "tool/tool.h"

#include <imp-remote.h>
#include <string.h>

/* What is read of somebody who says something, before that is the end: HAProxy says little, if
 * anything (agent-send). */
#define INPUT_MAX 4096
/* Microseconds for which an answer is good. */
#define FREE_MAX_AGE (G_USEC_PER_SEC / 10)

typedef struct
{
  AgentCheck *check;
  GSocketConnection *connection;
  GSource *input, *timer;
  gsize n_read;
  GList node;
} AgentCheckClient;

struct _AgentCheck
{
  const AgentCheckFuncs *funcs;
  gpointer user_data;
  AgentCheckOpened opened;
  char *text;
  GCancellable *cancellable;
  GPtrArray *listeners; /* of ImpListener */
  GPtrArray *masks;
  GQueue clients; /* of AgentCheckClient, the oldest first */
  gboolean draining;
  gint64 ready_until; /* monotonic time */
  guint ready_answers;
  guint percent; /* free, as it was asked for */
  gint64 free_at;
  ImpLogLimit refusal_log;
};

/* --- those who ask --- */

static void
agent_check_client_free (AgentCheckClient *client)
{
  g_queue_unlink (&client->check->clients, &client->node);
  imp_source_clear (&client->input);
  imp_source_clear (&client->timer);
  g_io_stream_close (G_IO_STREAM (client->connection), NULL, NULL);
  g_object_unref (client->connection);
  g_free (client);
}

static gboolean
agent_check_client_on_timeout (gpointer user_data)
{
  agent_check_client_free (user_data);
  return G_SOURCE_REMOVE;
}

/* What is unread when a socket is closed would make a reset of it, and the answer might be lost. */
static gboolean
agent_check_client_on_input (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  AgentCheckClient *client = user_data;
  char buffer[INPUT_MAX];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n > 0)
    client->n_read += (gsize) n;
  if (n > 0 && client->n_read < INPUT_MAX)
    return G_SOURCE_CONTINUE;
  agent_check_client_free (client);
  return G_SOURCE_REMOVE;
}

static void
agent_check_client_new (AgentCheck *self, GSocketConnection *connection)
{
  AgentCheckClient *client = g_new0 (AgentCheckClient, 1);
  GSocket *socket = g_socket_connection_get_socket (connection);

  client->check = self;
  client->connection = g_object_ref (connection);
  client->node.data = client;
  g_queue_push_tail_link (&self->clients, &client->node);
  client->timer = imp_source_add_timeout (NULL, AGENT_CHECK_TIMEOUT, "agent check: timeout",
                                          agent_check_client_on_timeout, client);
  client->input = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_static_name (client->input, "agent check: input");
  g_source_set_callback (client->input, G_SOURCE_FUNC (agent_check_client_on_input), client, NULL);
  g_source_attach (client->input, NULL);
}

/* --- answers --- */

static gboolean
agent_check_says_ready (AgentCheck *self)
{
  if (self->ready_answers > 0)
    self->ready_answers--;
  else if (g_get_monotonic_time () >= self->ready_until)
    return FALSE;
  return TRUE;
}

/* Never 0 %, which would be another word for "drain". */
static guint
agent_check_get_free (AgentCheck *self)
{
  const gint64 now = g_get_monotonic_time ();

  if (self->free_at == 0 || now - self->free_at >= FREE_MAX_AGE)
    {
      self->percent = CLAMP (self->funcs->get_free (self->user_data), 1, 100);
      self->free_at = now;
    }
  return self->percent;
}

static char *
agent_check_make_line (AgentCheck *self)
{
  if (self->draining)
    return g_strdup ("drain\n");
  return g_strdup_printf ("%sup %u%%\n", agent_check_says_ready (self) ? "ready " : "",
                          agent_check_get_free (self));
}

/* A new connection has room for a line. */
static gboolean
agent_check_answer (AgentCheck *self, GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autofree char *line = agent_check_make_line (self);
  const gsize length = strlen (line);

  g_socket_set_blocking (socket, FALSE);
  return g_socket_send (socket, line, length, NULL, NULL) == (gssize) length
         && g_socket_shutdown (socket, FALSE, TRUE, NULL);
}

/* --- who may ask --- */

static gboolean
agent_check_admit_address (AgentCheck *self, GSocketConnection *connection)
{
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);

  return !G_IS_INET_SOCKET_ADDRESS (remote) || self->masks->len == 0
         || imp_address_masks_contain (self->masks, remote);
}

static gboolean
agent_check_admit (AgentCheck *self, GSocketConnection *connection)
{
  g_autoptr (GError) error = NULL;
  guint64 n;

  if (!access_options_admit (G_IO_STREAM (connection), &error))
    g_prefix_error (&error, "--agent-check: ");
  else if (agent_check_admit_address (self, connection))
    return TRUE;
  else
    g_set_error (&error, IMP_ERROR, IMP_ERROR_DENIED,
                 "This address may not ask how the server is (--agent-check-from)");
  n = imp_log_limit_note (&self->refusal_log);
  if (n > 0)
    imp_log_message ("An agent check is refused: %s (%" G_GUINT64_FORMAT " of them)",
                     error->message, n);
  return FALSE;
}

static void
agent_check_on_connection (GSocketConnection *connection, gpointer user_data)
{
  AgentCheck *self = user_data;
  const gboolean draining = self->draining;

  if (!agent_check_admit (self, connection) || !agent_check_answer (self, connection))
    return;
  if (self->clients.length >= AGENT_CHECK_MAX_CLIENTS)
    agent_check_client_free (g_queue_peek_head (&self->clients));
  agent_check_client_new (self, connection);
  if (draining)
    self->funcs->told_drain (self->user_data);
}

/* --- opening --- */

AgentCheck *
agent_check_new (const AgentCheckFuncs *funcs, gpointer user_data)
{
  AgentCheck *self = g_new0 (AgentCheck, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  self->masks = imp_address_masks_new ();
  agent_check_set_draining (self, FALSE);
  return self;
}

/* What is under way then frees the rest. */
void
agent_check_free (AgentCheck *self)
{
  if (self->cancellable != NULL)
    {
      self->opened = NULL;
      g_cancellable_cancel (self->cancellable);
      return;
    }
  while (self->clients.length > 0)
    agent_check_client_free (g_queue_peek_head (&self->clients));
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_ptr_array_unref (self->masks);
  g_free (self->text);
  g_free (self);
}

gboolean
agent_check_allow (AgentCheck *self, const char *mask, GError **error)
{
  return imp_address_masks_add (self->masks, mask, error);
}

/* What it tells is not much, but others have to be named. */
static gboolean
agent_check_check_exposure (AgentCheck *self, GPtrArray *listeners, GError **error)
{
  for (guint i = 0; i < listeners->len && self->masks->len == 0; i++)
    if (imp_listener_is_exposed (listeners->pdata[i]))
      {
        g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                     "other machines can reach this address: --agent-check-from ADDRESS[/BITS] "
                     "must say which of them may ask");
        return FALSE;
      }
  return TRUE;
}

static int
agent_check_take (AgentCheck *self, GPtrArray *listeners, GError *error)
{
  g_autoptr (GError) failure = error;

  if (listeners != NULL && agent_check_check_exposure (self, listeners, &failure))
    {
      self->listeners = listeners;
      for (guint i = 0; i < listeners->len; i++)
        imp_listener_start (listeners->pdata[i], g_main_context_default (),
                            agent_check_on_connection, self);
      return TOOL_DONE;
    }
  g_clear_pointer (&listeners, g_ptr_array_unref);
  return tool_option_error ("--agent-check", self->text, failure);
}

static void
agent_check_on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  AgentCheck *self = user_data;
  GError *error = NULL;
  GPtrArray *listeners = imp_listener_open_finish (result, &error);

  g_clear_object (&self->cancellable);
  if (self->opened != NULL)
    {
      self->opened (agent_check_take (self, listeners, error), self->user_data);
      return;
    }
  g_clear_error (&error);
  g_clear_pointer (&listeners, g_ptr_array_unref);
  agent_check_free (self);
}

void
agent_check_open (AgentCheck *self, const ImpAddress *address, const char *text,
                  AgentCheckOpened opened)
{
  const ImpListenerOptions options = { .mode = access_options_get_mode () };

  g_assert (self->text == NULL);
  self->text = g_strdup (text);
  self->opened = opened;
  self->cancellable = g_cancellable_new ();
  imp_listener_open_async (address, &options, self->cancellable, agent_check_on_opened, self);
}

void
agent_check_print (AgentCheck *self)
{
  for (guint i = 0; self->listeners != NULL && i < self->listeners->len; i++)
    tool_print ("agent-check %s", imp_listener_get_address (self->listeners->pdata[i]));
  tool_flush ();
}

void
agent_check_set_draining (AgentCheck *self, gboolean draining)
{
  self->draining = draining;
  if (draining)
    return;
  self->ready_until = g_get_monotonic_time () + AGENT_CHECK_READY_SECONDS * G_USEC_PER_SEC;
  self->ready_answers = AGENT_CHECK_READY_ANSWERS;
}
