/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The clocks by which computing is measured, in nanoseconds. They stand alone in their file, so
 * that a test can bring others, which the machine's load does not change. */

/* The time that this thread has computed. In a virtual machine, what other machines took is part of
 * it. */
gint64 imp_clock_get_thread_time (void);
/* The time that has gone by, which is a good deal cheaper to ask for. */
gint64 imp_clock_get_time (void);

G_END_DECLS
