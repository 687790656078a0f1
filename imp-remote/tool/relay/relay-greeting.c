/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-greeting.h"

#include "core/imp-error.h"
#include "provider/imp-client-hello-private.h"

#include <errno.h>
#include <sys/socket.h>

#define READ_SIZE 4096
/* How long a client that is refused may take to read why, and how much it may say meanwhile. */
#define FINISH_MS 500
#define FINISH_MAX (1024 * 1024)

typedef ImpDecodeStatus (*RelayGreetingDecode) (RelayGreeting *self, gsize *used, GError **error);

/* What can be read. */
typedef struct
{
  const char *what; /* for errors */
  RelayGreetingDecode decode;
  gboolean is_optional; /* that it does not come, or ends, is no error */
} RelayGreetingKind;

struct _RelayGreeting
{
  GSocket *socket;
  guint timeout_ms;
  gint64 deadline; /* monotonic microseconds */
  GByteArray *input;
  GSource *source;
  guint turn; /* the sources of these, or 0 */
  guint timer;
  const RelayGreetingKind *kind; /* NULL: nothing is read now */
  RelayGreetingFunc func;
  gpointer user_data;
  ImpProxyHeader *header;
  const ImpRequestProtocol *protocol;
  ImpRequest *request;
  char **name;
  gsize thrown_away;
};

RelayGreeting *
relay_greeting_new (GSocket *client, guint timeout_ms)
{
  RelayGreeting *self = g_new0 (RelayGreeting, 1);

  self->socket = g_object_ref (client);
  self->timeout_ms = timeout_ms;
  self->deadline = g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
  self->input = g_byte_array_new ();
  return self;
}

static void
relay_greeting_stop (RelayGreeting *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_handle_id (&self->turn, g_source_remove);
  g_clear_handle_id (&self->timer, g_source_remove);
  self->kind = NULL;
}

void
relay_greeting_free (RelayGreeting *self)
{
  relay_greeting_stop (self);
  g_object_unref (self->socket);
  g_byte_array_unref (self->input);
  g_free (self);
}

GBytes *
relay_greeting_steal_rest (RelayGreeting *self)
{
  GByteArray *input = self->input;

  if (input->len == 0)
    return NULL;
  self->input = g_byte_array_new ();
  return g_byte_array_free_to_bytes (input);
}

gboolean
relay_greeting_write_socket (GSocket *socket, GBytes *bytes, GError **error)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  gssize n;

  if (length == 0)
    return TRUE;
  do
    n = send (g_socket_get_fd (socket), data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n == (gssize) length)
    return TRUE;
  if (n < 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot write: %s",
                 g_strerror (errno));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
                 "Only %" G_GSSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes can be written", n,
                 length);
  return FALSE;
}

gboolean
relay_greeting_write (RelayGreeting *self, GBytes *bytes, GError **error)
{
  return relay_greeting_write_socket (self->socket, bytes, error);
}

/* The last thing that happens to what is read. */
static void
relay_greeting_answer (RelayGreeting *self, const GError *error)
{
  RelayGreetingFunc func = g_steal_pointer (&self->func);

  relay_greeting_stop (self);
  func (error, self->user_data);
}

/* ---- reading ---- */

/* TRUE: more is to be read. */
static gboolean
relay_greeting_decode (RelayGreeting *self)
{
  g_autoptr (GError) error = NULL;
  ImpDecodeStatus status;
  gsize used;

  do
    {
      used = 0;
      status = self->kind->decode (self, &used, &error);
      g_byte_array_remove_range (self->input, 0, used);
    }
  while (status == IMP_DECODE_MORE && used > 0 && self->input->len > 0);
  if (status == IMP_DECODE_MORE)
    return TRUE;
  relay_greeting_answer (self, error);
  return FALSE;
}

/* At the end of the stream; what there is cannot become more. */
static void
relay_greeting_end (RelayGreeting *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->kind->is_optional)
    g_set_error (&error, IMP_ERROR, IMP_ERROR_CLOSED,
                 "The client has ended the connection before its %s was complete",
                 self->kind->what);
  relay_greeting_answer (self, error);
}

static gboolean
relay_greeting_on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  RelayGreeting *self = user_data;
  g_autoptr (GError) error = NULL;
  guint8 buffer[READ_SIZE];
  gssize n;

  do
    n = recv (g_socket_get_fd (socket), buffer, sizeof buffer, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  if (n > 0)
    {
      g_byte_array_append (self->input, buffer, n);
      return relay_greeting_decode (self) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    }
  if (n == 0)
    {
      relay_greeting_end (self);
      return G_SOURCE_REMOVE;
    }
  g_set_error (&error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot read: %s",
               g_strerror (errno));
  relay_greeting_answer (self, error);
  return G_SOURCE_REMOVE;
}

