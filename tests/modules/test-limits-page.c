/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docs/limits.md says what is so: each default in its tables is that of the code, and every number
 * that a user can set stands there. */
#include "analyzers/imp-cascade.h"
#include "analyzers/imp-pattern-packet-private.h"
#include "analyzers/imp-pattern-private.h"
#include "analyzers/imp-pinning-factory.h"
#include "analyzers/imp-session-log-factory.h"
#include "core/imp-promises-private.h"
#include "core/imp-result-private.h"
#include "core/imp-matcher-private.h"
#include "io/imp-lingering-close-private.h"
#include "modules/imp-script-factory-private.h"
#include "provider/imp-filter-private.h"
#include "provider/imp-datagram-relay.h"
#include "provider/imp-io-stream.h"
#include "provider/imp-relay.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-link-private.h"
#include "rpc/server/imp-server.h"
#include "wire/imp-fields-private.h"
#include "wire/perl/imp-perl-value-private.h"
#include "wire/imp-wire-private.h"

#include <string.h>

typedef struct
{
  char *section;
  char **cells;
} Row;

static void
row_free (Row *row)
{
  g_free (row->section);
  g_strfreev (row->cells);
  g_free (row);
}

static GPtrArray *
read_rows (const char *page)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) row_free);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "docs", page, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  const char *section = "";

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "## "))
      section = lines[i] + 3;
    else if (g_str_has_prefix (lines[i], "| ") && lines[i + 1] != NULL
             && !g_str_has_prefix (lines[i + 1], "|--"))
      {
        Row *row = g_new0 (Row, 1);

        row->section = g_strdup (section);
        row->cells = g_strsplit (lines[i], "|", -1);
        for (guint j = 0; row->cells[j] != NULL; j++)
          g_strstrip (row->cells[j]);
        g_ptr_array_add (rows, row);
      }
  return rows;
}

/* The first number: "10 000 (0: none)", "16 MiB", "65 536", "2^53 - 1". */
static guint64
read_number (const char *text)
{
  guint64 value = 0;

  while (*text != '\0' && !g_ascii_isdigit (*text))
    text++;
  g_assert_true (g_ascii_isdigit (*text));
  if (g_str_has_prefix (text, "2^53 - 1"))
    return ((guint64) 1 << 53) - 1;
  for (; g_ascii_isdigit (*text) || (*text == ' ' && g_ascii_isdigit (text[1])); text++)
    if (*text != ' ')
      value = 10 * value + (*text - '0');
  if (g_str_has_prefix (text, " KiB"))
    value *= 1024;
  else if (g_str_has_prefix (text, " MiB"))
    value *= 1024 * 1024;
  else if (g_str_has_prefix (text, " GiB"))
    value *= 1024 * 1024 * 1024;
  return value;
}

/* The row that speaks of a property: `NAME` in the section of its class, or a link to it. */
static const Row *
find_property (GPtrArray *rows, const char *section, const char *class_name, const char *name)
{
  g_autofree char *plain = g_strdup_printf ("`%s`", name);
  g_autofree char *link = g_strdup_printf ("[property@Imp.%s:%s]", class_name, name);

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = rows->pdata[i];

      if (g_str_equal (row->cells[1], link)
          || (g_str_equal (row->section, section) && g_str_equal (row->cells[1], plain)))
        return row;
    }
  return NULL;
}

static gboolean
get_default (GParamSpec *spec, guint64 *value)
{
  const GValue *standard = g_param_spec_get_default_value (spec);

  if (G_VALUE_HOLDS_UINT (standard))
    *value = g_value_get_uint (standard);
  else if (G_VALUE_HOLDS_UINT64 (standard))
    *value = g_value_get_uint64 (standard);
  else
    return FALSE;
  return (spec->flags & G_PARAM_WRITABLE) != 0;
}

typedef struct
{
  const char *section, *class_name;
  GType (*get_type) (void);
} Subject;

static const Subject subjects[] = {
  { "Of a remote factory", "RemoteFactory", imp_remote_factory_get_type },
  { "Of a server", "Server", imp_server_get_type },
  { "Of filters and relays", "Filter", imp_filter_get_type },
  { "Of filters and relays", "Relay", imp_relay_get_type },
  { "Of filters and relays", "DatagramRelay", imp_datagram_relay_get_type },
  { "Of filters and relays", "IOStream", imp_io_stream_get_type },
  { "Of filters and relays", "Cascade", imp_cascade_get_type },
  { "Of patterns", "PatternFactory", imp_pattern_factory_get_type },
  { "Of protocol pinning", "PinningFactory", imp_pinning_factory_get_type },
  { "Of session logs", "SessionLogFactory", imp_session_log_factory_get_type },
  { "Of scripts", "ScriptFactory", imp_script_factory_get_type },
};

static void
check_default (GObject *object, const char *name, guint64 value)
{
  g_auto (GValue) now = G_VALUE_INIT;

  g_value_init (&now, G_TYPE_UINT64);
  g_object_get_property (object, name, &now);
  g_assert_cmpuint (g_value_get_uint64 (&now), ==, value);
}

