/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* Makes analyzers that pass, prepass, hold, replace, take away, put in and lose interest as a
 * number says, and always where the input says: so what comes out does not depend on how the input
 * is cut, nor on when they answer, which is at random. @packets: what they are fed are packets. */
ImpFactory *random_part_factory_new (guint32 seed, gboolean packets);

G_END_DECLS
