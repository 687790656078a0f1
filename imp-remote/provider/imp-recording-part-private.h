/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "provider/imp-reenactment-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* In chunks of so many bytes; 0: in its own; negative: all at once. */
ImpConversation *imp_recording_part_rechunk (const ImpConversation *conversation, int chunk_size);
/* How much of the conversation it is, if another analyzer gets it in other chunks or the same. */
ImpTraceExtent imp_recording_part_get_extent (const ImpTranscript *transcript, gboolean rechunked);

/* The smallest part of the recording with which analyzers of @factory, in such chunks, do something
 * else than the recording says, or than those of @against do (may be NULL). NULL: %IMP_ERROR_FAILED
 * if they do not, a factory's error, or %G_IO_ERROR_CANCELLED. Iterates @main_context where an
 * analyzer does not answer at once; @timeout is in milliseconds. */
ImpConversation *imp_recording_part_find (const ImpTranscript *transcript, ImpFactory *factory,
                                          ImpFactory *against, int chunk_size, guint timeout,
                                          GMainContext *main_context, GCancellable *cancellable,
                                          GError **error);

G_END_DECLS
