/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pinning-engine-private.h"

#include "core/imp-data-type-private.h"

/* What ends the bytes that are pending: then what they are is decided as it stands. */
typedef enum
{
  BREAK_NONE,
  BREAK_DIRECTION, /* the other direction has data */
  BREAK_TYPE,      /* data of another type */
  BREAK_END,
} Break;

void
imp_pinning_engine_init (ImpPinningEngine *self, const ImpPinningRules *rules)
{
  *self = (ImpPinningEngine){ .rules = rules };
  self->matched = g_new0 (gboolean, rules->rules->len);
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].growing = -1;
      imp_effort_init (&self->sides[i].effort, rules->max_effort);
    }
  for (guint i = 0; i < rules->rules->len; i++)
    self->sides[imp_pinning_rules_get (rules, i)->direction].n_open++;
}

void
imp_pinning_engine_clear (ImpPinningEngine *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&self->sides[i].pending, g_byte_array_unref);
      g_clear_pointer (&self->sides[i].seen, g_hash_table_unref);
    }
  g_clear_pointer (&self->matched, g_free);
  g_clear_pointer (&self->reason, g_free);
}

/* ---- the end ---- */

static void pinning_engine_stop (ImpPinningEngine *self, ImpPinningState state,
                                 ImpDirection direction, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

static void
pinning_engine_stop (ImpPinningEngine *self, ImpPinningState state, ImpDirection direction,
                     const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  self->state = state;
  self->denied = direction;
  self->reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

static void
pinning_engine_deny_wrong (ImpPinningEngine *self, ImpDirection direction)
{
  pinning_engine_stop (self, IMP_PINNING_DENIED, direction, "rule#%u data from wrong dir %d",
                       self->first, direction);
}

static gboolean
pinning_engine_goes_on (ImpPinningEngine *self)
{
  return self->state == IMP_PINNING_GOES_ON;
}

/* ---- which rules are there to be tried ---- */

/* Finds the rule that may be tried after @after (-1: as the first) on data of this direction, or
 * gives -1. */
static int
pinning_engine_next_rule (ImpPinningEngine *self, ImpDirection direction, int after)
{
  const ImpPinningRules *rules = self->rules;

  if (after >= 0 && !rules->allow_reorder)
    return -1;
  for (guint i = after < 0 ? self->first : (guint) after + 1; i < rules->rules->len; i++)
    {
      if (imp_pinning_rules_get (rules, i)->direction == (int) direction)
        {
          if (!self->matched[i])
            return i;
        }
      else if (!rules->ignore_order)
        return -1;
    }
  return -1;
}

static void
pinning_engine_take_rule (ImpPinningEngine *self, guint number)
{
  self->matched[number] = TRUE;
  self->sides[imp_pinning_rules_get (self->rules, number)->direction].n_open--;
  while (self->first < self->rules->rules->len && self->matched[self->first])
    self->first++;
  if (self->first == self->rules->rules->len)
    self->state = IMP_PINNING_DONE;
}

/* ---- trying ---- */

static ImpPinningAnswer
pinning_engine_try (ImpPinningEngine *self, ImpDirection direction, guint number,
                    const guint8 *data, gsize size, ImpPinningInput input, gsize *length)
{
  ImpPinningSide *side = &self->sides[direction];
  const ImpPinningRule *rule = imp_pinning_rules_get (self->rules, number);
  gint64 time = imp_effort_begin (&side->effort);
  ImpPinningAnswer answer = imp_pinning_rule_try (rule, data, size, input, length);
  gboolean affordable = imp_effort_charge (&side->effort, &time, side->n_new);

  side->n_new = 0;
  if (affordable && answer != IMP_PINNING_COSTLY)
    return answer;
  pinning_engine_stop (self, IMP_PINNING_FAILED, direction,
                       "rule#%u: the regular expression is too costly for these data: %s", number,
                       affordable ? "more work at one place than is allowed"
                                  : "its time in this connection is used up (max-effort)");
  return IMP_PINNING_COSTLY;
}

/* The first bytes of what is pending have matched, for good. */
static void
pinning_side_consume (ImpPinningSide *side, gsize length)
{
  gint64 begin = side->fed - (gint64) side->pending->len;

  side->passed = MAX (side->passed, begin + (gint64) length);
  side->growing = -1;
  side->matched = 0;
  g_byte_array_remove_range (side->pending, 0, length);
}

/* So far. */
static void
pinning_side_grow (ImpPinningSide *side, int number, gsize length)
{
  gint64 begin = side->fed - (gint64) side->pending->len;

  side->growing = number;
  side->matched = MAX (side->matched, length);
  side->passed = MAX (side->passed, begin + (gint64) side->matched);
}

/* TRUE if the rule is done with. */
static gboolean
pinning_engine_continue_growing (ImpPinningEngine *self, ImpDirection direction,
                                 ImpPinningInput input)
{
  ImpPinningSide *side = &self->sides[direction];
  gsize length = side->matched;

  switch (pinning_engine_try (self, direction, side->growing, side->pending->data,
                              side->pending->len, input, &length))
    {
    case IMP_PINNING_GROWS:
      pinning_side_grow (side, side->growing, length);
      return FALSE;
    case IMP_PINNING_OPEN:
    case IMP_PINNING_COSTLY:
      return FALSE;
    case IMP_PINNING_MATCH:
    case IMP_PINNING_NONE:
    default:
      pinning_side_consume (side, MAX (length, side->matched));
      return TRUE;
    }
}

/* The first rule that matches is taken, as soon as all before it cannot match any more. Gives the
 * last answer; NONE: no rule can match. *@longest: so many bytes make that final. */
static ImpPinningAnswer
pinning_engine_try_rules (ImpPinningEngine *self, ImpDirection direction, ImpPinningInput input,
                          gsize *longest)
{
  ImpPinningSide *side = &self->sides[direction];
  ImpPinningAnswer answer = IMP_PINNING_NONE;
  gsize length = 0;

  *longest = 0;
  for (int i = pinning_engine_next_rule (self, direction, -1); i >= 0 && answer == IMP_PINNING_NONE;
       i = pinning_engine_next_rule (self, direction, i))
    {
      answer = pinning_engine_try (self, direction, i, side->pending->data, side->pending->len,
                                   input, &length);
      *longest = MAX (*longest, imp_pinning_rules_get (self->rules, i)->max_length);
      if (answer == IMP_PINNING_MATCH)
        pinning_side_consume (side, length);
      else if (answer == IMP_PINNING_GROWS)
        pinning_side_grow (side, i, length);
      if (answer == IMP_PINNING_MATCH || answer == IMP_PINNING_GROWS)
        pinning_engine_take_rule (self, i);
    }
  return answer;
}

/* ---- data without a rule ---- */

static void
pinning_engine_hold (ImpPinningEngine *self, ImpDirection direction, gsize length)
{
  ImpPinningSide *side = &self->sides[direction];
  gint64 max = self->rules->max_unbound[direction];

  side->unbound += length;
  if (max < 0)
    side->paused = TRUE;
  else if (side->unbound > max)
    pinning_engine_stop (self, IMP_PINNING_DENIED, direction,
                         "unbound buffer size=%" G_GINT64_FORMAT " > max_unbound(%" G_GINT64_FORMAT
                         ")",
                         side->unbound, max);
}

/* There are @length bytes, and no rule that they could be tried on. */
static void
pinning_engine_take_unbound (ImpPinningEngine *self, ImpDirection direction, gsize length)
{
  if (self->rules->ignore_order)
    pinning_engine_hold (self, direction, length);
  else
    pinning_engine_deny_wrong (self, direction);
}

/* ---- streams ---- */

/* Nothing that is pending matches. */
static void
pinning_engine_miss (ImpPinningEngine *self, ImpDirection direction, Break cause)
{
  guint number = pinning_engine_next_rule (self, direction, -1);

  if (cause == BREAK_DIRECTION)
    pinning_engine_deny_wrong (self, !direction);
  else if (cause == BREAK_END)
    pinning_engine_stop (self, IMP_PINNING_DENIED, direction, "eof on %d but unmatched rule#%u",
                         direction, number);
  else
    pinning_engine_stop (self, IMP_PINNING_DENIED, direction, "rule#%u did not match", number);
}

/* One rule. FALSE where no more can be said of what is pending. */
static gboolean
pinning_engine_match_once (ImpPinningEngine *self, ImpDirection direction, Break cause)
{
  ImpPinningSide *side = &self->sides[direction];
  ImpPinningInput input = cause == BREAK_NONE ? IMP_PINNING_STREAM : IMP_PINNING_END;
  gsize longest;

  if (side->growing >= 0)
    return pinning_engine_continue_growing (self, direction, input);
  if (pinning_engine_next_rule (self, direction, -1) < 0)
    {
      pinning_engine_take_unbound (self, direction, side->pending->len);
      g_byte_array_set_size (side->pending, 0);
      return FALSE;
    }
  switch (pinning_engine_try_rules (self, direction, input, &longest))
    {
    case IMP_PINNING_MATCH:
      return TRUE;
    case IMP_PINNING_NONE:
      if (cause != BREAK_NONE || side->pending->len >= longest)
        pinning_engine_miss (self, direction, cause);
      return FALSE;
    case IMP_PINNING_GROWS:
    case IMP_PINNING_OPEN:
    case IMP_PINNING_COSTLY:
    default:
      return FALSE;
    }
}

static void
pinning_engine_match (ImpPinningEngine *self, ImpDirection direction, Break cause)
{
  ImpPinningSide *side = &self->sides[direction];
  gboolean more = TRUE;

  while (more && pinning_engine_goes_on (self) && side->pending != NULL && side->pending->len > 0)
    more = pinning_engine_match_once (self, direction, cause);
}

static void
pinning_engine_feed_stream (ImpPinningEngine *self, ImpDirection direction, const guint8 *data,
                            gsize length)
{
  ImpPinningSide *side = &self->sides[direction];

  if (side->growing < 0 && pinning_engine_next_rule (self, direction, -1) < 0)
    {
      pinning_engine_take_unbound (self, direction, length);
      return;
    }
  if (side->pending == NULL)
    side->pending = g_byte_array_new ();
  g_byte_array_append (side->pending, data, length);
  pinning_engine_match (self, direction, BREAK_NONE);
}

/* ---- packets ---- */

static GBytes *
pinning_engine_hash (ImpPinningEngine *self, const guint8 *data, gsize length)
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, self->rules->key, IMP_PINNING_KEY_SIZE);
  guint8 digest[32];
  gsize size = sizeof digest;

  g_hmac_update (hmac, data, length);
  g_hmac_get_digest (hmac, digest, &size);
  return g_bytes_new (digest, size);
}

