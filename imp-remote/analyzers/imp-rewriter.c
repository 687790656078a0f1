/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-rewriter-object-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"

#define MAX_EFFORT_MAX 60000

/**
 * ImpRewriter:
 *
 * Looks for patterns in a stream and lets a subclass say what stands in their place: it adds
 * patterns when it is made ([method@Imp.Rewriter.add_string], [method@Imp.Rewriter.add_regex]) and
 * implements [vfunc@Imp.Rewriter.match], which is called with each match and answers with
 * [method@Imp.Rewriter.replace] or [method@Imp.Rewriter.keep].
 *
 * What is found does not depend on how the stream is cut into chunks. The leftmost match wins;
 * where several patterns match at one place, the one that was added first. Matches do not overlap:
 * the search goes on behind the last one, and what was put in its place is not looked at.
 *
 * Only what may still become a match is held back: of a string never more than its length less one
 * byte, and of a regular expression no more than it has to see to be sure
 * ([method@Imp.Rewriter.get_max_held]). What is held at the end of the stream, and where the type
 * of the data changes, is decided then. [property@Imp.Rewriter:max-delay] limits for how long bytes
 * are held. Packets are looked at one by one, and a packet with a replacement in it is replaced as
 * a whole.
 *
 * Any number of patterns cost one pass over the bytes: all strings are looked for at once, and so
 * are all regular expressions but those that refer to their own groups, or quote with `\Q`. Of
 * those that begin with two known bytes or more, as `sk-[a-z]+`, many are no dearer than one;
 * others are tried one after the other at each place. A direction without a pattern passes unseen.
 *
 * A search that takes long is left, and taken up again by the main loop of the thread that the
 * analyzer belongs to; meanwhile it asks for a pause. Past [property@Imp.Rewriter:max-effort] it
 * fails.
 *
 * Since: 0.1
 */
G_DEFINE_TYPE_WITH_PRIVATE (ImpRewriter, imp_rewriter, IMP_TYPE_ANALYZER)

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpDelayAction, imp_delay_action,
                    G_DEFINE_ENUM_VALUE (IMP_DELAY_PASS, "pass"),
                    G_DEFINE_ENUM_VALUE (IMP_DELAY_DENY, "deny"))
/* clang-format on */

typedef enum
{
  PROP_MAX_DELAY = 1,
  PROP_ON_DELAY,
  PROP_MAX_EFFORT,
  PROP_N_MATCHES, /* from here on, what is counted */
  PROP_N_REPLACED,
  PROP_N_DELAYED,
  PROP_N_LATE,
} RewriterProperty;

static GParamSpec *properties[PROP_N_LATE + 1];

#define PRIVATE(self) ((ImpRewriterPrivate *) imp_rewriter_get_instance_private (self))

ImpRewriterPrivate *
imp_rewriter_get_private (ImpRewriter *self)
{
  return PRIVATE (self);
}

static void
rewriter_count (ImpRewriter *self, RewriterProperty what)
{
  PRIVATE (self)->counts[what - PROP_N_MATCHES]++;
}

ImpRewriterPatterns *
imp_rewriter_ensure_patterns (ImpRewriter *self)
{
  ImpRewriterPrivate *priv = PRIVATE (self);

  if (priv->patterns == NULL)
    priv->patterns = imp_rewriter_patterns_new (G_OBJECT_TYPE (self));
  return priv->patterns;
}

/* Forgets all that it would still have to look at. */
static void
rewriter_stop (ImpRewriter *self)
{
  ImpRewriterPrivate *priv = PRIVATE (self);

  imp_source_clear (&priv->timer);
  imp_searcher_stop (&priv->searcher);
}

/* The callback may have refused the connection, or whoever gets a verdict closed the analyzer. */
static gboolean
rewriter_is_over (ImpRewriter *self)
{
  ImpRewriterPrivate *priv = PRIVATE (self);

  if (!priv->searcher.closed && imp_analyzer_is_closed (IMP_ANALYZER (self)))
    rewriter_stop (self);
  return priv->searcher.closed;
}

/* ---- answers: whoever gets one may feed more, which waits, or close the analyzer ---- */

static void
rewriter_answer (ImpRewriter *self, ImpResult *result)
{
  if (PRIVATE (self)->searcher.closed)
    imp_result_unref (result);
  else
    imp_analyzer_take_result (IMP_ANALYZER (self), result);
}

