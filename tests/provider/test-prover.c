/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The prover finds what depends on borders of chunks, makes it small, and finds nothing else. */
#include <imp-remote.h>

#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define STREAM IMP_DATA_TYPE_STREAM

/* An analyzer that does what the test at hand wants. */
typedef struct _Subject Subject;
typedef void (*SubjectFunc) (Subject *self, ImpDirection direction, const char *data, gsize length);

struct _Subject
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
  guint n_calls[2];
  guint idle;
};

typedef ImpAnalyzerClass SubjectClass;

GType subject_get_type (void);
G_DEFINE_TYPE (Subject, subject, IMP_TYPE_ANALYZER)

static SubjectFunc subject_func;

static gboolean
subject_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
              gint32 data_type, GError **error)
{
  Subject *self = (Subject *) analyzer;
  gsize length;
  const char *bytes = g_bytes_get_data (data, &length);

  self->fed[direction] += length;
  self->n_calls[direction]++;
  subject_func (self, direction, bytes, length);
  return TRUE;
}

static void
subject_close (ImpAnalyzer *analyzer)
{
  Subject *self = (Subject *) analyzer;

  g_clear_handle_id (&self->idle, g_source_remove);
}

static void
subject_class_init (SubjectClass *klass)
{
  klass->data = subject_data;
  klass->close = subject_close;
}

static void
subject_init (Subject *self)
{
}

static void
subject_pass (Subject *self, ImpDirection direction)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}

static ImpProver *
prover_new (SubjectFunc func, const char *client, const char *server)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (subject_get_type (), IMP_DATA_TYPE_ANY,
                                                         IMP_RESULT_FLAGS_ALL);
  ImpProver *prover = imp_prover_new (factory);

  subject_func = func;
  g_object_set (prover, "random-trials", 300, NULL);
  if (client != NULL)
    imp_prover_add_bytes (prover, CLIENT, (const guint8 *) client, strlen (client), STREAM);
  if (server != NULL)
    imp_prover_add_bytes (prover, SERVER, (const guint8 *) server, strlen (server), STREAM);
  return prover;
}

/* The counterexample as `0"ab" 0. 1"x"`. */
static char *
prover_show (ImpProver *prover)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < imp_prover_get_n_chunks (prover); i++)
    {
      ImpDirection direction;
      gint32 data_type;
      GBytes *data = imp_prover_get_chunk (prover, i, &direction, &data_type);

      g_assert_cmpint (data_type, !=, IMP_DATA_TYPE_ANY);
      g_string_append_printf (text, "%s%u", i > 0 ? " " : "", direction);
      if (g_bytes_get_size (data) == 0)
        g_string_append_c (text, '.');
      else
        g_string_append_printf (text, "\"%.*s\"", (int) g_bytes_get_size (data),
                                (const char *) g_bytes_get_data (data, NULL));
    }
  return g_string_free (text, FALSE);
}

static void
prover_expect (ImpProver *prover, int code, const char *message, const char *counterexample)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;

  g_assert_false (imp_prover_run (prover, &error));
  g_assert_error (error, IMP_ERROR, code);
  if (strstr (error->message, message) == NULL)
    g_error ("not in \"%s\": \"%s\"", error->message, message);
  shown = prover_show (prover);
  g_assert_cmpstr (shown, ==, counterexample);
}

static void
prover_expect_proved (ImpProver *prover, guint64 n_trials)
{
  g_autoptr (GError) error = NULL;

  imp_prover_run (prover, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (imp_prover_get_n_trials (prover), >=, n_trials);
  g_assert_cmpuint (imp_prover_get_n_chunks (prover), ==, 0);
  g_assert_null (imp_prover_get_chunk (prover, 0, NULL, NULL));
}

/* ---- what there is to be found ---- */

static void
pass_all (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  subject_pass (self, direction);
}

/* The classic: it looks for a word in each chunk. */
static void
deny_word (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length > 0 && memmem (data, length, "bad", 3) != NULL)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "bad word");
  else
    subject_pass (self, direction);
}

