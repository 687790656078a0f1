/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-choice-private.h"

#define MAX_SERVERS 8
#define SECOND G_USEC_PER_SEC

/* Servers that are numbers, and what their analyzers leave without a verdict. */
typedef struct
{
  ImpPoolChoice *choice;
  ImpPoolLoad loads[MAX_SERVERS];
  ImpPoolReadiness readiness[MAX_SERVERS];
  guint n;
} Model;

static void
model_get_load (guint server, ImpPoolLoad *load, gpointer user_data)
{
  *load = ((Model *) user_data)->loads[server];
}

static ImpPoolReadiness
model_get_readiness (guint server, gpointer user_data)
{
  return ((Model *) user_data)->readiness[server];
}

static const ImpPoolChoiceFuncs model_funcs = {
  .get_readiness = model_get_readiness,
  .get_load = model_get_load,
};

static void
model_init (Model *self, ImpPoolBalance balance, guint n)
{
  *self = (Model){ .n = n };
  self->choice = imp_pool_choice_new (balance, g_test_rand_int (), &model_funcs, self);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("10.0.0.%u:9000", i + 1);

      g_assert_cmpuint (imp_pool_choice_add_server (self->choice, name), ==, i);
      self->readiness[i] = IMP_POOL_READY;
    }
}

static void
model_clear (Model *self)
{
  imp_pool_choice_free (self->choice);
}

static guint
model_pick (Model *self, const char *key)
{
  int picked = imp_pool_choice_pick (self->choice, key);

  g_assert_cmpint (picked, >=, 0);
  g_assert_cmpint (picked, <, self->n);
  return picked;
}

/* --- two choices --- */

static void
model_check_balance (Model *self, gboolean of_bytes)
{
  double most = 0, sum = 0;

  for (guint i = 0; i < self->n; i++)
    {
      double load = of_bytes ? self->loads[i].bytes : self->loads[i].n_analyzers;

      most = MAX (most, load);
      sum += load;
    }
  g_assert_cmpfloat (most, <=, 1.2 * sum / self->n);
}

/* Nothing waits for long, everything does, or it differs; analyzers stay. */
static void
test_fullest (void)
{
  for (guint round = 0; round < 300; round++)
    {
      guint kind = round % 3;
      Model model;

      model_init (&model, IMP_POOL_TWO_CHOICES, 4);
      for (guint i = 0; i < 1000; i++)
        {
          ImpPoolLoad *load = &model.loads[model_pick (&model, NULL)];

          load->n_analyzers++;
          load->bytes += kind == 0 ? 0 : kind == 1 ? 1000 : g_test_rand_int_range (0, 65536);
        }
      model_check_balance (&model, kind > 0);
      model_clear (&model);
    }
}

/* They come and go, and a server that is slower than others gets fewer of them. */
static void
test_slow (void)
{
  Model model;
  guint chosen[2] = { 0 };

  model_init (&model, IMP_POOL_TWO_CHOICES, 2);
  for (guint i = 0; i < 10000; i++)
    {
      guint picked = model_pick (&model, NULL);

      chosen[picked]++;
      model.loads[picked].bytes += 100;
      /* One of them gives verdicts on four times as much in the same time. */
      model.loads[0].bytes -= MIN (model.loads[0].bytes, 80);
      model.loads[1].bytes -= MIN (model.loads[1].bytes, 20);
    }
  g_assert_cmpuint (chosen[0], >, 3 * chosen[1]);
  g_assert_cmpuint (chosen[1], >, 1000);
  model_clear (&model);
}

/* --- by hash --- */

#define N_KEYS 10000

static void
model_pick_all (Model *self, guint *picked)
{
  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autofree char *key = g_strdup_printf ("192.0.2.%u", i);

      picked[i] = model_pick (self, key);
    }
}

/* The same key always gets the same server, whatever that has to do; each gets its share of them,
 * and where one goes only its own keys go elsewhere, and come back. */
static void
test_hash (void)
{
  g_autofree guint *before = g_new (guint, N_KEYS), *without = g_new (guint, N_KEYS);
  guint counts[4] = { 0 };
  Model model;

  model_init (&model, IMP_POOL_HASH, 4);
  model_pick_all (&model, before);
  for (guint i = 0; i < N_KEYS; i++)
    counts[before[i]]++;
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpuint (counts[i], >, N_KEYS / 5);
      g_assert_cmpuint (counts[i], <, N_KEYS * 3 / 10);
      model.loads[i].bytes = i * 1000;
    }
  model.readiness[2] = IMP_POOL_DOWN;
  model_pick_all (&model, without);
  for (guint i = 0; i < N_KEYS; i++)
    g_assert_true (before[i] == 2 ? without[i] != 2 : without[i] == before[i]);
  model.readiness[2] = IMP_POOL_COMING;
  model_pick_all (&model, without);
  g_assert_cmpmem (before, N_KEYS * sizeof *before, without, N_KEYS * sizeof *without);
  model_clear (&model);
}

