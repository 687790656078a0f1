/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/opening.h"

#include "tool/tool.h"

typedef struct
{
  ImpAddress *address;
  char *text;
  GPtrArray *listeners;
} OpeningEntry;

struct _Opening
{
  GQueue entries; /* of OpeningEntry: those that are not open yet */
  ImpListenerOptions options;
  const char *option; /* that errors are about */
  GCancellable *cancellable;
  OpeningFunc done; /* NULL: not under way */
  gpointer user_data;
};

static void
opening_entry_free (OpeningEntry *entry)
{
  imp_address_free (entry->address);
  g_free (entry->text);
  g_ptr_array_unref (entry->listeners);
  g_free (entry);
}

Opening *
opening_new (void)
{
  Opening *self = g_new0 (Opening, 1);

  self->options.mode = IMP_LISTENER_MODE_DEFAULT;
  self->option = "--listen";
  self->cancellable = g_cancellable_new ();
  return self;
}

void
opening_free (Opening *self)
{
  g_assert (self->done == NULL);
  g_queue_clear_full (&self->entries, (GDestroyNotify) opening_entry_free);
  g_object_unref (self->cancellable);
  g_free (self);
}

void
opening_set_mode (Opening *self, guint mode)
{
  self->options.mode = mode;
}

void
opening_set_option (Opening *self, const char *option)
{
  self->option = option;
}

void
opening_set_replace (Opening *self, gboolean replace)
{
  self->options.replace = replace;
}

void
opening_add (Opening *self, const ImpAddress *address, const char *text, GPtrArray *listeners)
{
  OpeningEntry *entry = g_new0 (OpeningEntry, 1);

  entry->address = imp_address_copy (address);
  entry->text = g_strdup (text);
  entry->listeners = g_ptr_array_ref (listeners);
  g_queue_push_tail (&self->entries, entry);
}

static void
opening_finish (Opening *self, int status)
{
  OpeningFunc done = g_steal_pointer (&self->done);

  done (status, self->user_data);
}

static void opening_continue (Opening *self);

static void
opening_on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Opening *self = user_data;
  OpeningEntry *entry = g_queue_pop_head (&self->entries);
  g_autoptr (GError) error = NULL;
  GPtrArray *opened = imp_listener_open_finish (result, &error);
  int status = TOOL_DONE;

  if (opened != NULL)
    g_ptr_array_extend_and_steal (entry->listeners, opened);
  else if (g_cancellable_is_cancelled (self->cancellable))
    status = TOOL_FAILED;
  else
    status = tool_option_error (self->option, entry->text, error);
  opening_entry_free (entry);
  if (status == TOOL_DONE)
    opening_continue (self);
  else
    opening_finish (self, status);
}

static void
opening_continue (Opening *self)
{
  OpeningEntry *next = g_queue_peek_head (&self->entries);

  if (next == NULL)
    opening_finish (self, TOOL_DONE);
  else
    imp_listener_open_async (next->address, &self->options, self->cancellable, opening_on_opened,
                             self);
}

void
opening_start (Opening *self, OpeningFunc done, gpointer user_data)
{
  g_assert (self->done == NULL && self->entries.length > 0);
  self->done = done;
  self->user_data = user_data;
  opening_continue (self);
}

void
opening_cancel (Opening *self)
{
  g_cancellable_cancel (self->cancellable);
}
