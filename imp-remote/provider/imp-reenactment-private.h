/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-trace-private.h"
#include "provider/imp-transcript-private.h"

G_BEGIN_DECLS

/* What came of @part of the conversation, as the recording says: its verdicts are applied again,
 * each when it came. @part has some of the chunks, or pieces of them, in their order; of what is
 * missing the verdicts are left out, and the others are moved. What such a verdict says of a part
 * is what it said of that within the whole. NULL: what was replaced as one is there in part. */
ImpTrace *imp_reenact (const ImpTranscript *transcript, const ImpConversation *part);

/* A recording of the part, with such verdicts. */
ImpTranscript *imp_reenact_extract (const ImpTranscript *transcript, const ImpConversation *part);
/* The conversation, cut where a verdict ends; the verdicts of some of its pieces make sense without
 * those of the others. */
ImpConversation *imp_reenact_cut (const ImpTranscript *transcript);

G_END_DECLS
