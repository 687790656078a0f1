/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-sockets.h"

#include "tool/access-options.h"
#include "tool/tool.h"

#include <errno.h>
#include <fcntl.h>

struct _ServeSockets
{
  GPtrArray *listeners; /* of ImpListener, none of which is started */
  Opening *opening;     /* NULL: not under way */
  OpeningFunc done;
  gpointer user_data;
};

ServeSockets *
serve_sockets_new (void)
{
  ServeSockets *self = g_new0 (ServeSockets, 1);

  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  return self;
}

void
serve_sockets_free (ServeSockets *self)
{
  g_assert (self->opening == NULL);
  g_ptr_array_unref (self->listeners);
  g_free (self);
}

static void
serve_sockets_on_opened (int status, gpointer user_data)
{
  ServeSockets *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  self->done (status, self->user_data);
}

void
serve_sockets_open (ServeSockets *self, char **addresses, gboolean replace, OpeningFunc done,
                    gpointer user_data)
{
  self->opening = opening_new ();
  self->done = done;
  self->user_data = user_data;
  opening_set_mode (self->opening, access_options_get_mode ());
  opening_set_option (self->opening, "serve");
  opening_set_replace (self->opening, replace);
  for (; *addresses != NULL; addresses++)
    {
      g_autoptr (ImpAddress) address = imp_address_parse (*addresses, NULL);

      opening_add (self->opening, address, *addresses, self->listeners);
    }
  opening_start (self->opening, serve_sockets_on_opened, self);
}

gboolean
serve_sockets_cancel (ServeSockets *self)
{
  if (self->opening == NULL)
    return FALSE;
  opening_cancel (self->opening);
  return TRUE;
}

int
serve_sockets_check_exposure (ServeSockets *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      g_autoptr (GError) error = NULL;

      if (!imp_listener_check_exposure (listener, &error))
        return tool_option_error ("serve", imp_listener_get_address (listener), error);
    }
  return TOOL_DONE;
}

char **
serve_sockets_list_addresses (ServeSockets *self)
{
  char **addresses = g_new0 (char *, self->listeners->len + 1);

  for (guint i = 0; i < self->listeners->len; i++)
    addresses[i] = g_strdup (imp_listener_get_address (self->listeners->pdata[i]));
  return addresses;
}

char **
serve_sockets_copy (ServeSockets *self, GError **error)
{
  g_auto (GStrv) texts = g_new0 (char *, self->listeners->len + 1);

  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      int fd = fcntl (imp_listener_get_fd (listener), F_DUPFD_CLOEXEC, 3);

      if (fd < 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
          return NULL;
        }
      texts[i] = g_strdup_printf ("%sfd:%d", imp_listener_is_tls (listener) ? "tls:" : "", fd);
    }
  return g_steal_pointer (&texts);
}
