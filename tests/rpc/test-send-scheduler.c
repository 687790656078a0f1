/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent next, what has to pause, and what may wait: without sockets, since the scheduler
 * knows none. */
#include "core/imp-error.h"
#include "send-rig.h"

#define PIECE IMP_INPUT_PIECE_SIZE
#define HIGH_WATER SEND_RIG_HIGH_WATER
#define MAX_QUEUED SEND_RIG_MAX_QUEUED
#define MAX_QUEUED_ALL SEND_RIG_MAX_QUEUED_ALL
#define N_SENDERS SEND_RIG_SENDERS

static void
assert_served (SendRig *rig, const char *expected)
{
  g_autofree char *served = send_rig_take_served (rig);

  g_assert_cmpstr (served, ==, expected);
}

/* At once if it can be, else in turn; nothing is sent before it. */
static void
test_announce (void)
{
  SendRig rig;

  send_rig_init (&rig, 0);
  rig.room = 1;
  send_rig_add (&rig, 0);
  g_assert_cmpuint (rig.senders[0].n_announced, ==, 1);
  g_assert_true (imp_send_entry_may_bypass (&rig.senders[0].entry, PIECE));
  g_assert_false (imp_send_entry_may_bypass (&rig.senders[0].entry, PIECE + 1));

  send_rig_add (&rig, 1);
  send_rig_push (&rig, 1, 10);
  send_rig_add (&rig, 2);
  g_assert_cmpuint (rig.senders[1].n_announced + rig.senders[2].n_announced, ==, 0);
  g_assert_false (imp_send_entry_may_bypass (&rig.senders[1].entry, 1));
  g_assert_false (imp_send_entry_may_bypass (&rig.senders[2].entry, 1));
  send_rig_let_send (&rig, 10);
  g_assert_cmpuint (rig.senders[1].n_announced, ==, 1);
  g_assert_cmpuint (rig.senders[2].n_announced, ==, 1);
  assert_served (&rig, "1");
  g_assert_true (imp_send_entry_may_bypass (&rig.senders[1].entry, 1));
  send_rig_clear (&rig);
}

/* A turn is one piece, however much there is; what comes later comes behind. */
static void
test_fairness (void)
{
  SendRig rig;

  send_rig_init (&rig, 3);
  send_rig_let_send (&rig, 3);
  send_rig_push (&rig, 0, 4 * PIECE);
  send_rig_push (&rig, 1, 100);
  send_rig_push (&rig, 1, 2 * PIECE);
  send_rig_push (&rig, 2, 1);
  send_rig_let_send (&rig, 2);
  assert_served (&rig, "0 1");
  send_rig_push (&rig, 2, 2 * PIECE);
  send_rig_let_send (&rig, 100);
  assert_served (&rig, "2 0 1 2 0 1 2 0");
  g_assert_cmpuint (rig.senders[0].sent[0], ==, 4 * PIECE);
  send_rig_clear (&rig);
}

/* Both directions of an entry in the order in which they were fed, packets whole. */
static void
test_order (void)
{
  SendRig rig;

  send_rig_init (&rig, 1);
  send_rig_let_send (&rig, 1);
  send_rig_try_push (&rig.senders[0], IMP_DIRECTION_FROM_SERVER, PIECE + 1, IMP_DATA_TYPE_STREAM,
                     NULL);
  send_rig_try_push (&rig.senders[0], IMP_DIRECTION_FROM_CLIENT, 3 * PIECE, IMP_DATA_TYPE_PACKET,
                     NULL);
  send_rig_try_push (&rig.senders[0], IMP_DIRECTION_FROM_SERVER, 0, IMP_DATA_TYPE_STREAM, NULL);
  send_rig_let_send (&rig, 1);
  g_assert_cmpuint (rig.senders[0].sent[1], ==, PIECE);
  send_rig_let_send (&rig, 1);
  g_assert_cmpuint (rig.senders[0].sent[1], ==, PIECE + 1);
  g_assert_cmpuint (rig.senders[0].sent[0], ==, 0);
  send_rig_let_send (&rig, 1);
  g_assert_cmpuint (rig.senders[0].sent[0], ==, 3 * PIECE);
  g_assert_false (imp_send_entry_may_bypass (&rig.senders[0].entry, 1));
  send_rig_let_send (&rig, 2);
  g_assert_cmpuint (rig.room, ==, 1);
  assert_served (&rig, "0 0 0 0");
  send_rig_clear (&rig);
}

static void
assert_refused (SendRig *rig, guint i, gsize size, const char *expected)
{
  g_autoptr (GError) error = NULL;
  gsize before = imp_send_scheduler_get_n_bytes (rig->scheduler);

  g_assert_false (send_rig_try_push (&rig->senders[i], IMP_DIRECTION_FROM_CLIENT, size,
                                     IMP_DATA_TYPE_STREAM, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpstr (error->message, ==, expected);
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig->scheduler), ==, before);
}

