/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the peer of a stream sees when it ends, over TCP, where a part can be told from the whole.
 * */
#include "io-rig.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

#include "core/imp-error.h"

static void
make_tcp_pair (GIOStream **one, GIOStream **other)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                 &address, &error);
  g_assert_no_error (error);
  *other = G_IO_STREAM (
    g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error));
  g_assert_no_error (error);
  *one = G_IO_STREAM (g_socket_listener_accept (listener, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
hold_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
}

/* "good" passes, and what comes behind it is refused in some way. */
static void
deny_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (self->fed[direction] <= 4)
    scripted_analyzer_pass_all (self, direction, data);
  else
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "not that");
}

static void
fail_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (self->fed[direction] <= 4)
    scripted_analyzer_pass_all (self, direction, data);
  else
    imp_analyzer_fail (IMP_ANALYZER (self), "out of ideas");
}

static void
drop_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (self->fed[direction] <= 4)
    scripted_analyzer_pass_all (self, direction, data);
  else
    imp_analyzer_drop (IMP_ANALYZER (self));
}

static void
answer_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (self->fed[direction] <= 4)
    {
      scripted_analyzer_pass_all (self, direction, data);
      return;
    }
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "no", 2);
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "not that");
}

static IORig *
new_rig (ScriptedAnalyzerFunc func)
{
  GIOStream *ours, *theirs;

  make_tcp_pair (&ours, &theirs);
  return io_rig_new_over (scripted_analyzer_new (func), ours, theirs);
}

/* The peer must have heard that, and then a reset, or an end. */
static void
assert_end (IORig *rig, const char *heard, gboolean reset)
{
  io_rig_peer_waits_for_end (rig);
  io_rig_peer_hears (rig, heard);
  if (reset)
    g_assert_error (rig->peer->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  else
    g_assert_no_error (rig->peer->error);
}

/* What is written is refused: what passed before arrives, and is no whole. */
static void
check_refused (ScriptedAnalyzerFunc func, int code)
{
  g_autoptr (IORig) rig = new_rig (func);
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "good");
  io_rig_peer_hears (rig, "good");
  g_assert_cmpint (g_output_stream_write (rig->output, "evil", 4, NULL, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, code);
  assert_end (rig, "good", TRUE);
  io_rig_fails_to_close (rig, IMP_ERROR, code);
}

static void
test_refused (void)
{
  check_refused (deny_second, IMP_ERROR_DENIED);
  check_refused (fail_second, IMP_ERROR_FATAL);
  check_refused (drop_second, IMP_ERROR_CLOSED);
}

/* An answer to the peer is complete. */
static void
test_answered (void)
{
  g_autoptr (IORig) rig = new_rig (answer_second);

  io_rig_peer_says (rig, "good");
  io_rig_read (rig, "good");
  io_rig_peer_says (rig, "evil");
  assert_end (rig, "no", FALSE);
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_DENIED);
}

static void
test_closed (void)
{
  g_autoptr (IORig) rig = new_rig (scripted_analyzer_pass_all);

  io_rig_write (rig, "all");
  io_rig_close (rig);
  assert_end (rig, "all", FALSE);
}

/* A stream that is closed at once, or let go, has not said all. */
static void
test_canceled (void)
{
  g_autoptr (IORig) rig = new_rig (hold_all);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "held");
  g_cancellable_cancel (cancellable);
  g_assert_false (g_io_stream_close (rig->stream, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_end (rig, "", TRUE);
}

static void
test_let_go (void)
{
  IORig *rig = new_rig (scripted_analyzer_pass_all);

  io_rig_write (rig, "part");
  io_rig_peer_hears (rig, "part");
  g_assert_finalize_object (rig->stream);
  assert_end (rig, "part", TRUE);
  g_assert_finalize_object (rig->analyzer);
  test_peer_free (rig->peer);
  g_free (rig);
}

/* A dropped connection does not wait for a peer that does not read. */
static void
test_drop_full (void)
{
  g_autoptr (IORig) rig = new_rig (scripted_analyzer_pass_all);
  gint64 begin;

  rig->peer->read_limit = 1;
  test_peer_update (rig->peer);
  test_stream_fill (rig->stream);
  begin = g_get_monotonic_time ();
  imp_analyzer_drop (rig->analyzer);
  io_rig_fails_to_write (rig, IMP_ERROR, IMP_ERROR_CLOSED);
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_CLOSED);
  io_rig_fails_to_close (rig, IMP_ERROR, IMP_ERROR_CLOSED);
  /* Well before the linger time of 5 s. */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_TIME_SPAN_SECOND);
}

/* A peer that resets is no peer that ends. */
static void
test_reset (void)
{
  g_autoptr (IORig) rig = new_rig (scripted_analyzer_pass_all);

  io_rig_peer_says (rig, "part");
  io_rig_read (rig, "part");
  imp_transport_set_abortive (rig->peer->transport, TRUE);
  test_peer_close (rig->peer);
  io_rig_fails_to_read (rig, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  io_rig_fails_to_write (rig, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

/* What may be the beginning of a match is not held for long, and the connection goes on. */
static void
test_hold_timeout (void)
{
  g_autoptr (IORig) rig = new_rig (hold_all);
  ImpFilter *filter = imp_io_stream_get_filter (IMP_IO_STREAM (rig->stream));
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (imp_filter_get_hold_timeout (filter), ==, 500);
  imp_filter_set_hold_timeout (filter, 60);
  imp_analyzer_pass_pattern (rig->analyzer, IMP_DIRECTION_FROM_SERVER, "EVIL", 4);
  io_rig_write (rig, "EV");
  g_output_stream_flush (rig->output, NULL, &error);
  g_assert_no_error (error);
  io_rig_peer_hears (rig, "EV");
  io_rig_write (rig, "en");
  io_rig_close (rig);
  assert_end (rig, "EVen", FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-stream-end/refused", test_refused);
  g_test_add_func ("/io-stream-end/answered", test_answered);
  g_test_add_func ("/io-stream-end/closed", test_closed);
  g_test_add_func ("/io-stream-end/canceled", test_canceled);
  g_test_add_func ("/io-stream-end/let-go", test_let_go);
  g_test_add_func ("/io-stream-end/drop-full", test_drop_full);
  g_test_add_func ("/io-stream-end/reset", test_reset);
  g_test_add_func ("/io-stream-end/hold-timeout", test_hold_timeout);
  return g_test_run ();
}
