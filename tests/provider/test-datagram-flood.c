/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many clients, more than there is room for. */
#include "datagram-rig.h"

#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/imp-data-type.h"
#include "test-streams.h"

#define FLOOD 10000
#define ROOM 64

static gboolean
hold (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset, gint32 data_type,
      GError **error)
{
  return TRUE;
}

static void
test_cap (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) first = NULL, second = NULL, third = NULL;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, "max-clients", 2, NULL);
  first = datagram_rig_connect (&rig, NULL);
  second = datagram_rig_connect (&rig, NULL);
  third = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (first, "1");
  datagram_rig_say (second, "2");
  datagram_rig_say (third, "3");
  datagram_rig_wait_count (&rig, "clients-refused", 1);
  g_assert_cmpuint (datagram_rig_count (&rig, "dropped-client"), ==, 1);
  g_object_unref (datagram_rig_expect_request (&rig, "1"));
  g_object_unref (datagram_rig_expect_request (&rig, "2"));
  datagram_rig_say (first, "4");
  g_object_unref (datagram_rig_expect_request (&rig, "4"));
  g_assert_cmpuint (rig.analyzers->len, ==, 2);
  datagram_rig_clear (&rig);
}

/* The one that was not heard of for longest goes. */
static void
test_evict (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) first = NULL, second = NULL, third = NULL;
  static const char *const texts[] = { "1", "2", "1 again", "3" };

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, "max-clients", 2, "evict", TRUE, NULL);
  first = datagram_rig_connect (&rig, NULL);
  second = datagram_rig_connect (&rig, NULL);
  third = datagram_rig_connect (&rig, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      datagram_rig_say (i % 2 == 0 ? first : i == 1 ? second : third, texts[i]);
      g_object_unref (datagram_rig_expect_request (&rig, texts[i]));
    }
  g_assert_cmpuint (datagram_rig_count (&rig, "clients-evicted"), ==, 1);
  g_assert_cmpstr (rig.log->str, ==, "idle");
  mock_analyzer_expect (rig.analyzers->pdata[1], "0<2/1 close");
  datagram_rig_clear (&rig);
}

static void
test_peer (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) first = NULL, second = NULL, other = NULL;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, "max-clients-per-peer", 1, NULL);
  first = datagram_rig_connect (&rig, "127.0.0.2");
  second = datagram_rig_connect (&rig, "127.0.0.2");
  other = datagram_rig_connect (&rig, "127.0.0.3");
  datagram_rig_say (first, "1");
  datagram_rig_say (second, "2");
  datagram_rig_say (other, "3");
  g_object_unref (datagram_rig_expect_request (&rig, "1"));
  g_object_unref (datagram_rig_expect_request (&rig, "3"));
  g_assert_cmpuint (datagram_rig_count (&rig, "clients-refused"), ==, 1);
  datagram_rig_clear (&rig);
}

/* What finds no room is lost, and the client goes on. */
static void
test_held (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, "max-held", (guint64) 1000, NULL);
  client = datagram_rig_connect (&rig, NULL);
  /* 197 each, with what they take besides. */
  for (guint i = 0; i < 8; i++)
    datagram_rig_say (client, "hello");
  datagram_rig_wait_count (&rig, "dropped-held", 3);
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 5 * 197);
  imp_analyzer_pass_bytes (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT, 25);
  for (guint i = 0; i < 5; i++)
    g_object_unref (datagram_rig_expect_request (&rig, "hello"));
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 0);
  datagram_rig_say (client, "again");
  datagram_rig_wait_count (&rig, "packets-from-clients", 9);
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 197);
  datagram_rig_clear (&rig);
}

static gboolean
was_given_six (gpointer analyzer)
{
  return ((MockAnalyzer *) analyzer)->n_data == 6;
}

/* An analyzer that takes packets away says so to nobody: there is room nevertheless. */
static void
test_held_taken_away (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, "max-held", (guint64) 1000, NULL);
  client = datagram_rig_connect (&rig, NULL);
  for (guint i = 0; i < 6; i++)
    datagram_rig_say (client, "hello");
  datagram_rig_wait_count (&rig, "dropped-held", 1);
  imp_analyzer_replace_bytes (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT, 25, NULL, 0);
  /* The statistics would count anew. */
  datagram_rig_say (client, "again");
  g_assert_true (test_run_until (was_given_six, rig.analyzers->pdata[0], 10000));
  g_assert_cmpuint (datagram_rig_count (&rig, "dropped-held"), ==, 1);
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 197);
  datagram_rig_clear (&rig);
}

