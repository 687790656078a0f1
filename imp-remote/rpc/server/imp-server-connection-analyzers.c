/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The analyzers of a connection, and what they hold. */
#include "core/imp-result-private.h"
#include "rpc/server/imp-server-connection-state-private.h"

typedef ImpServerConnectionAnalyzer Entry;

void
imp_server_connection_analyzer_leave (Entry *entry)
{
  ImpServerConnection *connection = entry->connection;

  if (--entry->calls == 0 && entry->removed)
    {
      g_object_unref (entry->analyzer);
      g_slice_free (Entry, entry);
    }
  imp_server_connection_unref (connection);
}

/* It is out of the table already. */
static void
end (Entry *entry)
{
  imp_server_connection_analyzer_enter (entry);
  entry->connection->held -= entry->held;
  entry->removed = TRUE;
  imp_server_connection_input_clear (entry);
  imp_analyzer_close (entry->analyzer);
  imp_server_connection_analyzer_leave (entry);
}

void
imp_server_connection_remove_all_analyzers (ImpServerConnection *self)
{
  g_autoptr (GPtrArray) entries = imp_id_table_get_values (&self->analyzers);

  imp_id_table_clear (&self->analyzers);
  g_ptr_array_foreach (entries, (GFunc) (void (*) (void)) end, NULL);
}

static void
remove_entry (ImpServerConnection *self, gint64 id)
{
  Entry *entry = imp_id_table_remove (&self->analyzers, id);

  if (entry != NULL)
    end (entry);
  if (self->draining && self->funcs != NULL && self->analyzers.n_values == 0
      && imp_link_get_version (self->link) < 2)
    imp_link_finish (self->link);
}

/* First it is said: with the last analyzer a connection may be finished. */
void
imp_server_connection_fail_analyzer (ImpServerConnection *self, gint64 id, const char *text)
{
  imp_server_connection_send_exception (self, id, text);
  if (id != 0)
    remove_entry (self, id);
}

static void
send_result (Entry *entry, ImpResult *result)
{
  ImpMessage message = { .op = IMP_OP_RESULT, .id = entry->id, .result = result };

  imp_server_connection_send (entry->connection, &message);
}

static void
set_paused (Entry *entry, ImpDirection direction, guint8 *cause, gboolean paused)
{
  guint8 bit = 1 << direction;
  g_autoptr (ImpResult) result = NULL;
  gboolean now;

  *cause = paused ? *cause | bit : *cause & ~bit;
  now = ((entry->paused_by_plugin | entry->paused_here) & bit) != 0;
  if (now == ((entry->paused & bit) != 0))
    return;
  entry->paused ^= bit;
  result = now ? imp_result_new_pause (direction) : imp_result_new_continue (direction);
  send_result (entry, result);
}

static gsize
count_held (Entry *entry)
{
  return imp_analyzer_get_held (entry->analyzer)
         + (entry->unfed == NULL ? 0 : imp_server_connection_input_count (entry));
}

/* Above half of what it may hold the client is asked to pause, below a quarter to go on. */
static void
update_held (Entry *entry)
{
  gsize held = count_held (entry);
  gboolean above, below;

  if (held == entry->held)
    return;
  entry->connection->held += held - entry->held;
  entry->held = held;
  above = held > entry->connection->options.max_held / 2;
  below = held <= entry->connection->options.max_held / 4;
  if (above || (below && entry->paused_here != 0))
    for (guint direction = 0; direction < 2; direction++)
      set_paused (entry, direction, &entry->paused_here, above);
}

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Entry *entry = user_data;

  imp_server_connection_analyzer_enter (entry);
  if (result->type == IMP_RESULT_PAUSE || result->type == IMP_RESULT_CONTINUE)
    {
      set_paused (entry, result->direction, &entry->paused_by_plugin,
                  result->type == IMP_RESULT_PAUSE);
    }
  else
    {
      send_result (entry, result);
      /* While it is called, what it holds is looked at once, in the end. */
      if (!entry->removed && entry->calls == 1)
        update_held (entry);
    }
  imp_server_connection_analyzer_leave (entry);
}

