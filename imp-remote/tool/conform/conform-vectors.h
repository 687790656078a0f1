/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-case.h"

G_BEGIN_DECLS

/* Adds a case for each vector: what must be read, in all its spellings, and what must be refused.
 * FALSE with an error that names the file. */
gboolean conform_vectors_read (gboolean of_server, GPtrArray *cases, GError **error);

G_END_DECLS
