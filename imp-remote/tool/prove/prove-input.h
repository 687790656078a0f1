/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* Adds what a file says: one whose name ends in ".json" or ".jsonl" has messages with the op "data"
 * of the wire format "json", a line for each; any other file is what comes from @direction. */
gboolean prove_input_read (const char *path, ImpDirection direction, ImpProver *prover,
                           GError **error);

/* Prints the counterexample as such a file. */
void prove_input_print (ImpProver *prover);

G_END_DECLS
