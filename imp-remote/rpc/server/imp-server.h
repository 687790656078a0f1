/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "rpc/server/imp-peer.h"
#include "wire/imp-codec.h"

G_BEGIN_DECLS

#define IMP_TYPE_SERVER (imp_server_get_type ())
#define IMP_SERVER(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), IMP_TYPE_SERVER, ImpServer))
#define IMP_SERVER_CLASS(klass) (G_TYPE_CHECK_CLASS_CAST ((klass), IMP_TYPE_SERVER, ImpServerClass))
#define IMP_IS_SERVER(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), IMP_TYPE_SERVER))
#define IMP_IS_SERVER_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), IMP_TYPE_SERVER))
#define IMP_SERVER_GET_CLASS(obj)                                                                  \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), IMP_TYPE_SERVER, ImpServerClass))

typedef struct _ImpServer      ImpServer;
typedef struct _ImpServerClass ImpServerClass;

IMP_AVAILABLE_IN_0_1
GType imp_server_get_type (void);

/**
 * ImpServerClass:
 * @authorize: decides whether a client may use the server; the default is what
 *   [property@Imp.Server:allow-uids] and [property@Imp.Server:allow-gids] say
 *
 * What a server's class may override. In C, where the size of a server is not known, use
 * [method@Imp.Server.set_authorize_func].
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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpServer, g_object_unref)

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

G_END_DECLS
