/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-transport-private.h"

#include "core/imp-error.h"
#include "io/imp-descriptor-port-private.h"
#include "io/imp-socket-private.h"
#include "io/imp-tls-stream-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixconnection.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A unix socket's default of some 200 KiB makes both ends take turns; TCP tunes itself. */
#define UNIX_SEND_BUFFER (1 * 1024 * 1024)

struct _ImpTransport
{
  gatomicrefcount ref_count;
  GIOStream *whole;            /* as it was given: its owner knows it by that */
  GIOStream *stream;           /* the same, or what it is only a wrapper of */
  int fd;                      /* of the fast path, else -1 */
  ImpTlsStream *tls;           /* of TLS over a socket, else NULL */
  int poll_fd;                 /* of both, else -1 */
  GPollableInputStream *input; /* of all other streams */
  GPollableOutputStream *output;
  GSource *source;
  gpointer fd_tag;
  GSource *children[2]; /* of those streams: readable, writable */
  GIOCondition interest;
  GIOCondition watched;
  ImpTransportFunc func;
  gpointer user_data;
  gboolean kicked;
  gboolean dispatching;
  gboolean closed;
  gboolean is_tcp;    /* and of the fast path, or below TLS */
  gboolean is_stream; /* the same; packets have borders that a pipe does not keep */
  gboolean was_reset;
  gboolean abortive;
  ImpDescriptorPort port; /* of the fast path */
};

typedef struct
{
  GSource parent;
  ImpTransport *transport;
} TransportSource;

/* Types whose streams are the socket and nothing else. A subclass may mean something between. */
static GSocket *
transport_get_plain_socket (GIOStream *stream)
{
  GType type = G_OBJECT_TYPE (stream);

  if (type != G_TYPE_UNIX_CONNECTION && type != G_TYPE_TCP_CONNECTION
      && type != G_TYPE_SOCKET_CONNECTION)
    return NULL;
  return g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
}

static void
transport_tune_socket (GSocket *socket)
{
  g_socket_set_blocking (socket, FALSE);
  /* A socket that refuses works as well. */
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    g_socket_set_option (socket, SOL_SOCKET, SO_SNDBUF, UNIX_SEND_BUFFER, NULL);
  else
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  imp_socket_take_urgent_inline (socket);
}

static gboolean
transport_find_pollables (ImpTransport *self, GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (self->stream);
  GOutputStream *output = g_io_stream_get_output_stream (self->stream);

  if (!G_IS_POLLABLE_INPUT_STREAM (input) || !G_IS_POLLABLE_OUTPUT_STREAM (output)
      || !g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (input))
      || !g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (output)))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                   "A %s with a %s and a %s cannot be used without blocking",
                   G_OBJECT_TYPE_NAME (self->stream), G_OBJECT_TYPE_NAME (input),
                   G_OBJECT_TYPE_NAME (output));
      return FALSE;
    }
  self->input = G_POLLABLE_INPUT_STREAM (input);
  self->output = G_POLLABLE_OUTPUT_STREAM (output);
  return TRUE;
}

/* Where a proxy is spoken to by TLS, GIO puts a socket connection around that. */
static GIOStream *
transport_unwrap (GIOStream *stream)
{
  while (G_IS_TCP_WRAPPER_CONNECTION (stream))
    stream = g_tcp_wrapper_connection_get_base_io_stream (G_TCP_WRAPPER_CONNECTION (stream));
  return stream;
}

ImpTransport *
imp_transport_new (GIOStream *whole, GError **error)
{
  g_autoptr (ImpTransport) self = g_new0 (ImpTransport, 1);
  GIOStream *stream = transport_unwrap (whole);
  GSocket *socket = transport_get_plain_socket (stream);

  g_atomic_ref_count_init (&self->ref_count);
  self->whole = g_object_ref (whole);
  self->stream = g_object_ref (stream);
  self->fd = -1;
  self->poll_fd = -1;
  imp_descriptor_port_init (&self->port, socket);
  if (socket != NULL)
    {
      self->fd = g_socket_get_fd (socket);
      self->is_stream = g_socket_get_socket_type (socket) == G_SOCKET_TYPE_STREAM;
    }
  else if (!transport_find_pollables (self, error))
    return NULL;
  else
    self->tls = imp_tls_stream_new (stream);
  if (self->tls != NULL)
    socket = imp_tls_stream_find_socket (stream);
  if (socket != NULL)
    {
      transport_tune_socket (socket);
      self->poll_fd = g_socket_get_fd (socket);
      self->is_tcp = g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX;
    }
  return g_steal_pointer (&self);
}

