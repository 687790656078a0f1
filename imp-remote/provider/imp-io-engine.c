/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-io-engine-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "io/imp-duplex-far-private.h"
#include "provider/imp-filter-private.h"

/* How often a thread that waits for another one asks whether that runs the main context, in
 * milliseconds. */
#define PROBE 1000
/* So many calls may wait within each other in a thread, as each of them runs a main context. */
#define NESTED_MAX 32

/* What is asked of the thread that runs the main context. */
typedef enum
{
  REQUEST_CLOSE = 1 << 0,
  REQUEST_ABORT = 1 << 1,
  REQUEST_RELEASE = 1 << 2,
} EngineRequest;

/* In an atomic box. */
struct _ImpIOEngine
{
  ImpDuplex *duplex;
  ImpDirection reads;
  ImpIOEngineLimits limits;
  GMainContext *home;
  GThread *maker;
  GSource *control; /* wakes the main context, for requests and questions */
  guint requests;   /* atomic, of EngineRequest */
  int n_turns;      /* atomic: how often the main context has come here */
  /* From here on: for who owns the main context. */
  ImpFilter *filter;
  ImpPump *pump; /* NULL: there is nothing to be moved any more */
  GSource *timer;
  GError *error; /* why it could not be started */
  gulong dropped;
  gboolean over;
};

/* How many of the calls further up this thread's stack wait, and how many of them have been called
 * by a stream of ours. */
static _Thread_local guint n_waiting;
static _Thread_local guint n_stirring;

ImpIOEngine *
imp_io_engine_ref (ImpIOEngine *self)
{
  return g_atomic_rc_box_acquire (self);
}

static gboolean
engine_on_drop (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

void
imp_io_engine_drop (ImpIOEngine *self, gpointer object)
{
  g_autoptr (GSource) source = NULL;

  if (g_thread_self () == self->maker)
    {
      g_object_unref (object);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "imp io stream: drop");
  g_source_set_callback (source, engine_on_drop, object, g_object_unref);
  g_source_attach (source, self->home);
}

static void
engine_clear (gpointer data)
{
  ImpIOEngine *self = data;

  imp_source_clear (&self->timer);
  g_clear_pointer (&self->pump, imp_pump_free);
  g_clear_signal_handler (&self->dropped, self->filter);
  imp_io_engine_drop (self, self->filter);
  g_source_unref (self->control);
  g_thread_unref (self->maker);
  g_main_context_unref (self->home);
  g_clear_error (&self->error);
  imp_duplex_unref (self->duplex);
}

void
imp_io_engine_unref (ImpIOEngine *self)
{
  g_atomic_rc_box_release_full (self, engine_clear);
}

ImpDuplex *
imp_io_engine_get_duplex (ImpIOEngine *self)
{
  return self->duplex;
}

/* ---- whose thread it is ---- */

/* Whether this thread may use the pump now; if so, it has to leave again. An analyzer belongs to
 * the thread that it works in, and so does the pump. */
static gboolean
engine_enter (ImpIOEngine *self)
{
  return g_thread_self () == self->maker && g_main_context_acquire (self->home);
}

static void
engine_leave (ImpIOEngine *self)
{
  g_main_context_release (self->home);
}

/* From any thread. */
static void
engine_call_home (ImpIOEngine *self)
{
  g_source_set_ready_time (self->control, 0);
}

static gboolean
engine_is_asked (ImpIOEngine *self, EngineRequest request)
{
  return (g_atomic_int_get (&self->requests) & request) != 0;
}

/* ---- at home ---- */

static void
engine_report (ImpIOEngine *self)
{
  const guint base = self->reads, near = !base;
  const GError *refusal = self->error;
  ImpDuplexReport report = { .over = self->over };

  if (self->pump != NULL)
    {
      refusal = imp_pump_peek_refusal (self->pump);
      report.unsent = imp_pump_get_queued (self->pump, base)
                      + imp_pump_is_output_pending (self->pump, base);
      report.undelivered = imp_pump_get_queued (self->pump, near);
      report.input_ended = imp_pump_has_ended_output (self->pump, near);
      report.output_ended = imp_pump_has_ended_output (self->pump, base);
      report.write_error = imp_pump_peek_output_error (self->pump, base);
    }
  report.unsettled = imp_filter_get_held (self->filter, near);
  report.read_error = refusal;
  if (report.write_error == NULL)
    report.write_error = refusal;
  imp_duplex_report (self->duplex, &report);
}

static void
engine_cut (ImpIOEngine *self, int code, const char *reason)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, code, reason);

  if (!self->over)
    imp_pump_abort (self->pump, error);
}