static void
test_bounds (void)
{
  SendRig rig;

  send_rig_init (&rig, 6);
  send_rig_push (&rig, 0, MAX_QUEUED - 1);
  send_rig_push (&rig, 0, 1);
  assert_refused (&rig, 0, 1,
                  "1048576 bytes wait to be sent for the analyzer (max-queued is 1048576), 1048576 "
                  "for all (max-queued-all is 4194304), 1 more came");
  assert_refused (&rig, 1, MAX_QUEUED + 1,
                  "0 bytes wait to be sent for the analyzer (max-queued is 1048576), 1048576 for "
                  "all (max-queued-all is 4194304), 1048577 more came");
  for (guint i = 1; i < 4; i++)
    send_rig_push (&rig, i, MAX_QUEUED);
  assert_refused (&rig, 4, 1,
                  "0 bytes wait to be sent for the analyzer (max-queued is 1048576), 4194304 for "
                  "all (max-queued-all is 4194304), 1 more came");
  /* The end of a stream has no bytes. */
  send_rig_push (&rig, 4, 0);
  send_rig_drop (&rig.senders[1]);
  send_rig_push (&rig, 4, 1);
  send_rig_let_send (&rig, G_MAXSIZE);
  g_assert_cmpuint (rig.senders[0].sent[0], ==, MAX_QUEUED);
  g_assert_cmpuint (rig.senders[1].sent[0], ==, 0);
  g_assert_cmpuint (rig.senders[4].sent[0], ==, 1);
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), ==, 0);
  send_rig_clear (&rig);
}

/* An entry has a mark of its own. */
static void
test_high_water (void)
{
  SendRig rig;

  send_rig_init (&rig, 2);
  send_rig_let_send (&rig, 2);
  send_rig_push (&rig, 0, HIGH_WATER);
  g_assert_false (rig.senders[0].paused);
  send_rig_push (&rig, 0, 1);
  g_assert_true (rig.senders[0].paused);
  g_assert_false (rig.senders[1].paused);
  send_rig_let_send (&rig, 3);
  g_assert_true (rig.senders[0].paused);
  send_rig_let_send (&rig, 1);
  g_assert_false (rig.senders[0].paused);
  send_rig_clear (&rig);
}

/* All together have one, above which all are held back: those that have brought nothing, those that
 * have to pause anyway, and those that come later. They are released in turn. */
static void
test_congestion (void)
{
  SendRig rig;

  send_rig_init (&rig, N_SENDERS - 1);
  send_rig_let_send (&rig, N_SENDERS - 1);
  send_rig_push (&rig, 0, HIGH_WATER + 1);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, 1);
  send_rig_push (&rig, 1, HIGH_WATER);
  send_rig_push (&rig, 2, HIGH_WATER);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, 1);
  send_rig_push (&rig, 3, HIGH_WATER);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, N_SENDERS - 1);
  send_rig_add (&rig, N_SENDERS - 1);
  g_assert_true (rig.senders[N_SENDERS - 1].paused);

  /* Down to a quarter of it. */
  while (imp_send_scheduler_get_n_bytes (rig.scheduler) > MAX_QUEUED_ALL / 16)
    {
      g_assert_cmpuint (send_rig_count_paused (&rig), ==, N_SENDERS);
      send_rig_let_send (&rig, 1);
    }
  g_assert_cmpuint (send_rig_count_paused (&rig), <, N_SENDERS);
  g_assert_cmpuint (send_rig_count_paused (&rig), >, 0);
  g_assert_false (rig.senders[4].paused);
  g_assert_true (rig.senders[N_SENDERS - 1].paused);
  send_rig_let_send (&rig, G_MAXSIZE);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, 0);
  send_rig_clear (&rig);
}

/* Brings as much as it may, whenever it may. */
static void
on_paused_fill (Sender *sender, gboolean paused)
{
  while (!sender->paused && sender->entry.added
         && send_rig_try_push (sender, 0, PIECE, IMP_DATA_TYPE_STREAM, NULL))
    ;
}

/* None is refused and none starves, where all of them bring more from within the call that
 * allows it. */
static void
test_greed (void)
{
  SendRig rig;
  gsize least = G_MAXSIZE, most = 0;

  send_rig_init (&rig, N_SENDERS);
  rig.on_paused = on_paused_fill;
  for (guint i = 0; i < N_SENDERS; i++)
    on_paused_fill (&rig.senders[i], FALSE);
  for (guint i = 0; i < 2000; i++)
    {
      g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), <=, MAX_QUEUED_ALL / 2);
      send_rig_let_send (&rig, 1);
    }
  for (guint i = 0; i < N_SENDERS; i++)
    {
      least = MIN (least, rig.senders[i].sent[0]);
      most = MAX (most, rig.senders[i].sent[0]);
    }
  g_assert_cmpuint (least, >, 0);
  g_assert_cmpuint (most, <=, 2 * least);
  send_rig_clear (&rig);
}

