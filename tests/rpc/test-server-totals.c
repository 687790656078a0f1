/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who pays when all connections of a server take too much memory together: of all peers, and of all
 * connections of one. */
#include "rpc/server/imp-server-totals-private.h"

#include <string.h>

#define N_ACCOUNTS 4
#define MAX_MEMORY 1000

typedef struct _Rig Rig;

typedef struct
{
  ImpServerAccount account; /* the first */
  Rig *rig;
  char name;
  gsize step; /* what it gives up when it pays; 0: nothing, although it should */
} Payer;

struct _Rig
{
  ImpServerTotals totals;
  Payer payers[N_ACCOUNTS];
  GString *paid;       /* their names, in order */
  Payer *to_be_closed; /* when somebody pays */
  int n_holds;
};

static void
payer_pay (ImpServerAccount *account)
{
  Payer *self = (Payer *) account;
  Payer *to_be_closed = g_steal_pointer (&self->rig->to_be_closed);

  g_string_append_c (self->rig->paid, self->name);
  imp_server_account_add (account, -MIN (account->memory, self->step));
  if (to_be_closed != NULL)
    imp_server_account_close (&to_be_closed->account);
}

static void
payer_hold (ImpServerAccount *account)
{
  ((Payer *) account)->rig->n_holds++;
}

static void
payer_release (ImpServerAccount *account)
{
  ((Payer *) account)->rig->n_holds--;
}

static const ImpServerAccountFuncs funcs = {
  .pay = payer_pay,
  .hold = payer_hold,
  .release = payer_release,
};

/* A letter for each account: those with the same one are of the same peer, which is not known where
 * it is '?'. */
static void
rig_init (Rig *rig, const char *peers)
{
  g_assert_cmpuint (strlen (peers), ==, N_ACCOUNTS);
  *rig = (Rig){ .totals.max_memory = MAX_MEMORY, .paid = g_string_new (NULL) };
  for (guint i = 0; i < N_ACCOUNTS; i++)
    {
      rig->payers[i].rig = rig;
      rig->payers[i].name = 'a' + i;
      rig->payers[i].step = 50;
      imp_server_account_open (&rig->payers[i].account, &rig->totals,
                               peers[i] != '?' ? (char[]){ peers[i], '\0' } : NULL, &funcs);
    }
}

static void
rig_clear (Rig *rig)
{
  g_assert_cmpint (rig->n_holds, ==, 0);
  for (guint i = 0; i < N_ACCOUNTS; i++)
    imp_server_account_close (&rig->payers[i].account);
  g_assert_cmpuint (rig->totals.memory, ==, 0);
  g_assert_cmpuint (rig->totals.peers.length, ==, 0);
  g_assert_null (rig->totals.names);
  g_string_free (rig->paid, TRUE);
}

static void
rig_take (Rig *rig, guint payer, gsize size)
{
  imp_server_account_add (&rig->payers[payer].account, size);
  imp_server_account_check (&rig->payers[payer].account);
}

static void
rig_expect (Rig *rig, const char *paid)
{
  g_assert_cmpstr (rig->paid->str, ==, paid);
  g_string_truncate (rig->paid, 0);
}

/* One that wants more than its share pays itself, also if others have as much or more. */
static void
test_share (gconstpointer peers)
{
  Rig rig;

  rig_init (&rig, peers);
  rig_take (&rig, 0, 400);
  rig_take (&rig, 1, 300);
  rig_take (&rig, 2, 300);
  rig_expect (&rig, "");
  rig_take (&rig, 2, 60);
  rig_expect (&rig, "cc");
  g_assert_cmpuint (rig.totals.memory, ==, 960);
  rig_clear (&rig);
}

/* One that takes little gets what it needs from the one that takes most. */
static void
test_largest (gconstpointer peers)
{
  Rig rig;

  rig_init (&rig, peers);
  rig_take (&rig, 0, 420);
  rig_take (&rig, 1, 480);
  rig_take (&rig, 2, 100);
  rig_take (&rig, 2, 100);
  rig_expect (&rig, "bb");
  rig_take (&rig, 3, 50);
  rig_expect (&rig, "a");
  g_assert_cmpuint (rig.payers[2].account.memory, ==, 200);
  g_assert_cmpuint (rig.payers[3].account.memory, ==, 50);
  rig_clear (&rig);
}

static void
test_room (gconstpointer peers)
{
  Rig rig;

  rig_init (&rig, peers);
  rig_take (&rig, 0, 600);
  rig_take (&rig, 1, 300);
  g_assert_true (imp_server_account_make_room (&rig.payers[0].account, 100));
  rig_expect (&rig, "");
  g_assert_false (imp_server_account_make_room (&rig.payers[0].account, 101));
  rig_expect (&rig, "");
  g_assert_true (imp_server_account_make_room (&rig.payers[2].account, 101));
  rig_expect (&rig, "a");
  g_assert_false (imp_server_account_make_room (&rig.payers[2].account, G_MAXSIZE));
  g_assert_cmpuint (rig.payers[2].account.memory, ==, 0);
  rig_clear (&rig);
}

