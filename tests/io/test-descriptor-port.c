/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that nobody has asked for, of a kind that takes as long to close as whoever sent them
 * likes: nobody waits for that. */
#include "old-kernel.h"
#include "raw-socket.h"
#include "slow-descriptor.h"

#include "core/imp-error.h"
#include "io/imp-descriptor-closer-private.h"
#include "io/imp-splice-private.h"
#include "io/imp-transport-private.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define OTHERS_MAX 16
/* Nothing here takes so long, in microseconds, unless it waits for a descriptor. */
#define LONG (SLOW_DESCRIPTOR_SECONDS * G_USEC_PER_SEC / 2)

typedef struct
{
  RawSocket *socket;
  ImpTransport *transport;
  guint n_descriptors;
  int others[OTHERS_MAX]; /* of the slow ones, to be let go in the end */
  guint n_others;
  gint64 began;
} Fixture;

static ImpTransport *
make_transport (GIOStream *stream)
{
  g_autoptr (GError) error = NULL;
  ImpTransport *transport = imp_transport_new (stream, &error);

  g_assert_no_error (error);
  return transport;
}

/* Has ours be the last one of what takes so long. If it is refused, closing it is up to us. */
static void
send_slow (Fixture *self)
{
  const struct linger linger = { .l_onoff = 0 };
  const guint n_refused = self->socket->n_refused;
  int fd = slow_descriptor_new (&self->others[self->n_others++]);

  raw_socket_send (self->socket, "x", fd, 1);
  if (self->socket->n_refused > n_refused)
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
}

/* @early: whether a slow one has come before anybody could refuse it. */
static void
fixture_init (Fixture *self, gboolean old, gboolean early)
{
  g_autoptr (GIOStream) stream = NULL;

  *self = (Fixture){ 0 };
  old_kernel_set (old);
  self->n_descriptors = raw_count_descriptors ();
  self->socket = raw_socket_new (&stream);
  if (early)
    send_slow (self);
  self->transport = make_transport (stream);
  self->began = g_get_monotonic_time ();
}

static gssize
read_some (Fixture *self, GError **error)
{
  char buffer[64];

  return imp_transport_read (self->transport, buffer, sizeof buffer, error);
}

static void
fixture_clear (Fixture *self)
{
  imp_transport_close (self->transport);
  imp_transport_unref (self->transport);
  raw_socket_free (self->socket);
  g_assert_cmpint (g_get_monotonic_time () - self->began, <, LONG);
  g_assert_cmpuint (raw_count_descriptors (), ==, self->n_descriptors + self->n_others);
  g_assert_cmpint (g_get_monotonic_time () - self->began, <, LONG);
  while (self->n_others > 0)
    close (self->others[--self->n_others]);
  old_kernel_set (FALSE);
}

static gboolean
skip_on_old_kernel (void)
{
  if (!old_kernel_is_new ())
    g_test_skip ("this kernel cannot refuse descriptors (Linux 6.16 can)");
  return !old_kernel_is_new ();
}

/* What the sender is told; its bytes come without. */
static void
test_refused (void)
{
  Fixture fixture;

  if (skip_on_old_kernel ())
    return;
  fixture_init (&fixture, FALSE, FALSE);
  send_slow (&fixture);
  g_assert_cmpuint (fixture.socket->n_refused, ==, 1);
  g_assert_cmpint (read_some (&fixture, NULL), ==, 1);
  imp_transport_set_takes_descriptors (fixture.transport, TRUE);
  raw_socket_send (fixture.socket, "x", 0, 1);
  g_assert_cmpuint (fixture.socket->n_refused, ==, 1);
  imp_transport_set_takes_descriptors (fixture.transport, FALSE);
  raw_socket_send (fixture.socket, "x", 0, 1);
  g_assert_cmpuint (fixture.socket->n_refused, ==, 2);
  fixture_clear (&fixture);
}

