/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-cases.h"

#include "rpc/imp-address-masks-private.h"
#include "tool/relay/relay-host-pattern.h"

#include <string.h>

typedef struct
{
  guint16 first, last;
} RelayPorts;

/* Each of the lists is a condition, unless it is empty: one of it has to hold. */
struct _RelayCase
{
  char *name;
  GPtrArray *clients; /* of GInetAddressMask */
  GPtrArray *servers; /* the same */
  GArray *ports;      /* of RelayPorts */
  GPtrArray *names;   /* of text, see relay_host_pattern_new() */
  GPtrArray *modules;
  char *action; /* what was written, or NULL */
  ImpFactory *factory;
};

/* What is known of a connection by now. */
typedef struct
{
  RelayKnowledge known;
  gboolean asked;       /* known.name is what the client has asked for */
  gboolean more_server; /* the server's address will be known later */
  gboolean more_sni;    /* the same of the name in TLS */
} RelayCaseFacts;

/* MAYBE: it depends on what is not known yet. */
typedef enum
{
  RELAY_NO,
  RELAY_MAYBE,
  RELAY_YES,
} RelayAnswer;

RelayCase *
relay_case_new (const char *name)
{
  RelayCase *self = g_new0 (RelayCase, 1);

  self->name = g_strdup (name);
  self->clients = imp_address_masks_new ();
  self->servers = imp_address_masks_new ();
  self->ports = g_array_new (FALSE, FALSE, sizeof (RelayPorts));
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->modules = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
relay_case_free (RelayCase *self)
{
  g_free (self->name);
  g_ptr_array_unref (self->clients);
  g_ptr_array_unref (self->servers);
  g_array_unref (self->ports);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->modules);
  g_free (self->action);
  g_clear_object (&self->factory);
  g_free (self);
}

/* ---- what it says ---- */

static void
relay_case_add_mask (GPtrArray *masks, const char *option, const char *value)
{
  g_autoptr (GError) error = NULL;

  if (!imp_address_masks_add (masks, value, &error))
    tool_option_error (option, value, error);
}

static void
relay_case_add_client (RelayCase *self, const char *value)
{
  relay_case_add_mask (self->clients, "--client", value);
}

static void
relay_case_add_server (RelayCase *self, const char *value)
{
  relay_case_add_mask (self->servers, "--server", value);
}

static void
relay_case_add_port (RelayCase *self, const char *value)
{
  const char *dash = strchr (value, '-');
  g_autofree char *first = dash != NULL ? g_strndup (value, dash - value) : g_strdup (value);
  guint64 one, other;
  RelayPorts ports;

  if (!g_ascii_string_to_unsigned (first, 10, 1, G_MAXUINT16, &one, NULL)
      || !g_ascii_string_to_unsigned (dash != NULL ? dash + 1 : value, 10, one, G_MAXUINT16, &other,
                                      NULL))
    {
      tool_usage_error ("--port \"%s\": a port from 1 to 65535 is wanted, or FIRST-LAST", value);
      return;
    }
  ports.first = one;
  ports.last = other;
  g_array_append_val (self->ports, ports);
}

static void
relay_case_add_name (RelayCase *self, const char *value)
{
  char *pattern = relay_host_pattern_new (value);

  if (pattern != NULL)
    g_ptr_array_add (self->names, pattern);
  else
    tool_usage_error ("--name \"%s\": it is a host's name, \".NAME\" for all below it as well, "
                      "\"*.NAME\" for those alone, or \"*\" for any",
                      value);
}

static void
relay_case_add_module (RelayCase *self, const char *value)
{
  g_ptr_array_add (self->modules, g_strdup (value));
}

static void
relay_case_set_action (RelayCase *self, const char *value)
{
  static const char *const actions[] = { "skip", "deny", "inspect", NULL };

  if (!g_strv_contains (actions, value))
    tool_usage_error ("--action \"%s\": it is skip, deny or inspect", value);
  g_free (self->action);
  self->action = g_strdup (value);
}

static const struct
{
  const char *name;
  void (*set) (RelayCase *self, const char *value);
} relay_case_keys[] = {
  { "client", relay_case_add_client }, { "server", relay_case_add_server },
  { "port", relay_case_add_port },     { "name", relay_case_add_name },
  { "module", relay_case_add_module }, { "action", relay_case_set_action },
};

gboolean
relay_case_set (RelayCase *self, const char *key, const char *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (relay_case_keys); i++)
    if (g_str_equal (relay_case_keys[i].name, key))
      {
        relay_case_keys[i].set (self, value);
        return TRUE;
      }
  return FALSE;
}

RelayAction
relay_case_get_action (const RelayCase *self)
{
  if (g_strcmp0 (self->action, "skip") == 0)
    return RELAY_ACTION_SKIP;
  return g_strcmp0 (self->action, "deny") == 0 ? RELAY_ACTION_DENY : RELAY_ACTION_INSPECT;
}

int
relay_case_complete (RelayCase *self)
{
  const gboolean inspects = relay_case_get_action (self) == RELAY_ACTION_INSPECT;
  int status = TOOL_DONE;

  if (inspects && self->modules->len == 0)
    return tool_usage_error ("a key \"module\" is wanted, or action=skip or action=deny");
  if (!inspects && self->modules->len > 0)
    return tool_usage_error ("--action \"%s\": no module can be beside it", self->action);
  /* What passes everything lets the bytes go by in the kernel. */
  if (!inspects)
    g_ptr_array_add (self->modules, g_strdup ("pass"));
  g_ptr_array_add (self->modules, NULL);
  self->factory = tool_new_factory_for ((const char *const *) self->modules->pdata,
                                        IMP_DATA_TYPE_STREAM, "a relay", &status);
  return status;
}

