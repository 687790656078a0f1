/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GIO asks of an input stream and of an output stream, in terms of the engine behind them. */
#include "provider/imp-io-halves-private.h"

/* Of a pollable stream: when it is ready the callback is called, and also when it is cancelled. */
static GSource *
io_half_create_source (gpointer stream, ImpIOEngine *engine, ImpDuplexEvent event,
                       GCancellable *cancellable)
{
  g_autoptr (GSource) child = imp_duplex_create_source (imp_io_engine_get_duplex (engine), event);

  return g_pollable_source_new_full (stream, child, cancellable);
}

static void
io_half_attach (GTask *task, ImpIOEngine *engine, ImpDuplexEvent event, GPollableSourceFunc func)
{
  g_autoptr (GSource) source = io_half_create_source (g_task_get_source_object (task), engine,
                                                      event, g_task_get_cancellable (task));

  g_task_attach_source (task, source, G_SOURCE_FUNC (func));
}

/* ---- the input ---- */

#define IMP_TYPE_IO_INPUT (imp_io_input_get_type ())
G_DECLARE_FINAL_TYPE (ImpIOInput, imp_io_input, IMP, IO_INPUT, GInputStream)

struct _ImpIOInput
{
  GInputStream parent_instance;
  ImpIOEngine *engine;
};

static void imp_io_input_init_pollable (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpIOInput, imp_io_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      imp_io_input_init_pollable))

static gboolean
imp_io_input_is_readable (GPollableInputStream *stream)
{
  ImpIOInput *self = IMP_IO_INPUT (stream);
  ImpDuplex *duplex = imp_io_engine_get_duplex (self->engine);

  if (!imp_duplex_is_ready (duplex, IMP_DUPLEX_READABLE))
    imp_io_engine_stir_input (self->engine);
  return imp_duplex_is_ready (duplex, IMP_DUPLEX_READABLE);
}

static GSource *
imp_io_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return io_half_create_source (stream, IMP_IO_INPUT (stream)->engine, IMP_DUPLEX_READABLE,
                                cancellable);
}

static gssize
imp_io_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                               GError **error)
{
  ImpIOInput *self = IMP_IO_INPUT (stream);

  imp_io_input_is_readable (stream);
  return imp_duplex_read (imp_io_engine_get_duplex (self->engine), buffer, count, error);
}

static gssize
imp_io_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                   GError **error)
{
  ImpIOInput *self = IMP_IO_INPUT (stream);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  for (;;)
    {
      g_autoptr (GError) failure = NULL;
      gssize n = imp_io_input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count,
                                                &failure);

      if (n >= 0)
        return n;
      if (!g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return -1;
        }
      if (!imp_io_engine_wait (self->engine, IMP_DUPLEX_READABLE, cancellable, error))
        return -1;
    }
}

typedef struct
{
  void *buffer; /* the caller's */
  gsize count;
} IOInputRead;

static gboolean
io_input_on_readable (GObject *stream, gpointer user_data)
{
  GTask *task = user_data;
  IOInputRead *read = g_task_get_task_data (task);
  GError *error = NULL;
  gssize n;

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  n = imp_io_input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), read->buffer, read->count,
                                     &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      io_half_attach (task, IMP_IO_INPUT (stream)->engine, IMP_DUPLEX_READABLE,
                      io_input_on_readable);
    }
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, n);
  return G_SOURCE_REMOVE;
}

/* The default one would lose what it has read where it is cancelled before the caller knows. */
static void
imp_io_input_read_async (GInputStream *stream, void *buffer, gsize count, int priority,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  const IOInputRead read = { buffer, count };

  g_task_set_source_tag (task, imp_io_input_read_async);
  g_task_set_priority (task, priority);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_memdup2 (&read, sizeof read), g_free);
  io_input_on_readable (G_OBJECT (stream), task);
}

static gssize
imp_io_input_read_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

static gboolean
imp_io_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  imp_duplex_discard_input (imp_io_engine_get_duplex (IMP_IO_INPUT (stream)->engine));
  return TRUE;
}

