/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/handover/hand-over.h"

#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "rpc/imp-peer-private.h"
#include "rpc/imp-socket-handover-private.h"
#include "tool/handover/handover-line.h"

#include <imp-remote.h>
#include <unistd.h>

#define HAND_OVER_TIMEOUT_DEFAULT 60

typedef enum
{
  HAND_OVER_OPENING, /* not all sockets are there */
  HAND_OVER_IDLE,
  HAND_OVER_SENDING,
  HAND_OVER_WAITING, /* all is sent */
  HAND_OVER_OVER,    /* another process accepts, or this one stops */
} HandOverState;

struct _HandOver
{
  const char *program;
  HandOverFunc given;
  gpointer user_data;

  guint timeout; /* seconds */
  HandOverState state;
  GSocketConnection *taker; /* while it takes over */
  gint64 pid;               /* its */
  HandoverReader reader;
  GPtrArray *bundles; /* of ImpSocketBundle: what is handed over */
  guint n_sent;
  GArray *left; /* of guint64: the ids of what it has no use for */
  GSource *source;
  GSource *timer;
};

static void hand_over_on_request (ControlRequest *request, gpointer user_data);

static const ControlCommand hand_over_commands[] = {
  { "take-over", hand_over_on_request },
};

HandOver *
hand_over_new (Control *control, const char *program, HandOverFunc given, gpointer user_data)
{
  HandOver *self = g_new0 (HandOver, 1);

  self->program = program;
  self->given = given;
  self->user_data = user_data;
  self->timeout = HAND_OVER_TIMEOUT_DEFAULT;
  self->left = g_array_new (FALSE, FALSE, sizeof (guint64));
  control_add (control, hand_over_commands, G_N_ELEMENTS (hand_over_commands), self);
  return self;
}

static GSocket *
hand_over_get_socket (HandOver *self)
{
  return g_socket_connection_get_socket (self->taker);
}

/* Nobody takes over any more. */
static void
hand_over_clear (HandOver *self, HandOverState state)
{
  self->state = state;
  imp_source_clear (&self->source);
  imp_source_clear (&self->timer);
  handover_reader_clear (&self->reader);
  g_clear_pointer (&self->bundles, g_ptr_array_unref);
  g_array_set_size (self->left, 0);
  self->n_sent = 0;
  if (self->taker != NULL)
    g_io_stream_close (G_IO_STREAM (self->taker), NULL, NULL);
  g_clear_object (&self->taker);
}

void
hand_over_free (HandOver *self)
{
  hand_over_clear (self, HAND_OVER_OVER);
  g_array_unref (self->left);
  g_free (self);
}

void
hand_over_set_timeout (HandOver *self, guint seconds)
{
  self->timeout = seconds;
}

void
hand_over_set_ready (HandOver *self)
{
  if (self->state == HAND_OVER_OPENING)
    self->state = HAND_OVER_IDLE;
}

static gboolean
hand_over_is_left (HandOver *self, guint64 id)
{
  for (guint i = 0; i < self->left->len; i++)
    if (g_array_index (self->left, guint64, i) == id)
      return TRUE;
  return FALSE;
}

static void
hand_over_give (HandOver *self)
{
  for (guint i = 0; self->bundles != NULL && i < self->bundles->len; i++)
    {
      const ImpSocketBundle *bundle = self->bundles->pdata[i];

      if (!hand_over_is_left (self, bundle->id))
        imp_socket_handover_give (bundle->id);
    }
}

/* The other process may be about to accept. It gets no answer, and goes on; if it does not, the
 * files that stay are those of sockets at which nobody listens. */
void
hand_over_stop (HandOver *self)
{
  if (self->state == HAND_OVER_WAITING)
    hand_over_give (self);
  hand_over_clear (self, HAND_OVER_OVER);
}

/* All is as it was before. */
static void
hand_over_fail (HandOver *self, const char *why)
{
  imp_log_message ("Process %" G_GINT64_FORMAT " has not taken over, and this one goes on: %s",
                   self->pid, why);
  handover_send_error (hand_over_get_socket (self), why);
  hand_over_clear (self, HAND_OVER_IDLE);
}

