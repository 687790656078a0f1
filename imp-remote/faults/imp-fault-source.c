/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-source-private.h"

/* It looks at the line whenever its time comes or a child fires: the base stream's own source, or
 * the cancellable's. Whoever changes the line sets the time to 0. */
typedef struct
{
  GSource source;
  ImpFaultLine *line;
  ImpFaultWay way;
  GObject *object;
  GCancellable *cancellable;
  GSource *on_base; /* NULL while the base stream does not matter */
} FaultSource;

static void
fault_source_watch_base (FaultSource *self)
{
  if (self->on_base != NULL)
    return;
  self->on_base = imp_fault_line_create_base_source (self->line, self->way);
  /* A child that is ready makes its parent ready; it has nothing to say itself. */
  g_source_set_dummy_callback (self->on_base);
  g_source_add_child_source (&self->source, self->on_base);
}

static void
fault_source_forget_base (FaultSource *self)
{
  if (self->on_base == NULL)
    return;
  g_source_remove_child_source (&self->source, self->on_base);
  g_clear_pointer (&self->on_base, g_source_unref);
}

static gboolean
fault_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  FaultSource *self = (FaultSource *) source;
  GPollableSourceFunc func = (GPollableSourceFunc) (void (*) (void)) callback;
  gboolean on_base;
  gint64 when;

  if (!g_cancellable_is_cancelled (self->cancellable)
      && !imp_fault_line_is_ready (self->line, self->way, &when, &on_base))
    {
      g_source_set_ready_time (source, when);
      if (on_base)
        fault_source_watch_base (self);
      else
        fault_source_forget_base (self);
      return G_SOURCE_CONTINUE;
    }

  /* Looked at again in the next turn of the loop: it fires for as long as it is ready. */
  g_source_set_ready_time (source, 0);
  fault_source_forget_base (self);
  return func != NULL ? func (self->object, user_data) : G_SOURCE_REMOVE;
}

static void
fault_source_finalize (GSource *source)
{
  FaultSource *self = (FaultSource *) source;

  imp_fault_line_remove_source (self->line, self->way, source);
  g_clear_pointer (&self->on_base, g_source_unref);
  g_clear_pointer (&self->line, imp_fault_line_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->object);
}

/* What GLib's own pollable sources have: with it a closure can be set, be it a dummy. */
static gboolean
fault_source_invoke_closure (GObject *stream, gpointer closure)
{
  g_auto (GValue) result = G_VALUE_INIT;
  g_auto (GValue) argument = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&argument, G_TYPE_OBJECT);
  g_value_set_object (&argument, stream);
  g_closure_invoke (closure, &result, 1, &argument, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs fault_source_funcs = {
  .dispatch = fault_source_dispatch,
  .finalize = fault_source_finalize,
  .closure_callback = G_SOURCE_FUNC (fault_source_invoke_closure),
};

GSource *
imp_fault_source_new (ImpFaultLine *line, ImpFaultWay way, GObject *object,
                      GCancellable *cancellable)
{
  GSource *source = g_source_new (&fault_source_funcs, sizeof (FaultSource));
  FaultSource *self = (FaultSource *) source;

  g_source_set_static_name (source, "imp-fault-stream");
  self->line = imp_fault_line_ref (line);
  self->way = way;
  self->object = g_object_ref (object);
  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      self->cancellable = g_object_ref (cancellable);
      g_source_set_dummy_callback (child);
      g_source_add_child_source (source, child);
    }
  imp_fault_line_add_source (line, way, source);
  g_source_set_ready_time (source, 0);
  return source;
}
