/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-answer.h"

/* Those that were asked for; if none was named, streams. */
static ImpMessage *
conform_answer_interface (ImpMessage *question)
{
  GList *asked = imp_message_get_interfaces (question);
  g_autoptr (ImpInterface) stream = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  GList usual = { .data = stream };

  return imp_message_new_interface (asked != NULL ? asked : &usual);
}

static ImpMessage *
conform_answer_status (ImpMessage *question)
{
  g_autoptr (GHashTable) status = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (status, (gpointer) "name", (gpointer) "conform");
  g_hash_table_insert (status, (gpointer) "state", (gpointer) "up");
  return imp_message_new_status (imp_message_get_token (question), status, FALSE);
}

/* Analyzers that no case is about pass all. */
static ImpMessage *
conform_answer_data (const ConformJudge *judge, gint64 own, ImpMessage *data)
{
  gint64 id = imp_message_get_id (data);
  ImpDirection direction = imp_message_get_direction (data);
  gint64 offset = conform_judge_get_fed (judge, id, direction);
  g_autoptr (ImpResult) pass = NULL;

  if (id == own || !conform_judge_is_live (judge, id))
    return NULL;
  if (g_bytes_get_size (imp_message_get_data (data)) == 0)
    offset = IMP_MAX_OFFSET;
  pass = imp_result_new_pass (direction, offset);
  return imp_message_new_result (id, pass);
}

ImpMessage *
conform_answer_make (const ConformJudge *judge, gboolean as_server, gint64 own, ImpMessage *message)
{
  ImpOp op = imp_message_get_op (message);

  if (op == IMP_OP_PING)
    return imp_message_new_pong (imp_message_get_token (message));
  if (as_server && op == IMP_OP_GET_INTERFACE)
    return conform_answer_interface (message);
  if (as_server && op == IMP_OP_GET_STATUS)
    return conform_answer_status (message);
  if (as_server && op == IMP_OP_DATA)
    return conform_answer_data (judge, own, message);
  return NULL;
}
