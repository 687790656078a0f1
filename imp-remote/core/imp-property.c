/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-property-private.h"

guint
imp_property_get_uint (gpointer object, const char *name)
{
  guint value = 0;

  g_object_get (object, name, &value, NULL);
  return value;
}

guint64
imp_property_get_uint64 (gpointer object, const char *name)
{
  guint64 value = 0;

  g_object_get (object, name, &value, NULL);
  return value;
}

gint64
imp_property_get_int64 (gpointer object, const char *name)
{
  gint64 value = 0;

  g_object_get (object, name, &value, NULL);
  return value;
}

gboolean
imp_property_get_boolean (gpointer object, const char *name)
{
  gboolean value = FALSE;

  g_object_get (object, name, &value, NULL);
  return value;
}

int
imp_property_get_enum (gpointer object, const char *name)
{
  int value = 0;

  g_object_get (object, name, &value, NULL);
  return value;
}

char **
imp_property_dup_strv (gpointer object, const char *name)
{
  char **value = NULL;

  g_object_get (object, name, &value, NULL);
  return value;
}

gpointer
imp_property_get_object (gpointer object, const char *name)
{
  g_autoptr (GObject) value = NULL;

  g_object_get (object, name, &value, NULL);
  return value;
}
