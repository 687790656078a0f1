/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-disk-writer-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <unistd.h>

struct _ImpDiskWriter
{
  gatomicrefcount ref_count;
  GThreadPool *pool; /* of one thread; the jobs are files */
  gsize max;
  GMutex lock; /* for all below, and for the files */
  GCond written;
  gsize buffered;
  guint64 n_unreported;
  int unreported; /* the error of the first of them */
};

/* It belongs to its owner, and to the thread while it is scheduled there. */
struct _ImpDiskFile
{
  ImpDiskWriter *writer; /* outlives it */
  int descriptor;
  GByteArray *pending;
  gboolean scheduled;
  gboolean closed;   /* the owner has no use for it any more */
  gboolean reported; /* the owner knows about the error */
  int error;         /* a number of errno; nothing is written any more */
  GMainContext *context;
  GSource *report;
  ImpDiskFileFunc func;
  GWeakRef owner;
};

/* ---- files ---- */

static void
disk_file_free (ImpDiskFile *self)
{
  g_byte_array_unref (self->pending);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->report, g_source_unref);
  g_weak_ref_clear (&self->owner);
  g_free (self);
}

static gboolean
disk_file_on_report (gpointer user_data)
{
  ImpDiskFile *self = user_data;
  g_autoptr (GObject) owner = g_weak_ref_get (&self->owner);
  int error;

  if (owner == NULL)
    return G_SOURCE_REMOVE;
  g_mutex_lock (&self->writer->lock);
  self->reported = TRUE;
  error = self->error;
  g_mutex_unlock (&self->writer->lock);
  self->func (owner, g_strerror (error));
  return G_SOURCE_REMOVE;
}

/* With the lock. The owner does not listen any more: the writer tells those who ask. */
static void
disk_file_count_unreported (ImpDiskFile *self)
{
  if (self->writer->n_unreported++ == 0)
    self->writer->unreported = self->error;
}

/* In the thread, with the lock. The owner destroys the source before it gives up the file. */
static void
disk_file_report (ImpDiskFile *self)
{
  self->report = g_idle_source_new ();
  g_source_set_priority (self->report, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->report, "ImpDiskFile: report");
  g_source_set_callback (self->report, disk_file_on_report, self, NULL);
  g_source_attach (self->report, self->context);
}

/* With the lock. */
static void
disk_file_schedule (ImpDiskFile *self)
{
  if (self->scheduled)
    return;
  self->scheduled = TRUE;
  /* The thread is there, so that this cannot fail. */
  g_thread_pool_push (self->writer->pool, self, NULL);
}

static int
disk_file_write (int descriptor, const guint8 *data, gsize length)
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
disk_file_write_pending (ImpDiskFile *self)
{
  ImpDiskWriter *writer = self->writer;
  g_autoptr (GByteArray) data = g_steal_pointer (&self->pending);
  int error = self->error;

  self->pending = g_byte_array_new ();
  g_mutex_unlock (&writer->lock);
  if (error == 0)
    error = disk_file_write (self->descriptor, data->data, data->len);
  g_mutex_lock (&writer->lock);
  writer->buffered -= data->len;
  g_cond_broadcast (&writer->written);
  if (error == 0 || self->error != 0)
    return;
  self->error = error;
  if (self->closed)
    disk_file_count_unreported (self);
  else
    disk_file_report (self);
}

