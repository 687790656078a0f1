/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The answer to "status", with so many connections at most. */
typedef JsonObject *(*StatusLogFunc) (gint64 limit, gpointer user_data);

/* Logs it whenever SIGUSR1 comes, which ends no program from now on. Once per process. */
void status_log_on_signal (StatusLogFunc func, gpointer user_data);

G_END_DECLS
