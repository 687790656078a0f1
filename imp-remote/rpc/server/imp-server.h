/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "wire/imp-codec.h"

G_BEGIN_DECLS

#define IMP_TYPE_SERVER (imp_server_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpServer, imp_server, IMP, SERVER, GObject)

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
