/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define IMP_TYPE_SERVICE (imp_service_get_type ())
G_DECLARE_FINAL_TYPE (ImpService, imp_service, IMP, SERVICE, GObject)

/* What DNS has for a service over TCP, as something to connect to: to any of its servers, by their
 * priorities and weights. A GNetworkService would look that up once; this does it for each
 * connection. */
GSocketConnectable *imp_service_new (const char *service, const char *domain);
const char *imp_service_get_service (ImpService *self);
const char *imp_service_get_domain (ImpService *self);

G_END_DECLS
