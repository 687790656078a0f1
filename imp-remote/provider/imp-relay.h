/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "imp-remote/provider/imp-filter.h"

G_BEGIN_DECLS

#define IMP_TYPE_RELAY (imp_relay_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpRelay, imp_relay, IMP, RELAY, GObject)

IMP_AVAILABLE_IN_0_1
ImpRelay    *imp_relay_new          (GIOStream *client, GIOStream *server,
                                     ImpAnalyzer *analyzer);
IMP_AVAILABLE_IN_0_1
GIOStream   *imp_relay_get_client   (ImpRelay *self);
IMP_AVAILABLE_IN_0_1
GIOStream   *imp_relay_get_server   (ImpRelay *self);
IMP_AVAILABLE_IN_0_1
void         imp_relay_set_server   (ImpRelay *self, GIOStream *server);
IMP_AVAILABLE_IN_0_1
ImpAnalyzer *imp_relay_get_analyzer (ImpRelay *self);
IMP_AVAILABLE_IN_0_1
ImpFilter   *imp_relay_get_filter   (ImpRelay *self);

IMP_AVAILABLE_IN_0_1
void     imp_relay_prepare    (ImpRelay *self);
IMP_AVAILABLE_IN_0_1
void     imp_relay_unread     (ImpRelay *self, GBytes *bytes);
IMP_AVAILABLE_IN_0_1
void     imp_relay_run_async  (ImpRelay *self, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data);
IMP_AVAILABLE_IN_0_1
gboolean imp_relay_run_finish (ImpRelay *self, GAsyncResult *result, GError **error);

IMP_AVAILABLE_IN_0_1
gint64 imp_relay_get_received (ImpRelay *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64 imp_relay_get_sent     (ImpRelay *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gsize  imp_relay_get_queued   (ImpRelay *self, ImpDirection direction);

IMP_AVAILABLE_IN_0_2
GVariant *imp_relay_get_progress (ImpRelay *self);

IMP_AVAILABLE_IN_0_2
guint imp_relay_get_buffer_size (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_relay_get_deadline (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_relay_get_hold_timeout (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_relay_get_idle_timeout (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_relay_get_linger (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_relay_get_max_extensions (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_relay_get_max_growth (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_relay_get_max_held (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint imp_relay_get_max_log_rate (ImpRelay *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_relay_get_max_log_size (ImpRelay *self);

G_END_DECLS