/* The default one would start a thread. */
static void
imp_io_input_close_async (GInputStream *stream, int priority, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_io_input_close_async);
  g_task_set_priority (task, priority);
  imp_io_input_close (stream, NULL, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
imp_io_input_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
imp_io_input_finalize (GObject *object)
{
  /* After the parent, whose dispose() still closes the stream through us, has had its turn. */
  imp_io_engine_unref (IMP_IO_INPUT (object)->engine);
  G_OBJECT_CLASS (imp_io_input_parent_class)->finalize (object);
}

static void
imp_io_input_init_pollable (GPollableInputStreamInterface *iface)
{
  iface->is_readable = imp_io_input_is_readable;
  iface->create_source = imp_io_input_create_source;
  iface->read_nonblocking = imp_io_input_read_nonblocking;
}

static void
imp_io_input_class_init (ImpIOInputClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = imp_io_input_finalize;
  stream_class->read_fn = imp_io_input_read;
  stream_class->read_async = imp_io_input_read_async;
  stream_class->read_finish = imp_io_input_read_finish;
  stream_class->close_fn = imp_io_input_close;
  stream_class->close_async = imp_io_input_close_async;
  stream_class->close_finish = imp_io_input_close_finish;
}

static void
imp_io_input_init (ImpIOInput *self)
{
}

GInputStream *
imp_io_input_new (ImpIOEngine *engine)
{
  ImpIOInput *self = g_object_new (IMP_TYPE_IO_INPUT, NULL);

  self->engine = imp_io_engine_ref (engine);
  return G_INPUT_STREAM (self);
}

/* ---- the output ---- */

#define IMP_TYPE_IO_OUTPUT (imp_io_output_get_type ())
G_DECLARE_FINAL_TYPE (ImpIOOutput, imp_io_output, IMP, IO_OUTPUT, GOutputStream)

struct _ImpIOOutput
{
  GOutputStream parent_instance;
  ImpIOEngine *engine;
};

static void imp_io_output_init_pollable (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpIOOutput, imp_io_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      imp_io_output_init_pollable))

static gboolean
imp_io_output_is_writable (GPollableOutputStream *stream)
{
  return imp_duplex_is_ready (imp_io_engine_get_duplex (IMP_IO_OUTPUT (stream)->engine),
                              IMP_DUPLEX_TAKEN);
}

static GSource *
imp_io_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return io_half_create_source (stream, IMP_IO_OUTPUT (stream)->engine, IMP_DUPLEX_TAKEN,
                                cancellable);
}

/* Takes a part of it, and moves that on as far as it goes now. */
static gssize
io_output_take (ImpIOOutput *self, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  gssize n = imp_duplex_write (imp_io_engine_get_duplex (self->engine), vectors, n_vectors, error);

  if (n > 0)
    imp_io_engine_stir_output (self->engine);
  return n;
}

static gssize
imp_io_output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count,
                                 GError **error)
{
  const GOutputVector vector = { buffer, count };

  return io_output_take (IMP_IO_OUTPUT (stream), &vector, 1, error);
}

static GPollableReturn
imp_io_output_writev_nonblocking (GPollableOutputStream *stream, const GOutputVector *vectors,
                                  gsize n_vectors, gsize *written, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gssize n = io_output_take (IMP_IO_OUTPUT (stream), vectors, n_vectors, &failure);

  if (written != NULL)
    *written = MAX (n, 0);
  if (n >= 0)
    return G_POLLABLE_RETURN_OK;
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_POLLABLE_RETURN_WOULD_BLOCK;
  g_propagate_error (error, g_steal_pointer (&failure));
  return G_POLLABLE_RETURN_FAILED;
}

