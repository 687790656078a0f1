/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-filter-object-private.h"

#include "core/imp-data-type.h"
#include "core/imp-error.h"

/* The filter's own kind of event: bytes that the analyzer itself sends. */
#define EVENT_SEND IMP_FLOW_EVENT_OWN

/**
 * ImpFilter:
 *
 * Sends the two streams of a connection through an analyzer, for an application that holds the
 * bytes in its own hands.
 *
 * What arrives is given to [method@Imp.Filter.push]; what is to be sent comes to the function that
 * was set with [method@Imp.Filter.set_output]: at once, or at any later time, since an analyzer may
 * take its time. The filter keeps what is not settled yet, at most [property@Imp.Filter:max-held]
 * bytes, so that no byte is lost or doubled whatever the analyzer does.
 *
 * An analyzer can refuse the connection, or fail; then what was let through before is still given
 * to the output, [signal@Imp.Filter::denied], [signal@Imp.Filter::dropped] or
 * [signal@Imp.Filter::failed] is emitted, and from then on every push gives an error.
 *
 * A verdict that the model does not allow counts as a failure of the analyzer, and so does one that
 * does not come within [property@Imp.Filter:deadline], if that is set. There is none by default,
 * since it takes a main loop to notice: the main context that was the thread's default when the
 * filter was created has to run.
 *
 * An analyzer may ask for a search (PASS_PATTERN). A costly one is done piece by piece, from the
 * same main context, so that it does not hold up others; meanwhile [method@Imp.Filter.is_paused] is
 * %TRUE. If it takes too much time all in all, the analyzer has failed. What may be the beginning
 * of a match is held until more comes, or for [property@Imp.Filter:hold-timeout].
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (ImpFilter, imp_filter, G_TYPE_OBJECT)

typedef enum
{
  PROP_ANALYZER = 1,
  PROP_MAX_HELD, /* from here on as ImpFilterLimit */
  PROP_DEADLINE,
  PROP_MAX_EXTENSIONS,
  PROP_HOLD_TIMEOUT,
  PROP_MAX_GROWTH,
  PROP_MAX_LOG_RATE,
  PROP_MAX_LOG_SIZE,
  PROP_WARN_SILENCE,
  PROP_HELD_BYTES,
} FilterProperty;

static GParamSpec *properties[PROP_HELD_BYTES + 1];

enum
{
  SIGNAL_DENIED,
  SIGNAL_DROPPED,
  SIGNAL_FAILED,
  SIGNAL_PAUSED_CHANGED,
};

static guint signals[SIGNAL_PAUSED_CHANGED + 1];

static void filter_on_turn (gpointer user_data);
static void filter_on_late (const char *reason, gpointer user_data);
static void filter_on_held (ImpDirection direction, gpointer user_data);

static const ImpFilterClockFuncs filter_clock_funcs = {
  .turn = filter_on_turn,
  .late = filter_on_late,
  .held = filter_on_held,
};

/* ---- how it works: results, verdicts and input go in at one end of the queue, calls come out at
 * the other ---- */

/* Nothing is settled any more; an error of @code with @prefix and @reason is what pushes give. The
 * analyzer may be further down the stack, so it is closed later. */
static void
filter_refuse (ImpFilter *self, FilterState state, ImpError code, const char *prefix,
               const char *reason)
{
  if (self->state != STATE_OPEN)
    return;
  self->state = state;
  self->reason = g_strdup (reason != NULL ? reason : "");
  self->error = imp_filter_make_error (code, prefix, self->reason);
  imp_flow_deny (self->flows[0]);
  imp_flow_deny (self->flows[1]);
  g_clear_pointer (&self->clock, imp_filter_clock_free);
  imp_filter_silence_stop (&self->silence);
}

static void
filter_fail (ImpFilter *self, ImpError code, const char *reason)
{
  filter_refuse (self, STATE_FAILED, code, code == IMP_ERROR_FATAL ? "The analyzer failed: " : "",
                 reason);
}

