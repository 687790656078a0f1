/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-request.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* One connection by which metrics are collected: reads a request, answers it, and ends, all in
 * bounded time, whatever the client does. */
typedef struct _MetricsClient MetricsClient;

/* From the request to the end. */
#define METRICS_CLIENT_TIMEOUT_MS 5000

/* All that there is to say, in that format. */
typedef GBytes *(*MetricsWriteFunc) (MetricsFormat format, gpointer user_data);
/* It is over, and is to be freed. From the main loop. */
typedef void (*MetricsClientFunc) (MetricsClient *self, gpointer user_data);

MetricsClient *metrics_client_new (GSocketConnection *connection, MetricsWriteFunc write,
                                   MetricsClientFunc over, gpointer user_data);
void metrics_client_free (MetricsClient *self);

G_END_DECLS
