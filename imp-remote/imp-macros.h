/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#if !defined(IMP_INSIDE) && !defined(IMP_COMPILATION)
#error "Only <imp-remote.h> can be included directly."
#endif

/* Every exported function carries IMP_API; all else stays hidden in the library. */
#define IMP_API __attribute__ ((visibility ("default"))) extern
