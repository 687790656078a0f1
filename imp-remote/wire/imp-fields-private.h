/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* What a message consists of, once for all wire formats: tables of the fields, of the fields of
 * each op and of each type of result in the order of their writing, and the making of a message
 * from fields that were read, with every check that does not depend on the form. */

typedef enum
{
  IMP_FIELD_END,
  IMP_FIELD_VERSION,
  IMP_FIELD_MINIMUM,
  IMP_FIELD_LIMITS,
  IMP_FIELD_FEATURES,
  IMP_FIELD_INTERFACES,
  IMP_FIELD_INTERFACE,
  IMP_FIELD_ID,
  IMP_FIELD_CONTEXT,
  IMP_FIELD_DIRECTION,
  IMP_FIELD_OFFSET,
  IMP_FIELD_TYPE,
  IMP_FIELD_BUSY,
  IMP_FIELD_TOKEN,
  IMP_FIELD_RESULT,
  IMP_FIELD_END_OFFSET,
  IMP_FIELD_LENGTH,
  IMP_FIELD_LEVEL,
  IMP_FIELD_MESSAGE,
  IMP_FIELD_DETAILS,
  IMP_FIELD_KEY,
  IMP_FIELD_VALUE,
  IMP_FIELD_PATTERN,
  IMP_FIELD_MAX_LENGTH,
  IMP_FIELD_DATA,
  IMP_N_FIELDS,
} ImpField;

#define IMP_FIELD_BIT(field) (G_GUINT64_CONSTANT (1) << (field))

typedef enum
{
  IMP_FIELD_KIND_NUMBER,
  IMP_FIELD_KIND_BOOLEAN,
  IMP_FIELD_KIND_TEXT,
  IMP_FIELD_KIND_PAIRS,      /* text -> text */
  IMP_FIELD_KIND_NUMBERS,    /* text -> number */
  IMP_FIELD_KIND_TEXTS,      /* a list of texts */
  IMP_FIELD_KIND_INTERFACES, /* a list of interfaces */
  IMP_FIELD_KIND_INTERFACE,  /* a list of one, written without the list */
  IMP_FIELD_KIND_DATA,
} ImpFieldKind;

typedef struct
{
  const char *name;
  ImpFieldKind kind;
  gint64 minimum; /* numbers only, as what follows */
  gint64 maximum;
  gint64 fallback; /* where an optional one is missing */
} ImpFieldInfo;

extern const ImpFieldInfo imp_field_infos[IMP_N_FIELDS];

#define IMP_MAX_FIELDS_OF_ONE 8

typedef struct
{
  int number;    /* ImpOp or ImpResultType */
  guint version; /* the first version of the protocol that has it */
  guint64 required;
  guint8 fields[IMP_MAX_FIELDS_OF_ONE]; /* up to IMP_FIELD_END */
} ImpShape;

/* NULL where there is no such op or result. */
const ImpShape *imp_shape_of_op (gint64 op);
const ImpShape *imp_shape_of_result (gint64 type);

/* More than these in one message are refused: a few bytes each become a structure each. */
#define IMP_MAX_INTERFACES 1024
#define IMP_MAX_FEATURES 64

/* Fields that were read. */
typedef struct
{
  const ImpShape *op;
  const ImpShape *result;
  guint64 seen; /* bits */
  union
  {
    gint64 number; /* booleans too */
    char *text;
    ImpContext *pairs;
    char **texts;
    GList *interfaces; /* one or several */
    GBytes *data;
    gpointer any;
  } values[IMP_N_FIELDS];
} ImpFields;

#define IMP_FIELDS_INIT                                                                            \
  {                                                                                                \
    NULL                                                                                           \
  }

gboolean imp_fields_set_op (ImpFields *self, gint64 op, GError **error);
gboolean imp_fields_set_number (ImpFields *self, ImpField field, gint64 number, GError **error);
/* For all other kinds: takes @value, what was there before goes. */
void imp_fields_take (ImpFields *self, ImpField field, gpointer value);
void imp_fields_clear (ImpFields *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImpFields, imp_fields_clear)

/* Moves the fields into @message; those that its op does not have are left. */
gboolean imp_fields_build (ImpFields *self, ImpMessage *message, GError **error);

/* For encoders: may @message be written at all? */
gboolean imp_message_check (const ImpMessage *message, guint version, GError **error);

gint64 imp_message_number (const ImpMessage *message, ImpField field);
/* Never NULL and always UTF-8; what had to be made so comes as *owned, to be freed. */
const char *imp_message_text (const ImpMessage *message, ImpField field, char **owned);
GBytes *imp_message_bytes (const ImpMessage *message); /* NULL = empty */

/* Adds the members of a set of result types to @numbers, which has room for them; how many. */
#define IMP_MAX_RESULT_TYPES 32
guint imp_result_flags_list (ImpResultFlags flags, guint16 numbers[IMP_MAX_RESULT_TYPES]);

gboolean imp_context_check_size (ImpContextBuilder *builder, const ImpWireLimits *limits,
                                 GError **error);

/* Details in one order, whatever that of the table: the same message is always the same bytes. */
ImpContext *imp_details_pack (GHashTable *details);

/* After a failure: what of the message is known nevertheless, so that an answer can name it. */
void imp_fields_salvage (ImpFields *self, ImpMessage *message);

gboolean imp_too_many (const char *what, guint max, GError **error);

/* Sets IMP_ERROR_PROTOCOL, with a text that begins with the name of the form; always FALSE. */
gboolean imp_wire_bad (GError **error, const char *form, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* What a peer sent, so that it can stand in the text of an error: its beginning, as UTF-8, without
 * control characters. */
char *imp_wire_quote (const char *text, gsize length);

/* A list of interfaces that is being read. Takes the interface, which is NULL where reading it
 * failed. */
gboolean imp_interfaces_push (GQueue *interfaces, ImpInterface *interface, GError **error);
/* Takes the list if it is @good, else frees it; returns @good. */
gboolean imp_fields_take_interfaces (ImpFields *self, ImpField field, GQueue *interfaces,
                                     gboolean good);

G_END_DECLS
