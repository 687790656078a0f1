/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-shadow.h"

#include "core/imp-analyzer-private.h"
#include "core/imp-source-private.h"
#include "provider/imp-comparison-private.h"
#include "provider/imp-difference-private.h"
#include "provider/imp-filter-object-private.h"

#define MAX_QUEUED_DEFAULT (G_GUINT64_CONSTANT (4) << 20)
#define MAX_QUEUED_MIN 4096
#define LINGER_DEFAULT 5000
/* Milliseconds. */
#define LINGER_POLL 20

/**
 * ImpShadow:
 *
 * Asks a second analyzer about the traffic of a filter, applies nothing of what it says, and tells
 * where it would have decided otherwise.
 *
 * The analyzer gets what the filter gets, in the same chunks. What would come out of it is compared
 * with what comes out of the filter, byte by byte, and so is what becomes of the connection;
 * [signal@Imp.Shadow::difference] tells a difference when it is found. How much later than the
 * filter's the shadow's output comes is counted ([method@Imp.Shadow.get_mean_lag]).
 *
 * Whatever the second analyzer does, the filter does not notice: it waits for nothing, and nothing
 * is sent. Chunks are not copied, but kept until the analyzer takes them: one in each turn of the
 * main loop, in which all others have theirs. At most [property@Imp.Shadow:max-queued] bytes are
 * kept; where there would be more, since the analyzer is slow, has stopped, or puts much in, the
 * shadow gives up ([method@Imp.Shadow.get_gave_up]). So it does with an analyzer that has not come
 * to its end [property@Imp.Shadow:linger] milliseconds after the filter, and with one behind an
 * [class@Imp.RemoteFactory] whose server is gone or cannot be reached: that is no decision. An
 * analyzer that fails itself is a difference.
 *
 * An analyzer that computes in this process takes its time in the main loop; one that is not to be
 * trusted with that belongs behind an [class@Imp.RemoteFactory].
 *
 * Since: 0.1
 */
struct _ImpShadow
{
  GObject parent_instance;

  ImpAnalyzer *analyzer;
  guint64 max_queued;
  guint linger;

  ImpFilter *main; /* borrowed, as long as it is followed */
  ImpFilterTap tap;
  ImpFilter *filter; /* the shadow's own */
  GQueue input;      /* of ShadowChunk */
  gsize input_cost;
  GMainContext *context;
  GSource *feeding;
  GSource *timer;                  /* since the filter has come to its end */
  gint64 linger_end;               /* monotonic time */
  ImpComparison comparisons[2][2]; /* direction; what comes out, and what is sent */

  gboolean main_is_over;
  ImpOutcome main_outcome;
  char *main_reason;
  gint64 received[2];
  guint n_differences;
  char *gave_up; /* why */
  gboolean started;
  gboolean over;
};

G_DEFINE_FINAL_TYPE (ImpShadow, imp_shadow, G_TYPE_OBJECT)

typedef enum
{
  PROP_ANALYZER = 1,
  PROP_MAX_QUEUED,
  PROP_LINGER,
} ShadowProperty;

static GParamSpec *properties[PROP_LINGER + 1];

enum
{
  SIGNAL_DIFFERENCE,
  SIGNAL_OVER,
};

static guint signals[SIGNAL_OVER + 1];

typedef struct
{
  GBytes *data;
  gint32 data_type;
  guint8 direction;
} ShadowChunk;

static void
shadow_chunk_free (ShadowChunk *chunk)
{
  g_bytes_unref (chunk->data);
  g_free (chunk);
}

/* ---- the end ---- */

static void
shadow_stop (ImpShadow *self)
{
  imp_source_clear (&self->feeding);
  imp_source_clear (&self->timer);
  g_queue_clear_full (&self->input, (GDestroyNotify) shadow_chunk_free);
  self->input_cost = 0;
  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < 2; j++)
      imp_comparison_clear (&self->comparisons[i][j]);
  self->tap.blind = TRUE;
  if (self->filter != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->filter, self);
      imp_filter_close (self->filter);
    }
}

