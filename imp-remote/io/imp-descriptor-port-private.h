/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/socket.h>

G_BEGIN_DECLS

/* What comes and goes beside the bytes of a unix socket: descriptors.
 *
 * One that came unasked would be closed by the kernel, where its bytes are read, spliced or thrown
 * away, and that can take as long as its sender likes. So the kernel is told to refuse them where
 * it can (from Linux 6.16 on); what comes nevertheless is received and left to ImpDescriptorCloser.
 */
typedef struct
{
  int fd;       /* of the unix socket, else -1 */
  int received; /* the one that was asked for, or -1 */
  gboolean is_stream;
  gboolean takes;
  gboolean refuses; /* the kernel does, and none is on its way */
  gboolean is_over; /* more came than can be closed */
} ImpDescriptorPort;

/* Since Linux 6.16; a libc of today need not know it. */
#define IMP_SO_PASSRIGHTS 83

/* As early as can be: what a listener accepts has it from the listener. Of others than unix sockets
 * it means nothing. */
static inline void
imp_descriptor_port_refuse (GSocket *socket)
{
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    g_socket_set_option (socket, SOL_SOCKET, IMP_SO_PASSRIGHTS, 0, NULL);
}

/* @socket: NULL if there is none. */
void imp_descriptor_port_init (ImpDescriptorPort *self, GSocket *socket);
/* Before the socket is closed. Ends both of its directions where that could take long. */
void imp_descriptor_port_close (ImpDescriptorPort *self);

void imp_descriptor_port_set_takes (ImpDescriptorPort *self, gboolean takes);

/* Whether recv() will do instead of imp_descriptor_port_read(). */
static inline gboolean
imp_descriptor_port_is_idle (const ImpDescriptorPort *self)
{
  return self->fd < 0 || self->refuses;
}

/* Whether the bytes may be spliced. */
gboolean imp_descriptor_port_may_splice (const ImpDescriptorPort *self);
/* Bytes read, or -1 with errno. If that is EBADMSG, more descriptors came than the one that can be
 * taken; if it is EMFILE, more than can be closed. */
gssize imp_descriptor_port_read (ImpDescriptorPort *self, gpointer buffer, gsize length);
/* Bytes written, or -1 with errno; if there are any, @fd goes with the first. */
gssize imp_descriptor_port_write (ImpDescriptorPort *self, const GOutputVector *vectors,
                                  guint n_vectors, int fd);
/* The caller's then; -1 if there is none. */
int imp_descriptor_port_steal (ImpDescriptorPort *self);
/* Nobody wants it. */
void imp_descriptor_port_drop (ImpDescriptorPort *self);

G_END_DECLS
