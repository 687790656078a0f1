/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* One property of an object, for the functions that are named after it. */
guint imp_property_get_uint (gpointer object, const char *name);
guint64 imp_property_get_uint64 (gpointer object, const char *name);
gint64 imp_property_get_int64 (gpointer object, const char *name);
gboolean imp_property_get_boolean (gpointer object, const char *name);
int imp_property_get_enum (gpointer object, const char *name);
char **imp_property_dup_strv (gpointer object, const char *name);
/* Of an object that the other one keeps: without a reference. */
gpointer imp_property_get_object (gpointer object, const char *name);

G_END_DECLS