/* Takes @difference, which may be NULL. */
static void
shadow_report (ImpShadow *self, ImpDifference *difference)
{
  if (difference == NULL)
    return;
  self->n_differences++;
  g_signal_emit (self, signals[SIGNAL_DIFFERENCE], 0, difference);
  imp_difference_unref (difference);
}

/* Both have come to their ends, or never will. */
static void
shadow_finish (ImpShadow *self)
{
  if (self->over || !self->main_is_over)
    return;
  self->over = TRUE;
  shadow_stop (self);
  g_signal_emit (self, signals[SIGNAL_OVER], 0);
  if (self->started)
    g_object_unref (self);
}

/* @reason: takes it. */
static void
shadow_give_up (ImpShadow *self, char *reason)
{
  if (self->gave_up != NULL || self->over)
    {
      g_free (reason);
      return;
    }
  self->gave_up = reason;
  shadow_stop (self);
  shadow_finish (self);
}

/* Nobody has decided where the analyzer's process is gone. The caller has a reference. */
static gboolean
shadow_check_reached (ImpShadow *self)
{
  const char *reason = self->filter->reason;

  if (!imp_analyzer_peek_loss (self->analyzer)->is_unreached)
    return TRUE;
  if (reason != NULL && *reason != '\0')
    shadow_give_up (self, g_strdup_printf ("it cannot be reached: %s", reason));
  else
    shadow_give_up (self, g_strdup ("it cannot be reached"));
  return FALSE;
}

static gboolean
shadow_is_refusal (ImpOutcome outcome)
{
  return outcome == IMP_OUTCOME_DENIED || outcome == IMP_OUTCOME_DROPPED
         || outcome == IMP_OUTCOME_FAILED;
}

static char *
shadow_describe (ImpOutcome outcome, const char *reason)
{
  g_autoptr (GEnumClass) outcomes = g_type_class_ref (IMP_TYPE_OUTCOME);
  const char *name = g_enum_get_value (outcomes, outcome)->value_nick;
  g_autofree char *shown = NULL;

  if (outcome == IMP_OUTCOME_UNSETTLED)
    return g_strdup ("nothing was refused");
  if (*reason == '\0')
    return g_strdup (name);
  shown = imp_difference_show_bytes ((const guint8 *) reason, strlen (reason), 0);
  return g_strdup_printf ("%s: %s", name, shown);
}

static void
shadow_compare_outcomes (ImpShadow *self)
{
  const ImpOutcome outcome = imp_filter_get_outcome (self->filter);
  const char *reason = self->filter->reason != NULL ? self->filter->reason : "";
  g_autofree char *mine = NULL;
  g_autofree char *others = NULL;

  /* A connection that broke off can have had any outcome but a refusal. */
  if ((outcome == self->main_outcome && g_str_equal (reason, self->main_reason))
      || (!shadow_is_refusal (outcome) && self->main_outcome == IMP_OUTCOME_UNSETTLED))
    return;
  mine = shadow_describe (self->main_outcome, self->main_reason);
  others = shadow_describe (outcome, reason);
  shadow_report (self, imp_difference_new (IMP_DIFFERENCE_OUTCOME, 0, -1,
                                           g_strdup_printf ("the outcome differs: %s, and not %s",
                                                            others, mine)));
}

static gboolean
shadow_has_ended (ImpShadow *self)
{
  return self->filter->state != STATE_OPEN || (self->filter->ended[0] && self->filter->ended[1]);
}

/* Are both at their ends? What one of them has more is a difference if both have come to the end of
 * all. */
