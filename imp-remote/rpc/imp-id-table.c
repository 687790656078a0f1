/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-id-table-private.h"

/* 16 slots at least; between an eighth and two thirds of all are taken. */
#define SHIFT_MAX 60

void
imp_id_table_init (ImpIdTable *self)
{
  *self = (ImpIdTable){
    .mask = G_MAXUINT64 >> SHIFT_MAX,
    .shift = SHIFT_MAX,
    .secret = ((guint64) g_random_int () << 32 | g_random_int ()) | 1,
  };
}

void
imp_id_table_clear (ImpIdTable *self)
{
  g_clear_pointer (&self->slots, g_free);
  self->mask = G_MAXUINT64 >> SHIFT_MAX;
  self->shift = SHIFT_MAX;
  self->n_values = 0;
}

static gsize
id_table_count_slots (const ImpIdTable *self)
{
  return self->mask + 1;
}

static void
id_table_put (ImpIdTable *self, gint64 id, gpointer value)
{
  gsize i = imp_id_table_home (self, id);

  for (; self->slots[i].value != NULL; i = (i + 1) & self->mask)
    g_assert (self->slots[i].id != id);
  self->slots[i] = (ImpIdSlot){ id, value };
}

static void
id_table_resize (ImpIdTable *self, guint shift)
{
  g_autofree ImpIdSlot *old = self->slots;
  gsize n = old != NULL ? id_table_count_slots (self) : 0;

  self->mask = G_MAXUINT64 >> shift;
  self->shift = shift;
  self->slots = g_new0 (ImpIdSlot, id_table_count_slots (self));
  for (gsize i = 0; i < n; i++)
    if (old[i].value != NULL)
      id_table_put (self, old[i].id, old[i].value);
}

void
imp_id_table_insert (ImpIdTable *self, gint64 id, gpointer value)
{
  g_assert (value != NULL);

  if (self->slots == NULL)
    id_table_resize (self, self->shift);
  else if (self->n_values >= id_table_count_slots (self) / 3 * 2)
    id_table_resize (self, self->shift - 1);
  id_table_put (self, id, value);
  self->n_values++;
}

/* Those behind the gap that the gap keeps from their homes move up, so that no marks of what was
 * removed are needed. */
static void
id_table_close_gap (ImpIdTable *self, gsize gap)
{
  const gsize mask = self->mask;

  for (gsize i = (gap + 1) & mask; self->slots[i].value != NULL; i = (i + 1) & mask)
    {
      gsize home = imp_id_table_home (self, self->slots[i].id);

      if (((i - home) & mask) < ((i - gap) & mask))
        continue;
      self->slots[gap] = self->slots[i];
      gap = i;
    }
  self->slots[gap] = (ImpIdSlot){ 0, NULL };
}

gpointer
imp_id_table_remove (ImpIdTable *self, gint64 id)
{
  gpointer value = NULL;
  gsize i;

  if (self->slots == NULL)
    return NULL;
  i = imp_id_table_home (self, id);
  while (self->slots[i].value != NULL && self->slots[i].id != id)
    i = (i + 1) & self->mask;
  value = self->slots[i].value;
  if (value == NULL)
    return NULL;

  id_table_close_gap (self, i);
  self->n_values--;
  if (self->shift < SHIFT_MAX && self->n_values < id_table_count_slots (self) / 8)
    id_table_resize (self, self->shift + 1);
  return value;
}

gpointer
imp_id_table_next (const ImpIdTable *self, gsize *cursor, gint64 *id)
{
  const ImpIdSlot *slot;

  if (self->n_values == 0)
    return NULL;
  do
    slot = &self->slots[(*cursor)++ & self->mask];
  while (slot->value == NULL);
  *id = slot->id;
  return slot->value;
}

GPtrArray *
imp_id_table_get_values (const ImpIdTable *self)
{
  GPtrArray *values = g_ptr_array_sized_new (self->n_values);
  gsize n = self->slots != NULL ? id_table_count_slots (self) : 0;

  for (gsize i = 0; i < n; i++)
    if (self->slots[i].value != NULL)
      g_ptr_array_add (values, self->slots[i].value);
  return values;
}
