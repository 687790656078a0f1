/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-kept-input-private.h"

/* Smaller pieces are copied: each could be a slice that keeps a whole read buffer. Whoever feeds
 * the others has them anyway, as long as nothing is said of them. */
#define COPY_BELOW 4096

static ImpInputQueue *
kept_input_new (void)
{
  ImpInputQueue *self = g_new (ImpInputQueue, 1);

  imp_input_queue_init (self, COPY_BELOW);
  return self;
}

void
imp_kept_input_free (ImpInputQueue *self)
{
  imp_input_queue_clear (self);
  g_free (self);
}

gboolean
imp_kept_input_add (ImpInputQueue **kept, gsize max, ImpDirection direction, const ImpView *data,
                    gint64 offset, gint32 data_type)
{
  gsize n_bytes = *kept != NULL ? imp_input_queue_get_n_bytes (*kept) : 0;

  if (data->length > max - MIN (n_bytes, max))
    return FALSE;
  if (*kept == NULL)
    *kept = kept_input_new ();
  imp_input_queue_push_view (*kept, direction, data, offset, data_type);
  return TRUE;
}
