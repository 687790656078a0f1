/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-client-sharing-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "rpc/imp-protocol-private.h"

gboolean
imp_client_sharing_is_possible (ImpSharedMemory mode, ImpLink *link, gsize max_size)
{
  return max_size >= IMP_BLOCK_SIZE && imp_shared_memory_is_possible (mode, link);
}

static gsize
client_sharing_get_size (const ImpMessage *set_version, gsize max_size)
{
  gsize taken = imp_protocol_get_limit (set_version, IMP_PROTOCOL_MAX_SHARED_MEMORY, max_size);

  return MIN (taken, max_size) / IMP_BLOCK_SIZE * IMP_BLOCK_SIZE;
}

ImpArena *
imp_client_sharing_begin (ImpLink *link, const ImpMessage *set_version, gsize max_size,
                          const char *name, GError **error)
{
  gsize size = client_sharing_get_size (set_version, max_size);
  const ImpMessage share = { .op = IMP_OP_SHARE, .block = size, .position = IMP_BLOCK_SIZE };
  g_autoptr (GError) failure = NULL;
  g_autoptr (ImpArena) arena = NULL;

  if (size == 0 || !imp_protocol_has_feature (set_version, IMP_FEATURE_SHM))
    return NULL;
  arena = imp_arena_new (size, &failure);
  if (arena == NULL)
    {
      imp_log_message ("Input for %s goes through the socket: %s", name, failure->message);
      return NULL;
    }
  imp_link_attach_descriptor (link, imp_arena_steal_fd (arena));
  if (!imp_link_send (link, &share, error))
    return NULL;
  return g_steal_pointer (&arena);
}

void
imp_client_sharing_end (ImpArena **arena)
{
  ImpArena *ended = g_steal_pointer (arena);

  if (ended == NULL)
    return;
  imp_arena_close (ended);
  imp_arena_unref (ended);
}

gboolean
imp_client_sharing_send (ImpArena *arena, ImpLink *link, gint64 id, ImpDirection direction,
                         const ImpView *data, gint64 offset, gint32 data_type, GError **error)
{
  guint block, position;
  ImpMessage message;

  if (data->length < IMP_ARENA_LEAST
      || !imp_arena_find (arena, data->data, data->length, &block, &position))
    return imp_link_send_data (link, id, direction, data, offset, data_type, error);
  message = (ImpMessage){
    .op = IMP_OP_SHARED_DATA,
    .id = id,
    .direction = direction,
    .offset = offset,
    .data_type = data_type,
    .block = block,
    .position = position,
    .length = data->length,
  };
  if (!imp_link_send (link, &message, error))
    return FALSE;
  imp_arena_lend (arena, block);
  return TRUE;
}

gboolean
imp_client_sharing_take_release (ImpArena *arena, const ImpMessage *message, GError **error)
{
  if (arena != NULL && imp_arena_give_back (arena, message->block, message->length))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "the server gave block %" G_GINT64_FORMAT " of the shared memory back, "
               "%" G_GINT64_FORMAT " times, which is more often than it was lent",
               message->block, message->length);
  return FALSE;
}
