/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/imp-fault-line-private.h"

#include <sys/socket.h>

/* Bytes are copied before they are corrupted on their way out, so many at a time. */
#define COPY_MAX (64 * 1024)

/* In an atomic box. */
struct _ImpFaultLine
{
  GMutex lock;
  GCond changed;
  GIOStream *base;
  ImpFaultSide sides[2]; /* by ImpFaultWay */
  GPtrArray *sources[2]; /* of GSource, not owned: who waits */
  guint blocking;        /* threads inside a blocking call on the base stream */
  gboolean reset;
  gboolean closed;
};

typedef enum
{
  STEP_GO,   /* do it, with the length given */
  STEP_EOF,  /* the way has ended as by rule */
  STEP_FAIL, /* error is set */
} FaultStep;

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
fault_line_clear (gpointer data)
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
  g_atomic_rc_box_release_full (self, fault_line_clear);
}

GIOStream *
imp_fault_line_get_base (ImpFaultLine *self)
{
  return self->base;
}

void
imp_fault_line_get_counts (ImpFaultLine *self, ImpFaultWay way, ImpFaultCounts *counts)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  *counts = self->sides[way].counts;
}

/* ---- the base stream ---- */

static GInputStream *
fault_line_get_input (ImpFaultLine *self)
{
  return g_io_stream_get_input_stream (self->base);
}

static GOutputStream *
fault_line_get_output (ImpFaultLine *self)
{
  return g_io_stream_get_output_stream (self->base);
}

/* NULL if it is none. */
static GSocket *
fault_line_get_socket (ImpFaultLine *self)
{
  return G_IS_SOCKET_CONNECTION (self->base)
           ? g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->base))
           : NULL;
}

gboolean
imp_fault_line_can_poll (ImpFaultLine *self, ImpFaultWay way)
{
  GInputStream *input = fault_line_get_input (self);
  GOutputStream *output = fault_line_get_output (self);

  if (way == IMP_FAULT_READ)
    return G_IS_POLLABLE_INPUT_STREAM (input)
           && g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (input));
  return G_IS_POLLABLE_OUTPUT_STREAM (output)
         && g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (output));
}

static gboolean
fault_line_is_base_ready (ImpFaultLine *self, ImpFaultWay way)
{
  if (way == IMP_FAULT_READ)
    return g_pollable_input_stream_is_readable (
      G_POLLABLE_INPUT_STREAM (fault_line_get_input (self)));
  return g_pollable_output_stream_is_writable (
    G_POLLABLE_OUTPUT_STREAM (fault_line_get_output (self)));
}

GSource *
imp_fault_line_create_base_source (ImpFaultLine *self, ImpFaultWay way)
{
  if (way == IMP_FAULT_READ)
    return g_pollable_input_stream_create_source (
      G_POLLABLE_INPUT_STREAM (fault_line_get_input (self)), NULL);
  return g_pollable_output_stream_create_source (
    G_POLLABLE_OUTPUT_STREAM (fault_line_get_output (self)), NULL);
}

/* So that the far end of a TCP connection sees what a crash looks like, and not an orderly end. */
static void
fault_line_abort_base (ImpFaultLine *self, gboolean shared)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  GSocket *socket = fault_line_get_socket (self);

  if (socket != NULL)
    (void) setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);

  /* A descriptor that another thread sleeps on must not be closed. */
  if (socket != NULL && shared)
    (void) g_socket_shutdown (socket, TRUE, TRUE, NULL);
  else if (!shared)
    (void) g_io_stream_close (self->base, NULL, NULL);
}

/* ---- who waits ---- */

/* Has everyone who waits look again. Under the lock. */
static void
fault_line_wake (ImpFaultLine *self, ImpFaultWay way)
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

static void
fault_line_on_cancelled (GCancellable *cancellable, ImpFaultLine *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_cond_broadcast (&self->changed);
}

static gulong
fault_line_watch_cancellable (ImpFaultLine *self, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return 0;
  return g_cancellable_connect (cancellable, G_CALLBACK (fault_line_on_cancelled), self, NULL);
}

/* ---- may it be done? ---- */

static FaultStep
fault_line_fail (GError **error, GIOErrorEnum code, const char *message)
{
  g_set_error_literal (error, G_IO_ERROR, code, message);
  return STEP_FAIL;
}

static FaultStep
fault_line_fail_closed (GError **error)
{
  return fault_line_fail (error, G_IO_ERROR_CLOSED, "The stream is closed");
}

