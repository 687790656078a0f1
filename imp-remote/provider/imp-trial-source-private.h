/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-trial-private.h"

G_BEGIN_DECLS

/* A source that has a trial run, piece by piece, and then calls its callback (a GSourceFunc): when
 * it is over, or nothing has happened for @timeout milliseconds. The trial, which is borrowed,
 * outlives it. */
GSource *imp_trial_source_new (ImpTrial *trial, guint timeout);

G_END_DECLS
