/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider's side of ImpAnalyzer, as far as it only says in other words what is there. */
#include "core/imp-analyzer-object-private.h"

/**
 * imp_analyzer_data:
 * @self: an analyzer
 * @direction: a direction
 * @data: input; empty at the end of the stream
 * @offset: 0, or the true position of @data, in bytes, if input was left out since the last call
 * @data_type: the type of @data
 *
 * Feeds the analyzer.
 *
 * After a PASS_PATTERN the next piece always says its true position; should that be 0, it is
 * spelled %IMP_MAX_OFFSET here, and the plugin sees 0.
 *
 * There is no error to look at: a plugin that fails answers with a FATAL result.
 *
 * Since: 0.1
 */
void
imp_analyzer_data (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                   gint32 data_type)
{
  ImpView view;

  g_return_if_fail (imp_analyzer_is_valid (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (data != NULL);

  view = imp_view_of_bytes (data);
  imp_analyzer_feed_any (self, direction, &view, offset, data_type);
}

/**
 * imp_analyzer_data_bytes:
 * @self: an analyzer
 * @direction: a direction
 * @data: (array length=length): input; empty at the end of the stream
 * @length: how many bytes
 * @offset: 0, or the true position of @data, in bytes, if input was left out since the last call
 * @data_type: the type of @data
 *
 * Feeds the analyzer, as [method@Imp.Analyzer.data], with a copy of @data.
 *
 * Since: 0.1
 */
void
imp_analyzer_data_bytes (ImpAnalyzer *self, ImpDirection direction, const guint8 *data,
                         gsize length, gint64 offset, gint32 data_type)
{
  const ImpView view = imp_view_of_data (data, length);

  g_return_if_fail (imp_analyzer_is_valid (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (data != NULL || length == 0);

  imp_analyzer_feed_any (self, direction, &view, offset, data_type);
}

gsize
imp_analyzer_get_held (ImpAnalyzer *self)
{
  gsize held = 0;

  for (guint direction = 0; direction < 2; direction++)
    held += imp_marks_get_held (imp_analyzer_peek_marks (self, direction))
            + imp_analyzer_get_waiting (self, direction);
  return held;
}

char *
imp_analyzer_dup_failure (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = imp_analyzer_get_private (self);

  if (priv->state != ANALYZER_STATE_REFUSED || priv->loss.is_lost)
    return NULL;
  return imp_pending_results_dup_failure (priv->pending);
}
