/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-datagram-target-private.h"

#include "core/imp-error.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* How many addresses of a server are kept. */
#define ADDRESSES_MAX 16
/* Microseconds after which they are looked up again, and after which a lookup that found none is
 * repeated; both only if somebody asks. */
#define FRESH_TIME (60 * G_USEC_PER_SEC)
#define RETRY_TIME (1 * G_USEC_PER_SEC)

typedef struct
{
  ImpDatagramTarget *target; /* NULL: it is gone */
  GSocketAddressEnumerator *enumerator;
  GPtrArray *found;
} DatagramLookup;

struct _ImpDatagramTarget
{
  GSocketConnectable *server;
  ImpDatagramTargetFunc ready; /* NULL once it was called */
  gpointer user_data;
  GPtrArray *addresses; /* of GSocketAddress */
  guint preferred;
  GError *error;    /* of the last lookup */
  gint64 looked_up; /* when that was */
  DatagramLookup *lookup;
  GCancellable *cancellable;
};

ImpDatagramTarget *
imp_datagram_target_new (GSocketConnectable *server, ImpDatagramTargetFunc ready,
                         gpointer user_data)
{
  ImpDatagramTarget *self = g_new0 (ImpDatagramTarget, 1);

  self->server = g_object_ref (server);
  self->ready = ready;
  self->user_data = user_data;
  self->addresses = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  return self;
}

void
imp_datagram_target_free (ImpDatagramTarget *self)
{
  if (self->lookup != NULL)
    self->lookup->target = NULL;
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->addresses);
  g_clear_error (&self->error);
  g_object_unref (self->server);
  g_free (self);
}

/* --- looking up --- */

static void
datagram_lookup_free (DatagramLookup *lookup)
{
  g_object_unref (lookup->enumerator);
  g_ptr_array_unref (lookup->found);
  g_free (lookup);
}

/* Addresses that were found before stay where none are found now. */
static void
datagram_target_finish (ImpDatagramTarget *self, GPtrArray *found, GError *error)
{
  ImpDatagramTargetFunc ready = g_steal_pointer (&self->ready);

  self->lookup = NULL;
  self->looked_up = g_get_monotonic_time ();
  g_clear_error (&self->error);
  self->error = error;
  if (found->len > 0)
    {
      g_ptr_array_unref (self->addresses);
      self->addresses = g_ptr_array_ref (found);
      self->preferred %= found->len;
    }
  if (ready != NULL)
    ready (self->user_data);
}

static void
datagram_target_on_next (GObject *source, GAsyncResult *result, gpointer user_data)
{
  DatagramLookup *lookup = user_data;
  g_autoptr (GError) error = NULL;
  GSocketAddress *address = g_socket_address_enumerator_next_finish (
    G_SOCKET_ADDRESS_ENUMERATOR (source), result, &error);

  if (G_IS_INET_SOCKET_ADDRESS (address))
    g_ptr_array_add (lookup->found, g_object_ref (address));
  if (address != NULL && lookup->target != NULL && lookup->found->len < ADDRESSES_MAX)
    {
      g_object_unref (address);
      g_socket_address_enumerator_next_async (lookup->enumerator, lookup->target->cancellable,
                                              datagram_target_on_next, lookup);
      return;
    }
  g_clear_object (&address);
  if (lookup->target != NULL)
    datagram_target_finish (lookup->target, lookup->found, g_steal_pointer (&error));
  datagram_lookup_free (lookup);
}

void
imp_datagram_target_start (ImpDatagramTarget *self)
{
  DatagramLookup *lookup = g_new0 (DatagramLookup, 1);

  lookup->target = self;
  lookup->enumerator = g_socket_connectable_enumerate (self->server);
  lookup->found = g_ptr_array_new_with_free_func (g_object_unref);
  self->lookup = lookup;
  g_socket_address_enumerator_next_async (lookup->enumerator, self->cancellable,
                                          datagram_target_on_next, lookup);
}

static void
datagram_target_refresh (ImpDatagramTarget *self)
{
  gint64 age = g_get_monotonic_time () - self->looked_up;

  if (self->lookup == NULL
      && age > (self->addresses->len > 0 && self->error == NULL ? FRESH_TIME : RETRY_TIME))
    imp_datagram_target_start (self);
}

/* --- sockets --- */

static int
datagram_target_try (GSocketAddress *address, GError **error)
{
  union
  {
    struct sockaddr any;
    struct sockaddr_in6 v6;
  } native;
  gssize size = g_socket_address_get_native_size (address);
  int fd, number;

  if (!g_socket_address_to_native (address, &native, sizeof native, error))
    return -1;
  fd = socket (native.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect (fd, &native.any, size) == 0)
    return fd;
  number = errno;
  if (fd >= 0)
    close (fd);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s%s", g_strerror (number),
               number == EMFILE ? ": each client of a relay of datagrams needs a socket (ulimit -n)"
                                : "");
  return -1;
}

int
imp_datagram_target_connect (ImpDatagramTarget *self, guint *index, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) local = NULL;
  int fd = -1;

  datagram_target_refresh (self);
  for (guint i = 0; fd < 0 && i < self->addresses->len; i++)
    {
      g_clear_error (&local);
      *index = (self->preferred + i) % self->addresses->len;
      fd = datagram_target_try (self->addresses->pdata[*index], &local);
    }
  if (fd >= 0)
    return fd;
  name = g_socket_connectable_to_string (self->server);
  if (local == NULL && self->error != NULL)
    local = g_error_copy (self->error);
  if (local == NULL)
    local = g_error_new (G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND, "it has no address of IP%s",
                         self->lookup != NULL ? " yet" : "");
  g_propagate_prefixed_error (error, g_steal_pointer (&local),
                              "No socket for the server %s: ", name);
  return -1;
}

guint
imp_datagram_target_get_n_addresses (ImpDatagramTarget *self)
{
  return self->addresses->len;
}

void
imp_datagram_target_note_refused (ImpDatagramTarget *self, guint index)
{
  if (self->addresses->len > 1 && index == self->preferred)
    self->preferred = (index + 1) % self->addresses->len;
}
