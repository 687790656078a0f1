/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules of the library do not see the borders of chunks. */
#include <imp-remote.h>

#include <glib/gstdio.h>
#include <string.h>

/* Under a sanitizer everything takes ten times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define RANDOM_TRIALS 3000
#else
#define RANDOM_TRIALS 100000
#endif
/* For one that makes a file each time. */
#define FILE_TRIALS 1000

/* Modules, a cascade where there is a second one, and what the two sides say to it: "<" begins what
 * the server says, ">" what the client says. */
typedef struct
{
  const char *module;
  const char *said;
  gboolean keep_order;
  const char *second;
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
  /* What one makes is matched by the other, in either direction. */
  { "pattern=string=aab&action=replace&actdata=b", ">aaabaabb<abaabxb", FALSE,
    "pattern=string=bb&action=replace&actdata=aab" },
  { "pattern=rx=a%2Bb%3F&rxlen=4&action=replace&actdata=%5B%240%5D",
    ">aaaaaabaabbbbaaabababaaaaaaaaaab<abaabaaab]a[", FALSE,
    "pattern=rx=%5C%5Da%3F%5C%5B&rxlen=3&action=replace&actdata=" },
  /* One that answers once all of a line is there, and one that answers at once. */
  { "protocol-pinning=dir0=1&rxlen0=9&rx0=220.*%5Cn&dir1=0&rxlen1=9&rx1=HELO%20%5Cw%2B%5Cn",
    "<220 a\n>HELO b\nrest", TRUE, "pattern=string=b%0Ar&action=replace&actdata=c%0AR" },
  { "pass", ">a secret<b", TRUE, "pattern=string=secret&action=deny" },
};

/* ---- a log of each conversation, whose name is another one each time ---- */

typedef struct
{
  ImpAnalyzer parent_instance;
  ImpAnalyzer *inner;
} QuietAnalyzer;

typedef ImpAnalyzerClass QuietAnalyzerClass;

GType quiet_analyzer_get_type (void);
G_DEFINE_TYPE (QuietAnalyzer, quiet_analyzer, IMP_TYPE_ANALYZER)

/* All that it says, but for what it accounts. */
static void
quiet_analyzer_on_result (ImpAnalyzer *inner, ImpResult *result, gpointer user_data)
{
  if (imp_result_get_result_type (result) != IMP_RESULT_ACCOUNT_FIELD)
    imp_analyzer_add_result (user_data, result);
}

static gboolean
quiet_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                     gint32 type, GError **error)
{
  imp_analyzer_data (((QuietAnalyzer *) analyzer)->inner, direction, data, offset, type);
  return TRUE;
}

static void
quiet_analyzer_close (ImpAnalyzer *analyzer)
{
  QuietAnalyzer *self = (QuietAnalyzer *) analyzer;

  if (self->inner == NULL)
    return;
  imp_analyzer_set_callback (self->inner, NULL, NULL, NULL);
  imp_analyzer_close (self->inner);
  g_clear_object (&self->inner);
}

static void
quiet_analyzer_class_init (QuietAnalyzerClass *klass)
{
  klass->data = quiet_analyzer_data;
  klass->close = quiet_analyzer_close;
}

static void
quiet_analyzer_init (QuietAnalyzer *self)
{
}

typedef struct
{
  ImpFactory parent_instance;
  ImpFactory *inner;
} QuietFactory;

typedef ImpFactoryClass QuietFactoryClass;

GType quiet_factory_get_type (void);
G_DEFINE_TYPE (QuietFactory, quiet_factory, IMP_TYPE_FACTORY)

static ImpAnalyzer *
quiet_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  QuietAnalyzer *self;
  ImpAnalyzer *inner = imp_factory_create_analyzer (((QuietFactory *) factory)->inner, context,
                                                    error);

  if (inner == NULL)
    return NULL;
  self = g_object_new (quiet_analyzer_get_type (), NULL);
  self->inner = inner;
  imp_analyzer_set_callback (inner, quiet_analyzer_on_result, self, NULL);
  return IMP_ANALYZER (self);
}

static void
quiet_factory_class_init (QuietFactoryClass *klass)
{
  klass->create_analyzer = quiet_factory_create_analyzer;
}

static void
quiet_factory_init (QuietFactory *self)
{
}

static guint
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_assert_cmpint (g_unlink (file), ==, 0);
      n++;
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
  return n;
}

static void
test_session_log (gconstpointer format)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_dir_make_tmp ("imp-test-XXXXXX", &error);
  g_autofree char *module = g_strdup_printf ("session-log=dir=%s&format=%s", path,
                                             (const char *) format);
  g_autoptr (ImpFactory) factory = g_object_new (quiet_factory_get_type (), NULL);
  g_autoptr (ImpFactory) inner = imp_module_new_factory (module, &error);
  g_autoptr (ImpProver) prover = imp_prover_new (factory);

  g_assert_no_error (error);
  ((QuietFactory *) factory)->inner = inner;
  g_object_set (prover, "random-trials", FILE_TRIALS, NULL);
  imp_prover_add_bytes (prover, FALSE, (const guint8 *) "GET", 3, IMP_DATA_TYPE_STREAM);
  imp_prover_add_bytes (prover, TRUE, (const guint8 *) "200 OK", 6, IMP_DATA_TYPE_STREAM);
  imp_prover_run (prover, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (imp_prover_get_n_trials (prover), >=, FILE_TRIALS);
  g_assert_cmpuint (remove_folder (path), >=, FILE_TRIALS);
}

/* ---- the others ---- */

static ImpFactory *
factory_new (const Proof *proof)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) first = imp_module_new_factory (proof->module, &error);
  g_autoptr (ImpFactory) second = NULL;
  g_autoptr (GList) parts = NULL;

  g_assert_no_error (error);
  if (proof->second == NULL)
    return g_steal_pointer (&first);
  second = imp_module_new_factory (proof->second, &error);
  g_assert_no_error (error);
  parts = g_list_append (g_list_append (NULL, first), second);
  return imp_cascade_new (parts);
}

static ImpProver *
prover_new (const Proof *proof)
{
  g_autoptr (ImpFactory) factory = factory_new (proof);
  ImpProver *prover = imp_prover_new (factory);

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
      g_autofree char *path = g_strdup_printf ("/proofs/%s%.*s/%u",
                                               proofs[i].second != NULL ? "cascade/" : "",
                                               (int) strcspn (proofs[i].module, "="),
                                               proofs[i].module, i);

      g_test_add_data_func (path, &proofs[i], test_proof);
    }
  g_test_add_data_func ("/proofs/session-log/bin", "bin", test_session_log);
  g_test_add_data_func ("/proofs/session-log/pcap", "pcap", test_session_log);
  return g_test_run ();
}