static void
test_properties (gconstpointer data)
{
  const Subject *subject = data;
  g_autoptr (GPtrArray) rows = read_rows ("limits.md");
  g_autoptr (GTypeClass) klass = g_type_class_ref (subject->get_type ());
  guint n;
  g_autofree GParamSpec **specs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);

  for (guint i = 0; i < n; i++)
    {
      const Row *row = find_property (rows, subject->section, subject->class_name, specs[i]->name);
      guint64 value;

      /* No limits: how long to spin before sleeping, and the bits of a mode. */
      if (!get_default (specs[i], &value) || g_str_equal (specs[i]->name, "busy-poll")
          || g_str_equal (specs[i]->name, "socket-mode"))
        continue;
      if (row == NULL)
        g_error ("limits.md does not say what \"%s\" of %s is", specs[i]->name,
                 subject->class_name);
      g_test_message ("%s: %s", specs[i]->name, row->cells[2]);
      g_assert_cmpuint (read_number (row->cells[2]), ==, value);
    }
}

/* What the objects really have from the beginning. */
static void
test_objects (void)
{
  g_autoptr (GPtrArray) rows = read_rows ("limits.md");
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new ("@nobody", NULL);
  g_autoptr (ImpServer) server = g_object_new (IMP_TYPE_SERVER, NULL);
  guint n_checked = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = rows->pdata[i];
      GObject *object = g_str_equal (row->section, subjects[0].section)   ? G_OBJECT (remote)
                        : g_str_equal (row->section, subjects[1].section) ? G_OBJECT (server)
                                                                          : NULL;
      g_autofree char *name = NULL;

      if (object == NULL || row->cells[1][0] != '`')
        continue;
      name = g_strndup (row->cells[1] + 1, strlen (row->cells[1]) - 2);
      check_default (object, name, read_number (row->cells[2]));
      n_checked++;
    }
  g_assert_cmpuint (n_checked, >=, 19);
}

static const struct
{
  const char *page, *text; /* what the row begins with */
  guint64 value;
} fixed[] = {
  { "limits.md", "chunks that wait for a verdict", IMP_FILTER_CHUNKS_MAX },
  { "limits.md", "replacements that are promised", IMP_PROMISES_MAX },
  { "limits.md", "a string to look for", IMP_PATTERN_LENGTH_MAX },
  { "limits.md", "a packet that grows", IMP_PATTERN_PACKET_MAX },
  { "limits.md", "an `actdata` that grows", IMP_PATTERN_TEMPLATE_MAX },
  { "limits.md", "how far an expression may look ahead", IMP_PATTERN_LENGTH_MAX },
  { "limits.md", "the expression of a PASS_PATTERN", IMP_RESULT_REGEX_MAX },
  { "limits.md", "computing for a search of a PASS_PATTERN", IMP_EFFORT_LIMIT_DEFAULT },
  { "limits.md", "computing at one place", IMP_EFFORT_PLACE_MAX / 1000000 },
  { "limits.md", "ids, offsets, tokens", IMP_MAX_ID },
  { "limits.md", "nesting of values", IMP_WIRE_MAX_DEPTH_DEFAULT },
  { "limits.md", "interfaces in a list", IMP_MAX_INTERFACES },
  { "limits.md", "features", IMP_MAX_TEXTS },
  { "limits.md", "values in a message of a Perl peer", IMP_PERL_MAX_VALUES },
  { "limits.md", "the time that a client which is disconnected", IMP_LINK_LINGER_TIMEOUT },
  { "limits.md", "what it may send then", IMP_LINGERING_CLOSE_MAX_BYTES },
  { "wire-format.md", "`max-message`: bytes", IMP_WIRE_MAX_MESSAGE_DEFAULT },
  { "wire-format.md", "`max-context`: bytes", IMP_WIRE_MAX_CONTEXT_DEFAULT },
  { "wire-format.md", "`max-depth`: values", IMP_WIRE_MAX_DEPTH_DEFAULT },
  { "wire-format.md", "interfaces in one message", IMP_MAX_INTERFACES },
  { "wire-format.md", "features in one message", IMP_MAX_TEXTS },
};

/* The number stands behind the text, or, where the text says what has no name, before it. */
static gboolean
says (const Row *row, const char *text, guint64 value)
{
  if (g_str_has_prefix (row->cells[1], text))
    return read_number (row->cells[2]) == value;
  return row->cells[1][0] == '\0' && g_str_has_prefix (row->cells[3], text)
         && read_number (row->cells[2]) == value;
}

static void
test_fixed (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fixed); i++)
    {
      g_autoptr (GPtrArray) rows = read_rows (fixed[i].page);
      gboolean found = FALSE;

      for (guint j = 0; j < rows->len; j++)
        found = found || says (rows->pdata[j], fixed[i].text, fixed[i].value);
      if (!found)
        g_error ("%s does not say that \"%s\" is %" G_GUINT64_FORMAT, fixed[i].page, fixed[i].text,
                 fixed[i].value);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (subjects); i++)
    {
      g_autofree char *path = g_strconcat ("/limits-page/", subjects[i].class_name, NULL);

      g_test_add_data_func (path, &subjects[i], test_properties);
    }
  g_test_add_func ("/limits-page/objects", test_objects);
  g_test_add_func ("/limits-page/fixed", test_fixed);
  return g_test_run ();
}