/* Other processes, and other versions, choose the same. */
static void
test_hash_is_fixed (void)
{
  Model model;

  model_init (&model, IMP_POOL_HASH, 4);
  g_assert_cmpuint (model_pick (&model, "192.0.2.1"), ==, 2);
  g_assert_cmpuint (model_pick (&model, "192.0.2.2"), ==, 1);
  g_assert_cmpuint (model_pick (&model, "2001:db8::1"), ==, 2);
  g_assert_cmpuint (model_pick (&model, ""), ==, 0);
  model_clear (&model);
}

/* Without the key there is no reason to burden one of them. */
static void
test_hash_no_key (void)
{
  Model model;

  model_init (&model, IMP_POOL_HASH, 4);
  for (guint i = 0; i < 1000; i++)
    model.loads[model_pick (&model, NULL)].n_analyzers++;
  model_check_balance (&model, FALSE);
  model_clear (&model);
}

/* --- who can be used --- */

static void
test_first (void)
{
  Model model;

  model_init (&model, IMP_POOL_FIRST, 3);
  model.loads[0].bytes = 1000;
  g_assert_cmpuint (model_pick (&model, "x"), ==, 0);
  model.readiness[0] = IMP_POOL_COMING;
  g_assert_cmpuint (model_pick (&model, "x"), ==, 1);
  model.readiness[1] = IMP_POOL_DOWN;
  g_assert_cmpuint (model_pick (&model, "x"), ==, 2);
  model.readiness[2] = IMP_POOL_DOWN;
  g_assert_cmpuint (model_pick (&model, "x"), ==, 0);
  model.readiness[0] = IMP_POOL_DOWN;
  g_assert_cmpint (imp_pool_choice_pick (model.choice, "x"), ==, -1);
  model_clear (&model);
}

/* One that is being connected with is no match for one that is there. */
static void
test_ready (void)
{
  Model model;

  model_init (&model, IMP_POOL_TWO_CHOICES, 4);
  for (guint i = 0; i < 4; i++)
    model.readiness[i] = i == 1 ? IMP_POOL_READY : IMP_POOL_COMING;
  model.loads[1].bytes = 1000000;
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (model_pick (&model, NULL), ==, 1);
  model_clear (&model);
}

/* Those of a lower priority, while one of them can be used. */
static void
test_priority (void)
{
  Model model;

  model_init (&model, IMP_POOL_TWO_CHOICES, 4);
  for (guint i = 0; i < 4; i++)
    imp_pool_choice_set_priority (model.choice, i, i < 2 ? 20 : 10);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (model_pick (&model, NULL), >=, 2);
  model.readiness[2] = IMP_POOL_DOWN;
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (model_pick (&model, NULL), ==, 3);
  imp_pool_choice_set_present (model.choice, 3, FALSE);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (model_pick (&model, NULL), <, 2);
  imp_pool_choice_set_present (model.choice, 0, FALSE);
  imp_pool_choice_set_present (model.choice, 1, FALSE);
  g_assert_cmpint (imp_pool_choice_pick (model.choice, NULL), ==, -1);
  model_clear (&model);
}

/* --- ejection --- */

static void
model_fail (Model *self, guint server, guint times, gint64 now)
{
  for (guint i = 0; i < times; i++)
    imp_pool_choice_note_failure (self->choice, server, now);
}

static void
model_expect_never (Model *self, guint server)
{
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (model_pick (self, NULL), !=, server);
}

static void
test_eject (void)
{
  Model model;

  model_init (&model, IMP_POOL_TWO_CHOICES, 4);
  /* A success in between: they are not consecutive. */
  model_fail (&model, 0, IMP_POOL_FAILURES_MAX - 1, 0);
  imp_pool_choice_note_success (model.choice, 0);
  model_fail (&model, 0, IMP_POOL_FAILURES_MAX - 1, 0);
  g_assert_false (imp_pool_choice_is_ejected (model.choice, 0));
  g_assert_true (imp_pool_choice_note_failure (model.choice, 0, 0));
  g_assert_true (imp_pool_choice_is_ejected (model.choice, 0));
  model_expect_never (&model, 0);
  /* What else comes of it then is no news. */
  g_assert_false (imp_pool_choice_note_failure (model.choice, 0, 0));
  g_assert_cmpuint (imp_pool_choice_get_n_ejections (model.choice, 0), ==, 1);
  model_clear (&model);
}

/* Who is not there does not count as one that could do the work. */
static void
test_absent (void)
{
  Model model;

  model_init (&model, IMP_POOL_TWO_CHOICES, 4);
  for (guint i = 1; i < 4; i++)
    imp_pool_choice_set_present (model.choice, i, FALSE);
  model_fail (&model, 0, 2 * IMP_POOL_FAILURES_MAX, 0);
  g_assert_false (imp_pool_choice_is_ejected (model.choice, 0));
  imp_pool_choice_set_present (model.choice, 1, TRUE);
  g_assert_true (imp_pool_choice_note_failure (model.choice, 0, 0));
  imp_pool_choice_replace_server (model.choice, 0, "another one");
  g_assert_false (imp_pool_choice_is_ejected (model.choice, 0));
  g_assert_cmpuint (imp_pool_choice_get_n_ejections (model.choice, 0), ==, 0);
  model_clear (&model);
}

