/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-proxy-private.h"
#include "rpc/client/imp-remote-analyzer-private.h"

/* What was sent waits in the link while the server does not read. */
void
imp_remote_analyzer_find_wait (ImpAnalyzer *analyzer, ImpProxyWait *wait)
{
  ImpRemoteAnalyzer *self = (ImpRemoteAnalyzer *) analyzer;

  if (self->host == NULL)
    return;
  wait->server = self->host->name;
  if (self->host->link == NULL)
    wait->obstacle = "connect";
  else if (self->send.input != NULL || imp_link_get_queued (self->host->link) > 0)
    wait->obstacle = "send";
}
