/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-filter-private.h"

#define MAX_HELD_DEFAULT (16 * 1024 * 1024)

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
 * A verdict that the model does not allow counts as a failure of the analyzer.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (ImpFilter, imp_filter, G_TYPE_OBJECT)

typedef enum
{
  PROP_ANALYZER = 1,
  PROP_MAX_HELD,
  PROP_HELD_BYTES,
  N_PROPERTIES,
} Property;

static GParamSpec *properties[N_PROPERTIES];
guint imp_filter_signals[IMP_FILTER_N_SIGNALS];

static void
imp_filter_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpFilter *self = IMP_FILTER (object);

  switch ((Property) id)
    {
    case PROP_ANALYZER:
      self->analyzer = g_value_dup_object (value);
      break;
    case PROP_MAX_HELD:
      imp_filter_set_max_held (self, g_value_get_uint64 (value));
      break;
    case PROP_HELD_BYTES:
    case N_PROPERTIES:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_filter_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpFilter *self = IMP_FILTER (object);

  switch ((Property) id)
    {
    case PROP_ANALYZER:
      g_value_set_object (value, self->analyzer);
      break;
    case PROP_MAX_HELD:
      g_value_set_uint64 (value, self->max_held);
      break;
    case PROP_HELD_BYTES:
      g_value_set_int64 (value,
                         imp_flow_get_held (self->flows[0]) + imp_flow_get_held (self->flows[1]));
      break;
    case N_PROPERTIES:
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
  g_clear_object (&self->analyzer);
  g_clear_error (&self->error);
  g_free (self->reason);
  G_OBJECT_CLASS (imp_filter_parent_class)->finalize (object);
}

static void
imp_filter_init (ImpFilter *self)
{
  imp_flow_event_queue_init (&self->queue);
  for (guint direction = 0; direction < 2; direction++)
    self->flows[direction] = imp_flow_new (&self->queue, direction);
  self->max_held = MAX_HELD_DEFAULT;
}

static void
install_properties (GObjectClass *klass)
{
  /**
   * ImpFilter:analyzer:
   *
   * The analyzer. The filter closes it when it is itself closed, or the connection is refused.
   *
   * Since: 0.1
   */
  properties[PROP_ANALYZER] = g_param_spec_object ("analyzer", NULL, NULL, IMP_TYPE_ANALYZER,
                                                   G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY
                                                     | G_PARAM_STATIC_STRINGS);

  /**
   * ImpFilter:max-held:
   *
   * How many bytes, of both directions together, may wait for a verdict. If the analyzer leaves
   * more unsettled when a push ends, the connection is refused.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD]
    = g_param_spec_uint64 ("max-held", NULL, NULL, 0, G_MAXINT64, MAX_HELD_DEFAULT,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * ImpFilter:held-bytes:
   *
   * How many bytes, of both directions together, wait for a verdict. There is no notification of
   * its changes, as they come with every chunk.
   *
   * Since: 0.1
   */
  properties[PROP_HELD_BYTES] = g_param_spec_int64 ("held-bytes", NULL, NULL, 0, G_MAXINT64, 0,
                                                    G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (klass, N_PROPERTIES, properties);
}

/* @argument: G_TYPE_NONE if there is none. */
static void
add_signal (GObjectClass *klass, guint signal, const char *name, GType argument)
{
  guint n_arguments = argument == G_TYPE_NONE ? 0 : 1;

  imp_filter_signals[signal] = g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                             NULL, NULL, NULL, G_TYPE_NONE, n_arguments, argument);
}

static void
add_signals (GObjectClass *klass)
{
  /**
   * ImpFilter::result:
   * @self: the filter
   * @result: the result
   *
   * Emitted for every result of the analyzer, before it is obeyed: for logs and accounts, and for
   * those who like to watch.
   *
   * Since: 0.1
   */
  add_signal (klass, IMP_FILTER_SIGNAL_RESULT, "result", IMP_TYPE_RESULT);

  /**
   * ImpFilter::denied:
   * @self: the filter
   * @reason: why, for people
   *
   * Emitted once the analyzer has refused the connection, and all that it let through before was
   * put out: the application should let the peers see it.
   *
   * Since: 0.1
   */
  add_signal (klass, IMP_FILTER_SIGNAL_DENIED, "denied", G_TYPE_STRING);

  /**
   * ImpFilter::dropped:
   * @self: the filter
   *
   * Emitted once the analyzer has refused the connection and wants nobody to see why.
   *
   * Since: 0.1
   */
  add_signal (klass, IMP_FILTER_SIGNAL_DROPPED, "dropped", G_TYPE_NONE);

  /**
   * ImpFilter::failed:
   * @self: the filter
   * @message: what went wrong
   *
   * Emitted once the analyzer has failed, gave a verdict that the model does not allow, or left
   * more unsettled than the filter may hold.
   *
   * Since: 0.1
   */
  add_signal (klass, IMP_FILTER_SIGNAL_FAILED, "failed", G_TYPE_STRING);

  /**
   * ImpFilter::paused-changed:
   * @self: the filter
   * @direction: the direction
   *
   * Emitted when the analyzer asks not to be fed for a while in a direction, or to be fed again:
   * see [method@Imp.Filter.is_paused].
   *
   * Since: 0.1
   */
  add_signal (klass, IMP_FILTER_SIGNAL_PAUSED_CHANGED, "paused-changed", IMP_TYPE_DIRECTION);
}

static void
imp_filter_class_init (ImpFilterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_filter_set_property;
  object_class->get_property = imp_filter_get_property;
  object_class->dispose = imp_filter_dispose;
  object_class->finalize = imp_filter_finalize;
  install_properties (object_class);
  add_signals (object_class);
}
