/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-remote-analyzer-private.h"

#include "rpc/client/imp-client-connection-private.h"

G_DEFINE_FINAL_TYPE (ImpRemoteAnalyzer, imp_remote_analyzer, IMP_TYPE_ANALYZER)

static gboolean
imp_remote_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data,
                          gint64 offset, gint32 data_type, GError **error)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (analyzer);
  ImpPiece piece = { data, offset, data_type, direction };

  if (self->peer != NULL)
    imp_client_connection_send_data (self->peer, self, &piece);
  return TRUE;
}

static gboolean
imp_remote_analyzer_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy,
                          GError **error)
{
  ImpRemoteAnalyzer *self = IMP_REMOTE_ANALYZER (analyzer);

  if (self->peer != NULL)
    imp_client_connection_send_busy (self->peer, self, direction, busy);
  return TRUE;
}

static void
leave (ImpRemoteAnalyzer *self)
{
  if (self->peer != NULL)
    imp_client_connection_remove (self->peer, self);
  imp_remote_analyzer_drop_pending (self);
  imp_remote_analyzer_disown (self);
}

static void
imp_remote_analyzer_close (ImpAnalyzer *analyzer)
{
  leave (IMP_REMOTE_ANALYZER (analyzer));
}

static void
imp_remote_analyzer_dispose (GObject *object)
{
  leave (IMP_REMOTE_ANALYZER (object));
  G_OBJECT_CLASS (imp_remote_analyzer_parent_class)->dispose (object);
}

static void
imp_remote_analyzer_class_init (ImpRemoteAnalyzerClass *klass)
{
  ImpAnalyzerClass *analyzer_class = IMP_ANALYZER_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = imp_remote_analyzer_dispose;
  analyzer_class->data = imp_remote_analyzer_data;
  analyzer_class->busy = imp_remote_analyzer_busy;
  analyzer_class->close = imp_remote_analyzer_close;
}

static void
imp_remote_analyzer_init (ImpRemoteAnalyzer *self)
{
}

ImpRemoteAnalyzer *
imp_remote_analyzer_new (GObject *owner)
{
  ImpRemoteAnalyzer *self = g_object_new (IMP_TYPE_REMOTE_ANALYZER, NULL);

  self->owner = g_object_ref (owner);
  imp_analyzer_set_is_proxy (IMP_ANALYZER (self));
  return self;
}

void
imp_remote_analyzer_disown (ImpRemoteAnalyzer *self)
{
  g_clear_object (&self->owner);
}

static void
piece_free (ImpPiece *piece)
{
  g_bytes_unref (piece->data);
  g_slice_free (ImpPiece, piece);
}

void
imp_remote_analyzer_push_piece (ImpRemoteAnalyzer *self, const ImpPiece *piece)
{
  ImpPiece *kept = g_slice_dup (ImpPiece, piece);

  g_bytes_ref (kept->data);
  if (self->pending == NULL)
    self->pending = g_queue_new ();
  g_queue_push_tail (self->pending, kept);
  self->pending_size += g_bytes_get_size (piece->data);
}

gboolean
imp_remote_analyzer_take_piece (ImpRemoteAnalyzer *self, gsize max, ImpPiece *piece)
{
  ImpPiece *first;
  gsize size;

  if (!imp_remote_analyzer_has_pending (self))
    return FALSE;

  first = self->pending->head->data;
  *piece = *first;
  size = g_bytes_get_size (first->data);
  if (size > max && imp_data_type_is_stream (first->data_type))
    {
      GBytes *whole = first->data;

      piece->data = g_bytes_new_from_bytes (whole, 0, max);
      first->data = g_bytes_new_from_bytes (whole, max, size - max);
      first->offset = 0; /* it follows what was split off */
      self->pending_size -= max;
      g_bytes_unref (whole);
      return TRUE;
    }
  self->pending_size -= size;
  g_slice_free (ImpPiece, g_queue_pop_head (self->pending));
  return TRUE;
}

void
imp_remote_analyzer_drop_pending (ImpRemoteAnalyzer *self)
{
  GQueue *pending = g_steal_pointer (&self->pending);

  if (pending != NULL)
    g_queue_free_full (pending, (GDestroyNotify) piece_free);
  self->pending_size = 0;
}

void
imp_remote_analyzer_set_paused (ImpRemoteAnalyzer *self, ImpDirection direction, gboolean there,
                                gboolean paused)
{
  guint8 *cause = there ? &self->paused_there : &self->paused_here;
  guint8 bit = 1 << direction;
  gboolean now;

  *cause = paused ? *cause | bit : *cause & ~bit;
  now = ((self->paused_there | self->paused_here) & bit) != 0;
  if (now == ((self->paused & bit) != 0))
    return;
  self->paused ^= bit;
  imp_analyzer_take_result (IMP_ANALYZER (self), now ? imp_result_new_pause (direction)
                                                     : imp_result_new_continue (direction));
}
