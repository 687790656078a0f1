/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-framer-object-private.h"

#include "core/imp-analyzer-private.h"
#include "core/imp-data-type-private.h"
#include "core/imp-error.h"

#define MAX_RECORD_DEFAULT (1024 * 1024)

/**
 * ImpFramer:
 *
 * Cuts a stream into records and lets a subclass judge them one by one, without counting an offset.
 *
 * How records are told from each other is set for each direction, when the analyzer is made, and
 * may be changed from within [vfunc@Imp.Framer.record] for what follows that record: lines
 * ([method@Imp.Framer.set_lines]), up to a delimiter ([method@Imp.Framer.set_delimiter]), with a
 * length before them ([method@Imp.Framer.set_length_prefix]) or of a given length
 * ([method@Imp.Framer.set_length]). What stands between two records and need not be looked at, the
 * body of a message, say, passes by [method@Imp.Framer.pass_next]. A direction for which nothing is
 * set passes unseen. A packet is a record, whatever is set.
 *
 * A record has all of its bytes, delimiter or prefix included, and so has what stands in its place.
 * It is answered with [method@Imp.Framer.pass_record], [method@Imp.Framer.replace_record],
 * [method@Imp.Framer.drop_record], or later: [method@Imp.Framer.hold_record] gives a number, with
 * which [method@Imp.Framer.pass_held] and its siblings answer. Records leave in the order in which
 * they came, whatever the order of the answers. One that is not answered at all is a failure of the
 * analyzer.
 *
 * One that is longer than [property@Imp.Framer:max-record], or whose length makes no sense, is
 * refused (DENY). A stream that ends within a record is for [vfunc@Imp.Framer.incomplete] to judge;
 * without that it is refused.
 *
 * While more of a record has to come, the framer says so ([method@Imp.Analyzer.want]): so it is not
 * late, and a filter gathers what comes, up to 1 MiB, so that a record costs one call or message,
 * however small its pieces were.
 *
 * Since: 0.1
 */
G_DEFINE_TYPE_WITH_PRIVATE (ImpFramer, imp_framer, IMP_TYPE_ANALYZER)

typedef enum
{
  PROP_MAX_RECORD = 1,
} FramerProperty;

static GParamSpec *properties[PROP_MAX_RECORD + 1];

#define PRIVATE(self) ((ImpFramerPrivate *) imp_framer_get_instance_private (self))

ImpFramerPrivate *
imp_framer_get_private (ImpFramer *self)
{
  return PRIVATE (self);
}

static void
framer_record_free (gpointer data)
{
  FramerRecord *self = data;

  g_clear_pointer (&self->data, g_bytes_unref);
  g_free (self);
}

/* Nothing is looked at any more. */
static void
framer_stop (ImpFramer *self)
{
  ImpFramerPrivate *priv = PRIVATE (self);

  priv->closed = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      imp_input_queue_clear (&priv->sides[i].queue);
      g_queue_clear_full (&priv->sides[i].records, framer_record_free);
    }
}

/* The subclass may have refused the connection, or whoever gets a verdict closed the analyzer. */
static gboolean
framer_is_over (ImpFramer *self)
{
  ImpFramerPrivate *priv = PRIVATE (self);

  if (!priv->closed && imp_analyzer_is_closed (IMP_ANALYZER (self)))
    framer_stop (self);
  return priv->closed;
}

static void
framer_deny (ImpFramer *self, FramerSide *side, const char *reason)
{
  g_autofree char *text
    = g_strdup_printf ("data from the %s: %s",
                       side->direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server", reason);

  imp_analyzer_deny (IMP_ANALYZER (self), side->direction, text);
  framer_stop (self);
}

/* ---- answers: whoever gets one may feed more, which waits, or close the analyzer ---- */

/* @data: NULL to pass. */
static void
framer_settle (ImpFramer *self, FramerSide *side, gint64 end, GBytes *data)
{
  ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, side->direction, end);

  if (framer_is_over (self))
    return;
  side->settled = end;
  if (data != NULL)
    verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, side->direction, end,
                                   imp_view_of_bytes (data));
  imp_analyzer_take_verdict (IMP_ANALYZER (self), &verdict);
}

