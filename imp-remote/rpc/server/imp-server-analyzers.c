/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-analyzers-private.h"

/* --- who pays --- */

static ImpServerAnalyzers *
server_analyzers_of_account (ImpServerAccount *account)
{
  return (ImpServerAnalyzers *) imp_analyzer_host_of_account (account);
}

static gsize
server_analyzers_get_memory (const ImpServerAnalyzers *self, const ImpHostedAnalyzer *analyzer)
{
  return imp_server_analyzers_is_ignored (self, analyzer)
           ? IMP_IGNORED_ANALYZER_MEMORY
           : imp_hosted_analyzer_get_memory (analyzer);
}

/* An analyzer that takes no less than the others do on average: of many that each have little, one
 * as good as any. */
static ImpHostedAnalyzer *
server_analyzers_find_average (ImpServerAnalyzers *self, gint64 *id)
{
  gsize all = self->host.account.memory - self->alone;
  gsize average = all / MAX (self->table.n_values, 1);
  ImpHostedAnalyzer *analyzer;

  do
    analyzer = imp_id_table_next (&self->table, &self->cursor, id);
  while (analyzer != NULL && server_analyzers_get_memory (self, analyzer) < average);
  return analyzer;
}

/* The analyzer that has most is ended, or the connection, if that is what takes most. */
static void
server_analyzers_pay (ImpServerAccount *account)
{
  ImpServerAnalyzers *self = server_analyzers_of_account (account);
  ImpHostedAnalyzer *analyzer = NULL;
  gint64 id = 0;

  if (self->alone < account->memory - self->alone)
    {
      analyzer = imp_analyzer_host_find_hoarder (&self->host, NULL);
      if (analyzer != NULL)
        id = imp_hosted_analyzer_get_id (analyzer);
      else
        analyzer = server_analyzers_find_average (self, &id);
    }
  if (analyzer != NULL)
    imp_analyzer_host_have_pay (&self->host, id, server_analyzers_get_memory (self, analyzer));
  else
    self->host.funcs->pay (&self->host);
}

static void
server_analyzers_hold (ImpServerAccount *account)
{
  ImpAnalyzerHost *host = &server_analyzers_of_account (account)->host;

  host->funcs->hold (host);
}

static void
server_analyzers_release (ImpServerAccount *account)
{
  ImpAnalyzerHost *host = &server_analyzers_of_account (account)->host;

  host->funcs->release (host);
}

static const ImpServerAccountFuncs account_funcs = {
  .pay = server_analyzers_pay,
  .hold = server_analyzers_hold,
  .release = server_analyzers_release,
};

void
imp_server_analyzers_set_alone (ImpServerAnalyzers *self, gsize bytes)
{
  imp_server_account_add (&self->host.account, bytes - self->alone);
  self->alone = bytes;
}

void
imp_server_analyzers_check (ImpServerAnalyzers *self)
{
  imp_server_account_check (&self->host.account);
}

/* --- beginning and end --- */

static gboolean
server_analyzers_may_feed (gpointer user_data)
{
  ImpAnalyzerHost *host = user_data;

  return host->funcs->may_send (host);
}

static const ImpServerInputFuncs input_funcs = {
  .may_feed = server_analyzers_may_feed,
  .take_turn = imp_hosted_analyzer_take_input_turn,
};

void
imp_server_analyzers_init (ImpServerAnalyzers *self, const ImpServerAnalyzersLimits *limits,
                           const ImpAnalyzerHostFuncs *funcs, ImpServerTotals *totals,
                           const char *peer)
{
  gsize max_waiting = MIN (limits->max_waiting, limits->max_held / 8);

  *self = (ImpServerAnalyzers){ .limits = *limits };
  self->host.funcs = funcs;
  self->host.max_held = limits->max_held;
  self->host.max_output = limits->max_output;
  self->host.max_held_all = limits->max_held_all;
  self->host.input = imp_server_input_new (max_waiting, &input_funcs, &self->host);
  self->host.output = imp_server_turns_new (imp_hosted_analyzer_take_output_turn);
  imp_server_account_open (&self->host.account, totals, peer, &account_funcs);
  imp_id_table_init (&self->table);
}

void
imp_server_analyzers_clear (ImpServerAnalyzers *self)
{
  imp_server_account_close (&self->host.account);
  imp_server_input_free (self->host.input);
  imp_server_turns_unref (self->host.output);
}

void
imp_server_analyzers_start (ImpServerAnalyzers *self, GMainContext *context)
{
  imp_server_input_start (self->host.input, context);
  imp_server_turns_start (self->host.output, context);
}

void
imp_server_analyzers_end (ImpServerAnalyzers *self)
{
  imp_server_input_stop (self->host.input);
  imp_server_turns_stop (self->host.output);
  imp_server_analyzers_remove_all (self);
  imp_server_account_close (&self->host.account);
}

/* What waits to be sent goes first. */
void
imp_server_analyzers_resume (ImpServerAnalyzers *self)
{
  imp_server_turns_resume (self->host.output);
  imp_server_input_resume (self->host.input);
}

/* --- one of them --- */

