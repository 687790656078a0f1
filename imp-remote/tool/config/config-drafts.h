/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* While a changed file is read, its options of the process are a draft: those in force wait. */
void config_drafts_begin (void);
/* @adopt: the draft is in force from now on, as far as that can change while the program runs. */
void config_drafts_end (gboolean adopt);

G_END_DECLS
