/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-session-writer-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <unistd.h>

struct _ImpSessionWriter
{
  gatomicrefcount ref_count;
  GThreadPool *pool; /* of one thread; the jobs are files */
  gsize max;
  GMutex lock; /* for all below, and for the files */
  gsize buffered;
};

/* It belongs to its owner, and to the thread while it is scheduled there. */
struct _ImpSessionFile
{
  ImpSessionWriter *writer; /* outlives it */
  int descriptor;
  GByteArray *pending;
  gboolean scheduled;
  gboolean closed; /* the owner has no use for it any more */
  int error;       /* a number of errno; nothing is written any more */
  GMainContext *context;
  GSource *report;
  ImpSessionFileFunc func;
  GWeakRef owner;
};

/* ---- files ---- */

static void
session_file_free (ImpSessionFile *self)
{
  g_byte_array_unref (self->pending);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->report, g_source_unref);
  g_weak_ref_clear (&self->owner);
  g_free (self);
}

static gboolean
session_file_on_report (gpointer user_data)
{
  ImpSessionFile *self = user_data;
  g_autoptr (GObject) owner = g_weak_ref_get (&self->owner);

  if (owner != NULL)
    self->func (owner, g_strerror (self->error));
  return G_SOURCE_REMOVE;
}

/* In the thread, with the lock. The owner destroys the source before it gives up the file. */
static void
session_file_report (ImpSessionFile *self)
{
  self->report = g_idle_source_new ();
  g_source_set_priority (self->report, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->report, "ImpSessionFile: report");
  g_source_set_callback (self->report, session_file_on_report, self, NULL);
  g_source_attach (self->report, self->context);
}

/* With the lock. */
static void
session_file_schedule (ImpSessionFile *self)
{
  if (self->scheduled)
    return;
  self->scheduled = TRUE;
  /* The thread is there, so that this cannot fail. */
  g_thread_pool_push (self->writer->pool, self, NULL);
}

static int
session_file_write (int descriptor, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gssize n = write (descriptor, data, length);

      if (n < 0 && errno != EINTR)
        return errno;
      if (n > 0)
        {
          data += n;
          length -= n;
        }
    }
  return 0;
}

/* In the thread, with the lock, which it gives up meanwhile: writes what has come together. */
static void
session_file_write_pending (ImpSessionFile *self)
{
  ImpSessionWriter *writer = self->writer;
  g_autoptr (GByteArray) data = g_steal_pointer (&self->pending);
  int error = self->error;

  self->pending = g_byte_array_new ();
  g_mutex_unlock (&writer->lock);
  if (error == 0)
    error = session_file_write (self->descriptor, data->data, data->len);
  g_mutex_lock (&writer->lock);
  writer->buffered -= data->len;
  if (error == 0 || self->error != 0)
    return;
  self->error = error;
  if (!self->closed)
    session_file_report (self);
}

/* In the thread. As long as the owner may add something, others have their turn in between. */
static void
session_file_run (gpointer job, gpointer user_data)
{
  ImpSessionFile *self = job;
  ImpSessionWriter *writer = user_data;
  gboolean is_over;
  sigset_t signals;

  /* A limit of the size of files is an error as others are. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGXFSZ);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);

  g_mutex_lock (&writer->lock);
  do
    session_file_write_pending (self);
  while (self->closed && self->pending->len > 0);
  is_over = self->closed;
  self->scheduled = FALSE;
  if (self->pending->len > 0)
    session_file_schedule (self);
  g_mutex_unlock (&writer->lock);
  if (!is_over)
    return;
  close (self->descriptor);
  session_file_free (self);
}

ImpSessionFile *
imp_session_file_new (ImpSessionWriter *writer, int descriptor, GObject *owner,
                      GMainContext *context, ImpSessionFileFunc func)
{
  ImpSessionFile *self = g_new0 (ImpSessionFile, 1);

  self->writer = writer;
  self->descriptor = descriptor;
  self->pending = g_byte_array_new ();
  self->context = context != NULL ? g_main_context_ref (context) : NULL;
  self->func = func;
  g_weak_ref_init (&self->owner, owner);
  return self;
}

gboolean
imp_session_file_append (ImpSessionFile *self, const guint8 *data, gsize length, char **reason)
{
  ImpSessionWriter *writer = self->writer;
  gboolean fits;

  g_mutex_lock (&writer->lock);
  fits = length <= writer->max - writer->buffered;
  if (fits && self->error == 0)
    {
      writer->buffered += length;
      g_byte_array_append (self->pending, data, length);
      session_file_schedule (self);
    }
  g_mutex_unlock (&writer->lock);
  if (!fits)
    *reason = g_strdup_printf ("more than %" G_GSIZE_FORMAT " bytes wait to be written to the disk "
                               "(max-buffered)",
                               writer->max);
  return fits;
}

void
imp_session_file_close (ImpSessionFile *self)
{
  ImpSessionWriter *writer = self->writer;

  g_mutex_lock (&writer->lock);
  self->closed = TRUE;
  if (self->report != NULL)
    g_source_destroy (self->report);
  session_file_schedule (self);
  g_mutex_unlock (&writer->lock);
}

/* ---- the thread ---- */

ImpSessionWriter *
imp_session_writer_new (gsize max_buffered, GError **error)
{
  ImpSessionWriter *self = g_new0 (ImpSessionWriter, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->max = max_buffered;
  self->pool = g_thread_pool_new (session_file_run, self, 1, TRUE, error);
  if (self->pool != NULL)
    return self;
  imp_session_writer_unref (self);
  return NULL;
}

ImpSessionWriter *
imp_session_writer_ref (ImpSessionWriter *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
imp_session_writer_unref (ImpSessionWriter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->pool != NULL)
    g_thread_pool_free (self->pool, FALSE, TRUE);
  g_mutex_clear (&self->lock);
  g_free (self);
}
