/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pinning-factory.h"

/* An analyzer of the module protocol-pinning, and all that it says but WANT: "pass 0 4;
 * pass 1 max; deny 0 REASON". */
typedef struct
{
  ImpAnalyzer *analyzer;
  GString *said;
  gint64 fed[2];
  gint64 passed[2]; /* of what was fed; all of it after "max" */
  gint64 wanted[2];
  gboolean done[2];
  gboolean paused[2];
  char *refused; /* by DENY: "deny REASON", by FATAL: "fatal REASON" */
} PinningRig;

PinningRig *pinning_rig_new (ImpFactory *factory);
PinningRig *pinning_rig_new_for_settings (const char *settings);
void pinning_rig_free (PinningRig *self);
void pinning_rig_feed (PinningRig *self, ImpDirection direction, const char *data, gsize length,
                       gint32 type);
/* "0:text", a piece of a stream from the client; "1!text", a packet from the server; "0.", the end;
 * with "|" between. */
void pinning_rig_play (PinningRig *self, const char *script);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PinningRig, pinning_rig_free)
