/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-duplex-private.h"

#include "io/imp-input-buffer-private.h"

#include <string.h>

/* The near end gets more once it has no more than this left. */
#define REFILL_BELOW (IMP_DUPLEX_CHUNK / 4)

/* In an atomic box. */
struct _ImpDuplex
{
  GMutex lock;
  GCond changed;
  GPtrArray *waiting;     /* of GMainContext: what may be asleep until something changes */
  ImpInputBuffer input;   /* what the near end can read */
  ImpInputBuffer output;  /* what it has written */
  ImpDuplexReport report; /* with errors of its own */
  GError *read_error;
  GError *write_error;
  gboolean reported;        /* of all that has been taken out of the output */
  gboolean output_ended;    /* at the near end */
  gboolean input_discarded; /* the same */
};

typedef struct
{
  GSource parent;
  ImpDuplex *duplex;
  ImpDuplexEvent event;
} DuplexSource;

ImpDuplex *
imp_duplex_new (void)
{
  ImpDuplex *self = g_atomic_rc_box_new0 (ImpDuplex);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) g_main_context_unref);
  self->reported = TRUE;
  return self;
}

ImpDuplex *
imp_duplex_ref (ImpDuplex *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
duplex_clear (gpointer data)
{
  ImpDuplex *self = data;

  imp_input_buffer_clear (&self->input);
  imp_input_buffer_clear (&self->output);
  g_clear_error (&self->read_error);
  g_clear_error (&self->write_error);
  g_ptr_array_unref (self->waiting);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
}

void
imp_duplex_unref (ImpDuplex *self)
{
  g_atomic_rc_box_release_full (self, duplex_clear);
}

/* ---- what is ready ---- */

static gboolean
duplex_is_taken (ImpDuplex *self)
{
  return imp_input_buffer_get_size (&self->output) == 0 && self->reported
         && self->report.unsent == 0;
}

/* No verdict, and no end, is waited for any more. */
static gboolean
duplex_is_output_over (ImpDuplex *self)
{
  return self->write_error != NULL || self->report.over;
}

static gboolean
duplex_is_readable (ImpDuplex *self)
{
  return imp_input_buffer_get_size (&self->input) > 0 || self->input_discarded
         || self->report.input_ended || (self->read_error != NULL && self->report.undelivered == 0);
}

static gboolean
duplex_is_ready (ImpDuplex *self, ImpDuplexEvent event)
{
  switch (event)
    {
    case IMP_DUPLEX_READABLE:
      return duplex_is_readable (self);
    case IMP_DUPLEX_TAKEN:
      return duplex_is_output_over (self) || duplex_is_taken (self);
    case IMP_DUPLEX_SETTLED:
      return duplex_is_output_over (self)
             || (duplex_is_taken (self) && self->report.unsettled == 0);
    case IMP_DUPLEX_ENDED:
      return duplex_is_output_over (self) || self->report.output_ended;
    case IMP_DUPLEX_OVER:
      return self->report.over;
    case IMP_DUPLEX_FAR_READABLE:
      return imp_input_buffer_get_size (&self->output) > 0 || self->output_ended;
    case IMP_DUPLEX_FAR_WRITABLE:
      /* To fill it up each time that a little was read would move what is left in it. And what
       * there is when it is refused has a bound of its own. */
      return imp_input_buffer_get_size (&self->input) <= REFILL_BELOW || self->input_discarded
             || self->read_error != NULL;
    }
  g_return_val_if_reached (FALSE);
}

/* Lets all that waits look again. The loop of the thread that calls is not asleep. */
static void
duplex_notify (ImpDuplex *self)
{
  for (guint i = 0; i < self->waiting->len; i++)
    if (!g_main_context_is_owner (self->waiting->pdata[i]))
      g_main_context_wakeup (self->waiting->pdata[i]);
  g_ptr_array_set_size (self->waiting, 0);
  g_cond_broadcast (&self->changed);
}

gboolean
imp_duplex_is_ready (ImpDuplex *self, ImpDuplexEvent event)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return duplex_is_ready (self, event);
}

gboolean
imp_duplex_wait (ImpDuplex *self, ImpDuplexEvent event, GCancellable *cancellable, guint timeout)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 end = g_get_monotonic_time () + timeout * G_TIME_SPAN_MILLISECOND;

  while (!duplex_is_ready (self, event) && !g_cancellable_is_cancelled (cancellable))
    if (!g_cond_wait_until (&self->changed, &self->lock, end))
      break;
  return duplex_is_ready (self, event);
}

void
imp_duplex_wake (ImpDuplex *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_cond_broadcast (&self->changed);
}

/* ---- sources ---- */

/* From here on the loop may be asleep. */
static gboolean
duplex_source_prepare (GSource *source, int *timeout)
{
  DuplexSource *self = (DuplexSource *) source;
  ImpDuplex *duplex = self->duplex;
  GMainContext *context = g_source_get_context (source);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&duplex->lock);

  *timeout = -1;
  if (duplex_is_ready (duplex, self->event))
    return TRUE;
  if (!g_ptr_array_find (duplex->waiting, context, NULL))
    g_ptr_array_add (duplex->waiting, g_main_context_ref (context));
  return FALSE;
}

static gboolean
duplex_source_check (GSource *source)
{
  DuplexSource *self = (DuplexSource *) source;

  return imp_duplex_is_ready (self->duplex, self->event);
}