static gboolean
engine_on_linger_timeout (gpointer user_data)
{
  ImpIOEngine *self = user_data;
  g_autofree char *reason
    = g_strdup_printf ("The end of the output has not left within %u ms (property linger of "
                       "ImpIOStream)",
                       self->limits.linger);

  imp_source_clear (&self->timer);
  engine_cut (self, IMP_ERROR_TIMEOUT, reason);
  return G_SOURCE_REMOVE;
}

/* What is closed waits for its own end only. One that is refused ends by itself, in its time. */
static void
engine_advance_close (ImpIOEngine *self)
{
  const GError *output_error = imp_pump_peek_output_error (self->pump, self->reads);

  if (imp_pump_peek_refusal (self->pump) != NULL)
    return;
  if (imp_pump_has_ended_output (self->pump, self->reads) || output_error != NULL)
    imp_pump_abort (self->pump, NULL);
}

static void
engine_on_pump (gpointer user_data)
{
  ImpIOEngine *self = user_data;

  if (engine_is_asked (self, REQUEST_CLOSE))
    engine_advance_close (self);
  if (!self->over)
    engine_report (self);
}

static void
engine_on_done (const GError *error, gpointer user_data)
{
  ImpIOEngine *self = user_data;

  self->over = TRUE;
  imp_source_clear (&self->timer);
  engine_report (self);
  engine_call_home (self);
}

/* Not even what has come but was not read yet. */
static void
engine_on_dropped (ImpIOEngine *self)
{
  imp_duplex_drop_input (self->duplex);
}

/* Does what was asked for. */
static void
engine_turn (ImpIOEngine *self)
{
  g_atomic_int_inc (&self->n_turns);
  if (self->over)
    return;
  if (engine_is_asked (self, REQUEST_ABORT))
    engine_cut (self, IMP_ERROR_CLOSED, "The stream was closed before the end of its output left");
  else if (engine_is_asked (self, REQUEST_CLOSE) && self->timer == NULL)
    {
      self->timer = imp_source_add_timeout (self->home, self->limits.linger,
                                            "imp io stream: linger", engine_on_linger_timeout,
                                            self);
      engine_advance_close (self);
    }
}

/* The last that happens at home: what is closed in the background is over now. */
static void
engine_dissolve (ImpIOEngine *self)
{
  g_source_destroy (self->control);
  g_clear_pointer (&self->pump, imp_pump_free);
}

static gboolean
engine_on_control (gpointer user_data)
{
  g_autoptr (ImpIOEngine) self = imp_io_engine_ref (user_data);

  engine_turn (self);
  if (engine_is_asked (self, REQUEST_RELEASE) && self->over)
    engine_dissolve (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
engine_control_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs engine_control_funcs = {
  .dispatch = engine_control_dispatch,
};

static void
engine_request (ImpIOEngine *self, EngineRequest request)
{
  g_atomic_int_or (&self->requests, request);
  if (!engine_enter (self))
    {
      engine_call_home (self);
      return;
    }
  n_stirring++;
  engine_on_control (self);
  n_stirring--;
  engine_leave (self);
}

/* ---- waiting ---- */

static void
engine_on_cancelled (GCancellable *cancellable, ImpIOEngine *self)
{
  imp_duplex_wake (self->duplex);
  g_main_context_wakeup (self->home);
}

/* Runs the main context, which is this thread's now. */
static gboolean
engine_iterate (ImpIOEngine *self, GError **error)
{
  if ((self->pump != NULL && imp_pump_is_inside (self->pump))
      || imp_filter_is_working (self->filter))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING,
                           "The stream is waited for by its own analyzer, or by a handler of a "
                           "signal of its filter");
      return FALSE;
    }
  g_main_context_push_thread_default (self->home);
  g_main_context_iteration (self->home, TRUE);
  g_main_context_pop_thread_default (self->home);
  return TRUE;
}

/* Lets the thread do it that runs the main context, as long as it does. @unserved: how long it has
 * not, in milliseconds. */
static gboolean
engine_wait_elsewhere (ImpIOEngine *self, ImpDuplexEvent event, GCancellable *cancellable,
                       guint *unserved, GError **error)
{
  guint deadline = self->limits.deadline;
  guint interval = deadline > 0 ? MIN (PROBE, deadline - *unserved) : PROBE;
  int n_turns = g_atomic_int_get (&self->n_turns);

  engine_call_home (self);
  if (imp_duplex_wait (self->duplex, event, cancellable, interval)
      || g_atomic_int_get (&self->n_turns) != n_turns)
    *unserved = 0;
  else
    *unserved += interval;
  if (deadline == 0 || *unserved < deadline)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "The thread that the stream belongs to has not run its main context for %u ms "
               "(property deadline of ImpIOStream)",
               deadline);
  return FALSE;
}

