/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

static int
without_pcap_run (int argc, char **argv)
{
  static const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  const ToolOptions options = { .parameters = "", .entries = entries };
  int no_arguments = 1, status;

  /* For those who only want to know the options. */
  if (!tool_parse_options (&options, &no_arguments, &argv, &status))
    return status;
  return tool_error ("pcap: this program was built without libpcap (meson's option pcap), and "
                     "cannot read captures");
}

const ToolCommand tool_pcap = {
  .name = "pcap",
  .summary = "inspect a capture (not in this build)",
  .run = without_pcap_run,
};
