/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

#include <imp-remote.h>

G_BEGIN_DECLS

/* Adds what a server has counted, and the modules that it serves. */
void metrics_server_describe (ImpServer *server, ImpFactory *factory, MetricsText *text);

G_END_DECLS