static void
rewriter_pass (ImpRewriter *self, ImpSearchSide *side, gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, side->direction, offset);

  if (offset <= side->settled)
    return;
  side->settled = offset;
  if (!PRIVATE (self)->searcher.closed)
    imp_analyzer_take_verdict (IMP_ANALYZER (self), &verdict);
}

static void
rewriter_put (ImpRewriter *self, ImpSearchSide *side, gint64 offset, GBytes *data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, side->direction, offset,
                                                  imp_view_of_bytes (data));

  side->settled = offset;
  rewriter_count (self, PROP_N_REPLACED);
  if (!PRIVATE (self)->searcher.closed)
    imp_analyzer_take_verdict (IMP_ANALYZER (self), &verdict);
}

/* Where the provider can take a LOG; it is never demanded. */
static void
rewriter_warn (ImpRewriter *self, ImpSearchSide *side, gint64 from, gint64 to, const char *message)
{
  ImpInterface *interface = imp_analyzer_peek_interface (IMP_ANALYZER (self));

  if (interface == NULL || imp_interface_allows (interface, IMP_RESULT_LOG))
    rewriter_answer (self, imp_result_new_log (side->direction, from, to - from,
                                               IMP_LOG_LEVEL_WARNING, message, NULL));
}

/* ---- what becomes of matches ---- */

static void
rewriter_match_begin (ImpRewriterMatch *self, const ImpSearchSide *side)
{
  const ImpSearchRun *run = &side->stream.found;

  self->side = side;
  self->run = run;
  if (self->groups == NULL)
    self->groups = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_array_set_size (self->groups, 0);
  if (run->n_groups > 0)
    g_array_append_vals (self->groups, run->groups, 2 * run->n_groups);
}

static void
rewriter_match_end (ImpRewriterMatch *self)
{
  self->side = NULL;
  self->run = NULL;
  g_clear_pointer (&self->replacement, g_bytes_unref);
}

/* Asks the subclass. */
static gboolean
rewriter_call_match (ImpRewriter *self, ImpSearchSide *side, gint64 from, GError **error)
{
  ImpRewriterPrivate *priv = PRIVATE (self);
  ImpRewriterClass *klass = IMP_REWRITER_GET_CLASS (self);
  const ImpSearchRun *run = &side->stream.found;
  guint id = imp_rewriter_patterns_get_id (priv->patterns, side->direction, run->which);
  g_autoptr (GBytes) match = g_bytes_new (run->data + run->from, run->to - run->from);
  g_autoptr (GError) local = NULL;

  if (klass->match == NULL
      || (klass->match (self, side->direction, id, match, from, &local) && local == NULL))
    return TRUE;
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "%s.match() failed without saying why",
                 G_OBJECT_TYPE_NAME (self));
  return FALSE;
}

/* Carries the answer out. */
static gboolean
rewriter_settle_answer (ImpRewriter *self, ImpSearchSide *side, gint64 from, gint64 to,
                        GBytes *replacement, GError **error)
{
  gint64 base;

  if (replacement == NULL || rewriter_is_over (self))
    return TRUE;
  if (side->packet.bytes == NULL)
    {
      rewriter_put (self, side, to, replacement);
      return TRUE;
    }
  base = imp_search_side_get_packet_base (side);
  return imp_pattern_packet_replace (&side->packet, from - base, to - base, replacement, error);
}

static gboolean
rewriter_settle_match (ImpRewriter *self, ImpSearchSide *side, GError **error)
{
  ImpRewriterPrivate *priv = PRIVATE (self);
  g_autoptr (GBytes) replacement = NULL;
  gint64 from, to;
  gboolean good;

  imp_pattern_stream_get_match (&side->stream, &from, &to);
  rewriter_count (self, PROP_N_MATCHES);
  if (from < side->settled)
    {
      rewriter_count (self, PROP_N_LATE);
      rewriter_warn (self, side, from, to,
                     "a match began in what had passed after max-delay, and passes");
      return TRUE;
    }
  /* The groups are those of the last search of this thread, and whoever gets the PASS may search,
   * too; an answer of theirs is none to this match. */
  rewriter_match_begin (&priv->match, side);
  if (side->packet.bytes == NULL)
    rewriter_pass (self, side, from);
  g_clear_pointer (&priv->match.replacement, g_bytes_unref);
  if (rewriter_is_over (self))
    {
      rewriter_match_end (&priv->match);
      return TRUE;
    }
  good = rewriter_call_match (self, side, from, error);
  replacement = g_steal_pointer (&priv->match.replacement);
  rewriter_match_end (&priv->match);
  return good && rewriter_settle_answer (self, side, from, to, replacement, error);
}

