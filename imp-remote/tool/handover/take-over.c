/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/handover/take-over.h"

#include "core/imp-log-private.h"
#include "rpc/imp-socket-handover-private.h"
#include "tool/control/control-client.h"
#include "tool/handover/handover-line.h"
#include "tool/tool.h"

/* Both calls are made in a thread, since they wait, while the main loop hears signals. Whoever has
 * started them has gone if there is no @owner. */
typedef struct
{
  gatomicrefcount references;
  TakeOver *owner;
  char *address;
  const char *program;
  ControlClient *client;
  HandoverReader reader;
  gint64 pid; /* of the other one */
} TakeOverLine;

struct _TakeOver
{
  TakeOverLine *line;
  gboolean asked;
  gboolean alone; /* nobody is there who could be replaced */
  int status;     /* of that */
  TakeOverFunc done;
  gpointer user_data;
};

static void
take_over_line_unref (TakeOverLine *line)
{
  if (!g_atomic_ref_count_dec (&line->references))
    return;
  handover_reader_clear (&line->reader);
  g_clear_pointer (&line->client, control_client_free);
  g_free (line->address);
  g_free (line);
}

static TakeOverLine *
take_over_line_ref (TakeOverLine *line)
{
  g_atomic_ref_count_inc (&line->references);
  return line;
}

TakeOver *
take_over_new (const char *address, const char *program)
{
  TakeOver *self = g_new0 (TakeOver, 1);

  self->line = g_new0 (TakeOverLine, 1);
  g_atomic_ref_count_init (&self->line->references);
  self->line->owner = self;
  self->line->address = g_strdup (address);
  self->line->program = program;
  return self;
}

void
take_over_free (TakeOver *self)
{
  self->line->owner = NULL;
  take_over_line_unref (self->line);
  g_free (self);
}

/* ---- asking ---- */

static JsonObject *
take_over_line_receive (TakeOverLine *line, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local = NULL;
      JsonObject *next = handover_reader_next (&line->reader, &local);

      if (next != NULL)
        return next;
      if (local == NULL && handover_reader_read (&line->reader, &local))
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
}

static JsonObject *
take_over_make_request (const char *program)
{
  JsonObject *request = json_object_new ();
  JsonArray *versions = json_array_new ();

  json_array_add_int_element (versions, HANDOVER_VERSION);
  json_object_set_string_member (request, "command", "take-over");
  json_object_set_array_member (request, "versions", versions);
  json_object_set_string_member (request, "program", program);
  return request;
}

static gboolean
take_over_line_get_file (JsonObject *head, ImpSocketBundle *bundle, GError **error)
{
  gint64 device, inode;

  bundle->has_file = json_object_has_member (head, "inode");
  if (!bundle->has_file)
    return TRUE;
  if (!handover_get_number (head, "device", G_MAXINT64, &device, error)
      || !handover_get_number (head, "inode", G_MAXINT64, &inode, error))
    return FALSE;
  bundle->device = (guint64) device;
  bundle->inode = (guint64) inode;
  return TRUE;
}

static ImpSocketBundle *
take_over_line_receive_bundle (TakeOverLine *line, GError **error)
{
  g_autoptr (JsonObject) head = take_over_line_receive (line, error);
  g_autoptr (ImpSocketBundle) bundle = NULL;
  JsonNode *address;
  gint64 id, n;

  if (head == NULL)
    return NULL;
  address = json_object_get_member (head, "address");
  if (address == NULL || json_node_get_value_type (address) != G_TYPE_STRING)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "The other process says no \"address\"");
      return NULL;
    }
  if (!handover_get_number (head, "id", G_MAXINT64, &id, error)
      || !handover_get_number (head, "sockets", IMP_SOCKET_BUNDLE_SIZE, &n, error))
    return NULL;
  bundle = imp_socket_bundle_new (json_node_get_string (address), (guint64) id);
  if (!take_over_line_get_file (head, bundle, error)
      || !handover_reader_take_fds (&line->reader, (guint) n, bundle->fds, error))
    return NULL;
  return g_steal_pointer (&bundle);
}

