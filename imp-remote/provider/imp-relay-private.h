/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-pump-private.h"
#include "provider/imp-relay.h"

G_BEGIN_DECLS

struct _ImpRelay
{
  GObject parent_instance;

  GIOStream *client;
  GIOStream *server;
  ImpAnalyzer *analyzer;
  ImpFilter *filter;
  ImpPump *pump;
  ImpPumpLimits limits;
  guint64 max_held;
  GTask *task;
  GSource *cancelled;
};

G_END_DECLS
