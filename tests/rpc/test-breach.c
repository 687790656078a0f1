/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that gives verdicts which the model does not allow has lost the analyzer, and only that:
 * what becomes of the connection is for the fail mode to say. If it is soft all goes through, with
 * a loud word in the log; if it is hard the connection is refused. It never is an error of the
 * filter's own. */
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "core/imp-result.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-remote-factory.h"
#include "test-raw-server.h"
#include "test-streams.h"

#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT

/* What a server says, after "hello " and "world!" have come, and why that cannot be. */
typedef struct
{
  const char *name;
  gint32 data_type;
  gboolean promised;  /* so that the bytes may be gone, and nothing can go through */
  const char *output; /* what was let through before */
  const char *reason;
  const char *results[3];
} Breach;

static const Breach breaches[] = {
  { "pass-backward",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello ",
    "pass: backward offset 4, after a verdict up to 6",
    { "\"pass\",\"dir\":0,\"offset\":6", "\"pass\",\"dir\":0,\"offset\":4" } },
  { "prepass-backward",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello ",
    "prepass: backward offset 5, after a verdict up to 6",
    { "\"prepass\",\"dir\":0,\"offset\":6", "\"prepass\",\"dir\":0,\"offset\":5" } },
  { "replace-beyond",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "",
    "replace: offset 13 lies in the future, input ends at 12",
    { "\"replace\",\"dir\":0,\"offset\":13,\"text\":\"x\"" } },
  { "replace-prepassed",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello world!",
    "replace: offset 12, but all up to 20 has passed already",
    { "\"prepass\",\"dir\":0,\"offset\":20",
      "\"replace\",\"dir\":0,\"offset\":12,\"text\":\"x\"" } },
  { "replace-into-prepassed",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello ",
    "replace: backward offset 3, after a verdict up to 6",
    { "\"prepass\",\"dir\":0,\"offset\":6", "\"replace\",\"dir\":0,\"offset\":3,\"text\":\"x\"" } },
  { "pass-promised",
    IMP_DATA_TYPE_STREAM,
    TRUE,
    "",
    "pass: what lies between 2 and 8 was promised to be replaced",
    { "\"replace_later\",\"dir\":0,\"offset\":2,\"end_offset\":8",
      "\"pass\",\"dir\":0,\"offset\":6" } },
  { "prepass-promised",
    IMP_DATA_TYPE_STREAM,
    TRUE,
    "",
    "prepass: what lies between 2 and 8 was promised to be replaced",
    { "\"replace_later\",\"dir\":0,\"offset\":2,\"end_offset\":8",
      "\"prepass\",\"dir\":0,\"offset\":-1" } },
  { "pass-while-searching",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello world!",
    "pass: while a pattern is looked for",
    { "\"pass_pattern\",\"dir\":0,\"pattern\":\"xyz\",\"max_length\":3",
      "\"pass\",\"dir\":0,\"offset\":12" } },
  { "replace-while-searching",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello world!",
    "replace: while a pattern is looked for",
    { "\"pass_pattern\",\"dir\":0,\"pattern\":\"xyz\",\"max_length\":3",
      "\"replace\",\"dir\":0,\"offset\":12,\"text\":\"x\"" } },
  { "pattern-twice",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello world!",
    "pass_pattern: while a pattern is looked for",
    { "\"pass_pattern\",\"dir\":0,\"pattern\":\"xyz\",\"max_length\":3",
      "\"pass_pattern\",\"dir\":0,\"pattern\":\"xyz\",\"max_length\":3" } },
  { "pattern-of-nothing",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "",
    "matches the empty string",
    { "\"pass_pattern\",\"dir\":0,\"pattern\":\"x*\",\"max_length\":3" } },
  { "promise-of-nothing",
    IMP_DATA_TYPE_STREAM,
    FALSE,
    "hello ",
    "replace_later: backward offset 6, after a verdict up to 6",
    { "\"pass\",\"dir\":0,\"offset\":6",
      "\"replace_later\",\"dir\":0,\"offset\":0,\"end_offset\":6" } },
  { "packet-cut",
    IMP_DATA_TYPE_PACKET,
    FALSE,
    "hello ",
    "replace: offset 8 is not the border of a packet",
    { "\"pass\",\"dir\":0,\"offset\":8", "\"replace\",\"dir\":0,\"offset\":8,\"text\":\"x\"" } },
};

