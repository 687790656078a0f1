/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"
#include "imp-remote/rpc/imp-shared-memory.h"
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

IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_address (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
char **imp_remote_factory_get_addresses (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_balance (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_balance (ImpRemoteFactory *self, const char *value);
IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_codec (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_codec (ImpRemoteFactory *self, const char *value);
IMP_AVAILABLE_IN_0_2
ImpFailMode imp_remote_factory_get_fail (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_fail (ImpRemoteFactory *self, ImpFailMode value);
IMP_AVAILABLE_IN_0_2
gboolean imp_remote_factory_get_insecure (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_insecure (ImpRemoteFactory *self, gboolean value);
IMP_AVAILABLE_IN_0_2
ImpFailMode imp_remote_factory_get_overload (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_overload (ImpRemoteFactory *self, ImpFailMode value);
IMP_AVAILABLE_IN_0_2
gboolean imp_remote_factory_get_reconnect (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_reconnect (ImpRemoteFactory *self, gboolean value);
IMP_AVAILABLE_IN_0_2
ImpSharedMemory imp_remote_factory_get_shared_memory (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_shared_memory (ImpRemoteFactory *self, ImpSharedMemory value);
IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_tls_ca (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_tls_ca (ImpRemoteFactory *self, const char *value);
IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_tls_cert (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_tls_cert (ImpRemoteFactory *self, const char *value);
IMP_AVAILABLE_IN_0_2
GTlsCertificate *imp_remote_factory_get_tls_certificate (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_tls_certificate (ImpRemoteFactory *self, GTlsCertificate *value);
IMP_AVAILABLE_IN_0_2
GTlsDatabase *imp_remote_factory_get_tls_database (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_tls_database (ImpRemoteFactory *self, GTlsDatabase *value);
IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_tls_key (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_tls_key (ImpRemoteFactory *self, const char *value);
IMP_AVAILABLE_IN_0_2
const char *imp_remote_factory_get_tls_name (ImpRemoteFactory *self);
IMP_AVAILABLE_IN_0_2
void imp_remote_factory_set_tls_name (ImpRemoteFactory *self, const char *value);

G_END_DECLS