/* More than @limit, one of the properties, allows. */
static void
filter_exceed (ImpFilter *self, ImpError code, const char *limit, const char *reason)
{
  if (self->state == STATE_OPEN)
    self->exceeded = limit;
  filter_fail (self, code, reason);
}

/* The flow does not take a verdict. */
static void
filter_fail_verdict (ImpFilter *self, const GError *error)
{
  if (error->code == IMP_ERROR_TIMEOUT)
    filter_exceed (self, IMP_ERROR_TIMEOUT, "hold-timeout", error->message);
  else
    filter_fail (self, IMP_ERROR_FATAL, error->message);
}

/* Emits, once, the signal that says what has become of the filter. */
static void
filter_notify_outcome (ImpFilter *self)
{
  if (self->state == STATE_OPEN || self->notified)
    return;
  self->notified = TRUE;
  imp_analyzer_close (self->analyzer);
  imp_filter_taps_end (self);
  if (self->state == STATE_DENIED)
    g_signal_emit (self, signals[SIGNAL_DENIED], 0, self->reason);
  else if (self->state == STATE_DROPPED)
    g_signal_emit (self, signals[SIGNAL_DROPPED], 0);
  else if (self->state == STATE_FAILED)
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, self->reason);
}

static void
filter_check_held (ImpFilter *self, guint64 held)
{
  guint n_chunks = MAX (imp_flow_get_n_held (self->flows[0]), imp_flow_get_n_held (self->flows[1]));
  g_autofree char *reason = NULL;

  if (held > self->limits[IMP_FILTER_MAX_HELD])
    reason = g_strdup_printf ("The analyzer leaves %" G_GUINT64_FORMAT " bytes unsettled; the "
                              "limit is %" G_GUINT64_FORMAT " (property max-held of ImpFilter)",
                              held, self->limits[IMP_FILTER_MAX_HELD]);
  else if (n_chunks > IMP_FILTER_CHUNKS_MAX)
    reason = g_strdup_printf ("The analyzer leaves %u chunks unsettled; the limit is %d", n_chunks,
                              IMP_FILTER_CHUNKS_MAX);
  if (reason != NULL)
    filter_exceed (self, IMP_ERROR_LIMIT, "max-held", reason);
}

/* Something may have to be done later. */
static void
filter_update_clock (ImpFilter *self)
{
  if (self->clock == NULL)
    {
      self->clock = imp_filter_clock_new (self->context, self->analyzer, self->flows,
                                          &filter_clock_funcs, self);
      imp_filter_clock_set (self->clock, self->limits);
    }
  imp_filter_clock_check (self->clock);
}

static inline gboolean
filter_has_times (ImpFilter *self)
{
  return (self->limits[IMP_FILTER_DEADLINE] | self->limits[IMP_FILTER_HOLD_TIMEOUT]) != 0;
}

static inline void
filter_watch_silence (ImpFilter *self)
{
  if (self->silence.timer == NULL && self->limits[IMP_FILTER_WARN_SILENCE] > 0
      && self->state == STATE_OPEN)
    imp_filter_silence_start (&self->silence, self->context, self, self->analyzer, self->flows,
                              self->limits[IMP_FILTER_WARN_SILENCE]);
}

/* Mostly nothing is held, and nothing else is waited for. */
static void
filter_check_limits (ImpFilter *self)
{
  guint64 held = imp_flow_get_held (self->flows[0]) + imp_flow_get_held (self->flows[1]);

  if (held > 0)
    {
      filter_check_held (self, held);
      filter_watch_silence (self);
    }
  if ((held | self->paused[0] | self->paused[1] | self->has_end) != 0 && filter_has_times (self)
      && self->state == STATE_OPEN)
    filter_update_clock (self);
}

