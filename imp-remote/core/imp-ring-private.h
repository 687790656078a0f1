/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A queue of structs that grows as needed: put in at the end and taken out at the front. The first
 * few lie within their owner, which so must not be moved in memory; most queues never need more. */
typedef struct
{
  gpointer elements;
  guint head;
  guint n;
  guint capacity; /* a power of two */
} ImpRing;

void imp_ring_grow (ImpRing *self, gsize element_size, gpointer inlined);
/* Forgets the elements, and gives back what it has grown by. */
void imp_ring_reset (ImpRing *self, gpointer inlined, guint n_inlined);

/* Defines a ring of a type of element. @N_INLINED, a power of two: so many lie within it. @N_KEPT:
 * one that has become longer gives its memory back once it is empty.
 *
 * What the elements own is for the caller to release. A pointer to an element is good until the
 * next push or drop. */
#define IMP_RING_DEFINE(TypeName, type_name, Element, N_INLINED, N_KEPT)                           \
  typedef struct                                                                                   \
  {                                                                                                \
    ImpRing ring;                                                                                  \
    Element inlined[N_INLINED];                                                                    \
  } TypeName;                                                                                      \
                                                                                                   \
  G_STATIC_ASSERT ((N_INLINED & (N_INLINED - 1)) == 0);                                            \
                                                                                                   \
  static inline void type_name##_init (TypeName *self)                                             \
  {                                                                                                \
    self->ring = (ImpRing){ self->inlined, 0, 0, N_INLINED };                                      \
  }                                                                                                \
                                                                                                   \
  static inline void type_name##_reset (TypeName *self)                                            \
  {                                                                                                \
    imp_ring_reset (&self->ring, self->inlined, N_INLINED);                                        \
  }                                                                                                \
                                                                                                   \
  static inline guint type_name##_get_n (const TypeName *self)                                     \
  {                                                                                                \
    return self->ring.n;                                                                           \
  }                                                                                                \
                                                                                                   \
  /* The @i-th from the front; it must be there. */                                                \
  static inline Element *type_name##_get (TypeName *self, guint i)                                 \
  {                                                                                                \
    return (Element *) self->ring.elements + ((self->ring.head + i) & (self->ring.capacity - 1));  \
  }                                                                                                \
                                                                                                   \
  /* A new one at the end, to be filled in. */                                                     \
  static inline Element *type_name##_push (TypeName *self)                                         \
  {                                                                                                \
    if (G_UNLIKELY (self->ring.n == self->ring.capacity))                                          \
      imp_ring_grow (&self->ring, sizeof (Element), self->inlined);                                \
    return type_name##_get (self, self->ring.n++);                                                 \
  }                                                                                                \
                                                                                                   \
  static inline void type_name##_drop_first (TypeName *self)                                       \
  {                                                                                                \
    self->ring.head = (self->ring.head + 1) & (self->ring.capacity - 1);                           \
    if (--self->ring.n == 0 && self->ring.capacity > (N_KEPT))                                     \
      type_name##_reset (self);                                                                    \
  }                                                                                                \
                                                                                                   \
  /* Forgets all but the first @n. */                                                              \
  static inline void type_name##_truncate (TypeName *self, guint n)                                \
  {                                                                                                \
    self->ring.n = n;                                                                              \
  }

G_END_DECLS