/* All that the peer has. */
static char *
server_analyzers_check_peer (ImpServerAnalyzers *self)
{
  const ImpServerPeer *peer = self->host.account.peer;

  if (peer == NULL || peer->n_analyzers < peer->totals->max_analyzers_per_peer)
    return NULL;
  imp_server_analyzers_count_refusal (self, IMP_SERVER_REFUSAL_MAX_ANALYZERS_PER_PEER);
  return g_strdup_printf ("%s has %u analyzers already (max-analyzers-per-peer is %u)",
                          imp_server_peer_get_title (peer), peer->n_analyzers,
                          peer->totals->max_analyzers_per_peer);
}

/* Why there cannot be another one within the limits; NULL if there can. */
static char *
server_analyzers_check_limits (ImpServerAnalyzers *self, gsize context_size)
{
  const ImpServerAnalyzersLimits *limits = &self->limits;

  if (self->table.n_values >= limits->max_analyzers)
    {
      imp_server_analyzers_count_refusal (self, IMP_SERVER_REFUSAL_MAX_ANALYZERS);
      return g_strdup_printf ("there are %u analyzers already (max-analyzers)",
                              limits->max_analyzers);
    }
  if (context_size > limits->max_context_all - self->contexts)
    {
      imp_server_analyzers_count_refusal (self, IMP_SERVER_REFUSAL_MAX_CONTEXT_ALL);
      return g_strdup_printf ("the contexts of all analyzers would take %" G_GSIZE_FORMAT
                              " bytes (max-context-all is %" G_GSIZE_FORMAT ")",
                              self->contexts + context_size, limits->max_context_all);
    }
  return server_analyzers_check_peer (self);
}

static char *
server_analyzers_check_memory (ImpServerAnalyzers *self, gsize context_size)
{
  ImpServerAccount *account = &self->host.account;

  if (imp_server_account_make_room (account, IMP_HOSTED_ANALYZER_MEMORY + context_size))
    return NULL;
  if (account->totals == NULL)
    return g_strdup ("the connection has ended");
  imp_server_analyzers_count_refusal (self, IMP_SERVER_REFUSAL_MAX_MEMORY);
  return g_strdup_printf ("all that the server keeps takes %" G_GSIZE_FORMAT
                          " bytes (max-memory is %" G_GSIZE_FORMAT ")",
                          account->totals->memory, account->totals->max_memory);
}

char *
imp_server_analyzers_check_new (ImpServerAnalyzers *self, gint64 id, gsize context_size,
                                gboolean *overload)
{
  char *text = NULL;

  *overload = imp_server_analyzers_look_up (self, id) == NULL;
  if (!*overload)
    return g_strdup_printf ("there is an analyzer %" G_GINT64_FORMAT " already", id);
  text = server_analyzers_check_limits (self, context_size);
  return text != NULL ? text : server_analyzers_check_memory (self, context_size);
}

static void
server_analyzers_insert (ImpServerAnalyzers *self, gint64 id, gpointer value)
{
  self->host.account.peer->n_analyzers++;
  self->host.account.totals->n_analyzers++;
  imp_id_table_insert (&self->table, id, value);
}

void
imp_server_analyzers_add (ImpServerAnalyzers *self, gint64 id, ImpAnalyzer *analyzer,
                          gsize context_size)
{
  ImpHostedAnalyzer *hosted = imp_hosted_analyzer_new (&self->host, id, analyzer, context_size);

  self->contexts += context_size;
  server_analyzers_insert (self, id, hosted);
  imp_hosted_analyzer_start (hosted);
}

static void
server_analyzers_count_ignored (ImpServerAnalyzers *self, guint n)
{
  imp_server_account_add (&self->host.account,
                          ((gsize) n - self->n_ignored) * IMP_IGNORED_ANALYZER_MEMORY);
  self->n_ignored = n;
}

void
imp_server_analyzers_add_ignored (ImpServerAnalyzers *self, gint64 id)
{
  server_analyzers_count_ignored (self, self->n_ignored + 1);
  server_analyzers_insert (self, id, self);
}

void
imp_server_analyzers_remove (ImpServerAnalyzers *self, gint64 id)
{
  ImpHostedAnalyzer *analyzer = imp_id_table_remove (&self->table, id);

  if (analyzer == NULL)
    return;
  self->host.account.peer->n_analyzers--;
  if (imp_server_analyzers_is_ignored (self, analyzer))
    {
      server_analyzers_count_ignored (self, self->n_ignored - 1);
      return;
    }
  self->contexts -= imp_hosted_analyzer_get_context_size (analyzer);
  imp_hosted_analyzer_remove (analyzer);
}

void
imp_server_analyzers_remove_all (ImpServerAnalyzers *self)
{
  g_autoptr (GPtrArray) analyzers = imp_id_table_get_values (&self->table);

  if (analyzers->len > 0)
    self->host.account.peer->n_analyzers -= analyzers->len;
  if (self->n_ignored > 0)
    server_analyzers_count_ignored (self, 0);
  imp_id_table_clear (&self->table);
  self->contexts = 0;
  for (guint i = 0; i < analyzers->len; i++)
    if (!imp_server_analyzers_is_ignored (self, analyzers->pdata[i]))
      imp_hosted_analyzer_remove (analyzers->pdata[i]);
}

void
imp_server_analyzers_fail_all (ImpServerAnalyzers *self, const char *text)
{
  gsize cursor = 0;
  gint64 id;

  while (imp_id_table_next (&self->table, &cursor, &id) != NULL)
    self->host.funcs->fail (&self->host, id, text);
}
