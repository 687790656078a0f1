/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/wire/imp-message.h"

G_BEGIN_DECLS

#define IMP_TYPE_CODEC (imp_codec_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_INTERFACE (ImpCodec, imp_codec, IMP, CODEC, GObject)

/**
 * ImpCodecInterface:
 * @get_name: gets the codec's name
 * @encode: turns a message into bytes
 * @decode: turns the first bytes of the input into a message
 *
 * What a wire format implements. A codec keeps no state between calls.
 *
 * Since: 0.1
 */
struct _ImpCodecInterface
{
  GTypeInterface parent_iface;

  /**
   * ImpCodecInterface::get_name:
   * @self: a codec
   *
   * Gets the codec's name.
   *
   * Returns: (transfer none): the name
   */
  const char *(*get_name) (ImpCodec *self);

  /**
   * ImpCodecInterface::encode:
   * @self: a codec
   * @message: a message
   * @error: return location for an error
   *
   * Turns a message into bytes.
   *
   * Returns: (transfer full): the bytes, or %NULL with an error
   */
  GBytes     *(*encode)   (ImpCodec *self, ImpMessage *message, GError **error);

  /**
   * ImpCodecInterface::decode:
   * @self: a codec
   * @input: the bytes that have arrived and are not consumed yet
   * @message: (out) (transfer full) (nullable) (optional): the message, or %NULL if more bytes
   *   are needed
   * @consumed: (out) (optional): how many bytes of the input it took; 0 if more are needed
   * @error: return location for an error
   *
   * Turns the first bytes of the input into a message.
   *
   * Returns: %TRUE, or %FALSE with an error if the bytes can never become a message
   */
  gboolean    (*decode)   (ImpCodec *self, GBytes *input, ImpMessage **message, gsize *consumed,
                           GError **error);

  /*< private >*/
  gpointer padding[8];
};

IMP_AVAILABLE_IN_0_1
const char *imp_codec_get_name (ImpCodec *self);
IMP_AVAILABLE_IN_0_1
GBytes     *imp_codec_encode   (ImpCodec *self, ImpMessage *message, GError **error);
IMP_AVAILABLE_IN_0_1
gboolean    imp_codec_decode   (ImpCodec *self, GBytes *input, ImpMessage **message,
                                gsize *consumed, GError **error);

IMP_AVAILABLE_IN_0_1
ImpCodec *imp_codec_new_by_name (const char *name, GError **error);
IMP_AVAILABLE_IN_0_1
ImpCodec *imp_json_codec_new    (void);
IMP_AVAILABLE_IN_0_1
ImpCodec *imp_cbor_codec_new    (void);

G_END_DECLS
