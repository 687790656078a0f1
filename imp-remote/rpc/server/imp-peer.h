/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define IMP_TYPE_PEER (imp_peer_get_type ())

IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpPeer, imp_peer, IMP, PEER, GObject)

IMP_AVAILABLE_IN_0_1
const char        *imp_peer_get_name        (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
const char        *imp_peer_get_address     (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_peer_get_pid         (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_peer_get_uid         (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
gint64             imp_peer_get_gid         (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
gboolean           imp_peer_is_in_group     (ImpPeer *self, gint64 gid);
IMP_AVAILABLE_IN_0_1
GTlsCertificate   *imp_peer_get_certificate (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
const char        *imp_peer_get_common_name (ImpPeer *self);
IMP_AVAILABLE_IN_0_1
const char *const *imp_peer_get_dns_names   (ImpPeer *self);

G_END_DECLS