/* It is the child of a source that has a callback. */
static gboolean
duplex_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Never called; without it a source cannot become the child of a pollable one. */
static gboolean
duplex_source_ignore_closure (gpointer closure)
{
  return G_SOURCE_CONTINUE;
}

static void
duplex_source_finalize (GSource *source)
{
  imp_duplex_unref (((DuplexSource *) source)->duplex);
}

static GSourceFuncs duplex_source_funcs = {
  .prepare = duplex_source_prepare,
  .check = duplex_source_check,
  .dispatch = duplex_source_dispatch,
  .finalize = duplex_source_finalize,
  .closure_callback = duplex_source_ignore_closure,
};

GSource *
imp_duplex_create_source (ImpDuplex *self, ImpDuplexEvent event)
{
  GSource *source = g_source_new (&duplex_source_funcs, sizeof (DuplexSource));

  g_source_set_static_name (source, "imp duplex");
  ((DuplexSource *) source)->duplex = imp_duplex_ref (self);
  ((DuplexSource *) source)->event = event;
  return source;
}

/* ---- bytes ---- */

static gssize
duplex_fail (GError **error, const GError *reason)
{
  if (reason != NULL)
    g_propagate_error (error, g_error_copy (reason));
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "There is nothing to do now");
  return -1;
}

static gssize
duplex_fail_closed (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The stream is closed");
  return -1;
}

static gsize
duplex_take_out (ImpInputBuffer *from, void *buffer, gsize count)
{
  gsize length;
  const guint8 *data = imp_input_buffer_peek (from, &length);

  length = MIN (length, count);
  memcpy (buffer, data, length);
  imp_input_buffer_consume (from, length);
  return length;
}

/* At most @room bytes: how many. */
static gsize
duplex_put_in (ImpInputBuffer *to, const GOutputVector *vectors, gsize n_vectors, gsize room)
{
  gsize put = 0;

  for (gsize i = 0; i < n_vectors; i++)
    for (gsize at = 0, n; at < vectors[i].size && put < room; at += n, put += n)
      {
        guint8 *memory = imp_input_buffer_reserve (to, 0, &n);

        n = MIN (MIN (n, vectors[i].size - at), room - put);
        memcpy (memory, (const guint8 *) vectors[i].buffer + at, n);
        imp_input_buffer_commit (to, n);
      }
  return put;
}

gssize
imp_duplex_read (ImpDuplex *self, void *buffer, gsize count, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gsize n;

  if (self->input_discarded)
    return duplex_fail_closed (error);
  if (imp_input_buffer_get_size (&self->input) > 0)
    {
      n = duplex_take_out (&self->input, buffer, count);
      duplex_notify (self);
      return n;
    }
  if (self->report.input_ended)
    return 0;
  return duplex_fail (error, duplex_is_readable (self) ? self->read_error : NULL);
}

gssize
imp_duplex_write (ImpDuplex *self, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gsize n;

  if (self->write_error != NULL)
    return duplex_fail (error, self->write_error);
  if (self->output_ended || self->report.over)
    return duplex_fail_closed (error);
  if (!duplex_is_taken (self))
    return duplex_fail (error, NULL);
  n = duplex_put_in (&self->output, vectors, n_vectors, IMP_DUPLEX_CHUNK);
  duplex_notify (self);
  return n;
}

void
imp_duplex_end_output (ImpDuplex *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->output_ended = TRUE;
  duplex_notify (self);
}

void
imp_duplex_discard_input (ImpDuplex *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->input_discarded = TRUE;
  imp_input_buffer_clear (&self->input);
  duplex_notify (self);
}

gboolean
imp_duplex_check_output (ImpDuplex *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->write_error == NULL || self->report.output_ended)
    return TRUE;
  g_propagate_error (error, g_error_copy (self->write_error));
  return FALSE;
}

/* ---- the far end ---- */

gssize
imp_duplex_read_far (ImpDuplex *self, void *buffer, gsize count, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (imp_input_buffer_get_size (&self->output) == 0)
    return self->output_ended ? 0 : duplex_fail (error, NULL);
  self->reported = FALSE;
  return duplex_take_out (&self->output, buffer, count);
}

gssize
imp_duplex_write_far (ImpDuplex *self, const void *buffer, gsize count, GError **error)
{
  const GOutputVector vector = { buffer, count };
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gsize n, room;

  if (!duplex_is_ready (self, IMP_DUPLEX_FAR_WRITABLE))
    return duplex_fail (error, NULL);
  if (self->input_discarded)
    return count;
  room = self->read_error != NULL ? count
                                  : IMP_DUPLEX_CHUNK - imp_input_buffer_get_size (&self->input);
  n = duplex_put_in (&self->input, &vector, 1, room);
  duplex_notify (self);
  return n;
}

void
imp_duplex_drop_input (ImpDuplex *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  imp_input_buffer_clear (&self->input);
  duplex_notify (self);
}

/* The first error stays. */
static void
duplex_keep_error (GError **mine, const GError *error)
{
  if (*mine == NULL && error != NULL)
    *mine = g_error_copy (error);
}

void
imp_duplex_report (ImpDuplex *self, const ImpDuplexReport *report)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  duplex_keep_error (&self->read_error, report->read_error);
  duplex_keep_error (&self->write_error, report->write_error);
  self->report = *report;
  self->report.read_error = self->report.write_error = NULL;
  self->reported = TRUE;
  duplex_notify (self);
}
