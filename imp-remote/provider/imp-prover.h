/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

#define IMP_TYPE_PROVER (imp_prover_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpProver, imp_prover, IMP, PROVER, GObject)

IMP_AVAILABLE_IN_0_1
ImpProver *imp_prover_new          (ImpFactory *factory);
IMP_AVAILABLE_IN_0_1
void       imp_prover_add          (ImpProver *self, ImpDirection direction, GBytes *data,
                                    gint32 data_type);
IMP_AVAILABLE_IN_0_1
void       imp_prover_add_bytes    (ImpProver *self, ImpDirection direction,
                                    const guint8 *data, gsize length, gint32 data_type);
IMP_AVAILABLE_IN_0_1
gboolean   imp_prover_run          (ImpProver *self, GError **error);
IMP_AVAILABLE_IN_0_1
guint64    imp_prover_get_n_trials (ImpProver *self);
IMP_AVAILABLE_IN_0_1
guint      imp_prover_get_n_chunks (ImpProver *self);
IMP_AVAILABLE_IN_0_1
GBytes    *imp_prover_get_chunk    (ImpProver *self, guint index, ImpDirection *direction,
                                    gint32 *data_type);

IMP_AVAILABLE_IN_0_2
guint imp_prover_get_exhaustive (ImpProver *self);
IMP_AVAILABLE_IN_0_2
void imp_prover_set_exhaustive (ImpProver *self, guint value);
IMP_AVAILABLE_IN_0_2
ImpFactory *imp_prover_get_factory (ImpProver *self);
IMP_AVAILABLE_IN_0_2
gboolean imp_prover_get_keep_order (ImpProver *self);
IMP_AVAILABLE_IN_0_2
void imp_prover_set_keep_order (ImpProver *self, gboolean value);
IMP_AVAILABLE_IN_0_2
guint imp_prover_get_max_chunk (ImpProver *self);
IMP_AVAILABLE_IN_0_2
void imp_prover_set_max_chunk (ImpProver *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_prover_get_random_trials (ImpProver *self);
IMP_AVAILABLE_IN_0_2
void imp_prover_set_random_trials (ImpProver *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_prover_get_seed (ImpProver *self);
IMP_AVAILABLE_IN_0_2
void imp_prover_set_seed (ImpProver *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_prover_get_timeout (ImpProver *self);
IMP_AVAILABLE_IN_0_2
void imp_prover_set_timeout (ImpProver *self, guint value);

G_END_DECLS
