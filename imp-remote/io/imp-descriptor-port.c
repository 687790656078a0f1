/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-descriptor-port-private.h"

#include "io/imp-descriptor-closer-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Since Linux 6.5: the descriptor of a process, if somebody has asked for it. */
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif
/* As many as a message can hold; what there is no room for the kernel would close. */
#define DESCRIPTORS_MAX 253

/* So much of what nobody reads is thrown away, at the end. */
#define DRAIN_SIZE 65536
#define DRAIN_READS 64

typedef union
{
  struct cmsghdr header; /* for its alignment */
  char data[CMSG_SPACE (DESCRIPTORS_MAX * sizeof (int)) + CMSG_SPACE (sizeof (int))];
} DescriptorControl;

/* FALSE where the kernel cannot. */
static gboolean
descriptor_port_set_refused (int fd, gboolean refused)
{
  int passes = !refused;

  return setsockopt (fd, SOL_SOCKET, IMP_SO_PASSRIGHTS, &passes, sizeof passes) == 0;
}

static gboolean
descriptor_port_was_refused (int fd)
{
  int passes = 1;
  socklen_t length = sizeof passes;

  return getsockopt (fd, SOL_SOCKET, IMP_SO_PASSRIGHTS, &passes, &length) == 0 && passes == 0;
}

/* Of packets not all is known, as one may be empty. */
static gboolean
descriptor_port_is_empty (const ImpDescriptorPort *self)
{
  int n = 0;

  return self->is_stream && ioctl (self->fd, SIOCINQ, &n) == 0 && n == 0;
}

void
imp_descriptor_port_init (ImpDescriptorPort *self, GSocket *socket)
{
  *self = (ImpDescriptorPort){ .fd = -1, .received = -1 };
  if (socket == NULL || g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX)
    return;
  self->fd = g_socket_get_fd (socket);
  self->is_stream = g_socket_get_socket_type (socket) == G_SOCKET_TYPE_STREAM;
  self->refuses = descriptor_port_was_refused (self->fd)
                  || (descriptor_port_set_refused (self->fd, TRUE)
                      && descriptor_port_is_empty (self));
}

/* Those that were sent before they are refused again come nevertheless. */
void
imp_descriptor_port_set_takes (ImpDescriptorPort *self, gboolean takes)
{
  if (self->fd < 0 || self->takes == takes)
    return;
  self->takes = takes;
  self->refuses = FALSE;
  descriptor_port_set_refused (self->fd, !takes);
}

/* Nobody who could do worse by other means is kept out. */
static gboolean
descriptor_port_is_of_same_user (const ImpDescriptorPort *self)
{
  struct ucred peer;
  socklen_t length = sizeof peer;

  return getsockopt (self->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0
         && (peer.uid == geteuid () || peer.uid == 0);
}

gboolean
imp_descriptor_port_may_splice (const ImpDescriptorPort *self)
{
  return imp_descriptor_port_is_idle (self)
         || (!self->takes && descriptor_port_is_of_same_user (self));
}

/* Gives the one that was asked for to whoever has asked, and closes all others. */
static void
descriptor_port_sort (ImpDescriptorPort *self, const struct cmsghdr *part, guint *n_others)
{
  int others[DESCRIPTORS_MAX];
  gsize n = MIN ((part->cmsg_len - CMSG_LEN (0)) / sizeof (int), DESCRIPTORS_MAX), first = 0;

  memcpy (others, CMSG_DATA (part), n * sizeof (int));
  if (self->takes && part->cmsg_type == SCM_RIGHTS && self->received < 0 && n > 0)
    self->received = others[first++];
  self->is_over |= !imp_descriptor_closer_take (others + first, n - first);
  *n_others += n - first;
}

static gboolean
descriptor_port_receive (ImpDescriptorPort *self, struct msghdr *message)
{
  guint n_others = (message->msg_flags & MSG_CTRUNC) != 0;

  for (struct cmsghdr *part = CMSG_FIRSTHDR (message); part != NULL;
       part = CMSG_NXTHDR (message, part))
    if (part->cmsg_level == SOL_SOCKET
        && (part->cmsg_type == SCM_RIGHTS || part->cmsg_type == SCM_PIDFD))
      descriptor_port_sort (self, part, &n_others);
  if (!self->is_over && !(self->takes && n_others > 0))
    return TRUE;
  errno = self->is_over ? EMFILE : EBADMSG;
  return FALSE;
}

gssize
imp_descriptor_port_read (ImpDescriptorPort *self, gpointer buffer, gsize length)
{
  DescriptorControl control;
  struct iovec vector = { buffer, length };
  struct msghdr message = {
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = &control,
    .msg_controllen = sizeof control,
  };
  gssize n;

  if (self->is_over)
    {
      errno = EMFILE;
      return -1;
    }
  do
    n = recvmsg (self->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n >= 0 && (message.msg_controllen > 0 || (message.msg_flags & MSG_CTRUNC) != 0)
      && !descriptor_port_receive (self, &message))
    return -1;
  return n;
}

gssize
imp_descriptor_port_write (ImpDescriptorPort *self, const GOutputVector *vectors, guint n_vectors,
                           int fd)
{
  DescriptorControl control = { 0 };
  struct msghdr message = {
    .msg_iov = (struct iovec *) vectors,
    .msg_iovlen = n_vectors,
    .msg_control = &control,
    .msg_controllen = CMSG_SPACE (sizeof fd),
  };
  struct cmsghdr *part = CMSG_FIRSTHDR (&message);
  gssize n;

  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN (sizeof fd);
  memcpy (CMSG_DATA (part), &fd, sizeof fd);
  do
    n = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n;
}

int
imp_descriptor_port_steal (ImpDescriptorPort *self)
{
  int fd = self->received;

  self->received = -1;
  return fd;
}

void
imp_descriptor_port_drop (ImpDescriptorPort *self)
{
  int fd = imp_descriptor_port_steal (self);

  if (fd >= 0)
    self->is_over |= !imp_descriptor_closer_take (&fd, 1);
}

/* TRUE once there is nothing left to be read. */
static gboolean
descriptor_port_drain (ImpDescriptorPort *self)
{
  g_autofree guint8 *buffer = g_malloc (DRAIN_SIZE);
  gssize n = 1;

  self->takes = FALSE;
  for (guint i = 0; i < DRAIN_READS && n > 0; i++)
    n = imp_descriptor_port_read (self, buffer, DRAIN_SIZE);
  return n == 0 && self->is_stream;
}

/* What is not read when the last descriptor of the socket goes, the kernel closes in that thread.
 * Where another one can have it, that is not this. */
void
imp_descriptor_port_close (ImpDescriptorPort *self)
{
  int last;

  imp_descriptor_port_drop (self);
  if (!imp_descriptor_port_is_idle (self))
    {
      shutdown (self->fd, SHUT_RDWR);
      last = descriptor_port_drain (self) ? -1 : fcntl (self->fd, F_DUPFD_CLOEXEC, 0);
      if (last >= 0)
        imp_descriptor_closer_take (&last, 1);
    }
  self->fd = -1;
}