static void
shadow_check_end (ImpShadow *self)
{
  gboolean settled;

  if (self->over || self->gave_up != NULL || !self->main_is_over)
    return;
  /* The input has no end then. */
  settled = self->main_outcome != IMP_OUTCOME_PASSED && self->input.length == 0
            && imp_filter_get_held (self->filter, 0) == 0
            && imp_filter_get_held (self->filter, 1) == 0;
  if ((!settled && !shadow_has_ended (self)) || !shadow_check_reached (self))
    return;
  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < 2; j++)
      if (self->main_outcome == IMP_OUTCOME_PASSED
          && imp_filter_get_outcome (self->filter) == IMP_OUTCOME_PASSED)
        shadow_report (self, imp_comparison_end (&self->comparisons[i][j]));
  shadow_compare_outcomes (self);
  shadow_finish (self);
}

/* ---- what the analyzer is given ---- */

/* An analyzer that holds much need not get more. */
static gboolean
shadow_can_feed (ImpShadow *self)
{
  const ShadowChunk *chunk = g_queue_peek_head (&self->input);

  return chunk != NULL && self->filter->state == STATE_OPEN
         && !imp_filter_is_paused (self->filter, chunk->direction)
         && (guint64) (imp_filter_get_held (self->filter, 0)
                       + imp_filter_get_held (self->filter, 1))
              < self->max_queued;
}

static void
shadow_feed (ImpShadow *self)
{
  ShadowChunk *chunk = g_queue_pop_head (&self->input);

  self->input_cost -= g_bytes_get_size (chunk->data) + IMP_COMPARISON_PIECE_COST;
  /* Why it is refused is in the filter. */
  imp_filter_push (self->filter, chunk->direction, chunk->data, chunk->data_type, NULL);
  shadow_chunk_free (chunk);
}

static gboolean
shadow_on_feeding (gpointer user_data)
{
  g_autoptr (ImpShadow) self = g_object_ref (user_data);

  if (shadow_can_feed (self))
    shadow_feed (self);
  if (self->feeding == NULL)
    return G_SOURCE_REMOVE;
  if (!shadow_can_feed (self))
    imp_source_clear (&self->feeding);
  shadow_check_end (self);
  return G_SOURCE_CONTINUE;
}

/* In turns with all others: what is always busy would leave no time to anything less urgent. */
static void
shadow_kick (ImpShadow *self)
{
  if (self->over || self->gave_up != NULL || self->feeding != NULL
      || !(shadow_can_feed (self) || self->main_is_over))
    return;
  self->feeding = g_idle_source_new ();
  g_source_set_priority (self->feeding, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->feeding, "imp shadow: feed");
  g_source_set_callback (self->feeding, shadow_on_feeding, self, NULL);
  g_source_attach (self->feeding, self->context);
}

/* ---- output of both ---- */

static void
shadow_compare (ImpShadow *self, gboolean is_shadow, ImpDirection direction, GBytes *data,
                gboolean sent)
{
  ImpComparison *comparison = &self->comparisons[direction][sent];

  shadow_report (self, imp_comparison_add (comparison, is_shadow, data, g_get_monotonic_time ()));
  if (self->filter->state != STATE_OPEN)
    imp_comparison_forget_first (comparison);
  if (comparison->cost > self->max_queued)
    shadow_give_up (self,
                    g_strdup_printf ("what comes out %s is more than %" G_GUINT64_FORMAT
                                     " bytes %s (max-queued)",
                                     imp_difference_name_direction (direction), self->max_queued,
                                     comparison->is_second ? "ahead" : "behind"));
}

static void
shadow_on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
                  gpointer user_data)
{
  ImpShadow *self = user_data;

  if (self->over || self->gave_up != NULL)
    return;
  g_object_ref (self);
  if (shadow_check_reached (self))
    {
      if (g_bytes_get_size (data) > 0)
        shadow_compare (self, TRUE, direction, data, filter->sent[direction]);
      shadow_kick (self);
    }
  g_object_unref (self);
}

static void
shadow_on_main_output (gpointer user_data, ImpDirection direction, GBytes *data, gint32 data_type,
                       gboolean sent)
{
  ImpShadow *self = user_data;

  if (self->gave_up != NULL || self->over || g_bytes_get_size (data) == 0)
    return;
  g_object_ref (self);
  shadow_compare (self, FALSE, direction, data, sent);
  g_object_unref (self);
}

