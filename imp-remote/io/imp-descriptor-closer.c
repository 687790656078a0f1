/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-descriptor-closer-private.h"

#include "core/imp-log-limit-private.h"
#include "core/imp-log-private.h"

#include <sys/socket.h>
#include <unistd.h>

/* Of all threads. */
static struct
{
  GMutex mutex;
  GArray *waiting; /* of int; NULL: none */
  guint n_closing;
  gboolean running;
  ImpLogLimit log;
} closer;

/* What nobody has asked for needs no kind end either, and then it takes no time. */
static void
descriptor_closer_close (int fd)
{
  struct linger linger = { .l_onoff = 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
}

static gpointer
descriptor_closer_run (gpointer data)
{
  g_mutex_lock (&closer.mutex);
  while (closer.waiting != NULL)
    {
      g_autoptr (GArray) fds = g_steal_pointer (&closer.waiting);

      for (closer.n_closing = fds->len; closer.n_closing > 0; closer.n_closing--)
        {
          g_mutex_unlock (&closer.mutex);
          descriptor_closer_close (g_array_index (fds, int, fds->len - closer.n_closing));
          g_mutex_lock (&closer.mutex);
        }
    }
  closer.running = FALSE;
  g_mutex_unlock (&closer.mutex);
  return NULL;
}

/* With the mutex. Without a thread they wait until there is one for the next. */
static void
descriptor_closer_start (void)
{
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_try_new ("imp-closer", descriptor_closer_run, NULL, &error);
  guint64 n;

  closer.running = thread != NULL;
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return;
    }
  n = imp_log_limit_note (&closer.log);
  if (n > 0)
    imp_log_message ("Descriptors that others have sent stay open for now: %s (%" G_GUINT64_FORMAT
                     " attempts)",
                     error->message, n);
}

/* With the mutex. */
static guint
descriptor_closer_count (void)
{
  return closer.n_closing + (closer.waiting != NULL ? closer.waiting->len : 0);
}

gboolean
imp_descriptor_closer_take (const int *fds, guint n)
{
  gboolean fits;

  if (n == 0)
    return TRUE;
  g_mutex_lock (&closer.mutex);
  fits = descriptor_closer_count () + n <= IMP_DESCRIPTOR_CLOSER_MAX;
  if (closer.waiting == NULL)
    closer.waiting = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_vals (closer.waiting, fds, n);
  if (!closer.running)
    descriptor_closer_start ();
  g_mutex_unlock (&closer.mutex);
  return fits;
}

guint
imp_descriptor_closer_get_n_waiting (void)
{
  guint n;

  g_mutex_lock (&closer.mutex);
  n = descriptor_closer_count ();
  g_mutex_unlock (&closer.mutex);
  return n;
}
