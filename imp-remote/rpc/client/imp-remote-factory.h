/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"
#include "imp-remote/wire/imp-codec.h"

G_BEGIN_DECLS

/**
 * ImpRemoteState:
 * @IMP_REMOTE_STATE_IDLE: there is no connection yet; the first use makes one
 * @IMP_REMOTE_STATE_CONNECTING: a connection is being made; what is fed meanwhile waits
 * @IMP_REMOTE_STATE_READY: the server has answered
 * @IMP_REMOTE_STATE_DOWN: the connection is lost, and attempts to make another one go on in the
 *   background; new analyzers follow the factory's fail mode at once
 * @IMP_REMOTE_STATE_CLOSED: closed for good
 *
 * The state of the connection of a remote factory to its server.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_REMOTE_STATE_IDLE,
  IMP_REMOTE_STATE_CONNECTING,
  IMP_REMOTE_STATE_READY,
  IMP_REMOTE_STATE_DOWN,
  IMP_REMOTE_STATE_CLOSED,
} ImpRemoteState;

#define IMP_TYPE_REMOTE_STATE (imp_remote_state_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_remote_state_get_type (void);

#define IMP_TYPE_REMOTE_FACTORY (imp_remote_factory_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpRemoteFactory, imp_remote_factory, IMP, REMOTE_FACTORY, ImpFactory)

IMP_AVAILABLE_IN_0_1
ImpRemoteFactory *imp_remote_factory_new            (const char *address, GError **error);
IMP_AVAILABLE_IN_0_1
ImpRemoteFactory *imp_remote_factory_new_for_stream (GIOStream *stream);
IMP_AVAILABLE_IN_0_1
void              imp_remote_factory_use_codec      (ImpRemoteFactory *self,
                                                     ImpCodec *codec);

IMP_AVAILABLE_IN_0_1
void     imp_remote_factory_connect_async  (ImpRemoteFactory *self,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
IMP_AVAILABLE_IN_0_1
gboolean imp_remote_factory_connect_finish (ImpRemoteFactory *self, GAsyncResult *result,
                                            GError **error);
IMP_AVAILABLE_IN_0_1
gboolean imp_remote_factory_wait           (ImpRemoteFactory *self, guint timeout_ms);
IMP_AVAILABLE_IN_0_1
void     imp_remote_factory_close          (ImpRemoteFactory *self);

IMP_AVAILABLE_IN_0_1
ImpRemoteState imp_remote_factory_get_state      (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_1
guint          imp_remote_factory_get_version    (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_1
const char    *imp_remote_factory_get_codec_name (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_1
GVariant      *imp_remote_factory_get_statistics (ImpRemoteFactory *self);

G_END_DECLS
