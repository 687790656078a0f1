/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-enums.h"

G_BEGIN_DECLS

#define IMP_TYPE_RESULT (imp_result_get_type ())

/**
 * ImpResult:
 *
 * One answer of an analyzer.
 *
 * An `ImpResult` is immutable and reference counted, so it can be shared by threads. Which of its
 * getters mean something depends on its type; the others give 0 or %NULL.
 *
 * `json_boxed_serialize()` of json-glib gives the JSON object that [the wire
 * format](wire-format.html) "json" has for it, without the members `op` and `id`, and
 * `json_boxed_deserialize()` reads one.
 *
 * Since: 0.1
 */
typedef struct _ImpResult ImpResult;

IMP_AVAILABLE_IN_0_1
GType      imp_result_get_type          (void);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_pass          (ImpDirection direction, gint64 offset);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_prepass       (ImpDirection direction, gint64 offset);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_replace       (ImpDirection direction, gint64 offset,
                                         GBytes *data);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_replace_later (ImpDirection direction, gint64 offset,
                                         gint64 end_offset);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_to_sender     (ImpDirection direction, GBytes *data);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_deny          (ImpDirection direction, const char *reason,
                                         GHashTable *details);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_drop          (void);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_fatal         (const char *reason);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_want          (ImpDirection direction, gint64 offset);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_pause         (ImpDirection direction);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_continue      (ImpDirection direction);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_log           (ImpDirection direction, gint64 offset,
                                         gint64 length, ImpLogLevel level,
                                         const char *message, GHashTable *details);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_account_field (const char *key, const char *value);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_pass_pattern  (ImpDirection direction, const char *regex,
                                         guint max_length);
IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_new_port          (ImpResultType type, ImpDirection direction,
                                         gint64 offset);

IMP_AVAILABLE_IN_0_1
ImpResult *imp_result_ref   (ImpResult *self);
IMP_AVAILABLE_IN_0_1
void       imp_result_unref (ImpResult *self);

IMP_AVAILABLE_IN_0_1
ImpResultType imp_result_get_result_type (ImpResult *self);
IMP_AVAILABLE_IN_0_1
ImpDirection  imp_result_get_direction   (ImpResult *self);
IMP_AVAILABLE_IN_0_1
gboolean      imp_result_has_direction   (ImpResult *self);
IMP_AVAILABLE_IN_0_1
gint64        imp_result_get_offset      (ImpResult *self);
IMP_AVAILABLE_IN_0_1
gint64        imp_result_get_end_offset  (ImpResult *self);
IMP_AVAILABLE_IN_0_1
gint64        imp_result_get_length      (ImpResult *self);
IMP_AVAILABLE_IN_0_1
GBytes       *imp_result_get_data        (ImpResult *self);
IMP_AVAILABLE_IN_0_1
ImpLogLevel   imp_result_get_level       (ImpResult *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_result_get_message     (ImpResult *self);
IMP_AVAILABLE_IN_0_1
GHashTable   *imp_result_get_details     (ImpResult *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_result_get_key         (ImpResult *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_result_get_value       (ImpResult *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_result_get_pattern     (ImpResult *self);
IMP_AVAILABLE_IN_0_1
guint         imp_result_get_max_length  (ImpResult *self);

IMP_AVAILABLE_IN_0_1
gboolean imp_result_equal     (ImpResult *self, ImpResult *other);
IMP_AVAILABLE_IN_0_1
char    *imp_result_to_string (ImpResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpResult, imp_result_unref)

G_END_DECLS
