/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-socket-path-private.h"

G_BEGIN_DECLS

/* Sockets at which this process hears clients, on their way to another one that replaces it; and
 * those that came from the one that this process replaces. Both are of the whole process, so that
 * whoever opens an address need not know of it. From any thread. */

/* At how many addresses a process may listen that is to be replaced, and with how many sockets at
 * one of them: those of a name, or of a service manager. */
#define IMP_SOCKET_BUNDLES_MAX 4096
#define IMP_SOCKET_BUNDLE_SIZE 250

/* The sockets of one address. */
typedef struct
{
  char *address; /* see imp_address_to_text() */
  guint64 id;    /* in the process that gives it */
  GArray *fds;   /* of int; its own */
  gboolean has_file;
  guint64 device, inode; /* of that */
} ImpSocketBundle;

ImpSocketBundle *imp_socket_bundle_new (const char *address, guint64 id);
void imp_socket_bundle_free (ImpSocketBundle *self);

/* One of them, as a socket that the caller gets; NULL with an error if it is of another type, or
 * one of streams does not listen. */
GSocket *imp_socket_bundle_open (const ImpSocketBundle *self, guint index, GSocketType type,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpSocketBundle, imp_socket_bundle_free)

/* --- in the process that gives --- */

/* One of the sockets that can be handed over. */
typedef struct _ImpSocketOffer ImpSocketOffer;

/* For all sockets of one address that are opened together. */
guint64 imp_socket_offer_next_id (void);
/* @claim: of the file of @socket, or NULL. Both live until the offer is withdrawn. */
ImpSocketOffer *imp_socket_offer_new (const char *address, guint64 id, GSocket *socket,
                                      ImpSocketPath *claim);
/* Before the socket is closed, and the claim released. */
void imp_socket_offer_withdraw (ImpSocketOffer *self);

/* What there is, in the order in which it was opened: of ImpSocketBundle, with copies of the
 * descriptors. NULL with an error if that is more than can be handed over. */
GPtrArray *imp_socket_handover_list (GError **error);
/* Another process accepts at the sockets of @id, and removes their file. */
void imp_socket_handover_give (guint64 id);
gboolean imp_socket_offer_is_given (const ImpSocketOffer *self);

/* --- in the process that takes --- */

/* Keeps @bundle until it is taken; takes it over. */
void imp_socket_handover_receive (ImpSocketBundle *bundle);
/* What came for @address; each once. NULL: nothing. */
ImpSocketBundle *imp_socket_handover_take (const char *address);
/* Closes what nobody has taken, and returns the ids of that: an array of guint64. */
GArray *imp_socket_handover_drop (void);
/* Whoever gave the sockets has stopped, so that their files are this process' to remove. */
void imp_socket_handover_own (void);

G_END_DECLS
