/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates: whatever they are made of, a common name is one that can be taken for nothing
 * else. */
#include "fuzz.h"

#include "core/imp-clean-text-private.h"
#include "rpc/imp-certificate-names-private.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  g_autofree char *name = imp_certificate_read_common_name (data, length);
  g_autofree char *clean = NULL;

  if (name == NULL)
    return 0;
  g_assert_true (g_utf8_validate (name, -1, NULL));
  g_assert_cmpuint (strlen (name), >, 0);
  g_assert_cmpuint (strlen (name), <=, IMP_COMMON_NAME_MAX);
  clean = imp_clean_text (name, strlen (name), 0);
  g_assert_cmpstr (clean, ==, name);
  return 0;
}
