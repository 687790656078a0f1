/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where the packets of a direction's unsettled input begin and end: a verdict cannot cut one. A
 * packet takes a byte or two here, a stream between two packets as much. NULL where no packet was
 * fed yet. */
typedef struct _ImpBorders ImpBorders;

/* What is added begins where the last ended, unless all before it was removed. */
void imp_borders_add (ImpBorders **self, gint64 begin, gsize length, gboolean is_packet);
/* What ends at @position or before is settled. */
void imp_borders_trim (ImpBorders **self, gint64 position);
void imp_borders_clear (ImpBorders **self);
void imp_borders_free (ImpBorders *self);

/* Where the packet begins that @offset lies inside of; elsewhere @offset itself. */
gint64 imp_borders_round_down (const ImpBorders *self, gint64 offset);
/* How much memory it takes, in bytes. */
gsize imp_borders_get_size (const ImpBorders *self);

G_END_DECLS
