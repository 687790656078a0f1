/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-report.h"

#include <imp-remote.h>
#include <unistd.h>

struct _StatusReport
{
  const char *program;
  gint64 limit;
  guint64 id; /* the only one that is asked for, or 0 */
  GCompareFunc compare;
  GArray *entries;
  JsonObject *totals;
  guint n_stalled;
  gint64 now;
};

static void
status_entry_clear (gpointer entry)
{
  g_clear_pointer (&((StatusEntry *) entry)->progress, g_variant_unref);
}

/* ---- the order ---- */

static int
status_entry_compare_ages (gconstpointer a, gconstpointer b)
{
  const StatusEntry *one = a, *other = b;

  if (one->since != other->since)
    return one->since < other->since ? -1 : 1;
  return one->id < other->id ? -1 : one->id > other->id;
}

/* Those that stand still come first. */
static int
status_entry_compare (gconstpointer a, gconstpointer b)
{
  const StatusEntry *one = a, *other = b;
  const gboolean one_stalls = status_wait_is_stall (&one->wait);
  const gboolean other_stalls = status_wait_is_stall (&other->wait);

  if (one_stalls != other_stalls)
    return one_stalls ? -1 : 1;
  if (one_stalls && one->wait.ms != other->wait.ms)
    return one->wait.ms > other->wait.ms ? -1 : 1;
  return status_entry_compare_ages (a, b);
}

static gint64
status_entry_get_held (const StatusEntry *self)
{
  static const char *const directions[] = { "from-client", "from-server" };
  gint64 held, sum = 0;

  if (self->progress == NULL)
    return 0;
  if (g_variant_lookup (self->progress, "held", "x", &held))
    return held;
  for (guint i = 0; i < G_N_ELEMENTS (directions); i++)
    {
      g_autoptr (GVariant) direction = g_variant_lookup_value (self->progress, directions[i],
                                                               G_VARIANT_TYPE_VARDICT);

      if (direction != NULL && g_variant_lookup (direction, "held", "x", &held))
        sum += held;
    }
  return sum;
}

static int
status_entry_compare_held (gconstpointer a, gconstpointer b)
{
  const gint64 one = status_entry_get_held (a), other = status_entry_get_held (b);

  if (one != other)
    return one > other ? -1 : 1;
  return status_entry_compare (a, b);
}

static const struct
{
  const char *name;
  GCompareFunc compare;
} status_orders[] = {
  { "wait", status_entry_compare },
  { "age", status_entry_compare_ages },
  { "held", status_entry_compare_held },
};

static gboolean
status_report_read_order (StatusReport *self, ControlRequest *request, GError **error)
{
  JsonNode *node = json_object_get_member (control_request_get_arguments (request), "sort");
  const char *name = "wait";

  if (node != NULL)
    name = json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : "";
  for (guint i = 0; i < G_N_ELEMENTS (status_orders); i++)
    if (g_str_equal (status_orders[i].name, name))
      {
        self->compare = status_orders[i].compare;
        return TRUE;
      }
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                       "\"sort\" is \"wait\", \"age\" or \"held\"");
  return FALSE;
}

StatusReport *
status_report_new_for_log (const char *program, gint64 limit)
{
  StatusReport *self = g_new0 (StatusReport, 1);

  self->program = program;
  self->limit = limit;
  self->entries = g_array_new (FALSE, FALSE, sizeof (StatusEntry));
  g_array_set_clear_func (self->entries, status_entry_clear);
  self->totals = json_object_new ();
  self->now = g_get_monotonic_time ();
  self->compare = status_entry_compare;
  return self;
}

StatusReport *
status_report_new (ControlRequest *request, const char *program, GError **error)
{
  g_autoptr (StatusReport) self = NULL;
  gint64 limit, id;

  if (!control_request_get_number (request, "limit", 0, STATUS_LIMIT_MAX, STATUS_LIMIT_DEFAULT,
                                   &limit, error)
      || !control_request_get_number (request, "id", 1, G_MAXINT64, 0, &id, error))
    return NULL;
  self = status_report_new_for_log (program, limit);
  self->id = id;
  return status_report_read_order (self, request, error) ? g_steal_pointer (&self) : NULL;
}

void
status_report_free (StatusReport *self)
{
  json_object_unref (self->totals);
  g_array_unref (self->entries);
  g_free (self);
}

void
status_report_set_total (StatusReport *self, const char *name, gint64 number)
{
  json_object_set_int_member (self->totals, name, number);
}

void
status_report_add (StatusReport *self, const StatusEntry *entry)
{
  StatusEntry mine = *entry;

  self->n_stalled += status_wait_is_stall (&entry->wait);
  if (self->id == 0 || self->id == entry->id)
    g_array_append_val (self->entries, mine);
  else
    status_entry_clear (&mine);
}

/* ---- what is shown ---- */

static void
status_copy_member (JsonObject *from, const char *name, JsonNode *node, gpointer user_data)
{
  json_object_set_member (user_data, name, json_node_copy (node));
}

static JsonObject *
status_report_make_row (StatusReport *self, const StatusEntry *entry, StatusFill fill)
{
  JsonObject *row = json_object_new ();
  g_autoptr (JsonNode) progress = NULL;

  json_object_set_int_member (row, "id", entry->id);
  json_object_set_int_member (row, "since-ms",
                              (self->now - entry->since) / G_TIME_SPAN_MILLISECOND);
  json_object_set_string_member (row, "waits-for", entry->wait.whom);
  json_object_set_string_member (row, "why", entry->wait.why);
  if (entry->wait.ms >= 0)
    json_object_set_int_member (row, "waits-ms", entry->wait.ms);
  if (entry->progress != NULL)
    {
      progress = json_gvariant_serialize (entry->progress);
      json_object_foreach_member (json_node_get_object (progress), status_copy_member, row);
    }
  fill (entry, row);
  return row;
}

JsonObject *
status_report_finish (StatusReport *self, StatusFill fill)
{
  JsonObject *answer = json_object_new ();
  JsonArray *rows = json_array_new ();
  g_autofree char *version = g_strdup_printf ("%d.%d.%d", IMP_MAJOR_VERSION, IMP_MINOR_VERSION,
                                              IMP_MICRO_VERSION);

  status_report_set_total (self, "stalled", self->n_stalled);
  g_array_sort (self->entries, self->compare);
  for (guint i = 0; i < self->entries->len && i < self->limit; i++)
    json_array_add_object_element (
      rows, status_report_make_row (self, &g_array_index (self->entries, StatusEntry, i), fill));
  json_object_set_string_member (answer, "program", self->program);
  json_object_set_string_member (answer, "version", version);
  json_object_set_int_member (answer, "pid", getpid ());
  json_object_set_object_member (answer, "totals", json_object_ref (self->totals));
  json_object_set_array_member (answer, "connections", rows);
  return answer;
}
