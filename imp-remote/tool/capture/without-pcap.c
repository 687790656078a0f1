/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

static int
without_pcap_run (int argc, char **argv)
{
  return tool_error ("pcap: this program was built without libpcap (meson's option pcap), and "
                     "cannot read captures");
}

const ToolCommand tool_pcap = {
  .name = "pcap",
  .summary = "inspect a capture (not in this build)",
  .run = without_pcap_run,
};