ImpTransport *
imp_transport_ref (ImpTransport *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
imp_transport_unref (ImpTransport *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  imp_transport_close (self);
  g_clear_pointer (&self->tls, imp_tls_stream_free);
  g_object_unref (self->stream);
  g_object_unref (self->whole);
  g_free (self);
}

static void
transport_drop_child (ImpTransport *self, guint index)
{
  if (self->children[index] == NULL)
    return;
  g_source_remove_child_source (self->source, self->children[index]);
  g_clear_pointer (&self->children[index], g_source_unref);
}

static void
transport_add_child (ImpTransport *self, guint index)
{
  GSource *child;

  if (self->children[index] != NULL)
    return;
  child = index == 0 ? g_pollable_input_stream_create_source (self->input, NULL)
                     : g_pollable_output_stream_create_source (self->output, NULL);
  g_source_set_dummy_callback (child);
  g_source_add_child_source (self->source, child);
  self->children[index] = child;
}

/* What the loop watches. A socket that nothing is wanted of is not watched at all: poll() reports a
 * hang-up unasked, and would do so without end. */
static void
transport_watch (ImpTransport *self, GIOCondition interest)
{
  self->watched = interest;
  if (self->poll_fd >= 0)
    {
      if (self->fd_tag != NULL && interest != 0)
        g_source_modify_unix_fd (self->source, self->fd_tag, interest);
      else if (self->fd_tag != NULL)
        g_source_remove_unix_fd (self->source, g_steal_pointer (&self->fd_tag));
      else if (interest != 0)
        self->fd_tag = g_source_add_unix_fd (self->source, self->poll_fd, interest);
      return;
    }

  for (guint i = 0; i < 2; i++)
    if ((interest & (i == 0 ? G_IO_IN : G_IO_OUT)) != 0)
      transport_add_child (self, i);
    else
      transport_drop_child (self, i);
}

/* What the loop is to wait for: TLS may have to write what it has taken already. */
static GIOCondition
transport_get_wanted (const ImpTransport *self)
{
  if (self->tls != NULL && imp_tls_stream_wants_output (self->tls))
    return self->interest | G_IO_OUT;
  return self->interest;
}

/* Whether TLS has something to be read that the socket does not know of. */
static inline gboolean
transport_is_pending (const ImpTransport *self)
{
  return self->tls != NULL && (self->interest & G_IO_IN) != 0
         && imp_tls_stream_is_pending (self->tls);
}

static gboolean
transport_source_prepare (GSource *source, int *timeout)
{
  ImpTransport *self = ((TransportSource *) source)->transport;

  *timeout = -1;
  return !self->dispatching && (self->kicked || transport_is_pending (self));
}

/* The conditions of the fast path; a child source that is ready makes its parent ready by itself,
 * without saying which, so there all that is wanted may be tried. */
static GIOCondition
transport_get_conditions (ImpTransport *self)
{
  GIOCondition ready, result = 0;

  if (self->poll_fd < 0)
    return self->interest;
  if (transport_is_pending (self))
    result |= G_IO_IN;
  if (self->fd_tag == NULL)
    return result;
  ready = g_source_query_unix_fd (self->source, self->fd_tag);
  if ((ready & (G_IO_IN | G_IO_HUP | G_IO_ERR | G_IO_NVAL)) != 0)
    result |= G_IO_IN;
  if ((ready & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL)) != 0)
    result |= G_IO_OUT;
  return result & transport_get_wanted (self);
}

static gboolean
transport_source_check (GSource *source)
{
  ImpTransport *self = ((TransportSource *) source)->transport;

  if (self->dispatching)
    {
      /* A callback runs a loop of its own: what is not dispatched there may not be polled. */
      transport_watch (self, 0);
      return FALSE;
    }
  return self->kicked || (self->poll_fd >= 0 && transport_get_conditions (self) != 0);
}

