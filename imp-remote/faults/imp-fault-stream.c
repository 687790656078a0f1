/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-stream.h"

#include "faults/imp-fault-halves-private.h"

/**
 * ImpFaultStream:
 *
 * A stream around another one, into which faults are injected.
 *
 * It is for tests: what does my program do when the network stalls after 4096 bytes? It is used
 * like the stream that it wraps, with or without blocking. The faults are a string of settings,
 * such as `seed=7&delay=5&write-chunk=1&read-reset-at=1000`. A name that begins with `read-` is for
 * what is read from the base stream, one with `write-` for what is written to it, and one without
 * either for both. Numbers are decimal; offsets count from 0 in each way.
 *
 * | setting | meaning |
 * |---|---|
 * | `seed` | where chance begins; the same seed gives the same faults at the same offsets |
 * | `delay` | milliseconds between the moment an operation could be done and when it is done |
 * | `jitter` | up to so many milliseconds more, by chance |
 * | `chunk` | the most bytes that one operation moves |
 * | `chunk-min` | with it, the most is by chance, from `chunk-min` to `chunk` |
 * | `block-first` | so many operations at first say %G_IO_ERROR_WOULD_BLOCK without cause |
 * | `block-rate` | percentage of the operations that do so, 0 to 99 |
 * | `corrupt-at` | the byte at this offset is changed |
 * | `corrupt-every` | one byte in so many, on average, is changed |
 * | `reset-at` | after so many bytes both ways fail with %G_IO_ERROR_CONNECTION_CLOSED |
 * | `stall-at` | after so many bytes nothing more moves, without any error |
 * | `eof-at` | after so many bytes: end of stream; in writing, %G_IO_ERROR_BROKEN_PIPE |
 *
 * Operations that block take no notice of `block-first` and `block-rate`. A reset closes the base
 * stream, a TCP connection so that its peer sees a reset as well. One thread may read while another
 * one writes; sources must not be used in several threads.
 *
 * Since: 0.1
 */
struct _ImpFaultStream
{
  GIOStream parent_instance;
  ImpFaultLine *line;
  char *faults;
  GInputStream *input;
  GOutputStream *output;
};

G_DEFINE_FINAL_TYPE (ImpFaultStream, imp_fault_stream, G_TYPE_IO_STREAM)

typedef enum
{
  PROP_BASE_STREAM = 1,
  PROP_FAULTS,
  N_PROPS,
} FaultStreamProperty;

static GParamSpec *properties[N_PROPS];

/**
 * imp_fault_stream_new:
 * @base_stream: the stream to wrap
 * @faults: the faults to inject: settings as described above, or the empty string
 * @error: return location for an error
 *
 * Creates a stream that wraps another one. Closing it closes @base_stream too.
 *
 * Fails with %IMP_ERROR_SETTINGS if @faults has errors; the message names all of them.
 *
 * Returns: (transfer full) (type ImpFaultStream): a new stream, or %NULL with an error
 *
 * Since: 0.1
 */
GIOStream *
imp_fault_stream_new (GIOStream *base_stream, const char *faults, GError **error)
{
  ImpFaultStream *self;
  ImpFaults parsed;

  g_return_val_if_fail (G_IS_IO_STREAM (base_stream), NULL);
  g_return_val_if_fail (faults != NULL, NULL);

  if (!imp_faults_parse (faults, &parsed, error))
    return NULL;

  self = g_object_new (IMP_TYPE_FAULT_STREAM, NULL);
  self->line = imp_fault_line_new (base_stream, &parsed);
  self->faults = g_strdup (faults);
  self->input = imp_fault_input_new (self->line);
  self->output = imp_fault_output_new (self->line);
  return G_IO_STREAM (self);
}

/**
 * imp_fault_stream_get_base_stream:
 * @self: a fault stream
 *
 * Gets the stream that is wrapped.
 *
 * Returns: (transfer none): the stream
 *
 * Since: 0.1
 */
GIOStream *
imp_fault_stream_get_base_stream (ImpFaultStream *self)
{
  g_return_val_if_fail (IMP_IS_FAULT_STREAM (self) && self->line != NULL, NULL);

  return imp_fault_line_get_base (self->line);
}

/**
 * imp_fault_stream_get_faults:
 * @self: a fault stream
 *
 * Gets the faults that are injected.
 *
 * Returns: (transfer none): the settings
 *
 * Since: 0.1
 */
const char *
imp_fault_stream_get_faults (ImpFaultStream *self)
{
  g_return_val_if_fail (IMP_IS_FAULT_STREAM (self), NULL);

  return self->faults;
}

