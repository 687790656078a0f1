/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-route.h"

#include "rpc/imp-address-masks-private.h"
#include "rpc/imp-address-private.h"

RelayRoute *
relay_route_new (RelayOwn *own)
{
  RelayRoute *self = g_rc_box_new0 (RelayRoute);

  self->own = own;
  self->proxy_from = imp_address_masks_new ();
  self->rules = relay_rules_new ();
  return self;
}

RelayRoute *
relay_route_ref (RelayRoute *self)
{
  return g_rc_box_acquire (self);
}

static void
relay_route_clear (RelayRoute *self)
{
  g_clear_object (&self->target);
  g_clear_object (&self->resolver);
  g_free (self->text);
  g_ptr_array_unref (self->proxy_from);
  relay_rules_free (self->rules);
}

void
relay_route_unref (RelayRoute *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) relay_route_clear);
}

GSocketConnectable *
relay_route_make_target (const char *host, guint16 port)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (host, port);

  return address != NULL ? G_SOCKET_CONNECTABLE (address) : g_network_address_new (host, port);
}

int
relay_route_set_target (RelayRoute *self, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) parsed = imp_address_parse (address, &error);

  if (parsed != NULL && imp_address_refuse_tls (parsed, address, &error))
    self->target = parsed->kind == IMP_ADDRESS_TCP
                     ? relay_route_make_target (parsed->host, parsed->port)
                     : imp_address_to_connectable (parsed, &error);
  if (self->target == NULL)
    return tool_option_error ("--connect", address, error);
  self->text = g_strdup (address);
  return TOOL_DONE;
}

int
relay_route_set_protocol (RelayRoute *self, const ImpRequestProtocol *protocol)
{
  self->kind = RELAY_ROUTE_REQUESTED;
  self->protocol = protocol;
  self->text = g_strdup (protocol->name);
  return TOOL_DONE;
}

int
relay_route_set_transparent (RelayRoute *self)
{
  self->kind = RELAY_ROUTE_TRANSPARENT;
  self->text = g_strdup ("transparent");
  return TOOL_DONE;
}

int
relay_route_set_proxy_protocol (RelayRoute *self, const char *value)
{
  if (g_str_equal (value, "in"))
    self->proxy_in = TRUE;
  else if (g_str_equal (value, "out") || g_str_equal (value, "out-v2"))
    self->proxy_out = 2;
  else if (g_str_equal (value, "out-v1"))
    self->proxy_out = 1;
  else
    return tool_usage_error ("--proxy-protocol \"%s\": it is \"in\", \"out\" (version 2), "
                             "\"out-v1\" or \"out-v2\"",
                             value);
  return TOOL_DONE;
}

int
relay_route_add_proxy_from (RelayRoute *self, const char *value)
{
  g_autoptr (GError) error = NULL;

  return imp_address_masks_add (self->proxy_from, value, &error)
           ? TOOL_DONE
           : tool_option_error ("--proxy-from", value, error);
}

int
relay_route_add_allow_to (RelayRoute *self, const char *value)
{
  g_autoptr (GError) error = NULL;

  return relay_rules_add (self->rules, value, &error)
           ? TOOL_DONE
           : tool_option_error ("--allow-to", value, error);
}

static gboolean
relay_route_is_proxy_uri (const char *value)
{
  static const char *const schemes[] = { "http",    "https",  "socks", "socks4",
                                         "socks4a", "socks5", NULL };
  g_autoptr (GUri) uri = g_uri_parse (value, G_URI_FLAGS_HAS_PASSWORD, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  return host != NULL && host[0] != '\0' && g_strv_contains (schemes, g_uri_get_scheme (uri));
}

int
relay_route_set_upstream_proxy (RelayRoute *self, const char *value)
{
  g_clear_object (&self->resolver);
  if (g_str_equal (value, "none"))
    return TOOL_DONE;
  if (g_str_equal (value, "auto"))
    self->resolver = g_object_ref (g_proxy_resolver_get_default ());
  else if (relay_route_is_proxy_uri (value))
    self->resolver = g_simple_proxy_resolver_new (value, NULL);
  else
    return tool_usage_error ("--upstream-proxy \"%s\": it is \"none\", \"auto\" or "
                             "SCHEME://HOST[:PORT], where SCHEME is http, https, socks, socks4, "
                             "socks4a or socks5",
                             value);
  return TOOL_DONE;
}

gboolean
relay_route_is_plain (const RelayRoute *self)
{
  return self->kind == RELAY_ROUTE_FIXED && !self->ask_first && !self->sni && !self->proxy_in
         && self->proxy_out == 0 && self->proxy_from->len == 0 && relay_rules_is_empty (self->rules)
         && self->resolver == NULL;
}

int
relay_route_check (const RelayRoute *self, gboolean has_tcp)
{
  if (self->proxy_in && has_tcp && self->proxy_from->len == 0)
    return tool_usage_error ("--proxy-protocol in: --proxy-from ADDRESS[/BITS] must say which "
                             "proxies are believed");
  if (!self->proxy_in && self->proxy_from->len > 0)
    return tool_usage_error ("--proxy-from is for --proxy-protocol in");
  if (self->kind == RELAY_ROUTE_FIXED && !relay_rules_is_empty (self->rules))
    return tool_usage_error ("--allow-to is for --socks, --http-connect and --transparent, not "
                             "for --connect \"%s\"",
                             self->text);
  if (self->resolver != NULL && self->proxy_out != 0)
    return tool_usage_error ("--proxy-protocol out cannot be had with --upstream-proxy");
  if (self->kind == RELAY_ROUTE_REQUESTED && self->ask_first && self->sni)
    return tool_usage_error ("--sni cannot be had with --ask-first and %s: such a client speaks "
                             "TLS only when the server is connected",
                             self->text);
  return TOOL_DONE;
}

int
relay_route_check_exposed (const RelayRoute *self, const char *listen)
{
  if (self->kind != RELAY_ROUTE_REQUESTED || !relay_rules_is_empty (self->rules))
    return TOOL_DONE;
  return tool_usage_error ("--listen \"%s\": other machines can reach it, and anybody could be "
                           "connected with anything through it; --allow-to "
                           "ADDRESS[/BITS][:PORT[-PORT]] must say what they may reach",
                           listen);
}
