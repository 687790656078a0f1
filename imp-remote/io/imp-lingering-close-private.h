/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-transport-private.h"

G_BEGIN_DECLS

/* The end of a connection whose last bytes shall arrive. Whoever closes a socket in which something
 * lies unread resets the connection, and what the other side has not read yet is gone; so what
 * still comes is read and thrown away until that side has closed too, for a limited time. */
typedef struct _ImpLingeringClose ImpLingeringClose;

/* At most so much is thrown away. */
#define IMP_LINGERING_CLOSE_MAX_BYTES (64 * 1024 * 1024)

/* @timeout: for so long, in milliseconds, the other side may keep its end open after the last byte
 * was written; and for so long, at most twice as long, it may read nothing before. @transport is
 * kicked when that is over. */
ImpLingeringClose *imp_lingering_close_new (ImpTransport *transport, GMainContext *context,
                                            guint timeout);
void imp_lingering_close_free (ImpLingeringClose *self);

/* Whether there is anything to read on for. */
gboolean imp_lingering_close_wants_input (const ImpLingeringClose *self);
/* Throws away some of what is there. */
void imp_lingering_close_read (ImpLingeringClose *self);
/* Something was written: the time begins anew. */
void imp_lingering_close_note_written (ImpLingeringClose *self);
/* All has been written; can be said more than once. */
void imp_lingering_close_end_output (ImpLingeringClose *self);
/* Time to close. */
gboolean imp_lingering_close_is_over (const ImpLingeringClose *self);

G_END_DECLS
