/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same work over GDBus peer to peer: a chunk is a method call, its PASS the reply. */
#pragma once

#include <gio/gio.h>

#define BENCH_DBUS_PATH "/analyzers"
#define BENCH_DBUS_INTERFACE "imp.remote.Bench"

GDBusConnection *bench_dbus_connect (int fd, GDBusConnectionFlags side);
