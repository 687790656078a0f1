/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A server for a process of its own, to be killed and stopped: it listens at @address, says "ready"
 * on standard output, and never returns. Its analyzers pass the first 5 bytes from the client; if
 * their context has "promise", they promise to replace 5 to 11 first. */
int test_child_run (const char *address);
