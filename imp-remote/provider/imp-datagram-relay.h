/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

#define IMP_TYPE_DATAGRAM_RELAY (imp_datagram_relay_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpDatagramRelay, imp_datagram_relay, IMP, DATAGRAM_RELAY, GObject)

IMP_AVAILABLE_IN_0_1
ImpDatagramRelay   *imp_datagram_relay_new         (GSocket *socket, GSocketConnectable *server,
                                                    ImpFactory *factory);
IMP_AVAILABLE_IN_0_1
GSocket            *imp_datagram_relay_get_socket  (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_1
GSocketConnectable *imp_datagram_relay_get_server  (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_1
ImpFactory         *imp_datagram_relay_get_factory (ImpDatagramRelay *self);

IMP_AVAILABLE_IN_0_1
void     imp_datagram_relay_run_async  (ImpDatagramRelay *self, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer user_data);
IMP_AVAILABLE_IN_0_1
gboolean imp_datagram_relay_run_finish (ImpDatagramRelay *self, GAsyncResult *result,
                                        GError **error);
IMP_AVAILABLE_IN_0_1
void     imp_datagram_relay_stop       (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
void     imp_datagram_relay_hand_over  (ImpDatagramRelay *self);

IMP_AVAILABLE_IN_0_1
guint     imp_datagram_relay_get_n_clients  (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_1
GVariant *imp_datagram_relay_get_statistics (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
GVariant *imp_datagram_relay_list_progress  (ImpDatagramRelay *self);

IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_deadline (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
gboolean imp_datagram_relay_get_evict (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_hold_timeout (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_idle_timeout (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_max_clients (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_max_clients_per_peer (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_max_extensions (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_datagram_relay_get_max_growth (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_datagram_relay_get_max_held (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_datagram_relay_get_max_held_total (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_max_log_rate (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_datagram_relay_get_max_log_size (ImpDatagramRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_datagram_relay_get_warn_silence (ImpDatagramRelay *self);

G_END_DECLS
