/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-format.h"

#include "core/imp-error.h"

static const ConformFormat conform_formats[] = {
  { "json", 2, FALSE, TRUE },
  { "cbor", 2, FALSE, FALSE },
  { "storable", 1, TRUE, FALSE },
  { "sereal", 1, TRUE, FALSE },
};

/* NULL where this build lacks it. */
static ImpCodec *conform_codecs[G_N_ELEMENTS (conform_formats)];

static ImpCodec *
conform_format_make_codec (gsize number, GError **error)
{
  if (conform_codecs[number] == NULL)
    conform_codecs[number] = imp_codec_new_by_name (conform_formats[number].name, error);
  return conform_codecs[number];
}

const ConformFormat *
conform_format_get (gsize number)
{
  for (gsize i = 0; i < G_N_ELEMENTS (conform_formats); i++)
    if (conform_format_make_codec (i, NULL) != NULL && number-- == 0)
      return &conform_formats[i];
  return NULL;
}

const ConformFormat *
conform_format_by_name (const char *name, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (conform_formats); i++)
    if (g_str_equal (conform_formats[i].name, name))
      return conform_format_make_codec (i, error) != NULL ? &conform_formats[i] : NULL;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "there is no such wire format; there are json, cbor, storable and sereal");
  return NULL;
}

const ConformFormat *
conform_format_recognize (guint8 first)
{
  const char *name = "storable"; /* an op, with either byte first */

  if (first == '{')
    name = "json";
  else if (first == 0x5a)
    name = "cbor";
  else if (first == '=')
    name = "sereal";
  else if (first != 0x40 && first != 0x41 && first > 0x0d)
    return NULL;
  return conform_format_by_name (name, NULL);
}

ImpCodec *
conform_format_get_codec (const ConformFormat *self)
{
  return conform_format_make_codec (self - conform_formats, NULL);
}
