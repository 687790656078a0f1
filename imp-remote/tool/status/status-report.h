/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control-request.h"
#include "tool/status/status-wait.h"

G_BEGIN_DECLS

/* The answer to "status", of a relay or a server: what there is of each, in numbers, and the
 * connections themselves: as many as are asked for ("limit"), or one ("id"). */
typedef struct _StatusReport StatusReport;

#define STATUS_LIMIT_DEFAULT 100
#define STATUS_LIMIT_MAX 10000

typedef struct
{
  guint64 id;
  gint64 since; /* monotonic time */
  StatusWait wait;
  GVariant *progress;    /* a dictionary, or NULL */
  gpointer source;       /* for the function that fills the row */
  gboolean is_datagrams; /* the same */
} StatusEntry;

/* Adds to a row what only the program knows. */
typedef void (*StatusFill) (const StatusEntry *entry, JsonObject *row);

/* What is asked for. NULL with an error if that makes no sense. */
StatusReport *status_report_new (ControlRequest *request, const char *program, GError **error);
/* All of it, for the log: @limit connections at most. */
StatusReport *status_report_new_for_log (const char *program, gint64 limit);
void status_report_free (StatusReport *self);

/* A connection; takes its progress. */
void status_report_add (StatusReport *self, const StatusEntry *entry);
/* Of all that there are, not only of those that are shown. */
void status_report_set_total (StatusReport *self, const char *name, gint64 number);
/* All of it. Those that stand still come first, the longest ones before the others; the rest in the
 * order of their age. */
JsonObject *status_report_finish (StatusReport *self, StatusFill fill);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StatusReport, status_report_free)

G_END_DECLS
