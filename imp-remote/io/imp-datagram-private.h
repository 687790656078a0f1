/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>

G_BEGIN_DECLS

/* Datagrams of UDP: many at once out of a socket, each with where it is from and which of our
 * addresses it was sent to. Nothing here blocks. */

/* More than UDP can carry in IPv4 (65507) and in IPv6 (65527), so that none is cut. */
#define IMP_DATAGRAM_SIZE_MAX 65535
/* So many are read at once, at most. */
#define IMP_DATAGRAM_BATCH 16

/* Between a client and the address at which it was heard, in network order. Both are addresses of
 * IPv6; those of IPv4 stand in them as ::ffff:A.B.C.D. Without padding: it is a key. */
typedef struct
{
  guint8 remote[16];
  guint8 local[16]; /* all zero: it is not known, or no address to send from */
  guint32 scope;    /* the interface of a link-local address, or 0 */
  guint16 port;     /* the remote one */
  guint16 family;   /* of the socket */
} ImpDatagramPath;

/* Nobody outside can know which of them meet. */
guint imp_datagram_path_hash (gconstpointer path);

static inline gboolean
imp_datagram_path_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (ImpDatagramPath)) == 0;
}

/* Makes it lead to where @fd is connected; else FALSE. */
gboolean imp_datagram_path_set_peer (ImpDatagramPath *self, int fd);
GSocketAddress *imp_datagram_path_get_remote (const ImpDatagramPath *self);
/* In text, without the port; a link-local one says which link it is on. */
char *imp_datagram_path_get_host (const ImpDatagramPath *self);

typedef struct
{
  ImpDatagramPath path;
  const guint8 *data; /* until the next read */
  gsize length;
  gboolean truncated; /* the rest of it is lost */
} ImpDatagram;

/* Room for a batch, which serves any number of sockets. */
typedef struct _ImpDatagramReader ImpDatagramReader;

ImpDatagramReader *imp_datagram_reader_new (void);
void imp_datagram_reader_free (ImpDatagramReader *self);

/* Takes what has come at @fd: how many, or -1 with errno. */
int imp_datagram_reader_read (ImpDatagramReader *self, int fd);
const ImpDatagram *imp_datagram_reader_get (ImpDatagramReader *self, guint i);

/* Asks the kernel which address each datagram was sent to. */
gboolean imp_datagram_enable_local (GSocket *socket, GError **error);

/* Sends one: from the address at which @path was heard, back to its other end, or (NULL) to where
 * the socket is connected. 0, or an error's number. */
int imp_datagram_send (int fd, const ImpDatagramPath *path, const guint8 *data, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDatagramReader, imp_datagram_reader_free)

G_END_DECLS
