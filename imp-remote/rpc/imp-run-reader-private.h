/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-verdict-run-private.h"
#include "io/imp-input-buffer-private.h"
#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* Reads a run of verdicts, which are messages like all others on the wire, off the front of @input:
 * those of one analyzer and direction that lie behind each other. @first is the head of the first
 * one, and *@length what that takes; then it is what all of them take. What the verdicts bring is
 * where it was read. Returns how many there are, at most IMP_VERDICT_RUN_MAX; 0: the first is not
 * one that can be part of a run. */
guint imp_run_reader_read (const ImpInputBuffer *input, const ImpWire *wire,
                           const ImpWireLimits *limits, const ImpHead *first, gsize *length,
                           ImpVerdict *verdicts);

static inline ImpView
imp_run_reader_view_payload (const ImpInputBuffer *input, const ImpHead *head)
{
  return (ImpView){ head->payload, head->length, NULL, imp_input_buffer_get_block (input),
                    imp_block_slice };
}

G_END_DECLS
