/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-link-private.h"
#include "rpc/imp-shared-memory.h"

G_BEGIN_DECLS

/* Memory that a client shares, or a server takes, by default. */
#define IMP_SHARED_MEMORY_DEFAULT (16 * 1024 * 1024)

typedef struct
{
  ImpSharedMemory mode;
  gsize max_size; /* bytes */
} ImpSharedMemoryOptions;

/* Whether memory may be shared with the other end of the link. */
gboolean imp_shared_memory_is_possible (ImpSharedMemory mode, ImpLink *link);

G_END_DECLS