/* Those that have their answer, up to the first that has not. */
static void
framer_settle_records (ImpFramer *self, FramerSide *side)
{
  FramerRecord *record;

  while ((record = g_queue_peek_head (&side->records)) != NULL && record->answer != ANSWER_HOLD
         && !PRIVATE (self)->closed)
    {
      g_queue_pop_head (&side->records);
      side->first++;
      framer_settle (self, side, record->end, record->data);
      framer_record_free (record);
    }
}

static void
framer_add_record (FramerSide *side, gint64 end, FramerAnswer answer, GBytes *data)
{
  FramerRecord *record = g_new0 (FramerRecord, 1);

  record->end = end;
  record->answer = answer;
  record->data = data;
  g_queue_push_tail (&side->records, record);
}

typedef gboolean (*FramerFunc) (ImpFramer *self, ImpDirection direction, GBytes *record,
                                GError **error);

/* Calls the subclass, which answers. */
static gboolean
framer_call (ImpFramer *self, FramerSide *side, FramerFunc func, const char *name, GBytes *record,
             GError **error)
{
  ImpFramerPrivate *priv = PRIVATE (self);
  g_autoptr (GError) local = NULL;
  gboolean good;

  priv->asked = side;
  priv->answer = ANSWER_NONE;
  good = func (self, side->direction, record, &local) && local == NULL;
  priv->asked = NULL;
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (!good)
    g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "%s.%s() failed without saying why",
                 G_OBJECT_TYPE_NAME (self), name);
  else if (priv->answer == ANSWER_NONE && !framer_is_over (self))
    g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "%s.%s() gave no answer",
                 G_OBJECT_TYPE_NAME (self), name);
  return good && (priv->answer != ANSWER_NONE || priv->closed);
}

/* A record that ends at @end. */
static gboolean
framer_tell (ImpFramer *self, FramerSide *side, FramerFunc func, const char *name, GBytes *record,
             gint64 end, GError **error)
{
  ImpFramerPrivate *priv = PRIVATE (self);
  g_autoptr (GBytes) data = NULL;
  gboolean good;

  if (func == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "%s has no %s()", G_OBJECT_TYPE_NAME (self),
                   name);
      return FALSE;
    }
  good = framer_call (self, side, func, name, record, error);
  data = g_steal_pointer (&priv->data);
  if (!good || framer_is_over (self))
    return good;
  if (priv->answer == ANSWER_HOLD || side->records.length > 0)
    framer_add_record (side, end, priv->answer, g_steal_pointer (&data));
  else
    {
      side->first++;
      framer_settle (self, side, end, data);
    }
  return TRUE;
}

/* What is to pass unseen behind a record, with it or, where that waits, behind it. */
static void
framer_tell_skip (ImpFramer *self, FramerSide *side)
{
  if (side->skip_to <= side->position || side->skip_to == side->skip_told)
    return;
  side->skip_told = side->skip_to;
  if (side->records.length > 0)
    framer_add_record (side, side->skip_to, ANSWER_PASS, NULL);
  else
    framer_settle (self, side, side->skip_to, NULL);
}

/* Gives how much of what is here passes unseen. */
static gsize
framer_skip (ImpFramer *self, FramerSide *side, gsize available)
{
  gsize n;

  if (side->skip_to <= side->position)
    return 0;
  framer_tell_skip (self, side);
  n = MIN ((guint64) (side->skip_to - side->position), available);
  side->position += n;
  return n;
}

static gboolean
framer_tell_record (ImpFramer *self, FramerSide *side, GBytes *record, GError **error)
{
  side->position += g_bytes_get_size (record);
  return framer_tell (self, side, IMP_FRAMER_GET_CLASS (self)->record, "record", record,
                      side->position, error);
}

/* ---- records ---- */

