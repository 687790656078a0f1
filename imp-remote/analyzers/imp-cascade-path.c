/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade-path-private.h"

#include "core/imp-data-type.h"
#include "core/imp-error.h"

/* A part, as seen by one direction. */
typedef struct
{
  ImpFlowEventQueue queue; /* what its flow has said: worked off at once */
  ImpFlow *flow;
  ImpPieces pieces;     /* of what the flow holds */
  gint64 searched;      /* when it was last looked: what a search held then begins here; or -1 */
  gboolean is_finished; /* it has passed indefinitely, so that all goes past it */
} PathLane;

struct _ImpCascadePath
{
  ImpCascadeTasks *tasks;
  gint64 input;
  gint64 passed;    /* promised to the provider */
  gint64 prepassed; /* the same */
  guint n_lanes;
  guint failed;
  guint8 direction;
  gboolean is_ended; /* the end has come out */
  PathLane lanes[];
};

ImpCascadePath *
imp_cascade_path_new (ImpCascadeTasks *tasks, ImpDirection direction, guint n_parts)
{
  ImpCascadePath *self = g_malloc0 (sizeof (ImpCascadePath) + n_parts * sizeof (PathLane));

  self->tasks = tasks;
  self->direction = direction;
  self->n_lanes = n_parts;
  for (guint i = 0; i < n_parts; i++)
    {
      PathLane *lane = &self->lanes[i];

      imp_flow_event_queue_init (&lane->queue);
      imp_pieces_init (&lane->pieces);
      lane->flow = imp_flow_new (&lane->queue, direction);
      lane->searched = -1;
    }
  return self;
}

void
imp_cascade_path_free (ImpCascadePath *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    {
      imp_flow_free (self->lanes[i].flow);
      imp_flow_event_queue_clear (&self->lanes[i].queue);
      imp_pieces_clear (&self->lanes[i].pieces);
    }
  g_free (self);
}

/* --- from part to part --- */

static gboolean path_drain (ImpCascadePath *self, guint position, GError **error);
static gboolean path_hand_on_empty (ImpCascadePath *self, guint position, GError **error);

static guint
path_skip_finished (const ImpCascadePath *self, guint position)
{
  while (position < self->n_lanes && self->lanes[position].is_finished)
    position++;
  return position;
}

static gboolean
path_fail (ImpCascadePath *self, guint position)
{
  self->failed = position;
  return FALSE;
}

/* What has gone through all parts. */
static void
path_put_out (ImpCascadePath *self, const ImpPiece *piece, GBytes *bytes)
{
  if (piece->state == IMP_PIECE_UNTOUCHED)
    imp_cascade_tasks_add_passed (self->tasks, self->direction, piece->end);
  else if (piece->length > 0 || piece->begin < piece->end)
    imp_cascade_tasks_add_output (
      self->tasks, piece->state == IMP_PIECE_SENT ? IMP_CASCADE_SENT : IMP_CASCADE_CHANGED,
      self->direction, piece->end, bytes != NULL ? g_bytes_ref (bytes) : NULL);
}

/* A part that lets so many bytes through takes these to be among them. Where the provider relies on
 * it that so many of its own will pass, they go past the part: it would not see them anyway. */
static gboolean
path_must_spare (const ImpCascadePath *self, const PathLane *lane, const ImpPiece *piece)
{
  if (piece->state != IMP_PIECE_SENT)
    return FALSE;
  return (self->passed > self->input && self->passed != IMP_MARK_INDEFINITE
          && piece->length > imp_flow_get_unseen_room (lane->flow) - (self->passed - self->input))
         || (self->prepassed > self->input && self->prepassed != IMP_MARK_INDEFINITE
             && piece->length
                  > imp_flow_get_open_room (lane->flow) - (self->prepassed - self->input));
}

