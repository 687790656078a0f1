/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-reload.h"

#include "tool/config/config-drafts.h"
#include "tool/script-options.h"
#include "tool/tool.h"

struct _ServeReload
{
  const ServeSetup *before;
  ServeSockets *sockets_before;
  char *scripts_before; /* the settings of all scripts */
  ServeSetup *setup;
  ServeSockets *sockets;
  ImpFactory *factory; /* NULL: the one that there is */
  ConfigErrors errors;
  gboolean over; /* the options of the process are no draft any more */
  ServeReloadFunc done;
  gpointer user_data;
};

ServeReload *
serve_reload_new (const ServeSetup *before, ServeSockets *sockets)
{
  ServeReload *self = g_new0 (ServeReload, 1);

  self->before = before;
  self->sockets_before = sockets;
  self->scripts_before = g_strdup (script_options_get_settings ());
  self->setup = serve_setup_new ();
  self->setup->config.path = g_strdup (before->config.path);
  self->sockets = serve_sockets_new ();
  serve_sockets_set_label (self->sockets, "--listen");
  config_drafts_begin ();
  return self;
}

static void
serve_reload_end_drafts (ServeReload *self, gboolean adopt)
{
  if (self->over)
    return;
  self->over = TRUE;
  config_drafts_end (adopt);
}

void
serve_reload_free (ServeReload *self)
{
  serve_reload_end_drafts (self, FALSE);
  g_clear_pointer (&self->sockets, serve_sockets_free);
  g_clear_pointer (&self->setup, serve_setup_free);
  g_clear_object (&self->factory);
  g_free (self->scripts_before);
  g_free (self);
}

static gboolean
serve_reload_end_errors (ServeReload *self)
{
  config_errors_end (&self->errors);
  return !config_errors_print (self->setup->file);
}

static gboolean
serve_reload_has_same_modules (ServeReload *self)
{
  const char *const nothing[] = { NULL };
  const char *const *before = (const char *const *) self->before->modules;
  const char *const *modules = (const char *const *) self->setup->modules;

  return g_strv_equal (before != NULL ? before : nothing, modules != NULL ? modules : nothing)
         && g_str_equal (self->scripts_before, script_options_get_settings ());
}

/* Analyzers that are as they were need no other factory, whose clients would have to come again. */
static gboolean
serve_reload_make_factory (ServeReload *self)
{
  int status;

  if (serve_reload_has_same_modules (self))
    return TRUE;
  self->factory = tool_new_factory ((const char *const *) self->setup->modules, &status);
  return self->factory != NULL;
}

static void
serve_reload_on_opened (int status, gpointer user_data)
{
  ServeReload *self = user_data;

  if (status == TOOL_DONE && !self->setup->insecure)
    status = serve_sockets_check_exposure (self->sockets);
  self->done (serve_reload_end_errors (self) && status == TOOL_DONE, self->user_data);
}

void
serve_reload_start (ServeReload *self, ServeReloadFunc done, gpointer user_data)
{
  self->done = done;
  self->user_data = user_data;
  if (!serve_setup_read (self->setup, self->setup->config.path))
    {
      done (FALSE, user_data);
      return;
    }
  self->errors.file = self->setup->file;
  config_errors_begin (&self->errors);
  if (serve_setup_check_files (self->setup) != TOOL_DONE || !serve_reload_make_factory (self))
    done (serve_reload_end_errors (self) && FALSE, user_data);
  else
    serve_sockets_open (self->sockets, self->setup->addresses, self->sockets_before,
                        self->setup->replace, serve_reload_on_opened, self);
}

gboolean
serve_reload_cancel (ServeReload *self)
{
  return serve_sockets_cancel (self->sockets);
}

/* ---- all or nothing ---- */

/* *@n: at how many of them it listens. */
static gboolean
serve_reload_listen (ImpServer *server, char **copies, guint *n, GError **error)
{
  for (*n = 0; copies[*n] != NULL; (*n)++)
    if (!imp_server_listen (server, copies[*n], error))
      return FALSE;
  return TRUE;
}

static void
serve_reload_unlisten (ImpServer *server, char **copies, guint n)
{
  for (guint i = 0; i < n; i++)
    imp_server_unlisten (server, copies[i]);
}

static gboolean
serve_reload_fail (ServeReload *self, const GError *error)
{
  config_errors_begin (&self->errors);
  tool_option_error ("serve", "listen", error);
  serve_reload_end_errors (self);
  return FALSE;
}

/* What could be wrong was found before; so this is for want of descriptors. */
static gboolean
serve_reload_begin_service (ServeReload *self, ImpServer *server)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) copies = serve_sockets_copy (self->sockets, self->sockets_before, &error);
  guint n;

  if (copies == NULL)
    return serve_reload_fail (self, error);
  serve_setup_apply (self->setup, server);
  if (serve_reload_listen (server, copies, &n, &error))
    return TRUE;
  serve_reload_unlisten (server, copies, n);
  serve_sockets_drop_copies (copies + n);
  serve_reload_end_drafts (self, FALSE);
  serve_setup_apply (self->before, server);
  return serve_reload_fail (self, error);
}

/* Files and names go first, so that no further client comes; those who wait are served. */
static void
serve_reload_end_service (ServeReload *self, ImpServer *server, ServeSockets **sockets)
{
  g_auto (GStrv) copies = serve_sockets_copy (*sockets, self->sockets, NULL);

  g_clear_pointer (sockets, serve_sockets_free);
  *sockets = g_steal_pointer (&self->sockets);
  serve_reload_unlisten (server, copies, g_strv_length (copies));
}

gboolean
serve_reload_apply (ServeReload *self, ImpServer *server, ServeSockets **sockets)
{
  g_auto (GStrv) addresses = NULL;

  if (!serve_reload_begin_service (self, server))
    return FALSE;
  addresses = serve_sockets_list_addresses (self->sockets, *sockets);
  serve_reload_end_drafts (self, TRUE);
  if (self->factory != NULL)
    imp_server_set_factory (server, self->factory);
  serve_reload_end_service (self, server, sockets);
  for (char **address = addresses; *address != NULL; address++)
    tool_print_listening (*address);
  return TRUE;
}

ServeSetup *
serve_reload_steal_setup (ServeReload *self)
{
  return g_steal_pointer (&self->setup);
}
