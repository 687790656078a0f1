/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-refused-private.h"

#include "core/imp-source-private.h"

/* Within which a client has to say something; it says its version without waiting. */
#define TIMEOUT_MS 1000
/* Of what it says no more is kept; a version is shorter. */
#define MESSAGE_MAX (64 * 1024)

struct _ImpServerRefused
{
  ImpLink *link;
  char *reason;
  GSource *timeout;
  ImpServerRefusedFunc ended;
  gpointer user_data;
  gboolean told;
};

/* Without a greeting, so that nobody takes this for a server that was there and is lost. What
 * cannot be sent would be no help either: it ends in any case. */
static void
server_refused_tell (ImpServerRefused *self)
{
  ImpMessage exception = { .op = IMP_OP_EXCEPTION, .text = self->reason };

  if (self->told)
    return;
  self->told = TRUE;
  imp_source_clear (&self->timeout);
  imp_link_send (self->link, &exception, NULL);
  imp_link_finish (self->link);
}

static void
server_refused_on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  server_refused_tell (user_data);
}

static void
server_refused_on_malformed (ImpLink *link, const ImpMessage *message, const GError *error,
                             gboolean unrecoverable, gpointer user_data)
{
  if (imp_link_get_codec_name (link) != NULL)
    server_refused_tell (user_data);
  else
    imp_link_finish (link);
}

static void
server_refused_on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  ImpServerRefused *self = user_data;

  self->ended (self, self->user_data);
}

static const ImpLinkFuncs refused_link_funcs = {
  .message = server_refused_on_message,
  .malformed = server_refused_on_malformed,
  .closed = server_refused_on_closed,
};

static gboolean
server_refused_on_timeout (gpointer user_data)
{
  ImpServerRefused *self = user_data;

  self->ended (self, self->user_data);
  return G_SOURCE_REMOVE;
}

ImpServerRefused *
imp_server_refused_new (GIOStream *stream, ImpCodec *codec, const ImpWireLimits *limits,
                        GMainContext *context, const char *reason, ImpServerRefusedFunc ended,
                        gpointer user_data, GError **error)
{
  ImpWireLimits narrow = *limits;
  g_autoptr (ImpLink) link = NULL;
  ImpServerRefused *self;

  narrow.max_message = MIN (narrow.max_message, MESSAGE_MAX);
  link = imp_link_new (stream, codec, &narrow, error);
  if (link == NULL)
    return NULL;
  self = g_new0 (ImpServerRefused, 1);
  self->link = g_steal_pointer (&link);
  self->reason = g_strdup (reason);
  self->ended = ended;
  self->user_data = user_data;
  self->timeout = imp_source_add_timeout (context, TIMEOUT_MS, "imp refused",
                                          server_refused_on_timeout, self);
  imp_link_start (self->link, context, &refused_link_funcs, self);
  if (imp_link_greets_first (self->link))
    server_refused_tell (self);
  return self;
}

void
imp_server_refused_free (ImpServerRefused *self)
{
  imp_source_clear (&self->timeout);
  imp_link_close (self->link);
  imp_link_unref (self->link);
  g_free (self->reason);
  g_free (self);
}
