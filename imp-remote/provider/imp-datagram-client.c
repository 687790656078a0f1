/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-datagram-client-private.h"

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-log-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a packet that is held takes besides its bytes, so that small ones are no way around the
 * limits. */
#define PACKET_OVERHEAD 192

const char *const imp_datagram_counter_names[IMP_DATAGRAM_N_COUNTERS] = {
  [IMP_DATAGRAM_CLIENTS_SEEN] = "clients-seen",
  [IMP_DATAGRAM_CLIENTS_REFUSED] = "clients-refused",
  [IMP_DATAGRAM_CLIENTS_EVICTED] = "clients-evicted",
  [IMP_DATAGRAM_CLIENTS_DENIED] = "clients-denied",
  [IMP_DATAGRAM_CLIENTS_FAILED] = "clients-failed",
  [IMP_DATAGRAM_FROM_CLIENTS] = "packets-from-clients",
  [IMP_DATAGRAM_FROM_SERVER] = "packets-from-server",
  [IMP_DATAGRAM_TO_SERVER] = "packets-to-server",
  [IMP_DATAGRAM_TO_CLIENTS] = "packets-to-clients",
  [IMP_DATAGRAM_EMPTY] = "packets-empty",
  [IMP_DATAGRAM_DROPPED_CLIENT] = "dropped-client",
  [IMP_DATAGRAM_DROPPED_HELD] = "dropped-held",
  [IMP_DATAGRAM_DROPPED_PAUSED] = "dropped-paused",
  [IMP_DATAGRAM_DROPPED_CUT] = "dropped-cut",
  [IMP_DATAGRAM_DROPPED_SENDING] = "dropped-sending",
  [IMP_DATAGRAM_UNREACHABLE] = "server-unreachable",
};

static void
datagram_client_count (ImpDatagramClient *self, ImpDatagramCounter counter)
{
  self->common->counters[counter]++;
}

/* --- what is held --- */

static void
datagram_client_set_cost (ImpDatagramClient *self, guint64 cost)
{
  self->common->held = self->common->held - self->cost + cost;
  self->cost = cost;
}

void
imp_datagram_client_update_cost (ImpDatagramClient *self)
{
  guint64 cost = 0;

  if (self->filter != NULL)
    cost = imp_filter_get_held (self->filter, IMP_DIRECTION_FROM_CLIENT)
           + imp_filter_get_held (self->filter, IMP_DIRECTION_FROM_SERVER)
           + (guint64) imp_filter_get_n_held (self->filter) * PACKET_OVERHEAD;
  if (self->kept != NULL)
    cost += g_bytes_get_size (self->kept) + PACKET_OVERHEAD;
  datagram_client_set_cost (self, cost);
}

static gboolean
datagram_client_fits (ImpDatagramClient *self, gsize length)
{
  guint64 more = length + PACKET_OVERHEAD;

  return more <= self->common->max_held && self->cost <= self->common->max_held - more
         && more <= self->common->max_held_total
         && self->common->held <= self->common->max_held_total - more;
}

/* Packets that were taken away since the last count have left without a word. */
static gboolean
datagram_client_has_room (ImpDatagramClient *self, gsize length)
{
  if (datagram_client_fits (self, length))
    return TRUE;
  imp_datagram_client_update_cost (self);
  return datagram_client_fits (self, length);
}

/* --- sending --- */

/* Each address of the server is tried once, until one of them has answered. */
static gboolean
datagram_client_may_move (ImpDatagramClient *self)
{
  return !self->is_answered
         && self->n_moves + 1 < imp_datagram_target_get_n_addresses (self->common->target);
}

/* What goes out may come to an address at which nobody listens. */
static void
datagram_client_keep (ImpDatagramClient *self, const guint8 *data, gsize length)
{
  const gboolean may_move = datagram_client_may_move (self);

  if (self->kept == NULL && !may_move)
    return;
  g_clear_pointer (&self->kept, g_bytes_unref);
  imp_datagram_client_update_cost (self);
  if (!may_move || !datagram_client_fits (self, length))
    return;
  self->kept = g_bytes_new (data, length);
  imp_datagram_client_update_cost (self);
}