/* ---- input ---- */

static void
shadow_on_main_input (gpointer user_data, ImpDirection direction, GBytes *data, gint32 data_type)
{
  ImpShadow *self = user_data;
  ShadowChunk *chunk;

  /* It has decided. */
  if (self->filter->state != STATE_OPEN)
    return;
  chunk = g_new (ShadowChunk, 1);
  chunk->data = g_bytes_ref (data);
  chunk->data_type = data_type;
  chunk->direction = direction;
  g_queue_push_tail (&self->input, chunk);
  self->input_cost += g_bytes_get_size (data) + IMP_COMPARISON_PIECE_COST;
  if (self->input_cost > self->max_queued)
    shadow_give_up (self,
                    g_strdup_printf ("it takes its input too slowly: more than %" G_GUINT64_FORMAT
                                     " bytes wait (max-queued)",
                                     self->max_queued));
  else
    shadow_kick (self);
}

/* ---- ends ---- */

/* Nothing that follows is of interest to it. What it has let through is still compared. */
static void
shadow_on_refused (ImpShadow *self)
{
  g_object_ref (self);
  g_queue_clear_full (&self->input, (GDestroyNotify) shadow_chunk_free);
  self->input_cost = 0;
  self->tap.blind = TRUE;
  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < 2; j++)
      imp_comparison_forget_first (&self->comparisons[i][j]);
  if (shadow_check_reached (self))
    shadow_check_end (self);
  g_object_unref (self);
}

/* Not each verdict shows: some bytes may be left out. */
static gboolean
shadow_on_linger (gpointer user_data)
{
  g_autoptr (ImpShadow) self = g_object_ref (user_data);

  shadow_check_end (self);
  if (self->timer == NULL)
    return G_SOURCE_REMOVE;
  if (g_get_monotonic_time () < self->linger_end)
    return G_SOURCE_CONTINUE;
  shadow_give_up (self, g_strdup_printf ("it has not come to its end %u ms after the connection "
                                         "(linger)",
                                         self->linger));
  return G_SOURCE_REMOVE;
}

static void
shadow_note_received (ImpShadow *self)
{
  for (guint direction = 0; direction < 2; direction++)
    self->received[direction] = imp_filter_get_input (self->main, direction);
}

static void
shadow_on_main_over (gpointer user_data, ImpOutcome outcome, const char *reason)
{
  ImpShadow *self = user_data;

  g_object_ref (self);
  shadow_note_received (self);
  self->main = NULL;
  self->main_is_over = TRUE;
  self->main_outcome = outcome;
  self->main_reason = g_strdup (reason);
  if (self->gave_up != NULL)
    shadow_finish (self);
  if (!self->over)
    {
      self->linger_end = g_get_monotonic_time () + (gint64) self->linger * 1000;
      self->timer = imp_source_add_timeout (self->context, MIN (self->linger, LINGER_POLL),
                                            "imp shadow: linger", shadow_on_linger, self);
      shadow_kick (self);
    }
  g_object_unref (self);
}

static const ImpFilterTapFuncs shadow_tap_funcs = {
  .input = shadow_on_main_input,
  .output = shadow_on_main_output,
  .over = shadow_on_main_over,
};

/* ---- the object ---- */

