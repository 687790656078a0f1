/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/packet.h"

G_BEGIN_DECLS

/* Puts fragments of IP together. What takes too long, is too much at once, overlaps or has not
 * been recorded as a whole is given up, and told. */
typedef struct _Fragments Fragments;

#define FRAGMENTS_WHOLES_MAX 256  /* packets that are incomplete */
#define FRAGMENTS_PIECES_MAX 1024 /* of one of them */
#define FRAGMENTS_TIMEOUT 30      /* seconds from the first piece, as RFC 791 has it */

/* One packet was given up, after so many of its fragments had come. */
typedef void (*FragmentsFunc) (const char *reason, guint n_fragments, gpointer user_data);

Fragments *fragments_new (FragmentsFunc given_up, gpointer user_data);
void fragments_free (Fragments *self);

/* Adds a fragment that came at @time (in ns). If it completes a packet, that is what the data is
 * of which the length is set, and @packet gets the header of IP that belongs to it; it is there
 * until the next call. Else NULL. */
const guint8 *fragments_add (Fragments *self, Packet *packet, gint64 time, gsize *length);
/* The recording is over. */
void fragments_flush (Fragments *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fragments, fragments_free)

G_END_DECLS
