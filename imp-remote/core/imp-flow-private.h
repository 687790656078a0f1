/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-flow-event-private.h"
#include "core/imp-marks-private.h"
#include "core/imp-verdict-run-private.h"

G_BEGIN_DECLS

/* The unsettled input of one direction, and the only place where offsets become bytes. Input
 * and verdicts go in; what is to be forwarded and fed goes to the queue of events, which may serve
 * several flows. Nothing is called from here, so everything may be called at any time.
 *
 * Always: input = passed + replaced + denied + held, in bytes of the input. */
typedef struct _ImpFlow ImpFlow;

/* So many bytes are gathered at most. */
#define IMP_FLOW_GATHER_MAX (1024 * 1024)

/* @queue must live as long as the flow. */
ImpFlow *imp_flow_new (ImpFlowEventQueue *queue, ImpDirection direction);
void imp_flow_free (ImpFlow *self);

/* Input; no bytes: its end. %IMP_ERROR_PROTOCOL: after the end, or no data type. %IMP_ERROR_LIMIT:
 * the analyzer's pattern cannot be searched for in this, or more input than can be counted: the
 * flow cannot go on. */
gboolean imp_flow_push (ImpFlow *self, GBytes *bytes, gint32 data_type, GError **error);

/* How many of the next bytes of a stream pass whatever they are, with nothing before them that
 * waits, so that nobody need see them. */
gint64 imp_flow_get_unseen_room (const ImpFlow *self);
/* The same for what is forwarded at once, though it may be fed: as after a PREPASS. */
gint64 imp_flow_get_open_room (const ImpFlow *self);
/* That many, at most, have passed elsewhere: they are counted as if they had been pushed. */
void imp_flow_note_unseen (ImpFlow *self, gint64 length, gint32 data_type);

/* Does some more of what a push or a PASS_PATTERN has begun. %IMP_ERROR_LIMIT: as above. */
gboolean imp_flow_go_on (ImpFlow *self, GError **error);

/* What a search holds has been held for long enough. What is a match whatever follows is fed as
 * one; else all of it is forwarded, and the search goes on: a match that is complete later is still
 * fed, from its beginning, but what has gone of it cannot be replaced (%IMP_ERROR_TIMEOUT of such a
 * verdict). %IMP_ERROR_LIMIT: as above. */
gboolean imp_flow_release (ImpFlow *self, GError **error);

/* A verdict. Whatever says nothing about this direction's bytes is ignored. If the model forbids
 * it (%IMP_ERROR_PROTOCOL, %IMP_ERROR_SETTINGS of a pattern, or %IMP_ERROR_CLOSED after a refusal),
 * nothing has changed. %IMP_ERROR_LIMIT, from a PASS_PATTERN: as above. */
gboolean imp_flow_apply (ImpFlow *self, const ImpVerdict *verdict, GError **error);

/* The same with each verdict of a run; what they set free of one type of stream becomes few pieces.
 * After an error the rest of them was not looked at. */
gboolean imp_flow_apply_run (ImpFlow *self, const ImpVerdict *verdicts, guint n, GError **error);

gboolean imp_flow_pass (ImpFlow *self, gint64 offset, GError **error);
gboolean imp_flow_prepass (ImpFlow *self, gint64 offset, GError **error);
gboolean imp_flow_replace (ImpFlow *self, gint64 offset, const ImpView *data, GError **error);
gboolean imp_flow_replace_later (ImpFlow *self, gint64 offset, gint64 end_offset, GError **error);
/* Until the input reaches @offset or ends, what comes of a stream need not be fed: it is gathered,
 * up to IMP_FLOW_GATHER_MAX bytes, and then fed in one piece. Whatever else the analyzer says that
 * has to do with bytes it was not fed has them fed before. */
void imp_flow_want (ImpFlow *self, gint64 offset);
gboolean imp_flow_pass_pattern (ImpFlow *self, const char *regex, guint max_length, GError **error);
/* What is held and what comes is refused; feeds that still wait in the queue are taken out. */
void imp_flow_deny (ImpFlow *self);

/* Where the analyzer's stand, once it has been fed what is in the queue. */
const ImpMarks *imp_flow_peek_marks (const ImpFlow *self);
gint64 imp_flow_get_input (const ImpFlow *self);
gint64 imp_flow_get_settled (const ImpFlow *self);
gint64 imp_flow_get_held (const ImpFlow *self);
/* How much of it was not fed, since more is wanted first? */
gint64 imp_flow_get_gathered (const ImpFlow *self);
/* In how many pieces is it held? */
guint imp_flow_get_n_held (const ImpFlow *self);
gint64 imp_flow_get_passed (const ImpFlow *self);
gint64 imp_flow_get_replaced (const ImpFlow *self);
gint64 imp_flow_get_denied (const ImpFlow *self);
/* The type of the last input, or 0. */
gint32 imp_flow_get_data_type (const ImpFlow *self);
/* Is there something that was promised and not yet replaced? */
gboolean imp_flow_has_promise (const ImpFlow *self);
gboolean imp_flow_is_searching (const ImpFlow *self);
/* Is a search so costly that it has to be continued, by imp_flow_go_on(), once others had their
 * turn? */
gboolean imp_flow_is_busy (const ImpFlow *self);
/* Passed, or prepassed, indefinitely? */
gboolean imp_flow_is_passed (const ImpFlow *self);
gboolean imp_flow_is_denied (const ImpFlow *self);
/* Has the end of the input come? */
gboolean imp_flow_has_ended (const ImpFlow *self);
/* Has it been forwarded? */
gboolean imp_flow_is_finished (const ImpFlow *self);
/* Does the ledger hold? Counts all that is held, so it is for tests. */
gboolean imp_flow_is_balanced (const ImpFlow *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpFlow, imp_flow_free)

G_END_DECLS