static gboolean
rewriter_settle_packet (ImpRewriter *self, ImpSearchSide *side, GError **error)
{
  g_autoptr (GBytes) changed = NULL;

  if (!imp_pattern_packet_finish (&side->packet, &changed, error))
    return FALSE;
  imp_pattern_packet_clear (&side->packet);
  if (changed == NULL)
    rewriter_pass (self, side, side->stream.fed);
  else if (side->settled < side->stream.fed)
    rewriter_put (self, side, side->stream.fed, changed);
  else
    {
      rewriter_count (self, PROP_N_LATE);
      rewriter_warn (self, side, side->settled, side->settled,
                     "a packet passed after max-delay before it was searched, and is not changed");
    }
  return TRUE;
}

/* Goes on with the search of a side until it is over, or busy. */
static gboolean
rewriter_search (ImpAnalyzer *analyzer, ImpSearchSide *side, GError **error)
{
  ImpRewriter *self = IMP_REWRITER (analyzer);
  ImpMatchStatus status = IMP_MATCH_FOUND;

  while (status == IMP_MATCH_FOUND && !rewriter_is_over (self))
    {
      status = imp_pattern_stream_next (&side->stream, error);
      if (status == IMP_MATCH_FAILED
          || (status == IMP_MATCH_FOUND && !rewriter_settle_match (self, side, error)))
        return FALSE;
    }
  if (rewriter_is_over (self))
    return TRUE;
  if (side->packet.bytes != NULL && status != IMP_MATCH_BUSY)
    return rewriter_settle_packet (self, side, error);
  /* What comes after the end of a type says more. */
  if (side->packet.bytes == NULL && !side->finished)
    rewriter_pass (self, side, imp_pattern_stream_get_decided (&side->stream));
  return TRUE;
}

/* ---- input, and what is not done at once ---- */

/* At the first byte of either direction the patterns are all there. */
static void
rewriter_begin_side (ImpRewriter *self, ImpDirection direction)
{
  ImpRewriterPrivate *priv = PRIVATE (self);
  ImpSearchSide *side = &priv->searcher.sides[direction];
  ImpMatcher *matcher = imp_rewriter_patterns_peek_matcher (imp_rewriter_ensure_patterns (self),
                                                            direction);

  priv->begun[direction] = TRUE;
  if (matcher == NULL)
    {
      side->ended = TRUE;
      rewriter_answer (self, imp_result_new_pass (direction, IMP_MAX_OFFSET));
      return;
    }
  imp_pattern_stream_init (&side->stream, matcher, priv->max_effort);
  side->stream.memory = imp_matcher_memory_new (imp_matcher_peek_set (matcher));
}

static gboolean
imp_rewriter_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *bytes, gint64 offset,
                   gint32 type, GError **error)
{
  ImpRewriter *self = IMP_REWRITER (analyzer);
  ImpRewriterPrivate *priv = PRIVATE (self);
  const ImpInput input = { bytes, offset, type, direction };

  if (!priv->begun[direction] && !priv->searcher.closed)
    rewriter_begin_side (self, direction);
  if (priv->max_delay > 0 && g_bytes_get_size (bytes) > 0 && !priv->searcher.sides[direction].ended)
    imp_arrivals_add (&priv->arrivals[direction],
                      imp_analyzer_peek_marks (analyzer, direction)->fed, g_get_monotonic_time (),
                      priv->max_delay * G_TIME_SPAN_MILLISECOND);
  return imp_searcher_take (&priv->searcher, &input, error);
}

/* What came up to @late has been held for as long as may be. What is a match as it stands is taken
 * for one. */
static gboolean
rewriter_release (ImpRewriter *self, ImpSearchSide *side, gint64 late, GError **error)
{
  ImpRewriterPrivate *priv = PRIVATE (self);

  if (!imp_search_side_is_behind (side))
    {
      imp_effort_begin_slice (&side->stream.effort);
      imp_pattern_stream_pause (&side->stream);
      if (!rewriter_search (IMP_ANALYZER (self), side, error))
        return FALSE;
    }
  if (priv->searcher.closed || side->settled >= late)
    return TRUE;
  rewriter_count (self, PROP_N_DELAYED);
  if (priv->on_delay == IMP_DELAY_DENY)
    {
      rewriter_answer (self,
                       imp_result_new_deny (side->direction,
                                            "what may be a match was held for max-delay", NULL));
      rewriter_stop (self);
      return TRUE;
    }
  rewriter_warn (self, side, side->settled, late,
                 "what may be a match was held for max-delay, and passes");
  rewriter_pass (self, side, late);
  return TRUE;
}

