/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-line-private.h"

#include <sys/socket.h>

ImpFaultLine *
imp_fault_line_new (GIOStream *base, const ImpFaults *faults)
{
  ImpFaultLine *self = g_atomic_rc_box_new0 (ImpFaultLine);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->base = g_object_ref (base);
  for (int way = 0; way < 2; way++)
    {
      imp_fault_side_init (&self->sides[way], faults, way);
      self->sources[way] = g_ptr_array_new ();
    }
  return self;
}

ImpFaultLine *
imp_fault_line_ref (ImpFaultLine *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
free_line (gpointer data)
{
  ImpFaultLine *self = data;

  g_clear_object (&self->base);
  g_ptr_array_unref (self->sources[IMP_FAULT_READ]);
  g_ptr_array_unref (self->sources[IMP_FAULT_WRITE]);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
}

void
imp_fault_line_unref (ImpFaultLine *self)
{
  g_atomic_rc_box_release_full (self, free_line);
}

GInputStream *
imp_fault_line_get_input (ImpFaultLine *self)
{
  return g_io_stream_get_input_stream (self->base);
}

GOutputStream *
imp_fault_line_get_output (ImpFaultLine *self)
{
  return g_io_stream_get_output_stream (self->base);
}

gboolean
imp_fault_line_can_poll (ImpFaultLine *self, ImpFaultWay way)
{
  GInputStream *input = imp_fault_line_get_input (self);
  GOutputStream *output = imp_fault_line_get_output (self);

  if (way == IMP_FAULT_READ)
    return G_IS_POLLABLE_INPUT_STREAM (input)
           && g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (input));
  return G_IS_POLLABLE_OUTPUT_STREAM (output)
         && g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (output));
}

static gboolean
is_base_ready (ImpFaultLine *self, ImpFaultWay way)
{
  if (way == IMP_FAULT_READ)
    return g_pollable_input_stream_is_readable (
      G_POLLABLE_INPUT_STREAM (imp_fault_line_get_input (self)));
  return g_pollable_output_stream_is_writable (
    G_POLLABLE_OUTPUT_STREAM (imp_fault_line_get_output (self)));
}

/* Has everyone who waits look again. Under the lock. */
static void
wake (ImpFaultLine *self, ImpFaultWay way)
{
  GPtrArray *sources = self->sources[way];

  for (guint i = 0; i < sources->len; i++)
    g_source_set_ready_time (g_ptr_array_index (sources, i), 0);
  g_cond_broadcast (&self->changed);
}

void
imp_fault_line_add_source (ImpFaultLine *self, ImpFaultWay way, GSource *source)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_add (self->sources[way], source);
}

void
imp_fault_line_remove_source (ImpFaultLine *self, ImpFaultWay way, GSource *source)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_remove_fast (self->sources[way], source);
}

/* So that the far end of a TCP connection sees what a crash looks like, and not an orderly end. */
static void
abort_base (ImpFaultLine *self, gboolean shared)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  GSocket *socket = NULL;

  if (G_IS_SOCKET_CONNECTION (self->base))
    socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->base));
  if (socket != NULL)
    (void) setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);

  /* A descriptor that another thread sleeps on must not be closed. */
  if (socket != NULL && shared)
    (void) g_socket_shutdown (socket, TRUE, TRUE, NULL);
  else if (!shared)
    (void) g_io_stream_close (self->base, NULL, NULL);
}

static ImpFaultStep
fail_reset (ImpFaultLine *self, GError **error)
{
  gboolean first, shared;

  g_mutex_lock (&self->lock);
  first = !self->reset && !self->closed;
  self->reset = TRUE;
  shared = self->blocking > 0;
  wake (self, IMP_FAULT_READ);
  wake (self, IMP_FAULT_WRITE);
  g_mutex_unlock (&self->lock);

  if (first)
    abort_base (self, shared);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                       "Connection reset by fault injection");
  return IMP_FAULT_STEP_FAIL;
}

static ImpFaultStep
fail (GError **error, GIOErrorEnum code, const char *message)
{
  g_set_error_literal (error, G_IO_ERROR, code, message);
  return IMP_FAULT_STEP_FAIL;
}

/* Under the lock. A reset of either way is one of both. */
static ImpFaultEnd
get_end (ImpFaultLine *self, ImpFaultWay way)
{
  return self->reset ? IMP_FAULT_RESET : imp_fault_side_end (&self->sides[way]);
}

static ImpFaultStep
fail_closed (GError **error)
{
  return fail (error, G_IO_ERROR_CLOSED, "The stream is closed");
}

static ImpFaultStep
fail_blocked (GError **error)
{
  return fail (error, G_IO_ERROR_WOULD_BLOCK, "Delayed by fault injection");
}

