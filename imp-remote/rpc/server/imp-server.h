/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"
#include "imp-remote/rpc/imp-shared-memory.h"
#include "imp-remote/rpc/server/imp-peer.h"
#include "imp-remote/wire/imp-codec.h"

G_BEGIN_DECLS

#define IMP_TYPE_SERVER (imp_server_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (ImpServer, imp_server, IMP, SERVER, GObject)

/**
 * ImpServerClass:
 * @authorize: decides whether a client may use the server; the default is what
 *   [property@Imp.Server:allow-uids] and [property@Imp.Server:allow-gids] say
 *
 * What a server's class may override. Where one function is all that there is to it,
 * [method@Imp.Server.set_authorize_func] does without a class.
 *
 * Since: 0.1
 */
struct _ImpServerClass
{
  GObjectClass parent_class;

  /**
   * ImpServerClass::authorize:
   * @self: a server
   * @peer: who has connected
   * @error: return location for an error, which the client is told
   *
   * Decides whether a client may use the server.
   *
   * Returns: %TRUE if it may
   */
  gboolean (*authorize) (ImpServer *self, ImpPeer *peer, GError **error);

  /*< private >*/
  gpointer padding[7];
};

/**
 * ImpAuthorizeFunc:
 * @server: a server
 * @peer: who has connected
 * @user_data: data of the function
 * @error: return location for an error, which the client is told
 *
 * Decides whether a client may use a server. %FALSE without an error is a refusal as well.
 *
 * Returns: %TRUE if it may
 *
 * Since: 0.1
 */
typedef gboolean (*ImpAuthorizeFunc) (ImpServer *server, ImpPeer *peer, gpointer user_data,
                                      GError **error);

IMP_AVAILABLE_IN_0_1
ImpServer *imp_server_new            (ImpFactory *factory);
IMP_AVAILABLE_IN_0_1
gboolean   imp_server_listen         (ImpServer *self, const char *address, GError **error);
IMP_AVAILABLE_IN_0_1
void       imp_server_listen_async   (ImpServer *self, const char *address,
                                      GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
IMP_AVAILABLE_IN_0_1
gboolean   imp_server_listen_finish  (ImpServer *self, GAsyncResult *result,
                                      GError **error);
IMP_AVAILABLE_IN_0_2
gboolean   imp_server_unlisten       (ImpServer *self, const char *address);
IMP_AVAILABLE_IN_0_2
void       imp_server_set_factory    (ImpServer *self, ImpFactory *factory);
IMP_AVAILABLE_IN_0_1
gboolean   imp_server_add_stream     (ImpServer *self, GIOStream *stream, GError **error);
IMP_AVAILABLE_IN_0_1
char     **imp_server_list_addresses (ImpServer *self);
IMP_AVAILABLE_IN_0_1
void       imp_server_set_authorize_func (ImpServer *self, ImpAuthorizeFunc func,
                                          gpointer user_data, GDestroyNotify destroy);
IMP_AVAILABLE_IN_0_1
void       imp_server_use_codec      (ImpServer *self, ImpCodec *codec);
IMP_AVAILABLE_IN_0_1
void       imp_server_stop_async     (ImpServer *self, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
IMP_AVAILABLE_IN_0_1
gboolean   imp_server_stop_finish    (ImpServer *self, GAsyncResult *result,
                                      GError **error);
IMP_AVAILABLE_IN_0_1
void       imp_server_close          (ImpServer *self);

IMP_AVAILABLE_IN_0_1
guint      imp_server_get_n_connections (ImpServer *self);
IMP_AVAILABLE_IN_0_1
guint      imp_server_get_n_analyzers   (ImpServer *self);
IMP_AVAILABLE_IN_0_1
GVariant  *imp_server_get_statistics    (ImpServer *self);
IMP_AVAILABLE_IN_0_2
GVariant  *imp_server_list_progress     (ImpServer *self);

IMP_AVAILABLE_IN_0_2
char **imp_server_get_allow_gids (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_allow_gids (ImpServer *self, const char *const *value);
IMP_AVAILABLE_IN_0_2
char **imp_server_get_allow_uids (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_allow_uids (ImpServer *self, const char *const *value);
IMP_AVAILABLE_IN_0_2
const char *imp_server_get_codec (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_codec (ImpServer *self, const char *value);
IMP_AVAILABLE_IN_0_2
gboolean imp_server_get_draining (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_draining (ImpServer *self, gboolean value);
IMP_AVAILABLE_IN_0_2
ImpFactory *imp_server_get_factory (ImpServer *self);
IMP_AVAILABLE_IN_0_2
gboolean imp_server_get_insecure (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_insecure (ImpServer *self, gboolean value);
IMP_AVAILABLE_IN_0_2
char **imp_server_get_proxy_from (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_proxy_from (ImpServer *self, const char *const *value);
IMP_AVAILABLE_IN_0_2
gboolean imp_server_get_replace (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_replace (ImpServer *self, gboolean value);
IMP_AVAILABLE_IN_0_2
ImpSharedMemory imp_server_get_shared_memory (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_shared_memory (ImpServer *self, ImpSharedMemory value);
IMP_AVAILABLE_IN_0_2
guint imp_server_get_socket_mode (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_socket_mode (ImpServer *self, guint value);
IMP_AVAILABLE_IN_0_2
const char *imp_server_get_tls_cert (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_tls_cert (ImpServer *self, const char *value);
IMP_AVAILABLE_IN_0_2
GTlsCertificate *imp_server_get_tls_certificate (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_tls_certificate (ImpServer *self, GTlsCertificate *value);
IMP_AVAILABLE_IN_0_2
const char *imp_server_get_tls_client_ca (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_tls_client_ca (ImpServer *self, const char *value);
IMP_AVAILABLE_IN_0_2
GTlsDatabase *imp_server_get_tls_client_database (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_tls_client_database (ImpServer *self, GTlsDatabase *value);
IMP_AVAILABLE_IN_0_2
const char *imp_server_get_tls_key (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_tls_key (ImpServer *self, const char *value);
IMP_AVAILABLE_IN_0_2
gboolean imp_server_get_trust_context (ImpServer *self);
IMP_AVAILABLE_IN_0_2
void imp_server_set_trust_context (ImpServer *self, gboolean value);

G_END_DECLS
