/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-cascade.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "mock-analyzer.h"

G_BEGIN_DECLS

#define CASCADE_RIG_PARTS 3

/* A cascade of mocks; what it says is written down: "pass0@3 replace0@5=abc sender0=x". */
typedef struct
{
  MockAnalyzer *mocks[CASCADE_RIG_PARTS];
  ImpAnalyzer *parts[CASCADE_RIG_PARTS]; /* the same */
  guint n;
  ImpFactory *factory;
  ImpAnalyzer *cascade;
  GString *log;
  void (*on_result) (gpointer rig); /* called with the next result, once */
} CascadeRig;

/* A factory that gives @analyzer, once; takes it. NULL: an error that says @failure. */
ImpFactory *cascade_rig_factory_new (ImpAnalyzer *analyzer, const char *failure);

/* Of @n parts, each of which does what @func does. */
CascadeRig *cascade_rig_new (guint n, MockFunc func);
/* Closes it, and checks that all parts are closed, once, and gone. */
void cascade_rig_free (CascadeRig *self);
/* The results come to the thread that calls this. */
void cascade_rig_listen (CascadeRig *self);
/* What was written down since the last time. */
void cascade_rig_expect (CascadeRig *self, const char *expected);
void cascade_rig_feed (CascadeRig *self, ImpDirection direction, const char *text,
                       const char *expected);
void cascade_rig_feed_at (CascadeRig *self, ImpDirection direction, const char *text, gint64 offset,
                          gint32 data_type, const char *expected);
void cascade_rig_replace (CascadeRig *self, guint part, ImpDirection direction, gint64 offset,
                          const char *text);
void cascade_rig_send_back (CascadeRig *self, guint part, ImpDirection direction, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CascadeRig, cascade_rig_free)

G_END_DECLS
