/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells whether an object is gone after something was called that may drop its last reference: that
 * costs less than a reference of one's own. The object has a slot, a gboolean * that is NULL at
 * first, and sets what it points to once it is finalized. Watches can lie within each other. */
typedef struct
{
  gboolean *outer;
  gboolean gone;
} ImpWatch;

static inline void
imp_watch_begin (ImpWatch *self, gboolean **slot)
{
  self->outer = *slot;
  self->gone = FALSE;
  *slot = &self->gone;
}

/* FALSE if it is gone: then @slot is not touched. */
static inline gboolean
imp_watch_end (ImpWatch *self, gboolean **slot)
{
  if (G_LIKELY (!self->gone))
    *slot = self->outer;
  else if (self->outer != NULL)
    *self->outer = TRUE;
  return !self->gone;
}

G_END_DECLS
