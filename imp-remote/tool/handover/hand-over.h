/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control.h"

G_BEGIN_DECLS

/* The end of a program that is replaced while it runs: its sockets go to another process, which has
 * asked for them at the control socket (see handover-line.h). */
typedef struct _HandOver HandOver;

/* The other process, @pid, accepts clients now, so that this one is to stop. */
typedef void (*HandOverFunc) (gint64 pid, gpointer user_data);

/* Adds the command "take-over" to @control, which must not outlive this. @program: such as
 * "relay"; no other kind can replace it. */
HandOver *hand_over_new (Control *control, const char *program, HandOverFunc given,
                         gpointer user_data);
void hand_over_free (HandOver *self);

/* How long another process may take from asking for the sockets until it accepts; 60 seconds if
 * this is not called. */
void hand_over_set_timeout (HandOver *self, guint seconds);
/* The program has opened all its sockets; nothing is handed over before. */
void hand_over_set_ready (HandOver *self);
/* The program stops for another reason, and hands nothing over any more. Who has got the sockets
 * already keeps them. */
void hand_over_stop (HandOver *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HandOver, hand_over_free)

G_END_DECLS
