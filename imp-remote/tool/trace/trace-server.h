/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* Has a span written for each analyzer of the server, if there is a file of spans. @name: what they
 * are called if they end from now on; lives as long as the server, or until the next call. */
void trace_server_follow (ImpServer *server, const char *name);

G_END_DECLS
