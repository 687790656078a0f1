/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-interface-private.h"
#include "provider/imp-recording-format-private.h"
#include "wire/json/imp-json-private.h"

/* How deep what is not known may be nested. */
#define DEPTH_MAX 8
#define MODULES_MAX 64

#define head_bad(error, ...) imp_wire_bad (error, "", __VA_ARGS__)

void
imp_recording_head_clear (ImpRecordingHead *self)
{
  g_clear_pointer (&self->context, g_hash_table_unref);
  g_clear_pointer (&self->interface, imp_interface_unref);
  g_clear_pointer (&self->modules, g_strfreev);
}

/* ---- writing ---- */

static void
head_write_text (ImpOutputBuffer *output, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  imp_json_write_string (output, valid, strlen (valid));
}

static int
head_compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
head_write_context (ImpOutputBuffer *output, GHashTable *context)
{
  g_autoptr (GList) keys = NULL;

  imp_json_append (output, ",\"context\":{");
  if (context != NULL)
    keys = g_list_sort (g_hash_table_get_keys (context), head_compare_keys);
  for (GList *l = keys; l != NULL; l = l->next)
    {
      if (l != keys)
        imp_json_append (output, ",");
      head_write_text (output, l->data);
      imp_json_append (output, ":");
      head_write_text (output, g_hash_table_lookup (context, l->data));
    }
  imp_json_append (output, "}");
}

static void
head_write_results (ImpOutputBuffer *output, ImpResultFlags results)
{
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  const guint n = imp_result_flags_list (results, G_MAXUINT, numbers);

  imp_json_append (output, ",\"results\":[");
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        imp_json_append (output, ",");
      head_write_text (output, imp_result_type_to_string (numbers[i]));
    }
  imp_json_append (output, "]");
}

static void
head_write_interface (ImpOutputBuffer *output, ImpInterface *interface)
{
  const ImpResultFlags results = imp_interface_get_results (interface);

  imp_json_append (output, ",\"interface\":{\"type\":");
  imp_json_write_number (output, imp_interface_get_data_type (interface));
  if (results != IMP_RESULT_FLAGS_ALL)
    head_write_results (output, results);
  imp_json_append (output, "}");
}

static void
head_write_modules (ImpOutputBuffer *output, char **modules)
{
  imp_json_append (output, ",\"modules\":[");
  for (guint i = 0; modules != NULL && modules[i] != NULL && i < MODULES_MAX; i++)
    {
      if (i > 0)
        imp_json_append (output, ",");
      head_write_text (output, modules[i]);
    }
  imp_json_append (output, "]");
}

gboolean
imp_recording_head_write (const ImpRecordingHead *self, ImpOutputBuffer *output, GError **error)
{
  g_autoptr (GDateTime) second = g_date_time_new_from_unix_utc (self->started / G_USEC_PER_SEC);
  g_autofree char *date = NULL;
  g_autofree char *time = NULL;
  ImpOutputBufferMark mark;

  if (self->started < 0 || second == NULL)
    return head_bad (error, "%" G_GINT64_FORMAT " microseconds since 1970 is no date",
                     self->started);
  date = g_date_time_format (second, "%Y-%m-%dT%H:%M:%S");
  time = g_strdup_printf ("%s.%06dZ", date, (int) (self->started % G_USEC_PER_SEC));
  imp_output_buffer_mark (output, &mark);
  imp_json_append (output, "{\"format\":\"" IMP_RECORDING_FORMAT "\",\"version\":");
  imp_json_write_number (output, IMP_RECORDING_VERSION);
  imp_json_append (output, ",\"started\":");
  head_write_text (output, time);
  head_write_context (output, self->context);
  if (self->interface != NULL)
    head_write_interface (output, self->interface);
  head_write_modules (output, self->modules);
  imp_json_append (output, "}\n");
  if (imp_output_buffer_size_since (output, &mark) <= IMP_RECORDING_HEAD_MAX)
    return TRUE;
  imp_output_buffer_truncate (output, &mark);
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "The context and the names of the modules take more than %d bytes",
               IMP_RECORDING_HEAD_MAX);
  return FALSE;
}

/* ---- reading ---- */

typedef struct
{
  ImpRecordingHead *head;
  char *format;
  gint64 version;
  GPtrArray *modules;
  gint64 data_type;
  ImpResultFlags results;
  gboolean has_started;
} HeadReader;

static gboolean
head_read_pair (ImpJsonReader *json, gpointer user_data, GError **error)
{
  GHashTable *context = user_data;
  g_autofree char *key = imp_json_dup_string (json, error);
  char *value;

  if (key == NULL || !imp_json_expect (json, ':', error))
    return FALSE;
  value = imp_json_dup_string (json, error);
  if (value == NULL)
    return FALSE;
  g_hash_table_insert (context, g_steal_pointer (&key), value);
  return TRUE;
}

static gboolean
head_read_module (ImpJsonReader *json, gpointer user_data, GError **error)
{
  GPtrArray *modules = user_data;
  char *name;

  if (modules->len >= MODULES_MAX)
    return head_bad (error, "there are more than %d modules", MODULES_MAX);
  name = imp_json_dup_string (json, error);
  if (name == NULL)
    return FALSE;
  g_ptr_array_add (modules, name);
  return TRUE;
}