static void
check_held (ImpServerConnection *self, Entry *entry)
{
  g_autofree char *text = NULL;

  if (entry->held <= self->options.max_held && self->held <= self->options.max_held_all)
    return;
  text = g_strdup_printf (
    "the analyzer holds %" G_GSIZE_FORMAT " bytes without a verdict (max-held is %" G_GSIZE_FORMAT
    "), all of the connection %" G_GSIZE_FORMAT " (max-held-all is %" G_GSIZE_FORMAT ")",
    entry->held, self->options.max_held, self->held, self->options.max_held_all);
  imp_server_connection_fail_analyzer (self, entry->id, text);
}

void
imp_server_connection_analyzer_check (Entry *entry)
{
  if (!entry->removed)
    update_held (entry);
  if (!entry->removed)
    check_held (entry->connection, entry);
}

static gboolean
may_be_new (ImpServerConnection *self, gint64 id)
{
  g_autofree char *text = NULL;

  if (imp_id_table_lookup (&self->analyzers, id) != NULL)
    text = g_strdup_printf ("there is an analyzer %" G_GINT64_FORMAT " already", id);
  else if (self->analyzers.n_values >= self->options.max_analyzers)
    text = g_strdup_printf ("there are %u analyzers already (max-analyzers)",
                            self->options.max_analyzers);
  if (text == NULL)
    return TRUE;
  imp_server_connection_send_exception (self, id, text);
  return FALSE;
}

static void
insert (ImpServerConnection *self, gint64 id, ImpAnalyzer *analyzer)
{
  Entry *entry = g_slice_new0 (Entry);

  entry->id = id;
  entry->connection = self;
  entry->analyzer = g_object_ref (analyzer);
  imp_id_table_insert (&self->analyzers, id, entry);
  imp_analyzer_set_callback (analyzer, on_result, entry, NULL);
}

void
imp_server_connection_on_new_analyzer (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  if (!may_be_new (self, message->id))
    return;
  analyzer = imp_factory_create_packed (self->bound, message->context, &error);
  if (analyzer == NULL)
    imp_server_connection_send_exception (self, message->id, error->message);
  /* Asked again, since the plugin may have let things go on meanwhile. */
  else if (self->funcs != NULL && may_be_new (self, message->id))
    insert (self, message->id, analyzer);
  else
    imp_analyzer_close (analyzer);
}

void
imp_server_connection_on_delete_analyzer (ImpServerConnection *self, ImpMessage *message)
{
  /* One that failed here may be deleted by a client who does not know it yet. */
  remove_entry (self, message->id);
}

void
imp_server_connection_on_data (ImpServerConnection *self, ImpMessage *message)
{
  Entry *entry = imp_id_table_lookup (&self->analyzers, message->id);

  if (entry == NULL)
    {
      g_autofree char *text = g_strdup_printf ("there is no analyzer %" G_GINT64_FORMAT,
                                               message->id);

      imp_server_connection_send_exception (self, message->id, text);
      return;
    }

  imp_server_connection_analyzer_enter (entry);
  imp_server_connection_input_take (entry, message);
  imp_server_connection_analyzer_check (entry);
  imp_server_connection_analyzer_leave (entry);
}

void
imp_server_connection_on_busy (ImpServerConnection *self, ImpMessage *message)
{
  Entry *entry = imp_id_table_lookup (&self->analyzers, message->id);

  if (entry == NULL)
    return;
  imp_server_connection_analyzer_enter (entry);
  imp_analyzer_set_busy (entry->analyzer, message->direction, message->busy);
  if (!entry->removed)
    update_held (entry);
  imp_server_connection_resume_input (self);
  imp_server_connection_analyzer_leave (entry);
}