typedef struct
{
  const Breach *breach;
  TestRaw *peer;
  ImpRemoteFactory *remote;
  ImpFilter *filter;
  GString *output;
  GString *log;
  char *failure;
} Fixture;

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  GString *output = user_data;
  gsize size;
  const char *text = g_bytes_get_data (data, &size);

  g_string_append_len (output, size > 0 ? text : ".", size > 0 ? size : 1);
}

static void
on_result (ImpFilter *filter, ImpResult *result, gpointer user_data)
{
  if (imp_result_get_result_type (result) == IMP_RESULT_LOG)
    g_string_append (user_data, imp_result_get_message (result));
}

static void
on_failed (ImpFilter *filter, const char *message, gpointer user_data)
{
  char **failure = user_data;

  g_assert_null (*failure);
  *failure = g_strdup (message);
}

static void
push (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  imp_filter_push_bytes (fixture->filter, CLIENT, (const guint8 *) text, strlen (text),
                         fixture->breach->data_type, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, const Breach *breach, ImpFailMode fail)
{
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) error = NULL;

  fixture->breach = breach;
  fixture->output = g_string_new (NULL);
  fixture->log = g_string_new (NULL);
  fixture->peer = test_raw_new ();
  fixture->remote = imp_remote_factory_new (fixture->peer->address, &error);
  g_assert_no_error (error);
  g_object_set (fixture->remote, "codec", "json", "fail", fail, NULL);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (fixture->remote), NULL, &error);
  g_assert_no_error (error);
  fixture->filter = imp_filter_new (analyzer);
  g_signal_connect (fixture->filter, "result", G_CALLBACK (on_result), fixture->log);
  g_signal_connect (fixture->filter, "failed", G_CALLBACK (on_failed), &fixture->failure);
  imp_filter_set_output (fixture->filter, on_output, fixture->output, NULL);
}

static void
tear_down (Fixture *fixture)
{
  imp_filter_close (fixture->filter);
  g_assert_finalize_object (fixture->filter);
  g_assert_finalize_object (fixture->remote);
  test_raw_free (fixture->peer);
  g_string_free (fixture->output, TRUE);
  g_string_free (fixture->log, TRUE);
  g_free (fixture->failure);
}

static gboolean
is_over (gpointer data)
{
  Fixture *fixture = data;

  return fixture->failure != NULL || fixture->log->len > 0;
}

static void
commit_breach (Fixture *fixture)
{
  push (fixture, "hello ");
  push (fixture, "world!");
  test_raw_accept (fixture->peer);
  test_raw_say (fixture->peer, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
  test_raw_expect (fixture->peer, "\"data\"", 2);
  for (guint i = 0; fixture->breach->results[i] != NULL; i++)
    test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":%s}",
                  fixture->breach->results[i]);
  g_assert_true (test_run_until (is_over, fixture, 5000));
}

static void
assert_contains (const char *text, const char *part)
{
  if (text == NULL || strstr (text, part) == NULL)
    g_error ("\"%s\" is not in \"%s\"", part, text);
}

static void
test_hard (gconstpointer data)
{
  const Breach *breach = data;
  Fixture fixture = { NULL };
  g_autoptr (GError) error = NULL;

  set_up (&fixture, breach, IMP_FAIL_HARD);
  commit_breach (&fixture);
  assert_contains (fixture.failure, breach->reason);
  assert_contains (fixture.failure, fixture.peer->address);
  g_assert_cmpstr (fixture.output->str, ==, breach->output);
  g_assert_false (imp_filter_check (fixture.filter, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  tear_down (&fixture);
}

static void
test_soft (gconstpointer data)
{
  const Breach *breach = data;
  Fixture fixture = { NULL };

  set_up (&fixture, breach, IMP_FAIL_SOFT);
  commit_breach (&fixture);
  if (breach->promised)
    {
      assert_contains (fixture.failure, breach->reason);
      g_assert_cmpstr (fixture.output->str, ==, breach->output);
    }
  else
    {
      assert_contains (fixture.log->str, breach->reason);
      push (&fixture, " and on");
      push (&fixture, "");
      g_assert_cmpstr (fixture.output->str, ==, "hello world! and on.");
      g_assert_null (fixture.failure);
      g_assert_true (imp_filter_is_finished (fixture.filter, CLIENT));
    }
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (breaches); i++)
    {
      g_autofree char *hard = g_strdup_printf ("/breach/%s/hard", breaches[i].name);
      g_autofree char *soft = g_strdup_printf ("/breach/%s/soft", breaches[i].name);

      g_test_add_data_func (hard, &breaches[i], test_hard);
      g_test_add_data_func (soft, &breaches[i], test_soft);
    }
  return g_test_run ();
}