/* A rule matches once: there are never more hashes than rules. */
static void
pinning_engine_remember (ImpPinningEngine *self, ImpPinningSide *side, const guint8 *data,
                         gsize length)
{
  if (!self->rules->allow_dup)
    return;
  if (side->seen == NULL)
    side->seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                        NULL);
  g_hash_table_add (side->seen, pinning_engine_hash (self, data, length));
}

/* What is held before it would pass with it. */
static gboolean
pinning_engine_is_repeated (ImpPinningEngine *self, ImpPinningSide *side, const guint8 *data,
                            gsize length)
{
  g_autoptr (GBytes) hash = NULL;

  if (side->seen == NULL || side->unbound > 0)
    return FALSE;
  hash = pinning_engine_hash (self, data, length);
  return g_hash_table_contains (side->seen, hash);
}

static void
pinning_engine_feed_packet (ImpPinningEngine *self, ImpDirection direction, const guint8 *data,
                            gsize size)
{
  ImpPinningSide *side = &self->sides[direction];
  int first = pinning_engine_next_rule (self, direction, -1);
  ImpPinningAnswer answer = IMP_PINNING_NONE;
  gsize length;

  for (int i = first; i >= 0 && answer == IMP_PINNING_NONE;
       i = pinning_engine_next_rule (self, direction, i))
    {
      answer = pinning_engine_try (self, direction, i, data, size, IMP_PINNING_PACKET, &length);
      if (answer == IMP_PINNING_MATCH)
        {
          side->passed = side->fed;
          pinning_engine_remember (self, side, data, size);
          pinning_engine_take_rule (self, i);
        }
    }
  if (answer != IMP_PINNING_NONE)
    return;
  if (pinning_engine_is_repeated (self, side, data, size))
    side->passed = side->fed;
  else if (first >= 0)
    pinning_engine_miss (self, direction, BREAK_TYPE);
  else
    pinning_engine_take_unbound (self, direction, size);
}