static void
fault_stream_add_counts (GVariantDict *dict, const char *way, const ImpFaultCounts *counts)
{
  const struct
  {
    const char *name;
    guint64 value;
  } rows[] = {
    { "bytes", counts->bytes },
    { "delayed", counts->delayed },
    { "shortened", counts->shortened },
    { "blocked", counts->blocked },
    { "corrupted", counts->corrupted },
    { "reset", counts->ends[IMP_FAULT_RESET] },
    { "stalled", counts->ends[IMP_FAULT_STALL] },
    { "ended", counts->ends[IMP_FAULT_EOF] },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *key = g_strdup_printf ("%s-%s", way, rows[i].name);

      g_variant_dict_insert (dict, key, "t", rows[i].value);
    }
}

/**
 * imp_fault_stream_get_statistics:
 * @self: a fault stream
 *
 * Gets the faults that were injected so far.
 *
 * It is a dictionary (`a{sv}`) of 64-bit unsigned numbers: `read-bytes`, the number of bytes that
 * were read; how many operations were `read-delayed`, `read-shortened` and `read-blocked`; how many
 * bytes `read-corrupted`; 1 for `read-reset`, `read-stalled` and `read-ended` if the offset for it
 * was reached, else 0; and the same for writing with `write-`.
 *
 * Returns: (transfer full): the numbers
 *
 * Since: 0.1
 */
GVariant *
imp_fault_stream_get_statistics (ImpFaultStream *self)
{
  GVariantDict dict;
  ImpFaultCounts counts;

  g_return_val_if_fail (IMP_IS_FAULT_STREAM (self) && self->line != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  for (ImpFaultWay way = IMP_FAULT_READ; way <= IMP_FAULT_WRITE; way++)
    {
      imp_fault_line_get_counts (self->line, way, &counts);
      fault_stream_add_counts (&dict, way == IMP_FAULT_READ ? "read" : "write", &counts);
    }
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static GInputStream *
imp_fault_stream_get_input (GIOStream *stream)
{
  return IMP_FAULT_STREAM (stream)->input;
}

static GOutputStream *
imp_fault_stream_get_output (GIOStream *stream)
{
  return IMP_FAULT_STREAM (stream)->output;
}

static gboolean
imp_fault_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  ImpFaultStream *self = IMP_FAULT_STREAM (stream);
  GIOStreamClass *parent = G_IO_STREAM_CLASS (imp_fault_stream_parent_class);
  gboolean halves;

  if (self->line == NULL)
    return TRUE;
  imp_fault_line_close (self->line);
  halves = parent->close_fn (stream, cancellable, error);
  return g_io_stream_close (imp_fault_line_get_base (self->line), cancellable,
                            halves ? error : NULL)
         && halves;
}

static void
imp_fault_stream_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpFaultStream *self = IMP_FAULT_STREAM (object);

  switch ((FaultStreamProperty) id)
    {
    case PROP_BASE_STREAM:
      g_value_set_object (value, self->line != NULL ? imp_fault_line_get_base (self->line) : NULL);
      break;
    case PROP_FAULTS:
      g_value_set_string (value, self->faults);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_fault_stream_finalize (GObject *object)
{
  ImpFaultStream *self = IMP_FAULT_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_pointer (&self->line, imp_fault_line_unref);
  g_clear_pointer (&self->faults, g_free);
  G_OBJECT_CLASS (imp_fault_stream_parent_class)->finalize (object);
}

static void
imp_fault_stream_class_init (ImpFaultStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  object_class->get_property = imp_fault_stream_get_property;
  object_class->finalize = imp_fault_stream_finalize;
  stream_class->get_input_stream = imp_fault_stream_get_input;
  stream_class->get_output_stream = imp_fault_stream_get_output;
  stream_class->close_fn = imp_fault_stream_close;

  /**
   * ImpFaultStream:base-stream: (getter get_base_stream)
   *
   * The stream that is wrapped.
   *
   * Since: 0.1
   */
  properties[PROP_BASE_STREAM] = g_param_spec_object ("base-stream", NULL, NULL, G_TYPE_IO_STREAM,
                                                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * ImpFaultStream:faults: (getter get_faults)
   *
   * The faults that are injected.
   *
   * Since: 0.1
   */
  properties[PROP_FAULTS] = g_param_spec_string ("faults", NULL, NULL, "",
                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
imp_fault_stream_init (ImpFaultStream *self)
{
}
