/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-port.h"

#include "tool/tool.h"

RelayPort *
relay_port_new (const char *text, ImpAddress *address)
{
  RelayPort *self = g_rc_box_new0 (RelayPort);

  self->text = g_strdup (text);
  self->address = address;
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  return self;
}

RelayPort *
relay_port_ref (RelayPort *self)
{
  return g_rc_box_acquire (self);
}

static void
relay_port_clear (RelayPort *self)
{
  g_ptr_array_unref (self->listeners);
  imp_address_free (self->address);
  g_free (self->text);
}

void
relay_port_unref (RelayPort *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) relay_port_clear);
}

gboolean
relay_port_is_open (const RelayPort *self)
{
  return self->listeners->len > 0;
}

static void
relay_port_on_connection (GSocketConnection *client, gpointer user_data)
{
  RelayPort *self = user_data;

  self->func (client, self->owner);
}

static void
relay_port_begin (RelayPort *self, RelayOwn *own)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      g_autoptr (GSocketAddress) address = imp_listener_dup_socket_address (listener);

      if (address != NULL)
        relay_own_add_listener (own, address);
      imp_listener_start (listener, g_main_context_default (), relay_port_on_connection, self);
      tool_print_listening (imp_listener_get_address (listener));
    }
}

void
relay_port_start (RelayPort *self, ImpListenerFunc func, gpointer owner, RelayOwn *own)
{
  const gboolean is_first = self->owner == NULL;

  self->func = func;
  self->owner = owner;
  self->next_owner = NULL;
  if (is_first)
    relay_port_begin (self, own);
}

void
relay_port_stop (RelayPort *self, gpointer owner, guint n_max, RelayOwn *own)
{
  if (self->owner != owner)
    return;
  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      g_autoptr (GSocketAddress) address = imp_listener_dup_socket_address (listener);

      imp_listener_stop (listener, n_max);
      if (address != NULL)
        relay_own_remove_listener (own, address);
    }
  g_ptr_array_set_size (self->listeners, 0);
}

void
relay_port_set_accepting (RelayPort *self, gpointer owner, gboolean accepting)
{
  if (self->owner != owner)
    return;
  for (guint i = 0; i < self->listeners->len; i++)
    imp_listener_set_accepting (self->listeners->pdata[i], accepting);
}