/* Cuts what has come into records: @data, which @bytes has, or nobody (NULL). Gives how much of it
 * is done. */
static gsize
framer_cut (ImpFramer *self, FramerSide *side, const guint8 *data, gsize available, GBytes *bytes,
            GError **error)
{
  ImpFramerPrivate *priv = PRIVATE (self);
  gsize at = 0;

  while (at < available && !side->resting && !framer_is_over (self)
         && side->records.length < IMP_FRAMER_PENDING_MAX)
    {
      g_autoptr (GBytes) record = NULL;
      g_autofree char *reason = NULL;
      gsize length = framer_skip (self, side, available - at);

      if (length > 0)
        {
          at += length;
          continue;
        }
      switch (imp_framing_find (&side->framing, data + at, available - at, side->searched,
                                priv->max_record, &length, &reason))
        {
        case IMP_FRAMING_MORE:
          side->searched = available - at;
          side->wanted = side->position + (gint64) length;
          return at;
        case IMP_FRAMING_BAD:
          framer_deny (self, side, reason);
          return at;
        case IMP_FRAMING_RECORD:
          break;
        }
      record = bytes != NULL ? g_bytes_new_from_bytes (bytes, at, length)
                             : g_bytes_new (data + at, length);
      side->searched = 0;
      at += length;
      if (!framer_tell_record (self, side, record, error))
        return at;
      framer_tell_skip (self, side);
    }
  return at;
}

/* What was put by until there is more. */
static gboolean
framer_cut_partial (ImpFramer *self, FramerSide *side, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize done = framer_cut (self, side, side->partial->data, side->partial->len, NULL, &local);

  g_byte_array_remove_range (side->partial, 0, done);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
framer_is_full (const FramerSide *side)
{
  return side->records.length >= IMP_FRAMER_PENDING_MAX;
}

static gboolean
framer_take_stream (ImpFramer *self, FramerSide *side, GBytes *bytes, GError **error)
{
  gsize available, done;
  const guint8 *data = g_bytes_get_data (bytes, &available);
  g_autoptr (GError) local = NULL;

  if (side->partial->len > 0 || framer_is_full (side))
    {
      g_byte_array_append (side->partial, data, available);
      /* Nothing to be seen before all of it is there. */
      if (side->framing.kind != IMP_FRAMING_DELIMITER && side->searched > 0
          && side->wanted > side->position + (gint64) side->partial->len)
        return TRUE;
      return framer_is_full (side) || framer_cut_partial (self, side, error);
    }
  done = framer_cut (self, side, data, available, bytes, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!side->resting && !PRIVATE (self)->closed && done < available)
    g_byte_array_append (side->partial, data + done, available - done);
  return TRUE;
}

/* There is no more of what has begun. */
static gboolean
framer_finish_stream (ImpFramer *self, FramerSide *side, GError **error)
{
  ImpFramerClass *klass = IMP_FRAMER_GET_CLASS (self);
  g_autoptr (GBytes) rest = NULL;
  g_autofree char *reason = NULL;

  if (side->partial->len == 0 || side->resting)
    return TRUE;
  if (klass->incomplete == NULL)
    {
      reason = g_strdup_printf ("they end within a record, of which %u byte%s", side->partial->len,
                                side->partial->len == 1 ? " has come" : "s have come");
      framer_deny (self, side, reason);
      return TRUE;
    }
  rest = g_bytes_new (side->partial->data, side->partial->len);
  g_byte_array_set_size (side->partial, 0);
  side->searched = 0;
  side->position += g_bytes_get_size (rest);
  return framer_tell (self, side, klass->incomplete, "incomplete", rest, side->position, error);
}

static gboolean
framer_take_packet (ImpFramer *self, FramerSide *side, GBytes *packet, GError **error)
{
  gsize max = PRIVATE (self)->max_record;
  g_autofree char *reason = NULL;

  if (g_bytes_get_size (packet) <= max)
    return framer_tell_record (self, side, packet, error);
  reason = g_strdup_printf ("a packet has %" G_GSIZE_FORMAT " bytes, and may have %" G_GSIZE_FORMAT
                            " (max-record)",
                            g_bytes_get_size (packet), max);
  framer_deny (self, side, reason);
  return TRUE;
}

/* ---- input ---- */

/* Input was left out. */
static gboolean
framer_jump (ImpFramer *self, FramerSide *side, gint64 offset, GError **error)
{
  if (side->partial->len > 0)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL,
                   "%s: the input between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                   ", within a record, was left out",
                   G_OBJECT_TYPE_NAME (self), side->position + (gint64) side->partial->len, offset);
      return FALSE;
    }
  side->position = side->settled = offset;
  return TRUE;
}