static void
imp_shadow_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpShadow *self = IMP_SHADOW (object);

  switch ((ShadowProperty) id)
    {
    case PROP_ANALYZER:
      self->analyzer = g_value_dup_object (value);
      break;
    case PROP_MAX_QUEUED:
      imp_shadow_set_max_queued (self, g_value_get_uint64 (value));
      break;
    case PROP_LINGER:
      imp_shadow_set_linger (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_shadow_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpShadow *self = IMP_SHADOW (object);

  switch ((ShadowProperty) id)
    {
    case PROP_ANALYZER:
      g_value_set_object (value, self->analyzer);
      break;
    case PROP_MAX_QUEUED:
      g_value_set_uint64 (value, self->max_queued);
      break;
    case PROP_LINGER:
      g_value_set_uint (value, self->linger);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_shadow_finalize (GObject *object)
{
  ImpShadow *self = IMP_SHADOW (object);

  shadow_stop (self);
  g_clear_object (&self->filter);
  g_clear_object (&self->analyzer);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->main_reason);
  g_free (self->gave_up);
  G_OBJECT_CLASS (imp_shadow_parent_class)->finalize (object);
}

static void
imp_shadow_init (ImpShadow *self)
{
  self->max_queued = MAX_QUEUED_DEFAULT;
  self->linger = LINGER_DEFAULT;
  for (guint direction = 0; direction < 2; direction++)
    {
      imp_comparison_init (&self->comparisons[direction][FALSE], IMP_DIFFERENCE_OUTPUT, direction);
      imp_comparison_init (&self->comparisons[direction][TRUE], IMP_DIFFERENCE_SENT, direction);
    }
}

static void
shadow_class_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ImpShadow:analyzer: (attributes org.gtk.Property.default=none)
   *
   * The second analyzer. The shadow feeds it, and closes it at the end.
   *
   * Since: 0.1
   */
  properties[PROP_ANALYZER] = g_param_spec_object ("analyzer", NULL, NULL, IMP_TYPE_ANALYZER,
                                                   flags | G_PARAM_CONSTRUCT_ONLY);

  /**
   * ImpShadow:max-queued: (attributes org.gtk.Property.default=4194304)
   *
   * How many bytes may wait for the analyzer, and how many may come out of one of both before they
   * come out of the other one; for each direction, and each chunk counts 128 bytes more.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_QUEUED] = g_param_spec_uint64 ("max-queued", NULL, NULL, MAX_QUEUED_MIN,
                                                     G_MAXINT32, MAX_QUEUED_DEFAULT, flags);

  /**
   * ImpShadow:linger: (attributes org.gtk.Property.default=5000)
   *
   * How long, in milliseconds, the analyzer may need to come to its end after the filter has.
   *
   * Since: 0.1
   */
  properties[PROP_LINGER] = g_param_spec_uint ("linger", NULL, NULL, 0, G_MAXINT32, LINGER_DEFAULT,
                                               flags);

  g_object_class_install_properties (klass, G_N_ELEMENTS (properties), properties);
}

static void
imp_shadow_class_init (ImpShadowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_shadow_set_property;
  object_class->get_property = imp_shadow_get_property;
  object_class->finalize = imp_shadow_finalize;
  shadow_class_install_properties (object_class);

  /**
   * ImpShadow::difference:
   * @self: the shadow
   * @difference: what the second analyzer does otherwise
   *
   * Emitted for the first difference in each direction, of the output and of what an analyzer
   * itself sends, and for one of the outcome.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DIFFERENCE] = g_signal_new ("difference", IMP_TYPE_SHADOW, G_SIGNAL_RUN_LAST, 0,
                                             NULL, NULL, NULL, G_TYPE_NONE, 1, IMP_TYPE_DIFFERENCE);

  /**
   * ImpShadow::over:
   * @self: the shadow
   *
   * Emitted once, when nothing is compared any more and the filter has come to its end.
   *
   * Since: 0.1
   */
  signals[SIGNAL_OVER] = g_signal_new ("over", IMP_TYPE_SHADOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                       NULL, G_TYPE_NONE, 0);
}

/* ---- for applications ---- */

/**
 * imp_shadow_new:
 * @analyzer: (transfer none): an analyzer that nobody else feeds
 *
 * Creates a shadow.
 *
 * Returns: (transfer full): a new shadow
 *
 * Since: 0.1
 */
ImpShadow *
imp_shadow_new (ImpAnalyzer *analyzer)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (analyzer), NULL);

  return g_object_new (IMP_TYPE_SHADOW, "analyzer", analyzer, NULL);
}

