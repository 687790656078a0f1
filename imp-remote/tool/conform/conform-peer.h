/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-link.h"

G_BEGIN_DECLS

/* What is tested: a server that we connect to, or a provider that connects to us. */
typedef struct _ConformPeer ConformPeer;

/* What a server's certificate is checked by, and what is shown to it; NULL: nothing. */
typedef struct
{
  const char *ca;
  const char *certificate;
  const char *key;
  const char *name;
} ConformTls;

/* %IMP_ERROR_SETTINGS if that is no address to connect to. */
ConformPeer *conform_peer_new_server (const char *address, const ConformTls *tls, GError **error);
/* Listens at once, and prints where. */
ConformPeer *conform_peer_new_provider (const char *address, gboolean insecure, GError **error);
void conform_peer_free (ConformPeer *self);

/* A connection of its own. For a provider, the next one that has come or comes by @until. */
ConformLink *conform_peer_open (ConformPeer *self, gint64 until, GError **error);
/* So many there were. */
/* Is the server there at all? */
gboolean conform_peer_check (ConformPeer *self, gint64 until, GError **error);
guint conform_peer_get_n_connections (const ConformPeer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConformPeer, conform_peer_free)

G_END_DECLS
