/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether a key belongs to its certificate: GIO does not say so, and a server that has them wrong
 * would lose all of its clients. So a handshake is made with them, within this process. */
typedef struct _ImpTlsTrial ImpTlsTrial;

/* @error: NULL if they do. */
typedef void (*ImpTlsTrialFunc) (const GError *error, gpointer user_data);

/* NULL with an error if it cannot even begin. @func comes once, from @context. */
ImpTlsTrial *imp_tls_trial_start (GTlsCertificate *certificate, GMainContext *context,
                                  ImpTlsTrialFunc func, gpointer user_data, GError **error);
/* @func is not called any more. Not after it was called. */
void imp_tls_trial_cancel (ImpTlsTrial *self);

/* The same, and waits for it; it takes some milliseconds. */
gboolean imp_tls_trial_run (GTlsCertificate *certificate, GError **error);

G_END_DECLS
