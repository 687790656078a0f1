/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-stall-timer-private.h"

#include "core/imp-source-private.h"

/* So often it looks within the time that there is. */
#define LOOKS 4

void
imp_stall_timer_stop (ImpStallTimer *self)
{
  imp_source_clear (&self->source);
}

/* Only what was there at the last look as well has been there for all of the time between. */
static void
stall_timer_look (ImpStallTimer *self)
{
  guint64 n = 0;
  gboolean has_begun = self->funcs->look (self->owner, &n);

  if (has_begun && self->has_begun && n == self->n)
    self->n_same++;
  else
    self->n_same = 0;
  self->has_begun = has_begun;
  self->n = n;
}

static gboolean
stall_timer_on_look (gpointer user_data)
{
  ImpStallTimer *self = user_data;

  stall_timer_look (self);
  if (self->n_same < LOOKS)
    return G_SOURCE_CONTINUE;
  imp_stall_timer_stop (self);
  self->funcs->stalled (self->owner);
  return G_SOURCE_REMOVE;
}

void
imp_stall_timer_start (ImpStallTimer *self, GMainContext *context, guint milliseconds,
                       const ImpStallFuncs *funcs, gpointer owner)
{
  g_assert (self->source == NULL);
  *self = (ImpStallTimer){ .funcs = funcs, .owner = owner };
  stall_timer_look (self);
  self->source = imp_source_add_timeout (context, MAX (milliseconds / LOOKS, 1), "imp stall timer",
                                         stall_timer_on_look, self);
}
