/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-line-private.h"

/* Bytes that are spoilt are copied first, so many at a time. */
#define COPY_MAX (64 * 1024)

#define IMP_TYPE_FAULT_OUTPUT (imp_fault_output_get_type ())
G_DECLARE_FINAL_TYPE (ImpFaultOutput, imp_fault_output, IMP, FAULT_OUTPUT, GOutputStream)

struct _ImpFaultOutput
{
  GOutputStream parent;
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

static gsize
count_different (const guint8 *a, const guint8 *b, gsize length)
{
  gsize n = 0;

  for (gsize i = 0; i < length; i++)
    n += a[i] != b[i];
  return n;
}

/* An end by rule: the peer, too, has to see it. */
static gssize
fail_ended (ImpFaultOutput *self, GError **error)
{
  if (imp_fault_line_finish_output (self->line, NULL, error))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE,
                         "Output ended by fault injection");
  return -1;
}

static gssize
imp_fault_output_write (GOutputStream *stream, const void *buffer, gsize count,
                        GCancellable *cancellable, GError **error)
{
  ImpFaultOutput *self = IMP_FAULT_OUTPUT (stream);
  gsize length = MIN (count, COPY_MAX);
  g_autofree guint8 *copy = NULL;
  gssize n;

  switch (imp_fault_line_enter (self->line, IMP_FAULT_WRITE, &length, cancellable, error))
    {
    case IMP_FAULT_STEP_GO:
      break;
    case IMP_FAULT_STEP_EOF:
      return fail_ended (self, error);
    case IMP_FAULT_STEP_FAIL:
      return -1;
    }

  imp_fault_line_delay (self->line, IMP_FAULT_WRITE, cancellable);
  copy = g_memdup2 (buffer, length);
  imp_fault_line_corrupt (self->line, IMP_FAULT_WRITE, copy, length);
  n = g_output_stream_write (imp_fault_line_get_output (self->line), copy, length, cancellable,
                             error);
  imp_fault_line_leave (self->line);
  if (n > 0)
    imp_fault_line_advance (self->line, IMP_FAULT_WRITE, n, count_different (copy, buffer, n));
  return n;
}

static gssize
imp_fault_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count,
                                    GError **error)
{
  ImpFaultOutput *self = IMP_FAULT_OUTPUT (stream);
  gsize length = MIN (count, COPY_MAX);
  g_autofree guint8 *copy = NULL;
  gssize n;

  switch (imp_fault_line_try (self->line, IMP_FAULT_WRITE, &length, error))
    {
    case IMP_FAULT_STEP_GO:
      break;
    case IMP_FAULT_STEP_EOF:
      return fail_ended (self, error);
    case IMP_FAULT_STEP_FAIL:
      return -1;
    }

  copy = g_memdup2 (buffer, length);
  imp_fault_line_corrupt (self->line, IMP_FAULT_WRITE, copy, length);
  n = g_pollable_output_stream_write_nonblocking (
    G_POLLABLE_OUTPUT_STREAM (imp_fault_line_get_output (self->line)), copy, length, NULL, error);
  if (n > 0)
    imp_fault_line_advance (self->line, IMP_FAULT_WRITE, n, count_different (copy, buffer, n));
  return n;
}

static gboolean
imp_fault_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  ImpFaultLine *line = IMP_FAULT_OUTPUT (stream)->line;

  if (g_io_stream_is_closed (line->base))
    return TRUE;
  return g_output_stream_flush (imp_fault_line_get_output (line), cancellable, error);
}

static gboolean
imp_fault_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return imp_fault_line_finish_output (IMP_FAULT_OUTPUT (stream)->line, cancellable, error);
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
  ImpFaultOutput *self = IMP_FAULT_OUTPUT (object);

  /* After the parent, whose dispose() still closes the stream through us, has had its turn. */
  g_clear_pointer (&self->line, imp_fault_line_unref);
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