/* After its end nothing can follow in a direction, not even from the analyzer. */
static void
filter_emit_output (ImpFilter *self, ImpDirection direction, GBytes *bytes, gint32 data_type)
{
  if (self->ended[direction])
    return;
  self->ended[direction] = g_bytes_get_size (bytes) == 0;
  if (self->taps != NULL)
    imp_filter_taps_show_output (self, direction, bytes, data_type);
  /* Whoever was shown it may have closed the filter. */
  if (self->closed)
    return;
  self->output (self, direction, bytes, data_type, self->output_data);
}

/* FALSE if that is more than the analyzer may add; then nothing goes out any more, since it would
 * come behind a gap. */
static gboolean
filter_count_output (ImpFilter *self, ImpDirection direction, gsize size)
{
  const guint64 limit = self->limits[IMP_FILTER_MAX_GROWTH];
  g_autofree char *reason = NULL;

  self->balance[direction] -= size;
  if (limit == 0 || self->balance[direction] >= -(gint64) limit)
    return TRUE;
  reason = g_strdup_printf ("What leaves %s is %" G_GINT64_FORMAT " bytes longer than what has "
                            "come; the limit is %" G_GUINT64_FORMAT " (property max-growth of "
                            "ImpFilter)",
                            direction == IMP_DIRECTION_FROM_CLIENT ? "for the server"
                                                                   : "for the client",
                            -self->balance[direction], limit);
  filter_exceed (self, IMP_ERROR_LIMIT, "max-growth", reason);
  imp_flow_event_queue_clear (&self->queue);
  return FALSE;
}

static void
filter_release_output (ImpFilter *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->output_destroy);
  gpointer user_data = g_steal_pointer (&self->output_data);

  self->output = NULL;
  if (destroy != NULL)
    destroy (user_data);
}

static void
filter_set_paused (ImpFilter *self, ImpDirection direction, FilterPause by, gboolean paused)
{
  guint8 before = self->paused[direction];

  if (paused)
    self->paused[direction] |= by;
  else
    self->paused[direction] &= ~by;
  if ((before != 0) != (self->paused[direction] != 0))
    g_signal_emit (self, signals[SIGNAL_PAUSED_CHANGED], 0, direction);
}

static gboolean
filter_is_searching (ImpFilter *self)
{
  return imp_flow_is_busy (self->flows[0]) || imp_flow_is_busy (self->flows[1]);
}

static gboolean
filter_was_searching (ImpFilter *self)
{
  return ((self->paused[0] | self->paused[1]) & PAUSED_BY_SEARCH) != 0;
}

static void
filter_update_searching (ImpFilter *self)
{
  if (self->state == STATE_OPEN)
    filter_update_clock (self);
  for (guint direction = 0; direction < 2; direction++)
    filter_set_paused (self, direction, PAUSED_BY_SEARCH,
                       imp_flow_is_busy (self->flows[direction]));
}

/* Carries out what the flows and the analyzer want, in order. Whatever is called here may come
 * back; then it only adds to the queue. */
static void
filter_work (ImpFilter *self)
{
  ImpFlowEvent event;

  if (self->working || self->output == NULL)
    return;

  g_object_ref (self);
  self->working = TRUE;
  while (imp_flow_event_queue_pop (&self->queue, &event))
    {
      if (event.kind == IMP_FLOW_EVENT_FEED)
        imp_analyzer_data (self->analyzer, event.direction, event.bytes, event.offset,
                           event.data_type);
      else if (filter_count_output (self, event.direction, g_bytes_get_size (event.bytes)))
        {
          self->sent[event.direction] = event.kind == EVENT_SEND;
          filter_emit_output (self, event.direction, event.bytes, event.data_type);
        }
      g_bytes_unref (event.bytes);
    }
  self->working = FALSE;
  if (self->state == STATE_OPEN)
    filter_check_limits (self);
  if (filter_is_searching (self) || filter_was_searching (self))
    filter_update_searching (self);
  filter_notify_outcome (self);
  imp_filter_notify_held (self, properties[PROP_HELD_BYTES]);
  if (self->closed)
    filter_release_output (self);
  g_object_unref (self);
}

