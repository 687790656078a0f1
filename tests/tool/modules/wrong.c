/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that gives a type which is none of ours. */
#include <imp-remote.h>

GType
imp_module_query (void)
{
  return G_TYPE_OBJECT;
}
