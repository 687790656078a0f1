/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gdbus-common.h"

#include "bench.h"

static gboolean
allow_mechanism (GDBusAuthObserver *observer, const char *mechanism, gpointer user_data)
{
  return g_str_equal (mechanism, "ANONYMOUS"); /* the one that works over TCP without a keyring */
}

/* Takes over @fd, which is tuned as every other system's. */
GDBusConnection *
bench_dbus_connect (int fd, GDBusConnectionFlags side)
{
  g_autoptr (GDBusAuthObserver) observer = g_dbus_auth_observer_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) stream = NULL;
  g_autofree char *guid = NULL;
  GDBusConnection *connection;

  if (socket == NULL)
    bench_die ("%s", error->message);
  stream = g_socket_connection_factory_create_connection (socket);
  if (side & G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER)
    guid = g_dbus_generate_guid ();
  g_signal_connect (observer, "allow-mechanism", G_CALLBACK (allow_mechanism), NULL);
  connection
    = g_dbus_connection_new_sync (G_IO_STREAM (stream), guid,
                                  side | G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_ALLOW_ANONYMOUS
                                    | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                                  observer, NULL, &error);
  if (connection == NULL)
    bench_die ("%s", error->message);
  return connection;
}
