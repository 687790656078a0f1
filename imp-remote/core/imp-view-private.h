/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-view.h"

G_BEGIN_DECLS

/* A slice of what lies in larger memory, up to so many bytes, is a copy: a small piece that is kept
 * must not pin all of that. */
#define IMP_VIEW_COPY_MAX 1024

static inline ImpView
imp_view_of_bytes (GBytes *bytes)
{
  ImpView self = { NULL, 0, bytes, NULL, NULL };

  self.data = g_bytes_get_data (bytes, &self.length);
  return self;
}

/* As imp_view_to_bytes(), which need not be called where the bytes are at hand. */
static inline GBytes *
imp_view_ref_bytes (const ImpView *self)
{
  return self->bytes != NULL ? g_bytes_ref (self->bytes) : imp_view_to_bytes (self);
}

static inline ImpView
imp_view_of_data (const guint8 *data, gsize length)
{
  return (ImpView){ data, length, NULL, NULL, NULL };
}

G_END_DECLS
