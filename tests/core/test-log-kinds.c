/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of messages have names and numbers of their own, the same in the catalog of the journal
 * and on the page that lists them; and what is known of a message comes as fields. */
#include "core/imp-enums.h"
#include "core/imp-log-private.h"

#include <string.h>
#include <syslog.h>

static char *
read_file (const char *folder, const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static guint
count (const char *text, const char *wanted)
{
  guint n = 0;

  for (const char *p = strstr (text, wanted); p != NULL; p = strstr (p + 1, wanted))
    n++;
  return n;
}

static void
test_table (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint kind = 1; kind < IMP_LOG_N_KINDS; kind++)
    {
      const ImpLogKindInfo *info = imp_log_kind_peek_info (kind);

      g_assert_cmpuint (strlen (info->message_id), ==, 32);
      g_assert_cmpuint (strspn (info->message_id, "0123456789abcdef"), ==, 32);
      g_assert_true (g_hash_table_add (seen, (gpointer) info->message_id));
      g_assert_true (g_hash_table_add (seen, (gpointer) info->name));
      g_assert_cmpint (info->priority, >=, LOG_EMERG);
      g_assert_cmpint (info->priority, <, LOG_DEBUG);
      g_assert_cmpuint (imp_log_kind_find (info->message_id), ==, kind);
    }
  g_assert_cmpuint (imp_log_kind_find ("dc7cb822120444f290bca72ff7449ebe"), ==, IMP_LOG_OTHER);
}

static void
test_catalog (void)
{
  g_autofree char *text = read_file ("data", "imp-remote.catalog");

  g_assert_cmpuint (count (text, "\n-- "), ==, IMP_LOG_N_KINDS - 1);
  for (guint kind = 1; kind < IMP_LOG_N_KINDS; kind++)
    {
      const ImpLogKindInfo *info = imp_log_kind_peek_info (kind);
      g_autofree char *entry = g_strdup_printf ("\n-- %s\nSubject: %s\nDefined-By: imp-remote\n\n",
                                                info->message_id, info->summary);

      if (count (text, entry) != 1)
        g_error ("data/imp-remote.catalog lacks:%s", entry);
    }
}

static void
test_page (void)
{
  static const char *const levels[] = { "emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug" };
  g_autofree char *text = read_file ("docs", "logs.md");
  const char *table = strstr (text, "| kind |");

  g_assert_nonnull (table);
  *strstr (table, "\n\n") = '\0';
  g_assert_cmpuint (count (table, "\n| `"), ==, IMP_LOG_N_KINDS - 1);
  for (guint kind = 1; kind < IMP_LOG_N_KINDS; kind++)
    {
      const ImpLogKindInfo *info = imp_log_kind_peek_info (kind);
      g_autofree char *row = g_strdup_printf ("\n| `%s` | %s | %s | `%s` |", info->name,
                                              levels[info->priority], info->summary,
                                              info->message_id);

      if (count (table, row) != 1)
        g_error ("docs/logs.md lacks:%s", row);
    }
}

/* --- fields --- */

typedef struct
{
  GLogLevelFlags level;
  GHashTable *fields;
} Heard;

static Heard heard;

static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  heard.level = level;
  g_hash_table_remove_all (heard.fields);
  for (gsize i = 0; i < n_fields; i++)
    g_assert_true (
      g_hash_table_insert (heard.fields, g_strdup (fields[i].key), g_strdup (fields[i].value)));
  return G_LOG_WRITER_HANDLED;
}

static const char *
get (const char *key)
{
  return g_hash_table_lookup (heard.fields, key);
}

static void
test_fields (void)
{
  const gint64 offset = -1;
  const guint64 bytes = G_MAXUINT64;
  const ImpLogFields fields = {
    .connection = 7,
    .client = "a\nIMP_SERVER=forged",
    .server = "b",
    .direction = "client",
    .offset = &offset,
    .bytes = &bytes,
    .reason = "\xff",
    .about = IMP_LOG_CANARY,
  };

  imp_log_event ("Here", IMP_LOG_ANALYZER_BYPASSED, &fields, "%d%%\n", 100);
  /* Others can cause it: it must not be fatal where warnings are. */
  g_assert_cmpint (heard.level, ==, G_LOG_LEVEL_MESSAGE);
  g_assert_cmpstr (get ("PRIORITY"), ==, "4");
  g_assert_cmpstr (get ("MESSAGE"), ==, "100%\\x0a");
  g_assert_cmpstr (get ("MESSAGE_ID"), ==, "47be82e1493d46bd9b89604cefbb0267");
  g_assert_cmpstr (get ("GLIB_DOMAIN"), ==, "Here");
  g_assert_cmpstr (get ("IMP_KIND"), ==, "analyzer-bypassed");
  g_assert_cmpstr (get ("IMP_CONNECTION"), ==, "7");
  g_assert_cmpstr (get ("IMP_CLIENT"), ==, "a\\x0aIMP_SERVER=forged");
  g_assert_cmpstr (get ("IMP_SERVER"), ==, "b");
  g_assert_cmpstr (get ("IMP_DIRECTION"), ==, "client");
  g_assert_cmpstr (get ("IMP_OFFSET"), ==, "-1");
  g_assert_cmpstr (get ("IMP_BYTES"), ==, "18446744073709551615");
  g_assert_cmpstr (get ("IMP_REASON"), ==, "\\xff");
  g_assert_cmpstr (get ("IMP_ABOUT"), ==, "canary");
  g_assert_null (get ("IMP_MODULE"));
}

/* As an analyzer says it, numbered the other way round. */
static void
test_levels (void)
{
  ImpLogFields fields = { .level = IMP_LOG_LEVEL_EMERGENCY };

  imp_log_event ("Here", IMP_LOG_ANALYZER_LOG, &fields, "x");
  g_assert_cmpstr (get ("PRIORITY"), ==, "0");
  g_assert_cmpint (heard.level, ==, G_LOG_LEVEL_MESSAGE);
  fields.level = IMP_LOG_LEVEL_WARNING;
  imp_log_event ("Here", IMP_LOG_ANALYZER_LOG, &fields, "x");
  g_assert_cmpstr (get ("PRIORITY"), ==, "4");
  fields.level = IMP_LOG_LEVEL_DEBUG;
  imp_log_event ("Here", IMP_LOG_ANALYZER_LOG, &fields, "x");
  g_assert_cmpstr (get ("PRIORITY"), ==, "7");
  g_assert_cmpint (heard.level, ==, G_LOG_LEVEL_DEBUG);
  fields.level = 99; /* from a peer */
  imp_log_event ("Here", IMP_LOG_ANALYZER_LOG, &fields, "x");
  g_assert_cmpstr (get ("PRIORITY"), ==, "0");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  heard.fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_log_set_writer_func (on_log, NULL, NULL);
  g_test_add_func ("/log-kinds/table", test_table);
  g_test_add_func ("/log-kinds/catalog", test_catalog);
  g_test_add_func ("/log-kinds/page", test_page);
  g_test_add_func ("/log-kinds/fields", test_fields);
  g_test_add_func ("/log-kinds/levels", test_levels);
  return g_test_run ();
}
