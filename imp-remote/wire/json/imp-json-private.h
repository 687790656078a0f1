/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-fields-private.h"

G_BEGIN_DECLS

/* The parts of the codec "json". It reads and writes JSON by itself: json-glib overflows the stack
 * on deep nesting, wraps large integers and cuts strings at U+0000, and it takes several times as
 * long for what comes with every chunk. */

/* The first byte from @p on that cannot stand for itself in a JSON string: a quote, a backslash,
 * a control character, or what is no UTF-8; @end if there is none. */
const guint8 *imp_json_plain (const guint8 *p, const guint8 *end);

/* The object of @message, without the end of the line. */
void imp_json_write (const ImpMessage *message, guint version, ImpOutputBuffer *output);

void imp_base64_append (ImpOutputBuffer *output, const guint8 *data, gsize length);
/* NULL where the text is no base64. */
guint8 *imp_base64_decode (const char *text, gsize text_length, gsize *length);

/* Reads one line, value by value. */
typedef struct
{
  ImpCursor *line;
  const ImpWireLimits *limits;
} ImpJsonReader;

#define imp_json_bad(error, ...) imp_wire_bad (error, "JSON: ", __VA_ARGS__)

/* The next byte behind blanks, which is not taken; 0 at the end. */
guint8 imp_json_peek (ImpJsonReader *self);
gboolean imp_json_expect (ImpJsonReader *self, guint8 byte, GError **error);
gboolean imp_json_literal (ImpJsonReader *self, const char *literal);
/* A string: where it lies, or, if it had escapes, a copy in *unescaped, to be freed. */
gboolean imp_json_string (ImpJsonReader *self, const char **text, gsize *length, char **unescaped,
                          GError **error);
char *imp_json_dup_string (ImpJsonReader *self, GError **error);
gboolean imp_json_number (ImpJsonReader *self, const char **text, gsize *length, GError **error);
gboolean imp_json_int (ImpJsonReader *self, gint64 *value, GError **error);
/* After the bracket: is there another member before @close? */
gboolean imp_json_next (ImpJsonReader *self, gboolean *first, guint8 close, gboolean *more,
                        GError **error);
gboolean imp_json_skip (ImpJsonReader *self, guint depth, GError **error);

/* The object in @line, as fields. */
gboolean imp_json_read (ImpCursor *line, const ImpWireLimits *limits, ImpFields *fields,
                        GError **error);
/* One value, where the reader stands. */
gboolean imp_json_read_pairs (ImpJsonReader *self, ImpField field, ImpFields *fields,
                              GError **error);
gboolean imp_json_read_texts (ImpJsonReader *self, ImpField field, ImpFields *fields,
                              GError **error);
gboolean imp_json_read_interfaces (ImpJsonReader *self, ImpField field, ImpFields *fields,
                                   GError **error);
/* A number, or a name that stands for one. */
gboolean imp_json_data_type (ImpJsonReader *self, gint64 *value, GError **error);
gboolean imp_json_result_type (ImpJsonReader *self, gint64 *value, GError **error);

G_END_DECLS
