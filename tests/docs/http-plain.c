/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that has HTTP read, and changes nothing. */
#include <imp-remote.h>

GType
imp_module_query (void)
{
  return IMP_TYPE_HTTP_ANALYZER;
}
