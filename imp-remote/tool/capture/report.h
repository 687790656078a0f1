/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/connection.h"

G_BEGIN_DECLS

/* What was found out, for people or for programs, on standard output: a connection when it is over,
 * and at the end what holds for all of the capture. */
typedef struct _Report Report;

typedef enum
{
  REPORT_TEXT,
  REPORT_JSON,
} ReportFormat;

/* Packets, by what has become of them. */
typedef struct
{
  guint64 n_packets;
  guint64 n_inspected;
  guint64 n_other;       /* neither TCP nor UDP; copied */
  guint64 n_unsuited;    /* the modules do not work with such; copied */
  guint64 n_malformed;   /* left out */
  guint64 n_fragments;   /* that could not be put together; left out */
  guint64 n_cut;         /* not recorded as a whole */
  guint64 n_backwards;   /* whose time is before that of the one before */
  guint64 n_displaced;   /* connections, for which there was no room */
  gboolean is_truncated; /* the file cannot be read to its end */
} ReportSummary;

Report *report_new (ReportFormat format);
void report_free (Report *self);
void report_add (Report *self, const Connection *connection);
/* @notes: about what belongs to no connection. */
void report_finish (Report *self, const ReportSummary *summary, const Entries *notes);
/* How many connections have had this outcome so far. */
guint64 report_get_n_outcomes (const Report *self, Outcome outcome);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Report, report_free)

G_END_DECLS
