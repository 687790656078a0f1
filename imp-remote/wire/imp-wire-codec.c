/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-wire-private.h"

/* A row of the table of wire formats, as an object: what scripts and tests see of the library's
 * codecs. Inside the library the row itself is used. */
#define IMP_TYPE_WIRE_CODEC (imp_wire_codec_get_type ())
G_DECLARE_FINAL_TYPE (ImpWireCodec, imp_wire_codec, IMP, WIRE_CODEC, GObject)

struct _ImpWireCodec
{
  GObject parent_instance;
  const ImpWire *wire;
};

static void imp_wire_codec_iface_init (ImpCodecInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpWireCodec, imp_wire_codec, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (IMP_TYPE_CODEC, imp_wire_codec_iface_init))

static const char *
imp_wire_codec_get_name (ImpCodec *codec)
{
  return IMP_WIRE_CODEC (codec)->wire->name;
}

static GBytes *
imp_wire_codec_encode (ImpCodec *codec, ImpMessage *message, GError **error)
{
  const ImpWire *wire = IMP_WIRE_CODEC (codec)->wire;
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();

  if (!wire->encode (message, wire->max_version, buffer, error))
    return NULL;
  return imp_output_buffer_steal (buffer);
}

static gboolean
imp_wire_codec_decode (ImpCodec *codec, GBytes *input, ImpMessage **message, gsize *consumed,
                       GError **error)
{
  const ImpWire *wire = IMP_WIRE_CODEC (codec)->wire;
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  ImpCursor cursor;
  gsize need;

  *message = NULL;
  *consumed = 0;
  imp_cursor_init_bytes (&cursor, input);
  switch (wire->decode (&cursor, &limits, &decoded, &need, error))
    {
    case IMP_DECODE_DONE:
      *message = imp_message_steal (&decoded);
      *consumed = cursor.position;
      return TRUE;
    case IMP_DECODE_MORE:
      return TRUE;
    case IMP_DECODE_BAD:
      break;
    }
  imp_message_clear (&decoded);
  return FALSE;
}

static void
imp_wire_codec_iface_init (ImpCodecInterface *iface)
{
  iface->get_name = imp_wire_codec_get_name;
  iface->encode = imp_wire_codec_encode;
  iface->decode = imp_wire_codec_decode;
}

static void
imp_wire_codec_class_init (ImpWireCodecClass *klass)
{
}

static void
imp_wire_codec_init (ImpWireCodec *self)
{
}

static ImpCodec *
wire_codec_new (const ImpWire *wire)
{
  ImpWireCodec *self = g_object_new (IMP_TYPE_WIRE_CODEC, NULL);

  self->wire = wire;
  return IMP_CODEC (self);
}

const ImpWire *
imp_codec_get_wire (ImpCodec *codec)
{
  return IMP_IS_WIRE_CODEC (codec) ? IMP_WIRE_CODEC (codec)->wire : NULL;
}

/**
 * imp_codec_new_by_name:
 * @name: the name of one of the library's codecs, e.g. "json" or "cbor"
 * @error: return location for an error
 *
 * Creates one of the library's codecs.
 *
 * "storable" and "sereal", for Perl peers, are optional: a build of the library can lack them.
 *
 * Returns: (transfer full): a new codec, or %NULL with %IMP_ERROR_UNSUPPORTED if there is none of
 *   that name, or this build lacks it
 *
 * Since: 0.1
 */
ImpCodec *
imp_codec_new_by_name (const char *name, GError **error)
{
  const ImpWire *wire;

  g_return_val_if_fail (name != NULL, NULL);

  wire = imp_wire_by_name (name, error);
  return wire != NULL ? wire_codec_new (wire) : NULL;
}

/**
 * imp_json_codec_new:
 *
 * Creates the codec "json": one JSON object per line, for people and scripts.
 *
 * The fields of each message are specified under [The wire format](wire-format.html).
 *
 * Returns: (transfer full): a new codec
 *
 * Since: 0.1
 */
ImpCodec *
imp_json_codec_new (void)
{
  return wire_codec_new (&imp_wire_json);
}

/**
 * imp_cbor_codec_new:
 *
 * Creates the codec "cbor": framed CBOR arrays, the wire format that the library itself prefers.
 *
 * The fields of each message are specified under [The wire format](wire-format.html).
 *
 * Returns: (transfer full): a new codec
 *
 * Since: 0.1
 */
ImpCodec *
imp_cbor_codec_new (void)
{
  return wire_codec_new (&imp_wire_cbor);
}
