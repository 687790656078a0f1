/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* Random messages that are right, with a liking for the edges of what is allowed. */
ImpMessage *test_random_message (GRand *random, guint version);
ImpResult *test_random_result (GRand *random);
char *test_random_text (GRand *random);
GBytes *test_random_bytes (GRand *random);
gint64 test_random_id (GRand *random);

/* Is @got what must be read after @written was written in a wire format? The same, but that those
 * of Perl have contexts inside "meta", so that each pair is then known by two keys, and no -1 among
 * the offsets of data. */
gboolean test_message_is_after (const ImpWire *wire, ImpMessage *got, ImpMessage *written);

/* The message in that format, which must be able to carry it. */
GBytes *test_encode (const ImpWire *wire, guint version, const ImpMessage *message);

G_END_DECLS
