/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/config-drafts.h"

#include "tool/access-options.h"
#include "tool/metrics/metrics.h"
#include "tool/script-options.h"

void
config_drafts_begin (void)
{
  access_options_begin_draft ();
  script_options_begin_draft ();
  metrics_begin_draft ();
}

void
config_drafts_end (gboolean adopt)
{
  metrics_end_draft ();
  script_options_end_draft (adopt);
  access_options_end_draft (adopt);
}