static gboolean
relay_greeting_on_timeout (gpointer user_data)
{
  RelayGreeting *self = user_data;
  g_autoptr (GError) error = NULL;

  self->timer = 0;
  if (!self->kind->is_optional)
    g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
                 "The client has sent no complete %s within %u ms (--greeting-timeout)",
                 self->kind->what, self->timeout_ms);
  relay_greeting_answer (self, error);
  return G_SOURCE_REMOVE;
}

/* What has been read before may be enough. */
static gboolean
relay_greeting_on_turn (gpointer user_data)
{
  RelayGreeting *self = user_data;

  self->turn = 0;
  if (self->input->len == 0 || relay_greeting_decode (self))
    {
      self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
      g_source_set_static_name (self->source, "imp relay: greeting");
      g_source_set_callback (self->source, G_SOURCE_FUNC (relay_greeting_on_readable), self, NULL);
      g_source_attach (self->source, NULL);
    }
  return G_SOURCE_REMOVE;
}

static void
relay_greeting_read (RelayGreeting *self, const RelayGreetingKind *kind, guint timeout_ms,
                     RelayGreetingFunc func, gpointer user_data)
{
  g_assert (self->kind == NULL);
  self->kind = kind;
  self->func = func;
  self->user_data = user_data;
  self->timer = g_timeout_add (timeout_ms, relay_greeting_on_timeout, self);
  self->turn = g_idle_add_full (G_PRIORITY_DEFAULT, relay_greeting_on_turn, self, NULL);
}

static guint
relay_greeting_get_time_left (RelayGreeting *self)
{
  return MAX (self->deadline - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND;
}

/* ---- what can be read ---- */

static ImpDecodeStatus
relay_greeting_decode_header (RelayGreeting *self, gsize *used, GError **error)
{
  return imp_proxy_header_decode (self->input->data, self->input->len, self->header, used, error);
}

void
relay_greeting_read_header (RelayGreeting *self, ImpProxyHeader *header, RelayGreetingFunc func,
                            gpointer user_data)
{
  static const RelayGreetingKind kind = { "PROXY header", relay_greeting_decode_header, FALSE };

  self->header = header;
  relay_greeting_read (self, &kind, relay_greeting_get_time_left (self), func, user_data);
}

static ImpDecodeStatus
relay_greeting_decode_request (RelayGreeting *self, gsize *used, GError **error)
{
  ImpDecodeStatus status = self->protocol->decode (self->request, self->input->data,
                                                   self->input->len, used, error);
  g_autoptr (GBytes) reply = g_steal_pointer (&self->request->reply);

  /* Who is refused anyway may not hear it. */
  if (reply != NULL && !relay_greeting_write (self, reply, status == IMP_DECODE_BAD ? NULL : error))
    return IMP_DECODE_BAD;
  return status;
}

void
relay_greeting_read_request (RelayGreeting *self, const ImpRequestProtocol *protocol,
                             ImpRequest *request, RelayGreetingFunc func, gpointer user_data)
{
  static const RelayGreetingKind kind = { "request", relay_greeting_decode_request, FALSE };

  self->protocol = protocol;
  self->request = request;
  relay_greeting_read (self, &kind, relay_greeting_get_time_left (self), func, user_data);
}

static ImpDecodeStatus
relay_greeting_decode_name (RelayGreeting *self, gsize *used, GError **error)
{
  ImpDecodeStatus status = imp_client_hello_decode (self->input->data, self->input->len,
                                                    self->name);

  return status == IMP_DECODE_MORE ? IMP_DECODE_MORE : IMP_DECODE_DONE;
}

void
relay_greeting_read_name (RelayGreeting *self, char **name, guint timeout_ms,
                          RelayGreetingFunc func, gpointer user_data)
{
  static const RelayGreetingKind kind = { "TLS hello", relay_greeting_decode_name, TRUE };

  self->name = name;
  relay_greeting_read (self, &kind, timeout_ms, func, user_data);
}

static ImpDecodeStatus
relay_greeting_throw_away (RelayGreeting *self, gsize *used, GError **error)
{
  *used = self->input->len;
  self->thrown_away += *used;
  return self->thrown_away < FINISH_MAX ? IMP_DECODE_MORE : IMP_DECODE_DONE;
}

void
relay_greeting_finish (RelayGreeting *self, RelayGreetingFunc func, gpointer user_data)
{
  static const RelayGreetingKind kind = { "end", relay_greeting_throw_away, TRUE };

  shutdown (g_socket_get_fd (self->socket), SHUT_WR);
  relay_greeting_read (self, &kind, FINISH_MS, func, user_data);
}
