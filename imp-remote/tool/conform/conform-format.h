/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* A wire format, as far as a test has to know about it. */
typedef struct
{
  const char *name;
  guint max_version;     /* of the protocol, that it can carry */
  gboolean greets_first; /* a server of it greets before it has heard anything */
  gboolean is_lines;     /* text, else bytes that are written as hexadecimal */
} ConformFormat;

/* Those that this build has, in the order in which they are tried; NULL behind the last one. */
const ConformFormat *conform_format_get (gsize number);
/* NULL with an error that names @name. */
const ConformFormat *conform_format_by_name (const char *name, GError **error);
/* By the first byte that a client sends; NULL: no format begins so. */
const ConformFormat *conform_format_recognize (guint8 first);
/* What reads and writes it. */
ImpCodec *conform_format_get_codec (const ConformFormat *self);

G_END_DECLS
