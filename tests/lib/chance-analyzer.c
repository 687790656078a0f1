/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chance-analyzer.h"

typedef ImpAnalyzerClass ChanceAnalyzerClass;

GType chance_analyzer_get_type (void);
G_DEFINE_TYPE (ChanceAnalyzer, chance_analyzer, IMP_TYPE_ANALYZER)

static void
chance_analyzer_pass_some (ChanceAnalyzer *self, ImpDirection direction, gint64 offset)
{
  g_byte_array_append (self->expected[direction],
                       self->input[direction]->data + self->settled[direction],
                       offset - self->settled[direction]);
  self->settled[direction] = offset;
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, offset);
}

static void
chance_analyzer_replace_some (ChanceAnalyzer *self, ImpDirection direction, gint64 offset)
{
  guint8 other[200];
  gsize length = g_test_rand_int_range (0, g_test_rand_int_range (0, 5) != 0 ? 10 : sizeof other);

  for (gsize i = 0; i < length; i++)
    other[i] = 'A' + i % 26;
  g_byte_array_append (self->expected[direction], other, length);
  self->settled[direction] = offset;
  imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, offset, other, length);
}

/* Nothing can be sent back once that way has ended, and it must not be said when that is. */
static void
chance_analyzer_send_some_back (ChanceAnalyzer *self, ImpDirection direction)
{
  if (!self->sends_back || self->ended[!direction])
    return;
  g_byte_array_append (self->expected[!direction], (const guint8 *) "back", 4);
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "back", 4);
}

static void
chance_analyzer_pause_or_resume (ChanceAnalyzer *self, ImpDirection direction)
{
  self->paused[direction] = !self->paused[direction];
  if (self->paused[direction])
    imp_analyzer_pause (IMP_ANALYZER (self), direction);
  else
    imp_analyzer_resume (IMP_ANALYZER (self), direction);
}

static void
chance_analyzer_decide (ChanceAnalyzer *self, ImpDirection direction)
{
  gint64 open = self->input[direction]->len - self->settled[direction];
  gint64 offset;

  if (open == 0 || g_test_rand_int_range (0, 10) == 0)
    {
      if (self->ended[direction])
        return;
      chance_analyzer_pause_or_resume (self, direction);
      return;
    }

  offset = self->settled[direction] + 1 + g_test_rand_int_range (0, open);
  if (g_test_rand_bit ())
    offset = self->input[direction]->len;
  if (g_test_rand_int_range (0, 3) == 0)
    chance_analyzer_replace_some (self, direction, offset);
  else
    chance_analyzer_pass_some (self, direction, offset);
}

static gboolean
chance_analyzer_on_time (gpointer user_data)
{
  ChanceAnalyzer *self = user_data;

  self->timer = 0;
  for (guint i = 0; i < 4; i++)
    chance_analyzer_decide (self, g_test_rand_bit ());
  self->timer = g_timeout_add (g_test_rand_int_range (0, 2), chance_analyzer_on_time, self);
  return G_SOURCE_REMOVE;
}

static gboolean
chance_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                      gint32 data_type, GError **error)
{
  ChanceAnalyzer *self = (ChanceAnalyzer *) analyzer;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  g_byte_array_append (self->input[direction], bytes, length);
  self->ended[direction] = length == 0;
  if (length == 0 && self->paused[direction])
    chance_analyzer_pause_or_resume (self, direction);
  if (g_test_rand_int_range (0, 20) == 0)
    chance_analyzer_send_some_back (self, direction);
  if (g_test_rand_bit ())
    chance_analyzer_decide (self, direction);
  if (self->timer == 0)
    self->timer = g_timeout_add (g_test_rand_int_range (0, 2), chance_analyzer_on_time, self);
  return TRUE;
}

static void
chance_analyzer_close (ImpAnalyzer *analyzer)
{
  g_clear_handle_id (&((ChanceAnalyzer *) analyzer)->timer, g_source_remove);
}

static void
chance_analyzer_finalize (GObject *object)
{
  ChanceAnalyzer *self = (ChanceAnalyzer *) object;

  chance_analyzer_close (IMP_ANALYZER (self));
  for (guint i = 0; i < 2; i++)
    {
      g_byte_array_unref (self->input[i]);
      g_byte_array_unref (self->expected[i]);
    }
  G_OBJECT_CLASS (chance_analyzer_parent_class)->finalize (object);
}

static void
chance_analyzer_class_init (ChanceAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chance_analyzer_finalize;
  klass->data = chance_analyzer_data;
  klass->close = chance_analyzer_close;
}

static void
chance_analyzer_init (ChanceAnalyzer *self)
{
  for (guint i = 0; i < 2; i++)
    {
      self->input[i] = g_byte_array_new ();
      self->expected[i] = g_byte_array_new ();
    }
}

ChanceAnalyzer *
chance_analyzer_new (void)
{
  return g_object_new (chance_analyzer_get_type (), NULL);
}

char *
chance_faults (void)
{
  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      return g_strdup_printf ("seed=%d&chunk=1", g_test_rand_int_range (1, 9999));
    case 1:
      return g_strdup_printf ("seed=%d&chunk-min=1&chunk=%d", g_test_rand_int_range (1, 9999),
                              g_test_rand_int_range (2, 5000));
    case 2:
      return g_strdup_printf ("seed=%d&block-rate=40&write-chunk=99",
                              g_test_rand_int_range (1, 9999));
    default:
      return NULL;
    }
}
