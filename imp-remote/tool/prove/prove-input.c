/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/prove/prove-input.h"

#include "tool/chunks.h"

#include <stdio.h>
#include <string.h>

static gboolean
prove_input_add (ImpProver *prover, ImpMessage *message, GError **error)
{
  g_autofree char *text = NULL;

  if (imp_message_get_op (message) == IMP_OP_DATA)
    {
      imp_prover_add (prover, imp_message_get_direction (message), imp_message_get_data (message),
                      imp_message_get_data_type (message));
      return TRUE;
    }
  text = imp_message_to_string (message);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" is no message with the op \"data\"",
               text);
  return FALSE;
}

static gboolean
prove_input_read_line (const char *line, ImpCodec *codec, ImpProver *prover, GError **error)
{
  g_autofree char *ended = g_strconcat (line, "\n", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (ended, strlen (ended));
  g_autoptr (ImpMessage) message = NULL;
  gsize consumed;

  if (!imp_codec_decode (codec, bytes, &message, &consumed, error))
    return FALSE;
  if (message != NULL)
    return prove_input_add (prover, message, error);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" is no message", line);
  return FALSE;
}

static gboolean
prove_input_read_lines (const char *text, ImpProver *prover, GError **error)
{
  g_autoptr (ImpCodec) codec = imp_json_codec_new ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0' && !prove_input_read_line (lines[i], codec, prover, error))
      {
        g_prefix_error (error, "line %u: ", i + 1);
        return FALSE;
      }
  return TRUE;
}

gboolean
prove_input_read (const char *path, ImpDirection direction, ImpProver *prover, GError **error)
{
  g_autofree char *contents = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, error))
    return FALSE;
  if (!g_str_has_suffix (path, ".json") && !g_str_has_suffix (path, ".jsonl"))
    {
      imp_prover_add_bytes (prover, direction, (const guint8 *) contents, length,
                            IMP_DATA_TYPE_STREAM);
      return TRUE;
    }
  if (memchr (contents, '\0', length) == NULL)
    return prove_input_read_lines (contents, prover, error);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS, "there is a NUL byte in it");
  return FALSE;
}

void
prove_input_print (ImpProver *prover)
{
  for (guint i = 0; i < imp_prover_get_n_chunks (prover); i++)
    {
      ImpDirection direction;
      gint32 data_type;
      GBytes *data = imp_prover_get_chunk (prover, i, &direction, &data_type);

      chunks_print (direction, data_type, data);
    }
  fflush (stdout);
}
