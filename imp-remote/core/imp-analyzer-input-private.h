/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways in which a plugin can take a piece of input: it has one of three functions for that. */
#pragma once

#include "core/imp-analyzer.h"
#include "core/imp-profile-private.h"
#include "core/imp-view-private.h"

G_BEGIN_DECLS

static inline gboolean
imp_analyzer_call_bytes (ImpAnalyzer *self, ImpAnalyzerClass *klass, ImpDirection direction,
                         const ImpView *view, gint64 offset, gint32 data_type, GError **error)
{
  /* To bindings no array at all is something else than an empty one. */
  const guint8 *data = view->length > 0 ? view->data : (const guint8 *) "";

  return klass->bytes (self, direction, data, view->length, offset, data_type, error);
}

static inline gboolean
imp_analyzer_call_any (ImpAnalyzer *self, ImpAnalyzerClass *klass, ImpDirection direction,
                       const ImpView *view, gint64 offset, gint32 data_type, GError **error)
{
  gboolean done;
  GBytes *bytes;

  if (klass->data == NULL && klass->bytes != NULL)
    return imp_analyzer_call_bytes (self, klass, direction, view, offset, data_type, error);
  if (klass->data == NULL)
    return klass->view != NULL && klass->view (self, direction, view, offset, data_type, error);
  if (view->bytes != NULL)
    return klass->data (self, direction, view->bytes, offset, data_type, error);
  bytes = imp_view_ref_bytes (view);
  done = klass->data (self, direction, bytes, offset, data_type, error);
  g_bytes_unref (bytes);
  return done;
}

/* Calls the plugin, by the one of the three that it has. */
static inline gboolean
imp_analyzer_call_input (ImpAnalyzer *self, ImpAnalyzerClass *klass, ImpDirection direction,
                         const ImpView *view, gint64 offset, gint32 data_type, GError **error)
{
  const gint64 begin = imp_profile_begin ();
  const gboolean done = imp_analyzer_call_any (self, klass, direction, view, offset, data_type,
                                               error);

  imp_profile_end (begin, "plugin");
  return done;
}

/* That one, as an error calls it. */
static inline const char *
imp_analyzer_name_input (const ImpAnalyzerClass *klass)
{
  if (klass->data != NULL || (klass->bytes == NULL && klass->view == NULL))
    return "data";
  return klass->bytes != NULL ? "bytes" : "view";
}

G_END_DECLS
