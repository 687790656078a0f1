/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/rehearse/rehearse-connection.h"

#include "tool/opening.h"

#include <stdio.h>
#include <string.h>

#define CONNECT_TIMEOUT 10000 /* ms */

typedef struct
{
  char **listen;
  char *connect;
  char *faults;

  GMainLoop *loop;
  GSocketConnectable *target;
  Opening *opening;
  GPtrArray *listeners; /* of ImpListener */
  GHashTable *connections;
  GHashTable *sums; /* statistics: name -> number, of connections that have ended */
  guint n_connections;
  gboolean stopped; /* by a signal */
  int status;
} Rehearse;

static void
rehearse_clear (Rehearse *self)
{
  g_strfreev (self->listen);
  g_free (self->connect);
  g_free (self->faults);
  g_clear_pointer (&self->opening, opening_free);
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_clear_pointer (&self->connections, g_hash_table_unref);
  g_clear_pointer (&self->sums, g_hash_table_unref);
  g_clear_object (&self->target);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rehearse, rehearse_clear)

static void
rehearse_add_statistics (Rehearse *self, RehearseConnection *connection)
{
  g_autoptr (GVariant) numbers = rehearse_connection_get_statistics (connection);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, numbers);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      guint64 *sum = g_hash_table_lookup (self->sums, name);

      if (sum == NULL)
        {
          sum = g_new0 (guint64, 1);
          g_hash_table_insert (self->sums, g_strdup (name), sum);
        }
      *sum += g_variant_get_uint64 (value);
    }
}

static void
rehearse_on_connection_over (RehearseConnection *connection, gpointer user_data)
{
  Rehearse *self = user_data;

  rehearse_add_statistics (self, connection);
  g_hash_table_remove (self->connections, connection);
}

/* The first connection gets the seed as it is; each further one gets the next, so that not all have
 * the same faults, and yet a second run has those of the first. */
static char *
rehearse_get_faults (const char *faults, guint number)
{
  g_auto (GStrv) settings = g_strsplit (faults, "&", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) result = NULL;
  g_autofree char *seed_setting = NULL;
  guint64 seed = 0;

  for (guint i = 0; settings[i] != NULL; i++)
    if (g_str_has_prefix (settings[i], "seed="))
      seed = g_ascii_strtoull (settings[i] + strlen ("seed="), NULL, 10);
    else if (settings[i][0] != '\0')
      g_strv_builder_add (builder, settings[i]);
  seed_setting = g_strdup_printf ("seed=%" G_GUINT64_FORMAT, seed + number);
  g_strv_builder_add (builder, seed_setting);
  result = g_strv_builder_end (builder);
  return g_strjoinv ("&", result);
}

static void
rehearse_on_connection (GSocketConnection *client, gpointer user_data)
{
  Rehearse *self = user_data;
  g_autofree char *faults = rehearse_get_faults (self->faults, self->n_connections);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = imp_fault_stream_new (G_IO_STREAM (client), faults, &error);

  /* The settings were checked before anybody could connect. */
  g_assert_no_error (error);
  self->n_connections++;
  g_hash_table_add (self->connections,
                    rehearse_connection_new (stream, self->target, self->connect, CONNECT_TIMEOUT,
                                             rehearse_on_connection_over, self));
}

static void
rehearse_stop (gpointer user_data)
{
  Rehearse *self = user_data;

  self->stopped = TRUE;
  if (self->opening != NULL)
    opening_cancel (self->opening);
  else
    g_main_loop_quit (self->loop);
}

