/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From the ids of one connection's analyzers to what stands for them. Every message asks it, also
 * where there are a hundred thousand, so that key and value lie side by side: a look-up costs one
 * miss of the cache, where a GHashTable costs three. Open addressing, linear probing. */
typedef struct
{
  gint64 id;
  gpointer value; /* NULL: nothing is here */
} ImpIdSlot;

typedef struct
{
  ImpIdSlot *slots; /* NULL while it is empty */
  guint64 mask;     /* one less than their number, which is a power of two: 2^(64 - shift) */
  guint shift;
  guint n_values;
  guint64 secret; /* ids are the peer's to choose, where they collide is not */
} ImpIdTable;

void imp_id_table_init (ImpIdTable *self);
void imp_id_table_clear (ImpIdTable *self);

/* @id is not in the table, @value is not NULL. */
void imp_id_table_insert (ImpIdTable *self, gint64 id, gpointer value);
/* What was there, NULL if nothing was. */
gpointer imp_id_table_remove (ImpIdTable *self, gint64 id);
/* The next value and its id, in no order, NULL if there is none: where *@cursor is kept all have a
 * turn before one has another. It may have any value. */
gpointer imp_id_table_next (const ImpIdTable *self, gsize *cursor, gint64 *id);
/* All values, in no order; free the array, not them. */
GPtrArray *imp_id_table_get_values (const ImpIdTable *self);

static inline guint64
imp_id_table_home (const ImpIdTable *self, gint64 id)
{
  guint64 hash = (guint64) id * self->secret;

  hash ^= hash >> 32;
  return (hash * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> self->shift;
}

static inline gpointer
imp_id_table_lookup (const ImpIdTable *self, gint64 id)
{
  guint64 i;

  if (self->slots == NULL)
    return NULL;
  for (i = imp_id_table_home (self, id); self->slots[i].value != NULL; i = (i + 1) & self->mask)
    if (self->slots[i].id == id)
      return self->slots[i].value;
  return NULL;
}

G_END_DECLS
