/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-sharing-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "io/imp-descriptor-closer-private.h"
#include "io/imp-mapping-private.h"
#include "rpc/imp-protocol-private.h"

#include <unistd.h>

/* Of the memory, what kept bytes may pin: else a client would get nothing back from a plugin that
 * keeps much. */
#define PINNED_SHARE 2

void
imp_server_sharing_clear (ImpServerSharing *self)
{
  imp_source_clear (&self->source);
  g_clear_pointer (&self->copy, g_bytes_unref);
  g_clear_pointer (&self->mapping, imp_mapping_unref);
}

void
imp_server_sharing_consider (ImpServerSharing *self, ImpLink *link, const ImpMessage *set_version,
                             const ImpSharedMemoryOptions *options)
{
  gboolean possible = set_version->version >= 2
                      && imp_protocol_has_feature (set_version, IMP_FEATURE_SHM)
                      && imp_shared_memory_is_possible (options->mode, link);

  self->link = link;
  self->max_size = possible ? options->max_size : 0;
  imp_transport_set_takes_descriptors (imp_link_get_transport (link), possible);
}

/* Where it cannot be sent the connection has ended. */
static void
server_sharing_release_all (ImpServerSharing *self)
{
  guint block, n;

  while (imp_mapping_next_free (self->mapping, &block, &n))
    {
      const ImpMessage release = { .op = IMP_OP_RELEASE, .block = block, .length = n };

      imp_link_send (self->link, &release, NULL);
    }
}

/* A plugin may run a loop while it is called: the view that it has must not be given back from
 * there. */
static gboolean
server_sharing_on_late (gpointer user_data)
{
  ImpServerSharing *self = user_data;

  g_source_set_ready_time (self->source, -1);
  if (!self->attended)
    server_sharing_release_all (self);
  return G_SOURCE_CONTINUE;
}

/* From any thread. */
static void
server_sharing_wake (gpointer source)
{
  g_source_set_ready_time (source, 0);
}

static gboolean
server_sharing_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs server_sharing_source_funcs = { .dispatch = server_sharing_dispatch };

static GSource *
server_sharing_make_source (ImpServerSharing *self, GMainContext *context)
{
  GSource *source = g_source_new (&server_sharing_source_funcs, sizeof (GSource));

  g_source_set_static_name (source, "imp shared memory");
  g_source_set_callback (source, server_sharing_on_late, self, NULL);
  g_source_attach (source, context);
  return source;
}

/* Takes the descriptor that came with the message. */
static ImpMapping *
server_sharing_map (ImpServerSharing *self, gint64 size, gint64 block_size, GSource *source,
                    GError **error)
{
  int fd = imp_transport_steal_descriptor (imp_link_get_transport (self->link));
  ImpMapping *mapping;

  self->has_stray = FALSE;
  if (fd < 0)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "A share came without the descriptor of what is shared");
      return NULL;
    }
  mapping = imp_mapping_new (fd, size, block_size, self->max_size, MAX (size, 0) / PINNED_SHARE,
                             server_sharing_wake, source, (GDestroyNotify) g_source_unref, error);
  /* Only of memory that is as it has to be it is known that this takes no time. */
  if (mapping != NULL)
    close (fd);
  else
    imp_descriptor_closer_take (&fd, 1);
  return mapping;
}

gboolean
imp_server_sharing_begin (ImpServerSharing *self, const ImpMessage *share, GMainContext *context,
                          GError **error)
{
  GSource *source;

  if (self->max_size == 0 || self->mapping != NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           self->mapping != NULL
                             ? "A second share came, and there can be one"
                             : "A share came, and was not asked for (feature shm)");
      return FALSE;
    }
  source = server_sharing_make_source (self, context);
  self->mapping = server_sharing_map (self, share->block, share->position, source, error);
  if (self->mapping == NULL)
    {
      g_source_destroy (source);
      g_source_unref (source);
      return FALSE;
    }
  self->source = g_source_ref (source);
  imp_transport_set_takes_descriptors (imp_link_get_transport (self->link), FALSE);
  return TRUE;
}

gboolean
imp_server_sharing_take (ImpServerSharing *self, const ImpMessage *shared_data,
                         const ImpHostedAnalyzer *analyzer, ImpView *view, GError **error)
{
  g_clear_pointer (&self->copy, g_bytes_unref);
  if (self->mapping == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "A shared_data came, and nothing is shared");
      return FALSE;
    }
  if (!self->attended)
    {
      self->attended = TRUE;
      imp_mapping_set_attended (self->mapping, TRUE);
    }
  if (!imp_mapping_take (self->mapping, shared_data->block, shared_data->position,
                         shared_data->length, view, error))
    return FALSE;
  if (analyzer != NULL && imp_hosted_analyzer_wants_stable_input (analyzer))
    {
      self->copy = g_bytes_new (view->data, view->length);
      *view = imp_view_of_bytes (self->copy);
    }
  return TRUE;
}

/* That of a message which is not whole yet may have come with a part of it. */
static void
server_sharing_drop_stray (ImpServerSharing *self)
{
  ImpTransport *transport = imp_link_get_transport (self->link);

  if (self->has_stray)
    imp_transport_drop_descriptor (transport);
  self->has_stray = imp_transport_has_descriptor (transport);
}

gboolean
imp_server_sharing_update (ImpServerSharing *self)
{
  if (self->max_size > 0 && imp_transport_has_descriptor (imp_link_get_transport (self->link)))
    server_sharing_drop_stray (self);
  if (G_LIKELY (!self->attended))
    return FALSE;
  g_clear_pointer (&self->copy, g_bytes_unref);
  server_sharing_release_all (self);
  self->attended = FALSE;
  imp_mapping_set_attended (self->mapping, FALSE);
  return TRUE;
}