static gboolean
rehearse_parse (Rehearse *self, int *argc, char ***argv, int *status)
{
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING_ARRAY, &self->listen,
      "Where providers connect to; can be given several times", "ADDRESS" },
    { "connect", 'c', 0, G_OPTION_ARG_STRING, &self->connect, "Where the server listens",
      "ADDRESS" },
    { "faults", 'f', 0, G_OPTION_ARG_STRING, &self->faults, "Which faults to inject", "SETTINGS" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "- inject faults between a provider and a server",
    .summary = "Stands between a provider and its server, forwards their bytes, and injects "
               "faults\ninto the provider's connection, e.g. "
               "\"seed=1&delay=20&write-reset-at=5000\": \"read-\" is what\ncomes from "
               "the provider, \"write-\" what goes to it, neither is both. Then delay, "
               "jitter\n(ms), chunk, chunk-min (bytes), block-first, block-rate (%), corrupt-at, "
               "corrupt-every,\nreset-at, stall-at, eof-at (bytes). Prints at the end how often "
               "each has happened.",
    .entries = entries,
  };

  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc != 1)
    *status = tool_usage_error ("rehearse: \"%s\" is no option", (*argv)[1]);
  else if (self->listen == NULL)
    *status = tool_usage_error ("rehearse: --listen ADDRESS is missing");
  else if (self->connect == NULL)
    *status = tool_usage_error ("rehearse: --connect ADDRESS is missing");
  else if (self->faults == NULL)
    *status = tool_usage_error ("rehearse: --faults SETTINGS is missing");
  return *status == TOOL_DONE;
}

/* The settings are checked with a stream that nobody reads. */
static int
rehearse_check_faults (Rehearse *self)
{
  g_autoptr (GInputStream) input = g_memory_input_stream_new ();
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) base = g_simple_io_stream_new (input, output);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = imp_fault_stream_new (base, self->faults, &error);

  return stream != NULL ? TOOL_DONE : tool_option_error ("--faults", self->faults, error);
}

static int
rehearse_find_target (Rehearse *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) address = imp_address_parse (self->connect, &error);

  if (address != NULL && imp_address_refuse_tls (address, self->connect, &error))
    self->target = imp_address_to_connectable (address, &error);
  return self->target != NULL ? TOOL_DONE : tool_option_error ("--connect", self->connect, error);
}

/* All listeners are open, or one of them cannot be. */
static void
rehearse_on_opened (int status, gpointer user_data)
{
  Rehearse *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  if (status != TOOL_DONE || self->stopped)
    {
      self->status = self->stopped ? TOOL_DONE : status;
      g_main_loop_quit (self->loop);
      return;
    }
  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];

      imp_listener_start (listener, g_main_context_default (), rehearse_on_connection, self);
      tool_print_listening (imp_listener_get_address (listener));
    }
}

static int
rehearse_open (Rehearse *self)
{
  self->opening = opening_new ();
  for (guint i = 0; self->listen[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpAddress) address = imp_address_parse (self->listen[i], &error);

      if (address == NULL || !imp_address_refuse_tls (address, self->listen[i], &error))
        return tool_option_error ("--listen", self->listen[i], error);
      opening_add (self->opening, address, self->listen[i], self->listeners);
    }
  opening_start (self->opening, rehearse_on_opened, self);
  return TOOL_DONE;
}

static void
rehearse_print_summary (Rehearse *self)
{
  GHashTableIter iter;
  g_autoptr (GList) names = NULL;
  gpointer connection;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    rehearse_add_statistics (self, connection);

  tool_print ("connections %u", self->n_connections);
  names = g_list_sort (g_hash_table_get_keys (self->sums), (GCompareFunc) strcmp);
  for (GList *l = names; l != NULL; l = l->next)
    {
      const guint64 *sum = g_hash_table_lookup (self->sums, l->data);

      if (*sum > 0)
        tool_print ("%s %" G_GUINT64_FORMAT, (const char *) l->data, *sum);
    }
}

static int
rehearse_run (int argc, char **argv)
{
  g_auto (Rehearse) self = { .status = TOOL_DONE };
  int status = TOOL_DONE;

  if (!rehearse_parse (&self, &argc, &argv, &status))
    return status;
  self.listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  self.connections = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) rehearse_connection_free,
                                            NULL);
  self.sums = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.loop = g_main_loop_new (NULL, FALSE);
  status = rehearse_check_faults (&self);
  if (status == TOOL_DONE)
    status = rehearse_find_target (&self);
  if (status != TOOL_DONE)
    return status;

  tool_watch_signals (rehearse_stop, &self);
  status = rehearse_open (&self);
  if (status != TOOL_DONE)
    return status;
  g_main_loop_run (self.loop);
  if (self.status == TOOL_DONE)
    rehearse_print_summary (&self);
  return self.status;
}

const ToolCommand tool_rehearse = {
  .name = "rehearse",
  .alias = "faults",
  .summary = "inject faults between a provider and a server",
  .run = rehearse_run,
};
