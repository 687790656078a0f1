/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-foreign-codec-private.h"

#include "core/imp-error.h"

ImpDecodeStatus
imp_foreign_codec_decode (ImpCodec *codec, ImpCursor *input, const ImpWireLimits *limits,
                          ImpMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes = input->slice (input->owner, imp_cursor_here (input),
                                           imp_cursor_left (input));
  ImpMessage *decoded = NULL;
  gsize consumed = 0;

  if (!imp_codec_decode (codec, bytes, &decoded, &consumed, error))
    return IMP_DECODE_BAD;
  if (decoded == NULL)
    {
      if (imp_cursor_left (input) <= limits->max_message)
        return IMP_DECODE_MORE;
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "A message has more than %" G_GSIZE_FORMAT " bytes (max-message)",
                   limits->max_message);
      return IMP_DECODE_BAD;
    }
  imp_cursor_skip (input, consumed);
  imp_message_copy_to (decoded, message);
  imp_message_unref (decoded);
  return IMP_DECODE_DONE;
}

gboolean
imp_foreign_codec_encode (ImpCodec *codec, const ImpMessage *message, ImpOutputBuffer *output,
                          GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (ImpMessage) on_heap = NULL;
  ImpMessage copy;

  if (codec == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED,
                           "Nothing can be said before the client has shown its wire format");
      return FALSE;
    }
  imp_message_copy_to (message, &copy);
  on_heap = imp_message_steal (&copy);
  bytes = imp_codec_encode (codec, on_heap, error);
  if (bytes == NULL)
    return FALSE;
  imp_output_buffer_append_bytes (output, bytes);
  return TRUE;
}
