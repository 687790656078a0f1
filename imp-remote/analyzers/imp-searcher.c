/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-searcher-private.h"

#include "core/imp-data-type-private.h"
#include "core/imp-source-private.h"

void
imp_searcher_init (ImpSearcher *self, ImpAnalyzer *analyzer, const ImpSearcherFuncs *funcs)
{
  self->analyzer = analyzer;
  self->funcs = funcs;
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].direction = i;
      imp_input_queue_init (&self->sides[i].queue, 0);
    }
}

void
imp_searcher_stop (ImpSearcher *self)
{
  self->closed = TRUE;
  imp_source_clear (&self->source);
  for (guint i = 0; i < 2; i++)
    {
      imp_input_queue_clear (&self->sides[i].queue);
      g_clear_pointer (&self->sides[i].postponed.data, g_bytes_unref);
    }
}

void
imp_searcher_clear (ImpSearcher *self)
{
  imp_searcher_stop (self);
  for (guint i = 0; i < 2; i++)
    {
      imp_pattern_stream_clear (&self->sides[i].stream);
      imp_pattern_packet_clear (&self->sides[i].packet);
    }
}

gboolean
imp_search_side_is_behind (const ImpSearchSide *self)
{
  return imp_pattern_stream_is_busy (&self->stream) || self->postponed.data != NULL
         || !imp_input_queue_is_empty (&self->queue);
}

gint64
imp_search_side_get_packet_base (const ImpSearchSide *self)
{
  return self->stream.fed - (gint64) g_bytes_get_size (self->packet.bytes);
}

static gboolean
searcher_search (ImpSearcher *self, ImpSearchSide *side, GError **error)
{
  return self->funcs->search (self->analyzer, side, error);
}

static void
searcher_answer (ImpSearcher *self, ImpResult *result)
{
  self->funcs->answer (self->analyzer, result);
}

/* ---- input ---- */

/* Decides about what was held for a type of data of which there is no more. FALSE in @done where
 * that is not done yet: then the input will come again. */
static gboolean
searcher_finish_type (ImpSearcher *self, ImpSearchSide *side, const ImpInput *input, gboolean *done,
                      GError **error)
{
  if (!side->finished)
    {
      side->finished = TRUE;
      imp_pattern_stream_finish (&side->stream);
      if (!searcher_search (self, side, error))
        return FALSE;
    }
  *done = !imp_pattern_stream_is_busy (&side->stream);
  if (*done)
    side->finished = FALSE;
  else if (!self->closed)
    {
      side->postponed = *input;
      g_bytes_ref (input->data);
    }
  return TRUE;
}

static gboolean
searcher_look_at_data (ImpSearcher *self, ImpSearchSide *side, const ImpInput *input,
                       GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (input->data, &length);
  gboolean is_packet = !imp_data_type_is_streaming (input->data_type);

  side->begin = side->stream.fed;
  if (is_packet)
    imp_pattern_packet_begin (&side->packet, input->data);
  imp_pattern_stream_push (&side->stream, data, length, is_packet);
  return searcher_search (self, side, error);
}

static gboolean
searcher_look_at (ImpSearcher *self, ImpSearchSide *side, const ImpInput *input, GError **error)
{
  gsize length = g_bytes_get_size (input->data);
  gboolean done = TRUE;

  if (side->ended)
    return TRUE;
  /* Input was left out: what was held has passed, and no match can span the gap. */
  if (input->offset > side->stream.fed)
    {
      imp_pattern_stream_skip_to (&side->stream, input->offset);
      side->settled = MAX (side->settled, input->offset);
    }
  if ((length == 0 || input->data_type != side->type)
      && !searcher_finish_type (self, side, input, &done, error))
    return FALSE;
  if (!done || self->closed)
    return TRUE;

  if (length == 0)
    {
      side->ended = TRUE;
      searcher_answer (self, imp_result_new_pass (side->direction, IMP_MAX_OFFSET));
      return TRUE;
    }
  if (input->data_type != side->type)
    {
      self->funcs->pass (self->analyzer, side, side->stream.fed);
      side->type = input->data_type;
    }
  return searcher_look_at_data (self, side, input, error);
}

