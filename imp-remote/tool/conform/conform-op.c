/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-op.h"

typedef enum
{
  FROM_PROVIDER = 1 << 0,
  FROM_SERVER = 1 << 1,
  FROM_BOTH = FROM_PROVIDER | FROM_SERVER,
} ConformSender;

static const struct
{
  ImpOp op;
  const char *name;
  ConformSender sender;
  guint version;
} conform_ops[] = {
  { IMP_OP_SET_VERSION, "set_version", FROM_BOTH, 1 },
  { IMP_OP_GET_INTERFACE, "get_interface", FROM_PROVIDER, 1 },
  { IMP_OP_INTERFACE, "interface", FROM_SERVER, 1 },
  { IMP_OP_SET_INTERFACE, "set_interface", FROM_PROVIDER, 1 },
  { IMP_OP_NEW_ANALYZER, "new_analyzer", FROM_PROVIDER, 1 },
  { IMP_OP_DELETE_ANALYZER, "delete_analyzer", FROM_PROVIDER, 1 },
  { IMP_OP_DATA, "data", FROM_PROVIDER, 1 },
  { IMP_OP_BUSY, "busy", FROM_PROVIDER, 2 },
  { IMP_OP_RESULT, "result", FROM_SERVER, 1 },
  { IMP_OP_EXCEPTION, "exception", FROM_SERVER, 1 },
  { IMP_OP_PING, "ping", FROM_BOTH, 2 },
  { IMP_OP_PONG, "pong", FROM_BOTH, 2 },
  { IMP_OP_GOODBYE, "goodbye", FROM_BOTH, 2 },
  { IMP_OP_GET_STATUS, "get_status", FROM_PROVIDER, 2 },
  { IMP_OP_STATUS, "status", FROM_SERVER, 2 },
  { IMP_OP_SHARE, "share", FROM_PROVIDER, 2 },
  { IMP_OP_SHARED_DATA, "shared_data", FROM_PROVIDER, 2 },
  { IMP_OP_RELEASE, "release", FROM_SERVER, 2 },
};

static gsize
conform_op_find (ImpOp op)
{
  gsize i = 0;

  while (conform_ops[i].op != op)
    g_assert (++i < G_N_ELEMENTS (conform_ops));
  return i;
}

gboolean
conform_op_may_send (ImpOp op, gboolean by_server)
{
  ConformSender sender = by_server ? FROM_SERVER : FROM_PROVIDER;

  return (conform_ops[conform_op_find (op)].sender & sender) != 0;
}

guint
conform_op_get_version (ImpOp op)
{
  return conform_ops[conform_op_find (op)].version;
}

const char *
conform_op_get_name (ImpOp op)
{
  return conform_ops[conform_op_find (op)].name;
}

guint64
conform_op_get_limit (ImpMessage *greeting, const char *name)
{
  g_autoptr (GHashTable) limits = greeting != NULL ? imp_message_dup_limits (greeting) : NULL;
  const char *value = limits != NULL ? g_hash_table_lookup (limits, name) : NULL;

  return value != NULL ? g_ascii_strtoull (value, NULL, 10) : 0;
}

gboolean
conform_op_has_feature (ImpMessage *greeting, const char *name)
{
  const char *const *features = greeting != NULL ? imp_message_get_features (greeting) : NULL;

  return features != NULL && g_strv_contains (features, name);
}