ImpFaultStep
imp_fault_line_try (ImpFaultLine *self, ImpFaultWay way, gsize *length, GError **error)
{
  ImpFaultSide *side = &self->sides[way];
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  ImpFaultEnd end = get_end (self, way);

  if (self->closed)
    return fail_closed (error);
  if (end == IMP_FAULT_RESET)
    {
      g_clear_pointer (&locker, g_mutex_locker_free);
      return fail_reset (self, error);
    }
  if (end == IMP_FAULT_EOF)
    return IMP_FAULT_STEP_EOF;
  if (end == IMP_FAULT_STALL)
    return fail_blocked (error);

  if (is_base_ready (self, way))
    {
      gint64 now = g_get_monotonic_time ();
      gboolean begun = side->due != 0;

      if (imp_fault_side_due (side, now) > now)
        {
          /* Only a delay that begins here is news to those who wait; to wake them on every try
           * would let a loop that tries on every wake-up spin. */
          if (!begun)
            wake (self, way);
          return fail_blocked (error);
        }
    }
  if (imp_fault_side_block (side))
    return fail_blocked (error);
  *length = imp_fault_side_limit (side, *length);
  return IMP_FAULT_STEP_GO;
}

gboolean
imp_fault_line_is_ready (ImpFaultLine *self, ImpFaultWay way, gint64 *when, gboolean *on_base)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  ImpFaultEnd end = get_end (self, way);
  gint64 now, due;

  *when = -1;
  *on_base = FALSE;
  if (self->closed || end == IMP_FAULT_RESET || end == IMP_FAULT_EOF)
    return TRUE;
  if (end == IMP_FAULT_STALL)
    return FALSE;
  if (!is_base_ready (self, way))
    {
      *on_base = TRUE;
      return FALSE;
    }

  now = g_get_monotonic_time ();
  due = imp_fault_side_due (&self->sides[way], now);
  if (due > now)
    *when = due;
  return due <= now;
}

static void
wake_waiters (GCancellable *cancellable, ImpFaultLine *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_cond_broadcast (&self->changed);
}

static gulong
watch_cancellable (ImpFaultLine *self, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return 0;
  return g_cancellable_connect (cancellable, G_CALLBACK (wake_waiters), self, NULL);
}

ImpFaultStep
imp_fault_line_enter (ImpFaultLine *self, ImpFaultWay way, gsize *length, GCancellable *cancellable,
                      GError **error)
{
  gulong handler = watch_cancellable (self, cancellable);
  ImpFaultEnd end;
  gboolean closed;

  g_mutex_lock (&self->lock);
  while ((end = get_end (self, way)) == IMP_FAULT_STALL && !self->closed
         && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->changed, &self->lock);
  closed = self->closed;
  if (end == IMP_FAULT_GO && !closed)
    {
      self->blocking++;
      *length = imp_fault_side_limit (&self->sides[way], *length);
    }
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, handler);

  if (closed)
    return fail_closed (error);
  if (end == IMP_FAULT_RESET)
    return fail_reset (self, error);
  if (end == IMP_FAULT_STALL)
    return fail (error, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  return end == IMP_FAULT_EOF ? IMP_FAULT_STEP_EOF : IMP_FAULT_STEP_GO;
}

void
imp_fault_line_leave (ImpFaultLine *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->blocking--;
}

void
imp_fault_line_delay (ImpFaultLine *self, ImpFaultWay way, GCancellable *cancellable)
{
  gulong handler = watch_cancellable (self, cancellable);
  gint64 due;

  g_mutex_lock (&self->lock);
  due = imp_fault_side_due (&self->sides[way], g_get_monotonic_time ());
  while (!self->closed && !self->reset && !g_cancellable_is_cancelled (cancellable)
         && g_get_monotonic_time () < due)
    g_cond_wait_until (&self->changed, &self->lock, due);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, handler);
}

void
imp_fault_line_advance (ImpFaultLine *self, ImpFaultWay way, gsize length, gsize corrupted)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  imp_fault_side_advance (&self->sides[way], length, corrupted);
  wake (self, way);
}

gsize
imp_fault_line_corrupt (ImpFaultLine *self, ImpFaultWay way, guint8 *data, gsize length)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return imp_fault_side_corrupt (&self->sides[way], data, length);
}

void
imp_fault_line_close (ImpFaultLine *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->closed = TRUE;
  wake (self, IMP_FAULT_READ);
  wake (self, IMP_FAULT_WRITE);
}

gboolean
imp_fault_line_finish_output (ImpFaultLine *self, GCancellable *cancellable, GError **error)
{
  ImpFaultEnd end;

  g_mutex_lock (&self->lock);
  end = get_end (self, IMP_FAULT_WRITE);
  g_mutex_unlock (&self->lock);

  if (end == IMP_FAULT_STALL || end == IMP_FAULT_RESET || g_io_stream_is_closed (self->base))
    return TRUE;
  if (G_IS_SOCKET_CONNECTION (self->base))
    return g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->base)),
                              FALSE, TRUE, error);
  return g_output_stream_close (imp_fault_line_get_output (self), cancellable, error);
}
