/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-totals-private.h"

#include "core/imp-log-private.h"

static const char *const refusal_names[] = {
  [IMP_SERVER_REFUSAL_DENIED] = "denied",
  [IMP_SERVER_REFUSAL_HANDSHAKE_TIMEOUT] = "handshake-timeout",
  [IMP_SERVER_REFUSAL_MALFORMED] = "malformed",
  [IMP_SERVER_REFUSAL_MAX_ANALYZERS] = "max-analyzers",
  [IMP_SERVER_REFUSAL_MAX_ANALYZERS_PER_PEER] = "max-analyzers-per-peer",
  [IMP_SERVER_REFUSAL_MAX_CONNECTIONS] = "max-connections",
  [IMP_SERVER_REFUSAL_MAX_CONNECTIONS_PER_PEER] = "max-connections-per-peer",
  [IMP_SERVER_REFUSAL_MAX_CONTEXT_ALL] = "max-context-all",
  [IMP_SERVER_REFUSAL_MAX_HANDSHAKES] = "max-handshakes",
  [IMP_SERVER_REFUSAL_MAX_HELD] = "max-held",
  [IMP_SERVER_REFUSAL_MAX_HELD_ALL] = "max-held-all",
  [IMP_SERVER_REFUSAL_MAX_HELD_PER_PEER] = "max-held-per-peer",
  [IMP_SERVER_REFUSAL_MAX_IDLE] = "max-idle",
  [IMP_SERVER_REFUSAL_MAX_MEMORY] = "max-memory",
  [IMP_SERVER_REFUSAL_MAX_OUTPUT] = "max-output",
  [IMP_SERVER_REFUSAL_MAX_SILENCE] = "max-silence",
  [IMP_SERVER_REFUSAL_MESSAGE_TIMEOUT] = "message-timeout",
  [IMP_SERVER_REFUSAL_TLS] = "tls",
};

G_STATIC_ASSERT (G_N_ELEMENTS (refusal_names) == IMP_N_SERVER_REFUSALS);

GVariant *
imp_server_totals_describe_refusals (const ImpServerTotals *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{st}"));
  for (guint i = 0; i < IMP_N_SERVER_REFUSALS; i++)
    g_variant_builder_add (&builder, "{st}", refusal_names[i], self->n_refusals[i]);
  return g_variant_builder_end (&builder);
}

guint64
imp_server_totals_count_held (const ImpServerTotals *self)
{
  guint64 held = 0;

  for (GList *l = self->peers.head; l != NULL; l = l->next)
    held += ((ImpServerPeer *) l->data)->held;
  return held;
}

void
imp_server_account_note_tls (ImpServerAccount *self, const GError *error)
{
  guint64 n;

  imp_server_account_count_refusal (self, IMP_SERVER_REFUSAL_TLS);
  n = self->totals != NULL ? imp_log_limit_note (&self->totals->tls_log) : 0;
  if (n > 0)
    imp_log_message ("A client (%s) is refused: %s (%" G_GUINT64_FORMAT " of them)",
                     self->peer->name != NULL ? self->peer->name : "nobody knows who",
                     error->message, n);
}

/* --- peers --- */

ImpServerPeer *
imp_server_totals_look_up_peer (const ImpServerTotals *self, const char *name)
{
  return name != NULL && self->names != NULL ? g_hash_table_lookup (self->names, name) : NULL;
}

static ImpServerPeer *
server_peer_new (ImpServerTotals *totals, const char *name)
{
  ImpServerPeer *self = g_new0 (ImpServerPeer, 1);

  self->totals = totals;
  self->name = g_strdup (name);
  self->node.data = self;
  g_queue_push_tail_link (&totals->peers, &self->node);
  if (name == NULL)
    return self;
  if (totals->names == NULL)
    totals->names = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (totals->names, self->name, self);
  return self;
}

