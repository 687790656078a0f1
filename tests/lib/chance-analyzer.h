/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"

/* An analyzer that answers when and what it likes, and knows what must come out because of that. */
typedef struct
{
  ImpAnalyzer parent_instance;
  GByteArray *input[2];    /* all that was fed */
  GByteArray *expected[2]; /* what must come out, by direction */
  gint64 settled[2];
  gboolean ended[2];
  gboolean paused[2];
  gboolean sends_back; /* only where nothing gets busy: else it may overtake what has to wait */
  guint timer;
} ChanceAnalyzer;

ChanceAnalyzer *chance_analyzer_new (void);

/* Faults of a stream that lose nothing, or NULL; to be freed. */
char *chance_faults (void);