static gboolean
hand_over_on_timeout (gpointer user_data)
{
  HandOver *self = user_data;
  g_autofree char *why = g_strdup_printf ("It did not accept within %u seconds "
                                          "(--take-over-timeout)",
                                          self->timeout);

  hand_over_fail (self, why);
  return G_SOURCE_REMOVE;
}

/* ---- what the other one says ---- */

static void
hand_over_finish (HandOver *self)
{
  g_autoptr (GSocketConnection) taker = g_object_ref (self->taker);
  GSocket *socket = hand_over_get_socket (self);
  JsonObject *answer = json_object_new ();

  imp_log_message ("Process %" G_GINT64_FORMAT " has taken over, and accepts clients", self->pid);
  hand_over_give (self);
  g_clear_object (&self->taker);
  hand_over_clear (self, HAND_OVER_OVER);
  self->given (self->pid, self->user_data);
  json_object_set_boolean_member (answer, "stopped", TRUE);
  handover_send (socket, answer, NULL, NULL);
  g_io_stream_close (G_IO_STREAM (taker), NULL, NULL);
}

static gboolean
hand_over_apply_left (HandOver *self, JsonObject *line, GError **error)
{
  gint64 id;
  guint64 left;

  if (!handover_get_number (line, "left", G_MAXINT64, &id, error))
    return FALSE;
  left = (guint64) id;
  if (self->left->len < self->bundles->len)
    g_array_append_val (self->left, left);
  return TRUE;
}

static gboolean
hand_over_is_accepting (JsonObject *line)
{
  JsonNode *node = json_object_get_member (line, "accepting");

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN
         && json_node_get_boolean (node);
}

/* FALSE: it is over, one way or the other. */
static gboolean
hand_over_apply (HandOver *self, JsonObject *line)
{
  g_autoptr (GError) error = NULL;

  if (hand_over_is_accepting (line))
    {
      hand_over_finish (self);
      return FALSE;
    }
  if (hand_over_apply_left (self, line, &error))
    return TRUE;
  hand_over_fail (self, error->message);
  return FALSE;
}

static gboolean
hand_over_on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  HandOver *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean goes_on = handover_reader_read (&self->reader, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  while (goes_on)
    {
      g_autoptr (JsonObject) line = handover_reader_next (&self->reader, &error);

      if (line == NULL)
        break;
      goes_on = hand_over_apply (self, line);
    }
  if (error == NULL)
    return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
  hand_over_fail (self, error->message);
  return G_SOURCE_REMOVE;
}

/* ---- what it is told ---- */

static void
hand_over_watch (HandOver *self, GIOCondition condition, GSocketSourceFunc func)
{
  imp_source_clear (&self->source);
  self->source = g_socket_create_source (hand_over_get_socket (self), condition, NULL);
  g_source_set_static_name (self->source, "hand-over");
  g_source_set_callback (self->source, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (self->source, NULL);
}

static JsonObject *
hand_over_describe (const ImpSocketBundle *bundle)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "address", bundle->address);
  json_object_set_int_member (object, "id", (gint64) bundle->id);
  json_object_set_int_member (object, "sockets", bundle->fds->len);
  if (!bundle->has_file)
    return object;
  json_object_set_int_member (object, "device", (gint64) bundle->device);
  json_object_set_int_member (object, "inode", (gint64) bundle->inode);
  return object;
}

static gboolean
hand_over_on_writable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  HandOver *self = user_data;
  g_autoptr (GError) error = NULL;

  while (self->n_sent < self->bundles->len)
    {
      const ImpSocketBundle *bundle = self->bundles->pdata[self->n_sent];

      if (!handover_send (socket, hand_over_describe (bundle), bundle->fds, &error))
        break;
      self->n_sent++;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (error != NULL)
    {
      hand_over_fail (self, error->message);
      return G_SOURCE_REMOVE;
    }
  self->state = HAND_OVER_WAITING;
  hand_over_watch (self, G_IO_IN, hand_over_on_readable);
  return G_SOURCE_REMOVE;
}

/* ---- requests ---- */