/**
 * imp_shadow_follow:
 * @self: a shadow
 * @filter: a filter that has not been given anything yet
 *
 * Begins to compare. Call it once, before [method@Imp.Filter.set_output].
 *
 * From here on, until [signal@Imp.Shadow::over], the shadow stays alive without a reference of the
 * caller's. It works in the main context that is the thread's default now.
 *
 * Since: 0.1
 */
void
imp_shadow_follow (ImpShadow *self, ImpFilter *filter)
{
  g_return_if_fail (IMP_IS_SHADOW (self));
  g_return_if_fail (IMP_IS_FILTER (filter));
  g_return_if_fail (!self->started && !self->over);

  self->started = TRUE;
  g_object_ref (self);
  self->context = g_main_context_ref_thread_default ();
  self->main = filter;
  self->filter = imp_filter_new (self->analyzer);
  /* Not what would be fed is a failure, but what is held though nothing more is fed. */
  imp_filter_set_max_held (self->filter, G_MAXINT64);
  g_object_set (self->filter, "max-growth", self->max_queued, NULL);
  g_signal_connect_swapped (self->filter, "denied", G_CALLBACK (shadow_on_refused), self);
  g_signal_connect_swapped (self->filter, "dropped", G_CALLBACK (shadow_on_refused), self);
  g_signal_connect_swapped (self->filter, "failed", G_CALLBACK (shadow_on_refused), self);
  g_signal_connect_swapped (self->filter, "paused-changed", G_CALLBACK (shadow_kick), self);
  imp_filter_set_output (self->filter, shadow_on_output, self, NULL);
  self->tap.funcs = &shadow_tap_funcs;
  self->tap.user_data = self;
  self->tap.blind = self->filter->state != STATE_OPEN;
  imp_filter_add_tap (filter, &self->tap);
}

/**
 * imp_shadow_close:
 * @self: a shadow
 *
 * Gives up comparing, if it is not over. [signal@Imp.Shadow::over] is emitted.
 *
 * Since: 0.1
 */
void
imp_shadow_close (ImpShadow *self)
{
  g_return_if_fail (IMP_IS_SHADOW (self));

  if (self->over)
    return;
  g_object_ref (self);
  if (self->main != NULL)
    {
      shadow_note_received (self);
      imp_filter_remove_tap (self->main, &self->tap);
      self->main = NULL;
    }
  self->main_is_over = TRUE;
  if (self->gave_up == NULL)
    shadow_give_up (self, g_strdup ("it was closed"));
  else
    shadow_finish (self);
  g_object_unref (self);
}

/**
 * imp_shadow_get_analyzer: (get-property analyzer)
 * @self: a shadow
 *
 * Gets the second analyzer.
 *
 * Returns: (transfer none): the analyzer
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_shadow_get_analyzer (ImpShadow *self)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), NULL);

  return self->analyzer;
}

/**
 * imp_shadow_set_max_queued: (set-property max-queued)
 * @self: a shadow that does not follow a filter yet
 * @max_queued: a number of bytes
 *
 * Sets how many bytes may wait.
 *
 * Since: 0.1
 */
void
imp_shadow_set_max_queued (ImpShadow *self, guint64 max_queued)
{
  g_return_if_fail (IMP_IS_SHADOW (self));
  g_return_if_fail (max_queued >= MAX_QUEUED_MIN && max_queued <= G_MAXINT32);

  if (self->max_queued == max_queued)
    return;
  self->max_queued = max_queued;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_QUEUED]);
}

/**
 * imp_shadow_get_max_queued: (get-property max-queued)
 * @self: a shadow
 *
 * Gets how many bytes may wait.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint64
imp_shadow_get_max_queued (ImpShadow *self)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);

  return self->max_queued;
}

/**
 * imp_shadow_set_linger: (set-property linger)
 * @self: a shadow
 * @linger: a time in milliseconds
 *
 * Sets how long the analyzer may need to come to its end after the filter has.
 *
 * Since: 0.1
 */
