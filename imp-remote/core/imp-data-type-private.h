/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type.h"

G_BEGIN_DECLS

/* As imp_data_type_is_stream(), for what is asked with every chunk. */
static inline gboolean
imp_data_type_is_streaming (gint32 type)
{
  return type < 0;
}

G_END_DECLS
