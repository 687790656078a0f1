/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-datagram-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>

/* ::ffff:0:0/96 holds IPv4. */
#define MAPPED_BYTES 12

/* What the kernel says besides: an address, and where there is room for one. */
typedef union
{
  struct cmsghdr align;
  char bytes[CMSG_SPACE (sizeof (struct in6_pktinfo))];
} DatagramControl;

/* To have the size of the one of IPv6 is enough for the one of IPv4. */
G_STATIC_ASSERT (sizeof (struct in6_pktinfo) >= sizeof (struct in_pktinfo));

typedef union
{
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} DatagramAddress;

struct _ImpDatagramReader
{
  struct mmsghdr messages[IMP_DATAGRAM_BATCH];
  struct iovec vectors[IMP_DATAGRAM_BATCH];
  DatagramAddress addresses[IMP_DATAGRAM_BATCH];
  DatagramControl controls[IMP_DATAGRAM_BATCH];
  ImpDatagram datagrams[IMP_DATAGRAM_BATCH];
  guint8 *buffers; /* memory that no datagram has come into is none yet */
};

/* --- paths --- */

static void
datagram_set_v4 (guint8 *address, const struct in_addr *v4)
{
  memset (address + MAPPED_BYTES - 2, 0xff, 2);
  memcpy (address + MAPPED_BYTES, v4, sizeof *v4);
}

static void
datagram_path_set_remote (ImpDatagramPath *self, const DatagramAddress *address)
{
  self->family = address->any.sa_family;
  if (self->family == AF_INET)
    {
      datagram_set_v4 (self->remote, &address->v4.sin_addr);
      self->port = address->v4.sin_port;
      return;
    }
  memcpy (self->remote, &address->v6.sin6_addr, sizeof self->remote);
  self->port = address->v6.sin6_port;
  self->scope = address->v6.sin6_scope_id;
}

static void
datagram_path_set_local (ImpDatagramPath *self, const struct cmsghdr *control)
{
  struct in_pktinfo v4;
  struct in6_pktinfo v6;

  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO)
    {
      memcpy (&v4, CMSG_DATA (control), sizeof v4);
      datagram_set_v4 (self->local, &v4.ipi_spec_dst);
    }
  else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO)
    {
      memcpy (&v6, CMSG_DATA (control), sizeof v6);
      /* Nobody can send from the address of a group. */
      if (!IN6_IS_ADDR_MULTICAST (&v6.ipi6_addr))
        memcpy (self->local, &v6.ipi6_addr, sizeof self->local);
    }
}

static gboolean
datagram_is_v4 (const guint8 *address)
{
  return IN6_IS_ADDR_V4MAPPED ((const struct in6_addr *) address);
}

guint
imp_datagram_path_hash (gconstpointer path)
{
  static gsize initialized;
  static guint64 key, factor;
  guint64 words[sizeof (ImpDatagramPath) / sizeof (guint64)], hash;

  G_STATIC_ASSERT (sizeof (ImpDatagramPath) % sizeof (guint64) == 0);
  if (g_once_init_enter (&initialized))
    {
      key = (guint64) g_random_int () << 32 | g_random_int ();
      factor = (guint64) g_random_int () << 32 | g_random_int () | 1;
      g_once_init_leave (&initialized, 1);
    }
  memcpy (words, path, sizeof words);
  hash = key;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      hash = (hash ^ words[i]) * factor;
      hash ^= hash >> 32;
    }
  return (guint) (hash * factor >> 32);
}

gboolean
imp_datagram_path_set_peer (ImpDatagramPath *self, int fd)
{
  DatagramAddress address;
  socklen_t size = sizeof address;

  if (getpeername (fd, &address.any, &size) != 0)
    return FALSE;
  memset (self, 0, sizeof *self);
  datagram_path_set_remote (self, &address);
  return TRUE;
}

GSocketAddress *
imp_datagram_path_get_remote (const ImpDatagramPath *self)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = self->port };

  memcpy (&address.sin6_addr, self->remote, sizeof self->remote);
  address.sin6_scope_id = self->scope;
  /* One of IPv4 becomes what it is. */
  return g_socket_address_new_from_native (&address, sizeof address);
}

char *
imp_datagram_path_get_host (const ImpDatagramPath *self)
{
  char text[INET6_ADDRSTRLEN], name[IF_NAMESIZE];

  if (datagram_is_v4 (self->remote))
    inet_ntop (AF_INET, self->remote + MAPPED_BYTES, text, sizeof text);
  else
    inet_ntop (AF_INET6, self->remote, text, sizeof text);
  if (self->scope == 0)
    return g_strdup (text);
  if (if_indextoname (self->scope, name) == NULL)
    return g_strdup_printf ("%s%%%u", text, self->scope);
  return g_strdup_printf ("%s%%%s", text, name);
}

/* --- reading --- */

