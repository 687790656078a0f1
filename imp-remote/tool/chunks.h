/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* Prints a chunk of a conversation as a line of JSON: a message with the op "data". A file of such
 * lines is what the prover reads. */
void chunks_print (ImpDirection direction, gint32 data_type, GBytes *data);

G_END_DECLS