static gboolean
framer_take (ImpFramer *self, FramerSide *side, const ImpInput *input, GError **error)
{
  gboolean is_stream = imp_data_type_is_streaming (input->data_type);
  gboolean is_end = g_bytes_get_size (input->data) == 0;

  if (side->ended || side->resting)
    return TRUE;
  if (input->offset > side->position + (gint64) side->partial->len
      && !framer_jump (self, side, input->offset, error))
    return FALSE;
  if ((is_end || input->data_type != side->type) && !framer_finish_stream (self, side, error))
    return FALSE;
  side->type = input->data_type;
  side->ended = is_end;
  if (is_end || framer_is_over (self))
    return TRUE;
  /* Nothing is to be told of it. */
  if (is_stream && side->framing.kind == IMP_FRAMING_NONE)
    {
      side->resting = TRUE;
      return TRUE;
    }
  return is_stream ? framer_take_stream (self, side, input->data, error)
                   : framer_take_packet (self, side, input->data, error);
}

/* While too many records wait, what comes does so too. */
static gboolean
framer_catch_up (ImpFramer *self, FramerSide *side, GError **error)
{
  ImpFramerPrivate *priv = PRIVATE (self);

  if (side->partial->len > 0 && !framer_is_full (side) && !side->ended && !side->resting
      && side->searched == 0 && !framer_cut_partial (self, side, error))
    return FALSE;
  while (!priv->closed && !framer_is_full (side))
    {
      ImpInput input;
      gboolean good;

      if (!imp_input_queue_take (&side->queue, G_MAXSIZE, &input))
        return TRUE;
      good = framer_take (self, side, &input, error);
      g_bytes_unref (input.data);
      if (!good)
        return FALSE;
    }
  return TRUE;
}

/* All records before it have left. */
static void
framer_settle_rest (ImpFramer *self, FramerSide *side)
{
  if (!side->resting || side->ended || side->records.length > 0)
    return;
  side->ended = TRUE;
  framer_settle (self, side, IMP_MAX_OFFSET, NULL);
}

/* The record that has begun waits for the rest of it, and nothing else does for anything. */
static void
framer_update_want (ImpFramer *self, FramerSide *side)
{
  if (PRIVATE (self)->closed || side->ended || side->resting || side->searched == 0
      || side->records.length > 0 || side->wanted == side->said)
    return;
  side->said = side->wanted;
  imp_analyzer_take_result (IMP_ANALYZER (self),
                            imp_result_new_want (side->direction, side->wanted));
}

/* Are there answers that came meanwhile? */
static gboolean
framer_has_answers (const ImpFramerPrivate *priv)
{
  for (guint i = 0; i < 2; i++)
    {
      const FramerRecord *record = priv->sides[i].records.head != NULL
                                     ? priv->sides[i].records.head->data
                                     : NULL;

      if (record != NULL && record->answer != ANSWER_HOLD)
        return TRUE;
    }
  return FALSE;
}

