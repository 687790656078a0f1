/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-rewriter.h"
#include "core/imp-data-type.h"
#include "provider/imp-filter.h"

/* A rewriter in a filter. It puts "<ID>" in the place of a match, or does what a test says. */
typedef struct _TestRewriter TestRewriter;
GType test_rewriter_get_type (void);
typedef gboolean (*MatchFunc) (TestRewriter *self, ImpDirection direction, guint id, GBytes *match,
                               gint64 offset, GError **error);

struct _TestRewriter
{
  ImpRewriter parent_instance;
  MatchFunc func;
  GString *log;
};

typedef struct
{
  const char *text;
  guint max_length; /* 0: it is a string */
} RewriterPattern;

typedef struct
{
  TestRewriter *rewriter;
  ImpFilter *filter;
  GString *output[2];
  gint64 max_held;
  guint n_logs;
} RewriterRig;

void rewriter_rig_init (RewriterRig *rig, const RewriterPattern *patterns, guint n);
void rewriter_rig_clear (RewriterRig *rig);
void rewriter_rig_add (RewriterRig *rig, ImpDirection direction, const RewriterPattern *pattern);
void rewriter_rig_push (RewriterRig *rig, ImpDirection direction, const char *data, gsize length,
                        gint32 type);
void rewriter_rig_push_text (RewriterRig *rig, const char *text);
/* Pushes the end, and waits for it. */
void rewriter_rig_finish (RewriterRig *rig, ImpDirection direction);
/* Lets the main context work for so long. */
void rewriter_rig_wait (guint milliseconds);
