/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-flow-private.h"

/* A flow and, as text, what it wants to be done: ">abc" is forwarded, "<abc" fed, "<abc@3" fed with
 * the explicit offset 3, "/1" after it a data type other than stream, ">." and "<." the end. */
typedef struct
{
  ImpFlowEventQueue queue;
  ImpFlow *flow;
} FlowScript;

FlowScript *flow_script_new (void);
void flow_script_free (FlowScript *self);

/* Each says what must come of it, and checks the ledger. */
void flow_script_push (FlowScript *self, gint32 type, const char *text, const char *expected);
void flow_script_end (FlowScript *self, const char *expected);
void flow_script_apply (FlowScript *self, ImpResult *result, const char *expected);
/* @result must be refused with @message in the error, and change nothing. */
void flow_script_refuse (FlowScript *self, ImpResult *result, const char *message);
void flow_script_expect (FlowScript *self, const char *expected);
/* Whatever it wants. */
void flow_script_drain (FlowScript *self);

/* Results of direction 0, in few letters. The functions above consume them. */
ImpResult *pass (gint64 offset);
ImpResult *prepass (gint64 offset);
ImpResult *replace (gint64 offset, const char *text);
ImpResult *replace_later (gint64 offset, gint64 end_offset);
ImpResult *pattern (const char *regex, guint max_length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FlowScript, flow_script_free)
