/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/workers/worker-report.h"

#include "core/imp-source-private.h"
#include "tool/server-load.h"
#include "tool/service.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MESSAGE_MAX 4096
/* Milliseconds between two looks. */
#define INTERVAL 500
/* Messages that are read at once. */
#define RECEIVE_MAX 16
#define FREE_KEY "X_IMP_FREE="
#define CLIENTS_KEY "X_IMP_CLIENTS="

/* --- read --- */

static void
worker_report_take_number (const char *line, const char *key, guint max, guint *number)
{
  guint64 value;

  if (g_str_has_prefix (line, key)
      && g_ascii_string_to_unsigned (line + strlen (key), 10, 0, max, &value, NULL))
    *number = (guint) value;
}

static void
worker_report_take (WorkerReport *report, const char *message)
{
  g_auto (GStrv) lines = g_strsplit (message, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      worker_report_take_number (*line, FREE_KEY, 100, &report->free_percent);
      worker_report_take_number (*line, CLIENTS_KEY, G_MAXINT, &report->clients);
      report->ready = report->ready || g_str_equal (*line, "READY=1");
    }
}

gboolean
worker_report_receive (int fd, WorkerReport *report)
{
  for (guint i = 0; i < RECEIVE_MAX; i++)
    {
      char message[MESSAGE_MAX + 1];
      const gssize length = recv (fd, message, MESSAGE_MAX, MSG_DONTWAIT);

      if (length < 0)
        return errno == EAGAIN || errno == EINTR;
      if (length == 0)
        return FALSE;
      message[length] = '\0';
      worker_report_take (report, message);
    }
  return TRUE;
}

/* --- written --- */

typedef struct
{
  ImpServer *server;
  guint free_percent, clients;
} WorkerReporter;

static guint
worker_report_count_clients (ImpServer *server)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (server);
  guint64 handshakes = 0;

  g_variant_lookup (statistics, "live-handshakes", "t", &handshakes);
  return imp_server_get_n_connections (server) + (guint) handshakes;
}

static gboolean
worker_report_on_timer (gpointer user_data)
{
  WorkerReporter *self = user_data;
  const guint free_percent = server_load_get_free (self->server);
  const guint clients = worker_report_count_clients (self->server);
  g_autofree char *message = NULL;

  if (free_percent == self->free_percent && clients == self->clients)
    return G_SOURCE_CONTINUE;
  self->free_percent = free_percent;
  self->clients = clients;
  message = g_strdup_printf (FREE_KEY "%u\n" CLIENTS_KEY "%u", free_percent, clients);
  service_notify (message);
  return G_SOURCE_CONTINUE;
}

static void
worker_reporter_free (gpointer user_data)
{
  WorkerReporter *self = user_data;

  g_object_unref (self->server);
  g_free (self);
}

void
worker_report_start (ImpServer *server)
{
  WorkerReporter *self = g_new0 (WorkerReporter, 1);

  self->server = g_object_ref (server);
  worker_report_on_timer (self);
  g_timeout_add_full (G_PRIORITY_DEFAULT, INTERVAL, worker_report_on_timer, self,
                      worker_reporter_free);
}
