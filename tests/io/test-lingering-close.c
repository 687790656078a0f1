/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a connection, without anything that has been said before. */
#include "io/imp-lingering-close-private.h"
#include "test-streams.h"

#include <string.h>

#define TIMEOUT 200

typedef struct
{
  GIOStream *far;
  ImpTransport *transport;
  ImpLingeringClose *lingering;
} Fixture;

static void
on_ready (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  Fixture *fixture = user_data;

  if ((conditions & G_IO_IN) != 0)
    imp_lingering_close_read (fixture->lingering);
  imp_transport_set_interest (transport,
                              imp_lingering_close_wants_input (fixture->lingering) ? G_IO_IN : 0);
}

static void
set_up (Fixture *fixture)
{
  g_autoptr (GIOStream) near = NULL;
  g_autoptr (GError) error = NULL;

  test_stream_pair (&near, &fixture->far);
  fixture->transport = imp_transport_new (near, &error);
  g_assert_no_error (error);
  imp_transport_attach (fixture->transport, NULL, G_PRIORITY_DEFAULT, on_ready, fixture);
  fixture->lingering = imp_lingering_close_new (fixture->transport, NULL, TIMEOUT);
  imp_transport_set_interest (fixture->transport, G_IO_IN);
}

static void
tear_down (Fixture *fixture)
{
  imp_lingering_close_free (fixture->lingering);
  imp_transport_close (fixture->transport);
  imp_transport_unref (fixture->transport);
  g_clear_object (&fixture->far);
}

static gboolean
is_over (gpointer data)
{
  return imp_lingering_close_is_over (((Fixture *) data)->lingering);
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

/* What comes is thrown away until the other side closes, and is no reason to go on after that. */
static void
test_peer_closes (void)
{
  Fixture fixture;
  g_autofree char *words = g_strnfill (100000, 'x');

  set_up (&fixture);
  test_stream_write (fixture.far, words, strlen (words));
  imp_lingering_close_end_output (fixture.lingering);
  imp_lingering_close_end_output (fixture.lingering);
  g_assert_false (is_over (&fixture));
  test_run_until (never, NULL, TIMEOUT / 4);
  g_assert_false (is_over (&fixture));
  g_assert_true (g_io_stream_close (fixture.far, NULL, NULL));
  test_run_until (never, NULL, TIMEOUT / 4);
  g_assert_true (is_over (&fixture));
  g_assert_false (imp_lingering_close_wants_input (fixture.lingering));
  tear_down (&fixture);
}

/* The other side has closed already: it is over with the output, and not before. */
static void
test_output_last (void)
{
  Fixture fixture;

  set_up (&fixture);
  g_assert_true (g_io_stream_close (fixture.far, NULL, NULL));
  test_run_until (never, NULL, TIMEOUT / 4);
  g_assert_false (is_over (&fixture));
  imp_lingering_close_end_output (fixture.lingering);
  g_assert_true (is_over (&fixture));
  tear_down (&fixture);
}

/* One that keeps its end open gets so much time after the last byte, and wakes us at its end. */
static void
test_timeout (void)
{
  Fixture fixture;
  gint64 begin, passed;

  set_up (&fixture);
  test_run_until (never, NULL, TIMEOUT * 3 / 4);
  begin = g_get_monotonic_time ();
  imp_lingering_close_end_output (fixture.lingering);
  g_assert_true (test_run_until (is_over, &fixture, 10 * TIMEOUT));
  passed = (g_get_monotonic_time () - begin) / 1000;
  g_test_message ("%" G_GINT64_FORMAT " ms", passed);
  g_assert_cmpint (passed, >=, TIMEOUT);
  g_assert_true (imp_lingering_close_wants_input (fixture.lingering));
  tear_down (&fixture);
}

/* One that reads nothing gets as much; one that reads slowly gets more. */
static void
test_written (void)
{
  Fixture fixture;

  set_up (&fixture);
  for (guint i = 0; i < 8; i++)
    {
      test_run_until (never, NULL, TIMEOUT / 2);
      g_assert_false (is_over (&fixture));
      imp_lingering_close_note_written (fixture.lingering);
    }
  g_assert_true (test_run_until (is_over, &fixture, 10 * TIMEOUT));
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lingering-close/peer-closes", test_peer_closes);
  g_test_add_func ("/lingering-close/output-last", test_output_last);
  g_test_add_func ("/lingering-close/timeout", test_timeout);
  g_test_add_func ("/lingering-close/written", test_written);
  return g_test_run ();
}
