/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-pump-private.h"
#include "provider/imp-relay.h"

G_BEGIN_DECLS

ImpPump *imp_relay_peek_pump (ImpRelay *self);

G_END_DECLS