static gboolean
rewriter_on_delay (gpointer user_data)
{
  g_autoptr (ImpRewriter) self = g_object_ref (user_data);
  ImpRewriterPrivate *priv = PRIVATE (self);
  gint64 max_delay = priv->max_delay * G_TIME_SPAN_MILLISECOND;
  g_autoptr (GError) error = NULL;

  imp_searcher_begin_work (&priv->searcher);
  imp_source_clear (&priv->timer);
  for (guint i = 0; i < 2 && error == NULL && !priv->searcher.closed; i++)
    {
      ImpSearchSide *side = &priv->searcher.sides[i];
      gint64 late = imp_arrivals_get_late (&priv->arrivals[i], g_get_monotonic_time (), max_delay);

      if (late > side->settled)
        rewriter_release (self, side, late, &error);
    }
  imp_searcher_finish_work (&priv->searcher, error);
  return G_SOURCE_REMOVE;
}

/* The first of what is held decides when it rings. */
static void
rewriter_update (ImpAnalyzer *analyzer)
{
  ImpRewriterPrivate *priv = PRIVATE (IMP_REWRITER (analyzer));
  gint64 first = G_MAXINT64, wait;

  if (priv->max_delay == 0)
    return;
  for (guint i = 0; i < 2; i++)
    {
      imp_arrivals_trim (&priv->arrivals[i], priv->searcher.sides[i].settled);
      if (!imp_arrivals_is_empty (&priv->arrivals[i]))
        first = MIN (first, priv->arrivals[i].entries[0].time);
    }
  if (first == G_MAXINT64 || priv->searcher.closed)
    {
      imp_source_clear (&priv->timer);
      return;
    }
  if (priv->timer != NULL)
    return;
  wait = first + priv->max_delay * G_TIME_SPAN_MILLISECOND - g_get_monotonic_time ();
  priv->timer = imp_source_add_timeout (imp_analyzer_peek_main_context (analyzer),
                                        MAX (0, (wait + 999) / 1000), "ImpRewriter: max-delay",
                                        rewriter_on_delay, analyzer);
}

static void
rewriter_pass_side (ImpAnalyzer *analyzer, ImpSearchSide *side, gint64 offset)
{
  rewriter_pass (IMP_REWRITER (analyzer), side, offset);
}

static void
rewriter_take_answer (ImpAnalyzer *analyzer, ImpResult *result)
{
  rewriter_answer (IMP_REWRITER (analyzer), result);
}

static const ImpSearcherFuncs rewriter_funcs = {
  .search = rewriter_search,
  .pass = rewriter_pass_side,
  .answer = rewriter_take_answer,
  .update = rewriter_update,
};

/* ---- the object ---- */

static void
imp_rewriter_close (ImpAnalyzer *analyzer)
{
  rewriter_stop (IMP_REWRITER (analyzer));
}

static void
rewriter_set (GObject *object, guint id, guint *setting, guint value)
{
  if (*setting == value)
    return;
  *setting = value;
  g_object_notify_by_pspec (object, properties[id]);
}

