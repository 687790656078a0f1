/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-transport-private.h"

/* One end of a connection, driven by the main loop: sends what it has, keeps what it gets. */
typedef struct
{
  ImpTransport *transport;
  GByteArray *to_send;
  gsize sent;
  GByteArray *received;
  gsize n_received; /* also where it is not kept */
  gsize write_most; /* bytes per wake-up */
  gsize read_most;
  gsize read_limit; /* stops reading there; G_MAXSIZE: never */
  gboolean discard; /* does not keep what it gets */
  gboolean ends;    /* shuts down its output once all is sent */
  gboolean has_ended;
  gboolean got_end;
  GError *error; /* of reading or writing */
} TestPeer;

/* Takes @stream. */
TestPeer *test_peer_new (GIOStream *stream);
void test_peer_free (TestPeer *peer);
void test_peer_send (TestPeer *peer, gconstpointer data, gsize length);
/* After a field was changed. */
void test_peer_update (TestPeer *peer);
void test_peer_close (TestPeer *peer);

void test_peer_assert_received (TestPeer *peer, gconstpointer data, gsize length);
/* For test_run_until(). */
gboolean test_peer_has_received (gpointer peer);
gboolean test_peer_got_end (gpointer peer);
gboolean test_never (gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestPeer, test_peer_free)