ImpDatagramReader *
imp_datagram_reader_new (void)
{
  ImpDatagramReader *self = g_new0 (ImpDatagramReader, 1);

  self->buffers = g_malloc (IMP_DATAGRAM_BATCH * IMP_DATAGRAM_SIZE_MAX);
  for (guint i = 0; i < IMP_DATAGRAM_BATCH; i++)
    {
      struct msghdr *message = &self->messages[i].msg_hdr;

      self->vectors[i].iov_base = self->buffers + i * IMP_DATAGRAM_SIZE_MAX;
      self->vectors[i].iov_len = IMP_DATAGRAM_SIZE_MAX;
      message->msg_iov = &self->vectors[i];
      message->msg_iovlen = 1;
      message->msg_name = &self->addresses[i];
      message->msg_control = &self->controls[i];
    }
  return self;
}

void
imp_datagram_reader_free (ImpDatagramReader *self)
{
  g_free (self->buffers);
  g_free (self);
}

static void
datagram_reader_take (ImpDatagramReader *self, guint i)
{
  struct msghdr *message = &self->messages[i].msg_hdr;
  ImpDatagram *datagram = &self->datagrams[i];

  memset (&datagram->path, 0, sizeof datagram->path);
  datagram->data = self->vectors[i].iov_base;
  datagram->length = self->messages[i].msg_len;
  datagram->truncated = (message->msg_flags & MSG_TRUNC) != 0;
  datagram_path_set_remote (&datagram->path, &self->addresses[i]);
  for (struct cmsghdr *control = CMSG_FIRSTHDR (message); control != NULL;
       control = CMSG_NXTHDR (message, control))
    datagram_path_set_local (&datagram->path, control);
}

int
imp_datagram_reader_read (ImpDatagramReader *self, int fd)
{
  int n;

  for (guint i = 0; i < IMP_DATAGRAM_BATCH; i++)
    {
      self->messages[i].msg_hdr.msg_namelen = sizeof self->addresses[i];
      self->messages[i].msg_hdr.msg_controllen = sizeof self->controls[i];
    }
  do
    n = recvmmsg (fd, self->messages, IMP_DATAGRAM_BATCH, MSG_DONTWAIT, NULL);
  while (n < 0 && errno == EINTR);
  for (int i = 0; i < n; i++)
    datagram_reader_take (self, i);
  return n;
}

const ImpDatagram *
imp_datagram_reader_get (ImpDatagramReader *self, guint i)
{
  return &self->datagrams[i];
}

gboolean
imp_datagram_enable_local (GSocket *socket, GError **error)
{
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV4)
    return g_socket_set_option (socket, IPPROTO_IP, IP_PKTINFO, 1, error);
  return g_socket_set_option (socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, error);
}

/* --- sending --- */

static socklen_t
datagram_path_to_native (const ImpDatagramPath *self, DatagramAddress *address)
{
  if (self->family == AF_INET)
    {
      address->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = self->port };
      memcpy (&address->v4.sin_addr, self->remote + MAPPED_BYTES, sizeof address->v4.sin_addr);
      return sizeof address->v4;
    }
  address->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = self->port };
  memcpy (&address->v6.sin6_addr, self->remote, sizeof self->remote);
  address->v6.sin6_scope_id = self->scope;
  return sizeof address->v6;
}

static void
datagram_add_local (struct msghdr *message, DatagramControl *room, const ImpDatagramPath *path)
{
  static const guint8 none[16] = { 0 };
  struct in_pktinfo v4 = { 0 };
  struct in6_pktinfo v6 = { 0 };
  struct cmsghdr *control;

  if (memcmp (path->local, none, sizeof none) == 0)
    return;
  memset (room, 0, sizeof *room);
  message->msg_control = room;
  message->msg_controllen = path->family == AF_INET ? CMSG_SPACE (sizeof v4)
                                                    : CMSG_SPACE (sizeof v6);
  control = CMSG_FIRSTHDR (message);
  if (path->family == AF_INET)
    {
      memcpy (&v4.ipi_spec_dst, path->local + MAPPED_BYTES, sizeof v4.ipi_spec_dst);
      control->cmsg_level = IPPROTO_IP;
      control->cmsg_type = IP_PKTINFO;
      control->cmsg_len = CMSG_LEN (sizeof v4);
      memcpy (CMSG_DATA (control), &v4, sizeof v4);
      return;
    }
  memcpy (&v6.ipi6_addr, path->local, sizeof v6.ipi6_addr);
  v6.ipi6_ifindex = path->scope;
  control->cmsg_level = IPPROTO_IPV6;
  control->cmsg_type = IPV6_PKTINFO;
  control->cmsg_len = CMSG_LEN (sizeof v6);
  memcpy (CMSG_DATA (control), &v6, sizeof v6);
}

int
imp_datagram_send (int fd, const ImpDatagramPath *path, const guint8 *data, gsize length)
{
  struct iovec vector = { .iov_base = (gpointer) data, .iov_len = length };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  DatagramAddress address;
  DatagramControl control;
  gssize sent;

  if (path != NULL)
    {
      message.msg_namelen = datagram_path_to_native (path, &address);
      message.msg_name = &address;
      datagram_add_local (&message, &control, path);
    }
  do
    sent = sendmsg (fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}
