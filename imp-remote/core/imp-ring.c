/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-ring-private.h"

#include <string.h>

void
imp_ring_grow (ImpRing *self, gsize element_size, gpointer inlined)
{
  guint8 *elements;
  /* From the front to the end of the memory, and from its beginning on. */
  guint n_behind = self->capacity - self->head;

  g_assert (self->n == self->capacity && self->capacity <= G_MAXUINT / 2);

  elements = g_malloc_n (2 * self->capacity, element_size);
  memcpy (elements, (guint8 *) self->elements + self->head * element_size, n_behind * element_size);
  memcpy (elements + n_behind * element_size, self->elements, self->head * element_size);
  if (self->elements != inlined)
    g_free (self->elements);
  self->elements = elements;
  self->head = 0;
  self->capacity *= 2;
}

void
imp_ring_reset (ImpRing *self, gpointer inlined, guint n_inlined)
{
  if (self->elements != inlined)
    g_free (self->elements);
  *self = (ImpRing){ inlined, 0, 0, n_inlined };
}
