/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <imp-remote.h>
#include <stdio.h>
#include <string.h>

/* Puts stars where there were digits. */
#define CENSOR_TYPE_ANALYZER (censor_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (CensorAnalyzer, censor_analyzer, CENSOR, ANALYZER, ImpAnalyzer)

struct _CensorAnalyzer
{
  ImpAnalyzer parent_instance;
  gint64 position[2];
  gboolean logged;
};

G_DEFINE_FINAL_TYPE (CensorAnalyzer, censor_analyzer, IMP_TYPE_ANALYZER)

/* Once: how often digits come depends on how the stream is cut. */
static void
censor_analyzer_log (CensorAnalyzer *self, ImpDirection direction, gint64 offset)
{
  if (!self->logged)
    imp_analyzer_log (IMP_ANALYZER (self), direction, offset, 1, IMP_LOG_LEVEL_NOTICE,
                      "there are digits");
  self->logged = TRUE;
}

static gboolean
censor_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                      gint32 data_type, GError **error)
{
  CensorAnalyzer *self = CENSOR_ANALYZER (analyzer);
  const gsize length = g_bytes_get_size (data);
  g_autofree guint8 *text = g_memdup2 (g_bytes_get_data (data, NULL), length);
  gboolean changed = FALSE;

  for (gsize i = 0; i < length; i++)
    if (g_ascii_isdigit (text[i]))
      {
        censor_analyzer_log (self, direction, self->position[direction] + i);
        text[i] = '*';
        changed = TRUE;
      }
  self->position[direction] += length;
  if (changed)
    imp_analyzer_replace_bytes (analyzer, direction, self->position[direction], text, length);
  else
    imp_analyzer_pass_bytes (analyzer, direction, self->position[direction]);
  return TRUE;
}

static void
censor_analyzer_class_init (CensorAnalyzerClass *klass)
{
  IMP_ANALYZER_CLASS (klass)->data = censor_analyzer_data;
}

static void
censor_analyzer_init (CensorAnalyzer *self)
{
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  fwrite (g_bytes_get_data (data, NULL), 1, g_bytes_get_size (data), stdout);
}

int
main (void)
{
  g_autoptr (ImpAnalyzer) analyzer = g_object_new (CENSOR_TYPE_ANALYZER, NULL);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GError) error = NULL;
  char line[1000];

  imp_filter_set_output (filter, on_output, NULL, NULL);
  while (fgets (line, sizeof line, stdin) != NULL)
    if (!imp_filter_push_bytes (filter, IMP_DIRECTION_FROM_CLIENT, (const guint8 *) line,
                                strlen (line), IMP_DATA_TYPE_STREAM, &error))
      {
        g_printerr ("%s\n", error->message);
        return 1;
      }
  return 0;
}
