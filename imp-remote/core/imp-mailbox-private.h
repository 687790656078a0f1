/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result.h"

G_BEGIN_DECLS

/* How many bytes of results other threads may give before the box's own thread takes them. */
#define IMP_MAILBOX_MAX (64 * 1024 * 1024)

typedef struct _ImpMail ImpMail;

/* Knows the thread that an object belongs to, and takes the results that others give there. */
typedef struct
{
  gconstpointer thread;  /* see imp_mailbox_this_thread() */
  GMainContext *context; /* that of the thread; NULL: the global default one */
  ImpMail *mail;         /* NULL until another thread has posted something */
} ImpMailbox;

/* Belongs to the calling thread. */
void imp_mailbox_init (ImpMailbox *self);
void imp_mailbox_clear (ImpMailbox *self);
/* From now on it belongs to the calling thread. */
void imp_mailbox_move_here (ImpMailbox *self);

extern __thread char imp_mailbox_thread __attribute__ ((tls_model ("initial-exec")));

/* What tells threads apart, at the cost of reading a register: where each has a variable of its
 * own. */
static inline gconstpointer
imp_mailbox_this_thread (void)
{
  return &imp_mailbox_thread;
}

static inline gboolean
imp_mailbox_is_here (const ImpMailbox *self)
{
  return self->thread == imp_mailbox_this_thread ();
}

/* FALSE if no other thread has ever posted anything. */
static inline gboolean
imp_mailbox_is_used (ImpMailbox *self)
{
  return g_atomic_pointer_get (&self->mail) != NULL;
}

/* Called by another thread: takes @result, and has @deliver called with @owner, the object that the
 * box is part of, in the box's context. If that is run by a third thread, there is a warning
 * instead, and what came waits until it is taken. */
void imp_mailbox_post (ImpMailbox *self, ImpResult *result, gpointer owner,
                       GSourceOnceFunc deliver);
/* The next result, or NULL. What was posted while there were too many of them is lost, and then
 * @has_lost is set. */
ImpResult *imp_mailbox_take (ImpMailbox *self, gboolean *has_lost);

G_END_DECLS
