/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

G_BEGIN_DECLS

/* The version, and what the kernel knows of this process, by the names that all programs use. */
void metrics_process_describe (MetricsText *text);

G_END_DECLS