void
imp_shadow_set_linger (ImpShadow *self, guint linger)
{
  g_return_if_fail (IMP_IS_SHADOW (self));
  g_return_if_fail (linger <= G_MAXINT32);

  if (self->linger == linger)
    return;
  self->linger = linger;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LINGER]);
}

/**
 * imp_shadow_get_linger: (get-property linger)
 * @self: a shadow
 *
 * Gets how long the analyzer may need to come to its end after the filter has.
 *
 * Returns: a time in milliseconds
 *
 * Since: 0.1
 */
guint
imp_shadow_get_linger (ImpShadow *self)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);

  return self->linger;
}

/**
 * imp_shadow_is_over:
 * @self: a shadow
 *
 * Tells whether both have come to their ends, or nothing is compared any more and the filter has.
 *
 * Returns: whether it is over
 *
 * Since: 0.1
 */
gboolean
imp_shadow_is_over (ImpShadow *self)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), FALSE);

  return self->over;
}

/**
 * imp_shadow_get_gave_up:
 * @self: a shadow
 *
 * Gets why not all was compared. After a difference in a direction, what follows it there is not
 * compared either; that is not meant here.
 *
 * Returns: (nullable): text for people, or %NULL if it has not given up
 *
 * Since: 0.1
 */
const char *
imp_shadow_get_gave_up (ImpShadow *self)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), NULL);

  return self->gave_up;
}

/**
 * imp_shadow_get_n_differences:
 * @self: a shadow
 *
 * Gets how many differences were found.
 *
 * Returns: a number of differences
 *
 * Since: 0.1
 */
guint
imp_shadow_get_n_differences (ImpShadow *self)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);

  return self->n_differences;
}

/**
 * imp_shadow_get_compared:
 * @self: a shadow
 * @direction: a direction
 *
 * Gets how many bytes that came out in a direction were the same.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_shadow_get_compared (ImpShadow *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return self->comparisons[direction][FALSE].compared;
}

/**
 * imp_shadow_get_uncompared:
 * @self: a shadow
 * @direction: a direction
 *
 * Gets how many bytes were not compared, since it has given up or there was a difference before:
 * those that came in a direction, less as many as were the same when they came out.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_shadow_get_uncompared (ImpShadow *self, ImpDirection direction)
{
  gint64 received;

  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  if (self->gave_up == NULL && self->n_differences == 0)
    return 0;
  received = self->main != NULL ? imp_filter_get_input (self->main, direction)
                                : self->received[direction];
  return MAX (received - imp_shadow_get_compared (self, direction), 0);
}

/**
 * imp_shadow_get_mean_lag:
 * @self: a shadow
 *
 * Gets how much later the bytes that are the same have come out of the shadow than out of the
 * filter, on average.
 *
 * Returns: microseconds; negative if they came earlier
 *
 * Since: 0.1
 */
gint64
imp_shadow_get_mean_lag (ImpShadow *self)
{
  gint64 compared;

  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);

  compared = self->comparisons[0][FALSE].compared + self->comparisons[1][FALSE].compared;
  if (compared == 0)
    return 0;
  return (self->comparisons[0][FALSE].lag_sum + self->comparisons[1][FALSE].lag_sum) / compared;
}

/**
 * imp_shadow_get_max_lag:
 * @self: a shadow
 *
 * Gets how much later any of the bytes that are the same has come out of the shadow than out of the
 * filter, at the most.
 *
 * Returns: microseconds; negative if all came earlier
 *
 * Since: 0.1
 */
gint64
imp_shadow_get_max_lag (ImpShadow *self)
{
  const ImpComparison *one, *other;

  g_return_val_if_fail (IMP_IS_SHADOW (self), 0);

  one = &self->comparisons[0][FALSE];
  other = &self->comparisons[1][FALSE];
  if (one->compared == 0 || other->compared == 0)
    return one->lag_max + other->lag_max;
  return MAX (one->lag_max, other->lag_max);
}