/* @bytes, of which @piece says what they stand for, come to a part. */
static gboolean
path_arrive (ImpCascadePath *self, guint position, const ImpPiece *piece, GBytes *bytes,
             gint32 data_type, GError **error)
{
  PathLane *lane;

  position = path_skip_finished (self, position);
  if (position == self->n_lanes)
    {
      path_put_out (self, piece, bytes);
      return TRUE;
    }
  lane = &self->lanes[position];
  if (path_must_spare (self, lane, piece))
    return path_arrive (self, position + 1, piece, bytes, data_type, error);

  imp_pieces_add (&lane->pieces, piece);
  if (piece->length == 0)
    return path_hand_on_empty (self, position, error);
  if (!imp_flow_push (lane->flow, bytes, data_type, error))
    return path_fail (self, position);
  return path_drain (self, position, error);
}

static gboolean
path_end (ImpCascadePath *self, guint position, gint32 data_type, GError **error)
{
  g_autoptr (GBytes) none = NULL;

  position = path_skip_finished (self, position);
  if (position == self->n_lanes)
    {
      self->is_ended = TRUE;
      imp_cascade_tasks_add_output (self->tasks, IMP_CASCADE_ENDED, self->direction, self->input,
                                    NULL);
      return TRUE;
    }
  none = g_bytes_new_static (NULL, 0);
  if (!imp_flow_push (self->lanes[position].flow, none, data_type, error))
    return path_fail (self, position);
  return path_drain (self, position, error);
}

/* What has been taken away goes on as soon as nothing stands before it. */
static gboolean
path_hand_on_empty (ImpCascadePath *self, guint position, GError **error)
{
  ImpPieces *pieces = &self->lanes[position].pieces;

  while (imp_pieces_has_empty (pieces))
    {
      ImpPiece piece = imp_pieces_take (pieces, 0);

      if (!path_arrive (self, position + 1, &piece, NULL, 0, error))
        return FALSE;
    }
  return TRUE;
}

/* A part has let @bytes through as they are. */
static gboolean
path_hand_on (ImpCascadePath *self, guint position, GBytes *bytes, gint32 data_type, GError **error)
{
  gsize size = g_bytes_get_size (bytes);
  gsize done = 0;

  while (done < size)
    {
      ImpPiece piece = imp_pieces_take (&self->lanes[position].pieces, size - done);
      g_autoptr (GBytes) slice = NULL;

      slice = piece.length == (gint64) size ? g_bytes_ref (bytes)
                                            : g_bytes_new_from_bytes (bytes, done, piece.length);
      done += piece.length;
      if (!path_arrive (self, position + 1, &piece, slice, data_type, error)
          || !path_hand_on_empty (self, position, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
path_do_event (ImpCascadePath *self, guint position, const ImpFlowEvent *event, GError **error)
{
  if (event->kind == IMP_FLOW_EVENT_FEED)
    {
      imp_cascade_tasks_add_feed (self->tasks, self->direction, position,
                                  g_bytes_ref (event->bytes), event->offset, event->data_type);
      return TRUE;
    }
  if (g_bytes_get_size (event->bytes) == 0)
    return path_end (self, position + 1, event->data_type, error);
  return path_hand_on (self, position, event->bytes, event->data_type, error);
}

/* Works off what the flow of a part has said, unless that was a REPLACE. */
static gboolean
path_drain (ImpCascadePath *self, guint position, GError **error)
{
  PathLane *lane = &self->lanes[position];
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&lane->queue, &event))
    {
      gboolean done = path_do_event (self, position, &event, error);

      g_bytes_unref (event.bytes);
      if (!done)
        return FALSE;
    }
  lane->is_finished = imp_marks_is_passed (imp_flow_peek_marks (lane->flow));
  return TRUE;
}

/* --- input --- */

/* So many bytes have passed unseen. */
static gboolean
path_leave_out (ImpCascadePath *self, gint64 length, gint32 data_type, GError **error)
{
  for (guint i = 0; i < self->n_lanes; i++)
    {
      PathLane *lane = &self->lanes[i];

      if (lane->is_finished)
        continue;
      if (length < 0 || length > imp_flow_get_unseen_room (lane->flow))
        {
          g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                       "Input goes on at offset %" G_GINT64_FORMAT " where %" G_GINT64_FORMAT
                       " was next, and what lies between has not passed",
                       self->input + length, self->input);
          return path_fail (self, i);
        }
    }
  for (guint i = 0; i < self->n_lanes; i++)
    if (!self->lanes[i].is_finished)
      {
        imp_flow_note_unseen (self->lanes[i].flow, length, data_type);
        imp_pieces_skip (&self->lanes[i].pieces, length);
      }
  self->input += length;
  imp_cascade_tasks_add_passed (self->tasks, self->direction, self->input);
  return TRUE;
}

gboolean
imp_cascade_path_push (ImpCascadePath *self, GBytes *bytes, gint64 offset, gint32 data_type,
                       GError **error)
{
  gsize length = g_bytes_get_size (bytes);
  ImpPiece piece;

  if (offset != 0 && imp_explicit_offset (offset) != self->input
      && !path_leave_out (self, imp_explicit_offset (offset) - self->input, data_type, error))
    return FALSE;
  if (length == 0)
    return path_end (self, 0, data_type, error);
  if (length > (gsize) (IMP_MARK_INDEFINITE - 1 - self->input))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, "More input than can be counted");
      return path_fail (self, 0);
    }
  piece = (ImpPiece){ length, self->input, self->input + (gint64) length, IMP_PIECE_UNTOUCHED };
  self->input += length;
  return path_arrive (self, 0, &piece, bytes, data_type, error);
}