static void
imp_rewriter_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpRewriterPrivate *priv = PRIVATE (IMP_REWRITER (object));

  switch ((RewriterProperty) id)
    {
    case PROP_MAX_DELAY:
      rewriter_set (object, id, &priv->max_delay, g_value_get_uint (value));
      break;
    case PROP_ON_DELAY:
      rewriter_set (object, id, &priv->on_delay, g_value_get_enum (value));
      break;
    case PROP_MAX_EFFORT:
      rewriter_set (object, id, &priv->max_effort, g_value_get_uint (value));
      break;
    case PROP_N_MATCHES:
    case PROP_N_REPLACED:
    case PROP_N_DELAYED:
    case PROP_N_LATE:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_rewriter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpRewriterPrivate *priv = PRIVATE (IMP_REWRITER (object));

  switch ((RewriterProperty) id)
    {
    case PROP_MAX_DELAY:
      g_value_set_uint (value, priv->max_delay);
      break;
    case PROP_ON_DELAY:
      g_value_set_enum (value, priv->on_delay);
      break;
    case PROP_MAX_EFFORT:
      g_value_set_uint (value, priv->max_effort);
      break;
    case PROP_N_MATCHES:
    case PROP_N_REPLACED:
    case PROP_N_DELAYED:
    case PROP_N_LATE:
      g_value_set_uint64 (value, priv->counts[id - PROP_N_MATCHES]);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_rewriter_finalize (GObject *object)
{
  ImpRewriter *self = IMP_REWRITER (object);
  ImpRewriterPrivate *priv = PRIVATE (self);

  rewriter_stop (self);
  imp_searcher_clear (&priv->searcher);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&priv->searcher.sides[i].stream.memory, imp_matcher_memory_free);
  g_clear_pointer (&priv->match.groups, g_array_unref);
  g_clear_pointer (&priv->patterns, imp_rewriter_patterns_free);
  G_OBJECT_CLASS (imp_rewriter_parent_class)->finalize (object);
}

static void
rewriter_class_install_settings (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ImpRewriter:max-delay: (attributes org.gtk.Property.default=0)
   *
   * How long, in milliseconds, bytes may be held since they may be the beginning of a match; 0 (the
   * default): until that is decided. Then what is a match as it stands is taken for one; else
   * [property@Imp.Rewriter:on-delay] says what becomes of them. They may go an eighth of it
   * earlier, and later only where the main loop of the analyzer's thread is late.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_DELAY] = g_param_spec_uint ("max-delay", NULL, NULL, 0, G_MAXINT32, 0, flags);

  /**
   * ImpRewriter:on-delay: (attributes org.gtk.Property.default=IMP_DELAY_PASS)
   *
   * What becomes of bytes that were held for [property@Imp.Rewriter:max-delay]. Where they pass, a
   * match that is complete later and begins in them passes unchanged, as is logged and counted
   * ([property@Imp.Rewriter:n-late]).
   *
   * Since: 0.1
   */
  properties[PROP_ON_DELAY] = g_param_spec_enum ("on-delay", NULL, NULL, IMP_TYPE_DELAY_ACTION,
                                                 IMP_DELAY_PASS, flags);

  /**
   * ImpRewriter:max-effort: (attributes org.gtk.Property.default=250)
   *
   * How much time the search may take in one direction, in milliseconds of computing, beyond 0.1
   * microseconds for each byte and each regular expression, and 1 % of the time that goes by. Then
   * the analyzer fails: what cannot be decided must not pass.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_EFFORT] = g_param_spec_uint ("max-effort", NULL, NULL, 1, MAX_EFFORT_MAX,
                                                   IMP_EFFORT_LIMIT_DEFAULT, flags);
}

static void
rewriter_class_install_counts (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * ImpRewriter:n-matches:
   *
   * How many matches there were, in both directions. There is no notification of its changes.
   *
   * Since: 0.1
   */
  properties[PROP_N_MATCHES] = g_param_spec_uint64 ("n-matches", NULL, NULL, 0, G_MAXUINT64, 0,
                                                    flags);

  /**
   * ImpRewriter:n-replaced:
   *
   * How many of them were replaced, or packets that had some of them. There is no notification of
   * its changes.
   *
   * Since: 0.1
   */
  properties[PROP_N_REPLACED] = g_param_spec_uint64 ("n-replaced", NULL, NULL, 0, G_MAXUINT64, 0,
                                                     flags);

  /**
   * ImpRewriter:n-delayed:
   *
   * How often bytes were held for [property@Imp.Rewriter:max-delay]. There is no notification of
   * its changes.
   *
   * Since: 0.1
   */
  properties[PROP_N_DELAYED] = g_param_spec_uint64 ("n-delayed", NULL, NULL, 0, G_MAXUINT64, 0,
                                                    flags);

  /**
   * ImpRewriter:n-late:
   *
   * How many matches passed unchanged, since their beginning had passed already. There is no
   * notification of its changes.
   *
   * Since: 0.1
   */
  properties[PROP_N_LATE] = g_param_spec_uint64 ("n-late", NULL, NULL, 0, G_MAXUINT64, 0, flags);
}

static void
imp_rewriter_class_init (ImpRewriterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_rewriter_set_property;
  object_class->get_property = imp_rewriter_get_property;
  object_class->finalize = imp_rewriter_finalize;
  IMP_ANALYZER_CLASS (klass)->data = imp_rewriter_data;
  IMP_ANALYZER_CLASS (klass)->wants_stable_input = TRUE;
  IMP_ANALYZER_CLASS (klass)->close = imp_rewriter_close;
  rewriter_class_install_settings ();
  rewriter_class_install_counts ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
imp_rewriter_init (ImpRewriter *self)
{
  ImpRewriterPrivate *priv = PRIVATE (self);

  priv->max_effort = IMP_EFFORT_LIMIT_DEFAULT;
  imp_searcher_init (&priv->searcher, IMP_ANALYZER (self), &rewriter_funcs);
}
