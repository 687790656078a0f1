/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

G_BEGIN_DECLS

/* What somebody asks for by HTTP/1, as far as it is of interest here: may they have the metrics,
 * and in which format? */

#define METRICS_REQUEST_MAX 8192

typedef struct
{
  guint status; /* 200, or that of a refusal */
  gboolean wants_body;
  MetricsFormat format;
} MetricsRequest;

/* Reads the head of a request. FALSE: more is needed. What is malformed or too long is a request
 * with a status of its own. */
gboolean metrics_request_read (MetricsRequest *self, const char *data, gsize length);

/* The answer; @text: the metrics, of a request that may have them, else NULL. */
GBytes *metrics_request_answer (const MetricsRequest *self, GBytes *text);

G_END_DECLS
