/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-socket-handover-private.h"

#include "core/imp-error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct _ImpSocketOffer
{
  char *address;
  guint64 id;
  GSocket *socket;
  ImpSocketPath *claim; /* or NULL */
  gboolean given;
};

typedef struct
{
  GMutex lock;
  GQueue offers; /* of ImpSocketOffer */
  GQueue gifts;  /* of ImpSocketBundle: what came, and was not taken yet */
  guint64 last_id;
} SocketHandover;

static SocketHandover handover;

ImpSocketBundle *
imp_socket_bundle_new (const char *address, guint64 id)
{
  ImpSocketBundle *self = g_new0 (ImpSocketBundle, 1);

  self->address = g_strdup (address);
  self->id = id;
  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
  return self;
}

void
imp_socket_bundle_free (ImpSocketBundle *self)
{
  for (guint i = 0; i < self->fds->len; i++)
    close (g_array_index (self->fds, int, i));
  g_array_unref (self->fds);
  g_free (self->address);
  g_free (self);
}

GSocket *
imp_socket_bundle_open (const ImpSocketBundle *self, guint index, GSocketType type, GError **error)
{
  const int fd = g_array_index (self->fds, int, index);
  int listening = 0, copy;
  socklen_t length = sizeof listening;
  g_autoptr (GSocket) socket = NULL;

  copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
      return NULL;
    }
  socket = g_socket_new_from_fd (copy, error);
  if (socket == NULL)
    {
      close (copy);
      return NULL;
    }
  if (g_socket_get_socket_type (socket) == type
      && (type != G_SOCKET_TYPE_STREAM
          || (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening)))
    return g_steal_pointer (&socket);
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "the descriptor that was handed over for %s is none at which to hear clients",
               self->address);
  return NULL;
}

/* --- in the process that gives --- */

guint64
imp_socket_offer_next_id (void)
{
  guint64 id;

  g_mutex_lock (&handover.lock);
  id = ++handover.last_id;
  g_mutex_unlock (&handover.lock);
  return id;
}

ImpSocketOffer *
imp_socket_offer_new (const char *address, guint64 id, GSocket *socket, ImpSocketPath *claim)
{
  ImpSocketOffer *self = g_new0 (ImpSocketOffer, 1);

  self->address = g_strdup (address);
  self->id = id;
  self->socket = socket;
  self->claim = claim;
  g_mutex_lock (&handover.lock);
  g_queue_push_tail (&handover.offers, self);
  g_mutex_unlock (&handover.lock);
  return self;
}

void
imp_socket_offer_withdraw (ImpSocketOffer *self)
{
  g_mutex_lock (&handover.lock);
  g_queue_remove (&handover.offers, self);
  g_mutex_unlock (&handover.lock);
  g_free (self->address);
  g_free (self);
}

/* That of @id, which is the last one if there is one: the sockets of an address come together. */
static ImpSocketBundle *
handover_get_bundle (GPtrArray *bundles, const ImpSocketOffer *offer)
{
  ImpSocketBundle *bundle = bundles->len > 0 ? bundles->pdata[bundles->len - 1] : NULL;

  if (bundle != NULL && bundle->id == offer->id)
    return bundle;
  bundle = imp_socket_bundle_new (offer->address, offer->id);
  g_ptr_array_add (bundles, bundle);
  return bundle;
}

static gboolean
handover_add_to_list (GPtrArray *bundles, const ImpSocketOffer *offer, GError **error)
{
  ImpSocketBundle *bundle = handover_get_bundle (bundles, offer);
  int fd = fcntl (g_socket_get_fd (offer->socket), F_DUPFD_CLOEXEC, 3);

  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "The socket at %s cannot be copied: %s", offer->address, g_strerror (errno));
      return FALSE;
    }
  g_array_append_val (bundle->fds, fd);
  if (offer->claim != NULL)
    {
      bundle->has_file = TRUE;
      imp_socket_path_get_file (offer->claim, &bundle->device, &bundle->inode);
    }
  if (bundle->fds->len <= IMP_SOCKET_BUNDLE_SIZE && bundles->len <= IMP_SOCKET_BUNDLES_MAX)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "There are too many sockets to be handed over: more than %u at %s, or than %u "
               "addresses",
               IMP_SOCKET_BUNDLE_SIZE, offer->address, IMP_SOCKET_BUNDLES_MAX);
  return FALSE;
}

static gint
handover_compare_ids (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const ImpSocketOffer *offer_a = a, *offer_b = b;

  return offer_a->id < offer_b->id ? -1 : offer_a->id > offer_b->id;
}

GPtrArray *
imp_socket_handover_list (GError **error)
{
  g_autoptr (GPtrArray) bundles = g_ptr_array_new_with_free_func (
    (GDestroyNotify) imp_socket_bundle_free);
  gboolean fits = TRUE;

  g_mutex_lock (&handover.lock);
  g_queue_sort (&handover.offers, handover_compare_ids, NULL);
  for (GList *l = handover.offers.head; l != NULL && fits; l = l->next)
    fits = handover_add_to_list (bundles, l->data, error);
  g_mutex_unlock (&handover.lock);
  return fits ? g_steal_pointer (&bundles) : NULL;
}

void
imp_socket_handover_give (guint64 id)
{
  g_mutex_lock (&handover.lock);
  for (GList *l = handover.offers.head; l != NULL; l = l->next)
    {
      ImpSocketOffer *offer = l->data;

      if (offer->id != id)
        continue;
      offer->given = TRUE;
      if (offer->claim != NULL)
        imp_socket_path_set_given (offer->claim, TRUE);
    }
  g_mutex_unlock (&handover.lock);
}

gboolean
imp_socket_offer_is_given (const ImpSocketOffer *self)
{
  return self->given;
}

/* --- in the process that takes --- */

void
imp_socket_handover_receive (ImpSocketBundle *bundle)
{
  g_mutex_lock (&handover.lock);
  g_queue_push_tail (&handover.gifts, bundle);
  g_mutex_unlock (&handover.lock);
}

ImpSocketBundle *
imp_socket_handover_take (const char *address)
{
  ImpSocketBundle *found = NULL;

  g_mutex_lock (&handover.lock);
  for (GList *l = handover.gifts.head; l != NULL && found == NULL; l = l->next)
    {
      ImpSocketBundle *bundle = l->data;

      if (!g_str_equal (bundle->address, address))
        continue;
      found = bundle;
      g_queue_delete_link (&handover.gifts, l);
      break;
    }
  g_mutex_unlock (&handover.lock);
  return found;
}

GArray *
imp_socket_handover_drop (void)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  ImpSocketBundle *bundle;

  g_mutex_lock (&handover.lock);
  while ((bundle = g_queue_pop_head (&handover.gifts)) != NULL)
    {
      g_array_append_val (ids, bundle->id);
      imp_socket_bundle_free (bundle);
    }
  g_mutex_unlock (&handover.lock);
  return ids;
}

void
imp_socket_handover_own (void)
{
  g_mutex_lock (&handover.lock);
  for (GList *l = handover.offers.head; l != NULL; l = l->next)
    {
      const ImpSocketOffer *offer = l->data;

      if (offer->claim != NULL)
        imp_socket_path_set_given (offer->claim, FALSE);
    }
  g_mutex_unlock (&handover.lock);
}
