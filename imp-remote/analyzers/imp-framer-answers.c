/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a subclass calls: how records are told from each other, and its answers. */
#include "analyzers/imp-framer-object-private.h"

#include <string.h>

#include "core/imp-error.h"

/* Far beyond the length of any record. */
#define ADJUST_MAX G_MAXINT32

/* Takes @framing, which holds for what comes next. */
static void
framer_set_framing (ImpFramer *self, ImpDirection direction, const ImpFraming *framing)
{
  FramerSide *side = &imp_framer_get_private (self)->sides[direction];

  imp_framing_clear (&side->framing);
  side->framing = *framing;
  side->searched = 0;
}

/**
 * imp_framer_set_lines:
 * @self: a framer
 * @direction: a direction
 *
 * Has the records of a direction be lines, each with the `\n` at its end.
 *
 * This and its siblings say how the next record is found; from within [vfunc@Imp.Framer.record],
 * the one behind that record.
 *
 * Since: 0.1
 */
void
imp_framer_set_lines (ImpFramer *self, ImpDirection direction)
{
  const ImpFraming framing = {
    .kind = IMP_FRAMING_DELIMITER,
    .delimiter = g_bytes_new_static ("\n", 1),
  };

  g_return_if_fail (IMP_IS_FRAMER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);

  framer_set_framing (self, direction, &framing);
}

/**
 * imp_framer_set_delimiter:
 * @self: a framer
 * @direction: a direction
 * @delimiter: (array length=length): what each record ends with
 * @length: how many bytes, 1 to 65536
 * @error: return location for an error
 *
 * Has each record of a direction end with certain bytes, which are part of it. A @length that
 * cannot be is an %IMP_ERROR_SETTINGS.
 *
 * Returns: %TRUE if it is set
 *
 * Since: 0.1
 */
gboolean
imp_framer_set_delimiter (ImpFramer *self, ImpDirection direction, const guint8 *delimiter,
                          gsize length, GError **error)
{
  ImpFraming framing = { .kind = IMP_FRAMING_DELIMITER };

  g_return_val_if_fail (IMP_IS_FRAMER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);
  g_return_val_if_fail (delimiter != NULL || length == 0, FALSE);

  if (length == 0 || length > IMP_FRAMING_DELIMITER_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "A delimiter has 1 to %d bytes, not %" G_GSIZE_FORMAT, IMP_FRAMING_DELIMITER_MAX,
                   length);
      return FALSE;
    }
  framing.delimiter = g_bytes_new (delimiter, length);
  framer_set_framing (self, direction, &framing);
  return TRUE;
}

/**
 * imp_framer_set_length:
 * @self: a framer
 * @direction: a direction
 * @n_bytes: how many bytes a record has, at least 1
 * @error: return location for an error
 *
 * Has all records of a direction, or the next one only, have the same length. 0 is an
 * %IMP_ERROR_SETTINGS.
 *
 * Returns: %TRUE if it is set
 *
 * Since: 0.1
 */
gboolean
imp_framer_set_length (ImpFramer *self, ImpDirection direction, guint n_bytes, GError **error)
{
  const ImpFraming framing = { .kind = IMP_FRAMING_LENGTH, .length = n_bytes };

  g_return_val_if_fail (IMP_IS_FRAMER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);

  if (n_bytes == 0)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                           "A record has at least 1 byte, not 0");
      return FALSE;
    }
  framer_set_framing (self, direction, &framing);
  return TRUE;
}

/**
 * imp_framer_set_length_prefix:
 * @self: a framer
 * @direction: a direction
 * @width: how many bytes the number has with which each record begins: 1, 2, 4 or 8
 * @little_endian: whether its lowest byte comes first
 * @adjust: what has to be added to the number for the length of the whole record: @width if it
 *   counts what comes behind it, 0 if it counts itself too
 * @error: return location for an error
 *
 * Has each record of a direction begin with its length, as an unsigned number. Another @width, or
 * an
 * @adjust beyond 31 bits, is an %IMP_ERROR_SETTINGS.
 *
 * A number by which a record would be shorter than its prefix makes the framer refuse the
 * connection (DENY).
 *
 * Returns: %TRUE if it is set
 *
 * Since: 0.1
 */