/* Bytes for the side that @direction comes from leave by the other direction. */
static void
filter_send_back (ImpFilter *self, ImpDirection direction, const ImpView *data)
{
  gint32 data_type = imp_flow_get_data_type (self->flows[direction]);

  if (data->length > 0)
    imp_flow_event_queue_push (&self->queue, EVENT_SEND, !direction, imp_view_ref_bytes (data), 0,
                               data_type != 0 ? data_type : IMP_DATA_TYPE_STREAM);
}

static void
filter_apply_verdict (ImpFilter *self, const ImpVerdict *verdict)
{
  g_autoptr (GError) error = NULL;

  switch ((ImpResultType) verdict->type)
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
    case IMP_RESULT_REPLACE:
    case IMP_RESULT_REPLACE_LATER:
    case IMP_RESULT_WANT:
    case IMP_RESULT_PASS_PATTERN:
      if (!imp_flow_apply (self->flows[verdict->direction], verdict, &error))
        filter_fail_verdict (self, error);
      /* One that is not fed any more need not be spared. */
      else if (verdict->type == IMP_RESULT_PASS && verdict->offset == IMP_MAX_OFFSET)
        filter_set_paused (self, verdict->direction, PAUSED_BY_ANALYZER, FALSE);
      break;
    case IMP_RESULT_TO_SENDER:
      filter_send_back (self, verdict->direction, &verdict->data);
      break;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      filter_set_paused (self, verdict->direction, PAUSED_BY_ANALYZER,
                         verdict->type == IMP_RESULT_PAUSE);
      break;
    case IMP_RESULT_DENY:
      filter_refuse (self, STATE_DENIED, IMP_ERROR_DENIED,
                     "Denied by the analyzer: ", verdict->result->text);
      break;
    case IMP_RESULT_DROP:
      filter_refuse (self, STATE_DROPPED, IMP_ERROR_CLOSED, "Dropped by the analyzer", NULL);
      break;
    case IMP_RESULT_FATAL:
      filter_fail (self, IMP_ERROR_FATAL, verdict->result->text);
      break;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
    case IMP_RESULT_ACCOUNT_FIELD:
      break;
    }
}

/* What is too much is shown to nobody. */
static void
filter_check_note (ImpFilter *self, const ImpResult *result)
{
  g_autofree char *reason = NULL;
  const char *limit = imp_filter_judge_note (self, result, &reason);

  if (limit != NULL)
    filter_exceed (self, IMP_ERROR_LIMIT, limit, reason);
}

/* When most of them come, whoever moves the bytes knows well enough (imp_filter_note_turn()); the
 * others may move none. */
static inline void
filter_count_verdicts (ImpFilter *self, const ImpVerdict *last, guint n)
{
  self->n_verdicts += n;
  self->verdict_type = last->type;
  if (G_LIKELY (last->type == IMP_RESULT_PASS || last->type == IMP_RESULT_REPLACE
                || last->type == IMP_RESULT_PREPASS))
    return;
  self->n_noted = self->n_verdicts;
  self->verdict_time = g_get_monotonic_time ();
}

static void
filter_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  ImpFilter *self = user_data;

  g_object_ref (self);
  filter_count_verdicts (self, verdict, 1);
  if (G_UNLIKELY (verdict->result != NULL) && imp_note_is_limited (verdict->type))
    filter_check_note (self, verdict->result);
  if ((self->watched || self->observed != 0 || self->taps != NULL) && self->state == STATE_OPEN)
    imp_filter_show_verdict (self, verdict);
  if (self->state == STATE_OPEN)
    filter_apply_verdict (self, verdict);
  filter_work (self);
  g_object_unref (self);
}

