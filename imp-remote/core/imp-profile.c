/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-profile-private.h"

#ifdef IMP_HAVE_SYSPROF
#include <sysprof-capture.h>

gboolean imp_profile_is_on;

/* A profiler names in the environment the socket through which it gives memory for marks. */
__attribute__ ((constructor)) static void
profile_look (void)
{
  imp_profile_is_on = g_getenv ("SYSPROF_CONTROL_FD") != NULL;
}

gint64
imp_profile_get_time (void)
{
  return SYSPROF_CAPTURE_CURRENT_TIME;
}

void
imp_profile_add_mark (gint64 begin, const char *name)
{
  sysprof_collector_mark (begin, SYSPROF_CAPTURE_CURRENT_TIME - begin, "imp-remote", name, NULL);
}
#endif
