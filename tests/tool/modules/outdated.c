/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module as it would be built with other headers: its symbol says another version. Whoever calls
 * it in spite of that does not live to tell. */
#include <imp-remote.h>
#include <stdlib.h>

GType outdated_query (void) __asm__("imp_module_query_abi_7")
  __attribute__ ((visibility ("default")));

GType
outdated_query (void)
{
  abort ();
}
