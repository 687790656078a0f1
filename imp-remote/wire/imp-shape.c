/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-fields-private.h"

/* Tables are aligned by hand. */
/* clang-format off */
#define NUMBER(name, min, max, fallback) { name, IMP_FIELD_KIND_NUMBER, min, max, fallback }

const ImpFieldInfo imp_field_infos[IMP_N_FIELDS] = {
  [IMP_FIELD_VERSION] = NUMBER ("version", 1, G_MAXINT32, 0),
  [IMP_FIELD_MINIMUM] = NUMBER ("minimum", 1, G_MAXINT32, 0),
  [IMP_FIELD_LIMITS] = { "limits", IMP_FIELD_KIND_NUMBERS },
  [IMP_FIELD_FEATURES] = { "features", IMP_FIELD_KIND_TEXTS },
  [IMP_FIELD_INTERFACES] = { "interfaces", IMP_FIELD_KIND_INTERFACES },
  [IMP_FIELD_INTERFACE] = { "interface", IMP_FIELD_KIND_INTERFACE },
  [IMP_FIELD_ID] = NUMBER ("id", 0, IMP_MAX_ID, 0),
  [IMP_FIELD_CONTEXT] = { "context", IMP_FIELD_KIND_PAIRS },
  [IMP_FIELD_DIRECTION] = NUMBER ("dir", 0, 1, 0),
  [IMP_FIELD_OFFSET] = NUMBER ("offset", -1, IMP_MAX_ID, 0),
  [IMP_FIELD_TYPE] = NUMBER ("type", G_MININT32, G_MAXINT32, IMP_DATA_TYPE_STREAM),
  [IMP_FIELD_BUSY] = { "busy", IMP_FIELD_KIND_BOOLEAN, 0, 1, 0 },
  [IMP_FIELD_TOKEN] = NUMBER ("token", 0, IMP_MAX_ID, 0),
  [IMP_FIELD_RESULT] = NUMBER ("result", 1, G_MAXUINT16, 0),
  [IMP_FIELD_END_OFFSET] = NUMBER ("end_offset", -1, IMP_MAX_ID, 0),
  [IMP_FIELD_LENGTH] = NUMBER ("length", 0, IMP_MAX_ID, 0),
  [IMP_FIELD_LEVEL] = NUMBER ("level", IMP_LOG_LEVEL_DEBUG, IMP_LOG_LEVEL_EMERGENCY,
                              IMP_LOG_LEVEL_INFO),
  [IMP_FIELD_MESSAGE] = { "message", IMP_FIELD_KIND_TEXT },
  [IMP_FIELD_DETAILS] = { "details", IMP_FIELD_KIND_PAIRS },
  [IMP_FIELD_KEY] = { "key", IMP_FIELD_KIND_TEXT },
  [IMP_FIELD_VALUE] = { "value", IMP_FIELD_KIND_TEXT },
  [IMP_FIELD_PATTERN] = { "pattern", IMP_FIELD_KIND_TEXT },
  [IMP_FIELD_MAX_LENGTH] = NUMBER ("max_length", 0, G_MAXINT32, 0),
  [IMP_FIELD_DATA] = { "data", IMP_FIELD_KIND_DATA },
};

#define BIT(field) IMP_FIELD_BIT (IMP_FIELD_##field)
#define F(field) IMP_FIELD_##field

