/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ImpSharedMemory:
 * @IMP_SHARED_MEMORY_OFF: input goes through the connection
 * @IMP_SHARED_MEMORY_AUTO: it may lie in shared memory where the other end is a process of the same
 *   user, as the kernel knows it
 * @IMP_SHARED_MEMORY_ANY_PEER: the same whoever the user at the other end is
 *
 * Whether input for analyzers may lie in memory that the provider's process shares with theirs.
 * That is possible at unix sockets; all other connections are as if it were off.
 *
 * Such bytes can change while they are looked at, if the provider wants it.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_SHARED_MEMORY_OFF,
  IMP_SHARED_MEMORY_AUTO,
  IMP_SHARED_MEMORY_ANY_PEER,
} ImpSharedMemory;

#define IMP_TYPE_SHARED_MEMORY (imp_shared_memory_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_shared_memory_get_type (void);

G_END_DECLS
