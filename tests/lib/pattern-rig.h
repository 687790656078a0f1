/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pattern-factory.h"
#include "core/imp-analyzer.h"
#include "core/imp-data-type.h"

/* A pattern analyzer, and what becomes of what it is fed: what it lets pass, and all it says. */
typedef struct
{
  ImpAnalyzer *analyzer;
  GString *input;
  GString *output;
  GString *sent_back;
  GString *answers; /* results as text, one per line; without hints */
  gint64 settled;
  guint n_pauses;
  gboolean paused;
  gboolean ended;
  char *refused; /* by DENY: "deny REASON", by FATAL: "fatal REASON" */
} PatternRig;

PatternRig *pattern_rig_new (const char *settings);
void pattern_rig_free (PatternRig *self);
/* -1: a text; no bytes: the end. */
void pattern_rig_feed (PatternRig *self, const char *data, gssize length, gint32 type);
/* In one direction and with one type, in pieces: @splits as in regex_case_get_piece(). */
void pattern_rig_feed_pieces (PatternRig *self, const char *data, gsize length, guint splits);
/* Lets the main context work for so long. */
void pattern_rig_wait (PatternRig *self, guint milliseconds);
/* Until nothing is left to be searched. */
void pattern_rig_finish (PatternRig *self);
/* Compares what has come out, and the answers since the last time. */
void pattern_rig_expect (PatternRig *self, const char *output);
void pattern_rig_expect_answers (PatternRig *self, const char *answers);
void pattern_rig_expect_refusal (PatternRig *self, const char *prefix);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PatternRig, pattern_rig_free)
