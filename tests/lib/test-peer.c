/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-peer.h"

static gboolean
is_broken (TestPeer *peer, GError *error)
{
  gboolean blocks = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

  if (error != NULL && !blocks && peer->error == NULL)
    peer->error = g_error_copy (error);
  return error != NULL && !blocks;
}

static void
write_some (TestPeer *peer)
{
  GOutputVector vector = { peer->to_send->data + peer->sent,
                           MIN (peer->to_send->len - peer->sent, peer->write_most) };
  g_autoptr (GError) error = NULL;
  gssize n = imp_transport_writev (peer->transport, &vector, 1, &error);

  if (n > 0)
    peer->sent += n;
  if (is_broken (peer, error))
    peer->sent = peer->to_send->len;
}

static void
read_some (TestPeer *peer)
{
  guint8 buffer[65536];
  gsize most = MIN (MIN (sizeof buffer, peer->read_most), peer->read_limit - peer->n_received);
  g_autoptr (GError) error = NULL;
  gssize n = imp_transport_read (peer->transport, buffer, most, &error);

  if (n == 0 || is_broken (peer, error))
    peer->got_end = TRUE;
  if (n <= 0)
    return;
  peer->n_received += n;
  if (!peer->discard)
    g_byte_array_append (peer->received, buffer, n);
}

void
test_peer_update (TestPeer *peer)
{
  GIOCondition interest = 0;

  if (peer->sent < peer->to_send->len)
    interest |= G_IO_OUT;
  else if (peer->ends && !peer->has_ended)
    {
      g_autoptr (GError) error = NULL;

      peer->has_ended = TRUE;
      if (!imp_transport_shutdown_write (peer->transport, &error))
        is_broken (peer, error);
    }
  if (!peer->got_end && peer->n_received < peer->read_limit)
    interest |= G_IO_IN;
  imp_transport_set_interest (peer->transport, interest);
}

static void
on_transport (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  TestPeer *peer = user_data;

  if ((conditions & G_IO_OUT) != 0 && peer->sent < peer->to_send->len)
    write_some (peer);
  if ((conditions & G_IO_IN) != 0 && !peer->got_end && peer->n_received < peer->read_limit)
    read_some (peer);
  test_peer_update (peer);
}

TestPeer *
test_peer_new (GIOStream *stream)
{
  TestPeer *peer = g_new0 (TestPeer, 1);
  g_autoptr (GError) error = NULL;

  peer->transport = imp_transport_new (stream, &error);
  g_assert_no_error (error);
  g_object_unref (stream);
  peer->to_send = g_byte_array_new ();
  peer->received = g_byte_array_new ();
  peer->write_most = peer->read_most = peer->read_limit = G_MAXSIZE;
  imp_transport_attach (peer->transport, NULL, G_PRIORITY_DEFAULT, on_transport, peer);
  test_peer_update (peer);
  return peer;
}

void
test_peer_free (TestPeer *peer)
{
  test_peer_close (peer);
  imp_transport_unref (peer->transport);
  g_byte_array_unref (peer->to_send);
  g_byte_array_unref (peer->received);
  g_clear_error (&peer->error);
  g_free (peer);
}

void
test_peer_send (TestPeer *peer, gconstpointer data, gsize length)
{
  g_byte_array_append (peer->to_send, data, length);
  test_peer_update (peer);
}

void
test_peer_close (TestPeer *peer)
{
  imp_transport_close (peer->transport);
}

void
test_peer_assert_received (TestPeer *peer, gconstpointer data, gsize length)
{
  g_assert_cmpmem (peer->received->data, peer->received->len, data, length);
}

gboolean
test_peer_has_received (gpointer data)
{
  TestPeer *peer = data;

  return peer->n_received > 0;
}

gboolean
test_peer_got_end (gpointer data)
{
  TestPeer *peer = data;

  return peer->got_end;
}

gboolean
test_never (gpointer data)
{
  return FALSE;
}
