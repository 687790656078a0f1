/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a service manager wants to hear of a service of its type "notify", by the protocol of
 * sd_notify(3). All of this does nothing where the program was not started by one. */

/* Reads who wants to hear what, and takes that out of the environment, so that scripts are not
 * taken for the service. Before there are threads. FALSE if it is not understood. */
gboolean service_begin (GError **error);
/* The same for a process that was started by another one of this program, which hears of it at
 * @fd. */
gboolean service_begin_at (int fd, GError **error);
/* In microseconds, how often at least the service manager wants to hear; 0: not at all. */
guint64 service_get_watchdog (void);
/* Says anything else. */
void service_notify (const char *message);
/* It serves; @status is for people. From now on the watchdog gets what it wants, if there is one,
 * as long as the default main context runs. */
void service_notify_ready (const char *status);
/* What it does now, for people. */
void service_notify_status (const char *status);
/* It was asked to read its settings again, and does. */
void service_notify_reloading (void);
/* It has. */
void service_notify_reloaded (void);
/* The process with @pid, which this one or the manager has started inside of the service, takes its
 * place. */
void service_notify_replaced (gint64 pid);
/* It ends, within @seconds if all goes well. */
void service_notify_stopping (guint seconds, const char *status);

G_END_DECLS
