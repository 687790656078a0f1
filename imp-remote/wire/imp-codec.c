/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-codec.h"

#include "core/imp-error.h"

/**
 * ImpCodec:
 *
 * A wire format of the remote protocol: turns messages into bytes and back.
 *
 * The library brings codecs of its own, which [func@Imp.Codec.new_by_name] creates; others can be
 * written in any language that can implement a GObject interface. A codec keeps no state between
 * calls.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (ImpCodec, imp_codec, G_TYPE_OBJECT)

static void
imp_codec_default_init (ImpCodecInterface *iface)
{
}

/**
 * imp_codec_get_name:
 * @self: a codec
 *
 * Gets the codec's name, e.g. "json".
 *
 * Returns: (transfer none): the name; that of its type, where the codec gives none
 *
 * Since: 0.1
 */
const char *
imp_codec_get_name (ImpCodec *self)
{
  ImpCodecInterface *iface;
  const char *name = NULL;

  g_return_val_if_fail (IMP_IS_CODEC (self), NULL);

  iface = IMP_CODEC_GET_IFACE (self);
  if (iface->get_name != NULL)
    name = iface->get_name (self);
  return name != NULL ? name : G_OBJECT_TYPE_NAME (self);
}

static void
codec_set_missing (ImpCodec *self, const char *method, GError **error)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "The codec %s does not implement %s",
               G_OBJECT_TYPE_NAME (self), method);
}

/* A script's function that fails without an error has failed nevertheless. */
static void
codec_propagate (ImpCodec *self, const char *method, GError *local, GError **error)
{
  if (local != NULL)
    g_propagate_error (error, local);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                 "%s of the codec %s failed and did not say why", method,
                 G_OBJECT_TYPE_NAME (self));
}

/**
 * imp_codec_encode:
 * @self: a codec
 * @message: a message
 * @error: return location for an error
 *
 * Turns a message into bytes.
 *
 * Returns: (transfer full): the bytes, or %NULL with %IMP_ERROR_UNSUPPORTED if this format cannot
 *   carry the message, %IMP_ERROR_FAILED if the codec gave no reason, or what error it gave
 *
 * Since: 0.1
 */
GBytes *
imp_codec_encode (ImpCodec *self, ImpMessage *message, GError **error)
{
  ImpCodecInterface *iface;
  GError *local = NULL;
  GBytes *bytes;

  g_return_val_if_fail (IMP_IS_CODEC (self), NULL);
  g_return_val_if_fail (message != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  iface = IMP_CODEC_GET_IFACE (self);
  if (iface->encode == NULL)
    {
      codec_set_missing (self, "encode", error);
      return NULL;
    }
  bytes = iface->encode (self, message, &local);
  if (bytes != NULL && local == NULL)
    return bytes;
  g_clear_pointer (&bytes, g_bytes_unref);
  codec_propagate (self, "encode", local, error);
  return NULL;
}

/* What a codec answers must fit together, or the bytes would be read again indefinitely. */
static gboolean
codec_check_answer (ImpCodec *self, GBytes *input, ImpMessage *message, gsize consumed,
                    GError **error)
{
  gsize size = g_bytes_get_size (input);

  if (consumed <= size && (message != NULL) == (consumed > 0))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "decode of the codec %s took %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
               " bytes and gave %s message",
               G_OBJECT_TYPE_NAME (self), consumed, size, message != NULL ? "a" : "no");
  return FALSE;
}

/**
 * imp_codec_decode:
 * @self: a codec
 * @input: the bytes that have arrived and are not consumed yet
 * @message: (out) (transfer full) (nullable) (optional): the message, or %NULL if more bytes are
 *   needed
 * @consumed: (out) (optional): how many bytes of the input it took; 0 if more are needed
 * @error: return location for an error
 *
 * Turns the first bytes of the input into a message.
 *
 * Returns: %TRUE, or %FALSE with %IMP_ERROR_PROTOCOL or another error if the bytes can never become
 *   a message
 *
 * Since: 0.1
 */
gboolean
imp_codec_decode (ImpCodec *self, GBytes *input, ImpMessage **message, gsize *consumed,
                  GError **error)
{
  g_autoptr (ImpMessage) decoded = NULL;
  ImpCodecInterface *iface;
  GError *local = NULL;
  gsize taken = 0;

  g_return_val_if_fail (IMP_IS_CODEC (self), FALSE);
  g_return_val_if_fail (input != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  iface = IMP_CODEC_GET_IFACE (self);
  if (iface->decode == NULL)
    {
      codec_set_missing (self, "decode", error);
      return FALSE;
    }
  if (!iface->decode (self, input, &decoded, &taken, &local) || local != NULL)
    {
      codec_propagate (self, "decode", local, error);
      return FALSE;
    }
  if (!codec_check_answer (self, input, decoded, taken, error))
    return FALSE;
  if (message != NULL)
    *message = g_steal_pointer (&decoded);
  if (consumed != NULL)
    *consumed = taken;
  return TRUE;
}
