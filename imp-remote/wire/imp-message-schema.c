/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"
#include "wire/imp-message-private.h"

G_STATIC_ASSERT (sizeof (ImpMessage) <= G_MAXUINT8 && sizeof (ImpResult) <= G_MAXUINT8);

/* The tables are aligned by hand. */
/* clang-format off */
#define PLACE(type, member) { G_STRUCT_OFFSET (type, member), sizeof (((type *) NULL)->member) }
#define M(member) PLACE (ImpMessage, member)
#define R(member) PLACE (ImpResult, member)
#define NONE { 0, 0 }
#define FIELD(field, name, kind, since, message, result, ...) \
  [IMP_FIELD_##field] = { name, IMP_FIELD_KIND_##kind, since, { message, result }, __VA_ARGS__ }

/* Name, kind, the first version that has it, place in a message and in a result; of a number the
 * minimum, the maximum and what a missing one stands for. */
const ImpFieldInfo imp_field_infos[IMP_N_FIELDS] = {
  FIELD (VERSION, "version", NUMBER, 1, M (version), NONE, 1, G_MAXINT32, 0),
  FIELD (MINIMUM, "minimum", NUMBER, 2, M (minimum), NONE, 1, G_MAXINT32, 0),
  FIELD (LIMITS, "limits", LIMITS, 2, M (limits), NONE),
  FIELD (FEATURES, "features", TEXTS, 2, M (features), NONE),
  FIELD (INTERFACES, "interfaces", INTERFACES, 1, M (interfaces), NONE),
  FIELD (INTERFACE, "interface", INTERFACE, 1, M (interfaces), NONE),
  FIELD (ID, "id", NUMBER, 1, M (id), NONE, 0, IMP_MAX_ID, 0),
  FIELD (CONTEXT, "context", CONTEXT, 1, M (context), NONE),
  FIELD (DIRECTION, "dir", NUMBER, 1, M (direction), R (direction), 0, 1, 0),
  FIELD (OFFSET, "offset", NUMBER, 1, M (offset), R (offset), -1, IMP_MAX_ID, 0),
  FIELD (TYPE, "type", DATA_TYPE, 1, M (data_type), NONE,
         G_MININT32, G_MAXINT32, IMP_DATA_TYPE_STREAM),
  FIELD (BUSY, "busy", BOOLEAN, 2, M (busy), NONE, 0, 1, 0),
  FIELD (OVERLOAD, "overload", BOOLEAN, 2, M (overload), NONE, 0, 1, 0),
  FIELD (TOKEN, "token", NUMBER, 2, M (token), NONE, 0, IMP_MAX_ID, 0),
  FIELD (RESULT, "result", RESULT_TYPE, 1, NONE, NONE, 1, G_MAXUINT16, 0),
  FIELD (END_OFFSET, "end_offset", NUMBER, 1, NONE, R (extra), -1, IMP_MAX_ID, 0),
  FIELD (LENGTH, "length", NUMBER, 1, M (length), R (extra), 0, IMP_MAX_ID, 0),
  FIELD (LEVEL, "level", LEVEL, 1, NONE, R (level),
         IMP_LOG_LEVEL_DEBUG, IMP_LOG_LEVEL_EMERGENCY, IMP_LOG_LEVEL_INFO),
  FIELD (MESSAGE, "message", TEXT, 1, M (text), R (text)),
  FIELD (DETAILS, "details", DETAILS, 1, NONE, R (details)),
  FIELD (KEY, "key", TEXT, 1, NONE, R (text)),
  FIELD (VALUE, "value", TEXT, 1, NONE, R (value)),
  FIELD (PATTERN, "pattern", PATTERN, 1, NONE, R (text)),
  FIELD (MAX_LENGTH, "max_length", NUMBER, 1, NONE, R (extra), 0, G_MAXINT32, 0),
  FIELD (DATA, "data", DATA, 1, M (data), R (data)),
  FIELD (TIMEOUT, "timeout", NUMBER, 2, M (offset), NONE,
         1, G_MAXINT32, IMP_STATUS_TIMEOUT_DEFAULT),
  FIELD (STATUS, "status", CONTEXT, 2, M (context), NONE),
  FIELD (MORE, "more", BOOLEAN, 2, M (busy), NONE, 0, 1, 0),
  FIELD (SIZE, "size", NUMBER, 2, M (block), NONE, 1, IMP_MAX_ID, 0),
  FIELD (BLOCK_SIZE, "block_size", NUMBER, 2, M (position), NONE, 1, G_MAXINT32, 0),
  FIELD (BLOCK, "block", NUMBER, 2, M (block), NONE, 0, G_MAXINT32, 0),
  FIELD (POSITION, "position", NUMBER, 2, M (position), NONE, 0, G_MAXINT32, 0),
  FIELD (COUNT, "count", NUMBER, 2, M (length), NONE, 1, G_MAXINT32, 0),
};

#define F(field) IMP_FIELD_##field
#define OPTIONAL(field) (IMP_FIELD_##field | IMP_FIELD_OPTIONAL)

/* What comes with every chunk comes first. */
static const ImpMessageSchema ops[] = {
  { IMP_OP_DATA, "data", 1, IMP_SENDER_PROVIDER,
    { F (ID), F (DIRECTION), OPTIONAL (OFFSET), OPTIONAL (TYPE), F (DATA) } },
  { IMP_OP_RESULT, "result", 1, IMP_SENDER_SERVER, { F (ID), F (RESULT) } },
  { IMP_OP_NEW_ANALYZER, "new_analyzer", 1, IMP_SENDER_PROVIDER, { F (ID), OPTIONAL (CONTEXT) } },
  { IMP_OP_DELETE_ANALYZER, "delete_analyzer", 1, IMP_SENDER_PROVIDER, { F (ID) } },
  { IMP_OP_BUSY, "busy", 2, IMP_SENDER_PROVIDER, { F (ID), F (DIRECTION), F (BUSY) } },
  { IMP_OP_EXCEPTION, "exception", 1, IMP_SENDER_SERVER,
    { F (ID), OPTIONAL (MESSAGE), OPTIONAL (OVERLOAD) } },
  { IMP_OP_PING, "ping", 2, IMP_SENDER_BOTH, { OPTIONAL (TOKEN) } },
  { IMP_OP_PONG, "pong", 2, IMP_SENDER_BOTH, { OPTIONAL (TOKEN) } },
  { IMP_OP_GOODBYE, "goodbye", 2, IMP_SENDER_BOTH, { OPTIONAL (MESSAGE) } },
  { IMP_OP_SET_VERSION, "set_version", 1, IMP_SENDER_BOTH,
    { F (VERSION), OPTIONAL (MINIMUM), OPTIONAL (LIMITS), OPTIONAL (FEATURES) } },
  { IMP_OP_GET_INTERFACE, "get_interface", 1, IMP_SENDER_PROVIDER, { OPTIONAL (INTERFACES) } },
  { IMP_OP_SET_INTERFACE, "set_interface", 1, IMP_SENDER_PROVIDER, { F (INTERFACE) } },
  { IMP_OP_INTERFACE, "interface", 1, IMP_SENDER_SERVER, { OPTIONAL (INTERFACES) } },
  { IMP_OP_GET_STATUS, "get_status", 2, IMP_SENDER_PROVIDER,
    { OPTIONAL (TOKEN), OPTIONAL (TIMEOUT) } },
  { IMP_OP_STATUS, "status", 2, IMP_SENDER_SERVER,
    { OPTIONAL (TOKEN), OPTIONAL (STATUS), OPTIONAL (MORE) } },
  { IMP_OP_SHARE, "share", 2, IMP_SENDER_PROVIDER, { F (SIZE), F (BLOCK_SIZE) } },
  { IMP_OP_SHARED_DATA, "shared_data", 2, IMP_SENDER_PROVIDER,
    { F (ID), F (DIRECTION), OPTIONAL (OFFSET), OPTIONAL (TYPE), F (BLOCK), F (POSITION),
      F (LENGTH) } },
  { IMP_OP_RELEASE, "release", 2, IMP_SENDER_SERVER, { F (BLOCK), F (COUNT) } },
};

#define RESULT(type, ...) { IMP_RESULT_##type, NULL, 1, IMP_SENDER_SERVER, { __VA_ARGS__ } }
#define RESULT_2(type, ...) { IMP_RESULT_##type, NULL, 2, IMP_SENDER_SERVER, { __VA_ARGS__ } }

static const ImpMessageSchema results[] = {
  RESULT (PASS, F (DIRECTION), F (OFFSET)),
  RESULT (PREPASS, F (DIRECTION), F (OFFSET)),
  RESULT (REPLACE, F (DIRECTION), F (OFFSET), F (DATA)),
  RESULT (REPLACE_LATER, F (DIRECTION), F (OFFSET), F (END_OFFSET)),
  RESULT (TO_SENDER, F (DIRECTION), F (DATA)),
  RESULT (PAUSE, F (DIRECTION)),
  RESULT (CONTINUE, F (DIRECTION)),
  RESULT (LOG, F (DIRECTION), OPTIONAL (OFFSET), OPTIONAL (LENGTH), OPTIONAL (LEVEL),
          OPTIONAL (MESSAGE), OPTIONAL (DETAILS)),
  RESULT (DENY, F (DIRECTION), OPTIONAL (MESSAGE), OPTIONAL (DETAILS)),
  RESULT (DROP, F (END)),
  RESULT (FATAL, OPTIONAL (MESSAGE)),
  RESULT (ACCOUNT_FIELD, F (KEY), OPTIONAL (VALUE)),
  RESULT (PASS_PATTERN, F (DIRECTION), F (PATTERN), F (MAX_LENGTH)),
  RESULT_2 (WANT, F (DIRECTION), F (OFFSET)),
  RESULT (PORT_OPEN, F (DIRECTION), OPTIONAL (OFFSET)),
  RESULT (PORT_CLOSE, F (DIRECTION), OPTIONAL (OFFSET)),
};
/* clang-format on */

const ImpMessageSchema *
imp_message_schema_of_op (gint64 op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    if (ops[i].number == op)
      return &ops[i];
  return NULL;
}

const ImpMessageSchema *
imp_message_schema_of_result (gint64 type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    if (results[i].number == type)
      return &results[i];
  return NULL;
}

const char *
imp_op_to_string (ImpOp op)
{
  const ImpMessageSchema *schema = imp_message_schema_of_op (op);

  return schema != NULL ? schema->name : NULL;
}

ImpOp
imp_op_from_string (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    if (g_str_equal (ops[i].name, name))
      return ops[i].number;
  return 0;
}

guint
imp_result_flags_list (ImpResultFlags flags, guint version, guint16 numbers[IMP_MAX_RESULT_TYPES])
{
  guint n = 0;

  G_STATIC_ASSERT (G_N_ELEMENTS (results) <= IMP_MAX_RESULT_TYPES);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    if (results[i].version <= version && (flags & imp_result_type_to_flag (results[i].number)) != 0)
      numbers[n++] = results[i].number;
  return n;
}
