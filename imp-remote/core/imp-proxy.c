/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-proxy-private.h"

const char *
imp_proxy_peek_name (ImpAnalyzer *analyzer)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;
  const char *name = proxy != NULL ? proxy->peek_name (analyzer) : NULL;

  return name != NULL ? name : G_OBJECT_TYPE_NAME (analyzer);
}
