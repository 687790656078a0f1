/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-run.h"

G_BEGIN_DECLS

/* The steps of cases that no table can say, by their names; NULL if there is none. */
ConformSpecial conform_special_find (const char *name);

G_END_DECLS
