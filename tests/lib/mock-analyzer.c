/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock-analyzer.h"

#include "core/imp-data-type.h"

G_DEFINE_FINAL_TYPE (MockAnalyzer, mock_analyzer, IMP_TYPE_ANALYZER)

static void note (MockAnalyzer *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (MockAnalyzer *self, const char *format, ...)
{
  va_list args;

  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
}

static gboolean
mock_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                    gint32 data_type, GError **error)
{
  MockAnalyzer *self = MOCK_ANALYZER (analyzer);
  gsize length;
  const char *text = g_bytes_get_data (data, &length);

  note (self, "%d<%.*s", direction, (int) length, length == 0 ? "" : text);
  if (length == 0)
    g_string_append_c (self->log, '.');
  if (offset != 0)
    g_string_append_printf (self->log, "@%" G_GINT64_FORMAT, offset);
  if (data_type != IMP_DATA_TYPE_STREAM)
    g_string_append_printf (self->log, "/%d", data_type);

  self->n_data++;
  self->position[direction] = (offset != 0 ? offset : self->position[direction]) + (gint64) length;
  return self->func == NULL || self->func (self, direction, data, offset, data_type, error);
}

static gboolean
mock_analyzer_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy, GError **error)
{
  note (MOCK_ANALYZER (analyzer), "%s%d", busy ? "busy" : "free", direction);
  return TRUE;
}

static void
mock_analyzer_close (ImpAnalyzer *analyzer)
{
  MockAnalyzer *self = MOCK_ANALYZER (analyzer);

  note (self, "close");
  self->n_closed++;
}

static void
mock_analyzer_finalize (GObject *object)
{
  g_string_free (MOCK_ANALYZER (object)->log, TRUE);
  G_OBJECT_CLASS (mock_analyzer_parent_class)->finalize (object);
}

static void
mock_analyzer_class_init (MockAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mock_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->data = mock_analyzer_data;
  IMP_ANALYZER_CLASS (klass)->busy = mock_analyzer_busy;
  IMP_ANALYZER_CLASS (klass)->close = mock_analyzer_close;
}

static void
mock_analyzer_init (MockAnalyzer *self)
{
  self->log = g_string_new (NULL);
}

MockAnalyzer *
mock_analyzer_new (MockFunc func, gpointer user_data)
{
  MockAnalyzer *self = g_object_new (MOCK_TYPE_ANALYZER, NULL);

  self->func = func;
  self->user_data = user_data;
  return self;
}

void
mock_analyzer_expect (MockAnalyzer *self, const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}

gboolean
mock_pass (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->position[direction]);
  return TRUE;
}

gboolean
mock_pass_ever (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                gint32 data_type, GError **error)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, IMP_MAX_OFFSET);
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_SERVER, IMP_MAX_OFFSET);
  return TRUE;
}

gboolean
mock_shout (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (data, &length);
  g_autofree char *loud = NULL;

  if (length == 0)
    return TRUE;
  loud = g_ascii_strup (text, (gssize) length);
  imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, self->position[direction],
                              (const guint8 *) loud, length);
  return TRUE;
}

gboolean
mock_deny (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "mock");
  return TRUE;
}