/* What has been taken is on its way, and so it is reported if the wait for it does not last. */
static gboolean
imp_io_output_writev (GOutputStream *stream, const GOutputVector *vectors, gsize n_vectors,
                      gsize *written, GCancellable *cancellable, GError **error)
{
  ImpIOOutput *self = IMP_IO_OUTPUT (stream);
  GPollableReturn result = G_POLLABLE_RETURN_WOULD_BLOCK;

  *written = 0;
  while (result == G_POLLABLE_RETURN_WOULD_BLOCK)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error)
          || !imp_io_engine_wait (self->engine, IMP_DUPLEX_TAKEN, cancellable, error))
        return FALSE;
      result = imp_io_output_writev_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), vectors,
                                                 n_vectors, written, error);
    }
  if (result == G_POLLABLE_RETURN_FAILED)
    return FALSE;
  imp_io_engine_wait (self->engine, IMP_DUPLEX_TAKEN, cancellable, NULL);
  return imp_duplex_check_output (imp_io_engine_get_duplex (self->engine), error);
}

static gssize
imp_io_output_write (GOutputStream *stream, const void *buffer, gsize count,
                     GCancellable *cancellable, GError **error)
{
  const GOutputVector vector = { buffer, count };
  gsize written;

  return imp_io_output_writev (stream, &vector, 1, &written, cancellable, error) ? (gssize) written
                                                                                 : -1;
}

/* ---- the output, while the caller does something else ---- */

typedef struct
{
  GOutputVector *vectors; /* the buffers are the caller's */
  gsize n_vectors;
  gssize written; /* -1: nothing yet */
} IOOutputWrite;

static void
io_output_write_free (gpointer data)
{
  IOOutputWrite *self = data;

  g_free (self->vectors);
  g_free (self);
}

static gboolean
io_output_on_written (GObject *stream, gpointer user_data)
{
  GTask *task = user_data;
  IOOutputWrite *write = g_task_get_task_data (task);
  GError *error = NULL;

  if (!imp_duplex_check_output (imp_io_engine_get_duplex (IMP_IO_OUTPUT (stream)->engine), &error))
    g_task_return_error (task, error);
  else
    g_task_return_int (task, write->written);
  return G_SOURCE_REMOVE;
}

static gboolean
io_output_on_writable (GObject *stream, gpointer user_data)
{
  ImpIOOutput *self = IMP_IO_OUTPUT (stream);
  GTask *task = user_data;
  IOOutputWrite *write = g_task_get_task_data (task);
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  write->written = io_output_take (self, write->vectors, write->n_vectors, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      io_half_attach (task, self->engine, IMP_DUPLEX_TAKEN, io_output_on_writable);
    }
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    io_half_attach (task, self->engine, IMP_DUPLEX_TAKEN, io_output_on_written);
  return G_SOURCE_REMOVE;
}

