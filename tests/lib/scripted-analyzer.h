/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"

/* An analyzer whose answers to data are a function. */
typedef struct _ScriptedAnalyzer ScriptedAnalyzer;
typedef void (*ScriptedAnalyzerFunc) (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data);

struct _ScriptedAnalyzer
{
  ImpAnalyzer parent_instance;
  ScriptedAnalyzerFunc func;
  gint64 fed[2];
  guint busy; /* bit per direction */
};

ImpAnalyzer *scripted_analyzer_new (ScriptedAnalyzerFunc func);
/* One answer: passes what was fed. */
void scripted_analyzer_pass_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data);
