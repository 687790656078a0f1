/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

#include <imp-remote.h>

G_BEGIN_DECLS

/* The modules of which a factory consists. */

/* Has them counted. @modules: what the user wrote for each of @parts; @whole keeps these. */
void metrics_modules_add (ImpFactory *whole, const char *const *modules, GPtrArray *parts);
/* Of one that was added; of any other, nothing. */
void metrics_modules_describe (ImpFactory *whole, MetricsText *text, const MetricsLabels *labels);

G_END_DECLS