/* --- verdicts --- */

static gboolean
path_replace (ImpCascadePath *self, guint position, const ImpVerdict *verdict, GError **error)
{
  PathLane *lane = &self->lanes[position];
  gint64 before = imp_flow_get_replaced (lane->flow);
  ImpFlowEvent event = { 0 };
  gboolean done;
  ImpPiece piece;

  if (!imp_flow_apply (lane->flow, verdict, error))
    return path_fail (self, position);
  piece = imp_pieces_take_changed (&lane->pieces, imp_flow_get_replaced (lane->flow) - before);
  if (imp_flow_event_queue_pop (&lane->queue, &event))
    piece.length = g_bytes_get_size (event.bytes);
  else
    piece.length = 0;
  done = path_arrive (self, position + 1, &piece, event.bytes, event.data_type, error)
         && path_hand_on_empty (self, position, error);
  g_clear_pointer (&event.bytes, g_bytes_unref);
  return done;
}

gboolean
imp_cascade_path_apply (ImpCascadePath *self, guint position, const ImpVerdict *verdict,
                        GError **error)
{
  PathLane *lane = &self->lanes[position];

  if (lane->is_finished)
    return TRUE;
  if (verdict->type == IMP_RESULT_REPLACE)
    return path_replace (self, position, verdict, error);
  if (!imp_flow_apply (lane->flow, verdict, error))
    return path_fail (self, position);
  return path_drain (self, position, error);
}

gboolean
imp_cascade_path_send (ImpCascadePath *self, guint position, GBytes *bytes, gint32 data_type,
                       GError **error)
{
  ImpPiece piece = { g_bytes_get_size (bytes), self->input, self->input, IMP_PIECE_SENT };

  position = path_skip_finished (self, position);
  if (position == self->n_lanes ? self->is_ended : imp_flow_has_ended (self->lanes[position].flow))
    return FALSE;
  if (position < self->n_lanes)
    piece.begin = piece.end = self->lanes[position].pieces.end;
  return path_arrive (self, position, &piece, bytes, data_type, error);
}

void
imp_cascade_path_set_promised (ImpCascadePath *self, gint64 passed, gint64 prepassed)
{
  self->passed = passed;
  self->prepassed = prepassed;
}

/* --- questions --- */

gint64
imp_cascade_path_get_input (const ImpCascadePath *self)
{
  return self->input;
}

guint
imp_cascade_path_get_failed (const ImpCascadePath *self)
{
  return self->failed;
}

gboolean
imp_cascade_path_is_final (const ImpCascadePath *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    {
      ImpFlow *flow = self->lanes[i].flow;

      if (!self->lanes[i].is_finished
          && imp_flow_peek_marks (flow)->final < imp_flow_get_settled (flow))
        return FALSE;
    }
  return TRUE;
}

