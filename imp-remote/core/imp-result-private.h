/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result.h"

G_BEGIN_DECLS

/* Inside the library the fields are read directly: one result is made per chunk. */
struct _ImpResult
{
  gatomicrefcount ref_count;
  guint16 type;
  guint8 direction;
  guint8 level;
  gint64 offset;
  gint64 extra;        /* end_offset, length or max_length */
  GBytes *data;        /* REPLACE, TO_SENDER */
  char *text;          /* message, reason, key or pattern */
  char *value;         /* ACCOUNT_FIELD */
  GHashTable *details; /* LOG, DENY; never changed once it is here */
};

/* For decoders: a result of which only the type is known, to be filled before anybody sees it. */
ImpResult *imp_result_new_bare (ImpResultType type);
/* Takes @data, so that a decoder hands it on without another reference. */
ImpResult *imp_result_new_replace_take (ImpDirection direction, gint64 offset, GBytes *data);
ImpResult *imp_result_new_to_sender_take (ImpDirection direction, GBytes *data);

/* Does the type name a direction? */
gboolean imp_result_type_has_direction (ImpResultType type);

G_END_DECLS