static const ImpShape ops[] = {
  { IMP_OP_DATA, 1, BIT (ID) | BIT (DIRECTION) | BIT (DATA),
    { F (ID), F (DIRECTION), F (OFFSET), F (TYPE), F (DATA) } },
  { IMP_OP_RESULT, 1, BIT (ID) | BIT (RESULT), { F (ID), F (RESULT) } },
  { IMP_OP_NEW_ANALYZER, 1, BIT (ID), { F (ID), F (CONTEXT) } },
  { IMP_OP_DELETE_ANALYZER, 1, BIT (ID), { F (ID) } },
  { IMP_OP_BUSY, 2, BIT (ID) | BIT (DIRECTION) | BIT (BUSY), { F (ID), F (DIRECTION), F (BUSY) } },
  { IMP_OP_EXCEPTION, 1, BIT (ID), { F (ID), F (MESSAGE) } },
  { IMP_OP_PING, 2, 0, { F (TOKEN) } },
  { IMP_OP_PONG, 2, 0, { F (TOKEN) } },
  { IMP_OP_GOODBYE, 2, 0, { F (MESSAGE) } },
  { IMP_OP_SET_VERSION, 1, BIT (VERSION),
    { F (VERSION), F (MINIMUM), F (LIMITS), F (FEATURES) } },
  { IMP_OP_GET_INTERFACE, 1, 0, { F (INTERFACES) } },
  { IMP_OP_SET_INTERFACE, 1, BIT (INTERFACE), { F (INTERFACE) } },
  { IMP_OP_INTERFACE, 1, 0, { F (INTERFACES) } },
};

static const ImpShape results[] = {
  { IMP_RESULT_PASS, 1, BIT (DIRECTION) | BIT (OFFSET), { F (DIRECTION), F (OFFSET) } },
  { IMP_RESULT_PREPASS, 1, BIT (DIRECTION) | BIT (OFFSET), { F (DIRECTION), F (OFFSET) } },
  { IMP_RESULT_REPLACE, 1, BIT (DIRECTION) | BIT (OFFSET) | BIT (DATA),
    { F (DIRECTION), F (OFFSET), F (DATA) } },
  { IMP_RESULT_REPLACE_LATER, 1, BIT (DIRECTION) | BIT (OFFSET) | BIT (END_OFFSET),
    { F (DIRECTION), F (OFFSET), F (END_OFFSET) } },
  { IMP_RESULT_TO_SENDER, 1, BIT (DIRECTION) | BIT (DATA), { F (DIRECTION), F (DATA) } },
  { IMP_RESULT_PAUSE, 1, BIT (DIRECTION), { F (DIRECTION) } },
  { IMP_RESULT_CONTINUE, 1, BIT (DIRECTION), { F (DIRECTION) } },
  { IMP_RESULT_LOG, 1, BIT (DIRECTION),
    { F (DIRECTION), F (OFFSET), F (LENGTH), F (LEVEL), F (MESSAGE), F (DETAILS) } },
  { IMP_RESULT_DENY, 1, BIT (DIRECTION), { F (DIRECTION), F (MESSAGE), F (DETAILS) } },
  { IMP_RESULT_DROP, 1, 0, { 0 } },
  { IMP_RESULT_FATAL, 1, 0, { F (MESSAGE) } },
  { IMP_RESULT_ACCOUNT_FIELD, 1, BIT (KEY), { F (KEY), F (VALUE) } },
  { IMP_RESULT_PASS_PATTERN, 1, BIT (DIRECTION) | BIT (PATTERN) | BIT (MAX_LENGTH),
    { F (DIRECTION), F (PATTERN), F (MAX_LENGTH) } },
  { IMP_RESULT_PORT_OPEN, 1, BIT (DIRECTION), { F (DIRECTION), F (OFFSET) } },
  { IMP_RESULT_PORT_CLOSE, 1, BIT (DIRECTION), { F (DIRECTION), F (OFFSET) } },
};
/* clang-format on */

const ImpShape *
imp_shape_of_op (gint64 op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    if (ops[i].number == op)
      return &ops[i];
  return NULL;
}

const ImpShape *
imp_shape_of_result (gint64 type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    if (results[i].number == type)
      return &results[i];
  return NULL;
}

guint
imp_result_flags_list (ImpResultFlags flags, guint16 numbers[IMP_MAX_RESULT_TYPES])
{
  guint n = 0;

  G_STATIC_ASSERT (G_N_ELEMENTS (results) <= IMP_MAX_RESULT_TYPES);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    if ((flags & imp_result_type_to_flag (results[i].number)) != 0)
      numbers[n++] = results[i].number;
  return n;
}