/* One that cannot give up anything is not asked without end. */
static void
test_in_vain (gconstpointer peers)
{
  Rig rig;

  rig_init (&rig, peers);
  rig.payers[0].step = 0;
  rig_take (&rig, 0, 1200);
  rig_expect (&rig, "a");
  g_assert_false (imp_server_account_make_room (&rig.payers[1].account, 1));
  rig_expect (&rig, "a");
  rig_clear (&rig);
}

/* Whoever pays may end anybody. */
static void
test_closed (gconstpointer data)
{
  guint closed = GPOINTER_TO_UINT (data);
  Rig rig;

  rig_init (&rig, "????");
  rig_take (&rig, 0, 700);
  rig_take (&rig, 1, 100);
  rig.to_be_closed = &rig.payers[closed];
  rig_take (&rig, 1, 401);
  /* With one less, the share of each is larger. */
  rig_expect (&rig, closed == 1 ? "b" : "bbbba");
  rig_clear (&rig);
}

/* One peer has many connections, each with less than the only one of another peer: the one with
 * many pays, whoever wants more. */
static void
test_many_of_one_peer (gconstpointer data)
{
  const guint wants = GPOINTER_TO_UINT (data);
  Rig rig;

  rig_init (&rig, "aaab");
  for (guint i = 0; i < 3; i++)
    rig_take (&rig, i, 210);
  rig_take (&rig, 3, 330);
  rig_expect (&rig, "");
  rig_take (&rig, wants, 60);
  /* The share of each connection of theirs is 166. */
  rig_expect (&rig, wants == 3 ? "a" : "b");
  rig_clear (&rig);
}

/* The other peer takes more than its share, with its only connection. */
static void
test_one_that_is_dear (void)
{
  Rig rig;

  rig_init (&rig, "aaab");
  for (guint i = 0; i < 3; i++)
    rig_take (&rig, i, 120);
  rig_take (&rig, 3, 600);
  rig_take (&rig, 0, 50);
  rig_expect (&rig, "d");
  rig_take (&rig, 3, 60);
  rig_expect (&rig, "d");
  rig_clear (&rig);
}

/* Within a peer it is as among peers: one that takes little has the largest pay. */
static void
test_within_a_peer (void)
{
  Rig rig;

  rig_init (&rig, "aaab");
  rig_take (&rig, 0, 500);
  rig_take (&rig, 1, 400);
  rig_take (&rig, 2, 120);
  rig_expect (&rig, "a");
  rig_take (&rig, 1, 60);
  rig_expect (&rig, "b");
  rig_clear (&rig);
}

static void
test_refusals (void)
{
  g_autoptr (GVariant) counts = NULL;
  guint64 n;
  Rig rig;

  rig_init (&rig, "aabb");
  imp_server_account_count_refusal (&rig.payers[0].account, IMP_SERVER_REFUSAL_MAX_HELD);
  imp_server_account_count_refusal (&rig.payers[1].account, IMP_SERVER_REFUSAL_MAX_HELD);
  counts = g_variant_ref_sink (imp_server_totals_describe_refusals (&rig.totals));
  g_assert_cmpuint (g_variant_n_children (counts), ==, IMP_N_SERVER_REFUSALS);
  g_assert_true (g_variant_lookup (counts, "max-held", "t", &n));
  g_assert_cmpuint (n, ==, 2);
  g_assert_true (g_variant_lookup (counts, "max-output", "t", &n));
  g_assert_cmpuint (n, ==, 0);
  rig_clear (&rig);
}

/* Where all are of one peer, or each of its own, connections are all that counts. */
static const char *const kinds[] = { "aaaa", "abcd", "????" };

static void
add (const char *name, const char *peers, GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf ("/server-totals/%s/%s", name, peers);

  g_test_add_data_func (path, peers, func);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      add ("share", kinds[i], test_share);
      add ("largest", kinds[i], test_largest);
      add ("room", kinds[i], test_room);
      add ("in-vain", kinds[i], test_in_vain);
    }
  g_test_add_data_func ("/server-totals/many-of-one-peer/they", GUINT_TO_POINTER (1),
                        test_many_of_one_peer);
  g_test_add_data_func ("/server-totals/many-of-one-peer/the-other", GUINT_TO_POINTER (3),
                        test_many_of_one_peer);
  g_test_add_func ("/server-totals/one-that-is-dear", test_one_that_is_dear);
  g_test_add_func ("/server-totals/within-a-peer", test_within_a_peer);
  g_test_add_data_func ("/server-totals/closed/by-itself", GUINT_TO_POINTER (1), test_closed);
  g_test_add_data_func ("/server-totals/closed/another", GUINT_TO_POINTER (2), test_closed);
  g_test_add_func ("/server-totals/refusals", test_refusals);
  return g_test_run ();
}
