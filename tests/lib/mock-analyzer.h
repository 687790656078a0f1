/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"

G_BEGIN_DECLS

#define MOCK_TYPE_ANALYZER (mock_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (MockAnalyzer, mock_analyzer, MOCK, ANALYZER, ImpAnalyzer)

/* What the mock does with its input; it answers by calling the analyzer's functions. FALSE, with or
 * without an error, is a failure of the plugin. */
typedef gboolean (*MockFunc) (MockAnalyzer *self, ImpDirection direction, GBytes *data,
                              gint64 offset, gint32 data_type, GError **error);

/* An analyzer that writes down what it is told, and then does what @func does; with NULL it says
 * nothing, so that the test answers later. */
struct _MockAnalyzer
{
  ImpAnalyzer parent_instance;

  MockFunc func;
  gpointer user_data; /* for @func */
  GString *log;       /* "0<abc 0<def@7 1<. busy0 free0 close": see flow-script.h */
  gint64 position[2]; /* end of what it was fed */
  guint n_data;
  guint n_closed;
};

MockAnalyzer *mock_analyzer_new (MockFunc func, gpointer user_data);
/* Compares what was written down since the last time. */
void mock_analyzer_expect (MockAnalyzer *self, const char *expected);

/* Ready-made behaviors. */

/* Passes each piece at once. */
gboolean mock_pass (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                    gint32 data_type, GError **error);
/* Passes both directions indefinitely at the first piece. */
gboolean mock_pass_ever (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                         gint32 data_type, GError **error);
/* Replaces each piece by itself in capitals. */
gboolean mock_shout (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                     gint32 data_type, GError **error);
/* Denies at the first piece, because of "mock". */
gboolean mock_deny (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                    gint32 data_type, GError **error);

G_END_DECLS