static gboolean
hand_over_knows_version (JsonObject *arguments)
{
  JsonNode *node = json_object_get_member (arguments, "versions");
  JsonArray *versions = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                                                     : NULL;

  for (guint i = 0; versions != NULL && i < json_array_get_length (versions); i++)
    {
      JsonNode *version = json_array_get_element (versions, i);

      if (json_node_get_value_type (version) == G_TYPE_INT64
          && json_node_get_int (version) == HANDOVER_VERSION)
        return TRUE;
    }
  return FALSE;
}

/* Whoever runs as another user is not what should go on here, even where it is root. */
static char *
hand_over_refuse_peer (HandOver *self, GSocketConnection *connection)
{
  ImpCredentials credentials = { .pid = -1, .uid = -1 };

  if (connection != NULL && imp_credentials_get (G_IO_STREAM (connection), &credentials))
    imp_credentials_clear (&credentials);
  self->pid = credentials.pid;
  if (credentials.uid == (gint64) geteuid ())
    return NULL;
  return g_strdup_printf ("User %" G_GINT64_FORMAT " cannot replace this process, which is user "
                          "%u's",
                          credentials.uid, (guint) geteuid ());
}

static char *
hand_over_refuse_program (HandOver *self, JsonObject *arguments)
{
  JsonNode *node = json_object_get_member (arguments, "program");
  const char *program = node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
                          ? json_node_get_string (node)
                          : "?";

  if (g_strcmp0 (program, self->program) != 0)
    return g_strdup_printf ("\"%s\" cannot replace this process, which is \"%s\"", program,
                            self->program);
  if (!hand_over_knows_version (arguments))
    return g_strdup_printf ("This process hands over by version %u, which the other one does not "
                            "know: start it as always, once this one has ended",
                            HANDOVER_VERSION);
  return NULL;
}

static char *
hand_over_refuse_state (HandOver *self)
{
  if (self->state == HAND_OVER_OPENING)
    return g_strdup ("This process does not accept clients yet");
  if (self->state == HAND_OVER_OVER)
    return g_strdup ("This process does not accept clients any more");
  if (self->state != HAND_OVER_IDLE)
    return g_strdup_printf ("Process %" G_GINT64_FORMAT " is taking over", self->pid);
  return NULL;
}

/* Not its pid, which is somebody else's until then. */
static char *
hand_over_refuse (HandOver *self, ControlRequest *request)
{
  char *why = hand_over_refuse_state (self);

  if (why == NULL)
    why = hand_over_refuse_peer (self, control_request_get_connection (request));
  if (why == NULL)
    why = hand_over_refuse_program (self, control_request_get_arguments (request));
  return why;
}

static void
hand_over_begin (HandOver *self, GSocketConnection *taker)
{
  JsonObject *head = json_object_new ();
  g_autoptr (GError) error = NULL;

  self->taker = taker;
  self->state = HAND_OVER_SENDING;
  handover_reader_init (&self->reader, hand_over_get_socket (self));
  json_object_set_int_member (head, "version", HANDOVER_VERSION);
  json_object_set_int_member (head, "pid", getpid ());
  json_object_set_int_member (head, "addresses", self->bundles->len);
  if (!handover_send (hand_over_get_socket (self), head, NULL, &error))
    {
      hand_over_fail (self, error->message);
      return;
    }
  self->timer = imp_source_add_timeout (NULL, self->timeout * 1000, "hand-over: timeout",
                                        hand_over_on_timeout, self);
  hand_over_watch (self, G_IO_OUT, hand_over_on_writable);
}

static void
hand_over_on_request (ControlRequest *request, gpointer user_data)
{
  HandOver *self = user_data;
  g_autofree char *why = hand_over_refuse (self, request);
  g_autoptr (GPtrArray) bundles = NULL;
  g_autoptr (GError) error = NULL;
  GSocketConnection *taker = NULL;

  if (why != NULL)
    {
      control_request_fail (request, why);
      return;
    }
  bundles = imp_socket_handover_list (&error);
  if (bundles != NULL)
    taker = control_request_take_connection (request, &error);
  if (taker == NULL)
    {
      control_request_fail (request, error->message);
      return;
    }
  self->bundles = g_steal_pointer (&bundles);
  hand_over_begin (self, taker);
}
