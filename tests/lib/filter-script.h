/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "mock-analyzer.h"
#include "provider/imp-filter.h"

/* A filter on a mock; what comes out, and the signals, are written down: "0>abc denied(no)". */
typedef struct
{
  ImpFilter *filter;
  MockAnalyzer *mock;
  ImpAnalyzer *analyzer; /* the same */
  GString *log;
  void (*on_output) (gpointer script); /* called by the output function, once */
  guint n_freed;                       /* the output function's data */
} FilterScript;

/* The mock's user_data is the script. */
FilterScript *filter_script_new (MockFunc func);
/* The same, but without signal handlers and output until filter_script_connect(). */
FilterScript *filter_script_new_deaf (MockFunc func);
void filter_script_connect (FilterScript *self);
/* Checks that the filter, and all that belongs to it, really goes. */
void filter_script_free (FilterScript *self);

void filter_script_note (FilterScript *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Compares what was written down since the last time, and checks the ledger. */
void filter_script_expect (FilterScript *self, const char *expected);
void filter_script_push (FilterScript *self, ImpDirection direction, const char *text,
                         const char *expected);
void filter_script_push_type (FilterScript *self, ImpDirection direction, const char *text,
                              gint32 type, const char *expected);
/* The push must fail, and so must a second one, in the same way. */
void filter_script_push_refused (FilterScript *self, ImpDirection direction, const char *text,
                                 ImpError code, const char *message, const char *expected);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FilterScript, filter_script_free)