/* It takes longer each time, until that is long ago, and an answer to come back. */
static void
test_ejection_time (void)
{
  gint64 now = 1000 * SECOND;
  Model model;

  model_init (&model, IMP_POOL_TWO_CHOICES, 4);
  for (guint i = 1; i <= 3; i++)
    {
      model_fail (&model, 1, IMP_POOL_FAILURES_MAX, now);
      g_assert_cmpint (imp_pool_choice_get_ejected_until (model.choice, 1), ==,
                       now + i * 30 * SECOND);
      now += i * 30 * SECOND;
      g_assert_false (imp_pool_choice_wants_probe (model.choice, 1, now - 1));
      g_assert_true (imp_pool_choice_wants_probe (model.choice, 1, now));
      model_expect_never (&model, 1);
      imp_pool_choice_note_probe (model.choice, 1, TRUE, now);
      g_assert_false (imp_pool_choice_is_ejected (model.choice, 1));
    }
  now += 2 * IMP_POOL_FORGIVING_TIME;
  model_fail (&model, 1, IMP_POOL_FAILURES_MAX, now);
  g_assert_cmpint (imp_pool_choice_get_ejected_until (model.choice, 1), ==, now + 60 * SECOND);
  now += 60 * SECOND;
  imp_pool_choice_note_probe (model.choice, 1, FALSE, now);
  g_assert_cmpint (imp_pool_choice_get_ejected_until (model.choice, 1), ==, now + 90 * SECOND);
  g_assert_cmpuint (imp_pool_choice_get_n_ejections (model.choice, 1), ==, 5);
  model_clear (&model);
}

/* Never more than half; and of those a ready one is used if no other can be. */
static void
test_half (void)
{
  for (guint n = 1; n <= MAX_SERVERS; n++)
    {
      guint ejected = 0;
      Model model;

      model_init (&model, IMP_POOL_TWO_CHOICES, n);
      for (guint i = 0; i < n; i++)
        {
          model_fail (&model, i, 3 * IMP_POOL_FAILURES_MAX, 0);
          ejected += imp_pool_choice_is_ejected (model.choice, i);
        }
      g_assert_cmpuint (ejected, ==, n / 2);
      for (guint i = 0; i < n; i++)
        if (!imp_pool_choice_is_ejected (model.choice, i))
          model.readiness[i] = IMP_POOL_DOWN;
      if (n > 1)
        g_assert_true (imp_pool_choice_is_ejected (model.choice, model_pick (&model, NULL)));
      else
        g_assert_cmpint (imp_pool_choice_pick (model.choice, NULL), ==, -1);
      model_clear (&model);
    }
}

/* Whoever leaves a server does not come back while there are others, left out or not. */
static void
test_other (void)
{
  static const ImpPoolBalance balances[] = { IMP_POOL_TWO_CHOICES, IMP_POOL_HASH, IMP_POOL_FIRST };

  for (guint i = 0; i < G_N_ELEMENTS (balances); i++)
    {
      Model model;

      model_init (&model, balances[i], 3);
      for (guint server = 0; server < 3; server++)
        for (guint round = 0; round < 50; round++)
          g_assert_cmpint (imp_pool_choice_pick_other (model.choice, "x", server), !=, server);
      model_fail (&model, 1, IMP_POOL_FAILURES_MAX, 0);
      model.readiness[2] = IMP_POOL_DOWN;
      g_assert_cmpint (imp_pool_choice_pick_other (model.choice, "x", 0), ==, 1);
      model.readiness[1] = IMP_POOL_DOWN;
      g_assert_cmpint (imp_pool_choice_pick_other (model.choice, "x", 0), ==, 0);
      g_assert_cmpint (imp_pool_choice_pick (model.choice, "x"), ==, 0);
      model.readiness[0] = IMP_POOL_DOWN;
      g_assert_cmpint (imp_pool_choice_pick_other (model.choice, "x", 0), ==, -1);
      model_clear (&model);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool-choice/fullest", test_fullest);
  g_test_add_func ("/pool-choice/slow", test_slow);
  g_test_add_func ("/pool-choice/hash", test_hash);
  g_test_add_func ("/pool-choice/hash-is-fixed", test_hash_is_fixed);
  g_test_add_func ("/pool-choice/hash-no-key", test_hash_no_key);
  g_test_add_func ("/pool-choice/first", test_first);
  g_test_add_func ("/pool-choice/ready", test_ready);
  g_test_add_func ("/pool-choice/priority", test_priority);
  g_test_add_func ("/pool-choice/absent", test_absent);
  g_test_add_func ("/pool-choice/other", test_other);
  g_test_add_func ("/pool-choice/eject", test_eject);
  g_test_add_func ("/pool-choice/ejection-time", test_ejection_time);
  g_test_add_func ("/pool-choice/half", test_half);
  return g_test_run ();
}
