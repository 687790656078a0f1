/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "datagram-rig.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "core/imp-factory.h"
#include "test-streams.h"

#define TIMEOUT 10000 /* ms */
/* For what must not come. */
#define QUIET 30

/* --- the factory --- */

typedef struct
{
  ImpFactory parent;
  DatagramRig *rig;
} DatagramRigFactory;
typedef ImpFactoryClass DatagramRigFactoryClass;

static GType datagram_rig_factory_get_type (void);
G_DEFINE_TYPE (DatagramRigFactory, datagram_rig_factory, IMP_TYPE_FACTORY)

static ImpAnalyzer *
datagram_rig_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  DatagramRig *rig = ((DatagramRigFactory *) factory)->rig;
  MockAnalyzer *analyzer;

  if (rig->fails)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "none today");
      return NULL;
    }
  analyzer = mock_analyzer_new (rig->func, rig);
  g_clear_pointer (&rig->context, g_hash_table_unref);
  rig->context = g_hash_table_ref (context);
  g_ptr_array_add (rig->analyzers, g_object_ref (analyzer));
  return IMP_ANALYZER (analyzer);
}

static void
datagram_rig_factory_class_init (DatagramRigFactoryClass *klass)
{
  klass->create_analyzer = datagram_rig_factory_create_analyzer;
}

static void
datagram_rig_factory_init (DatagramRigFactory *self)
{
}

/* --- sockets --- */

GSocket *
datagram_rig_bind (const char *ip, guint16 port)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (ip, port);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_DATAGRAM,
                         G_SOCKET_PROTOCOL_DEFAULT, &error);
  if (socket == NULL || !g_socket_bind (socket, address, FALSE, &error))
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  return g_steal_pointer (&socket);
}

GSocketAddress *
datagram_rig_get_address (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  GSocketAddress *address = g_socket_get_local_address (socket, &error);

  g_assert_no_error (error);
  return address;
}

/* --- the relay --- */

static void
on_client_ended (ImpDatagramRelay *relay, GSocketAddress *client, GError *error, DatagramRig *self)
{
  g_assert_true (G_IS_INET_SOCKET_ADDRESS (client));
  if (self->log->len > 0)
    g_string_append_c (self->log, '\n');
  g_string_append (self->log, error != NULL ? error->message : "idle");
}

void
datagram_rig_init (DatagramRig *self, MockFunc func, const char *listen)
{
  memset (self, 0, sizeof *self);
  self->func = func;
  self->analyzers = g_ptr_array_new_with_free_func (g_object_unref);
  self->log = g_string_new (NULL);
  self->cancellable = g_cancellable_new ();
  self->factory = g_object_new (datagram_rig_factory_get_type (), NULL);
  ((DatagramRigFactory *) self->factory)->rig = self;
  self->server = datagram_rig_bind ("127.0.0.1", 0);
  self->target = datagram_rig_get_address (self->server);
  self->socket = datagram_rig_bind (listen, 0);
  g_assert_nonnull (self->socket);
  self->address = datagram_rig_get_address (self->socket);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DatagramRig *self = user_data;

  self->done = TRUE;
  imp_datagram_relay_run_finish (IMP_DATAGRAM_RELAY (source), result, &self->error);
}

void
datagram_rig_start (DatagramRig *self, ImpDatagramRelay *relay)
{
  self->relay = relay;
  g_signal_connect (relay, "client-ended", G_CALLBACK (on_client_ended), self);
  imp_datagram_relay_run_async (relay, self->cancellable, on_done, self);
}

