/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-head.h"

G_BEGIN_DECLS

/* What a body's end is known by. */
typedef enum
{
  IMP_HTTP_FRAMING_NONE,
  IMP_HTTP_FRAMING_LENGTH,
  IMP_HTTP_FRAMING_CHUNKED,
  IMP_HTTP_FRAMING_UNTIL_END,
} ImpHttpFraming;

/* A field as it came, and whether it goes as it came. */
typedef struct
{
  char *name;
  char *value;
  char *owned; /* that both of them lie in; NULL: they lie in the head's text */
  guint start; /* of its line in the head as it came */
  guint length;
  guint is_changed : 1;
} ImpHttpField;

struct _ImpHttpHead
{
  GObject parent_instance;

  char *method;
  char *target;
  char *reason;
  guint status;
  guint minor;

  char *raw;  /* all of it as it came; NULL: it is a new one */
  char *text; /* a copy, in which names and values end with NUL */
  gsize raw_length;
  gsize line_length;
  GArray *fields; /* of ImpHttpField */

  ImpHttpFraming framing;
  guint64 length; /* of the body */
  guint is_request : 1;
  guint line_is_changed : 1;
  guint is_changed : 1;
  guint is_sealed : 1; /* it has gone: what is changed now would be lost */
  guint is_last : 1;   /* no other message comes behind this one */
};

/* The library's own changes: of names and values that it knows to be good, framing included. */
void imp_http_head_put (ImpHttpHead *self, const char *name, const char *value);
void imp_http_head_add (ImpHttpHead *self, const char *name, const char *value);
gboolean imp_http_head_drop (ImpHttpHead *self, const char *name);
ImpHttpField *imp_http_head_peek_field (ImpHttpHead *self, guint index);
void imp_http_head_change_value (ImpHttpHead *self, guint index, const char *value);
void imp_http_head_drop_index (ImpHttpHead *self, guint index);
/* @length: of a body of which all is known; the body itself comes behind the head. */
void imp_http_head_set_length (ImpHttpHead *self, guint64 length);
void imp_http_head_set_chunked (ImpHttpHead *self);
guint imp_http_head_count (ImpHttpHead *self, const char *name);
void imp_http_head_seal (ImpHttpHead *self);
void imp_http_head_write (ImpHttpHead *self, GByteArray *output);
/* Does a list of words that commas separate have this one? */
gboolean imp_http_value_has_token (const char *value, const char *token);

/* RFC 9110, 5.6.2: a character of a name. */
gboolean imp_http_is_token_char (guint8 c);
/* Text that anything may be in but what ends a line or is no text. */
gboolean imp_http_is_text_char (guint8 c);
gboolean imp_http_is_token (const char *text);

G_END_DECLS
