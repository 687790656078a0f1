/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"

/* An analyzer that passes what it is fed, for factories that want a type. */
GType usher_get_type (void);
