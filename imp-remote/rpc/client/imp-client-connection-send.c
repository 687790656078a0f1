/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The analyzers of a peer, and what they have to send. */
#include "core/imp-error.h"
#include "rpc/client/imp-client-connection-state-private.h"
#include "rpc/imp-protocol-private.h"

/* Large streams go out in pieces of this many bytes, so that everybody gets a turn. */
#define PIECE_SIZE (64 * 1024)

static void
leave_backlog (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  if (!analyzer->in_backlog)
    return;
  analyzer->in_backlog = FALSE;
  g_queue_unlink (&self->backlog, &analyzer->backlog_node);
}

static void
join_backlog (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  if (analyzer->in_backlog)
    return;
  analyzer->in_backlog = TRUE;
  analyzer->backlog_node.data = analyzer;
  g_queue_push_tail_link (&self->backlog, &analyzer->backlog_node);
}

/* Takes the analyzer out of everything; it does not matter to the server any more. */
static void
forget (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  leave_backlog (self, analyzer);
  imp_deadline_forget (self->deadline, &analyzer->deadline);
  self->pending_size -= analyzer->pending_size;
  imp_remote_analyzer_drop_pending (analyzer);
  imp_id_table_remove (&self->analyzers, analyzer->id);
  analyzer->peer = NULL;
  analyzer->awaits_turn = FALSE;
}

void
imp_client_connection_remove (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  gboolean announced = analyzer->announced;
  ImpMessage message = { .op = IMP_OP_DELETE_ANALYZER, .id = analyzer->id };

  imp_client_connection_ref (self);
  forget (self, analyzer);
  if (announced && !self->lost)
    imp_client_connection_send (self, &message);
  imp_client_connection_update_crowd (self);
  if (self->funcs != NULL && self->analyzers.n_values == 0)
    self->funcs->idle (self, self->user_data);
  imp_client_connection_unref (self);
}

void
imp_client_connection_settle (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer,
                              const char *reason)
{
  g_autofree char *text = g_strdup_printf ("%s: %s", self->name, reason);

  imp_client_connection_ref (self);
  g_object_ref (analyzer);
  if (analyzer->peer == self)
    imp_client_connection_remove (self, analyzer);
  if (!imp_analyzer_is_closed (IMP_ANALYZER (analyzer)))
    {
      if (imp_analyzer_settle (IMP_ANALYZER (analyzer), self->options.fail, text))
        self->counters.settled_soft++;
      else
        self->counters.settled_hard++;
    }
  imp_remote_analyzer_disown (analyzer);
  g_object_unref (analyzer);
  imp_client_connection_unref (self);
}

static void
announce (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  ImpMessage message = { .op = IMP_OP_NEW_ANALYZER, .id = analyzer->id };

  message.context = imp_analyzer_peek_context (IMP_ANALYZER (analyzer));
  analyzer->announced = TRUE;
  imp_client_connection_send (self, &message);
}

void
imp_client_connection_add (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  analyzer->peer = self;
  analyzer->id = ++self->last_id;
  imp_id_table_insert (&self->analyzers, analyzer->id, analyzer);
  imp_analyzer_set_settles_end (IMP_ANALYZER (analyzer), self->settles_end);
  if (self->link != NULL && imp_link_may_queue (self->link) && self->backlog.length == 0)
    announce (self, analyzer);
  else
    join_backlog (self, analyzer);
  if (self->crowded)
    imp_client_connection_await_turn (self, analyzer);
}

static void
send_piece (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer, const ImpPiece *piece)
{
  ImpMessage message = {
    .op = IMP_OP_DATA,
    .id = analyzer->id,
    .direction = piece->direction,
    .offset = piece->offset,
    .data_type = piece->data_type,
    .data = piece->data,
  };

  imp_client_connection_send (self, &message);
}

