/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* Makes analyzers that set and remove fields of requests and responses, as its properties say. As a
 * module it is called `http-headers`. */
GType imp_http_headers_factory_get_type (void);

G_END_DECLS
