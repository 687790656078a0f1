/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-run.h"

G_BEGIN_DECLS

/* What is found, as TAP (version 13) on standard output. */
typedef struct
{
  guint n_cases;
  guint n_failed;
  guint n_skipped;
} ConformReport;

void conform_report_begin (ConformReport *self);
/* A line for people. */
void conform_report_note (ConformReport *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* @name is that of the case with what it was run in. */
void conform_report_ok (ConformReport *self, const char *name);
void conform_report_skip (ConformReport *self, const char *name, const char *reason);
/* With what was sent, awaited and received. */
void conform_report_failure (ConformReport *self, const char *name, const ConformCase *this,
                             const ConformRun *run);
/* What failed before there was a case. */
void conform_report_error (ConformReport *self, const char *name, const char *text);
/* The plan. */
void conform_report_end (ConformReport *self);

G_END_DECLS