gboolean
imp_framer_set_length_prefix (ImpFramer *self, ImpDirection direction, guint width,
                              gboolean little_endian, gint64 adjust, GError **error)
{
  const ImpFraming framing = {
    .kind = IMP_FRAMING_PREFIX,
    .width = width,
    .little_endian = little_endian,
    .adjust = adjust,
  };

  g_return_val_if_fail (IMP_IS_FRAMER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);

  if ((width != 1 && width != 2 && width != 4 && width != 8) || adjust < -ADJUST_MAX
      || adjust > ADJUST_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "A length has 1, 2, 4 or 8 bytes, not %u, and is adjusted by %d at most, not by "
                   "%" G_GINT64_FORMAT,
                   width, ADJUST_MAX, adjust);
      return FALSE;
    }
  framer_set_framing (self, direction, &framing);
  return TRUE;
}

/**
 * imp_framer_pass_next:
 * @self: a framer
 * @direction: a direction
 * @n_bytes: how many bytes, at least 0
 *
 * Passes the next bytes of a stream unseen, as they come, and however many they are; behind them
 * records go on. From within [vfunc@Imp.Framer.record], they are those behind that record, and
 * leave behind it; when the analyzer is made, those at the beginning of the stream. The last call
 * counts, but what has been passed before cannot be taken back.
 *
 * So a message with a head of some lines and a body whose length they tell is no longer than its
 * lines, and the body costs nothing.
 *
 * Since: 0.1
 */
