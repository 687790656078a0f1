/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-transport-private.h"

G_BEGIN_DECLS

/* Bytes on their way from one socket to another that are in a pipe in the kernel, and never here.
 *
 * A pipe is there only while there is something in it. In between it is kept for the next one that
 * needs one, whichever that is, so that descriptors are needed for what is under way and not for
 * what is connected. All zero is an empty one. */
typedef struct
{
  int read_end; /* while held > 0 */
  int write_end;
  gsize held;
} ImpSplice;

/* What is moved at once, at most. */
#define IMP_SPLICE_SIZE (256 * 1024)
/* So many pipes at once, in the whole process; who gets none has to copy. Users other than root
 * may have 64 MiB in pipes, all their processes together, if nobody has changed that. */
#define IMP_SPLICE_PIPES_MAX 128

/* Whoever uses splices says so, before the first one and after the last: when nobody does, no pipe
 * is kept. */
void imp_splice_use (void);
void imp_splice_unuse (void);

/* Whether bytes can go from one to the other so: both are stream sockets and nothing else. */
gboolean imp_splice_is_possible (ImpTransport *from, ImpTransport *to);
/* Takes up to @most bytes out of a transport, while nothing is held. 0: nothing went this way, and
 * only an ordinary read tells why: there is nothing, the stream has ended, the next byte is urgent,
 * or there is no pipe. -1: the transport is broken. */
gssize imp_splice_fill (ImpSplice *self, ImpTransport *from, gsize most, GError **error);
/* Writes what is held, as far as there is room. @full: there is no room for the rest. */
gssize imp_splice_drain (ImpSplice *self, ImpTransport *to, gboolean *full, GError **error);
/* What is held is lost. */
void imp_splice_clear (ImpSplice *self);

static inline gsize
imp_splice_get_held (const ImpSplice *self)
{
  return self->held;
}

/* For tests: how many pipes there may be, how many there are, and how often one was taken. */
void imp_splice_set_pipes_max (guint n_pipes);
guint imp_splice_get_n_pipes (void);
guint64 imp_splice_get_n_taken (void);

G_END_DECLS
