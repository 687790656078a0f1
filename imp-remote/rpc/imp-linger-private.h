/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-transport-private.h"

G_BEGIN_DECLS

/* The end of a connection at which the last words shall be heard. Whoever closes a socket in which
 * something lies unread resets the connection, and what the other side has not read yet is gone; so
 * what still comes is read and thrown away until that side has closed too, for a limited time. */
typedef struct _ImpLinger ImpLinger;

/* For so long, in milliseconds, and at most for twice as long, the other side may read nothing, or
 * keep its end open after the last byte. */
#define IMP_LINGER_TIME 1000
/* At most so much is thrown away. */
#define IMP_LINGER_BYTES (64 * 1024 * 1024)

/* Kicks @transport when the time is over. */
ImpLinger *imp_linger_new (ImpTransport *transport, GMainContext *context);
void imp_linger_free (ImpLinger *self);

/* Whether there is anything to read on for. */
gboolean imp_linger_wants_input (const ImpLinger *self);
/* Throws away some of what is there. */
void imp_linger_read (ImpLinger *self);
/* Something was written: the time begins anew. */
void imp_linger_note_written (ImpLinger *self);
/* All has been written; can be said more than once. */
void imp_linger_end_output (ImpLinger *self);
/* Time to close. */
gboolean imp_linger_is_over (const ImpLinger *self);

G_END_DECLS