static void
datagram_client_note_answered (ImpDatagramClient *self)
{
  self->is_answered = TRUE;
  if (self->kept == NULL)
    return;
  g_clear_pointer (&self->kept, g_bytes_unref);
  imp_datagram_client_update_cost (self);
}

/* With a new socket that is watched. */
static int
datagram_client_connect (ImpDatagramClient *self, GError **error)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = self };
  int fd = imp_datagram_target_connect (self->common->target, &self->target_index, error);

  if (fd < 0 || epoll_ctl (self->common->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
    return fd;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "The server's socket cannot be watched: %s", g_strerror (errno));
  close (fd);
  return -1;
}

static gboolean
datagram_client_move (ImpDatagramClient *self)
{
  int fd;

  if (!datagram_client_may_move (self))
    return FALSE;
  self->n_moves++;
  fd = datagram_client_connect (self, NULL);
  if (fd < 0)
    return FALSE;
  close (self->fd);
  self->fd = fd;
  return TRUE;
}

/* What a machine on the way has said of one that was sent before. */
static gboolean
datagram_is_unreachable (int number)
{
  return number == ECONNREFUSED || number == EHOSTUNREACH || number == ENETUNREACH
         || number == EHOSTDOWN || number == EPROTO;
}

/* The packet that was lost by that goes to the next address, if there are several. */
static void
datagram_client_note_unreachable (ImpDatagramClient *self)
{
  int number = 0;

  do
    {
      datagram_client_count (self, IMP_DATAGRAM_UNREACHABLE);
      imp_datagram_target_note_refused (self->common->target, self->target_index);
      if (!datagram_client_move (self))
        return;
      if (self->kept != NULL)
        number = imp_datagram_send (self->fd, NULL, g_bytes_get_data (self->kept, NULL),
                                    g_bytes_get_size (self->kept));
    }
  while (datagram_is_unreachable (number));
}

static int
datagram_client_send_to_server (ImpDatagramClient *self, const guint8 *data, gsize length)
{
  int number = imp_datagram_send (self->fd, NULL, data, length);

  if (!datagram_is_unreachable (number))
    return number;
  /* That took the error away, and sent nothing. */
  datagram_client_note_unreachable (self);
  return imp_datagram_send (self->fd, NULL, data, length);
}

/* Nobody is told of a datagram that is lost, here as anywhere else on its way. */
static void
datagram_client_note_unsent (ImpDatagramClient *self, ImpDirection direction, gsize length,
                             int number)
{
  guint64 n = imp_log_limit_note (&self->common->failures);
  g_autofree char *host = NULL;

  datagram_client_count (self, IMP_DATAGRAM_DROPPED_SENDING);
  if (n == 0)
    return;
  host = imp_datagram_path_get_host (&self->path);
  imp_log_kind (IMP_LOG_DATAGRAM_FAILED,
                "A packet of %" G_GSIZE_FORMAT
                " bytes %s %s port %u cannot be sent: %s (%" G_GUINT64_FORMAT
                " such since the last message)",
                length, direction == IMP_DIRECTION_FROM_CLIENT ? "of" : "for", host,
                ntohs (self->path.port), g_strerror (number), n);
}

static void
datagram_client_forward (ImpDatagramClient *self, ImpDirection direction, const guint8 *data,
                         gsize length)
{
  int number;

  self->has_asked = direction == IMP_DIRECTION_FROM_CLIENT;
  if (self->has_asked)
    {
      number = datagram_client_send_to_server (self, data, length);
      datagram_client_keep (self, data, length);
    }
  else
    number = imp_datagram_send (self->common->listener, &self->path, data, length);
  if (number != 0)
    datagram_client_note_unsent (self, direction, length, number);
  else
    datagram_client_count (self, direction == IMP_DIRECTION_FROM_CLIENT ? IMP_DATAGRAM_TO_SERVER
                                                                        : IMP_DATAGRAM_TO_CLIENTS);
}

