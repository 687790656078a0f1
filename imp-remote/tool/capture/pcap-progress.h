/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How far it is, for whoever looks at a terminal: one line on standard error, which is gone at the
 * end. Nothing where that is no terminal. */
typedef struct
{
  gboolean is_shown;
  gboolean is_visible; /* the line is there now */
  gint64 begin;        /* monotonic, in us, as the following */
  gint64 last;
} PcapProgress;

void pcap_progress_begin (PcapProgress *self);
/* @size: 0 if it is not known. */
void pcap_progress_update (PcapProgress *self, guint64 position, guint64 size, guint n_connections);
/* Until the next update: something else is printed, or it is over. */
void pcap_progress_hide (PcapProgress *self);

G_END_DECLS
