/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"
#include "core/imp-log-limit-private.h"
#include "core/imp-log-private.h"

G_BEGIN_DECLS

/* How many analyzers may have a soft outcome within a minute; further ones have a hard one, so that
 * who can make analyzers fail does not switch all inspection off. It is counted by seconds, of
 * which one belongs to both ends: never more, and for a second longer. */
#define IMP_SOFT_BUDGET_SECONDS 61

/* In a box (g_rc_box_alloc0()), of one main context. */
typedef struct
{
  guint limit; /* 0: none */
  guint n_recent;
  gint64 second; /* the last one that is counted */
  guint counts[IMP_SOFT_BUDGET_SECONDS];
  guint64 n_refused;
  ImpLogLimit log;
  ImpLogLimit bypass_log;
} ImpSoftBudget;

static inline void
imp_soft_budget_advance (ImpSoftBudget *self, gint64 second)
{
  const gint64 passed = MIN (second - self->second, IMP_SOFT_BUDGET_SECONDS);

  for (gint64 i = 1; i <= passed; i++)
    {
      guint *count = &self->counts[(self->second + i) % IMP_SOFT_BUDGET_SECONDS];

      self->n_recent -= *count;
      *count = 0;
    }
  self->second = second;
}

/* What becomes of one more. */
static inline ImpFailMode
imp_soft_budget_judge (ImpSoftBudget *self, ImpFailMode mode)
{
  guint64 n;

  if (mode != IMP_FAIL_SOFT || self->limit == 0)
    return mode;
  imp_soft_budget_advance (self, g_get_monotonic_time () / G_USEC_PER_SEC);
  if (self->n_recent < self->limit)
    return mode;
  self->n_refused++;
  n = imp_log_limit_note (&self->log);
  if (n > 0)
    imp_log_kind (IMP_LOG_BYPASS_LIMIT,
                  "%u connections have gone on without an analyzer within a minute (soft-limit): "
                  "further ones are refused (%" G_GUINT64_FORMAT " of them)",
                  self->n_recent, n);
  return IMP_FAIL_HARD;
}

/* It was soft: nothing looks at that traffic any more, which somebody has to know. */
static inline void
imp_soft_budget_note (ImpSoftBudget *self, const char *reason)
{
  const ImpLogFields fields = { .outcome = "bypassed", .reason = reason };
  const guint64 n = imp_log_limit_note (&self->bypass_log);

  if (n > 0)
    imp_log_with (IMP_LOG_ANALYZER_BYPASSED, &fields,
                  "A connection goes on without its analyzer: %s (%" G_GUINT64_FORMAT " of them)",
                  reason, n);
  imp_soft_budget_advance (self, g_get_monotonic_time () / G_USEC_PER_SEC);
  self->counts[self->second % IMP_SOFT_BUDGET_SECONDS]++;
  self->n_recent++;
}

G_END_DECLS
