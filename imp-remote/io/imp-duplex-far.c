/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GIO asks of a stream and its halves, in terms of the duplex that they are an end of. */
#include "io/imp-duplex-far-private.h"

/* ---- the input: what was written at the near end ---- */

#define IMP_TYPE_DUPLEX_FAR_INPUT (imp_duplex_far_input_get_type ())
G_DECLARE_FINAL_TYPE (ImpDuplexFarInput, imp_duplex_far_input, IMP, DUPLEX_FAR_INPUT, GInputStream)

struct _ImpDuplexFarInput
{
  GInputStream parent_instance;
  ImpDuplex *duplex;
};

static gboolean
imp_duplex_far_input_is_readable (GPollableInputStream *stream)
{
  return imp_duplex_is_ready (IMP_DUPLEX_FAR_INPUT (stream)->duplex, IMP_DUPLEX_FAR_READABLE);
}

static GSource *
imp_duplex_far_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child = imp_duplex_create_source (IMP_DUPLEX_FAR_INPUT (stream)->duplex,
                                                        IMP_DUPLEX_FAR_READABLE);

  return g_pollable_source_new_full (stream, child, cancellable);
}

static gssize
imp_duplex_far_input_read (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  return imp_duplex_read_far (IMP_DUPLEX_FAR_INPUT (stream)->duplex, buffer, count, error);
}

static void
imp_duplex_far_input_init_pollable (GPollableInputStreamInterface *iface)
{
  iface->is_readable = imp_duplex_far_input_is_readable;
  iface->create_source = imp_duplex_far_input_create_source;
  iface->read_nonblocking = imp_duplex_far_input_read;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpDuplexFarInput, imp_duplex_far_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      imp_duplex_far_input_init_pollable))

static void
imp_duplex_far_input_finalize (GObject *object)
{
  imp_duplex_unref (IMP_DUPLEX_FAR_INPUT (object)->duplex);
  G_OBJECT_CLASS (imp_duplex_far_input_parent_class)->finalize (object);
}

static void
imp_duplex_far_input_class_init (ImpDuplexFarInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_duplex_far_input_finalize;
}

static void
imp_duplex_far_input_init (ImpDuplexFarInput *self)
{
}

/* ---- the output: what is read at the near end ---- */

#define IMP_TYPE_DUPLEX_FAR_OUTPUT (imp_duplex_far_output_get_type ())
G_DECLARE_FINAL_TYPE (ImpDuplexFarOutput, imp_duplex_far_output, IMP, DUPLEX_FAR_OUTPUT,
                      GOutputStream)

struct _ImpDuplexFarOutput
{
  GOutputStream parent_instance;
  ImpDuplex *duplex;
};

static gboolean
imp_duplex_far_output_is_writable (GPollableOutputStream *stream)
{
  return imp_duplex_is_ready (IMP_DUPLEX_FAR_OUTPUT (stream)->duplex, IMP_DUPLEX_FAR_WRITABLE);
}

static GSource *
imp_duplex_far_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) child = imp_duplex_create_source (IMP_DUPLEX_FAR_OUTPUT (stream)->duplex,
                                                        IMP_DUPLEX_FAR_WRITABLE);

  return g_pollable_source_new_full (stream, child, cancellable);
}

static gssize
imp_duplex_far_output_write (GPollableOutputStream *stream, const void *buffer, gsize count,
                             GError **error)
{
  return imp_duplex_write_far (IMP_DUPLEX_FAR_OUTPUT (stream)->duplex, buffer, count, error);
}

static void
imp_duplex_far_output_init_pollable (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = imp_duplex_far_output_is_writable;
  iface->create_source = imp_duplex_far_output_create_source;
  iface->write_nonblocking = imp_duplex_far_output_write;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpDuplexFarOutput, imp_duplex_far_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      imp_duplex_far_output_init_pollable))

static void
imp_duplex_far_output_finalize (GObject *object)
{
  imp_duplex_unref (IMP_DUPLEX_FAR_OUTPUT (object)->duplex);
  G_OBJECT_CLASS (imp_duplex_far_output_parent_class)->finalize (object);
}

static void
imp_duplex_far_output_class_init (ImpDuplexFarOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_duplex_far_output_finalize;
}

static void
imp_duplex_far_output_init (ImpDuplexFarOutput *self)
{
}

/* ---- the stream ---- */

#define IMP_TYPE_DUPLEX_FAR (imp_duplex_far_get_type ())
G_DECLARE_FINAL_TYPE (ImpDuplexFar, imp_duplex_far, IMP, DUPLEX_FAR, GIOStream)

struct _ImpDuplexFar
{
  GIOStream parent_instance;
  ImpDuplexFarInput *input;
  ImpDuplexFarOutput *output;
};

G_DEFINE_FINAL_TYPE (ImpDuplexFar, imp_duplex_far, G_TYPE_IO_STREAM)

static GInputStream *
imp_duplex_far_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (IMP_DUPLEX_FAR (stream)->input);
}

static GOutputStream *
imp_duplex_far_get_output (GIOStream *stream)
{
  return G_OUTPUT_STREAM (IMP_DUPLEX_FAR (stream)->output);
}

static gboolean
imp_duplex_far_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

/* The default one would start threads. */
static void
imp_duplex_far_close_async (GIOStream *stream, int priority, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_duplex_far_close_async);
  g_task_return_boolean (task, TRUE);
}

static gboolean
imp_duplex_far_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
imp_duplex_far_finalize (GObject *object)
{
  ImpDuplexFar *self = IMP_DUPLEX_FAR (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  G_OBJECT_CLASS (imp_duplex_far_parent_class)->finalize (object);
}

static void
imp_duplex_far_class_init (ImpDuplexFarClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = imp_duplex_far_finalize;
  stream_class->get_input_stream = imp_duplex_far_get_input;
  stream_class->get_output_stream = imp_duplex_far_get_output;
  stream_class->close_fn = imp_duplex_far_close;
  stream_class->close_async = imp_duplex_far_close_async;
  stream_class->close_finish = imp_duplex_far_close_finish;
}

static void
imp_duplex_far_init (ImpDuplexFar *self)
{
}

GIOStream *
imp_duplex_far_new (ImpDuplex *duplex)
{
  ImpDuplexFar *self = g_object_new (IMP_TYPE_DUPLEX_FAR, NULL);

  self->input = g_object_new (IMP_TYPE_DUPLEX_FAR_INPUT, NULL);
  self->input->duplex = imp_duplex_ref (duplex);
  self->output = g_object_new (IMP_TYPE_DUPLEX_FAR_OUTPUT, NULL);
  self->output->duplex = imp_duplex_ref (duplex);
  return G_IO_STREAM (self);
}
