/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A file for the textfile collector of node_exporter: whoever reads it sees all of one time, as it
 * is replaced as a whole. */
typedef struct _MetricsFile MetricsFile;

/* Everybody may read what is counted. */
#define METRICS_FILE_MODE 0644

MetricsFile *metrics_file_new (const char *path);
/* Removes the file: who reads it would take it for what is. */
void metrics_file_free (MetricsFile *self);

gboolean metrics_file_write (MetricsFile *self, GBytes *text, GError **error);
/* The same for what fails later: says so once, until it works again. */
void metrics_file_update (MetricsFile *self, GBytes *text);

G_END_DECLS