static void
filter_apply_run (ImpFilter *self, const ImpVerdict *verdicts, guint n)
{
  g_autoptr (GError) error = NULL;
  guint applied = 0;

  /* A PASS indefinitely has more to it; see filter_apply_verdict(). */
  while (applied < n && verdicts[applied].offset != IMP_MAX_OFFSET)
    applied++;
  if (!imp_flow_apply_run (self->flows[verdicts->direction], verdicts, applied, &error))
    filter_fail_verdict (self, error);
  while (applied < n && self->state == STATE_OPEN)
    filter_apply_verdict (self, &verdicts[applied++]);
}

static void
filter_on_run (ImpAnalyzer *analyzer, const ImpVerdict *verdicts, guint n, gpointer user_data)
{
  ImpFilter *self = user_data;

  g_object_ref (self);
  filter_count_verdicts (self, &verdicts[n - 1], n);
  if (self->state == STATE_OPEN)
    filter_apply_run (self, verdicts, n);
  filter_work (self);
  g_object_unref (self);
}

/* Each direction gets a slice of time. */
static void
filter_on_turn (gpointer user_data)
{
  ImpFilter *self = user_data;

  g_object_ref (self);
  for (guint direction = 0; direction < 2; direction++)
    {
      g_autoptr (GError) error = NULL;

      if (self->state == STATE_OPEN && !imp_flow_go_on (self->flows[direction], &error))
        filter_fail (self, IMP_ERROR_LIMIT, error->message);
    }
  filter_work (self);
  g_object_unref (self);
}

static void
filter_on_late (const char *reason, gpointer user_data)
{
  ImpFilter *self = user_data;

  g_object_ref (self);
  filter_exceed (self, IMP_ERROR_TIMEOUT, "deadline", reason);
  filter_work (self);
  g_object_unref (self);
}

static void
filter_on_held (ImpDirection direction, gpointer user_data)
{
  ImpFilter *self = user_data;
  g_autoptr (GError) error = NULL;

  g_object_ref (self);
  if (!imp_flow_release (self->flows[direction], &error))
    filter_fail (self, IMP_ERROR_LIMIT, error->message);
  filter_work (self);
  g_object_unref (self);
}

/* Takes the analyzer's results from now on. */
static void
filter_listen (ImpFilter *self)
{
  if (self->listening || self->state != STATE_OPEN)
    return;
  self->listening = TRUE;
  imp_filter_update_watched (self);
  imp_analyzer_set_sink (self->analyzer, filter_on_verdict, self);
  imp_filter_update_run_sink (self);
}

/* ---- the object ---- */

