/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-io-engine-private.h"

G_BEGIN_DECLS

/* The streams that an ImpIOStream consists of. */
GInputStream *imp_io_input_new (ImpIOEngine *engine);
GOutputStream *imp_io_output_new (ImpIOEngine *engine);

G_END_DECLS