int
relay_case_check_route (const RelayCase *self, const RelayRoute *route)
{
  if (self->names->len > 0 && !route->sni && route->kind != RELAY_ROUTE_REQUESTED)
    return tool_usage_error ("--rule \"%s\": its key \"name\" is for sni, socks or http-connect, "
                             "as no client says a name otherwise",
                             self->name);
  if (self->servers->len > 0 && route->ask_first)
    return tool_usage_error ("--rule \"%s\": its key \"server\" cannot be had with ask-first: the "
                             "address may be known only when the server is connected",
                             self->name);
  if (self->servers->len > 0 && route->resolver != NULL)
    return tool_usage_error ("--rule \"%s\": its key \"server\" cannot be had with "
                             "upstream-proxy: only the proxy knows the address",
                             self->name);
  return TOOL_DONE;
}

ImpFactory *
relay_case_get_factory (const RelayCase *self)
{
  return self->factory;
}

const char *const *
relay_case_get_modules (const RelayCase *self)
{
  return (const char *const *) self->modules->pdata;
}

/* ---- which one ---- */

static RelayAnswer
relay_case_match_address (const GPtrArray *masks, GSocketAddress *address, gboolean more)
{
  if (masks->len == 0)
    return RELAY_YES;
  if (address == NULL)
    return more ? RELAY_MAYBE : RELAY_NO;
  return imp_address_masks_contain (masks, address) ? RELAY_YES : RELAY_NO;
}

static RelayAnswer
relay_case_match_port (const RelayCase *self, const RelayKnowledge *known)
{
  guint16 port = known->port;

  if (self->ports->len == 0)
    return RELAY_YES;
  if (G_IS_INET_SOCKET_ADDRESS (known->server))
    port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (known->server));
  for (guint i = 0; i < self->ports->len; i++)
    {
      const RelayPorts *ports = &g_array_index (self->ports, RelayPorts, i);

      if (port >= ports->first && port <= ports->last)
        return RELAY_YES;
    }
  return RELAY_NO;
}

static gboolean
relay_case_has_name (const RelayCase *self, const char *name)
{
  for (guint i = 0; i < self->names->len; i++)
    if (relay_host_pattern_match (self->names->pdata[i], name))
      return TRUE;
  return FALSE;
}

/* A client can ask for one name and write another one into TLS. So one of them is enough for what
 * protects, and what lets pass without inspection needs all; of who asks for an address, nothing
 * says that the name in TLS belongs to it. */
static RelayAnswer
relay_case_match_name (const RelayCase *self, const RelayCaseFacts *facts)
{
  const char *asked = facts->asked ? facts->known.name : NULL;
  const char *names[] = { asked, facts->known.sni };
  const gboolean all = relay_case_get_action (self) == RELAY_ACTION_SKIP;
  guint n_known = 0, n_good = 0;

  if (self->names->len == 0)
    return RELAY_YES;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i] != NULL)
      {
        n_known++;
        n_good += relay_case_has_name (self, names[i]);
      }
  if (all && (n_good < n_known || (facts->asked && asked == NULL)))
    return RELAY_NO;
  if (!all && n_good > 0)
    return RELAY_YES;
  if (facts->more_sni)
    return RELAY_MAYBE;
  return n_good > 0 ? RELAY_YES : RELAY_NO;
}

static RelayAnswer
relay_case_match (const RelayCase *self, const RelayCaseFacts *facts)
{
  const RelayAnswer answers[] = {
    relay_case_match_address (self->clients, facts->known.client, FALSE),
    relay_case_match_port (self, &facts->known),
    relay_case_match_name (self, facts),
    relay_case_match_address (self->servers, facts->known.server, facts->more_server),
  };
  RelayAnswer worst = RELAY_YES;

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    worst = MIN (worst, answers[i]);
  return worst;
}

static const RelayCase *
relay_cases_find (const GPtrArray *cases, const RelayCaseFacts *facts)
{
  for (guint i = 0; i < cases->len; i++)
    {
      const RelayAnswer answer = relay_case_match (cases->pdata[i], facts);

      if (answer != RELAY_NO)
        return answer == RELAY_YES ? cases->pdata[i] : NULL;
    }
  return NULL;
}

gboolean
relay_cases_check (const GPtrArray *cases, const RelayRoute *route, const RelayKnowledge *known,
                   gboolean connected, const RelayCase **found, GError **error)
{
  const gboolean requested = route->kind == RELAY_ROUTE_REQUESTED;
  RelayCaseFacts facts = {
    .known = *known,
    .asked = requested,
    .more_server = !connected && !route->ask_first,
  };

  facts.more_sni = facts.more_server && route->sni && requested;
  /* What is connected may be a proxy. */
  if (route->resolver != NULL)
    facts.known.server = NULL;
  *found = relay_cases_find (cases, &facts);
  if (*found == NULL || relay_case_get_action (*found) != RELAY_ACTION_DENY)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED, "The rule \"%s\" denies it", (*found)->name);
  return FALSE;
}