/* Types that are not known here are left out. */
static gboolean
head_read_result (ImpJsonReader *json, gpointer user_data, GError **error)
{
  ImpResultFlags *results = user_data;
  g_autofree char *name = imp_json_dup_string (json, error);
  ImpResultType type;

  if (name == NULL)
    return FALSE;
  type = imp_result_type_from_string (name);
  if (type != 0)
    *results |= imp_result_type_to_flag (type);
  return TRUE;
}

static gboolean
head_read_interface_member (ImpJsonReader *json, gpointer user_data, GError **error)
{
  HeadReader *self = user_data;
  g_autofree char *key = imp_json_dup_string (json, error);

  if (key == NULL || !imp_json_expect (json, ':', error))
    return FALSE;
  if (g_str_equal (key, "type"))
    return imp_json_int (json, &self->data_type, error);
  if (g_str_equal (key, "results"))
    return imp_json_walk (json, '[', head_read_result, &self->results, error);
  return imp_json_skip (json, 1, error);
}

static gboolean
head_read_interface (HeadReader *self, ImpJsonReader *json, GError **error)
{
  self->data_type = IMP_DATA_TYPE_ANY;
  self->results = IMP_RESULT_FLAGS_ALL;
  if (!imp_json_walk (json, '{', head_read_interface_member, self, error))
    return FALSE;
  if (self->data_type < G_MININT32 || self->data_type > G_MAXINT32)
    return head_bad (error, "the type %" G_GINT64_FORMAT " is beyond 32 bits", self->data_type);
  g_clear_pointer (&self->head->interface, imp_interface_unref);
  self->head->interface = imp_interface_new (self->data_type, self->results);
  return TRUE;
}

static gboolean
head_read_started (HeadReader *self, ImpJsonReader *json, GError **error)
{
  g_autofree char *text = imp_json_dup_string (json, error);
  g_autoptr (GDateTime) time = NULL;

  if (text == NULL)
    return FALSE;
  time = g_date_time_new_from_iso8601 (text, NULL);
  if (time == NULL || g_date_time_to_unix (time) < 0)
    return head_bad (error, "\"started\" is \"%s\", which is no time", text);
  self->head->started = g_date_time_to_unix (time) * G_USEC_PER_SEC
                        + g_date_time_get_microsecond (time);
  self->has_started = TRUE;
  return TRUE;
}

static gboolean
head_read_member (ImpJsonReader *json, gpointer user_data, GError **error)
{
  HeadReader *self = user_data;
  g_autofree char *key = imp_json_dup_string (json, error);

  if (key == NULL || !imp_json_expect (json, ':', error))
    return FALSE;
  if (g_str_equal (key, "format"))
    {
      g_free (self->format);
      self->format = imp_json_dup_string (json, error);
      return self->format != NULL;
    }
  if (g_str_equal (key, "version"))
    return imp_json_int (json, &self->version, error);
  if (g_str_equal (key, "started"))
    return head_read_started (self, json, error);
  if (g_str_equal (key, "context"))
    return imp_json_walk (json, '{', head_read_pair, self->head->context, error);
  if (g_str_equal (key, "interface"))
    return head_read_interface (self, json, error);
  if (g_str_equal (key, "modules"))
    return imp_json_walk (json, '[', head_read_module, self->modules, error);
  return imp_json_skip (json, 1, error);
}

static gboolean
head_check (const HeadReader *self, GError **error)
{
  if (g_strcmp0 (self->format, IMP_RECORDING_FORMAT) != 0)
    return head_bad (error, "its \"format\" is not \"%s\"", IMP_RECORDING_FORMAT);
  if (self->version < 1)
    return head_bad (error, "its version %" G_GINT64_FORMAT " is none", self->version);
  if (self->version > IMP_RECORDING_VERSION)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_VERSION,
                   "its version is %" G_GINT64_FORMAT ", of which only %d is known", self->version,
                   IMP_RECORDING_VERSION);
      return FALSE;
    }
  return self->has_started || head_bad (error, "it has no \"started\"");
}

gboolean
imp_recording_head_read (ImpRecordingHead *self, ImpCursor *line, GError **error)
{
  const ImpWireLimits limits = { IMP_RECORDING_HEAD_MAX, IMP_RECORDING_HEAD_MAX, DEPTH_MAX };
  ImpJsonReader json = { line, &limits };
  HeadReader reader = { .head = self };
  gboolean good;

  self->context = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  reader.modules = g_ptr_array_new_with_free_func (g_free);
  good = imp_json_walk (&json, '{', head_read_member, &reader, error)
         && head_check (&reader, error);
  if (good && (imp_json_peek (&json) != 0 || imp_cursor_left (line) > 0))
    good = head_bad (error, "something follows the object in its first line");
  g_ptr_array_add (reader.modules, NULL);
  self->modules = (char **) g_ptr_array_free (reader.modules, FALSE);
  g_free (reader.format);
  return good;
}
