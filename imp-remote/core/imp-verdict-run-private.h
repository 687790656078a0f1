/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-verdict-private.h"

G_BEGIN_DECLS

/* Where verdicts are dense, as those of an expression that matches every few bytes, most of what
 * one costs would be the calls that hand it on. So those of one direction that follow each other,
 * and are known at once, can go together: PASS, and REPLACE by a few bytes. Whoever takes a run
 * does with it what it would do with one after the other, but may act on the first when the last
 * is known.
 *
 * There is nothing that says "run" on the wire, or to those who look at results. */

/* As many as one call may have: a direction that becomes busy still gets the rest. */
#define IMP_VERDICT_RUN_MAX 128
/* And each may bring so many bytes. */
#define IMP_VERDICT_RUN_DATA_MAX 256

/* May it be part of one? */
static inline gboolean
imp_verdict_can_run (const ImpVerdict *self)
{
  return self->type == IMP_RESULT_PASS
         || (self->type == IMP_RESULT_REPLACE && self->data.length <= IMP_VERDICT_RUN_DATA_MAX);
}

G_END_DECLS
