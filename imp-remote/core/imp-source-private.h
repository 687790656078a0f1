/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A timer in @context, to be ended with imp_source_clear(). @name is static. */
static inline GSource *
imp_source_add_timeout (GMainContext *context, guint milliseconds, const char *name,
                        GSourceFunc func, gpointer user_data)
{
  GSource *source = g_timeout_source_new (milliseconds);

  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}

/* The same for what is to be done once others had their turn, and again until it is ended. */
static inline GSource *
imp_source_add_idle (GMainContext *context, const char *name, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, context);
  return source;
}

/* Destroys the source and drops its reference, if there is one. */
static inline void
imp_source_clear (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

G_END_DECLS
