/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-sockets.h"

#include "tool/access-options.h"
#include "tool/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one address stands for. */
typedef struct
{
  char *text;           /* as the user wrote it */
  GPtrArray *listeners; /* of ImpListener, none of which is started */
  GPtrArray *copies;    /* of text, one of each; empty until they are made */
} ServeSocket;

struct _ServeSockets
{
  GPtrArray *sockets; /* of ServeSocket, which several of these may have */
  const char *label;
  Opening *opening; /* NULL: not under way, or there is nothing to be opened */
  guint idle;       /* the source of the end, in the second case; else 0 */
  OpeningFunc done;
  gpointer user_data;
};

static void
serve_socket_clear (gpointer data)
{
  ServeSocket *self = data;

  g_free (self->text);
  g_ptr_array_unref (self->listeners);
  g_ptr_array_unref (self->copies);
}

static void
serve_socket_release (gpointer data)
{
  g_rc_box_release_full (data, serve_socket_clear);
}

static ServeSocket *
serve_socket_new (const char *text)
{
  ServeSocket *self = g_rc_box_new0 (ServeSocket);

  self->text = g_strdup (text);
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  self->copies = g_ptr_array_new_with_free_func (g_free);
  return self;
}

/* FALSE with an error. */
static gboolean
serve_socket_copy (ServeSocket *self, GError **error)
{
  for (guint i = self->copies->len; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      int fd = fcntl (imp_listener_get_fd (listener), F_DUPFD_CLOEXEC, 3);

      if (fd < 0)
        {
          g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
          return FALSE;
        }
      g_ptr_array_add (self->copies,
                       g_strdup_printf ("%sfd:%d", imp_listener_is_tls (listener) ? "tls:" : "",
                                        fd));
    }
  return TRUE;
}

ServeSockets *
serve_sockets_new (void)
{
  ServeSockets *self = g_new0 (ServeSockets, 1);

  self->sockets = g_ptr_array_new_with_free_func (serve_socket_release);
  self->label = "serve";
  return self;
}

void
serve_sockets_free (ServeSockets *self)
{
  g_assert (self->opening == NULL && self->idle == 0);
  g_ptr_array_unref (self->sockets);
  g_free (self);
}

void
serve_sockets_set_label (ServeSockets *self, const char *label)
{
  self->label = label;
}

static gboolean
serve_sockets_has (ServeSockets *self, ServeSocket *socket)
{
  return self != NULL && g_ptr_array_find (self->sockets, socket, NULL);
}

/* One that is not taken yet, or NULL. */
static ServeSocket *
serve_sockets_take (ServeSockets *self, ServeSockets *before, const char *text)
{
  for (guint i = 0; before != NULL && i < before->sockets->len; i++)
    {
      ServeSocket *socket = before->sockets->pdata[i];

      if (g_str_equal (socket->text, text) && !serve_sockets_has (self, socket))
        return g_rc_box_acquire (socket);
    }
  return NULL;
}

static void
serve_sockets_on_opened (int status, gpointer user_data)
{
  ServeSockets *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  self->done (status, self->user_data);
}

static void
serve_sockets_on_nothing_to_open (gpointer user_data)
{
  ServeSockets *self = user_data;

  self->idle = 0;
  self->done (TOOL_DONE, self->user_data);
}

static void
serve_sockets_add (ServeSockets *self, const char *text, ServeSockets *before, gboolean *opens)
{
  ServeSocket *socket = serve_sockets_take (self, before, text);

  if (socket == NULL)
    {
      g_autoptr (ImpAddress) address = imp_address_parse (text, NULL);

      socket = serve_socket_new (text);
      opening_add (self->opening, address, text, socket->listeners);
      *opens = TRUE;
    }
  g_ptr_array_add (self->sockets, socket);
}

void
serve_sockets_open (ServeSockets *self, char **addresses, ServeSockets *before, gboolean replace,
                    OpeningFunc done, gpointer user_data)
{
  gboolean opens = FALSE;

  self->opening = opening_new ();
  self->done = done;
  self->user_data = user_data;
  opening_set_mode (self->opening, access_options_get_mode ());
  opening_set_option (self->opening, self->label);
  opening_set_replace (self->opening, replace);
  for (; *addresses != NULL; addresses++)
    serve_sockets_add (self, *addresses, before, &opens);
  if (opens)
    {
      opening_start (self->opening, serve_sockets_on_opened, self);
      return;
    }
  g_clear_pointer (&self->opening, opening_free);
  self->idle = g_idle_add_once (serve_sockets_on_nothing_to_open, self);
}

gboolean
serve_sockets_cancel (ServeSockets *self)
{
  if (self->opening != NULL)
    opening_cancel (self->opening);
  return self->opening != NULL || self->idle != 0;
}

int
serve_sockets_check_exposure (ServeSockets *self)
{
  for (guint i = 0; i < self->sockets->len; i++)
    {
      ServeSocket *socket = self->sockets->pdata[i];

      for (guint j = 0; j < socket->listeners->len; j++)
        {
          ImpListener *listener = socket->listeners->pdata[j];
          g_autoptr (GError) error = NULL;

          if (!imp_listener_check_exposure (listener, &error))
            return tool_option_error (self->label, socket->text, error);
        }
    }
  return TOOL_DONE;
}

static char **
serve_sockets_end_list (GPtrArray *texts)
{
  g_ptr_array_add (texts, NULL);
  return (char **) g_ptr_array_free (texts, FALSE);
}

char **
serve_sockets_list_addresses (ServeSockets *self, ServeSockets *other)
{
  GPtrArray *addresses = g_ptr_array_new ();

  for (guint i = 0; i < self->sockets->len; i++)
    {
      ServeSocket *socket = self->sockets->pdata[i];

      for (guint j = 0; j < socket->listeners->len && !serve_sockets_has (other, socket); j++)
        g_ptr_array_add (addresses,
                         g_strdup (imp_listener_get_address (socket->listeners->pdata[j])));
    }
  return serve_sockets_end_list (addresses);
}

char **
serve_sockets_copy (ServeSockets *self, ServeSockets *other, GError **error)
{
  g_autoptr (GPtrArray) copies = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->sockets->len; i++)
    {
      ServeSocket *socket = self->sockets->pdata[i];

      if (serve_sockets_has (other, socket))
        continue;
      if (!serve_socket_copy (socket, error))
        return NULL;
      for (guint j = 0; j < socket->copies->len; j++)
        g_ptr_array_add (copies, g_strdup (socket->copies->pdata[j]));
    }
  return serve_sockets_end_list (g_steal_pointer (&copies));
}

void
serve_sockets_drop_copies (char **copies)
{
  for (; *copies != NULL; copies++)
    close (atoi (strrchr (*copies, ':') + 1));
}
