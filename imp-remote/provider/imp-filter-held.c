/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-private.h"
#include "provider/imp-filter-object-private.h"
#include "provider/imp-filter-private.h"

/* Nobody pays for what nobody has connected to. */
static void
filter_held_notify (gpointer object, GParamSpec *spec)
{
  if (g_signal_has_handler_pending (object, g_signal_lookup ("notify", G_TYPE_OBJECT),
                                    g_quark_from_static_string ("held-bytes"), FALSE))
    g_object_notify_by_pspec (object, spec);
}

void
imp_filter_notify_held (ImpFilter *self, GParamSpec *spec)
{
  gint64 held = imp_flow_get_held (self->flows[0]) + imp_flow_get_held (self->flows[1]);

  if (G_LIKELY (held == self->notified_held))
    return;
  self->notified_held = held;
  filter_held_notify (self, spec);
  if (self->held_owner != NULL)
    filter_held_notify (self->held_owner, self->held_spec);
}

void
imp_filter_set_held_owner (ImpFilter *self, GObject *owner, GParamSpec *spec)
{
  self->held_owner = owner;
  self->held_spec = spec;
}