static void
imp_filter_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpFilter *self = IMP_FILTER (object);

  switch ((FilterProperty) id)
    {
    case PROP_ANALYZER:
      self->analyzer = g_value_dup_object (value);
      break;
    case PROP_MAX_HELD:
    case PROP_MAX_GROWTH:
    case PROP_MAX_LOG_SIZE:
      imp_filter_set_limit (self, id - PROP_MAX_HELD, g_value_get_uint64 (value));
      break;
    case PROP_DEADLINE:
    case PROP_MAX_EXTENSIONS:
    case PROP_HOLD_TIMEOUT:
    case PROP_MAX_LOG_RATE:
    case PROP_WARN_SILENCE:
      imp_filter_set_limit (self, id - PROP_MAX_HELD, g_value_get_uint (value));
      break;
    case PROP_HELD_BYTES:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_filter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpFilter *self = IMP_FILTER (object);

  switch ((FilterProperty) id)
    {
    case PROP_ANALYZER:
      g_value_set_object (value, self->analyzer);
      break;
    case PROP_MAX_HELD:
    case PROP_MAX_GROWTH:
    case PROP_MAX_LOG_SIZE:
      g_value_set_uint64 (value, self->limits[id - PROP_MAX_HELD]);
      break;
    case PROP_DEADLINE:
    case PROP_MAX_EXTENSIONS:
    case PROP_HOLD_TIMEOUT:
    case PROP_MAX_LOG_RATE:
    case PROP_WARN_SILENCE:
      g_value_set_uint (value, self->limits[id - PROP_MAX_HELD]);
      break;
    case PROP_HELD_BYTES:
      g_value_set_int64 (value,
                         imp_flow_get_held (self->flows[0]) + imp_flow_get_held (self->flows[1]));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_filter_dispose (GObject *object)
{
  imp_filter_close (IMP_FILTER (object));
  G_OBJECT_CLASS (imp_filter_parent_class)->dispose (object);
}

static void
imp_filter_finalize (GObject *object)
{
  ImpFilter *self = IMP_FILTER (object);

  imp_flow_event_queue_clear (&self->queue);
  imp_flow_free (self->flows[0]);
  imp_flow_free (self->flows[1]);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->analyzer);
  g_clear_error (&self->error);
  g_free (self->reason);
  imp_filter_silence_stop (&self->silence);
  G_OBJECT_CLASS (imp_filter_parent_class)->finalize (object);
}

static void
imp_filter_init (ImpFilter *self)
{
  imp_flow_event_queue_init (&self->queue);
  for (guint direction = 0; direction < 2; direction++)
    self->flows[direction] = imp_flow_new (&self->queue, direction);
  imp_filter_init_limits (self);
  self->on_run = filter_on_run;
  self->context = g_main_context_ref_thread_default ();
}

static void
filter_class_install_properties (GObjectClass *klass)
{
  imp_filter_make_limit_specs (properties + PROP_MAX_HELD);

  /**
   * ImpFilter:analyzer: (attributes org.gtk.Property.default=none)
   *
   * The analyzer. The filter closes it when it is itself closed, or the connection is refused.
   *
   * Since: 0.1
   */
  properties[PROP_ANALYZER] = g_param_spec_object ("analyzer", NULL, NULL, IMP_TYPE_ANALYZER,
                                                   G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY
                                                     | G_PARAM_EXPLICIT_NOTIFY
                                                     | G_PARAM_STATIC_STRINGS);

  /**
   * ImpFilter:held-bytes:
   *
   * How many bytes, of both directions together, wait for a verdict. It is notified where it has
   * changed once all that was at hand is done.
   *
   * Since: 0.1
   */
  properties[PROP_HELD_BYTES] = g_param_spec_int64 ("held-bytes", NULL, NULL, 0, G_MAXINT64, 0,
                                                    G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (klass, G_N_ELEMENTS (properties), properties);
}

/* @argument: G_TYPE_NONE if there is none. */
static void
filter_class_add_signal (GObjectClass *klass, guint signal, const char *name, GType argument)
{
  guint n_arguments = argument == G_TYPE_NONE ? 0 : 1;

  signals[signal] = g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, n_arguments, argument);
}

static void
filter_class_add_signals (GObjectClass *klass)
{
  /**
   * ImpFilter::denied:
   * @self: the filter
   * @reason: why, for people
   *
   * Emitted once the analyzer has refused the connection, and all that it let through before was
   * given to the output: the application should let the peers see it. The reason is in the
   * analyzer's own words, with any characters and of any length up to
   * [property@Imp.Filter:max-log-size]; the error of [method@Imp.Filter.check] has it as one line
   * for logs and terminals.
   *
   * Since: 0.1
   */
  filter_class_add_signal (klass, SIGNAL_DENIED, "denied", G_TYPE_STRING);

  /**
   * ImpFilter::dropped:
   * @self: the filter
   *
   * Emitted once the analyzer has refused the connection and wants nobody to see why.
   *
   * Since: 0.1
   */
  filter_class_add_signal (klass, SIGNAL_DROPPED, "dropped", G_TYPE_NONE);

  /**
   * ImpFilter::failed:
   * @self: the filter
   * @message: what went wrong
   *
   * Emitted once the analyzer has failed, gave a verdict that the model does not allow, took too
   * long for one, left more unsettled than the filter may hold, or said or added more than it may;
   * or the application cannot go on ([method@Imp.Filter.fail]). See [signal@Imp.Filter::denied] for
   * what may be in the message.
   *
   * Since: 0.1
   */
  filter_class_add_signal (klass, SIGNAL_FAILED, "failed", G_TYPE_STRING);

  /**
   * ImpFilter::paused-changed:
   * @self: the filter
   * @direction: the direction
   *
   * Emitted when the answer of [method@Imp.Filter.is_paused] has changed.
   *
   * Since: 0.1
   */
  filter_class_add_signal (klass, SIGNAL_PAUSED_CHANGED, "paused-changed", IMP_TYPE_DIRECTION);
}

static void
imp_filter_class_init (ImpFilterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_filter_set_property;
  object_class->get_property = imp_filter_get_property;
  object_class->dispose = imp_filter_dispose;
  object_class->finalize = imp_filter_finalize;
  filter_class_install_properties (object_class);
  imp_filter_class_add_result (object_class);
  filter_class_add_signals (object_class);
}

/* ---- for applications ---- */

/**
 * imp_filter_new:
 * @analyzer: (transfer none): an analyzer that nobody else feeds
 *
 * Creates a filter, which from now on feeds @analyzer, takes its results and finally closes it.
 *
 * Connect to the signals first, then call [method@Imp.Filter.set_output]: from then on it works.
 *
 * Returns: (transfer full): a new filter
 *
 * Since: 0.1
 */
ImpFilter *
imp_filter_new (ImpAnalyzer *analyzer)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (analyzer), NULL);

  return g_object_new (IMP_TYPE_FILTER, "analyzer", analyzer, NULL);
}

