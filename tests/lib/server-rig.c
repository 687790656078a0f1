/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server-rig.h"

#include "json-rig.h"
#include "test-streams.h"

#include "core/imp-type-factory.h"

#include <string.h>

static void
on_connected (ImpServer *server, GIOStream *stream, gpointer user_data)
{
  ((ServerRig *) user_data)->n_connected++;
}

static void
on_disconnected (ImpServer *server, GIOStream *stream, const char *reason, gpointer user_data)
{
  g_string_append_printf (((ServerRig *) user_data)->reasons, "%s|", reason);
}

/* Whichever type its property has. */
static void
set_limit (ImpServer *server, const char *limit, guint value)
{
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_UINT);
  g_value_set_uint (&number, value);
  g_object_set_property (G_OBJECT (server), limit, &number);
}

void
server_rig_init (ServerRig *self, const char *limit, ...)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (imp_type_factory_new (
    json_rig_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;
  va_list arguments;

  *self = (ServerRig){ .server = imp_server_new (factory), .reasons = g_string_new (NULL) };
  va_start (arguments, limit);
  for (; limit != NULL; limit = va_arg (arguments, const char *))
    set_limit (self->server, limit, va_arg (arguments, guint));
  va_end (arguments);
  g_signal_connect (self->server, "connected", G_CALLBACK (on_connected), self);
  g_signal_connect (self->server, "disconnected", G_CALLBACK (on_disconnected), self);
  imp_server_listen (self->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (self->server);
  self->address = g_strdup (addresses[0]);
}

void
server_rig_clear (ServerRig *self)
{
  imp_server_close (self->server);
  g_assert_finalize_object (self->server);
  g_string_free (self->reasons, TRUE);
  g_free (self->address);
}

TestPeer *
server_rig_connect (ServerRig *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  connection = g_socket_client_connect_to_host (client, self->address, 0, NULL, &error);
  g_assert_no_error (error);
  return test_peer_new (G_IO_STREAM (connection));
}

TestPeer *
server_rig_connect_and_greet (ServerRig *self)
{
  TestPeer *peer = server_rig_connect (self);

  server_rig_ask (peer, SERVER_RIG_GREETING);
  return peer;
}

TestPeer *
server_rig_add_stranger (ServerRig *self)
{
  g_autoptr (GIOStream) theirs = NULL;
  g_autoptr (GError) error = NULL;
  GIOStream *ours;
  TestPeer *peer;

  test_stream_pair_faulty ("seed=1", &theirs, &ours);
  imp_server_add_stream (self->server, theirs, &error);
  g_assert_no_error (error);
  peer = test_peer_new (ours);
  server_rig_ask (peer, SERVER_RIG_GREETING);
  return peer;
}

guint64
server_rig_count (ServerRig *self, const char *reason)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (self->server);
  g_autoptr (GVariant) refusals = g_variant_lookup_value (statistics, "refusals", NULL);
  guint64 n;

  g_assert_true (g_variant_lookup (refusals, reason, "t", &n));
  return n;
}

void
server_rig_say (TestPeer *peer, const char *lines)
{
  test_peer_send (peer, lines, strlen (lines));
}

typedef struct
{
  TestPeer *peer;
  const char *text;
} Expected;

static gboolean
has_heard (gpointer data)
{
  const Expected *expected = data;
  const GByteArray *received = expected->peer->received;

  return received->len > 0
         && memmem (received->data, received->len, expected->text, strlen (expected->text)) != NULL;
}

gboolean
server_rig_hears (TestPeer *peer, const char *text, guint ms)
{
  Expected expected = { peer, text };

  return test_run_until (has_heard, &expected, ms);
}

void
server_rig_expect (TestPeer *peer, const char *text)
{
  if (!server_rig_hears (peer, text, SERVER_RIG_TIMEOUT))
    g_error ("\"%s\" is not in \"%.*s\"", text, (int) peer->received->len,
             peer->received->len > 0 ? (char *) peer->received->data : "");
}

void
server_rig_ask (TestPeer *peer, const char *lines)
{
  g_byte_array_set_size (peer->received, 0);
  server_rig_say (peer, lines);
  server_rig_say (peer, SERVER_RIG_PING);
  server_rig_expect (peer, "77}");
}

void
server_rig_expect_end (TestPeer *peer)
{
  g_assert_true (test_run_until (test_peer_got_end, peer, SERVER_RIG_TIMEOUT));
  g_assert_null (peer->error);
}

void
server_rig_wait (guint ms)
{
  test_run_until (test_never, NULL, ms);
}
