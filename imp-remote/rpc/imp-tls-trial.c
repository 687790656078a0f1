/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-tls-trial-private.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct _ImpTlsTrial
{
  GTlsConnection *ends[2]; /* client, server */
  GCancellable *cancellable;
  guint n_running;
  GError *error;        /* the client's, if it has one: the server's is about that */
  ImpTlsTrialFunc func; /* NULL: cancelled */
  gpointer user_data;
};

static void
tls_trial_free (ImpTlsTrial *self)
{
  for (guint i = 0; i < 2; i++)
    g_clear_object (&self->ends[i]);
  g_object_unref (self->cancellable);
  g_clear_error (&self->error);
  g_free (self);
}

static void
tls_trial_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpTlsTrial *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error))
    {
      g_cancellable_cancel (self->cancellable);
      if (self->error == NULL || source == G_OBJECT (self->ends[0]))
        {
          g_clear_error (&self->error);
          self->error = g_steal_pointer (&error);
        }
    }
  if (--self->n_running > 0)
    return;
  if (self->func != NULL)
    self->func (self->error, self->user_data);
  tls_trial_free (self);
}

static gboolean
tls_trial_on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
                          GTlsCertificateFlags errors, gpointer user_data)
{
  /* Whoever it is for. */
  return TRUE;
}

static GIOStream *
tls_trial_wrap (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);

  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static gboolean
tls_trial_open (ImpTlsTrial *self, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GIOStream) client = NULL, server = NULL;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "socketpair: %s",
                   g_strerror (code));
      return FALSE;
    }
  client = tls_trial_wrap (fds[0], error);
  if (client == NULL)
    {
      close (fds[1]);
      return FALSE;
    }
  server = tls_trial_wrap (fds[1], error);
  if (server == NULL)
    return FALSE;
  self->ends[0] = G_TLS_CONNECTION (g_tls_client_connection_new (client, NULL, error));
  if (self->ends[0] == NULL)
    return FALSE;
  self->ends[1] = G_TLS_CONNECTION (g_tls_server_connection_new (server, certificate, error));
  g_signal_connect (self->ends[0], "accept-certificate", G_CALLBACK (tls_trial_on_certificate),
                    NULL);
  return self->ends[1] != NULL;
}

ImpTlsTrial *
imp_tls_trial_start (GTlsCertificate *certificate, GMainContext *context, ImpTlsTrialFunc func,
                     gpointer user_data, GError **error)
{
  ImpTlsTrial *self = g_new0 (ImpTlsTrial, 1);

  self->cancellable = g_cancellable_new ();
  self->func = func;
  self->user_data = user_data;
  if (!tls_trial_open (self, certificate, error))
    {
      tls_trial_free (self);
      return NULL;
    }
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 2; i++)
    {
      self->n_running++;
      g_tls_connection_handshake_async (self->ends[i], G_PRIORITY_DEFAULT, self->cancellable,
                                        tls_trial_on_done, self);
    }
  g_main_context_pop_thread_default (context);
  return self;
}

void
imp_tls_trial_cancel (ImpTlsTrial *self)
{
  self->func = NULL;
  g_cancellable_cancel (self->cancellable);
}

typedef struct
{
  gboolean done;
  GError *error;
} TrialOutcome;

static void
tls_trial_on_outcome (const GError *error, gpointer user_data)
{
  TrialOutcome *outcome = user_data;

  outcome->error = error != NULL ? g_error_copy (error) : NULL;
  outcome->done = TRUE;
}

gboolean
imp_tls_trial_run (GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  TrialOutcome outcome = { FALSE, NULL };

  if (imp_tls_trial_start (certificate, context, tls_trial_on_outcome, &outcome, error) == NULL)
    return FALSE;
  while (!outcome.done)
    g_main_context_iteration (context, TRUE);
  if (outcome.error != NULL)
    g_propagate_error (error, outcome.error);
  return outcome.error == NULL;
}
