/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-settings-private.h"

#include "core/imp-error.h"
#include "rpc/client/imp-pool-names-private.h"
#include "rpc/client/imp-service-private.h"

#include <string.h>

/* All of them. */
static GPtrArray *
pool_settings_list_addresses (const ImpPoolSettings *self)
{
  GPtrArray *texts = g_ptr_array_new ();

  if (self->address != NULL)
    g_ptr_array_add (texts, self->address);
  for (guint i = 0; self->addresses != NULL && self->addresses[i] != NULL; i++)
    g_ptr_array_add (texts, self->addresses[i]);
  if (texts->len == 0)
    g_ptr_array_add (texts, (gpointer) "");
  return texts;
}

/* What is set for TLS must not be in vain. */
static gboolean
pool_settings_check_tls (const ImpPoolSettings *self, const ImpAddress *address, const char *text,
                         GError **error)
{
  const char *set = self->tls_name != NULL ? "tls-name" : NULL;

  if (address->tls)
    return imp_tls_credentials_load (self->tls, error);
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    if (imp_tls_credentials_get_file (self->tls, i) != NULL)
      set = self->tls_file_names[i];
  if (set == NULL)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "%s is set, but the address \"%s\" does not begin with \"tls://\"", set, text);
  return FALSE;
}

/* --- services --- */

#define SERVICE_PREFIX "srv:"
#define SERVICE_PROTOCOL "_tcp."

/* @text: the whole, for errors; @name: what stands behind the prefix. What it has is a
 * connectable for any of its servers. */
static ImpAddress *
pool_settings_parse_service (const char *text, const char *name, gboolean tls,
                             GSocketConnectable **target, GError **error)
{
  const char *dot = strchr (name, '.');
  const char *domain = dot != NULL ? dot + 1 + strlen (SERVICE_PROTOCOL) : NULL;
  ImpAddress *address;
  g_autofree char *service = NULL, *shown = NULL;

  if (dot == NULL || name[0] != '_' || dot == name + 1
      || !g_str_has_prefix (dot + 1, SERVICE_PROTOCOL) || *domain == '\0'
      || strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
           < strlen (name))
    {
      shown = g_strescape (text, NULL);
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "The address \"%s\" is no service: one is " SERVICE_PREFIX
                   "_SERVICE._tcp.DOMAIN, with or without tls:// in front",
                   shown);
      return NULL;
    }
  service = g_strndup (name + 1, dot - name - 1);
  *target = imp_service_new (service, domain);
  address = g_new0 (ImpAddress, 1);
  address->kind = IMP_ADDRESS_TCP;
  address->host = g_strdup (domain);
  address->tls = tls;
  address->fd = -1;
  return address;
}

ImpAddress *
imp_pool_settings_parse (const char *text, GSocketConnectable **target, GError **error)
{
  gboolean tls = g_ascii_strncasecmp (text, IMP_ADDRESS_TLS_PREFIX, strlen (IMP_ADDRESS_TLS_PREFIX))
                 == 0;
  const char *rest = tls ? text + strlen (IMP_ADDRESS_TLS_PREFIX) : text;
  g_autoptr (ImpAddress) address = NULL;

  if (g_str_has_prefix (rest, SERVICE_PREFIX))
    return pool_settings_parse_service (text, rest + strlen (SERVICE_PREFIX), tls, target, error);
  address = imp_address_parse (text, error);
  if (address != NULL)
    *target = imp_address_to_connectable (address, error);
  return address != NULL && *target != NULL ? g_steal_pointer (&address) : NULL;
}

/* --- what is set --- */

/* NULL if it can never connect, for what it is called. */
static ImpAddress *
pool_settings_parse_address (const ImpPoolSettings *self, const char *text,
                             GSocketConnectable **target, GError **error)
{
  g_autoptr (ImpAddress) address = imp_pool_settings_parse (text, target, error);

  if (address == NULL || !pool_settings_check_tls (self, address, text, error))
    return NULL;
  return g_steal_pointer (&address);
}

#define HASH_PREFIX "hash="

