/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-read-buffer-private.h"

/* Buffers that wait to be used again: to get such large ones from the system each time would mean
 * as many page faults as there are pages. Whoever has the bytes may let them go in any thread. */
#define POOL_MAX 8

/* Less than this of a buffer is copied out of it. */
#define COPY_BELOW (IMP_READ_BUFFER_SIZE / 4)

static GMutex pool_lock;
static gpointer pool[POOL_MAX];
static guint n_pool;

static gpointer
take_buffer (void)
{
  gpointer buffer = NULL;

  g_mutex_lock (&pool_lock);
  if (n_pool > 0)
    buffer = pool[--n_pool];
  g_mutex_unlock (&pool_lock);
  return buffer != NULL ? buffer : g_malloc (IMP_READ_BUFFER_SIZE);
}

static void
give_buffer (gpointer buffer)
{
  g_mutex_lock (&pool_lock);
  if (n_pool < POOL_MAX)
    pool[n_pool++] = g_steal_pointer (&buffer);
  g_mutex_unlock (&pool_lock);
  g_free (buffer);
}

GBytes *
imp_read_buffer_read (ImpTransport *transport, GError **error)
{
  gpointer buffer = take_buffer ();
  gssize n = imp_transport_read (transport, buffer, IMP_READ_BUFFER_SIZE, error);
  GBytes *bytes = NULL;

  if (n >= COPY_BELOW)
    return g_bytes_new_with_free_func (buffer, n, give_buffer, buffer);
  if (n >= 0)
    bytes = g_bytes_new (buffer, n);
  give_buffer (buffer);
  return bytes;
}