static void
server_peer_free (ImpServerPeer *self)
{
  ImpServerTotals *totals = self->totals;

  g_assert (self->accounts.length == 0 && self->n_analyzers == 0 && self->held == 0);
  g_queue_unlink (&totals->peers, &self->node);
  if (self->name != NULL)
    g_hash_table_remove (totals->names, self->name);
  if (totals->names != NULL && g_hash_table_size (totals->names) == 0)
    g_clear_pointer (&totals->names, g_hash_table_unref);
  g_free (self->name);
  g_free (self);
}

/* Only where somebody has to pay, so that it is not kept. */
static gsize
server_peer_get_memory (const ImpServerPeer *self)
{
  gsize memory = 0;

  for (GList *l = self->accounts.head; l != NULL; l = l->next)
    memory += ((ImpServerAccount *) l->data)->memory;
  return memory;
}

/* --- who pays --- */

/* The one that takes most, and more than @otherwise. */
static ImpServerPeer *
server_totals_find_dearest (const ImpServerTotals *self, ImpServerPeer *otherwise, gsize memory)
{
  ImpServerPeer *dearest = otherwise;

  for (GList *l = self->peers.head; l != NULL; l = l->next)
    {
      gsize taken = server_peer_get_memory (l->data);

      if (taken > memory)
        {
          dearest = l->data;
          memory = taken;
        }
    }
  return dearest;
}

static ImpServerAccount *
server_peer_find_dearest (const ImpServerPeer *self, ImpServerAccount *otherwise)
{
  ImpServerAccount *dearest = otherwise;

  for (GList *l = self->accounts.head; l != NULL; l = l->next)
    if (dearest == NULL || ((ImpServerAccount *) l->data)->memory > dearest->memory)
      dearest = l->data;
  return dearest;
}

static ImpServerAccount *
server_totals_find_payer (const ImpServerTotals *self, ImpServerAccount *wants)
{
  const gsize share = self->max_memory / self->peers.length;
  const gsize memory = server_peer_get_memory (wants->peer);
  ImpServerPeer *peer = wants->peer;

  if (memory <= share)
    peer = server_totals_find_dearest (self, peer, memory);
  if (peer != wants->peer)
    return server_peer_find_dearest (peer, NULL);
  if (wants->memory > share / peer->accounts.length)
    return wants;
  return server_peer_find_dearest (peer, wants);
}

void
imp_server_account_open (ImpServerAccount *self, ImpServerTotals *totals, const char *peer,
                         const ImpServerAccountFuncs *funcs)
{
  self->peer = imp_server_totals_look_up_peer (totals, peer);
  if (self->peer == NULL)
    self->peer = server_peer_new (totals, peer);
  self->totals = totals;
  self->memory = 0;
  self->funcs = funcs;
  self->node.data = self;
  g_queue_push_tail_link (&self->peer->accounts, &self->node);
}

void
imp_server_account_close (ImpServerAccount *self)
{
  if (self->totals == NULL)
    return;
  self->totals->memory -= self->memory;
  g_queue_unlink (&self->peer->accounts, &self->node);
  if (self->peer->accounts.length == 0)
    server_peer_free (self->peer);
  self->peer = NULL;
  self->totals = NULL;
}

/* FALSE if that was in vain, or @self is closed. */
static gboolean
server_account_have_pay (ImpServerAccount *self, ImpServerAccount *payer)
{
  gsize before = self->totals->memory;

  payer->funcs->pay (payer);
  return self->totals != NULL && self->totals->memory < before;
}

gboolean
imp_server_account_make_room_slow (ImpServerAccount *self, gsize size)
{
  gboolean goes_on = TRUE;

  self->funcs->hold (self);
  while (goes_on && !imp_server_totals_fits (self->totals, size))
    {
      ImpServerAccount *payer = server_totals_find_payer (self->totals, self);

      goes_on = payer != self && server_account_have_pay (self, payer);
    }
  self->funcs->release (self);
  return goes_on;
}

void
imp_server_account_check_slow (ImpServerAccount *self)
{
  gboolean goes_on = TRUE;

  self->funcs->hold (self);
  while (goes_on && !imp_server_totals_fits (self->totals, 0))
    goes_on = server_account_have_pay (self, server_totals_find_payer (self->totals, self));
  self->funcs->release (self);
}
