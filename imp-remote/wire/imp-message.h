/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-interface.h"
#include "imp-remote/core/imp-result.h"

G_BEGIN_DECLS

/**
 * ImpOp:
 * @IMP_OP_GET_INTERFACE: provider: which of these interfaces match?
 * @IMP_OP_SET_INTERFACE: provider: use this one
 * @IMP_OP_NEW_ANALYZER: provider: make an analyzer
 * @IMP_OP_DELETE_ANALYZER: provider: it is needed no more
 * @IMP_OP_DATA: provider: input for an analyzer
 * @IMP_OP_SET_VERSION: the protocol version; first of all
 * @IMP_OP_BUSY: provider: a direction cannot take more, or can again (version 2)
 * @IMP_OP_PING: either: are you there? (version 2)
 * @IMP_OP_PONG: either: the answer (version 2)
 * @IMP_OP_GOODBYE: either: no new analyzers, old ones may finish (version 2)
 * @IMP_OP_GET_STATUS: provider: how are the modules? (version 2)
 * @IMP_OP_SHARE: provider: here is memory to read input from (version 2)
 * @IMP_OP_SHARED_DATA: provider: input for an analyzer, which lies there (version 2)
 * @IMP_OP_EXCEPTION: server: one analyzer, or the whole factory, has failed
 * @IMP_OP_INTERFACE: server: the interfaces that match
 * @IMP_OP_RESULT: server: a result of an analyzer
 * @IMP_OP_STATUS: server: how one of the modules is (version 2)
 * @IMP_OP_RELEASE: server: a block of the shared memory is needed no more (version 2)
 *
 * What a message asks or tells. The values are those on the wire.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_OP_GET_INTERFACE = 0x4001,
  IMP_OP_SET_INTERFACE = 0x4002,
  IMP_OP_NEW_ANALYZER = 0x4003,
  IMP_OP_DELETE_ANALYZER = 0x4004,
  IMP_OP_DATA = 0x4005,
  IMP_OP_SET_VERSION = 0x4006,
  IMP_OP_BUSY = 0x4007,
  IMP_OP_PING = 0x4008,
  IMP_OP_PONG = 0x4009,
  IMP_OP_GOODBYE = 0x400a,
  IMP_OP_GET_STATUS = 0x400b,
  IMP_OP_SHARE = 0x400c,
  IMP_OP_SHARED_DATA = 0x400d,
  IMP_OP_EXCEPTION = 0x4101,
  IMP_OP_INTERFACE = 0x4102,
  IMP_OP_RESULT = 0x4103,
  IMP_OP_STATUS = 0x4104,
  IMP_OP_RELEASE = 0x4105,
} ImpOp;

#define IMP_TYPE_OP (imp_op_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_op_get_type (void);

#define IMP_TYPE_MESSAGE (imp_message_get_type ())

/**
 * ImpMessage:
 *
 * One message of the remote protocol, in no particular wire format.
 *
 * An `ImpMessage` is immutable and reference counted. Which of its getters mean something depends
 * on its op; the others give 0 or %NULL.
 *
 * `json_boxed_serialize()` of json-glib gives the JSON object that [the wire
 * format](wire-format.html) "json" has for it, and `json_boxed_deserialize()` reads one.
 *
 * Since: 0.1
 */
typedef struct _ImpMessage ImpMessage;

IMP_AVAILABLE_IN_0_1
GType       imp_message_get_type            (void);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_set_version     (guint version, guint minimum,
                                             GHashTable *limits,
                                             const char *const *features);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_get_interface   (GList *interfaces);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_set_interface   (ImpInterface *interface);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_interface       (GList *interfaces);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_new_analyzer    (gint64 id, GHashTable *context);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_delete_analyzer (gint64 id);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_data            (gint64 id, ImpDirection direction,
                                             gint64 offset, gint32 data_type,
                                             GBytes *data);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_busy            (gint64 id, ImpDirection direction,
                                             gboolean busy);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_result          (gint64 id, ImpResult *result);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_exception       (gint64 id, const char *text);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_ping            (gint64 token);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_pong            (gint64 token);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_goodbye         (const char *text);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_get_status      (gint64 token, guint timeout_ms);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_status          (gint64 token, GHashTable *status,
                                             gboolean more);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_share           (gint64 size, guint block_size);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_shared_data     (gint64 id, ImpDirection direction,
                                             gint64 offset, gint32 data_type,
                                             guint block, guint position,
                                             guint length);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_new_release         (guint block, guint count);
IMP_AVAILABLE_IN_0_1
ImpMessage *imp_message_ref                 (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
void        imp_message_unref               (ImpMessage *self);

IMP_AVAILABLE_IN_0_1
ImpOp              imp_message_get_op         (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_message_get_id         (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
ImpDirection       imp_message_get_direction  (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_message_get_offset     (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gint32             imp_message_get_data_type  (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
GBytes            *imp_message_get_data       (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gboolean           imp_message_get_busy       (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
ImpResult         *imp_message_get_result     (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
const char        *imp_message_get_text       (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_message_get_token      (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_version    (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_minimum    (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
GHashTable        *imp_message_dup_limits     (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
const char *const *imp_message_get_features   (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
GHashTable        *imp_message_dup_context    (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
GList             *imp_message_get_interfaces (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_timeout    (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
GHashTable        *imp_message_dup_status     (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gboolean           imp_message_get_more       (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_message_get_size       (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_block_size (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_block      (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_position   (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_message_get_length     (ImpMessage *self);
IMP_AVAILABLE_IN_0_1
guint              imp_message_get_count      (ImpMessage *self);

IMP_AVAILABLE_IN_0_1
gboolean imp_message_equal     (ImpMessage *self, ImpMessage *other);
IMP_AVAILABLE_IN_0_1
char    *imp_message_to_string (ImpMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpMessage, imp_message_unref)

G_END_DECLS
