/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-module-private.h"

#include "core/imp-error.h"

#include <gmodule.h>

#define SYMBOL_PREFIX "imp_module_query_abi_"
/* How far versions are looked for, to say which one a module has. */
#define MAX_VERSION 99

gboolean
imp_module_is_object (const char *path)
{
  return g_str_has_suffix (path, ".so");
}

gboolean
imp_module_is_usable_type (GType type)
{
  return (g_type_is_a (type, IMP_TYPE_FACTORY) || g_type_is_a (type, IMP_TYPE_ANALYZER))
         && !G_TYPE_IS_ABSTRACT (type);
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

/* Its name has the version in it, so that no code of a module runs that expects another one. */
static gpointer
module_object_find_query (GModule *module, guint version)
{
  g_autofree char *name = g_strdup_printf (SYMBOL_PREFIX "%u", version);
  gpointer symbol = NULL;

  return g_module_symbol (module, name, &symbol) ? symbol : NULL;
}

static void
module_object_set_version_error (GError **error, const char *path, GModule *module)
{
  for (guint version = 0; version <= MAX_VERSION; version++)
    if (module_object_find_query (module, version) != NULL)
      {
        g_set_error (error, IMP_ERROR, IMP_ERROR_VERSION,
                     "The module \"%s\" was built for version %u of the interface of modules, and "
                     "this library has version %u: it must be built again",
                     path, version, IMP_MODULE_ABI_VERSION);
        return;
      }
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "The module \"%s\" does not define imp_module_query() as imp-remote.h declares it",
               path);
}

static GType
module_object_query (GModule *module, const char *path, GError **error)
{
  GType (*query) (void) = (GType (*) (void)) module_object_find_query (module,
                                                                       IMP_MODULE_ABI_VERSION);
  GType type;

  if (query == NULL)
    {
      module_object_set_version_error (error, path, module);
      return G_TYPE_INVALID;
    }
  type = query ();
  if (imp_module_is_usable_type (type))
    return type;
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "The module \"%s\" gives the type %s, which is no class of factories or analyzers "
               "that can be instantiated",
               path, type == G_TYPE_INVALID ? "(none)" : g_type_name (type));
  return G_TYPE_INVALID;
}

GType
imp_module_load_object (const char *path, GError **error)
{
  g_autofree char *file = module_object_get_file (path);
  GModule *module = g_module_open (file, G_MODULE_BIND_LOCAL);

  if (module == NULL)
    {
      module_object_set_load_error (error, path);
      return G_TYPE_INVALID;
    }

  /* Types cannot be unregistered. */
  g_module_make_resident (module);
  return module_object_query (module, path, error);
}