static void
test_deny (void)
{
  g_autoptr (ImpProver) prover = prover_new (deny_word, "some bad w", "hello");

  prover_expect (prover, IMP_ERROR_FAILED, "it went through, and not: it was denied: \"bad word\"",
                 "0\"b\" 0\"ad\" 0. 1.");
}

/* Only a cut behind the tenth byte shows it, in an input that is too long for all cuts. */
static void
replace_at_border (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (self->fed[direction] == 10 && direction == CLIENT && length > 0)
    imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, 10, (const guint8 *) "!", 1);
  else
    subject_pass (self, direction);
}

static void
test_output (void)
{
  g_autoptr (ImpProver) prover = prover_new (replace_at_border,
                                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL);

  /* As a whole, ten bytes become one. */
  prover_expect (prover, IMP_ERROR_FAILED,
                 "the output to the server differs at byte 0: \"aaaaaaaaa!\", and not \"!\"",
                 "0\"aaaaaaaaa\" 0\"a\" 0. 1.");
}

static void
log_call (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length > 0)
    imp_analyzer_log (IMP_ANALYZER (self), direction, self->fed[direction] - length, length,
                      IMP_LOG_LEVEL_INFO, "seen");
  subject_pass (self, direction);
}

static void
test_log (void)
{
  g_autoptr (ImpProver) prover = prover_new (log_call, "aaaa", NULL);

  prover_expect (prover, IMP_ERROR_FAILED, "the log of what goes to the server differs",
                 "0\"a\" 0\"a\" 0. 1.");
}

static void
account_calls (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length > 0 && self->n_calls[direction] == 2)
    imp_analyzer_account (IMP_ANALYZER (self), "calls", "many");
  subject_pass (self, direction);
}

static void
test_account (void)
{
  g_autoptr (ImpProver) prover = prover_new (account_calls, NULL, "xxx");

  prover_expect (prover, IMP_ERROR_FAILED,
                 "the account differs: account_field \"calls\"=\"many\", and not nothing",
                 "1\"x\" 1\"x\" 0. 1.");
}

static void
answer_calls (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  subject_pass (self, direction);
  if (length > 0)
    imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "+", 1);
}

static void
test_sent (void)
{
  g_autoptr (ImpProver) prover = prover_new (answer_calls, "aaa", NULL);

  prover_expect (prover, IMP_ERROR_FAILED, "what the analyzer itself sends to the client differs",
                 "0\"a\" 0\"a\" 0. 1.");
}

/* A verdict is forgotten where a chunk is of one byte. */
static void
forget_one (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length != 1)
    subject_pass (self, direction);
  else if (self->n_calls[direction] > 1)
    imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction] - 1);
}

static void
hold_tail (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length == 0 && self->n_calls[direction] > 2)
    return;
  forget_one (self, direction, data, length);
}

static void
test_held (void)
{
  g_autoptr (ImpProver) prover = prover_new (hold_tail, "aaa", NULL);

  g_object_set (prover, "timeout", 100, NULL);
  prover_expect (prover, IMP_ERROR_FAILED, "the analyzer has no verdict on 1 bytes from the client",
                 "0\"a\" 0\"a\" 0. 1.");
}

/* What one direction says makes the other one be denied. */
static void
deny_early_bird (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (direction == SERVER && length > 0 && self->fed[CLIENT] == 0)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "not asked");
  else
    subject_pass (self, direction);
}

static void
test_order (void)
{
  g_autoptr (ImpProver) prover = prover_new (deny_early_bird, "aaa", "aaa");

  prover_expect (prover, IMP_ERROR_FAILED, "it was denied: \"not asked\"", "1\"a\" 0\"a\" 0. 1.");
  g_object_set (prover, "keep-order", TRUE, NULL);
  prover_expect_proved (prover, 1 << 7);
}

/* ---- what is no fault ---- */

static void
deny_byte (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length > 0 && memchr (data, 'x', length) != NULL)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "an x");
  else
    subject_pass (self, direction);
}