void
imp_filter_set_limit (ImpFilter *self, ImpFilterLimit limit, guint64 value)
{
  if (self->limits[limit] == value)
    return;
  self->limits[limit] = value;
  if (limit == IMP_FILTER_WARN_SILENCE)
    imp_filter_silence_stop (&self->silence);
  if (self->clock != NULL)
    imp_filter_clock_set (self->clock, self->limits);
  /* What waits already counts from now on. */
  if (self->listening && self->state == STATE_OPEN && filter_has_times (self))
    filter_update_clock (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_HELD + limit]);
}

/**
 * imp_filter_set_output:
 * @self: a filter
 * @output: (scope notified) (closure user_data) (destroy destroy): the function that takes what
 *   comes out
 * @user_data: data for @output
 * @destroy: (nullable): frees @user_data when it is needed no more
 *
 * Sets where the output goes.
 *
 * The filter works from the first call on: what the analyzer has said already is applied at once.
 *
 * Since: 0.1
 */
void
imp_filter_set_output (ImpFilter *self, ImpOutputFunc output, gpointer user_data,
                       GDestroyNotify destroy)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (output != NULL);

  g_object_ref (self);
  filter_release_output (self);
  self->output = output;
  self->output_data = user_data;
  self->output_destroy = destroy;
  if (self->closed)
    filter_release_output (self);
  else
    filter_listen (self);
  g_object_unref (self);
}

