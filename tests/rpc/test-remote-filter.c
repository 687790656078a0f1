/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same analyzer anywhere: a filter gives the same output whether its analyzer is in this
 * process or behind a connection, however the input is cut, and however late answers come. */
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "mock-analyzer.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define STREAM IMP_DATA_TYPE_STREAM
#define INPUT_LENGTH 30000

/* How an analyzer behaves, and what must come of it. */
typedef struct
{
  const char *name;
  void (*begin) (MockAnalyzer *mock); /* when it is made; or NULL */
  MockFunc data;
  void (*expect) (const GString *input, GString *output);
} Behavior;

static void
expect_same (const GString *input, GString *output)
{
  g_string_append_len (output, input->str, input->len);
}

static void
expect_loud (const GString *input, GString *output)
{
  expect_same (input, output);
  g_string_ascii_up (output);
}

static void
wait_for_pattern (MockAnalyzer *mock)
{
  imp_analyzer_pass_pattern (IMP_ANALYZER (mock), CLIENT, "ab+c", 6);
}

/* All before the first match as it was, all from there on loud. */
static void
expect_loud_from_match (const GString *input, GString *output)
{
  g_autoptr (GRegex) regex = g_regex_new ("ab{1,4}c", G_REGEX_RAW, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  int from = input->len;

  expect_same (input, output);
  if (g_regex_match_full (regex, input->str, input->len, 0, 0, &match, NULL))
    g_match_info_fetch_pos (match, 0, &from, NULL);
  for (gsize i = from; i < output->len; i++)
    output->str[i] = g_ascii_toupper (output->str[i]);
}

/* Promises everything, and says at the end how much it was. */
static gboolean
count_bytes (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (mock);
  g_autofree char *text = NULL;

  if (g_bytes_get_size (data) > 0)
    {
      imp_analyzer_replace_later (analyzer, direction, 0, mock->position[direction]);
      return TRUE;
    }
  text = g_strdup_printf ("%" G_GINT64_FORMAT, mock->position[direction]);
  imp_analyzer_replace_bytes (analyzer, direction, mock->position[direction], (const guint8 *) text,
                              strlen (text));
  return TRUE;
}

static void
expect_count (const GString *input, GString *output)
{
  g_string_append_printf (output, "%d", (int) input->len);
}

static void
let_all_through (MockAnalyzer *mock)
{
  imp_analyzer_prepass_bytes (IMP_ANALYZER (mock), CLIENT, IMP_MAX_OFFSET);
}

/* Says, of each hundred bytes, that the last is to be replaced, and lets the others through before
 * they have come. */
static gboolean
mark_hundreds (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
               gint32 data_type, GError **error)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (mock);
  gint64 end = mock->position[direction];
  gint64 mark = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (mock), "mark"));

  for (; mark < end; mark += 100)
    {
      imp_analyzer_pass_bytes (analyzer, direction, mark);
      imp_analyzer_replace_bytes (analyzer, direction, mark + 1, (const guint8 *) "#", 1);
      imp_analyzer_pass_bytes (analyzer, direction, mark + 100);
    }
  g_object_set_data (G_OBJECT (mock), "mark", GINT_TO_POINTER ((int) mark));
  return TRUE;
}

static void
begin_hundreds (MockAnalyzer *mock)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (mock), CLIENT, 99);
  g_object_set_data (G_OBJECT (mock), "mark", GINT_TO_POINTER (99));
}

static void
expect_hundreds (const GString *input, GString *output)
{
  expect_same (input, output);
  for (gsize i = 99; i < output->len; i += 100)
    output->str[i] = '#';
}

static const Behavior behaviors[] = {
  { "pass", NULL, mock_pass, expect_same },
  { "pass-ever", NULL, mock_pass_ever, expect_same },
  { "shout", NULL, mock_shout, expect_loud },
  { "pattern", wait_for_pattern, mock_shout, expect_loud_from_match },
  { "promise", NULL, count_bytes, expect_count },
  { "prepass", let_all_through, NULL, expect_same },
  { "hundreds", begin_hundreds, mark_hundreds, expect_hundreds },
};

#define BEHAVE_TYPE_FACTORY (behave_factory_get_type ())
G_DECLARE_FINAL_TYPE (BehaveFactory, behave_factory, BEHAVE, FACTORY, ImpFactory)

struct _BehaveFactory
{
  ImpFactory parent_instance;
  const Behavior *behavior;
};

G_DEFINE_FINAL_TYPE (BehaveFactory, behave_factory, IMP_TYPE_FACTORY)

static ImpAnalyzer *
behave_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  const Behavior *behavior = BEHAVE_FACTORY (factory)->behavior;
  MockAnalyzer *mock = mock_analyzer_new (behavior->data, NULL);

  if (behavior->begin != NULL)
    behavior->begin (mock);
  return IMP_ANALYZER (mock);
}