/* A peer that is told of more than it can hold loses that analyzer, and only that one. */
static gboolean
check_queue (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer, gsize size)
{
  g_autofree char *reason = NULL;

  if (size <= self->options.max_queued - MIN (analyzer->pending_size, self->options.max_queued)
      && size
           <= self->options.max_queued_all - MIN (self->pending_size, self->options.max_queued_all))
    return TRUE;

  reason = g_strdup_printf (
    "%" G_GSIZE_FORMAT " bytes wait to be sent for the analyzer (max-queued is %" G_GSIZE_FORMAT
    "), %" G_GSIZE_FORMAT " for all (max-queued-all is %" G_GSIZE_FORMAT "), %" G_GSIZE_FORMAT
    " more came",
    analyzer->pending_size, self->options.max_queued, self->pending_size,
    self->options.max_queued_all, size);
  imp_client_connection_settle (self, analyzer, reason);
  return FALSE;
}

/* A packet cannot be split, so one that the server will not take is the analyzer's end. */
static gboolean
check_packet (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer, const ImpPiece *piece,
              gsize size)
{
  g_autofree char *reason = NULL;

  if (imp_data_type_is_stream (piece->data_type)
      || size <= imp_protocol_max_payload (self->peer_max_message))
    return TRUE;
  reason = g_strdup_printf ("a packet of %" G_GSIZE_FORMAT " bytes does not fit into the server's "
                            "messages (max-message is %" G_GSIZE_FORMAT ")",
                            size, self->peer_max_message);
  imp_client_connection_settle (self, analyzer, reason);
  return FALSE;
}

void
imp_client_connection_send_data (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer,
                                 ImpPiece *piece)
{
  gsize size = g_bytes_get_size (piece->data);

  if (size > PIECE_SIZE && !check_packet (self, analyzer, piece, size))
    return;
  imp_deadline_watch (self->deadline, &analyzer->deadline);
  if (!analyzer->in_backlog && size <= PIECE_SIZE && self->link != NULL
      && imp_link_may_queue (self->link))
    {
      send_piece (self, analyzer, piece);
      return;
    }

  if (!check_queue (self, analyzer, size))
    return;
  imp_remote_analyzer_push_piece (analyzer, piece);
  self->pending_size += size;
  join_backlog (self, analyzer);
  if (self->crowded)
    imp_client_connection_await_turn (self, analyzer);
  imp_client_connection_update_pause (self, analyzer);
  imp_client_connection_update_crowd (self);
  imp_client_connection_pump (self);
}

void
imp_client_connection_send_busy (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer,
                                 ImpDirection direction, gboolean busy)
{
  ImpMessage message = {
    .op = IMP_OP_BUSY,
    .id = analyzer->id,
    .direction = direction,
    .busy = busy,
  };

  /* Version 1 does not know it; what comes is held at this end then. */
  if (self->link != NULL && analyzer->announced && imp_link_get_version (self->link) >= 2)
    imp_client_connection_send (self, &message);
}

/* One turn of one analyzer. */
static void
pump_one (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  gsize before = analyzer->pending_size;
  ImpPiece piece;

  if (!analyzer->announced)
    {
      announce (self, analyzer);
      for (guint direction = 0; direction < 2; direction++)
        if (imp_analyzer_is_busy (IMP_ANALYZER (analyzer), direction))
          imp_client_connection_send_busy (self, analyzer, direction, TRUE);
    }

  if (imp_remote_analyzer_take_piece (analyzer, PIECE_SIZE, &piece))
    {
      self->pending_size -= before - analyzer->pending_size;
      send_piece (self, analyzer, &piece);
      g_bytes_unref (piece.data);
    }
  if (imp_remote_analyzer_has_pending (analyzer))
    {
      g_queue_unlink (&self->backlog, &analyzer->backlog_node);
      g_queue_push_tail_link (&self->backlog, &analyzer->backlog_node);
    }
  else
    leave_backlog (self, analyzer);
  imp_client_connection_update_pause (self, analyzer);
  imp_client_connection_update_crowd (self);
}

/* Lets all that have something to send have their turns, as long as there is room. */
void
imp_client_connection_pump (ImpClientConnection *self)
{
  imp_client_connection_ref (self);
  while (self->backlog.length > 0 && !self->lost && self->link != NULL
         && imp_link_may_queue (self->link))
    {
      g_autoptr (ImpRemoteAnalyzer) analyzer = g_object_ref (self->backlog.head->data);

      pump_one (self, analyzer);
    }
  imp_client_connection_unref (self);
}
