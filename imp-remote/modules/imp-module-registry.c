/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-module-registry-private.h"

#include "core/imp-error.h"
#include "modules/imp-module-private.h"
#include "modules/imp-modules-config.h"

#include <string.h>

#define OBJECT_SUFFIX ".so"
/* Those of the library come first. */
#define STOCK_PRIORITY 1000

static GQuark
module_registry_summary_quark (void)
{
  return g_quark_from_static_string ("imp-module-summary");
}

static GIOExtensionPoint *
module_registry_get_point (void)
{
  return g_io_extension_point_register (IMP_MODULE_EXTENSION_POINT_NAME);
}

void
imp_module_registry_add (const char *name, GType type, const char *summary, gboolean is_stock)
{
  module_registry_get_point ();
  g_type_set_qdata (type, module_registry_summary_quark (), g_strdup (summary));
  g_io_extension_point_implement (IMP_MODULE_EXTENSION_POINT_NAME, type, name,
                                  is_stock ? STOCK_PRIORITY : 0);
}

gboolean
imp_module_registry_has_type (GType type)
{
  return g_type_get_qdata (type, module_registry_summary_quark ()) != NULL;
}

/* --- the folder of installed modules --- */

static const char *
module_registry_get_folder (void)
{
  const char *folder = g_getenv ("IMP_REMOTE_MODULES");

  return folder != NULL ? folder : IMP_MODULES_DIR;
}

gboolean
imp_module_registry_is_name (const char *name)
{
  return *name != '\0' && *name != '.' && strpbrk (name, "/=&\n") == NULL
         && g_utf8_validate (name, -1, NULL);
}

static char *
module_registry_find_file (const char *name)
{
  g_autofree char *file = g_strconcat (name, OBJECT_SUFFIX, NULL);
  g_autofree char *path = g_build_filename (module_registry_get_folder (), file, NULL);

  if (!imp_module_registry_is_name (name) || !g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return NULL;
  return g_canonicalize_filename (path, NULL);
}

static void
module_registry_list_folder (GHashTable *names)
{
  g_autoptr (GDir) folder = g_dir_open (module_registry_get_folder (), 0, NULL);
  const char *file;

  while (folder != NULL && (file = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *name = g_str_has_suffix (file, OBJECT_SUFFIX)
                                ? g_strndup (file, strlen (file) - strlen (OBJECT_SUFFIX))
                                : g_strdup ("");

      if (imp_module_registry_is_name (name))
        g_hash_table_add (names, g_steal_pointer (&name));
    }
}

/* --- both --- */

static int
module_registry_compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

GStrv
imp_module_registry_list (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  for (GList *l = g_io_extension_point_get_extensions (module_registry_get_point ()); l != NULL;
       l = l->next)
    g_hash_table_add (names, g_strdup (g_io_extension_get_name (l->data)));
  module_registry_list_folder (names);

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (sorted, g_strdup (name));
  g_ptr_array_sort (sorted, module_registry_compare);
  g_ptr_array_add (sorted, NULL);
  return (GStrv) g_ptr_array_free (sorted, FALSE);
}

static GType
module_registry_use_extension (GIOExtension *extension, char **summary, GError **error)
{
  GType type = g_io_extension_get_type (extension);
  const char *known = g_type_get_qdata (type, module_registry_summary_quark ());

  if (!imp_module_is_usable_type (type))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "The module \"%s\" is the type %s, which is no class of factories or analyzers "
                   "that can be instantiated",
                   g_io_extension_get_name (extension), g_type_name (type));
      return G_TYPE_INVALID;
    }
  *summary = known != NULL ? g_strdup (known)
                           : g_strdup_printf ("%s, of this program", g_type_name (type));
  return type;
}

GType
imp_module_registry_find (const char *name, char **summary, GError **error)
{
  GIOExtension *extension
    = g_io_extension_point_get_extension_by_name (module_registry_get_point (), name);
  g_autofree char *path = NULL;
  GType type;

  if (extension != NULL)
    return module_registry_use_extension (extension, summary, error);
  path = module_registry_find_file (name);
  if (path == NULL)
    return G_TYPE_INVALID;
  type = imp_module_load_object (path, error);
  if (type != G_TYPE_INVALID)
    *summary = g_strdup_printf ("a module in C, %s", path);
  return type;
}
