/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules of the library do not see the borders of chunks. */
#include <imp-remote.h>

#include <string.h>

/* Under a sanitizer everything takes ten times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define RANDOM_TRIALS 3000
#else
#define RANDOM_TRIALS 100000
#endif

/* A module, and what the two sides say to it: "<" begins what the server says, ">" what the client
 * says. */
typedef struct
{
  const char *module;
  const char *said;
  gboolean keep_order;
} Proof;

static const Proof proofs[] = {
  { "pass", ">GET /<200 OK" },
  { "pattern=string=secret&action=deny", ">a secretsecret<no secre" },
  { "pattern=string=aab&action=replace&actdata=x", ">aaabaaab<aabaaaab" },
  { "pattern=string=aab&action=replace&actdata=x", ">aaabaabaaabbaabaaaaabaab<aabaaaabaaaaab" },
  { "pattern=rx=a%2Bb%3F&rxlen=4&action=replace&actdata=%5B%240%5D", ">aaaaaabaab" },
  { "pattern=rx=a%2Bb%3F&rxlen=4&action=replace&actdata=%5B%240%5D",
    ">aaaaaabaabbbbaaabababaaaaaaaaaaaaaaaaaaaaab<abaabaaab" },
  { "pattern=rx=(%3F%3C%3D%5Cn)From%20&rxlen=5&action=replace&actdata=%3EFrom%20",
    ">a\nFrom b\nFrom \nFr\n" },
  { "pattern=rx=%5B%C3%A4%C3%B6%5D%2B&rxlen=8&utf8=true&action=replace&actdata=u",
    ">\xc3\xa4\xc3\xb6-\xc3\xa4x\xc3\xb6" },
  { "pattern=rx=quit&rxlen=4&action=reject&actdata=bye", ">mail, then quit" },
  { "protocol-pinning=dir0=1&rxlen0=9&rx0=220.*%5Cn&dir1=0&rxlen1=9&rx1=HELO%20%5Cw%2B%5Cn",
    "<220 a\n>HELO b\nrest", TRUE },
  { "protocol-pinning=dir0=0&rxlen0=4&rx0=a%2B&dir1=0&rxlen1=3&rx1=ab&dir2=1&rxlen2=1&rx2=x",
    ">aaaaab<x", TRUE },
  { "protocol-pinning=dir0=0&rxlen0=4&rx0=a%2B&dir1=0&rxlen1=3&rx1=ab&dir2=1&rxlen2=1&rx2=x",
    ">aaab<x", TRUE },
  { "protocol-pinning=ignore_order=1&allow_reorder=1&dir0=0&rxlen0=9&rx0=b%2B.&dir1=0&rxlen1=9"
    "&rx1=a%2B&dir2=1&rxlen2=9&rx2=.*%5Cn",
    ">aaabbckey<hello\n" },
};

static ImpProver *
prover_new (const Proof *proof)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_module_new_factory (proof->module, &error);
  g_auto (GStrv) turns = NULL;
  ImpProver *prover;

  g_assert_no_error (error);
  prover = imp_prover_new (factory);
  g_object_set (prover, "random-trials", RANDOM_TRIALS, "keep-order", proof->keep_order, NULL);
  for (const char *said = proof->said; *said != '\0';)
    {
      const gsize length = strcspn (said + 1, "<>");

      imp_prover_add_bytes (prover, *said == '<', (const guint8 *) said + 1, length,
                            IMP_DATA_TYPE_STREAM);
      said += 1 + length;
    }
  return prover;
}

static void
test_proof (gconstpointer data)
{
  const Proof *proof = data;
  g_autoptr (ImpProver) prover = prover_new (proof);
  g_autoptr (GError) error = NULL;
  guint seed;

  imp_prover_run (prover, &error);
  g_object_get (prover, "seed", &seed, NULL);
  g_test_message ("%s: %" G_GUINT64_FORMAT " trials, seed %u", proof->module,
                  imp_prover_get_n_trials (prover), seed);
  g_assert_no_error (error);
  g_assert_cmpuint (imp_prover_get_n_trials (prover), >=, RANDOM_TRIALS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (proofs); i++)
    {
      g_autofree char *path = g_strdup_printf ("/proofs/%.*s/%u",
                                               (int) strcspn (proofs[i].module, "="),
                                               proofs[i].module, i);

      g_test_add_data_func (path, &proofs[i], test_proof);
    }
  return g_test_run ();
}