static FaultStep
fault_line_fail_blocked (GError **error)
{
  return fault_line_fail (error, G_IO_ERROR_WOULD_BLOCK, "Delayed by fault injection");
}

static FaultStep
fault_line_fail_reset (ImpFaultLine *self, GError **error)
{
  gboolean first, shared;

  g_mutex_lock (&self->lock);
  first = !self->reset && !self->closed;
  self->reset = TRUE;
  shared = self->blocking > 0;
  fault_line_wake (self, IMP_FAULT_READ);
  fault_line_wake (self, IMP_FAULT_WRITE);
  g_mutex_unlock (&self->lock);

  if (first)
    fault_line_abort_base (self, shared);
  return fault_line_fail (error, G_IO_ERROR_CONNECTION_CLOSED,
                          "Connection reset by fault injection");
}

/* Under the lock. A reset of either way is one of both. */
static ImpFaultEnd
fault_line_get_end (ImpFaultLine *self, ImpFaultWay way)
{
  return self->reset ? IMP_FAULT_RESET : imp_fault_side_end (&self->sides[way]);
}

/* Before an operation that must not block: may it be done now, and on how many bytes? */
static FaultStep
fault_line_try (ImpFaultLine *self, ImpFaultWay way, gsize *length, GError **error)
{
  ImpFaultSide *side = &self->sides[way];
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  ImpFaultEnd end = fault_line_get_end (self, way);

  if (self->closed)
    return fault_line_fail_closed (error);
  if (end == IMP_FAULT_RESET)
    {
      g_clear_pointer (&locker, g_mutex_locker_free);
      return fault_line_fail_reset (self, error);
    }
  if (end == IMP_FAULT_EOF)
    return STEP_EOF;
  if (end == IMP_FAULT_STALL)
    return fault_line_fail_blocked (error);

  if (fault_line_is_base_ready (self, way))
    {
      gint64 now = g_get_monotonic_time ();
      gboolean begun = side->due != 0;

      if (imp_fault_side_due (side, now) > now)
        {
          /* Only a delay that begins here is news to those who wait; to wake them on every try
           * would let a loop that tries on every wake-up spin. */
          if (!begun)
            fault_line_wake (self, way);
          return fault_line_fail_blocked (error);
        }
    }
  if (imp_fault_side_block (side))
    return fault_line_fail_blocked (error);
  *length = imp_fault_side_limit (side, *length);
  return STEP_GO;
}

/* The same for one that may: waits as long as the faults demand. */
static FaultStep
fault_line_wait (ImpFaultLine *self, ImpFaultWay way, gsize *length, GCancellable *cancellable,
                 GError **error)
{
  gulong handler = fault_line_watch_cancellable (self, cancellable);
  ImpFaultEnd end;
  gboolean closed;

  g_mutex_lock (&self->lock);
  while ((end = fault_line_get_end (self, way)) == IMP_FAULT_STALL && !self->closed
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
    return fault_line_fail_closed (error);
  if (end == IMP_FAULT_RESET)
    return fault_line_fail_reset (self, error);
  if (end == IMP_FAULT_STALL)
    return fault_line_fail (error, G_IO_ERROR_CANCELLED, "Operation was cancelled");
  return end == IMP_FAULT_EOF ? STEP_EOF : STEP_GO;
}

/* Every GO is followed by fault_line_leave(). */
static FaultStep
fault_line_enter (ImpFaultLine *self, ImpFaultWay way, gboolean blocking, gsize *length,
                  GCancellable *cancellable, GError **error)
{
  return blocking ? fault_line_wait (self, way, length, cancellable, error)
                  : fault_line_try (self, way, length, error);
}

static void
fault_line_leave (ImpFaultLine *self, gboolean blocking)
{
  if (!blocking)
    return;
  g_mutex_lock (&self->lock);
  self->blocking--;
  g_mutex_unlock (&self->lock);
}

gboolean
imp_fault_line_is_ready (ImpFaultLine *self, ImpFaultWay way, gint64 *when, gboolean *on_base)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  ImpFaultEnd end = fault_line_get_end (self, way);
  gint64 now, due;

  *when = -1;
  *on_base = FALSE;
  if (self->closed || end == IMP_FAULT_RESET || end == IMP_FAULT_EOF)
    return TRUE;
  if (end == IMP_FAULT_STALL)
    return FALSE;
  if (!fault_line_is_base_ready (self, way))
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

/* ---- doing it ---- */

/* Sits out the delay of a blocking operation. */
static void
fault_line_delay (ImpFaultLine *self, ImpFaultWay way, GCancellable *cancellable)
{
  gulong handler = fault_line_watch_cancellable (self, cancellable);
  gint64 due;

  g_mutex_lock (&self->lock);
  due = imp_fault_side_due (&self->sides[way], g_get_monotonic_time ());
  while (!self->closed && !self->reset && !g_cancellable_is_cancelled (cancellable)
         && g_get_monotonic_time () < due)
    g_cond_wait_until (&self->changed, &self->lock, due);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, handler);
}

