/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program outside the project, compiled with what pkg-config says. */
#include <imp-remote.h>

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  g_print ("%.*s\n", (int) g_bytes_get_size (data), (const char *) g_bytes_get_data (data, NULL));
}

int
main (void)
{
  g_autoptr (ImpAnalyzer) analyzer = imp_pass_analyzer_new ();
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);

  imp_filter_set_output (filter, on_output, NULL, NULL);
  return imp_filter_push_bytes (filter, 0, (const guint8 *) "outside", 7, IMP_DATA_TYPE_STREAM,
                                NULL)
           ? 0
           : 1;
}
