/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a packet may grow to by replacements. */
#define IMP_PATTERN_PACKET_MAX (16 * 1024 * 1024)

/* A packet in which one match after the other is replaced: it is answered as a whole, so the
 * changes, and what is to be sent back for them, are collected. */
typedef struct
{
  GBytes *bytes; /* NULL: there is none */
  GByteArray *output;
  gsize position; /* up to here, it is in the output */
  guint n_matches;
  GPtrArray *answers;
} ImpPatternPacket;

void imp_pattern_packet_begin (ImpPatternPacket *self, GBytes *bytes);
/* From @from to @to, @replacement (NULL: nothing) is put. %IMP_ERROR_LIMIT: it is too large. */
gboolean imp_pattern_packet_replace (ImpPatternPacket *self, gsize from, gsize to,
                                     GBytes *replacement, GError **error);
/* Takes @answer. */
void imp_pattern_packet_add_answer (ImpPatternPacket *self, GBytes *answer);
/* Gives the packet as it is now, NULL if there was no match; %IMP_ERROR_LIMIT. */
gboolean imp_pattern_packet_finish (ImpPatternPacket *self, GBytes **changed, GError **error);
void imp_pattern_packet_clear (ImpPatternPacket *self);

G_END_DECLS
