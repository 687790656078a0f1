/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Our end of one connection to what is tested: bytes, and nothing that knows of messages. Whoever
 * waits here runs the default main context, and never longer than told. */
typedef struct _ConformLink ConformLink;

/* NULL with an error if the stream cannot be used without blocking. */
ConformLink *conform_link_new (GIOStream *stream, GError **error);
/* Closes it, if that was not done. */
void conform_link_free (ConformLink *self);

/* Times are those of g_get_monotonic_time(). */

/* Writes all, or what can be written by then; what comes meanwhile is read, unless reading is
 * stopped. How many bytes were taken: fewer than all as time was over, or the connection. */
gsize conform_link_send (ConformLink *self, const guint8 *data, gsize length, gint64 until);
/* From now on the most that one write gives the other end; 0: no limit. */
void conform_link_set_piece (ConformLink *self, gsize piece);
/* From now on the kernel keeps little of what was not read, or written, at this end. */
void conform_link_shrink_buffers (ConformLink *self);
/* At first it reads. */
void conform_link_set_reading (ConformLink *self, gboolean reading);
/* Until something has come that was not there, or the connection has ended; FALSE: not by then. */
gboolean conform_link_wait (ConformLink *self, gint64 until);

/* What has come and was not consumed. */
const guint8 *conform_link_peek (ConformLink *self, gsize *length);
void conform_link_consume (ConformLink *self, gsize length);
/* Nothing more will come. */
gboolean conform_link_has_ended (ConformLink *self);

/* Nothing more is taken there. */
gboolean conform_link_is_broken (ConformLink *self);

/* Ends our output; reading goes on. */
void conform_link_shut (ConformLink *self);
/* Closes; @reset: so that the other end does not take it for a regular end, where that can be. */
void conform_link_close (ConformLink *self, gboolean reset);

/* All that was written and has come, up to a limit: for diagnostics. */
const GByteArray *conform_link_get_written (ConformLink *self);
const GByteArray *conform_link_get_read (ConformLink *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConformLink, conform_link_free)

G_END_DECLS
