/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GIO asks of an input stream and of an output stream, in terms of the line between them. */
#include "faults/imp-fault-halves-private.h"

#include "faults/imp-fault-source-private.h"

/* ---- the input ---- */

#define IMP_TYPE_FAULT_INPUT (imp_fault_input_get_type ())
G_DECLARE_FINAL_TYPE (ImpFaultInput, imp_fault_input, IMP, FAULT_INPUT, GInputStream)

struct _ImpFaultInput
{
  GInputStream parent_instance;
  ImpFaultLine *line;
};

static void imp_fault_input_init_pollable (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpFaultInput, imp_fault_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      imp_fault_input_init_pollable))

GInputStream *
imp_fault_input_new (ImpFaultLine *line)
{
  ImpFaultInput *self = g_object_new (IMP_TYPE_FAULT_INPUT, NULL);

  self->line = imp_fault_line_ref (line);
  return G_INPUT_STREAM (self);
}

static gssize
imp_fault_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                      GError **error)
{
  return imp_fault_line_read (IMP_FAULT_INPUT (stream)->line, buffer, count, TRUE, cancellable,
                              error);
}

static gssize
imp_fault_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                                  GError **error)
{
  return imp_fault_line_read (IMP_FAULT_INPUT (stream)->line, buffer, count, FALSE, NULL, error);
}

static gboolean
imp_fault_input_can_poll (GPollableInputStream *stream)
{
  return imp_fault_line_can_poll (IMP_FAULT_INPUT (stream)->line, IMP_FAULT_READ);
}

static gboolean
imp_fault_input_is_readable (GPollableInputStream *stream)
{
  gboolean on_base;
  gint64 when;

  return imp_fault_line_is_ready (IMP_FAULT_INPUT (stream)->line, IMP_FAULT_READ, &when, &on_base);
}

static GSource *
imp_fault_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return imp_fault_source_new (IMP_FAULT_INPUT (stream)->line, IMP_FAULT_READ, G_OBJECT (stream),
                               cancellable);
}

static void
imp_fault_input_finalize (GObject *object)
{
  g_clear_pointer (&IMP_FAULT_INPUT (object)->line, imp_fault_line_unref);
  G_OBJECT_CLASS (imp_fault_input_parent_class)->finalize (object);
}

static void
imp_fault_input_class_init (ImpFaultInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_fault_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = imp_fault_input_read;
}

static void
imp_fault_input_init_pollable (GPollableInputStreamInterface *iface)
{
  iface->can_poll = imp_fault_input_can_poll;
  iface->is_readable = imp_fault_input_is_readable;
  iface->create_source = imp_fault_input_create_source;
  iface->read_nonblocking = imp_fault_input_read_nonblocking;
}

static void
imp_fault_input_init (ImpFaultInput *self)
{
}

/* ---- the output ---- */

#define IMP_TYPE_FAULT_OUTPUT (imp_fault_output_get_type ())
G_DECLARE_FINAL_TYPE (ImpFaultOutput, imp_fault_output, IMP, FAULT_OUTPUT, GOutputStream)

struct _ImpFaultOutput
{
  GOutputStream parent_instance;
  ImpFaultLine *line;
};

static void imp_fault_output_init_pollable (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpFaultOutput, imp_fault_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      imp_fault_output_init_pollable))

GOutputStream *
imp_fault_output_new (ImpFaultLine *line)
{
  ImpFaultOutput *self = g_object_new (IMP_TYPE_FAULT_OUTPUT, NULL);

  self->line = imp_fault_line_ref (line);
  return G_OUTPUT_STREAM (self);
}

static gssize
imp_fault_output_write (GOutputStream *stream, const void *buffer, gsize count,
                        GCancellable *cancellable, GError **error)
{
  return imp_fault_line_write (IMP_FAULT_OUTPUT (stream)->line, buffer, count, TRUE, cancellable,
                               error);
}

static gssize
imp_fault_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count,
                                    GError **error)
{
  return imp_fault_line_write (IMP_FAULT_OUTPUT (stream)->line, buffer, count, FALSE, NULL, error);
}

static gboolean
imp_fault_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return imp_fault_line_flush (IMP_FAULT_OUTPUT (stream)->line, cancellable, error);
}

static gboolean
imp_fault_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return imp_fault_line_end_output (IMP_FAULT_OUTPUT (stream)->line, cancellable, error);
}

static gboolean
imp_fault_output_can_poll (GPollableOutputStream *stream)
{
  return imp_fault_line_can_poll (IMP_FAULT_OUTPUT (stream)->line, IMP_FAULT_WRITE);
}

static gboolean
imp_fault_output_is_writable (GPollableOutputStream *stream)
{
  gboolean on_base;
  gint64 when;

  return imp_fault_line_is_ready (IMP_FAULT_OUTPUT (stream)->line, IMP_FAULT_WRITE, &when,
                                  &on_base);
}

static GSource *
imp_fault_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return imp_fault_source_new (IMP_FAULT_OUTPUT (stream)->line, IMP_FAULT_WRITE, G_OBJECT (stream),
                               cancellable);
}

static void
imp_fault_output_finalize (GObject *object)
{
  /* After the parent, whose dispose() still closes the stream through us, has had its turn. */
  g_clear_pointer (&IMP_FAULT_OUTPUT (object)->line, imp_fault_line_unref);
  G_OBJECT_CLASS (imp_fault_output_parent_class)->finalize (object);
}

static void
imp_fault_output_class_init (ImpFaultOutputClass *klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = imp_fault_output_finalize;
  stream_class->write_fn = imp_fault_output_write;
  stream_class->flush = imp_fault_output_flush;
  stream_class->close_fn = imp_fault_output_close;
}

static void
imp_fault_output_init_pollable (GPollableOutputStreamInterface *iface)
{
  iface->can_poll = imp_fault_output_can_poll;
  iface->is_writable = imp_fault_output_is_writable;
  iface->create_source = imp_fault_output_create_source;
  iface->write_nonblocking = imp_fault_output_write_nonblocking;
}

static void
imp_fault_output_init (ImpFaultOutput *self)
{
}