static void
on_paused_fill_late (Sender *sender, gboolean paused)
{
  if (sender->index >= N_SENDERS / 2)
    on_paused_fill (sender, paused);
}

/* Those that are released first bring nothing, so that in the end all are released; but not if some
 * of them fill the room meanwhile. */
static void
test_late_greed (void)
{
  SendRig rig;

  send_rig_init (&rig, N_SENDERS);
  send_rig_let_send (&rig, N_SENDERS);
  for (guint i = 0; i < N_SENDERS / 2; i++)
    send_rig_push (&rig, i, HIGH_WATER);
  rig.on_paused = on_paused_fill_late;
  send_rig_push (&rig, N_SENDERS - 1, 1);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, N_SENDERS);
  for (guint i = 0; i < 200; i++)
    {
      g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), <=, MAX_QUEUED_ALL / 4 + 1);
      send_rig_let_send (&rig, 1);
    }
  for (guint i = N_SENDERS / 2; i < N_SENDERS; i++)
    g_assert_cmpuint (rig.senders[i].sent[0], >, HIGH_WATER);
  send_rig_clear (&rig);
}

static void
on_send_drop (Sender *sender)
{
  if (sender->index == 0)
    send_rig_drop (sender);
}

static void
on_paused_drop (Sender *sender, gboolean paused)
{
  send_rig_drop (sender);
}

/* Also from within the calls that are about it. */
static void
test_removal (void)
{
  SendRig rig;

  send_rig_init (&rig, 3);
  send_rig_let_send (&rig, 3);
  send_rig_push (&rig, 0, HIGH_WATER + 1);
  send_rig_push (&rig, 1, 2 * PIECE);
  send_rig_push (&rig, 2, 2 * PIECE);
  send_rig_drop (&rig.senders[1]);
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), ==, HIGH_WATER + 1 + 2 * PIECE);
  rig.on_send = on_send_drop;
  send_rig_let_send (&rig, 100);
  assert_served (&rig, "0 2 2");
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), ==, 0);

  rig.on_send = NULL;
  rig.on_paused = on_paused_drop;
  send_rig_add (&rig, 0);
  send_rig_add (&rig, 1);
  rig.room = 0;
  send_rig_push (&rig, 0, HIGH_WATER + 1);
  g_assert_false (rig.senders[0].entry.added);
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), ==, 0);
  send_rig_clear (&rig);
}

/* Each goes when it is held back, until there is room for the rest. */
static void
test_removal_of_many (void)
{
  SendRig rig;

  send_rig_init (&rig, N_SENDERS);
  send_rig_let_send (&rig, N_SENDERS);
  for (guint i = 0; i < 4; i++)
    send_rig_push (&rig, i, HIGH_WATER);
  rig.on_paused = on_paused_drop;
  send_rig_push (&rig, 4, 1);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, 0);
  for (guint i = 5; i < N_SENDERS; i++)
    g_assert_false (rig.senders[i].entry.added);
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (rig.scheduler), <=, MAX_QUEUED_ALL / 16);
  send_rig_clear (&rig);
}

static void
test_stop (void)
{
  SendRig rig;

  send_rig_init (&rig, N_SENDERS);
  send_rig_let_send (&rig, N_SENDERS);
  for (guint i = 0; i < 5; i++)
    send_rig_push (&rig, i, HIGH_WATER);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, N_SENDERS);
  imp_send_scheduler_stop (rig.scheduler);
  send_rig_let_send (&rig, 100);
  assert_served (&rig, "");
  /* Those that are about to go are not asked to go on. */
  for (guint i = 0; i < 5; i++)
    send_rig_drop (&rig.senders[i]);
  g_assert_cmpuint (send_rig_count_paused (&rig), ==, N_SENDERS - 5);
  send_rig_clear (&rig);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/send-scheduler/announce", test_announce);
  g_test_add_func ("/send-scheduler/fairness", test_fairness);
  g_test_add_func ("/send-scheduler/order", test_order);
  g_test_add_func ("/send-scheduler/bounds", test_bounds);
  g_test_add_func ("/send-scheduler/high-water", test_high_water);
  g_test_add_func ("/send-scheduler/congestion", test_congestion);
  g_test_add_func ("/send-scheduler/greed", test_greed);
  g_test_add_func ("/send-scheduler/late-greed", test_late_greed);
  g_test_add_func ("/send-scheduler/removal", test_removal);
  g_test_add_func ("/send-scheduler/removal-of-many", test_removal_of_many);
  g_test_add_func ("/send-scheduler/stop", test_stop);
  return g_test_run ();
}
