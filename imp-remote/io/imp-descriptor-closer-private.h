/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Closes descriptors that others have sent, in a thread of its own, which is there while there is
 * something to close: to close one may take as long as whoever sent it likes (SO_LINGER, FUSE). */

/* Where more wait to be closed, whoever sends further ones is not to go on. */
#define IMP_DESCRIPTOR_CLOSER_MAX 256

/* Takes all of them in any case. FALSE if too many wait already: end what they have come through,
 * so that a sender costs no more descriptors than one message holds. */
gboolean imp_descriptor_closer_take (const int *fds, guint n);
/* How many are not closed yet. */
guint imp_descriptor_closer_get_n_waiting (void);

G_END_DECLS
