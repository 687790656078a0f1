/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The analyzer of the example censor.c does not see the borders of chunks. */
int censor_main (void);
#define main censor_main
#include "../../docs/examples/censor.c"
#undef main

static void
test_proof (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (CENSOR_TYPE_ANALYZER, IMP_DATA_TYPE_STREAM,
                                                         0);
  g_autoptr (ImpProver) prover = imp_prover_new (factory);
  g_autoptr (GError) error = NULL;

  g_object_set (prover, "random-trials", 100000, "keep-order", TRUE, NULL);
  imp_prover_add_bytes (prover, FALSE, (const guint8 *) "a 12\n b", 7, IMP_DATA_TYPE_STREAM);
  imp_prover_add_bytes (prover, TRUE, (const guint8 *) "c3 4 d\n", 7, IMP_DATA_TYPE_STREAM);
  imp_prover_run (prover, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (imp_prover_get_n_trials (prover), >=, 100000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/censor/proof", test_proof);
  return g_test_run ();
}