static void
behave_factory_class_init (BehaveFactoryClass *klass)
{
  IMP_FACTORY_CLASS (klass)->create_analyzer = behave_factory_create_analyzer;
}

static void
behave_factory_init (BehaveFactory *self)
{
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  g_string_append_len (user_data, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
}

static void
on_failed (ImpFilter *filter, const char *message, gpointer user_data)
{
  g_error ("failed: %s", message);
}

static gboolean
on_alarm (gpointer user_data)
{
  g_error ("nothing comes any more");
  return G_SOURCE_REMOVE;
}

static GString *
random_input (void)
{
  gsize length = g_test_rand_int_range (0, INPUT_LENGTH);
  GString *input = g_string_sized_new (length);

  /* Now and then the match stands at the very beginning. */
  if (g_test_rand_bit ())
    g_string_append (input, "abbc");
  while (input->len < length)
    g_string_append_c (input, "abcdefghijklmnop"[g_test_rand_int_range (0, 16)]);
  return input;
}

/* Pushes all of it, cut at random; sometimes answers have the time to come in between. */
static void
push_all (ImpFilter *filter, const GString *input)
{
  gsize position = 0;

  while (position < input->len)
    {
      gsize length = g_test_rand_int_range (1, g_test_rand_bit () ? 20 : 3000);

      length = MIN (length, input->len - position);
      g_assert_true (imp_filter_push_bytes (filter, CLIENT, (const guint8 *) input->str + position,
                                            length, STREAM, NULL));
      position += length;
      while (g_test_rand_bit () && g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_true (imp_filter_push_bytes (filter, CLIENT, NULL, 0, STREAM, NULL));
}

static void
run_filter_with (ImpFactory *factory, const Behavior *behavior, const GString *input)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, &error);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);
  guint alarm = g_timeout_add_seconds (20, on_alarm, NULL);

  g_assert_no_error (error);
  g_signal_connect (filter, "failed", G_CALLBACK (on_failed), NULL);
  imp_filter_set_output (filter, on_output, output, NULL);
  push_all (filter, input);
  while (!imp_filter_is_finished (filter, CLIENT))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (alarm);

  behavior->expect (input, expected);
  g_assert_cmpmem (output->str, output->len, expected->str, expected->len);
  g_assert_cmpint (imp_filter_get_input (filter, CLIENT), ==, input->len);
  g_assert_cmpint (imp_filter_get_held (filter, CLIENT), ==, 0);
  imp_filter_close (filter);
}

static void
run_filter (ImpFactory *factory, const Behavior *behavior)
{
  g_autoptr (GString) input = random_input ();

  run_filter_with (factory, behavior, input);
}

static ImpServer *
start_server (ImpFactory *factory, char **address)
{
  ImpServer *server = imp_server_new (factory);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  imp_server_listen (server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (server);
  *address = g_strdup (addresses[0]);
  return server;
}

static void
test_codec (const Behavior *behavior, ImpFactory *factory, const char *codec)
{
  g_autofree char *address = NULL;
  g_autoptr (ImpServer) server = start_server (factory, &address);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new (address, &error);

  g_assert_no_error (error);
  g_object_set (remote, "codec", codec, NULL);
  for (guint i = 0; i < 10; i++)
    run_filter (IMP_FACTORY (remote), behavior);
  imp_server_close (server);
}

static void
test_behavior (gconstpointer data)
{
  const Behavior *behavior = data;
  g_autoptr (BehaveFactory) factory = g_object_new (BEHAVE_TYPE_FACTORY, NULL);

  factory->behavior = behavior;
  for (guint i = 0; i < 10; i++)
    run_filter (IMP_FACTORY (factory), behavior);
  test_codec (behavior, IMP_FACTORY (factory), "cbor");
  test_codec (behavior, IMP_FACTORY (factory), "json");
}

/* The end is there before anybody knows who will settle it, and all before it is settled: there is
 * nothing. But something may be put in. */
static void
test_empty (void)
{
  static const Behavior behavior = { "count", NULL, count_bytes, expect_count };
  g_autoptr (BehaveFactory) factory = g_object_new (BEHAVE_TYPE_FACTORY, NULL);
  g_autofree char *address = NULL;
  g_autoptr (ImpServer) server = start_server (IMP_FACTORY (factory), &address);
  g_autoptr (GString) nothing = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new (address, &error);

  g_assert_no_error (error);
  factory->behavior = &behavior;
  run_filter_with (IMP_FACTORY (remote), &behavior, nothing);
  imp_server_close (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (behaviors); i++)
    {
      g_autofree char *path = g_strdup_printf ("/remote-filter/%s", behaviors[i].name);

      g_test_add_data_func (path, &behaviors[i], test_behavior);
    }
  g_test_add_func ("/remote-filter/empty", test_empty);
  return g_test_run ();
}
