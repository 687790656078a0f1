/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whom a connection waits for, and why: the words of imp_relay_get_progress(), and of a connection
 * that is not relayed yet "greeting", "ask" and "connect". */
typedef struct
{
  const char *whom, *why; /* static */
  gint64 ms;              /* for how long, as far as it is known; -1: not known */
} StatusWait;

/* From a dictionary that has them. */
void status_wait_read (StatusWait *self, GVariant *dictionary);
/* Of the two directions in @progress, the one that is worse. */
StatusWait status_wait_of_progress (GVariant *progress);
/* Whether something stands still: not if all that is waited for is that somebody says more. */
gboolean status_wait_is_stall (const StatusWait *self);

G_END_DECLS
