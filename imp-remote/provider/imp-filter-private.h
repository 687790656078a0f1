/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-filter.h"

/* Bytes are not all that holding costs: so many chunks may be held in each direction. Small chunks
 * of a stream are joined long before that; packets are not. */
#define IMP_FILTER_CHUNKS_MAX 65536
