/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The other end of a control socket. All of it blocks, for so many seconds at most. */
typedef struct _ControlClient ControlClient;

/* NULL with an error: %IMP_ERROR_SETTINGS if @address is no unix socket's, %IMP_ERROR_DENIED if
 * whoever listens there is neither this user nor root. */
ControlClient *control_client_new (const char *address, guint timeout, GError **error);
void control_client_free (ControlClient *self);

/* Sends the request, which is taken, and waits for the answer; NULL with an error if that says that
 * it has failed. */
JsonObject *control_client_call (ControlClient *self, JsonObject *request, GError **error);
/* The two halves of it, for those who receive in their own way. */
gboolean control_client_send (ControlClient *self, JsonObject *request, GError **error);
JsonObject *control_client_receive (ControlClient *self, GError **error);

GSocketConnection *control_client_get_connection (ControlClient *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ControlClient, control_client_free)

G_END_DECLS
