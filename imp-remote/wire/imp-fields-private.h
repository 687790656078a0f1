/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* A message as its fields: what stands between the structs of the library and the bytes of each
 * wire format, with every check that does not depend on the format. */

#define IMP_MAX_FIELDS (2 * IMP_MAX_FIELDS_OF_ONE)

typedef union
{
  gint64 number; /* booleans too */
  char *text;
  ImpContext *pairs;
  char **texts;
  GList *interfaces; /* one or several */
  GBytes *data;
  gpointer any;
} ImpFieldValue;

typedef struct
{
  const ImpMessageSchema *op;
  const ImpMessageSchema *result; /* of %IMP_OP_RESULT only */
  guint64 seen;                   /* bits: which of the values are there */
  guint64 owned;                  /* bits: which of them are to be freed */
  guint version;                  /* the highest that the wire format carries, as it was read */
  guint n_fields;                 /* of a message that is written, in the order of the wire */
  guint8 fields[IMP_MAX_FIELDS];
  ImpFieldValue values[IMP_N_FIELDS];
} ImpFields;

#define IMP_FIELD_BIT(field) (G_GUINT64_CONSTANT (1) << (field))

#define IMP_FIELDS_INIT                                                                            \
  {                                                                                                \
    NULL                                                                                           \
  }

void imp_fields_clear (ImpFields *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImpFields, imp_fields_clear)

/* The fields that @message has in @version of the protocol; G_MAXUINT: all that there are. The
 * values are borrowed from it, as far as they can be. No text and no data is NULL, and all texts
 * are UTF-8. */
void imp_fields_load (ImpFields *self, const ImpMessage *message, guint version);
/* The same for encoders: fails if no message of that version can carry them. */
gboolean imp_fields_from_message (ImpFields *self, const ImpMessage *message, guint version,
                                  GError **error);

/* For decoders. @version: the highest that the wire format can carry. */
gboolean imp_fields_set_op (ImpFields *self, gint64 op, guint version, GError **error);
gboolean imp_fields_set_number (ImpFields *self, ImpField field, gint64 number, GError **error);
/* For all other kinds: takes @value; what was there before is freed. */
void imp_fields_take (ImpFields *self, ImpField field, gpointer value);
/* Moves the fields into @message; those that its op does not have are left. After an error, which
 * reading met (then @read is FALSE) or the fields have, @message tells its op and its analyzer, as
 * far as they are known, so that an answer can name them. */
ImpDecodeStatus imp_fields_finish (ImpFields *self, gboolean read, ImpMessage *message,
                                   GError **error);

/* More than these in one message are refused: a few bytes each become a structure each. */
#define IMP_MAX_INTERFACES 1024
#define IMP_MAX_TEXTS 64

gboolean imp_fields_refuse_count (const char *what, guint max, GError **error);
gboolean imp_fields_check_pairs (ImpContextBuilder *pairs, const ImpWireLimits *limits,
                                 GError **error);

/* An interface that is being read. */
typedef struct
{
  gint64 type;
  ImpResultFlags results;
  gboolean restricted; /* there was a list of results */
} ImpInterfaceFields;

#define IMP_INTERFACE_FIELDS_INIT                                                                  \
  {                                                                                                \
    IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL, FALSE                                                 \
  }

/* A type of result that is not known here is left out. */
void imp_interface_fields_add_result (ImpInterfaceFields *self, gint64 type);
/* Appends the interface; FALSE if there cannot be such a one, or another one. */
gboolean imp_interface_fields_finish (const ImpInterfaceFields *self, const char *wire,
                                      GQueue *interfaces, GError **error);
/* Takes the interfaces if they are @good, else frees them; returns @good. */
gboolean imp_fields_take_interfaces (ImpFields *self, ImpField field, GQueue *interfaces,
                                     gboolean good);

/* Takes the texts of a list; none are no list. */
void imp_fields_take_texts (ImpFields *self, ImpField field, GPtrArray *texts);

/* The number for which the kind of field has the name; 0 if it has none. */
gint64 imp_field_kind_look_up (ImpFieldKind kind, const char *name);

/* Sets IMP_ERROR_PROTOCOL, with a text that begins with the name of the wire format; always
 * FALSE. */
gboolean imp_wire_bad (GError **error, const char *wire, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* What a peer sent, so that it can stand in the text of an error: its beginning, as UTF-8, without
 * control characters. */
char *imp_wire_quote (const char *text, gsize length);

G_END_DECLS
