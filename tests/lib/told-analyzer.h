/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"

/* An analyzer whose answers to data are a function. */
typedef struct _Told Told;
typedef void (*ToldFunc) (Told *self, ImpDirection direction, GBytes *data);

struct _Told
{
  ImpAnalyzer parent_instance;
  ToldFunc func;
  gint64 fed[2];
  guint busy; /* bit per direction */
};

ImpAnalyzer *told_new (ToldFunc func);
/* One answer: passes what was fed. */
void told_pass_all (Told *self, ImpDirection direction, GBytes *data);
