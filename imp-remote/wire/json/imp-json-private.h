/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-fields-private.h"

G_BEGIN_DECLS

/* The parts of the codec "json": imp-json.c has the lines and the fields, imp-json-value.c the
 * values that they consist of. It reads and writes JSON by itself: json-glib overflows the stack on
 * deep nesting, wraps large integers and cuts strings at U+0000, and it takes several times as long
 * for what comes with every chunk. */

/* Reads one line, value by value. */
typedef struct
{
  ImpCursor *line;
  const ImpWireLimits *limits;
} ImpJsonReader;

/* What the texts of errors begin with. */
#define IMP_JSON_PREFIX "JSON: "
#define imp_json_bad(error, ...) imp_wire_bad (error, IMP_JSON_PREFIX, __VA_ARGS__)

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
/* An object or an array, which begins with @open: reads each member where it begins. */
typedef gboolean (*ImpJsonMemberFunc) (ImpJsonReader *self, gpointer user_data, GError **error);
gboolean imp_json_walk (ImpJsonReader *self, guint8 open, ImpJsonMemberFunc read,
                        gpointer user_data, GError **error);
gboolean imp_json_skip (ImpJsonReader *self, guint depth, GError **error);

#define imp_json_append(output, literal)                                                           \
  imp_output_buffer_append (output, literal, sizeof literal - 1)

/* A comma and the name of a member. */
void imp_json_write_name (ImpOutputBuffer *output, const char *name);
void imp_json_write_number (ImpOutputBuffer *output, gint64 number);
void imp_json_write_string (ImpOutputBuffer *output, const char *text, gsize length);
/* The inside of a string. FALSE where the bytes are no UTF-8 or hold U+0000; what was written by
 * then is the caller's to take back. */
gboolean imp_json_write_escaped (ImpOutputBuffer *output, const guint8 *p, gsize length);

void imp_base64_append (ImpOutputBuffer *output, const guint8 *data, gsize length);
/* NULL where the text is no base64. */
guint8 *imp_base64_decode (const char *text, gsize text_length, gsize *length);

G_END_DECLS