/* ---- input ---- */

/* What is pending has no continuation. */
static void
pinning_engine_break (ImpPinningEngine *self, ImpDirection direction, Break cause)
{
  pinning_engine_match (self, direction, cause);
}

void
imp_pinning_engine_feed (ImpPinningEngine *self, ImpDirection direction, const guint8 *data,
                         gsize length, gint32 data_type)
{
  ImpPinningSide *side = &self->sides[direction];

  if (!pinning_engine_goes_on (self))
    return;
  imp_effort_begin_slice (&side->effort);
  if (!self->rules->ignore_order)
    pinning_engine_break (self, !direction, BREAK_DIRECTION);
  if (side->type != data_type || !imp_data_type_is_streaming (data_type))
    pinning_engine_break (self, direction, BREAK_TYPE);
  if (!pinning_engine_goes_on (self))
    return;

  side->type = data_type;
  side->fed += length;
  side->n_new += length;
  if (imp_data_type_is_streaming (data_type))
    pinning_engine_feed_stream (self, direction, data, length);
  else
    pinning_engine_feed_packet (self, direction, data, length);
}

void
imp_pinning_engine_end (ImpPinningEngine *self, ImpDirection direction)
{
  if (!pinning_engine_goes_on (self))
    return;
  self->sides[direction].ended = TRUE;
  pinning_engine_break (self, direction, BREAK_END);
  if (pinning_engine_goes_on (self) && self->sides[direction].n_open > 0)
    for (guint i = self->first; i < self->rules->rules->len; i++)
      if (!self->matched[i] && imp_pinning_rules_get (self->rules, i)->direction == (int) direction)
        {
          pinning_engine_stop (self, IMP_PINNING_DENIED, direction,
                               "eof on %d but unmatched rule#%u", direction, i);
          return;
        }
}
