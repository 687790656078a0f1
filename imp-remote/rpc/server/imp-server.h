/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "wire/imp-codec.h"

G_BEGIN_DECLS

#define IMP_TYPE_SERVER (imp_server_get_type ())
IMP_API G_DECLARE_FINAL_TYPE (ImpServer, imp_server, IMP, SERVER, GObject)

IMP_API ImpServer *imp_server_new            (ImpFactory *factory);
IMP_API gboolean   imp_server_listen         (ImpServer *self, const char *address, GError **error);
IMP_API gboolean   imp_server_add_stream     (ImpServer *self, GIOStream *stream, GError **error);
IMP_API char     **imp_server_list_addresses (ImpServer *self);
IMP_API void       imp_server_use_codec      (ImpServer *self, ImpCodec *codec);
IMP_API void       imp_server_stop_async     (ImpServer *self, GCancellable *cancellable,
                                              GAsyncReadyCallback callback, gpointer user_data);
IMP_API gboolean   imp_server_stop_finish    (ImpServer *self, GAsyncResult *result,
                                              GError **error);
IMP_API void       imp_server_close          (ImpServer *self);

IMP_API guint      imp_server_get_n_connections (ImpServer *self);
IMP_API guint      imp_server_get_n_analyzers   (ImpServer *self);

G_END_DECLS
