/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-io-stream.h"

#include "provider/imp-filter-private.h"
#include "provider/imp-io-halves-private.h"

#define BUFFER_SIZE_DEFAULT (512 * 1024)
#define LINGER_DEFAULT 5000
#define MAX_HELD_DEFAULT (32 * 1024 * 1024)
#define DEADLINE_DEFAULT 60000
#define HOLD_TIMEOUT_DEFAULT 500

/**
 * ImpIOStream:
 *
 * A stream around another one, through an analyzer: for a program that inspects its own
 * connections.
 *
 * What is read from it is what comes from the base stream and what the analyzer lets through of it;
 * what is written to it goes through the analyzer to the base stream. A program that is the server
 * of the connection reads %IMP_DIRECTION_FROM_CLIENT, one that is the client reads
 * %IMP_DIRECTION_FROM_SERVER ([property@Imp.IOStream:reads]). What the analyzer sends back
 * ([method@Imp.Analyzer.send_back]) goes to the side that it has to go to: to the base stream, or
 * to who reads.
 *
 * Its streams can be used with blocking, asynchronously and without blocking
 * ([iface@Gio.PollableInputStream], [iface@Gio.PollableOutputStream]), so that all which runs on a
 * socket's connection runs on this: TLS, over it, so that the analyzer sees ciphertext; libsoup; or
 * another one of its kind. Around a TLS connection the analyzer sees plain text.
 *
 * **Writing**: a write is complete once the base stream has taken what the analyzer has let through
 * of it; what it holds back follows by itself. At most 256 KiB are taken at once. Without blocking,
 * more is taken once all before has left. A flush waits until the analyzer has given its verdict on
 * everything. A write that fails with %G_IO_ERROR_CANCELLED has taken nothing; one that is
 * cancelled later succeeds. Of asynchronous writes GIO says itself that they were cancelled,
 * whatever they did before that: those were taken either whole, up to the 256 KiB, or not at all.
 *
 * **Reading**: up to [property@Imp.IOStream:buffer-size] bytes are read ahead, so that the analyzer
 * sees what comes also while the application only writes. What a cancelled read would have got, the
 * next one gets, asynchronous or not.
 *
 * **Ends**: to close the output stream is to end that direction: the analyzer sees the end, and
 * once it lets it through, the base stream's output is ended too (a socket's by `shutdown()`),
 * while the other direction goes on. This waits for the verdict. To close the whole,
 * [method@Gio.IOStream.close] or [method@Gio.IOStream.close_async], is the same, and closes the
 * base stream then; it waits for [property@Imp.IOStream:linger] milliseconds at most. If it is
 * cancelled, or the time is over, the base stream is closed at once; so it is where the last
 * reference to a stream is dropped that was not closed. A base stream that is a TCP connection, and
 * whose output has not ended as the analyzer wants, is reset then: its peer never takes a part for
 * the whole.
 *
 * **Errors**: when the analyzer denies the connection, both streams give %IMP_ERROR_DENIED with its
 * reason: the output at once, the input behind all that was let through before. When it fails, that
 * is %IMP_ERROR_FATAL, %IMP_ERROR_LIMIT or %IMP_ERROR_TIMEOUT, and when it drops the connection
 * %IMP_ERROR_CLOSED, at once: there is no end of the stream that the analyzer has not let through.
 * The errors of the base stream are those that it gives; if it can be polled in neither way or only
 * in one, all fails with %IMP_ERROR_UNSUPPORTED.
 *
 * **Threads**: it belongs to the thread that creates it and to the main context that is that
 * thread's default then: there the analyzer works, and there the filter and the properties may be
 * used. While that thread runs that main context, each of the two streams can be used by any one
 * thread at a time, so also by those in which GIO does TLS handshakes. Where it does not, a
 * blocking call of another thread fails after [property@Imp.IOStream:deadline] milliseconds, with
 * %IMP_ERROR_TIMEOUT; so TLS over a stream needs [method@Gio.TlsConnection.handshake_async] in the
 * thread that the stream belongs to, and can be used with blocking in all others.
 *
 * A blocking call in the thread that the stream belongs to runs the main context until it is done:
 * what else is in it happens meanwhile. At most 32 such calls wait within each other. One that
 * comes from the stream's own analyzer fails with %G_IO_ERROR_PENDING. To close a stream, or its
 * output, with blocking does not wait where a source of the main context does it: it goes on in the
 * background, also if the stream is let go meanwhile, and only an asynchronous close can tell how
 * it ended.
 *
 * Since: 0.1
 */
struct _ImpIOStream
{
  GIOStream parent_instance;

  GIOStream *base;
  ImpAnalyzer *analyzer;
  ImpDirection reads;
  ImpIOEngineLimits limits;
  guint64 max_held;
  ImpFilter *filter;
  ImpIOEngine *engine;
  GInputStream *input;
  GOutputStream *output;
};