/* Takes @vectors. */
static void
io_output_start_write (GOutputStream *stream, GOutputVector *vectors, gsize n_vectors, int priority,
                       GTask *task)
{
  IOOutputWrite *write = g_new0 (IOOutputWrite, 1);

  write->vectors = vectors;
  write->n_vectors = n_vectors;
  write->written = -1;
  g_task_set_priority (task, priority);
  /* What is cancelled once it has been taken was written nevertheless. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, write, io_output_write_free);
  io_output_on_writable (G_OBJECT (stream), task);
}

static void
imp_io_output_write_async (GOutputStream *stream, const void *buffer, gsize count, int priority,
                           GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  const GOutputVector vector = { buffer, count };

  g_task_set_source_tag (task, imp_io_output_write_async);
  io_output_start_write (stream, g_memdup2 (&vector, sizeof vector), 1, priority, task);
}

static gssize
imp_io_output_write_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

static void
imp_io_output_writev_async (GOutputStream *stream, const GOutputVector *vectors, gsize n_vectors,
                            int priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_io_output_writev_async);
  io_output_start_write (stream, g_memdup2 (vectors, n_vectors * sizeof *vectors), n_vectors,
                         priority, task);
}

static gboolean
imp_io_output_writev_finish (GOutputStream *stream, GAsyncResult *result, gsize *written,
                             GError **error)
{
  gssize n = g_task_propagate_int (G_TASK (result), error);

  *written = MAX (n, 0);
  return n >= 0;
}

/* ---- the output: flush and close ---- */

static gboolean
io_output_on_event (GObject *stream, gpointer user_data)
{
  ImpIOOutput *self = IMP_IO_OUTPUT (stream);
  GTask *task = user_data;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  if (imp_duplex_check_output (imp_io_engine_get_duplex (self->engine), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  return G_SOURCE_REMOVE;
}

/* Takes @task. */
static void
io_output_await (ImpIOOutput *self, GTask *task, int priority, ImpDuplexEvent event)
{
  g_task_set_priority (task, priority);
  io_half_attach (task, self->engine, event, io_output_on_event);
  g_object_unref (task);
}

/* An analyzer may give its verdict only once it has seen the end, which comes with the close: that
 * waits for both. */
static gboolean
imp_io_output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  ImpIOOutput *self = IMP_IO_OUTPUT (stream);

  if (g_output_stream_is_closing (stream))
    return TRUE;
  return imp_io_engine_wait (self->engine, IMP_DUPLEX_SETTLED, cancellable, error)
         && imp_duplex_check_output (imp_io_engine_get_duplex (self->engine), error);
}

static void
imp_io_output_flush_async (GOutputStream *stream, int priority, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_io_output_flush_async);
  if (g_output_stream_is_closing (stream))
    g_task_return_boolean (task, TRUE);
  else
    io_output_await (IMP_IO_OUTPUT (stream), g_steal_pointer (&task), priority, IMP_DUPLEX_SETTLED);
}

static gboolean
imp_io_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  ImpIOOutput *self = IMP_IO_OUTPUT (stream);
  ImpDuplex *duplex = imp_io_engine_get_duplex (self->engine);

  imp_duplex_end_output (duplex);
  imp_io_engine_stir_output (self->engine);
  if (imp_io_engine_may_wait (self->engine)
      && !imp_io_engine_wait (self->engine, IMP_DUPLEX_ENDED, cancellable, error))
    return FALSE;
  return imp_duplex_check_output (duplex, error);
}

static void
imp_io_output_close_async (GOutputStream *stream, int priority, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  ImpIOOutput *self = IMP_IO_OUTPUT (stream);
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_io_output_close_async);
  imp_duplex_end_output (imp_io_engine_get_duplex (self->engine));
  imp_io_engine_stir_output (self->engine);
  io_output_await (self, task, priority, IMP_DUPLEX_ENDED);
}

/* Of both. */
static gboolean
imp_io_output_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
imp_io_output_finalize (GObject *object)
{
  imp_io_engine_unref (IMP_IO_OUTPUT (object)->engine);
  G_OBJECT_CLASS (imp_io_output_parent_class)->finalize (object);
}

static void
imp_io_output_init_pollable (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = imp_io_output_is_writable;
  iface->create_source = imp_io_output_create_source;
  iface->write_nonblocking = imp_io_output_write_nonblocking;
  iface->writev_nonblocking = imp_io_output_writev_nonblocking;
}

static void
imp_io_output_class_init (ImpIOOutputClass *klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = imp_io_output_finalize;
  stream_class->write_fn = imp_io_output_write;
  stream_class->writev_fn = imp_io_output_writev;
  stream_class->write_async = imp_io_output_write_async;
  stream_class->write_finish = imp_io_output_write_finish;
  stream_class->writev_async = imp_io_output_writev_async;
  stream_class->writev_finish = imp_io_output_writev_finish;
  stream_class->flush = imp_io_output_flush;
  stream_class->flush_async = imp_io_output_flush_async;
  stream_class->flush_finish = imp_io_output_finish;
  stream_class->close_fn = imp_io_output_close;
  stream_class->close_async = imp_io_output_close_async;
  stream_class->close_finish = imp_io_output_finish;
}

static void
imp_io_output_init (ImpIOOutput *self)
{
}

GOutputStream *
imp_io_output_new (ImpIOEngine *engine)
{
  ImpIOOutput *self = g_object_new (IMP_TYPE_IO_OUTPUT, NULL);

  self->engine = imp_io_engine_ref (engine);
  return G_OUTPUT_STREAM (self);
}