/* What it has taken goes first. The callback is called also where that was all: it may wait to hear
 * that there is room. */
static void
transport_dispatch_tls (ImpTransport *self)
{
  GIOCondition conditions = transport_get_conditions (self);

  if ((conditions & G_IO_OUT) != 0 && imp_tls_stream_wants_output (self->tls))
    imp_tls_stream_flush (self->tls);
  if (self->func != NULL)
    self->func (self, conditions & self->interest, self->user_data);
  /* To say the same again would wake the loop. */
  if (!self->closed && transport_get_wanted (self) != self->watched)
    transport_watch (self, transport_get_wanted (self));
}

static gboolean
transport_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ImpTransport *self = ((TransportSource *) source)->transport;

  if (self->dispatching)
    {
      transport_watch (self, 0);
      return G_SOURCE_CONTINUE;
    }

  imp_transport_ref (self);
  self->dispatching = TRUE;
  self->kicked = FALSE;
  if (self->tls != NULL)
    transport_dispatch_tls (self);
  else if (self->func != NULL)
    self->func (self, transport_get_conditions (self), self->user_data);
  self->dispatching = FALSE;
  if (!self->closed && self->interest != 0
      && (self->poll_fd >= 0 ? self->fd_tag == NULL
                             : self->children[0] == NULL && self->children[1] == NULL))
    transport_watch (self, self->interest);
  imp_transport_unref (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs transport_source_funcs = {
  .prepare = transport_source_prepare,
  .check = transport_source_check,
  .dispatch = transport_source_dispatch,
};

void
imp_transport_attach (ImpTransport *self, GMainContext *context, int priority,
                      ImpTransportFunc func, gpointer user_data)
{
  g_autoptr (GMainContext) default_context = NULL;

  g_assert (self->source == NULL && !self->closed);

  if (context == NULL)
    context = default_context = g_main_context_ref_thread_default ();
  self->func = func;
  self->user_data = user_data;
  self->source = g_source_new (&transport_source_funcs, sizeof (TransportSource));
  ((TransportSource *) self->source)->transport = self;
  g_source_set_static_name (self->source, "imp transport");
  g_source_set_priority (self->source, priority);
  /* Otherwise GLib takes the descriptor out of the poll set around every dispatch, which costs two
   * system calls on its wake-up descriptor and a poll. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, context);
  if (self->interest != 0)
    transport_watch (self, self->interest);
}

void
imp_transport_set_interest (ImpTransport *self, GIOCondition interest)
{
  if (self->interest == interest || self->closed)
    return;
  self->interest = interest;
  if (self->source != NULL)
    transport_watch (self, transport_get_wanted (self));
}

void
imp_transport_kick (ImpTransport *self)
{
  self->kicked = TRUE;
}

static gssize
transport_fail (GError **error, int code, const char *what)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", what, g_strerror (code));
  return -1;
}

static gssize
transport_read_descriptor (ImpTransport *self, gpointer buffer, gsize length, GError **error)
{
  gssize n = imp_descriptor_port_read (&self->port, buffer, length);

  if (n >= 0)
    return n;
  if (errno == EBADMSG)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                         "More descriptors came than the one that can be taken");
  else if (errno == EMFILE)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT,
                         "More descriptors came, for nothing, than can be closed in time");
  else
    {
      self->was_reset |= errno == ECONNRESET;
      transport_fail (error, errno, "Cannot read");
    }
  return -1;
}

gssize
imp_transport_read (ImpTransport *self, gpointer buffer, gsize length, GError **error)
{
  gssize n;

  if (self->closed)
    return transport_fail (error, EBADF, "Cannot read");
  if (self->tls != NULL)
    return imp_tls_stream_read (self->tls, buffer, length, error);
  if (self->fd < 0)
    return g_pollable_input_stream_read_nonblocking (self->input, buffer, length, NULL, error);
  if (G_UNLIKELY (!imp_descriptor_port_is_idle (&self->port)))
    return transport_read_descriptor (self, buffer, length, error);

  do
    n = recv (self->fd, buffer, length, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    self->was_reset |= errno == ECONNRESET;
  return n < 0 ? transport_fail (error, errno, "Cannot read") : n;
}

gboolean
imp_transport_is_readable (ImpTransport *self)
{
  GPollFD poll = { .fd = self->poll_fd, .events = G_IO_IN };

  if (self->closed || (self->tls != NULL && imp_tls_stream_is_pending (self->tls)))
    return TRUE;
  if (self->poll_fd < 0)
    return g_pollable_input_stream_is_readable (self->input);
  return g_poll (&poll, 1, 0) > 0;
}

/* What does not go out at once goes on by itself. */
static void
transport_watch_tls (ImpTransport *self)
{
  if (self->source != NULL && !self->dispatching && imp_tls_stream_wants_output (self->tls))
    transport_watch (self, transport_get_wanted (self));
}

static gssize
transport_writev_pollable (ImpTransport *self, const GOutputVector *vectors, guint n_vectors,
                           GError **error)
{
  gsize written = 0;
  GPollableReturn result;

  result = g_pollable_output_stream_writev_nonblocking (self->output, vectors, n_vectors, &written,
                                                        NULL, error);
  if (result == G_POLLABLE_RETURN_WOULD_BLOCK)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Cannot write now");
  return result == G_POLLABLE_RETURN_OK ? (gssize) written : -1;
}

G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
G_STATIC_ASSERT (G_STRUCT_OFFSET (GOutputVector, size) == G_STRUCT_OFFSET (struct iovec, iov_len));

gssize
imp_transport_writev (ImpTransport *self, const GOutputVector *vectors, guint n_vectors,
                      GError **error)
{
  struct msghdr message = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = n_vectors };
  gssize n;

  if (self->closed)
    return transport_fail (error, EBADF, "Cannot write");
  if (self->tls != NULL)
    {
      n = imp_tls_stream_writev (self->tls, vectors, n_vectors, error);
      transport_watch_tls (self);
      return n;
    }
  if (self->fd < 0)
    return transport_writev_pollable (self, vectors, n_vectors, error);

  do
    n = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    self->was_reset |= errno == ECONNRESET;
  return n < 0 ? transport_fail (error, errno, "Cannot write") : n;
}

gboolean
imp_transport_can_pass_descriptors (ImpTransport *self)
{
  return self->is_stream && !self->is_tcp && !self->closed;
}

gssize
imp_transport_write_descriptor (ImpTransport *self, const GOutputVector *vectors, guint n_vectors,
                                int fd, GError **error)
{
  gssize n;

  if (self->closed)
    return transport_fail (error, EBADF, "Cannot write");
  n = imp_descriptor_port_write (&self->port, vectors, n_vectors, fd);
  if (n < 0)
    self->was_reset |= errno == ECONNRESET;
  return n < 0 ? transport_fail (error, errno, "Cannot write") : n;
}

void
imp_transport_set_takes_descriptors (ImpTransport *self, gboolean takes)
{
  if (imp_transport_can_pass_descriptors (self))
    imp_descriptor_port_set_takes (&self->port, takes);
}

gboolean
imp_transport_has_descriptor (ImpTransport *self)
{
  return self->port.received >= 0;
}

int
imp_transport_steal_descriptor (ImpTransport *self)
{
  return imp_descriptor_port_steal (&self->port);
}

void
imp_transport_drop_descriptor (ImpTransport *self)
{
  imp_descriptor_port_drop (&self->port);
}

gboolean
imp_transport_can_splice (ImpTransport *self)
{
  return self->is_stream && !self->closed;
}

gboolean
imp_transport_can_splice_in (ImpTransport *self)
{
  return imp_transport_can_splice (self) && imp_descriptor_port_may_splice (&self->port);
}

gssize
imp_transport_splice_in (ImpTransport *self, int pipe, gsize length, GError **error)
{
  gssize n;

  if (self->closed)
    return transport_fail (error, EBADF, "Cannot read");
  do
    n = splice (self->fd, NULL, pipe, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  while (n < 0 && errno == EINTR);
  if (n >= 0 || errno == EAGAIN)
    return MAX (n, 0);
  /* The kernel has told it now, and will not tell a read. What says that this cannot be done has
   * told nothing. */
  if (errno == EINVAL || errno == ENOSYS || errno == EPERM || errno == ENOMEM)
    return 0;
  self->was_reset |= errno == ECONNRESET;
  return transport_fail (error, errno, "Cannot read");
}

/* splice() knows no MSG_NOSIGNAL, and a program may have undone that GSocket ignores the signal. */
static gssize
transport_splice_silently (int pipe, int fd, gsize length)
{
  struct timespec now = { 0 };
  sigset_t signals, before, pending;
  gboolean was_pending;
  gssize n;
  int code;

  sigemptyset (&signals);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, &before);
  was_pending = sigpending (&pending) == 0 && sigismember (&pending, SIGPIPE) == 1;
  do
    n = splice (pipe, NULL, fd, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  while (n < 0 && errno == EINTR);
  code = errno;
  if (n < 0 && code == EPIPE && !was_pending)
    while (sigtimedwait (&signals, NULL, &now) < 0 && errno == EINTR)
      ;
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  errno = code;
  return n;
}

gssize
imp_transport_splice_out (ImpTransport *self, int pipe, gsize length, GError **error)
{
  gssize n;

  if (self->closed)
    return transport_fail (error, EBADF, "Cannot write");
  n = transport_splice_silently (pipe, self->fd, length);
  if (n >= 0 || errno == EAGAIN)
    return MAX (n, 0);
  self->was_reset |= errno == ECONNRESET;
  return transport_fail (error, errno, "Cannot write");
}

gboolean
imp_transport_is_output_pending (ImpTransport *self)
{
  return !self->closed && self->tls != NULL && imp_tls_stream_wants_output (self->tls);
}

gboolean
imp_transport_shutdown_write (ImpTransport *self, GError **error)
{
  if (self->closed)
    {
      transport_fail (error, EBADF, "Cannot end the output");
      return FALSE;
    }
  if (self->tls != NULL)
    {
      imp_tls_stream_end_output (self->tls);
      transport_watch_tls (self);
      return TRUE;
    }
  if (self->fd < 0)
    return g_output_stream_close (G_OUTPUT_STREAM (self->output), NULL, error);
  if (shutdown (self->fd, SHUT_WR) < 0 && errno != ENOTCONN)
    {
      transport_fail (error, errno, "Cannot end the output");
      return FALSE;
    }
  return TRUE;
}

void
imp_transport_set_keepalive (ImpTransport *self, guint milliseconds)
{
  GSocket *socket = imp_tls_stream_find_socket (self->stream);

  if (!self->closed && socket != NULL)
    imp_socket_set_keepalive (socket, milliseconds);
}

void
imp_transport_set_abortive (ImpTransport *self, gboolean abortive)
{
  struct linger linger = { .l_onoff = abortive, .l_linger = 0 };

  self->abortive = abortive;
  if (self->is_tcp && !self->closed)
    setsockopt (self->poll_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

gsize
imp_transport_get_unacknowledged (ImpTransport *self)
{
  struct tcp_info info;
  socklen_t length = sizeof info;
  int n = 0;

  /* Of a connection that is over, nothing will be taken any more. */
  if (!self->is_tcp || self->closed
      || getsockopt (self->poll_fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0
      || info.tcpi_state == TCP_CLOSE || ioctl (self->poll_fd, SIOCOUTQ, &n) != 0)
    return 0;
  return MAX (n, 0);
}

gboolean
imp_transport_was_reset (const ImpTransport *self)
{
  return self->was_reset;
}

void
imp_transport_close (ImpTransport *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  self->func = NULL;
  imp_descriptor_port_close (&self->port);
  if (self->source != NULL)
    {
      transport_watch (self, 0);
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
  /* A stream around a socket may want to write an end of its own, which must not block. */
  if (self->tls != NULL)
    imp_tls_stream_close (self->tls, self->abortive);
  else if (self->fd >= 0)
    g_io_stream_close (self->stream, NULL, NULL);
  else
    g_io_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  self->fd = self->poll_fd = -1;
}

GIOStream *
imp_transport_get_stream (ImpTransport *self)
{
  return self->whole;
}

int
imp_transport_get_fd (ImpTransport *self)
{
  return self->fd;
}
