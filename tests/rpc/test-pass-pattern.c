/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASS_PATTERN over a connection: whatever was under way, the analyzer sees the match once, and
 * where it stands, even at the very beginning of the stream. */
#include "core/imp-type-factory.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <string.h>

/* Looks for "ab" from the start, replaces each by "X", and looks again. */
typedef struct
{
  ImpAnalyzer parent_instance;
  GString *match; /* what has come of it */
  gint64 begin;
} Seeker;
typedef ImpAnalyzerClass SeekerClass;

GType seeker_get_type (void);
G_DEFINE_TYPE (Seeker, seeker, IMP_TYPE_ANALYZER)

static gboolean
seeker_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  Seeker *self = (Seeker *) analyzer;
  gsize size;
  const char *text = g_bytes_get_data (data, &size);

  if (size == 0)
    return TRUE;
  if (self->match->len == 0)
    self->begin = offset;
  g_string_append_len (self->match, text, size);
  if (self->match->len < 2)
    return TRUE;
  g_assert_true (g_str_has_prefix (self->match->str, "ab"));
  g_string_truncate (self->match, 0);
  imp_analyzer_replace_bytes (analyzer, direction, self->begin + 2, (const guint8 *) "X", 1);
  imp_analyzer_pass_pattern (analyzer, direction, "ab", 2);
  return TRUE;
}

static void
seeker_finalize (GObject *object)
{
  g_string_free (((Seeker *) object)->match, TRUE);
  G_OBJECT_CLASS (seeker_parent_class)->finalize (object);
}

static void
seeker_init (Seeker *self)
{
  self->match = g_string_new (NULL);
  imp_analyzer_pass_pattern (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, "ab", 2);
}

static void
seeker_class_init (SeekerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = seeker_finalize;
  klass->data = seeker_data;
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *bytes, gint32 data_type,
           gpointer user_data)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  g_string_append_len (user_data, size > 0 ? text : ".", size > 0 ? size : 1);
}

static void
run (const char *input, gsize chunk, const char *expected)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (seeker_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (ImpFilter) filter = NULL;
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;
  gsize length = strlen (input);

  g_assert_true (imp_server_listen (server, "127.0.0.1:0", NULL));
  addresses = imp_server_list_addresses (server);
  remote = imp_remote_factory_new (addresses[0], NULL);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL);
  filter = imp_filter_new (analyzer);
  imp_filter_set_output (filter, on_output, output, NULL);
  for (gsize i = 0; i <= length; i += chunk)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (input + i, MIN (chunk, length - i));

      if (g_bytes_get_size (bytes) > 0)
        imp_filter_push (filter, 0, bytes, IMP_DATA_TYPE_STREAM, &error);
      g_assert_no_error (error);
      if (i % 3 == 0)
        g_main_context_iteration (NULL, FALSE);
    }
  {
    g_autoptr (GBytes) end = g_bytes_new_static (NULL, 0);

    imp_filter_push (filter, 0, end, IMP_DATA_TYPE_STREAM, &error);
    g_assert_no_error (error);
  }
  while (strchr (output->str, '.') == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (output->str, ==, expected);
  imp_filter_close (filter);
  imp_server_close (server);
}

static void
test_pattern (void)
{
  for (gsize chunk = 1; chunk < 20; chunk++)
    {
      run ("ab--ab-ab", chunk, "X--X-X.");
      run ("-ab", chunk, "-X.");
      run ("nothing", chunk, "nothing.");
      run ("", chunk, ".");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote/pass-pattern", test_pattern);
  return g_test_run ();
}
