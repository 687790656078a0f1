/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-format.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Messages as the table of cases writes them: in the wire format json, whatever goes over the
 * wire. */

/* The message that a line of json stands for; NULL with an error. */
ImpMessage *conform_message_parse (const char *json, GError **error);
/* Its bytes in @format; NULL with an error if that has no such message. */
GBytes *conform_message_encode (ImpMessage *message, const ConformFormat *format, GError **error);
/* The line of json for it, without its end. */
char *conform_message_to_json (ImpMessage *message);
/* Whether the message has all fields of the pattern, an object of json. A field that is null there
 * must be missing, or empty. */
gboolean conform_message_matches (ImpMessage *message, const char *pattern);
/* A field as json writes it, "" where it is missing. */
char *conform_message_get_field (ImpMessage *message, const char *name);
/* The first entry of an answer with interfaces, as json; NULL if there is none. */
char *conform_message_get_first_interface (ImpMessage *message);

/* Of hexadecimal, with 78*100 for a hundred times the byte; NULL with an error. */
GByteArray *conform_bytes_parse (const char *hex, GError **error);
/* As hexadecimal, and as text in which all is escaped that is no visible ASCII. Both are cut after
 * @max bytes, and say so. */
char *conform_bytes_to_hex (const guint8 *data, gsize length, gsize max);
char *conform_bytes_to_text (const guint8 *data, gsize length, gsize max);

G_END_DECLS
