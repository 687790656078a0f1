/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"
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
  ImpMatcher *matcher; /* PASS_PATTERN, as soon as somebody has asked for it */
  GHashTable *details; /* LOG, DENY; never changed once it is here */
};

/* The greatest length of the expression of a PASS_PATTERN, in bytes. */
#define IMP_RESULT_REGEX_MAX 4096

/* For decoders: a result of which only the type is known, to be filled before anybody sees it. */
ImpResult *imp_result_new_bare (ImpResultType type);
/* Takes @data, so that a decoder hands it on without another reference. */
ImpResult *imp_result_new_replace_take (ImpDirection direction, gint64 offset, GBytes *data);
ImpResult *imp_result_new_to_sender_take (ImpDirection direction, GBytes *data);

/* What looks for the pattern of a PASS_PATTERN: made once, whoever asks for it, since that takes
 * some time. If the pattern cannot be used that is an %IMP_ERROR_SETTINGS, or %IMP_ERROR_LIMIT. */
ImpMatcher *imp_result_ensure_matcher (ImpResult *self, GError **error);

/* Does the type name a direction? */
gboolean imp_result_type_has_direction (ImpResultType type);

G_END_DECLS
