/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

#define IMP_ADDRESS_TLS_PREFIX "tls://"
/* Of sockets that are handed over, which are no hosts. */
#define IMP_ADDRESS_TLS_INHERITED_PREFIX "tls:"

/* Where a server listens or a factory connects to, as people write it:
 *   /path or ./path      a unix socket in the file system
 *   @name                one in Linux' abstract name space
 *   host:port, [v6]:port TCP
 *   tls://host:port ...  the same with TLS
 *   fd:N                 a descriptor that was inherited (listening only)
 *   systemd              all descriptors of the service manager (listening only)
 *   systemd:NAME         those of them that have this name; one of digits is a port instead
 *   tls:fd:N, tls:systemd, tls:systemd:NAME
 *                        the same with TLS */
typedef enum
{
  IMP_ADDRESS_PATH,
  IMP_ADDRESS_ABSTRACT,
  IMP_ADDRESS_TCP,
  IMP_ADDRESS_FD,
  IMP_ADDRESS_SYSTEMD,
} ImpAddressKind;

typedef struct
{
  ImpAddressKind kind;
  char *host; /* or path, or abstract name */
  guint16 port;
  gboolean tls; /* of TCP, and of what is handed over */
  int fd;
} ImpAddress;

/* %IMP_ERROR_SETTINGS naming @text and what would be right. */
ImpAddress *imp_address_parse (const char *text, GError **error);
ImpAddress *imp_address_copy (const ImpAddress *self);
void imp_address_free (ImpAddress *self);

/* What imp_address_parse() reads again; the same for all that mean the same to it. */
char *imp_address_to_text (const ImpAddress *self);
/* FALSE with an error if it has TLS, for those who move bytes and nothing else. @text: as the user
 * wrote it. */
gboolean imp_address_refuse_tls (const ImpAddress *self, const char *text, GError **error);

/* What a client connects to; NULL with an error for the kinds that are for listening only. */
GSocketConnectable *imp_address_to_connectable (const ImpAddress *self, GError **error);
/* The same for a socket's own address: what clients would have to write. */
char *imp_address_of_socket (GSocketAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpAddress, imp_address_free)

G_END_DECLS
