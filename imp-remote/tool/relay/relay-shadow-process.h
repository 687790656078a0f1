/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An `imp-remote serve` of this process's own, which is started again whenever it ends, and ends
 * with this process. Its socket stays, so that connections wait for the next one. */
typedef struct _RelayShadowProcess RelayShadowProcess;

/* @modules: ends with NULL. NULL: an error. */
RelayShadowProcess *relay_shadow_process_new (const char *const *modules, GError **error);
void relay_shadow_process_free (RelayShadowProcess *self);

/* Where it listens. */
const char *relay_shadow_process_get_address (RelayShadowProcess *self);

/* Waits until it has loaded the modules, or *@stopped is set. FALSE: it has ended before. */
gboolean relay_shadow_process_wait (RelayShadowProcess *self, const gboolean *stopped);

G_END_DECLS