/* No end of a stream ever comes in, so that none comes out. */
static void
datagram_client_on_output (ImpFilter *filter, ImpDirection direction, GBytes *bytes,
                           gint32 data_type, gpointer user_data)
{
  ImpDatagramClient *self = user_data;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (self->filter == NULL)
    return;
  datagram_client_forward (self, direction, data, length);
  imp_datagram_client_update_cost (self);
}

/* --- outcomes --- */

static void
datagram_client_refuse (ImpDatagramClient *self, ImpDatagramCounter counter, const GError *error)
{
  if (counter == IMP_DATAGRAM_CLIENTS_FAILED)
    self->failed = g_get_monotonic_time ();
  datagram_client_count (self, counter);
  imp_datagram_client_stop (self);
  self->common->ended (self, error, self->common->user_data);
}

static void
datagram_client_on_denied (ImpDatagramClient *self)
{
  g_autoptr (GError) error = NULL;

  imp_filter_check (self->filter, &error);
  datagram_client_refuse (self, IMP_DATAGRAM_CLIENTS_DENIED, error);
}

static void
datagram_client_on_failed (ImpDatagramClient *self)
{
  g_autoptr (GError) error = NULL;

  imp_filter_check (self->filter, &error);
  datagram_client_refuse (self, IMP_DATAGRAM_CLIENTS_FAILED, error);
}

static void
datagram_client_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  ImpDatagramClient *self = user_data;

  self->common->result (self, verdict, self->common->user_data);
}

/* --- beginning and end --- */

static GHashTable *
datagram_client_make_context (ImpDatagramClient *self)
{
  GHashTable *context = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  ImpDatagramPath server = { 0 };

  g_hash_table_insert (context, (gpointer) "proto", g_strdup ("udp"));
  g_hash_table_insert (context, (gpointer) "caddr", imp_datagram_path_get_host (&self->path));
  g_hash_table_insert (context, (gpointer) "cport",
                       g_strdup_printf ("%u", ntohs (self->path.port)));
  if (imp_datagram_path_set_peer (&server, self->fd))
    {
      g_hash_table_insert (context, (gpointer) "saddr", imp_datagram_path_get_host (&server));
      g_hash_table_insert (context, (gpointer) "sport",
                           g_strdup_printf ("%u", ntohs (server.port)));
    }
  return context;
}

static void
datagram_client_filter (ImpDatagramClient *self, ImpAnalyzer *analyzer)
{
  ImpDatagramCommon *common = self->common;

  self->filter = imp_filter_new (analyzer);
  /* It never comes to that: what does not fit is dropped before. */
  imp_filter_set_max_held (self->filter, G_MAXINT64);
  imp_filter_set_deadline (self->filter, common->deadline);
  imp_filter_set_max_extensions (self->filter, common->max_extensions);
  imp_filter_set_hold_timeout (self->filter, common->hold_timeout);
  g_object_set (self->filter, "max-growth", common->max_growth, "max-log-rate",
                common->max_log_rate, "max-log-size", common->max_log_size, "warn-silence",
                common->warn_silence, NULL);
  g_signal_connect_swapped (self->filter, "denied", G_CALLBACK (datagram_client_on_denied), self);
  g_signal_connect_swapped (self->filter, "dropped", G_CALLBACK (datagram_client_on_denied), self);
  g_signal_connect_swapped (self->filter, "failed", G_CALLBACK (datagram_client_on_failed), self);
  if (common->observed != 0)
    imp_filter_observe (self->filter, common->observed, datagram_client_on_verdict, self);
  imp_filter_set_output (self->filter, datagram_client_on_output, self, NULL);
}

static gboolean
datagram_client_start (ImpDatagramClient *self, GError **error)
{
  g_autoptr (GHashTable) context = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  self->fd = datagram_client_connect (self, error);
  if (self->fd < 0)
    return FALSE;
  context = datagram_client_make_context (self);
  analyzer = imp_factory_create_analyzer (self->common->factory, context, error);
  if (analyzer == NULL)
    return FALSE;
  datagram_client_filter (self, analyzer);
  return TRUE;
}

