/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-report.h"

#include <imp-remote.h>
#include <unistd.h>

struct _StatusReport
{
  const char *program;
  gint64 limit;
  GPtrArray *rows; /* of JsonObject */
  JsonObject *totals;
};

StatusReport *
status_report_new (ControlRequest *request, const char *program)
{
  g_autoptr (GError) error = NULL;
  StatusReport *self;
  gint64 limit;

  if (!control_request_get_number (request, "limit", 0, STATUS_LIMIT_MAX, STATUS_LIMIT_DEFAULT,
                                   &limit, &error))
    {
      control_request_fail (request, error->message);
      return NULL;
    }
  self = g_new0 (StatusReport, 1);
  self->program = program;
  self->limit = limit;
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  self->totals = json_object_new ();
  return self;
}

void
status_report_set_total (StatusReport *self, const char *name, gint64 number)
{
  json_object_set_int_member (self->totals, name, number);
}

void
status_report_add (StatusReport *self, JsonObject *row)
{
  g_ptr_array_add (self->rows, row);
}

/* The oldest ones first. */
static int
status_report_compare (gconstpointer a, gconstpointer b)
{
  const gint64 first = json_object_get_int_member (*(JsonObject *const *) a, "id");
  const gint64 second = json_object_get_int_member (*(JsonObject *const *) b, "id");

  return first < second ? -1 : first > second;
}

static JsonArray *
status_report_take_rows (StatusReport *self)
{
  JsonArray *array = json_array_new ();

  g_ptr_array_sort (self->rows, status_report_compare);
  for (guint i = 0; i < self->rows->len && i < self->limit; i++)
    json_array_add_object_element (array, json_object_ref (self->rows->pdata[i]));
  return array;
}

void
status_report_answer (StatusReport *self, ControlRequest *request)
{
  JsonObject *answer = json_object_new ();
  g_autofree char *version = g_strdup_printf ("%d.%d.%d", IMP_MAJOR_VERSION, IMP_MINOR_VERSION,
                                              IMP_MICRO_VERSION);

  json_object_set_string_member (answer, "program", self->program);
  json_object_set_string_member (answer, "version", version);
  json_object_set_int_member (answer, "pid", getpid ());
  json_object_set_object_member (answer, "totals", self->totals);
  json_object_set_array_member (answer, "connections", status_report_take_rows (self));
  g_ptr_array_unref (self->rows);
  g_free (self);
  control_request_answer (request, answer);
}