static gboolean
engine_wait (ImpIOEngine *self, ImpDuplexEvent event, GCancellable *cancellable, GError **error)
{
  guint unserved = 0;

  while (!imp_duplex_is_ready (self->duplex, event))
    {
      gboolean going_on;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (engine_enter (self))
        {
          going_on = engine_iterate (self, error);
          engine_leave (self);
        }
      else
        going_on = engine_wait_elsewhere (self, event, cancellable, &unserved, error);
      if (!going_on)
        return FALSE;
    }
  return TRUE;
}

gboolean
imp_io_engine_wait (ImpIOEngine *self, ImpDuplexEvent event, GCancellable *cancellable,
                    GError **error)
{
  gulong handler = 0;
  gboolean ready;

  if (imp_duplex_is_ready (self->duplex, event))
    return TRUE;
  if (n_waiting >= NESTED_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "%u calls that block wait within each other in this thread; the limit is %d",
                   n_waiting, NESTED_MAX);
      return FALSE;
    }
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (engine_on_cancelled), self, NULL);
  n_waiting++;
  ready = engine_wait (self, event, cancellable, error);
  n_waiting--;
  g_cancellable_disconnect (cancellable, handler);
  return ready;
}

gboolean
imp_io_engine_may_wait (ImpIOEngine *self)
{
  return n_stirring == 0 && !engine_is_asked (self, REQUEST_RELEASE)
         && (g_main_depth () == 0 || !g_main_context_is_owner (self->home));
}

/* ---- for the streams ---- */

void
imp_io_engine_stir_input (ImpIOEngine *self)
{
  const guint base = self->reads, near = !base;

  if (!engine_enter (self))
    return;
  n_stirring++;
  if (self->pump != NULL && imp_pump_get_queued (self->pump, near) > 0)
    imp_pump_stir (self->pump, near, G_IO_OUT);
  if (self->pump != NULL && !imp_duplex_is_ready (self->duplex, IMP_DUPLEX_READABLE))
    imp_pump_stir (self->pump, base, G_IO_IN);
  n_stirring--;
  engine_leave (self);
}

void
imp_io_engine_stir_output (ImpIOEngine *self)
{
  if (!engine_enter (self))
    return;
  n_stirring++;
  if (self->pump != NULL)
    imp_pump_stir (self->pump, !self->reads, G_IO_IN);
  n_stirring--;
  engine_leave (self);
}

void
imp_io_engine_close (ImpIOEngine *self)
{
  imp_duplex_discard_input (self->duplex);
  imp_duplex_end_output (self->duplex);
  imp_io_engine_stir_output (self);
  engine_request (self, REQUEST_CLOSE);
}

void
imp_io_engine_abort (ImpIOEngine *self)
{
  engine_request (self, REQUEST_ABORT);
}

void
imp_io_engine_release (ImpIOEngine *self)
{
  /* A close that was asked for goes on by itself. */
  engine_request (self, engine_is_asked (self, REQUEST_CLOSE) ? REQUEST_RELEASE
                                                              : REQUEST_RELEASE | REQUEST_ABORT);
}

static void
engine_start (ImpIOEngine *self, GIOStream *base)
{
  const ImpPumpLimits limits = { self->limits.buffer_size, self->limits.linger, 0 };
  g_autoptr (GIOStream) near = imp_duplex_far_new (self->duplex);
  GIOStream *from_client = self->reads == IMP_DIRECTION_FROM_CLIENT ? base : near;
  GIOStream *from_server = self->reads == IMP_DIRECTION_FROM_CLIENT ? near : base;

  self->pump = imp_pump_new (self->filter);
  imp_pump_set_watch (self->pump, engine_on_pump, self);
  imp_pump_prepare (self->pump, &limits, engine_on_done, self);
  if (!imp_pump_start (self->pump, from_client, from_server, &self->error))
    {
      self->over = TRUE;
      g_clear_pointer (&self->pump, imp_pump_free);
    }
  engine_report (self);
}

ImpIOEngine *
imp_io_engine_new (GIOStream *base, ImpFilter *filter, ImpDirection reads,
                   const ImpIOEngineLimits *limits)
{
  ImpIOEngine *self = g_atomic_rc_box_new0 (ImpIOEngine);

  self->duplex = imp_duplex_new ();
  self->reads = reads;
  self->limits = *limits;
  self->home = g_main_context_ref_thread_default ();
  self->maker = g_thread_ref (g_thread_self ());
  self->filter = g_object_ref (filter);
  self->dropped = g_signal_connect_swapped (filter, "dropped", G_CALLBACK (engine_on_dropped),
                                            self);
  self->control = g_source_new (&engine_control_funcs, sizeof (GSource));
  g_source_set_static_name (self->control, "imp io stream");
  g_source_set_callback (self->control, engine_on_control, imp_io_engine_ref (self),
                         (GDestroyNotify) imp_io_engine_unref);
  g_source_attach (self->control, self->home);
  engine_start (self, base);
  return self;
}