ImpDatagramClient *
imp_datagram_client_new (ImpDatagramCommon *common, const ImpDatagramPath *path, gint64 now)
{
  ImpDatagramClient *self = g_new0 (ImpDatagramClient, 1);

  self->path = *path;
  self->common = common;
  self->fd = -1;
  self->since = now;
  self->active = now;
  self->link.data = self;
  return self;
}

void
imp_datagram_client_open (ImpDatagramClient *self)
{
  g_autoptr (GError) error = NULL;

  datagram_client_count (self, IMP_DATAGRAM_CLIENTS_SEEN);
  self->serial = self->common->counters[IMP_DATAGRAM_CLIENTS_SEEN];
  g_main_context_push_thread_default (self->common->context);
  if (!datagram_client_start (self, &error))
    datagram_client_refuse (self, IMP_DATAGRAM_CLIENTS_FAILED, error);
  g_main_context_pop_thread_default (self->common->context);
}

void
imp_datagram_client_stop (ImpDatagramClient *self)
{
  ImpFilter *filter = g_steal_pointer (&self->filter);

  if (filter != NULL)
    {
      g_signal_handlers_disconnect_by_data (filter, self);
      imp_filter_observe (filter, 0, NULL, NULL);
      imp_filter_close (filter);
      g_object_unref (filter);
    }
  /* With its only descriptor it leaves the epoll as well. */
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->has_asked = FALSE;
  g_clear_pointer (&self->kept, g_bytes_unref);
  datagram_client_set_cost (self, 0);
}

void
imp_datagram_client_free (ImpDatagramClient *self)
{
  imp_datagram_client_stop (self);
  g_free (self);
}

/* --- input --- */

/* No bytes are the end of a stream for analyzers, and there is nothing in them to be judged: they
 * pass by. */
static void
datagram_client_pass_empty (ImpDatagramClient *self, ImpDirection direction)
{
  datagram_client_count (self, IMP_DATAGRAM_EMPTY);
  datagram_client_forward (self, direction, (const guint8 *) "", 0);
}

static void
datagram_client_take (ImpDatagramClient *self, ImpDirection direction, const ImpDatagram *datagram)
{
  if (self->filter == NULL)
    datagram_client_count (self, IMP_DATAGRAM_DROPPED_CLIENT);
  else if (datagram->truncated)
    datagram_client_count (self, IMP_DATAGRAM_DROPPED_CUT);
  else if (imp_filter_is_paused (self->filter, direction))
    datagram_client_count (self, IMP_DATAGRAM_DROPPED_PAUSED);
  else if (datagram->length == 0)
    datagram_client_pass_empty (self, direction);
  else if (!datagram_client_has_room (self, datagram->length))
    datagram_client_count (self, IMP_DATAGRAM_DROPPED_HELD);
  else
    {
      /* Whatever ends the filter has come as a signal. */
      imp_filter_push_bytes (self->filter, direction, datagram->data, datagram->length,
                             IMP_DATA_TYPE_PACKET, NULL);
      imp_datagram_client_update_cost (self);
    }
}

void
imp_datagram_client_push (ImpDatagramClient *self, const ImpDatagram *datagram)
{
  datagram_client_take (self, IMP_DIRECTION_FROM_CLIENT, datagram);
}

gboolean
imp_datagram_client_read (ImpDatagramClient *self, ImpDatagramReader *reader)
{
  int n = imp_datagram_reader_read (reader, self->fd);

  if (n < 0 && datagram_is_unreachable (errno))
    datagram_client_note_unreachable (self);
  if (n > 0)
    datagram_client_note_answered (self);
  for (int i = 0; i < n; i++)
    {
      datagram_client_count (self, IMP_DATAGRAM_FROM_SERVER);
      datagram_client_take (self, IMP_DIRECTION_FROM_SERVER, imp_datagram_reader_get (reader, i));
    }
  return n > 0;
}