static gsize
fault_line_corrupt (ImpFaultLine *self, ImpFaultWay way, guint8 *data, gsize length)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return imp_fault_side_corrupt (&self->sides[way], data, length);
}

/* Bytes were moved. */
static void
fault_line_advance (ImpFaultLine *self, ImpFaultWay way, gsize length, gsize corrupted)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  imp_fault_side_advance (&self->sides[way], length, corrupted);
  fault_line_wake (self, way);
}

gssize
imp_fault_line_read (ImpFaultLine *self, void *buffer, gsize count, gboolean blocking,
                     GCancellable *cancellable, GError **error)
{
  gsize length = count;
  gssize n;

  switch (fault_line_enter (self, IMP_FAULT_READ, blocking, &length, cancellable, error))
    {
    case STEP_GO:
      break;
    case STEP_EOF:
      return 0;
    case STEP_FAIL:
      return -1;
    }

  n = g_pollable_stream_read (fault_line_get_input (self), buffer, length, blocking, cancellable,
                              error);
  fault_line_leave (self, blocking);
  if (n <= 0)
    return n;
  /* After the read, since the time counts from when there was something. */
  if (blocking)
    fault_line_delay (self, IMP_FAULT_READ, cancellable);
  fault_line_advance (self, IMP_FAULT_READ, n,
                      fault_line_corrupt (self, IMP_FAULT_READ, buffer, n));
  return n;
}

static gsize
fault_line_count_different (const guint8 *a, const guint8 *b, gsize length)
{
  gsize n = 0;

  for (gsize i = 0; i < length; i++)
    n += a[i] != b[i];
  return n;
}

gssize
imp_fault_line_write (ImpFaultLine *self, const void *buffer, gsize count, gboolean blocking,
                      GCancellable *cancellable, GError **error)
{
  gsize length = MIN (count, COPY_MAX);
  g_autofree guint8 *copy = NULL;
  gssize n;

  switch (fault_line_enter (self, IMP_FAULT_WRITE, blocking, &length, cancellable, error))
    {
    case STEP_GO:
      break;
    case STEP_EOF:
      /* An end by rule: the peer, too, has to see it. */
      if (imp_fault_line_end_output (self, NULL, error))
        fault_line_fail (error, G_IO_ERROR_BROKEN_PIPE, "Output ended by fault injection");
      return -1;
    case STEP_FAIL:
      return -1;
    }

  if (blocking)
    fault_line_delay (self, IMP_FAULT_WRITE, cancellable);
  copy = g_memdup2 (buffer, length);
  fault_line_corrupt (self, IMP_FAULT_WRITE, copy, length);
  n = g_pollable_stream_write (fault_line_get_output (self), copy, length, blocking, cancellable,
                               error);
  fault_line_leave (self, blocking);
  if (n > 0)
    fault_line_advance (self, IMP_FAULT_WRITE, n, fault_line_count_different (copy, buffer, n));
  return n;
}

gboolean
imp_fault_line_flush (ImpFaultLine *self, GCancellable *cancellable, GError **error)
{
  if (g_io_stream_is_closed (self->base))
    return TRUE;
  return g_output_stream_flush (fault_line_get_output (self), cancellable, error);
}

gboolean
imp_fault_line_end_output (ImpFaultLine *self, GCancellable *cancellable, GError **error)
{
  GSocket *socket = fault_line_get_socket (self);
  ImpFaultEnd end;

  g_mutex_lock (&self->lock);
  end = fault_line_get_end (self, IMP_FAULT_WRITE);
  g_mutex_unlock (&self->lock);

  if (end == IMP_FAULT_STALL || end == IMP_FAULT_RESET || g_io_stream_is_closed (self->base))
    return TRUE;
  if (socket != NULL)
    return g_socket_shutdown (socket, FALSE, TRUE, error);
  return g_output_stream_close (fault_line_get_output (self), cancellable, error);
}

void
imp_fault_line_close (ImpFaultLine *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->closed = TRUE;
  fault_line_wake (self, IMP_FAULT_READ);
  fault_line_wake (self, IMP_FAULT_WRITE);
}