static void
test_proved (void)
{
  g_autoptr (ImpProver) whole = prover_new (pass_all, "12345678", "12345678");
  g_autoptr (ImpProver) refused = prover_new (deny_byte, "12x45678", NULL);
  g_autoptr (ImpProver) empty = prover_new (pass_all, NULL, NULL);

  /* Of 14 places, in three orders, and the random ones. */
  prover_expect_proved (whole, 3 * (1 << 14) + 300);
  subject_func = deny_byte;
  prover_expect_proved (refused, 3 * (1 << 7) + 300);
  subject_func = pass_all;
  prover_expect_proved (empty, 1);
}

/* Packets are not cut, so an analyzer may count them. */
static void
test_packets (void)
{
  g_autoptr (ImpProver) prover = prover_new (log_call, NULL, NULL);

  for (guint i = 0; i < 4; i++)
    imp_prover_add_bytes (prover, CLIENT, (const guint8 *) "packet", 6, IMP_DATA_TYPE_PACKET);
  prover_expect_proved (prover, 3);
}

static gboolean
on_idle (gpointer user_data)
{
  Subject *self = user_data;

  self->idle = 0;
  subject_pass (self, CLIENT);
  subject_pass (self, SERVER);
  return G_SOURCE_REMOVE;
}

static void
pass_later (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (self->idle == 0)
    self->idle = g_idle_add (on_idle, self);
}

static void
deny_word_later (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length > 0 && memmem (data, length, "bad", 3) != NULL)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "bad word");
  else
    pass_later (self, direction, data, length);
}

/* It answers when a loop runs. */
static void
test_later (void)
{
  g_autoptr (ImpProver) prover = prover_new (pass_later, "ab", "cd");
  g_autoptr (ImpProver) refuted = prover_new (deny_word_later, "a bad day", "cd");

  prover_expect_proved (prover, 3 * 4 + 300);
  subject_func = deny_word_later;
  prover_expect (refuted, IMP_ERROR_FAILED, "it went through", "0\"b\" 0\"ad\" 0. 1.");
}

/* ---- what cannot be tried ---- */

static void
hold_all (Subject *self, ImpDirection direction, const char *data, gsize length)
{
}

static void
fail_all (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  imp_analyzer_fail (IMP_ANALYZER (self), "out of order");
}

static void
test_no_reference (void)
{
  g_autoptr (ImpProver) prover = prover_new (hold_all, "abc", NULL);

  g_object_set (prover, "timeout", 50, NULL);
  prover_expect (prover, IMP_ERROR_FATAL,
                 "as a whole, the analyzer has no verdict on 3 bytes from the client", "");
  subject_func = fail_all;
  prover_expect (prover, IMP_ERROR_FATAL, "as a whole, the analyzer failed: \"out of order\"", "");
}

/* The same seed finds the same. */
static void
test_seed (void)
{
  guint64 n_trials[2];
  guint seed = 0;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ImpProver) prover = prover_new (replace_at_border,
                                                 "0123456789abcdefghijklmnopqrstuvwxyz", NULL);

      g_object_set (prover, "max-chunk", 0, "random-trials", 5, "seed", seed, NULL);
      imp_prover_run (prover, NULL);
      n_trials[i] = imp_prover_get_n_trials (prover);
      g_object_get (prover, "seed", &seed, NULL);
      g_assert_cmpuint (seed, !=, 0);
    }
  g_assert_cmpuint (n_trials[0], ==, n_trials[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prover/deny", test_deny);
  g_test_add_func ("/prover/output", test_output);
  g_test_add_func ("/prover/log", test_log);
  g_test_add_func ("/prover/account", test_account);
  g_test_add_func ("/prover/sent", test_sent);
  g_test_add_func ("/prover/held", test_held);
  g_test_add_func ("/prover/order", test_order);
  g_test_add_func ("/prover/proved", test_proved);
  g_test_add_func ("/prover/packets", test_packets);
  g_test_add_func ("/prover/later", test_later);
  g_test_add_func ("/prover/no-reference", test_no_reference);
  g_test_add_func ("/prover/seed", test_seed);
  return g_test_run ();
}
