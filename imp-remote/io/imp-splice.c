/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-splice-private.h"

#include "core/imp-log-private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How many empty pipes are kept. In a main loop one is nearly always enough: it is emptied before
 * the next connection has its turn. */
#define SPARE_MAX 4
/* A pipe that is smaller is not worth its system calls: so is one of a user who has too many. */
#define SIZE_MIN (64 * 1024)
/* After a failure nobody tries again for so long, in microseconds. */
#define RETRY_AFTER G_USEC_PER_SEC

typedef struct
{
  int read_end;
  int write_end;
} SplicePipe;

/* Of all threads. */
static struct
{
  GMutex mutex;
  SplicePipe spare[SPARE_MAX];
  guint n_spare;
  guint n_pipes; /* with those */
  guint n_users;
  guint n_pipes_max;
  guint64 n_taken;
  gint64 retry;    /* when one may be made again, on the monotonic clock */
  gboolean warned; /* that there are none */
} splice_pool = { .n_pipes_max = IMP_SPLICE_PIPES_MAX };

static void
splice_pipe_close (const SplicePipe *pipe)
{
  close (pipe->read_end);
  close (pipe->write_end);
}

static gboolean
splice_pipe_open (SplicePipe *pipe)
{
  int ends[2], size, code;

  if (pipe2 (ends, O_NONBLOCK | O_CLOEXEC) != 0)
    return FALSE;
  *pipe = (SplicePipe){ ends[0], ends[1] };
  /* Where it may not be larger it has a size of its own. */
  size = fcntl (pipe->write_end, F_SETPIPE_SZ, IMP_SPLICE_SIZE);
  code = size < 0 ? errno : ENOBUFS;
  if (size < 0)
    size = fcntl (pipe->write_end, F_GETPIPE_SZ);
  if (size >= SIZE_MIN)
    return TRUE;
  splice_pipe_close (pipe);
  errno = code;
  return FALSE;
}

/* With the mutex. */
static gboolean
splice_pool_make (SplicePipe *pipe)
{
  if (splice_pool.n_pipes >= splice_pool.n_pipes_max || g_get_monotonic_time () < splice_pool.retry)
    return FALSE;
  if (splice_pipe_open (pipe))
    {
      splice_pool.n_pipes++;
      return TRUE;
    }
  splice_pool.retry = g_get_monotonic_time () + RETRY_AFTER;
  if (!splice_pool.warned)
    imp_log_debug ("Bytes that need not be seen are copied, since no pipe can be made: %s",
                   g_strerror (errno));
  splice_pool.warned = TRUE;
  return FALSE;
}

static gboolean
splice_pool_take (SplicePipe *pipe)
{
  gboolean taken = TRUE;

  g_mutex_lock (&splice_pool.mutex);
  if (splice_pool.n_spare > 0 && splice_pool.n_pipes_max > 0)
    *pipe = splice_pool.spare[--splice_pool.n_spare];
  else
    taken = splice_pool_make (pipe);
  splice_pool.n_taken += taken;
  g_mutex_unlock (&splice_pool.mutex);
  return taken;
}

/* One with something in it can be of no use to others. */
static void
splice_pool_give_back (const SplicePipe *pipe, gboolean is_empty)
{
  g_mutex_lock (&splice_pool.mutex);
  if (is_empty && splice_pool.n_spare < SPARE_MAX && splice_pool.n_users > 0)
    {
      splice_pool.spare[splice_pool.n_spare++] = *pipe;
    }
  else
    {
      splice_pool.n_pipes--;
      splice_pipe_close (pipe);
    }
  g_mutex_unlock (&splice_pool.mutex);
}

void
imp_splice_use (void)
{
  g_mutex_lock (&splice_pool.mutex);
  splice_pool.n_users++;
  g_mutex_unlock (&splice_pool.mutex);
}

void
imp_splice_unuse (void)
{
  g_mutex_lock (&splice_pool.mutex);
  g_assert (splice_pool.n_users > 0);
  splice_pool.n_users--;
  while (splice_pool.n_users == 0 && splice_pool.n_spare > 0)
    {
      splice_pool.n_pipes--;
      splice_pipe_close (&splice_pool.spare[--splice_pool.n_spare]);
    }
  g_mutex_unlock (&splice_pool.mutex);
}

/* ---- one direction of one connection ---- */

gboolean
imp_splice_is_possible (ImpTransport *from, ImpTransport *to)
{
  return imp_transport_can_splice_in (from) && imp_transport_can_splice (to);
}

static void
splice_release (ImpSplice *self, const SplicePipe *pipe)
{
  splice_pool_give_back (pipe, self->held == 0);
  *self = (ImpSplice){ 0 };
}

gssize
imp_splice_fill (ImpSplice *self, ImpTransport *from, gsize most, GError **error)
{
  SplicePipe pipe;
  gssize n;

  g_assert (self->held == 0 && most > 0);

  if (!splice_pool_take (&pipe))
    return 0;
  n = imp_transport_splice_in (from, pipe.write_end, MIN (most, IMP_SPLICE_SIZE), error);
  if (n > 0)
    *self = (ImpSplice){ pipe.read_end, pipe.write_end, n };
  else
    splice_pool_give_back (&pipe, TRUE);
  return n;
}

gssize
imp_splice_drain (ImpSplice *self, ImpTransport *to, gboolean *full, GError **error)
{
  SplicePipe pipe = { self->read_end, self->write_end };
  gssize n;

  g_assert (self->held > 0);

  /* To ask for more than there is would let TCP wait for the rest. */
  n = imp_transport_splice_out (to, pipe.read_end, self->held, error);
  *full = n >= 0 && (gsize) n < self->held;
  if (n <= 0)
    return n;
  self->held -= n;
  if (self->held == 0)
    splice_release (self, &pipe);
  return n;
}

void
imp_splice_clear (ImpSplice *self)
{
  SplicePipe pipe = { self->read_end, self->write_end };

  if (self->held > 0)
    splice_release (self, &pipe);
}

/* ---- for tests ---- */

void
imp_splice_set_pipes_max (guint n_pipes)
{
  g_mutex_lock (&splice_pool.mutex);
  splice_pool.n_pipes_max = n_pipes;
  splice_pool.retry = 0;
  g_mutex_unlock (&splice_pool.mutex);
}

guint
imp_splice_get_n_pipes (void)
{
  guint n_pipes;

  g_mutex_lock (&splice_pool.mutex);
  n_pipes = splice_pool.n_pipes;
  g_mutex_unlock (&splice_pool.mutex);
  return n_pipes;
}

guint64
imp_splice_get_n_taken (void)
{
  guint64 n_taken;

  g_mutex_lock (&splice_pool.mutex);
  n_taken = splice_pool.n_taken;
  g_mutex_unlock (&splice_pool.mutex);
  return n_taken;
}
