/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-line-private.h"

#define IMP_TYPE_FAULT_INPUT (imp_fault_input_get_type ())
G_DECLARE_FINAL_TYPE (ImpFaultInput, imp_fault_input, IMP, FAULT_INPUT, GInputStream)

struct _ImpFaultInput
{
  GInputStream parent;
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

/* What came out of the base stream goes through the spoiler. */
static gssize
take (ImpFaultInput *self, guint8 *buffer, gssize n)
{
  gsize corrupted;

  if (n > 0)
    {
      corrupted = imp_fault_line_corrupt (self->line, IMP_FAULT_READ, buffer, n);
      imp_fault_line_advance (self->line, IMP_FAULT_READ, n, corrupted);
    }
  return n;
}

static gssize
imp_fault_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                      GError **error)
{
  ImpFaultInput *self = IMP_FAULT_INPUT (stream);
  gsize length = count;
  gssize n;

  switch (imp_fault_line_enter (self->line, IMP_FAULT_READ, &length, cancellable, error))
    {
    case IMP_FAULT_STEP_GO:
      break;
    case IMP_FAULT_STEP_EOF:
      return 0;
    case IMP_FAULT_STEP_FAIL:
      return -1;
    }

  n = g_input_stream_read (imp_fault_line_get_input (self->line), buffer, length, cancellable,
                           error);
  imp_fault_line_leave (self->line);
  /* After the read, since the time counts from when there was something. */
  if (n > 0)
    imp_fault_line_delay (self->line, IMP_FAULT_READ, cancellable);
  return take (self, buffer, n);
}

static gssize
imp_fault_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                                  GError **error)
{
  ImpFaultInput *self = IMP_FAULT_INPUT (stream);
  gsize length = count;
  gssize n;

  switch (imp_fault_line_try (self->line, IMP_FAULT_READ, &length, error))
    {
    case IMP_FAULT_STEP_GO:
      break;
    case IMP_FAULT_STEP_EOF:
      return 0;
    case IMP_FAULT_STEP_FAIL:
      return -1;
    }

  n = g_pollable_input_stream_read_nonblocking (
    G_POLLABLE_INPUT_STREAM (imp_fault_line_get_input (self->line)), buffer, length, NULL, error);
  return take (self, buffer, n);
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
  ImpFaultInput *self = IMP_FAULT_INPUT (object);

  g_clear_pointer (&self->line, imp_fault_line_unref);
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
