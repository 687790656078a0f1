/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/in-place.h"

#include "tool/in-place-config.h"

#include <sys/stat.h>

/* Is what was built there what runs here? A path alone would be anybody's who makes such a folder
 * on another machine. */
static gboolean
in_place_is_true (void)
{
  struct stat self, built;

  return stat ("/proc/self/exe", &self) == 0 && stat (IN_PLACE_TOOL, &built) == 0
         && self.st_dev == built.st_dev && self.st_ino == built.st_ino;
}

static void
in_place_prepend (const char *name, const char *folder)
{
  const char *others = g_getenv (name);
  g_autofree char *folders = NULL;

  /* An empty part would stand for the working directory. */
  if (others != NULL && *others != '\0')
    folders = g_strconcat (folder, G_SEARCHPATH_SEPARATOR_S, others, NULL);
  g_setenv (name, folders != NULL ? folders : folder, TRUE);
}

void
in_place_set_up_environment (void)
{
  if (!in_place_is_true ())
    return;
  g_setenv ("IMP_REMOTE_HOSTS", IN_PLACE_HOSTS, FALSE);
  if (!IN_PLACE_HAS_BINDINGS)
    return;
  in_place_prepend ("GI_TYPELIB_PATH", IN_PLACE_LIBRARY);
  in_place_prepend ("LD_LIBRARY_PATH", IN_PLACE_LIBRARY);
  in_place_prepend ("PYTHONPATH", IN_PLACE_BINDINGS);
  in_place_prepend ("GJS_PATH", IN_PLACE_BINDINGS);
  /* The source tree stays as it is. */
  g_setenv ("PYTHONDONTWRITEBYTECODE", "1", FALSE);
}