static void
test_held_total (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) first = NULL, second = NULL;

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, "max-held-total", (guint64) 500, NULL);
  first = datagram_rig_connect (&rig, NULL);
  second = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (first, "hello");
  datagram_rig_say (second, "hello");
  datagram_rig_say (first, "hello");
  datagram_rig_wait_count (&rig, "dropped-held", 1);
  /* Packets that are taken away leave without a word. */
  imp_analyzer_replace_bytes (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT, 5, NULL, 0);
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 197);
  datagram_rig_say (second, "hello");
  datagram_rig_wait_count (&rig, "packets-from-clients", 4);
  g_assert_cmpuint (datagram_rig_count (&rig, "dropped-held"), ==, 1);
  datagram_rig_clear (&rig);
}

static guint
count_descriptors (void)
{
  DIR *folder = opendir ("/proc/self/fd");
  guint n = 0;

  g_assert_nonnull (folder);
  while (readdir (folder) != NULL)
    n++;
  closedir (folder);
  return n;
}

/* Without a descriptor nothing is done for a client, the reason says why, and all others go on. */
static void
test_descriptors (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) first = NULL, second = NULL;
  struct rlimit usual, few;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  first = datagram_rig_connect (&rig, NULL);
  second = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (first, "1");
  g_object_unref (datagram_rig_expect_request (&rig, "1"));
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &usual), ==, 0);
  few = usual;
  /* The next one would be this one. */
  few.rlim_cur = dup (0);
  close (few.rlim_cur);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &few), ==, 0);
  datagram_rig_say (second, "2");
  datagram_rig_wait_count (&rig, "clients-failed", 1);
  g_assert_nonnull (strstr (rig.log->str, "ulimit -n"));
  datagram_rig_say (first, "3");
  g_object_unref (datagram_rig_expect_request (&rig, "3"));
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &usual), ==, 0);
  datagram_rig_clear (&rig);
}

/* From ten thousand addresses, with analyzers that let nothing go. */
static void
check_flood (gboolean evict)
{
  static const char data[1000];
  DatagramRig rig;
  g_autoptr (GSocket) known = NULL;
  guint before = count_descriptors ();

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, "max-clients", ROOM, "evict", evict, "max-held-total",
                    (guint64) ROOM * 500, NULL);
  known = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (known, "x");
  datagram_rig_wait_count (&rig, "packets-from-clients", 1);
  for (guint i = 0; i < FLOOD; i++)
    {
      g_autofree char *ip = g_strdup_printf ("127.1.%u.%u", i / 250, i % 250 + 1);
      g_autoptr (GSocket) client = datagram_rig_connect (&rig, ip);

      datagram_rig_send (client, data, sizeof data);
      datagram_rig_wait_count (&rig, "packets-from-clients", i + 2);
      g_assert_cmpuint (imp_datagram_relay_get_n_clients (rig.relay), <=, ROOM);
    }
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), <=, ROOM * 500);
  g_assert_cmpuint (count_descriptors (), <=, before + ROOM + 16);
  g_assert_cmpuint (datagram_rig_count (&rig, "clients-refused"), ==, evict ? 0 : FLOOD + 1 - ROOM);
  g_assert_cmpuint (datagram_rig_count (&rig, "clients-evicted"), ==, evict ? FLOOD + 1 - ROOM : 0);
  g_assert_cmpuint (rig.analyzers->len, ==, evict ? FLOOD + 1 : ROOM);
  datagram_rig_clear (&rig);
}

static void
test_flood (void)
{
  check_flood (FALSE);
}

static void
test_flood_evict (void)
{
  check_flood (TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/datagram-flood/cap", test_cap);
  g_test_add_func ("/datagram-flood/evict", test_evict);
  g_test_add_func ("/datagram-flood/peer", test_peer);
  g_test_add_func ("/datagram-flood/held", test_held);
  g_test_add_func ("/datagram-flood/held-taken-away", test_held_taken_away);
  g_test_add_func ("/datagram-flood/held-total", test_held_total);
  g_test_add_func ("/datagram-flood/descriptors", test_descriptors);
  g_test_add_func ("/datagram-flood/flood", test_flood);
  g_test_add_func ("/datagram-flood/flood-evict", test_flood_evict);
  return g_test_run ();
}