/* Does what is left, as far as the time goes. */
static gboolean
searcher_catch_up_side (ImpSearcher *self, ImpSearchSide *side, GError **error)
{
  gboolean good = TRUE;

  if (imp_pattern_stream_is_busy (&side->stream))
    good = searcher_search (self, side, error);
  while (good && !self->closed && !imp_pattern_stream_is_busy (&side->stream)
         && !imp_effort_slice_is_over (&side->stream.effort))
    {
      ImpInput input = side->postponed;

      side->postponed.data = NULL;
      if (input.data == NULL && !imp_input_queue_take (&side->queue, G_MAXSIZE, &input))
        break;
      good = searcher_look_at (self, side, &input, error);
      g_bytes_unref (input.data);
    }
  return good;
}

/* Both sides, until none has more that can be done now. */
static gboolean
searcher_catch_up (ImpSearcher *self, GError **error)
{
  for (guint i = 0; i < 2 && !self->closed; i++)
    if (imp_search_side_is_behind (&self->sides[i])
        && !searcher_catch_up_side (self, &self->sides[i], error))
      return FALSE;
  return TRUE;
}

/* ---- what is not done at once ---- */

static gboolean
searcher_on_turn (gpointer user_data)
{
  ImpSearcher *self = user_data;
  g_autoptr (ImpAnalyzer) analyzer = g_object_ref (self->analyzer);

  imp_searcher_begin_work (self);
  for (guint i = 0; i < 2; i++)
    imp_effort_begin_slice (&self->sides[i].stream.effort);
  imp_searcher_finish_work (self, NULL);
  return G_SOURCE_CONTINUE;
}

/* What is held can be judged when there is more. */
static void
searcher_update_want (ImpSearcher *self, ImpSearchSide *side)
{
  if (self->closed || side->ended || side->settled >= side->stream.fed
      || side->wanted > side->stream.fed || imp_search_side_is_behind (side))
    return;
  side->wanted = side->stream.fed + 1;
  searcher_answer (self, imp_result_new_want (side->direction, side->wanted));
}

/* There should be no more input while there is some left to be searched. */
static gboolean
searcher_update_paused (ImpSearcher *self, ImpSearchSide *side)
{
  gboolean behind = !self->closed && imp_search_side_is_behind (side);

  if (behind != side->paused && !self->closed)
    {
      side->paused = behind;
      searcher_answer (self, behind ? imp_result_new_pause (side->direction)
                                    : imp_result_new_continue (side->direction));
    }
  return behind;
}

static void
searcher_update (ImpSearcher *self)
{
  gboolean behind = FALSE;

  for (guint i = 0; i < 2; i++)
    {
      searcher_update_want (self, &self->sides[i]);
      behind |= searcher_update_paused (self, &self->sides[i]);
    }
  self->funcs->update (self->analyzer);
  if (!behind)
    imp_source_clear (&self->source);
  else if (self->source == NULL)
    self->source = imp_source_add_idle (imp_analyzer_peek_main_context (self->analyzer),
                                        "imp searcher: turn", searcher_on_turn, self);
}

void
imp_searcher_begin_work (ImpSearcher *self)
{
  self->working = TRUE;
}

void
imp_searcher_finish_work (ImpSearcher *self, const GError *error)
{
  g_autoptr (GError) local = NULL;

  if (error == NULL && !searcher_catch_up (self, &local))
    error = local;
  self->working = FALSE;
  if (error != NULL)
    {
      imp_searcher_stop (self);
      imp_analyzer_fail (self->analyzer, error->message);
    }
  searcher_update (self);
}

gboolean
imp_searcher_take (ImpSearcher *self, const ImpInput *input, GError **error)
{
  ImpSearchSide *side = &self->sides[input->direction];
  gboolean good;

  if (self->closed || side->ended)
    return TRUE;
  if (self->working || imp_search_side_is_behind (side))
    {
      imp_input_queue_push (&side->queue, input);
      return TRUE;
    }

  self->working = TRUE;
  imp_effort_begin_slice (&side->stream.effort);
  good = searcher_look_at (self, side, input, error) && searcher_catch_up (self, error);
  self->working = FALSE;
  if (!good)
    imp_searcher_stop (self);
  searcher_update (self);
  return good;
}
