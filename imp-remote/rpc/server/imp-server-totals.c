/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-totals-private.h"

static const char *const refusal_names[] = {
  [IMP_SERVER_REFUSAL_HANDSHAKE_TIMEOUT] = "handshake-timeout",
  [IMP_SERVER_REFUSAL_MALFORMED] = "malformed",
  [IMP_SERVER_REFUSAL_MAX_ANALYZERS] = "max-analyzers",
  [IMP_SERVER_REFUSAL_MAX_CONNECTIONS] = "max-connections",
  [IMP_SERVER_REFUSAL_MAX_CONTEXT_ALL] = "max-context-all",
  [IMP_SERVER_REFUSAL_MAX_HELD] = "max-held",
  [IMP_SERVER_REFUSAL_MAX_HELD_ALL] = "max-held-all",
  [IMP_SERVER_REFUSAL_MAX_IDLE] = "max-idle",
  [IMP_SERVER_REFUSAL_MAX_MEMORY] = "max-memory",
  [IMP_SERVER_REFUSAL_MAX_OUTPUT] = "max-output",
  [IMP_SERVER_REFUSAL_MESSAGE_TIMEOUT] = "message-timeout",
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

static ImpServerAccount *
server_totals_find_payer (const ImpServerTotals *self, ImpServerAccount *wants)
{
  ImpServerAccount *payer = wants;

  if (wants->memory > self->max_memory / self->accounts.length)
    return wants;
  for (GList *l = self->accounts.head; l != NULL; l = l->next)
    if (((ImpServerAccount *) l->data)->memory > payer->memory)
      payer = l->data;
  return payer;
}

void
imp_server_account_open (ImpServerAccount *self, ImpServerTotals *totals,
                         const ImpServerAccountFuncs *funcs)
{
  self->totals = totals;
  self->memory = 0;
  self->funcs = funcs;
  self->node.data = self;
  g_queue_push_tail_link (&totals->accounts, &self->node);
}

void
imp_server_account_close (ImpServerAccount *self)
{
  if (self->totals == NULL)
    return;
  self->totals->memory -= self->memory;
  g_queue_unlink (&self->totals->accounts, &self->node);
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