G_DEFINE_FINAL_TYPE (ImpIOStream, imp_io_stream, G_TYPE_IO_STREAM)

typedef enum
{
  PROP_BASE_STREAM = 1,
  PROP_ANALYZER,
  PROP_READS,
  PROP_BUFFER_SIZE,
  PROP_LINGER,
  PROP_MAX_HELD,
  PROP_DEADLINE,
  PROP_HELD_BYTES,
} IOStreamProperty;

static GParamSpec *properties[PROP_HELD_BYTES + 1];

static void
imp_io_stream_init (ImpIOStream *self)
{
}

static void
imp_io_stream_constructed (GObject *object)
{
  ImpIOStream *self = IMP_IO_STREAM (object);

  G_OBJECT_CLASS (imp_io_stream_parent_class)->constructed (object);
  if (self->base == NULL || self->analyzer == NULL)
    {
      g_critical ("An ImpIOStream was made without its property %s, and cannot be used",
                  self->base == NULL ? "base-stream" : "analyzer");
      return;
    }
  self->filter = imp_filter_new (self->analyzer);
  imp_filter_set_held_owner (self->filter, G_OBJECT (self), properties[PROP_HELD_BYTES]);
  imp_filter_set_max_held (self->filter, self->max_held);
  imp_filter_set_deadline (self->filter, self->limits.deadline);
  imp_filter_set_hold_timeout (self->filter, HOLD_TIMEOUT_DEFAULT);
  self->engine = imp_io_engine_new (self->base, self->filter, self->reads, &self->limits);
  self->input = imp_io_input_new (self->engine);
  self->output = imp_io_output_new (self->engine);
}

static void
imp_io_stream_dispose (GObject *object)
{
  ImpIOStream *self = IMP_IO_STREAM (object);

  /* The parent closes what is open. */
  if (self->engine != NULL)
    imp_io_engine_release (self->engine);
  G_OBJECT_CLASS (imp_io_stream_parent_class)->dispose (object);
}

static void
imp_io_stream_finalize (GObject *object)
{
  ImpIOStream *self = IMP_IO_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  if (self->engine != NULL)
    {
      imp_filter_set_held_owner (self->filter, NULL, NULL);
      imp_io_engine_drop (self->engine, g_steal_pointer (&self->filter));
      imp_io_engine_drop (self->engine, g_steal_pointer (&self->analyzer));
      imp_io_engine_drop (self->engine, g_steal_pointer (&self->base));
      imp_io_engine_unref (self->engine);
    }
  g_clear_object (&self->analyzer);
  g_clear_object (&self->base);
  G_OBJECT_CLASS (imp_io_stream_parent_class)->finalize (object);
}

/* ---- what GIO asks ---- */

static GInputStream *
imp_io_stream_get_input (GIOStream *stream)
{
  return IMP_IO_STREAM (stream)->input;
}

static GOutputStream *
imp_io_stream_get_output (GIOStream *stream)
{
  return IMP_IO_STREAM (stream)->output;
}

/* Nothing is waited for any more. The halves have to know, and the output says how it ended. */
static gboolean
io_stream_close_halves (ImpIOStream *self, GError **error)
{
  return G_IO_STREAM_CLASS (imp_io_stream_parent_class)->close_fn (G_IO_STREAM (self), NULL, error);
}

/* What could not be waited for is cut. */
static void
io_stream_cut (ImpIOStream *self)
{
  imp_io_engine_abort (self->engine);
  io_stream_close_halves (self, NULL);
}

static gboolean
imp_io_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  ImpIOStream *self = IMP_IO_STREAM (stream);

  if (self->engine == NULL)
    return TRUE;
  imp_io_engine_close (self->engine);
  if (imp_io_engine_may_wait (self->engine)
      && !imp_io_engine_wait (self->engine, IMP_DUPLEX_OVER, cancellable, error))
    {
      io_stream_cut (self);
      return FALSE;
    }
  return io_stream_close_halves (self, error);
}

