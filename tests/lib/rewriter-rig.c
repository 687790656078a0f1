/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rewriter-rig.h"

#include <string.h>

#define STREAM IMP_DATA_TYPE_STREAM

typedef struct
{
  ImpRewriterClass parent_class;
} TestRewriterClass;

G_DEFINE_TYPE (TestRewriter, test_rewriter, imp_rewriter_get_type ())

static gboolean
test_rewriter_match (ImpRewriter *rewriter, ImpDirection direction, guint id, GBytes *match,
                     gint64 offset, GError **error)
{
  TestRewriter *self = (TestRewriter *) rewriter;
  g_autofree char *text = g_strdup_printf ("<%u>", id);

  if (self->func != NULL)
    return self->func (self, direction, id, match, offset, error);
  imp_rewriter_replace (rewriter, (const guint8 *) text, strlen (text));
  return TRUE;
}

static void
test_rewriter_finalize (GObject *object)
{
  g_string_free (((TestRewriter *) object)->log, TRUE);
  G_OBJECT_CLASS (test_rewriter_parent_class)->finalize (object);
}

static void
test_rewriter_class_init (TestRewriterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_rewriter_finalize;
  IMP_REWRITER_CLASS (klass)->match = test_rewriter_match;
}

static void
test_rewriter_init (TestRewriter *self)
{
  self->log = g_string_new (NULL);
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  RewriterRig *rig = user_data;

  if (g_bytes_get_size (data) > 0)
    g_string_append_len (rig->output[direction], g_bytes_get_data (data, NULL),
                         g_bytes_get_size (data));
}

static void
on_log (ImpFilter *filter, ImpResult *result, RewriterRig *rig)
{
  rig->n_logs++;
}

void
rewriter_rig_add (RewriterRig *rig, ImpDirection direction, const RewriterPattern *pattern)
{
  g_autoptr (GError) error = NULL;
  ImpRewriter *rewriter = IMP_REWRITER (rig->rewriter);
  guint id;

  if (pattern->max_length > 0)
    id = imp_rewriter_add_regex (rewriter, direction, pattern->text, pattern->max_length, &error);
  else
    id = imp_rewriter_add_string (rewriter, direction, (const guint8 *) pattern->text,
                                  strlen (pattern->text), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (id, >, 0);
}

void
rewriter_rig_init (RewriterRig *rig, const RewriterPattern *patterns, guint n)
{
  *rig = (RewriterRig){ .rewriter = g_object_new (test_rewriter_get_type (), NULL) };
  for (guint i = 0; i < 2; i++)
    rig->output[i] = g_string_new (NULL);
  for (guint i = 0; i < n; i++)
    rewriter_rig_add (rig, 0, &patterns[i]);
  rig->filter = imp_filter_new (IMP_ANALYZER (rig->rewriter));
  g_signal_connect (rig->filter, "result::log", G_CALLBACK (on_log), rig);
  imp_filter_set_output (rig->filter, on_output, rig, NULL);
}

void
rewriter_rig_clear (RewriterRig *rig)
{
  imp_filter_close (rig->filter);
  g_assert_finalize_object (rig->filter);
  g_assert_finalize_object (rig->rewriter);
  for (guint i = 0; i < 2; i++)
    g_string_free (rig->output[i], TRUE);
}

void
rewriter_rig_push (RewriterRig *rig, ImpDirection direction, const char *data, gsize length,
                   gint32 type)
{
  g_autoptr (GError) error = NULL;

  imp_filter_push_bytes (rig->filter, direction, (const guint8 *) data, length, type, &error);
  g_assert_no_error (error);
  rig->max_held = MAX (rig->max_held, imp_filter_get_held (rig->filter, direction));
}

void
rewriter_rig_push_text (RewriterRig *rig, const char *text)
{
  rewriter_rig_push (rig, 0, text, strlen (text), STREAM);
}

void
rewriter_rig_finish (RewriterRig *rig, ImpDirection direction)
{
  rewriter_rig_push (rig, direction, NULL, 0, STREAM);
  while (!imp_filter_is_finished (rig->filter, direction))
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
ring (gpointer rung)
{
  *(gboolean *) rung = TRUE;
  return G_SOURCE_REMOVE;
}

void
rewriter_rig_wait (guint milliseconds)
{
  gboolean rung = FALSE;

  g_timeout_add (milliseconds, ring, &rung);
  while (!rung)
    g_main_context_iteration (NULL, TRUE);
}
