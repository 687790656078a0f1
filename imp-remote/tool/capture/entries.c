/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/entries.h"

#include "core/imp-clean-text-private.h"

#include <string.h>

static const char *const entry_kinds[] = {
  [ENTRY_PASSED] = "passed",     [ENTRY_REPLACED] = "replaced",   [ENTRY_ADDED] = "added",
  [ENTRY_DENIED] = "denied",     [ENTRY_DROPPED] = "dropped",     [ENTRY_FAILED] = "failed",
  [ENTRY_LOGGED] = "logged",     [ENTRY_ACCOUNTED] = "accounted", [ENTRY_GAP] = "gap",
  [ENTRY_CONFLICT] = "conflict", [ENTRY_NOTE] = "note",
};

const char *
entry_kind_to_string (EntryKind kind)
{
  return entry_kinds[kind];
}

const char *
entry_direction_to_string (int direction)
{
  return direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server";
}

void
entries_init (Entries *self, TcpBudget *budget)
{
  *self = (Entries){ .last_passed = { -1, -1 }, .budget = budget };
  self->list = g_array_new (FALSE, FALSE, sizeof (Entry));
}

void
entries_clear (Entries *self)
{
  for (guint i = 0; i < self->list->len; i++)
    g_free (g_array_index (self->list, Entry, i).text);
  g_array_unref (self->list);
  self->budget->used -= self->size;
}

static gboolean
entries_extend_passed (Entries *self, const Entry *entry)
{
  const gint last = entry->kind == ENTRY_PASSED ? self->last_passed[entry->direction] : -1;
  Entry *passed;

  if (last < 0)
    return FALSE;
  passed = &g_array_index (self->list, Entry, last);
  if (passed->offset + passed->length != entry->offset)
    return FALSE;
  passed->length += entry->length;
  passed->last_packet = entry->last_packet;
  return TRUE;
}

/* A refusal is told whatever there is before it. What traffic alone brings about must not take the
 * place of what an analyzer has to say. */
static gboolean
entries_have_room (const Entries *self, EntryKind kind)
{
  guint max = ENTRIES_MAX;

  if (kind == ENTRY_DENIED || kind == ENTRY_DROPPED || kind == ENTRY_FAILED)
    return TRUE;
  if (kind == ENTRY_GAP || kind == ENTRY_CONFLICT || kind == ENTRY_NOTE)
    max = ENTRIES_ODD_MAX;
  return self->list->len < max && self->budget->used <= self->budget->max;
}

void
entries_add (Entries *self, const Entry *entry, const char *text)
{
  Entry added = *entry;
  gsize size = sizeof added;

  if (entries_extend_passed (self, entry))
    return;
  if (!entries_have_room (self, entry->kind))
    {
      self->omitted++;
      return;
    }
  if (text != NULL)
    {
      const gsize length = strlen (text), shown = MIN (length, ENTRIES_TEXT_MAX);

      added.text = imp_clean_text (text, shown, length - shown);
      size += strlen (added.text);
    }
  self->size += size;
  self->budget->used += size;
  if (entry->kind == ENTRY_PASSED)
    self->last_passed[entry->direction] = self->list->len;
  g_array_append_val (self->list, added);
}

void
entries_add_note (Entries *self, int direction, guint64 packet, const char *text)
{
  const Entry note = {
    .kind = ENTRY_NOTE,
    .direction = direction,
    .offset = -1,
    .packet = packet,
    .last_packet = packet,
  };

  entries_add (self, &note, text);
}