gint64
imp_cascade_path_get_unseen_room (const ImpCascadePath *self)
{
  gint64 room = IMP_MARK_INDEFINITE;

  for (guint i = 0; i < self->n_lanes && room > 0; i++)
    if (!self->lanes[i].is_finished)
      room = MIN (room, imp_flow_get_unseen_room (self->lanes[i].flow));
  return room;
}

gint64
imp_cascade_path_get_open_room (const ImpCascadePath *self)
{
  gint64 room = IMP_MARK_INDEFINITE;

  for (guint i = 0; i < self->n_lanes && room > 0; i++)
    {
      ImpFlow *flow = self->lanes[i].flow;
      gint64 open = imp_flow_get_open_room (flow);

      if (!self->lanes[i].is_finished && (open == 0 || !imp_flow_is_passed (flow)))
        room = MIN (room, open);
    }
  return room;
}

guint
imp_cascade_path_get_first (const ImpCascadePath *self)
{
  return path_skip_finished (self, 0);
}

gboolean
imp_cascade_path_is_finished (const ImpCascadePath *self, guint position)
{
  return self->lanes[position].is_finished;
}

ImpFlow *
imp_cascade_path_peek_flow (const ImpCascadePath *self, guint position)
{
  return self->lanes[position].flow;
}

guint
imp_cascade_path_get_n_pieces (const ImpCascadePath *self, guint position)
{
  return imp_pieces_get_n (&self->lanes[position].pieces);
}

gint64
imp_cascade_path_locate (ImpCascadePath *self, guint position, gint64 offset, gboolean *is_exact)
{
  PathLane *lane = &self->lanes[position];
  gint64 ahead = offset - imp_flow_get_input (lane->flow);

  /* What has not come yet comes to the first part as it is. */
  if (!lane->is_finished && ahead > 0 && position == imp_cascade_path_get_first (self)
      && ahead < IMP_MARK_INDEFINITE - self->input)
    {
      *is_exact = TRUE;
      return self->input + ahead;
    }
  return imp_pieces_locate (&lane->pieces, offset, is_exact);
}

/* --- searches --- */

static gboolean
path_lane_is_holding (const PathLane *lane)
{
  return imp_flow_is_searching (lane->flow) && !imp_flow_is_busy (lane->flow)
         && imp_flow_get_held (lane->flow) > 0;
}

gboolean
imp_cascade_path_is_busy (const ImpCascadePath *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    if (imp_flow_is_busy (self->lanes[i].flow))
      return TRUE;
  return FALSE;
}

gboolean
imp_cascade_path_is_holding (const ImpCascadePath *self)
{
  for (guint i = 0; i < self->n_lanes; i++)
    if (path_lane_is_holding (&self->lanes[i]))
      return TRUE;
  return FALSE;
}

gboolean
imp_cascade_path_go_on (ImpCascadePath *self, GError **error)
{
  for (guint i = 0; i < self->n_lanes; i++)
    {
      if (!imp_flow_is_busy (self->lanes[i].flow))
        continue;
      if (!imp_flow_go_on (self->lanes[i].flow, error))
        return path_fail (self, i);
      if (!path_drain (self, i, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
path_release_lane (ImpCascadePath *self, guint position, GError **error)
{
  PathLane *lane = &self->lanes[position];
  gint64 settled = imp_flow_get_settled (lane->flow);

  if (!path_lane_is_holding (lane))
    {
      lane->searched = -1;
      return TRUE;
    }
  if (lane->searched != settled)
    {
      lane->searched = settled;
      return TRUE;
    }
  lane->searched = -1;
  if (!imp_flow_release (lane->flow, error))
    return path_fail (self, position);
  return path_drain (self, position, error);
}

gboolean
imp_cascade_path_release (ImpCascadePath *self, GError **error)
{
  for (guint i = 0; i < self->n_lanes; i++)
    if (!path_release_lane (self, i, error))
      return FALSE;
  return TRUE;
}