/* @key points into the setting. */
static gboolean
pool_settings_parse_balance (const ImpPoolSettings *self, ImpPoolBalance *balance, const char **key,
                             GError **error)
{
  const char *text = self->balance != NULL ? self->balance : "";

  *key = NULL;
  if (g_str_equal (text, "two-choices"))
    *balance = IMP_POOL_TWO_CHOICES;
  else if (g_str_equal (text, "first"))
    *balance = IMP_POOL_FIRST;
  else if (g_str_has_prefix (text, HASH_PREFIX) && text[strlen (HASH_PREFIX)] != '\0')
    {
      *balance = IMP_POOL_HASH;
      *key = text + strlen (HASH_PREFIX);
    }
  else
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "The balance \"%s\" is none of two-choices, hash=KEY and first", text);
      return FALSE;
    }
  return TRUE;
}

/* Until it is known which servers there are, the service itself stands for them: whatever comes
 * waits for a connection to one of them. */
static void
pool_settings_watch_service (const ImpPoolSettings *self, ImpPool *pool, GMainContext *context,
                             ImpPoolServer *server)
{
  ImpService *service = IMP_SERVICE (server->target);

  server->group = imp_pool_get_n_servers (pool) + 1;
  imp_pool_add_server (pool, server, self->n_connections);
  imp_pool_names_watch (pool, context,
                        &(ImpPoolNamesOptions){
                          .service = imp_service_get_service (service),
                          .domain = imp_service_get_domain (service),
                          .group = server->group,
                          .n_connections = self->n_connections,
                          .interval = self->refresh,
                          .tls = server->tls,
                        });
}

static gboolean
pool_settings_add_address (const ImpPoolSettings *self, ImpPool *pool, GMainContext *context,
                           const char *text, GError **error)
{
  g_autoptr (GSocketConnectable) target = NULL;
  g_autoptr (ImpAddress) address = pool_settings_parse_address (self, text, &target, error);
  ImpPoolServer server = { .name = text, .target = target };
  ImpClientTls tls = { self->tls, self->tls_name, 0 };

  if (address == NULL)
    return FALSE;
  if (address->tls)
    {
      tls.name = self->tls_name != NULL ? self->tls_name : address->host;
      tls.port = address->port;
      server.tls = &tls;
    }
  if (IMP_IS_SERVICE (target))
    pool_settings_watch_service (self, pool, context, &server);
  else
    imp_pool_add_server (pool, &server, self->n_connections);
  return TRUE;
}

static gboolean
pool_settings_check_number (GPtrArray *addresses, guint n_connections, GError **error)
{
  if (addresses->len <= IMP_POOL_SERVERS_MAX
      && addresses->len * n_connections <= IMP_POOL_CHANNELS_MAX)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "There are %u addresses with %u connections to each; at most %d addresses and %d "
               "connections are possible",
               addresses->len, n_connections, IMP_POOL_SERVERS_MAX, IMP_POOL_CHANNELS_MAX);
  return FALSE;
}

gboolean
imp_pool_settings_fill (const ImpPoolSettings *self, ImpPool *pool, GMainContext *context,
                        GError **error)
{
  g_autoptr (GPtrArray) texts = pool_settings_list_addresses (self);
  ImpPoolBalance balance;
  const char *key;

  if (!pool_settings_parse_balance (self, &balance, &key, error)
      || !pool_settings_check_number (texts, self->n_connections, error))
    return FALSE;
  imp_pool_set_balance (pool, balance, key);
  for (guint i = 0; i < texts->len; i++)
    if (!pool_settings_add_address (self, pool, context, texts->pdata[i], error))
      return FALSE;
  return TRUE;
}

void
imp_pool_settings_validate (const ImpPoolSettings *self, GPtrArray *errors)
{
  g_autoptr (GPtrArray) texts = pool_settings_list_addresses (self);
  g_autoptr (GError) balance_error = NULL, number_error = NULL;
  ImpPoolBalance balance;
  const char *key;

  for (guint i = 0; i < texts->len; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocketConnectable) target = NULL;
      g_autoptr (ImpAddress) address = pool_settings_parse_address (self, texts->pdata[i], &target,
                                                                    &error);

      if (address == NULL)
        g_ptr_array_add (errors, g_strdup (error->message));
    }
  if (!pool_settings_parse_balance (self, &balance, &key, &balance_error))
    g_ptr_array_add (errors, g_strdup (balance_error->message));
  if (!pool_settings_check_number (texts, self->n_connections, &number_error))
    g_ptr_array_add (errors, g_strdup (number_error->message));
}