static gboolean
io_stream_on_over (GObject *output, gpointer user_data)
{
  GTask *task = user_data;
  ImpIOStream *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (!imp_duplex_is_ready (imp_io_engine_get_duplex (self->engine), IMP_DUPLEX_OVER))
    {
      io_stream_cut (self);
      g_task_return_error_if_cancelled (task);
    }
  else if (io_stream_close_halves (self, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  return G_SOURCE_REMOVE;
}

static void
imp_io_stream_close_async (GIOStream *stream, int priority, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  ImpIOStream *self = IMP_IO_STREAM (stream);
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  g_autoptr (GSource) event = NULL, source = NULL;

  g_task_set_source_tag (task, imp_io_stream_close_async);
  g_task_set_priority (task, priority);
  g_task_set_check_cancellable (task, FALSE);
  if (self->engine == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  imp_io_engine_close (self->engine);
  event = imp_duplex_create_source (imp_io_engine_get_duplex (self->engine), IMP_DUPLEX_OVER);
  source = g_pollable_source_new_full (self->output, event, cancellable);
  g_task_attach_source (task, source, G_SOURCE_FUNC (io_stream_on_over));
}

static gboolean
imp_io_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- properties ---- */

static void
imp_io_stream_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpIOStream *self = IMP_IO_STREAM (object);

  switch ((IOStreamProperty) id)
    {
    case PROP_BASE_STREAM:
      g_value_set_object (value, self->base);
      break;
    case PROP_ANALYZER:
      g_value_set_object (value, self->analyzer);
      break;
    case PROP_READS:
      g_value_set_enum (value, self->reads);
      break;
    case PROP_BUFFER_SIZE:
      g_value_set_uint (value, self->limits.buffer_size);
      break;
    case PROP_LINGER:
      g_value_set_uint (value, self->limits.linger);
      break;
    case PROP_MAX_HELD:
      g_value_set_uint64 (value, self->max_held);
      break;
    case PROP_DEADLINE:
      g_value_set_uint (value, self->limits.deadline);
      break;
    case PROP_HELD_BYTES:
      if (self->filter != NULL)
        g_object_get_property (G_OBJECT (self->filter), "held-bytes", value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_io_stream_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpIOStream *self = IMP_IO_STREAM (object);

  switch ((IOStreamProperty) id)
    {
    case PROP_BASE_STREAM:
      self->base = g_value_dup_object (value);
      break;
    case PROP_ANALYZER:
      self->analyzer = g_value_dup_object (value);
      break;
    case PROP_READS:
      self->reads = g_value_get_enum (value);
      break;
    case PROP_BUFFER_SIZE:
      self->limits.buffer_size = g_value_get_uint (value);
      break;
    case PROP_LINGER:
      self->limits.linger = g_value_get_uint (value);
      break;
    case PROP_MAX_HELD:
      self->max_held = g_value_get_uint64 (value);
      break;
    case PROP_DEADLINE:
      self->limits.deadline = g_value_get_uint (value);
      break;
    case PROP_HELD_BYTES:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
io_stream_class_install_parts (GParamFlags flags)
{
  /**
   * ImpIOStream:base-stream: (getter get_base_stream) (attributes org.gtk.Property.default=none)
   *
   * The stream that is wrapped. It belongs to this one, which closes it.
   *
   * Since: 0.1
   */
  properties[PROP_BASE_STREAM] = g_param_spec_object ("base-stream", NULL, NULL, G_TYPE_IO_STREAM,
                                                      flags);

  /**
   * ImpIOStream:analyzer: (getter get_analyzer) (attributes org.gtk.Property.default=none)
   *
   * The analyzer that decides. It belongs to the stream, which closes it at the end.
   *
   * Since: 0.1
   */
  properties[PROP_ANALYZER] = g_param_spec_object ("analyzer", NULL, NULL, IMP_TYPE_ANALYZER,
                                                   flags);

  /**
   * ImpIOStream:reads: (attributes org.gtk.Property.default=IMP_DIRECTION_FROM_SERVER)
   *
   * The direction that is read: %IMP_DIRECTION_FROM_CLIENT in a server. What is written goes in the
   * other one.
   *
   * Since: 0.1
   */
  properties[PROP_READS] = g_param_spec_enum ("reads", NULL, NULL, IMP_TYPE_DIRECTION,
                                              IMP_DIRECTION_FROM_SERVER, flags);
}

static void
io_stream_class_install_limits (GParamFlags flags)
{
  /**
   * ImpIOStream:buffer-size: (attributes org.gtk.Property.default=524288)
   *
   * How many bytes may wait, in each direction, before what brings them is not read any more; see
   * [property@Imp.Relay:buffer-size]. Besides, up to 256 KiB of each direction are kept for the
   * application.
   *
   * Since: 0.1
   */
  properties[PROP_BUFFER_SIZE] = g_param_spec_uint ("buffer-size", NULL, NULL, 0, G_MAXINT,
                                                    BUFFER_SIZE_DEFAULT, flags);

  /**
   * ImpIOStream:linger: (attributes org.gtk.Property.default=5000)
   *
   * How long, in milliseconds, what was let through may take to leave once the stream is closed, or
   * the connection refused.
   *
   * Since: 0.1
   */
  properties[PROP_LINGER] = g_param_spec_uint ("linger", NULL, NULL, 0, G_MAXINT, LINGER_DEFAULT,
                                               flags);

  /**
   * ImpIOStream:max-held: (attributes org.gtk.Property.default=33554432)
   *
   * How many bytes, of both directions together, may wait for a verdict. If the analyzer leaves
   * more unsettled, the connection is refused. See [property@Imp.Filter:max-held].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD] = g_param_spec_uint64 ("max-held", NULL, NULL, 0, G_MAXINT64,
                                                   MAX_HELD_DEFAULT, flags);

  /**
   * ImpIOStream:deadline: (attributes org.gtk.Property.default=60000)
   *
   * How long, in milliseconds, a byte or the end of a stream may wait for the analyzer's verdict; 0
   * for no limit. Then the connection is refused, with %IMP_ERROR_TIMEOUT. What counts is told at
   * [property@Imp.Filter:deadline]. So long a blocking call waits as well for another thread that
   * has the stream's main context, and does not run it.
   *
   * Since: 0.1
   */
  properties[PROP_DEADLINE] = g_param_spec_uint ("deadline", NULL, NULL, 0, G_MAXINT32,
                                                 DEADLINE_DEFAULT, flags);
}

static void
imp_io_stream_class_init (ImpIOStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_EXPLICIT_NOTIFY
                      | G_PARAM_STATIC_STRINGS;

  object_class->constructed = imp_io_stream_constructed;
  object_class->dispose = imp_io_stream_dispose;
  object_class->finalize = imp_io_stream_finalize;
  object_class->get_property = imp_io_stream_get_property;
  object_class->set_property = imp_io_stream_set_property;
  stream_class->get_input_stream = imp_io_stream_get_input;
  stream_class->get_output_stream = imp_io_stream_get_output;
  stream_class->close_fn = imp_io_stream_close;
  stream_class->close_async = imp_io_stream_close_async;
  stream_class->close_finish = imp_io_stream_close_finish;
  io_stream_class_install_parts (flags);
  io_stream_class_install_limits (flags);

  /**
   * ImpIOStream:held-bytes:
   *
   * How many bytes, of both directions together, wait for a verdict; for the thread of the stream's
   * main context. There is no notification of its changes, as they come with every chunk.
   *
   * Since: 0.1
   */
  properties[PROP_HELD_BYTES] = g_param_spec_int64 ("held-bytes", NULL, NULL, 0, G_MAXINT64, 0,
                                                    G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

/* ---- for applications ---- */

/**
 * imp_io_stream_new:
 * @base: a stream that nobody else uses
 * @analyzer: (transfer none): an analyzer that nobody else feeds
 * @reads: the direction that is read: %IMP_DIRECTION_FROM_CLIENT in a server,
 *   %IMP_DIRECTION_FROM_SERVER in a client
 *
 * Creates a stream around another one, which it takes over. That one needs pollable input and
 * output streams, as sockets and TLS connections have them, and it begins to be read at once.
 *
 * Returns: (transfer full) (type ImpIOStream): a new stream
 *
 * Since: 0.1
 */
GIOStream *
imp_io_stream_new (GIOStream *base, ImpAnalyzer *analyzer, ImpDirection reads)
{
  g_return_val_if_fail (G_IS_IO_STREAM (base), NULL);
  g_return_val_if_fail (IMP_IS_ANALYZER (analyzer), NULL);
  g_return_val_if_fail (reads <= IMP_DIRECTION_FROM_SERVER, NULL);

  return g_object_new (IMP_TYPE_IO_STREAM, "base-stream", base, "analyzer", analyzer, "reads",
                       reads, NULL);
}

/**
 * imp_io_stream_get_base_stream: (get-property base-stream)
 * @self: a stream
 *
 * Gets the stream that is wrapped.
 *
 * Returns: (transfer none): the stream
 *
 * Since: 0.1
 */
GIOStream *
imp_io_stream_get_base_stream (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), NULL);

  return self->base;
}

/**
 * imp_io_stream_get_analyzer: (get-property analyzer)
 * @self: a stream
 *
 * Gets the analyzer.
 *
 * Returns: (transfer none): the analyzer
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_io_stream_get_analyzer (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), NULL);

  return self->analyzer;
}

/**
 * imp_io_stream_get_reads: (get-property reads)
 * @self: a stream
 *
 * Gets the direction that is read.
 *
 * Returns: the direction
 *
 * Since: 0.1
 */
ImpDirection
imp_io_stream_get_reads (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), IMP_DIRECTION_FROM_CLIENT);

  return self->reads;
}

/**
 * imp_io_stream_get_filter:
 * @self: a stream
 *
 * Gets the filter behind the stream: for its further limits, its ledger and its signals, in the
 * thread of the stream's main context. The stream alone feeds it and takes its output.
 *
 * Returns: (transfer none): the filter
 *
 * Since: 0.1
 */
ImpFilter *
imp_io_stream_get_filter (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), NULL);

  return self->filter;
}
