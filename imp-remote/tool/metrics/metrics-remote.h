/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

#include <imp-remote.h>

G_BEGIN_DECLS

/* Adds what a remote factory has counted: all in all, and by its servers. */
void metrics_remote_describe (ImpRemoteFactory *factory, MetricsText *text,
                              const MetricsLabels *labels);

G_END_DECLS
