/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* A codec of somebody else, in the terms of ImpWire. */

/* It gets all there is as one GBytes, and says how much it took. */
ImpDecodeStatus imp_foreign_codec_decode (ImpCodec *codec, ImpCursor *input,
                                          const ImpWireLimits *limits, ImpMessage *message,
                                          GError **error);
/* It gets a message that it can keep, and says it as one GBytes. @codec: NULL while it is not
 * known, which is an error. */
gboolean imp_foreign_codec_encode (ImpCodec *codec, const ImpMessage *message,
                                   ImpOutputBuffer *output, GError **error);

G_END_DECLS