void
imp_framer_pass_next (ImpFramer *self, ImpDirection direction, gint64 n_bytes)
{
  FramerSide *side;

  g_return_if_fail (IMP_IS_FRAMER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (n_bytes >= 0);

  side = &imp_framer_get_private (self)->sides[direction];
  /* There is no offset behind them. */
  if (n_bytes > G_MAXINT64 - side->position)
    {
      imp_framer_pass_rest (self, direction);
      return;
    }
  side->skip_to = MAX (side->skip_told, side->position + n_bytes);
  side->searched = 0;
  imp_framer_go_on (self);
}

/**
 * imp_framer_pass_rest:
 * @self: a framer
 * @direction: a direction
 *
 * Says that there are no more records to be told in a direction: once those that were told are
 * answered, all that follows passes, unseen.
 *
 * Since: 0.1
 */
void
imp_framer_pass_rest (ImpFramer *self, ImpDirection direction)
{
  g_return_if_fail (IMP_IS_FRAMER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);

  imp_framer_get_private (self)->sides[direction].resting = TRUE;
  imp_framer_go_on (self);
}

/* ---- answers ---- */

/* Takes @data. An answer that nobody has asked for must not be lost unseen. */
static void
framer_answer (ImpFramer *self, const char *function, FramerAnswer answer, GBytes *data)
{
  ImpFramerPrivate *priv = imp_framer_get_private (self);
  g_autofree char *reason = NULL;

  if (priv->asked != NULL)
    {
      priv->answer = answer;
      g_clear_pointer (&priv->data, g_bytes_unref);
      priv->data = data;
      return;
    }
  g_clear_pointer (&data, g_bytes_unref);
  reason = g_strdup_printf ("%s: %s() was called outside of record()", G_OBJECT_TYPE_NAME (self),
                            function);
  imp_analyzer_fail (IMP_ANALYZER (self), reason);
}

/**
 * imp_framer_pass_record:
 * @self: a framer
 *
 * Answers a record, from within [vfunc@Imp.Framer.record] or [vfunc@Imp.Framer.incomplete]: it
 * passes. Elsewhere the analyzer fails. The last answer counts.
 *
 * Since: 0.1
 */
void
imp_framer_pass_record (ImpFramer *self)
{
  g_return_if_fail (IMP_IS_FRAMER (self));

  framer_answer (self, "pass_record", ANSWER_PASS, NULL);
}

/**
 * imp_framer_replace_record:
 * @self: a framer
 * @data: (array length=length) (nullable): what stands in its place, with its delimiter or prefix
 * @length: how many bytes
 *
 * Answers a record with what stands in its place; see [method@Imp.Framer.pass_record].
 *
 * Since: 0.1
 */
void
imp_framer_replace_record (ImpFramer *self, const guint8 *data, gsize length)
{
  g_return_if_fail (IMP_IS_FRAMER (self));
  g_return_if_fail (data != NULL || length == 0);

  framer_answer (self, "replace_record", ANSWER_REPLACE, g_bytes_new (data, length));
}

/**
 * imp_framer_drop_record:
 * @self: a framer
 *
 * Answers a record: it is taken away; see [method@Imp.Framer.pass_record].
 *
 * Since: 0.1
 */
void
imp_framer_drop_record (ImpFramer *self)
{
  g_return_if_fail (IMP_IS_FRAMER (self));

  framer_answer (self, "drop_record", ANSWER_REPLACE, g_bytes_new (NULL, 0));
}

/* What a number stands for: the records of a side, counted, and the direction. */
static gint64
framer_make_number (const FramerSide *side)
{
  return (side->first + side->records.length) * 2 + side->direction;
}

/**
 * imp_framer_hold_record:
 * @self: a framer
 *
 * Says that the answer to a record comes later, by the number that this returns. The records behind
 * it are told, up to 4096 of them, but leave after it.
 *
 * Returns: a number for [method@Imp.Framer.pass_held] and its siblings
 *
 * Since: 0.1
 */
gint64
imp_framer_hold_record (ImpFramer *self)
{
  ImpFramerPrivate *priv;

  g_return_val_if_fail (IMP_IS_FRAMER (self), -1);

  priv = imp_framer_get_private (self);
  framer_answer (self, "hold_record", ANSWER_HOLD, NULL);
  return priv->asked != NULL ? framer_make_number (priv->asked) : -1;
}

/* A number that stands for none is a failure: it would be an answer that is lost. */
static void
framer_refuse_number (ImpFramer *self, const char *function, gint64 number)
{
  g_autofree char *reason = g_strdup_printf ("%s: %s(): no record with the number %" G_GINT64_FORMAT
                                             " waits for an answer",
                                             G_OBJECT_TYPE_NAME (self), function, number);

  imp_analyzer_fail (IMP_ANALYZER (self), reason);
}

/* Takes @data. */
static void
framer_answer_held (ImpFramer *self, const char *function, gint64 number, FramerAnswer answer,
                    GBytes *data)
{
  ImpFramerPrivate *priv = imp_framer_get_private (self);
  FramerSide *side = &priv->sides[number & 1];
  gint64 index = number / 2 - side->first;
  FramerRecord *record = NULL;

  /* What it was about is over. */
  if (priv->closed)
    {
      g_clear_pointer (&data, g_bytes_unref);
      return;
    }
  if (priv->asked == side && number == framer_make_number (side))
    {
      framer_answer (self, function, answer, data);
      return;
    }
  if (number >= 0 && index >= 0 && index < side->records.length)
    record = g_queue_peek_nth (&side->records, index);
  if (record == NULL || record->answer != ANSWER_HOLD)
    {
      g_clear_pointer (&data, g_bytes_unref);
      framer_refuse_number (self, function, number);
      return;
    }
  record->answer = answer;
  record->data = data;
  imp_framer_go_on (self);
}

/**
 * imp_framer_pass_held:
 * @self: a framer
 * @number: what [method@Imp.Framer.hold_record] has returned
 *
 * Answers a record that was held: it passes. Where the connection is over meanwhile, nothing
 * happens; a number that stands for no record that waits makes the analyzer fail.
 *
 * Since: 0.1
 */
void
imp_framer_pass_held (ImpFramer *self, gint64 number)
{
  g_return_if_fail (IMP_IS_FRAMER (self));

  framer_answer_held (self, "pass_held", number, ANSWER_PASS, NULL);
}

/**
 * imp_framer_replace_held:
 * @self: a framer
 * @number: what [method@Imp.Framer.hold_record] has returned
 * @data: (array length=length) (nullable): what stands in its place, with its delimiter or prefix
 * @length: how many bytes
 *
 * Answers a record that was held with what stands in its place; see
 * [method@Imp.Framer.pass_held].
 *
 * Since: 0.1
 */
void
imp_framer_replace_held (ImpFramer *self, gint64 number, const guint8 *data, gsize length)
{
  g_return_if_fail (IMP_IS_FRAMER (self));
  g_return_if_fail (data != NULL || length == 0);

  framer_answer_held (self, "replace_held", number, ANSWER_REPLACE, g_bytes_new (data, length));
}

/**
 * imp_framer_drop_held:
 * @self: a framer
 * @number: what [method@Imp.Framer.hold_record] has returned
 *
 * Answers a record that was held: it is taken away; see [method@Imp.Framer.pass_held].
 *
 * Since: 0.1
 */
void
imp_framer_drop_held (ImpFramer *self, gint64 number)
{
  g_return_if_fail (IMP_IS_FRAMER (self));

  framer_answer_held (self, "drop_held", number, ANSWER_REPLACE, g_bytes_new (NULL, 0));
}