void
datagram_rig_clear (DatagramRig *self)
{
  if (!self->done)
    {
      g_cancellable_cancel (self->cancellable);
      datagram_rig_wait_done (self);
      g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  g_assert_finalize_object (self->relay);
  /* Whatever they were told, it is over for all of them. */
  for (guint i = 0; i < self->analyzers->len; i++)
    g_assert_cmpuint (((MockAnalyzer *) self->analyzers->pdata[i])->n_closed, ==, 1);
  g_ptr_array_unref (self->analyzers);
  g_clear_pointer (&self->context, g_hash_table_unref);
  g_assert_finalize_object (self->factory);
  g_clear_object (&self->socket);
  g_clear_object (&self->server);
  g_clear_object (&self->address);
  g_clear_object (&self->target);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_string_free (self->log, TRUE);
}

static gboolean
is_done (gpointer data)
{
  return ((DatagramRig *) data)->done;
}

void
datagram_rig_wait_done (DatagramRig *self)
{
  g_assert_true (test_run_until (is_done, self, TIMEOUT));
}

/* --- packets --- */

GSocket *
datagram_rig_connect (DatagramRig *self, const char *ip)
{
  gboolean v6 = g_socket_address_get_family (self->address) == G_SOCKET_FAMILY_IPV6;
  GSocket *socket = datagram_rig_bind (ip != NULL ? ip : v6 ? "::1" : "127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (socket);
  g_socket_connect (socket, self->address, NULL, &error);
  g_assert_no_error (error);
  return socket;
}

void
datagram_rig_send (GSocket *socket, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_socket_send (socket, data, length, NULL, &error), ==, length);
  g_assert_no_error (error);
}

void
datagram_rig_say (GSocket *socket, const char *text)
{
  datagram_rig_send (socket, text, strlen (text));
}

void
datagram_rig_answer (DatagramRig *self, GSocketAddress *to, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_socket_send_to (self->server, to, text, strlen (text), NULL, &error), ==,
                   strlen (text));
  g_assert_no_error (error);
}

static gboolean
has_come (gpointer data)
{
  return g_socket_condition_check (data, G_IO_IN) != 0;
}

GBytes *
datagram_rig_receive (GSocket *socket, GSocketAddress **from, guint ms)
{
  g_autofree char *buffer = g_malloc (DATAGRAM_RIG_SIZE + 1);
  g_autoptr (GSource) awake = g_socket_create_source (socket, G_IO_IN, NULL);
  g_autoptr (GError) error = NULL;
  gssize length;
  gboolean come;

  /* So that the main loop wakes up. */
  g_source_set_dummy_callback (awake);
  g_source_attach (awake, NULL);
  come = test_run_until (has_come, socket, ms);
  g_source_destroy (awake);
  if (!come)
    return NULL;
  length = g_socket_receive_from (socket, from, buffer, DATAGRAM_RIG_SIZE + 1, NULL, &error);
  g_assert_no_error (error);
  return g_bytes_new (buffer, length);
}

static void
assert_text (GBytes *bytes, const char *text)
{
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
}

void
datagram_rig_expect (GSocket *socket, const char *text)
{
  g_autoptr (GBytes) bytes = datagram_rig_receive (socket, NULL, TIMEOUT);

  assert_text (bytes, text);
}

GSocketAddress *
datagram_rig_expect_request (DatagramRig *self, const char *text)
{
  GSocketAddress *from = NULL;
  g_autoptr (GBytes) bytes = datagram_rig_receive (self->server, &from, TIMEOUT);

  assert_text (bytes, text);
  return from;
}

void
datagram_rig_expect_nothing (GSocket *socket)
{
  g_autoptr (GBytes) bytes = datagram_rig_receive (socket, NULL, QUIET);

  g_assert_null (bytes);
}

/* --- figures --- */

guint64
datagram_rig_count (DatagramRig *self, const char *name)
{
  g_autoptr (GVariant) all = imp_datagram_relay_get_statistics (self->relay);
  guint64 n;

  g_assert_true (g_variant_lookup (all, name, "t", &n));
  return n;
}

typedef struct
{
  DatagramRig *rig;
  const char *name;
  guint64 wanted;
} Count;

static gboolean
is_counted (gpointer data)
{
  Count *count = data;

  return datagram_rig_count (count->rig, count->name) == count->wanted;
}

void
datagram_rig_wait_count (DatagramRig *self, const char *name, guint64 n)
{
  Count count = { self, name, n };

  if (!test_run_until (is_counted, &count, TIMEOUT))
    g_assert_cmpuint (datagram_rig_count (self, name), ==, n);
}