/* The flow takes input unless the caller is wrong, or it cannot go on. */
static gboolean
filter_push_to_flow (ImpFilter *self, ImpDirection direction, GBytes *data, gint32 data_type,
                     GError **error)
{
  const gsize size = g_bytes_get_size (data);
  g_autoptr (GError) local = NULL;

  /* An answer may come from within. */
  self->balance[direction] += size;
  if (imp_flow_push (self->flows[direction], data, data_type, &local))
    return TRUE;
  self->balance[direction] -= size;
  if (local->code == IMP_ERROR_LIMIT)
    {
      filter_fail (self, IMP_ERROR_LIMIT, local->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/**
 * imp_filter_push:
 * @self: a filter
 * @direction: where it comes from
 * @data: (transfer none): what has arrived; empty: the end of that direction's stream
 * @data_type: its type
 * @error: return location for an error
 *
 * Gives the filter what has arrived. It keeps a reference to @data, and does not copy it.
 *
 * An analyzer in this process mostly answers at once, so that the output function is called from
 * here. When this function is called by the output function or a signal handler, it returns first,
 * and the analyzer is fed afterwards.
 *
 * If the filter is not open, or is not open any more because of this push, the errors of
 * [method@Imp.Filter.check] are set. Input after the end of the stream is an
 * %IMP_ERROR_PROTOCOL, and the filter stays open; and so it does with %IMP_ERROR_FAILED if no
 * output function was set.
 *
 * Returns: %TRUE if it was taken
 *
 * Since: 0.1
 */
gboolean
imp_filter_push (ImpFilter *self, ImpDirection direction, GBytes *data, gint32 data_type,
                 GError **error)
{
  gboolean is_open;

  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);
  g_return_val_if_fail (data != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!imp_filter_is_open (self, error))
    return FALSE;
  if (self->output == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED,
                           "The filter has no output function: call imp_filter_set_output()");
      return FALSE;
    }
  imp_filter_update_watched (self);
  if (!filter_push_to_flow (self, direction, data, data_type, error))
    return FALSE;
  if (g_bytes_get_size (data) == 0)
    self->has_end = TRUE;

  g_object_ref (self);
  if (self->taps != NULL)
    imp_filter_taps_show_input (self, direction, data, data_type);
  filter_work (self);
  is_open = imp_filter_is_open (self, error);
  g_object_unref (self);
  return is_open;
}

/**
 * imp_filter_set_busy:
 * @self: a filter
 * @direction: a direction
 * @busy: whether no more output can be taken in that direction for now
 *
 * Holds back the analyzer's verdicts for a direction; see [method@Imp.Analyzer.set_busy]. What
 * comes in is still taken.
 *
 * Since: 0.1
 */
void
imp_filter_set_busy (ImpFilter *self, ImpDirection direction, gboolean busy)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);

  if (self->state == STATE_OPEN)
    imp_analyzer_set_busy (self->analyzer, direction, busy);
}

/**
 * imp_filter_fail:
 * @self: a filter
 * @reason: what failed, for people
 *
 * Says that the application cannot go on, e.g. since its output function could not do its work:
 * what is held is denied, nothing more is given to the output, and [signal@Imp.Filter::failed] is
 * emitted. Pushes give an %IMP_ERROR_FAILED with @reason.
 *
 * Can be called at any time, also by the output function. Where the filter has been refused
 * before, that stays the reason.
 *
 * Since: 0.1
 */
void
imp_filter_fail (ImpFilter *self, const char *reason)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (reason != NULL);

  g_object_ref (self);
  filter_refuse (self, STATE_FAILED, IMP_ERROR_FAILED, "", reason);
  /* What follows a piece that was lost is of no use. */
  imp_flow_event_queue_clear (&self->queue);
  if (!self->working)
    filter_notify_outcome (self);
  g_object_unref (self);
}

/**
 * imp_filter_close:
 * @self: a filter
 *
 * Closes a filter: the analyzer is closed, what is held is denied, nothing more is given to the
 * output and no signal is emitted. Can be called at any time, and more than once.
 *
 * Since: 0.1
 */
void
imp_filter_close (ImpFilter *self)
{
  g_return_if_fail (IMP_IS_FILTER (self));

  if (self->closed)
    return;

  g_object_ref (self);
  self->closed = TRUE;
  self->notified = TRUE;
  filter_refuse (self, STATE_CLOSED, IMP_ERROR_CLOSED, "The filter is closed", NULL);
  imp_flow_event_queue_clear (&self->queue);
  if (self->analyzer != NULL)
    imp_analyzer_close (self->analyzer);
  imp_filter_taps_end (self);
  /* The output function may be the one that calls; its data must outlive it. */
  if (!self->working)
    filter_release_output (self);
  g_object_unref (self);
}
