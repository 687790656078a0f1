/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/pcap-progress.h"

#include <stdio.h>
#include <unistd.h>

#define INTERVAL (G_USEC_PER_SEC / 4)
#define MIB (1024.0 * 1024.0)

void
pcap_progress_begin (PcapProgress *self)
{
  self->is_shown = isatty (STDERR_FILENO);
  self->begin = g_get_monotonic_time ();
  self->last = self->begin - INTERVAL;
}

void
pcap_progress_update (PcapProgress *self, guint64 position, guint64 size, guint n_connections)
{
  const gint64 now = self->is_shown ? g_get_monotonic_time () : 0;
  g_autofree char *share = NULL;

  if (!self->is_shown || now - self->last < INTERVAL)
    return;
  self->last = now;
  self->is_visible = TRUE;
  share = size > 0
            ? g_strdup_printf ("%3d %% of %.0f MiB", (int) (100.0 * position / size), size / MIB)
            : g_strdup_printf ("%.0f MiB", position / MIB);
  fprintf (stderr, "\r\033[K%s, %.0f MB/s, %u connections", share,
           position / (gdouble) MAX (now - self->begin, 1), n_connections);
  fflush (stderr);
}

void
pcap_progress_hide (PcapProgress *self)
{
  if (!self->is_visible)
    return;
  self->is_visible = FALSE;
  fputs ("\r\033[K", stderr);
  fflush (stderr);
}
