/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where datagrams go: the addresses of a server, which are looked up at first, and again when they
 * are asked for and are old. */
typedef struct _ImpDatagramTarget ImpDatagramTarget;

/* The first lookup is over, with or without addresses. */
typedef void (*ImpDatagramTargetFunc) (gpointer user_data);

ImpDatagramTarget *imp_datagram_target_new (GSocketConnectable *server, ImpDatagramTargetFunc ready,
                                            gpointer user_data);
void imp_datagram_target_free (ImpDatagramTarget *self);

/* Begins the first lookup, in the thread's default main context. */
void imp_datagram_target_start (ImpDatagramTarget *self);
/* A new socket that is connected with the server, from a port that the kernel has chosen; -1 with
 * an error: no address, none that can be reached from here, or no descriptor. @index is which
 * address it is. */
int imp_datagram_target_connect (ImpDatagramTarget *self, guint *index, GError **error);
/* How many addresses are known. */
guint imp_datagram_target_get_n_addresses (ImpDatagramTarget *self);
/* Nobody has listened at that one: the next socket tries the next address, if there are several. */
void imp_datagram_target_note_refused (ImpDatagramTarget *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDatagramTarget, imp_datagram_target_free)

G_END_DECLS
