/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-module-private.h"

#include "core/imp-error.h"

#include <gmodule.h>

gboolean
imp_module_is_object (const char *path)
{
  return g_str_has_suffix (path, ".so");
}

/* A name without a slash would be looked for in the system's folders. */
static char *
module_object_get_file (const char *path)
{
  return g_path_is_absolute (path) ? g_strdup (path) : g_build_filename (".", path, NULL);
}

static void
module_object_set_load_error (GError **error, const char *path)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is no module file \"%s\"", path);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "The module \"%s\" cannot be loaded: %s", path,
                 g_module_error ());
}

GType
imp_module_load_object (const char *path, GError **error)
{
  g_autofree char *file = module_object_get_file (path);
  GModule *module = g_module_open (file, G_MODULE_BIND_LOCAL);
  GType (*query) (void) = NULL;
  gpointer symbol = NULL;
  GType type;

  if (module == NULL)
    {
      module_object_set_load_error (error, path);
      return G_TYPE_INVALID;
    }

  /* Types cannot be unregistered. */
  g_module_make_resident (module);
  if (!g_module_symbol (module, "imp_module_query", &symbol) || symbol == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "The module \"%s\" does not define imp_module_query()", path);
      return G_TYPE_INVALID;
    }

  query = (GType (*) (void)) symbol;
  type = query ();
  if ((g_type_is_a (type, IMP_TYPE_FACTORY) || g_type_is_a (type, IMP_TYPE_ANALYZER))
      && !G_TYPE_IS_ABSTRACT (type))
    return type;

  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "The module \"%s\" gives the type %s, which is no class of factories or analyzers "
               "that can be instantiated",
               path, type == G_TYPE_INVALID ? "(none)" : g_type_name (type));
  return G_TYPE_INVALID;
}