static gboolean
framer_work (ImpFramer *self, GError **error)
{
  ImpFramerPrivate *priv = PRIVATE (self);
  gboolean good = TRUE;

  priv->working = TRUE;
  do
    for (guint i = 0; i < 2 && good && !framer_is_over (self); i++)
      {
        framer_settle_records (self, &priv->sides[i]);
        good = framer_catch_up (self, &priv->sides[i], error);
        /* The record that it fails with is not to pass with the rest. */
        if (good)
          framer_settle_rest (self, &priv->sides[i]);
      }
  while (good && !priv->closed && framer_has_answers (priv));
  priv->working = FALSE;
  if (!good)
    framer_stop (self);
  return good;
}

static gboolean
imp_framer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *bytes, gint64 offset,
                 gint32 type, GError **error)
{
  ImpFramer *self = IMP_FRAMER (analyzer);
  ImpFramerPrivate *priv = PRIVATE (self);
  FramerSide *side = &priv->sides[direction];
  ImpInput input = { bytes, offset, type, direction };

  if (priv->closed || side->ended)
    return TRUE;
  imp_input_queue_push (&side->queue, &input);
  if (priv->working)
    return TRUE;
  if (!framer_work (self, error))
    return FALSE;
  framer_update_want (self, side);
  return TRUE;
}

void
imp_framer_go_on (ImpFramer *self)
{
  ImpFramerPrivate *priv = PRIVATE (self);
  g_autoptr (GError) error = NULL;

  if (priv->working || priv->closed)
    return;
  g_object_ref (self);
  if (!framer_work (self, &error))
    imp_analyzer_fail (IMP_ANALYZER (self), error->message);
  for (guint i = 0; i < 2; i++)
    framer_update_want (self, &priv->sides[i]);
  g_object_unref (self);
}

/* ---- the object ---- */

static void
imp_framer_close (ImpAnalyzer *analyzer)
{
  framer_stop (IMP_FRAMER (analyzer));
}

static void
imp_framer_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpFramerPrivate *priv = PRIVATE (IMP_FRAMER (object));

  if (id != PROP_MAX_RECORD)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  if (priv->max_record == g_value_get_uint (value))
    return;
  priv->max_record = g_value_get_uint (value);
  g_object_notify_by_pspec (object, pspec);
}

static void
imp_framer_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_MAX_RECORD)
    g_value_set_uint (value, PRIVATE (IMP_FRAMER (object))->max_record);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
imp_framer_finalize (GObject *object)
{
  ImpFramer *self = IMP_FRAMER (object);
  ImpFramerPrivate *priv = PRIVATE (self);

  framer_stop (self);
  for (guint i = 0; i < 2; i++)
    {
      imp_framing_clear (&priv->sides[i].framing);
      g_byte_array_unref (priv->sides[i].partial);
    }
  g_clear_pointer (&priv->data, g_bytes_unref);
  G_OBJECT_CLASS (imp_framer_parent_class)->finalize (object);
}

static void
imp_framer_class_init (ImpFramerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_framer_set_property;
  object_class->get_property = imp_framer_get_property;
  object_class->finalize = imp_framer_finalize;
  IMP_ANALYZER_CLASS (klass)->data = imp_framer_data;
  IMP_ANALYZER_CLASS (klass)->wants_stable_input = TRUE;
  IMP_ANALYZER_CLASS (klass)->close = imp_framer_close;

  /**
   * ImpFramer:max-record: (attributes org.gtk.Property.default=1048576)
   *
   * The greatest length of a record, in bytes, delimiter or prefix included. A longer one, as soon
   * as it is known to be that, is refused (DENY).
   *
   * Since: 0.1
   */
  properties[PROP_MAX_RECORD]
    = g_param_spec_uint ("max-record", NULL, NULL, 1, G_MAXINT32, MAX_RECORD_DEFAULT,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
imp_framer_init (ImpFramer *self)
{
  ImpFramerPrivate *priv = PRIVATE (self);

  priv->max_record = MAX_RECORD_DEFAULT;
  for (guint i = 0; i < 2; i++)
    {
      priv->sides[i].direction = i;
      priv->sides[i].partial = g_byte_array_new ();
      g_queue_init (&priv->sides[i].records);
      imp_input_queue_init (&priv->sides[i].queue, 0);
    }
}