/* One after the other, read, and not read before the end. */
static void
test_not_waited_for (gconstpointer data)
{
  const gboolean old = GPOINTER_TO_INT (data);

  for (guint n_read = 0; n_read <= 2; n_read++)
    {
      Fixture fixture;

      fixture_init (&fixture, old, TRUE);
      for (guint i = 0; i < 8; i++)
        {
          send_slow (&fixture);
          g_assert_cmpuint (fixture.socket->n_refused, ==, old ? 0 : i + 1);
        }
      for (guint i = 0; i < n_read; i++)
        g_assert_cmpint (read_some (&fixture, NULL), ==, 1 + (!old && i == 1) * 7);
      g_assert_false (imp_transport_has_descriptor (fixture.transport));
      fixture_clear (&fixture);
    }
}

/* Nor for one that was asked for, and turns out to be of no use. */
static void
test_dropped (void)
{
  for (guint closed = 0; closed < 2; closed++)
    {
      Fixture fixture;

      fixture_init (&fixture, FALSE, FALSE);
      imp_transport_set_takes_descriptors (fixture.transport, TRUE);
      send_slow (&fixture);
      g_assert_cmpint (read_some (&fixture, NULL), ==, 1);
      g_assert_true (imp_transport_has_descriptor (fixture.transport));
      if (!closed)
        imp_transport_drop_descriptor (fixture.transport);
      fixture_clear (&fixture);
    }
}

/* Where not even another thread gets on, whoever sends more cannot go on. */
static void
test_too_many (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  fixture_init (&fixture, TRUE, FALSE);
  send_slow (&fixture);
  old_kernel_set_keeps_linger (TRUE);
  g_assert_cmpint (read_some (&fixture, NULL), ==, 1);
  for (guint i = 1; i + 8 <= IMP_DESCRIPTOR_CLOSER_MAX; i += 8)
    {
      raw_socket_send (fixture.socket, "x", 0, 8);
      g_assert_cmpint (read_some (&fixture, NULL), ==, 1);
    }
  g_assert_cmpuint (imp_descriptor_closer_get_n_waiting (), ==, IMP_DESCRIPTOR_CLOSER_MAX - 7);
  raw_socket_send (fixture.socket, "x", 0, 8);
  g_assert_cmpint (read_some (&fixture, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_clear_error (&error);
  /* It is not even looked at what else has come. */
  raw_socket_send (fixture.socket, "x", 0, 8);
  g_assert_cmpint (read_some (&fixture, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpuint (imp_descriptor_closer_get_n_waiting (), ==, IMP_DESCRIPTOR_CLOSER_MAX + 1);
  old_kernel_set_keeps_linger (FALSE);
  while (fixture.n_others > 0)
    close (fixture.others[--fixture.n_others]);
  fixture_clear (&fixture);
}

/* The kernel itself closes what comes with bytes that are spliced. */
static void
test_splice (void)
{
  if (geteuid () != 0)
    {
      g_test_skip ("only root can be two users");
      return;
    }
  for (guint i = 0; i < 4; i++)
    {
      const gboolean old = (i & 1) != 0, other_user = (i & 2) != 0;
      const gboolean possible = !other_user || (!old && old_kernel_is_new ());
      Fixture fixture;

      g_assert_cmpint (seteuid (other_user ? 65534 : 0), ==, 0);
      fixture_init (&fixture, old, FALSE);
      g_assert_cmpint (seteuid (0), ==, 0);
      g_assert_true (imp_transport_can_splice_in (fixture.transport) == possible);
      g_assert_true (imp_splice_is_possible (fixture.transport, fixture.transport) == possible);
      g_assert_true (imp_transport_can_splice (fixture.transport));
      imp_transport_set_takes_descriptors (fixture.transport, TRUE);
      g_assert_false (imp_transport_can_splice_in (fixture.transport));
      fixture_clear (&fixture);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/descriptor-port/refused", test_refused);
  g_test_add_data_func ("/descriptor-port/not-waited-for/old-kernel", GINT_TO_POINTER (TRUE),
                        test_not_waited_for);
  if (old_kernel_is_new ())
    g_test_add_data_func ("/descriptor-port/not-waited-for/new-kernel", NULL, test_not_waited_for);
  g_test_add_func ("/descriptor-port/dropped", test_dropped);
  g_test_add_func ("/descriptor-port/too-many", test_too_many);
  g_test_add_func ("/descriptor-port/splice", test_splice);
  return g_test_run ();
}
