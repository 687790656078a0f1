/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* How much of what a server may have is free, in percent: of its connections, of the analyzers that
 * one peer may have, or of its memory, whichever is least. */
guint server_load_get_free (ImpServer *server);

G_END_DECLS
