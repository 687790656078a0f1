/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/control/control.h"

#include "core/imp-log-private.h"
#include "rpc/imp-access-private.h"
#include "rpc/imp-listener-private.h"
#include "tool/control/control-connection.h"
#include "tool/tool.h"

/* At a time; a further one takes the place of the one that was left alone for longest. */
#define MAX_CLIENTS 16

typedef struct
{
  const ControlCommand *command;
  gpointer user_data;
} ControlEntry;

struct _Control
{
  GArray *entries;      /* of ControlEntry */
  GPtrArray *listeners; /* of ImpListener */
  GPtrArray *clients;   /* of ControlConnection */
  ImpAccess access;     /* whatever the program's own sockets say: its user and root */
};

Control *
control_new (void)
{
  Control *self = g_new0 (Control, 1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (ControlEntry));
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) control_connection_free);
  return self;
}

void
control_free (Control *self)
{
  g_ptr_array_unref (self->listeners);
  g_ptr_array_unref (self->clients);
  g_array_unref (self->entries);
  imp_access_clear (&self->access);
  g_free (self);
}

static const ControlEntry *
control_find (Control *self, const char *name)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const ControlEntry *entry = &g_array_index (self->entries, ControlEntry, i);

      if (g_str_equal (entry->command->name, name))
        return entry;
    }
  return NULL;
}

void
control_add (Control *self, const ControlCommand *commands, gsize n, gpointer user_data)
{
  for (gsize i = 0; i < n; i++)
    {
      const ControlEntry entry = { .command = &commands[i], .user_data = user_data };

      g_assert (control_find (self, commands[i].name) == NULL);
      g_array_append_val (self->entries, entry);
    }
}

static char *
control_list_names (Control *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->entries->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                            g_array_index (self->entries, ControlEntry, i).command->name);
  return g_string_free (text, FALSE);
}

static void
control_on_request (ControlRequest *request, gpointer user_data)
{
  Control *self = user_data;
  const ControlEntry *entry = control_find (self, control_request_get_command (request));
  g_autofree char *names = NULL, *text = NULL;

  if (entry != NULL)
    {
      entry->command->handle (request, entry->user_data);
      return;
    }
  names = control_list_names (self);
  text = g_strdup_printf ("There is no command \"%s\"; there are %s",
                          control_request_get_command (request), names);
  control_request_fail (request, text);
}

static void
control_on_over (ControlConnection *connection, gpointer user_data)
{
  Control *self = user_data;

  g_ptr_array_remove_fast (self->clients, connection);
}

static gboolean
control_admit (Control *self, GSocketConnection *client)
{
  g_autoptr (GError) error = NULL;
  ImpCredentials credentials;
  gboolean admitted;

  if (!imp_credentials_get (G_IO_STREAM (client), &credentials))
    return FALSE;
  admitted = imp_access_admit (&self->access, &credentials, &error);
  imp_credentials_clear (&credentials);
  if (!admitted)
    imp_log_kind (IMP_LOG_CLIENT_REFUSED, "--control: refused: %s", error->message);
  return admitted;
}

/* FALSE: all of them wait for answers. */
static gboolean
control_make_room (Control *self)
{
  ControlConnection *oldest = NULL;
  gint64 since = G_MAXINT64;

  if (self->clients->len < MAX_CLIENTS)
    return TRUE;
  for (guint i = 0; i < self->clients->len; i++)
    {
      const gint64 idle = control_connection_get_idle_since (self->clients->pdata[i]);

      if (idle < 0 || idle >= since)
        continue;
      oldest = self->clients->pdata[i];
      since = idle;
    }
  return oldest != NULL && g_ptr_array_remove_fast (self->clients, oldest);
}

static void
control_on_client (GSocketConnection *client, gpointer user_data)
{
  Control *self = user_data;

  if (control_admit (self, client) && control_make_room (self))
    g_ptr_array_add (self->clients,
                     control_connection_new (client, control_on_request, control_on_over, self));
  else
    g_io_stream_close (G_IO_STREAM (client), NULL, NULL);
}

int
control_open (Control *self, const char *address, gboolean replace)
{
  const ImpListenerOptions options = { .replace = replace, .mode = IMP_LISTENER_MODE_DEFAULT };
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) parsed = imp_address_parse (address, &error);

  g_assert (self->listeners->len == 0);
  if (parsed == NULL)
    return tool_option_error ("--control", address, error);
  if (parsed->kind != IMP_ADDRESS_PATH && parsed->kind != IMP_ADDRESS_ABSTRACT)
    return tool_usage_error ("--control \"%s\": a unix socket is wanted: /PATH, ./PATH or @NAME",
                             address);
  if (!imp_listener_open (parsed, &options, self->listeners, &error))
    return tool_option_error ("--control", address, error);
  imp_listener_start (self->listeners->pdata[0], g_main_context_default (), control_on_client,
                      self);
  return TOOL_DONE;
}
