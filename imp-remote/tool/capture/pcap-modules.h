/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/capture.h"

G_BEGIN_DECLS

/* Loads the modules, and finds out what they work with. FALSE, with the program's status and a
 * line on standard error, if they cannot be used. */
gboolean pcap_modules_load (Capture *capture, const char *const *modules, int *status);

G_END_DECLS