/* In the thread. As long as the owner may add something, others have their turn in between. */
static void
disk_file_run (gpointer job, gpointer user_data)
{
  ImpDiskFile *self = job;
  ImpDiskWriter *writer = user_data;
  gboolean is_over;
  sigset_t signals;

  /* A limit of the size of files is an error as others are. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGXFSZ);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);

  g_mutex_lock (&writer->lock);
  do
    disk_file_write_pending (self);
  while (self->closed && self->pending->len > 0);
  is_over = self->closed;
  self->scheduled = FALSE;
  if (self->pending->len > 0)
    disk_file_schedule (self);
  g_mutex_unlock (&writer->lock);
  if (!is_over)
    return;
  close (self->descriptor);
  disk_file_free (self);
}

ImpDiskFile *
imp_disk_file_new (ImpDiskWriter *writer, int descriptor, GObject *owner, GMainContext *context,
                   ImpDiskFileFunc func)
{
  ImpDiskFile *self = g_new0 (ImpDiskFile, 1);

  self->writer = writer;
  self->descriptor = descriptor;
  self->pending = g_byte_array_new ();
  self->context = context != NULL ? g_main_context_ref (context) : NULL;
  self->func = func;
  g_weak_ref_init (&self->owner, owner);
  return self;
}

/* With the lock. */
static gboolean
disk_writer_has_room (ImpDiskWriter *self, gsize length)
{
  return self->buffered <= self->max && length <= self->max - self->buffered;
}

/* With the lock. */
static void
disk_file_add (ImpDiskFile *self, const guint8 *data, gsize length)
{
  if (self->error != 0)
    return;
  self->writer->buffered += length;
  g_byte_array_append (self->pending, data, length);
  disk_file_schedule (self);
}

gboolean
imp_disk_file_append (ImpDiskFile *self, const guint8 *data, gsize length, char **reason)
{
  ImpDiskWriter *writer = self->writer;
  gboolean fits;

  g_mutex_lock (&writer->lock);
  fits = disk_writer_has_room (writer, length);
  if (fits)
    disk_file_add (self, data, length);
  g_mutex_unlock (&writer->lock);
  if (!fits)
    *reason = g_strdup_printf ("more than %" G_GSIZE_FORMAT " bytes wait to be written to the disk "
                               "(max-buffered)",
                               writer->max);
  return fits;
}

void
imp_disk_file_append_last (ImpDiskFile *self, const guint8 *data, gsize length)
{
  g_mutex_lock (&self->writer->lock);
  disk_file_add (self, data, length);
  g_mutex_unlock (&self->writer->lock);
}

void
imp_disk_file_append_waiting (ImpDiskFile *self, const guint8 *data, gsize length)
{
  ImpDiskWriter *writer = self->writer;

  g_mutex_lock (&writer->lock);
  while (writer->buffered > 0 && !disk_writer_has_room (writer, length))
    g_cond_wait (&writer->written, &writer->lock);
  disk_file_add (self, data, length);
  g_mutex_unlock (&writer->lock);
}

void
imp_disk_file_close (ImpDiskFile *self)
{
  ImpDiskWriter *writer = self->writer;

  g_mutex_lock (&writer->lock);
  self->closed = TRUE;
  if (self->report != NULL)
    g_source_destroy (self->report);
  if (self->error != 0 && !self->reported)
    disk_file_count_unreported (self);
  disk_file_schedule (self);
  g_mutex_unlock (&writer->lock);
}

/* ---- the thread ---- */

ImpDiskWriter *
imp_disk_writer_new (gsize max_buffered, GError **error)
{
  ImpDiskWriter *self = g_new0 (ImpDiskWriter, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_cond_init (&self->written);
  self->max = max_buffered;
  self->pool = g_thread_pool_new (disk_file_run, self, 1, TRUE, error);
  if (self->pool != NULL)
    return self;
  imp_disk_writer_unref (self);
  return NULL;
}

ImpDiskWriter *
imp_disk_writer_ref (ImpDiskWriter *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
imp_disk_writer_flush (ImpDiskWriter *self)
{
  g_mutex_lock (&self->lock);
  while (self->buffered > 0)
    g_cond_wait (&self->written, &self->lock);
  g_mutex_unlock (&self->lock);
}

guint64
imp_disk_writer_get_n_unreported (ImpDiskWriter *self, const char **reason)
{
  guint64 n;

  g_mutex_lock (&self->lock);
  n = self->n_unreported;
  if (n > 0 && reason != NULL)
    *reason = g_strerror (self->unreported);
  g_mutex_unlock (&self->lock);
  return n;
}

void
imp_disk_writer_unref (ImpDiskWriter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->pool != NULL)
    g_thread_pool_free (self->pool, FALSE, TRUE);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->written);
  g_free (self);
}
