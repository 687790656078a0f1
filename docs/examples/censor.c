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
};

G_DEFINE_FINAL_TYPE (CensorAnalyzer, censor_analyzer, IMP_TYPE_ANALYZER)

static gboolean
censor_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                      gint32 data_type, GError **error)
{
  CensorAnalyzer *self = CENSOR_ANALYZER (analyzer);
  g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  gsize length = g_bytes_get_size (data);

  self->position[direction] += length;
  if (strpbrk (text, "0123456789") == NULL)
    {
      imp_analyzer_pass_bytes (analyzer, direction, self->position[direction]);
      return TRUE;
    }

  imp_analyzer_log (analyzer, direction, self->position[direction] - length, length,
                    IMP_LOG_LEVEL_NOTICE, "there are digits");
  g_strcanon (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,:!?\n", '*');
  imp_analyzer_replace_bytes (analyzer, direction, self->position[direction], (const guint8 *) text,
                              length);
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
