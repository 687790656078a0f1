/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-faults-private.h"

#include "core/imp-error.h"
#include "core/imp-settings-private.h"

#include <string.h>

#define ANY_OFFSET (G_GINT64_CONSTANT (1) << 53)
#define AN_HOUR (3600 * 1000)

/* One row per setting; "read-" or "write-" before the name gives one way, the name alone both. */
static const struct
{
  const char *name;
  gsize field;
  gint64 minimum;
  gint64 maximum;
} settings[] = {
  { "delay", G_STRUCT_OFFSET (ImpFaultPlan, delay), 0, AN_HOUR },
  { "jitter", G_STRUCT_OFFSET (ImpFaultPlan, jitter), 0, AN_HOUR },
  { "chunk", G_STRUCT_OFFSET (ImpFaultPlan, chunk), 1, G_MAXINT32 },
  { "chunk-min", G_STRUCT_OFFSET (ImpFaultPlan, chunk_min), 1, G_MAXINT32 },
  { "block-first", G_STRUCT_OFFSET (ImpFaultPlan, block_first), 0, G_MAXINT32 },
  { "block-rate", G_STRUCT_OFFSET (ImpFaultPlan, block_rate), 0, 99 },
  { "corrupt-at", G_STRUCT_OFFSET (ImpFaultPlan, corrupt_at), 0, ANY_OFFSET },
  { "corrupt-every", G_STRUCT_OFFSET (ImpFaultPlan, corrupt_every), 1, ANY_OFFSET },
  { "reset-at", G_STRUCT_OFFSET (ImpFaultPlan, reset_at), 0, ANY_OFFSET },
  { "stall-at", G_STRUCT_OFFSET (ImpFaultPlan, stall_at), 0, ANY_OFFSET },
  { "eof-at", G_STRUCT_OFFSET (ImpFaultPlan, eof_at), 0, ANY_OFFSET },
};

G_GNUC_PRINTF (2, 3)
static void
faults_add_error (GPtrArray *errors, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (errors, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

static void
faults_parse_seed (const char *value, ImpFaults *faults, GPtrArray *errors)
{
  if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &faults->seed, NULL))
    faults_add_error (errors, "seed: \"%s\" is not a number from 0 to %" G_GUINT64_FORMAT, value,
                      G_MAXUINT64);
}

static void
faults_parse_setting (const char *key, const char *value, ImpFaults *faults, GPtrArray *errors)
{
  gboolean write_only = g_str_has_prefix (key, "write-");
  gboolean read_only = g_str_has_prefix (key, "read-");
  const char *name = key + (write_only ? 6 : read_only ? 5 : 0);
  gint64 number;

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      if (!g_str_equal (name, settings[i].name))
        continue;
      if (!g_ascii_string_to_signed (value, 10, settings[i].minimum, settings[i].maximum, &number,
                                     NULL))
        {
          faults_add_error (errors,
                            "%s: \"%s\" is not a number from %" G_GINT64_FORMAT
                            " to %" G_GINT64_FORMAT,
                            key, value, settings[i].minimum, settings[i].maximum);
          return;
        }
      if (!write_only)
        G_STRUCT_MEMBER (gint64, &faults->plans[IMP_FAULT_READ], settings[i].field) = number;
      if (!read_only)
        G_STRUCT_MEMBER (gint64, &faults->plans[IMP_FAULT_WRITE], settings[i].field) = number;
      return;
    }
  faults_add_error (errors, "\"%s\" is no fault", key);
}

static void
fault_plan_check (const ImpFaultPlan *plan, const char *way, GPtrArray *errors)
{
  if (plan->chunk_min > 0 && plan->chunk == 0)
    faults_add_error (errors, "%s-chunk-min needs %s-chunk", way, way);
  else if (plan->chunk_min > plan->chunk)
    faults_add_error (errors,
                      "%s-chunk-min (%" G_GINT64_FORMAT ") is above %s-chunk (%" G_GINT64_FORMAT
                      ")",
                      way, plan->chunk_min, way, plan->chunk);
}

static void
fault_plan_init (ImpFaultPlan *plan)
{
  *plan = (ImpFaultPlan){ .corrupt_at = -1, .reset_at = -1, .stall_at = -1, .eof_at = -1 };
}

static void
faults_parse_pairs (GPtrArray *pairs, ImpFaults *faults, GPtrArray *errors)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < pairs->len; i++)
    {
      const ImpSetting *pair = g_ptr_array_index (pairs, i);
      /* Up to a NUL at most, behind which no number can go on. */
      gsize length = g_bytes_get_size (pair->value);
      g_autofree char *value = g_strndup (g_bytes_get_data (pair->value, NULL), length);

      if (!g_hash_table_add (seen, pair->key))
        faults_add_error (errors, "%s is there more than once", pair->key);
      else if (strlen (value) != length || !g_utf8_validate (value, -1, NULL))
        faults_add_error (errors, "\"%s\" has no number", pair->text);
      else if (g_str_equal (pair->key, "seed"))
        faults_parse_seed (value, faults, errors);
      else
        faults_parse_setting (pair->key, value, faults, errors);
    }
}

gboolean
imp_faults_parse (const char *text, ImpFaults *faults, GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) pairs = imp_settings_split (text, errors);
  g_autofree char *joined = NULL;

  faults->seed = 0;
  fault_plan_init (&faults->plans[IMP_FAULT_READ]);
  fault_plan_init (&faults->plans[IMP_FAULT_WRITE]);
  faults_parse_pairs (pairs, faults, errors);
  fault_plan_check (&faults->plans[IMP_FAULT_READ], "read", errors);
  fault_plan_check (&faults->plans[IMP_FAULT_WRITE], "write", errors);
  if (errors->len == 0)
    return TRUE;

  g_ptr_array_add (errors, NULL);
  joined = g_strjoinv ("; ", (char **) errors->pdata);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "Faults: %s", joined);
  return FALSE;
}
