/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"

/* What a provider has heard of one analyzer, and whether that is an outcome: a refusal, or both
 * directions passed indefinitely. */
typedef struct
{
  ImpAnalyzer *analyzer;
  guint refusals;      /* FATAL, DENY, DROP */
  guint indefinite[2]; /* PASS indefinitely, per direction */
  guint errors;        /* LOG with level error */
  guint after;         /* results that came when there was an outcome already */
  char *reason;        /* of the first refusal or error */
  GString *text;       /* all of it */
} TestOutcome;

/* Takes @analyzer and listens to it. */
TestOutcome *test_outcome_new (ImpAnalyzer *analyzer);
void test_outcome_free (TestOutcome *self);

gboolean test_outcome_is_resolved (const TestOutcome *self);
/* Exactly one outcome: FATAL alone; or an error that says why, then both directions indefinitely.
 * */
void test_outcome_assert_hard (const TestOutcome *self);
void test_outcome_assert_soft (const TestOutcome *self);