/* The other process has its reason to do anything else than it should: it is older, or younger. */
static GPtrArray *
take_over_line_receive_all (TakeOverLine *line, GError **error)
{
  g_autoptr (JsonObject) head = take_over_line_receive (line, error);
  g_autoptr (GPtrArray) bundles = NULL;
  gint64 version, n;

  if (head == NULL || !handover_get_number (head, "version", G_MAXINT64, &version, error)
      || !handover_get_number (head, "pid", G_MAXINT64, &line->pid, error)
      || !handover_get_number (head, "addresses", IMP_SOCKET_BUNDLES_MAX, &n, error))
    return NULL;
  if (version != HANDOVER_VERSION)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_VERSION,
                   "The other process hands over by version %" G_GINT64_FORMAT
                   ", and this one takes over by version %u",
                   version, HANDOVER_VERSION);
      return NULL;
    }
  bundles = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_socket_bundle_free);
  for (gint64 i = 0; i < n; i++)
    {
      ImpSocketBundle *bundle = take_over_line_receive_bundle (line, error);

      if (bundle == NULL)
        return NULL;
      g_ptr_array_add (bundles, bundle);
    }
  return g_steal_pointer (&bundles);
}

static void
take_over_ask_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  TakeOverLine *line = data;
  GError *error = NULL;
  GPtrArray *bundles = NULL;

  line->client = control_client_new (line->address, HANDOVER_ANSWER_SECONDS, &error);
  if (line->client != NULL)
    handover_reader_init (&line->reader, g_socket_connection_get_socket (
                                           control_client_get_connection (line->client)));
  if (line->client != NULL
      && control_client_send (line->client, take_over_make_request (line->program), &error))
    bundles = take_over_line_receive_all (line, &error);
  if (bundles != NULL)
    g_task_return_pointer (task, bundles, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
take_over_run (TakeOver *self, GTaskThreadFunc func, GAsyncReadyCallback callback)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, NULL);

  g_task_set_task_data (task, take_over_line_ref (self->line),
                        (GDestroyNotify) take_over_line_unref);
  g_task_run_in_thread (task, func);
}

/* The first start is like all later ones. Whoever has its sockets nevertheless is found when they
 * are opened. */
static gboolean
take_over_finds_nobody (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static void
take_over_on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TakeOverLine *line = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) bundles = g_task_propagate_pointer (G_TASK (result), &error);

  if (line->owner == NULL)
    return;
  line->owner->asked = TRUE;
  line->owner->alone = take_over_finds_nobody (error);
  if (line->owner->alone)
    imp_log_message ("There is nobody to be replaced at %s, and this process starts as always",
                     line->address);
  else if (bundles == NULL)
    line->owner->status = tool_option_error ("--take-over", line->address, error);
  while (bundles != NULL && bundles->len > 0)
    imp_socket_handover_receive (g_ptr_array_steal_index (bundles, 0));
}

int
take_over_ask (TakeOver *self, const gboolean *stopped)
{
  take_over_run (self, take_over_ask_in_thread, take_over_on_asked);
  while (!self->asked && !*stopped)
    g_main_context_iteration (NULL, TRUE);
  return self->status;
}

/* ---- accepting ---- */

static gboolean
take_over_line_say_left (TakeOverLine *line, GError **error)
{
  g_autoptr (GArray) left = imp_socket_handover_drop ();

  for (guint i = 0; i < left->len; i++)
    {
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "left", (gint64) g_array_index (left, guint64, i));
      if (!handover_send (line->reader.socket, object, NULL, error))
        return FALSE;
    }
  return TRUE;
}

static void
take_over_say_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  TakeOverLine *line = data;
  JsonObject *object = json_object_new ();
  g_autoptr (JsonObject) answer = NULL;
  GError *error = NULL;

  json_object_set_boolean_member (object, "accepting", TRUE);
  if (!take_over_line_say_left (line, &error))
    json_object_unref (object);
  else if (handover_send (line->reader.socket, object, NULL, &error))
    answer = take_over_line_receive (line, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* Who has said that it goes on does so. Who has said nothing is gone, or stops as soon as it can,
 * and this process goes on in any case. */
static void
take_over_on_said (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TakeOverLine *line = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  int status = TOOL_DONE;

  g_task_propagate_boolean (G_TASK (result), &error);
  if (line->owner == NULL)
    return;
  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_FAILED))
    status = tool_option_error ("--take-over", line->address, error);
  else
    {
      imp_socket_handover_own ();
      if (error == NULL)
        imp_log_message ("Process %" G_GINT64_FORMAT " has been replaced, and finishes its "
                         "connections",
                         line->pid);
      else
        imp_log_message ("Process %" G_GINT64_FORMAT " was replaced, but has not said so: %s",
                         line->pid, error->message);
    }
  line->owner->done (status, line->owner->user_data);
}

void
take_over_finish (TakeOver *self, TakeOverFunc done, gpointer user_data)
{
  if (self->alone)
    {
      done (TOOL_DONE, user_data);
      return;
    }
  self->done = done;
  self->user_data = user_data;
  take_over_run (self, take_over_say_in_thread, take_over_on_said);
}
