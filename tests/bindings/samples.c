/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "samples.h"

#include <string.h>

/* Turns what the client says into capitals; passes what the server says. */
struct _SampleShout
{
  ImpAnalyzer parent_instance;
  gint64 position;
};

G_DEFINE_FINAL_TYPE (SampleShout, sample_shout, IMP_TYPE_ANALYZER)

static gboolean
is_word (GBytes *data, const char *word)
{
  gsize size;
  const char *text = g_bytes_get_data (data, &size);

  return size == strlen (word) && memcmp (text, word, size) == 0;
}

static gboolean
sample_shout_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                   gint32 data_type, GError **error)
{
  SampleShout *self = SAMPLE_SHOUT (analyzer);
  g_autofree char *upper = NULL;
  gsize size;
  const char *text = g_bytes_get_data (data, &size);

  if (direction == IMP_DIRECTION_FROM_SERVER)
    {
      imp_analyzer_pass_bytes (analyzer, direction, IMP_MAX_OFFSET);
      return TRUE;
    }
  if (is_word (data, "raise"))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, "bad thing");
      return FALSE;
    }
  if (is_word (data, "context"))
    imp_analyzer_account (analyzer, "caddr", imp_analyzer_lookup_context (analyzer, "caddr"));

  self->position += size;
  upper = size > 0 ? g_ascii_strup (text, size) : g_strdup ("");
  imp_analyzer_replace_bytes (analyzer, direction, self->position, (const guint8 *) upper, size);
  return TRUE;
}

static void
sample_shout_class_init (SampleShoutClass *klass)
{
  IMP_ANALYZER_CLASS (klass)->data = sample_shout_data;
}

static void
sample_shout_init (SampleShout *self)
{
}

ImpFactory *
sample_shout_factory (void)
{
  return IMP_FACTORY (imp_type_factory_new (SAMPLE_TYPE_SHOUT, IMP_DATA_TYPE_STREAM,
                                            IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE
                                              | IMP_RESULT_FLAGS_ACCOUNT_FIELD));
}

/* JSON lines, each spelled backward: a codec need not be sensible. */
struct _SampleBackward
{
  GObject parent_instance;
  ImpCodec *json;
};

static void sample_backward_init_codec (ImpCodecInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SampleBackward, sample_backward, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (IMP_TYPE_CODEC, sample_backward_init_codec))

static GBytes *
reverse_line (const char *line, gsize length)
{
  char *reversed = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    reversed[i] = line[length - 1 - i];
  reversed[length] = '\n';
  return g_bytes_new_take (reversed, length + 1);
}

static const char *
sample_backward_get_name (ImpCodec *codec)
{
  return "backward";
}

static GBytes *
sample_backward_encode (ImpCodec *codec, ImpMessage *message, GError **error)
{
  g_autoptr (GBytes) line = imp_codec_encode (SAMPLE_BACKWARD (codec)->json, message, error);

  if (line == NULL)
    return NULL;
  return reverse_line (g_bytes_get_data (line, NULL), g_bytes_get_size (line) - 1);
}

static gboolean
sample_backward_decode (ImpCodec *codec, GBytes *input, ImpMessage **message, gsize *consumed,
                        GError **error)
{
  g_autoptr (GBytes) line = NULL;
  gsize size;
  const char *text = g_bytes_get_data (input, &size);
  const char *end = size > 0 ? memchr (text, '\n', size) : NULL;

  if (end == NULL)
    return TRUE;
  line = reverse_line (text, end - text);
  return imp_codec_decode (SAMPLE_BACKWARD (codec)->json, line, message, consumed, error);
}

static void
sample_backward_init_codec (ImpCodecInterface *iface)
{
  iface->get_name = sample_backward_get_name;
  iface->encode = sample_backward_encode;
  iface->decode = sample_backward_decode;
}

static void
sample_backward_finalize (GObject *object)
{
  g_clear_object (&SAMPLE_BACKWARD (object)->json);
  G_OBJECT_CLASS (sample_backward_parent_class)->finalize (object);
}

static void
sample_backward_class_init (SampleBackwardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sample_backward_finalize;
}

static void
sample_backward_init (SampleBackward *self)
{
  self->json = imp_json_codec_new ();
}

ImpCodec *
sample_backward_new (void)
{
  return g_object_new (SAMPLE_TYPE_BACKWARD, NULL);
}
