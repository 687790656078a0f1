/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-rules.h"

#include "core/imp-error.h"
#include "rpc/imp-address-masks-private.h"
#include "rpc/imp-address-private.h"
#include "tool/relay/relay-own.h"

#include <string.h>

typedef struct
{
  GInetAddressMask *mask; /* NULL: any */
  guint16 first_port, last_port;
} RelayRule;

struct _RelayRules
{
  GPtrArray *rules;
  GPtrArray *special; /* of GInetAddressMask: reached by rules that lie in one of them alone */
  GPtrArray *local;   /* the same, once there is a rule */
  GPtrArray *never;
  GPtrArray *carriers; /* the masks of these */
};

/* Nobody has a complete list of what clouds have. */
static const char *const special_masks[] = {
  "169.254.0.0/16",  /* with 169.254.169.254, of most clouds */
  "fe80::/10",       /* link-local, too */
  "100.100.100.200", /* Alibaba */
  "168.63.129.16",   /* Azure: WireServer */
  "fd00:ec2::/32",   /* Amazon: ::254, ::23 and what else there is */
  "fd20:ce::254",    /* Google */
  "fd00:42::42",     /* Scaleway */
};
static const char *const local_masks[] = { "127.0.0.0/8", "::1" };
static const char *const never_masks[] = { "0.0.0.0/8", "::", "224.0.0.0/4", "240.0.0.0/4",
                                           "ff00::/8" };

/* Addresses of IPv6 that a machine on the way makes one of IPv4 of, and where that stands. */
static const struct
{
  const char *mask;
  guint8 bytes[4];
  gboolean is_sure; /* there is no other place where it may stand */
} carriers[] = {
  { "64:ff9b::/96", { 12, 13, 14, 15 }, TRUE },    /* NAT64 */
  { "64:ff9b:1::/48", { 12, 13, 14, 15 }, FALSE }, /* the same, as each network likes it */
  { "64:ff9b:1::/48", { 9, 10, 11, 12 }, FALSE },  { "64:ff9b:1::/48", { 7, 9, 10, 11 }, FALSE },
  { "64:ff9b:1::/48", { 6, 7, 9, 10 }, FALSE },    { "2002::/16", { 2, 3, 4, 5 }, TRUE }, /* 6to4 */
  { "::/96", { 12, 13, 14, 15 }, TRUE },           /* "IPv4-compatible" */
  { "::ffff:0:0:0/96", { 12, 13, 14, 15 }, TRUE }, /* "IPv4-translated" */
};

/* All that @mask matches is matched by one of @masks. */
static gboolean
relay_rules_cover (const GPtrArray *masks, GInetAddressMask *mask)
{
  for (guint i = 0; i < masks->len; i++)
    if (g_inet_address_mask_get_length (mask) >= g_inet_address_mask_get_length (masks->pdata[i])
        && g_inet_address_mask_matches (masks->pdata[i], g_inet_address_mask_get_address (mask)))
      return TRUE;
  return FALSE;
}

static void
relay_rule_free (RelayRule *rule)
{
  g_clear_object (&rule->mask);
  g_free (rule);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelayRule, relay_rule_free)

static GPtrArray *
relay_rules_new_masks (const char *const *texts, gsize n)
{
  GPtrArray *masks = imp_address_masks_new ();

  for (gsize i = 0; i < n; i++)
    imp_address_masks_add (masks, texts[i], NULL);
  g_assert (masks->len == n);
  return masks;
}

RelayRules *
relay_rules_new (void)
{
  RelayRules *self = g_new0 (RelayRules, 1);

  self->rules = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_rule_free);
  self->special = relay_rules_new_masks (special_masks, G_N_ELEMENTS (special_masks));
  self->local = relay_rules_new_masks (local_masks, G_N_ELEMENTS (local_masks));
  self->never = relay_rules_new_masks (never_masks, G_N_ELEMENTS (never_masks));
  self->carriers = imp_address_masks_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (carriers); i++)
    imp_address_masks_add (self->carriers, carriers[i].mask, NULL);
  g_assert (self->carriers->len == G_N_ELEMENTS (carriers));
  return self;
}

void
relay_rules_free (RelayRules *self)
{
  g_ptr_array_unref (self->rules);
  g_ptr_array_unref (self->special);
  g_ptr_array_unref (self->local);
  g_ptr_array_unref (self->never);
  g_ptr_array_unref (self->carriers);
  g_free (self);
}

gboolean
relay_rules_is_empty (const RelayRules *self)
{
  return self->rules->len == 0;
}

/* ---- parsing ---- */

static gboolean
relay_rule_parse_ports (RelayRule *rule, const char *text)
{
  const char *dash = strchr (text, '-');
  g_autofree char *first = dash != NULL ? g_strndup (text, dash - text) : g_strdup (text);
  const char *last = dash != NULL ? dash + 1 : text;
  guint64 one, other;

  if (!g_ascii_string_to_unsigned (first, 10, 1, G_MAXUINT16, &one, NULL)
      || !g_ascii_string_to_unsigned (last, 10, one, G_MAXUINT16, &other, NULL))
    return FALSE;
  rule->first_port = one;
  rule->last_port = other;
  return TRUE;
}

/* Where the ports begin, or NULL: in IPv6 without brackets colons are part of the address. */
static const char *
relay_rule_find_ports (const char *text)
{
  const char *end = text[0] == '[' ? strchr (text, ']') : NULL;
  const char *colon = strchr (end != NULL ? end : text, ':');

  if (text[0] != '[' && colon != NULL && strchr (colon + 1, ':') != NULL)
    return NULL;
  return colon;
}

static char *
relay_rule_strip_brackets (const char *text, gsize length)
{
  if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
    return g_strndup (text + 1, length - 2);
  return g_strndup (text, length);
}

gboolean
relay_rules_add (RelayRules *self, const char *text, GError **error)
{
  g_autoptr (RelayRule) rule = g_new0 (RelayRule, 1);
  const char *ports = relay_rule_find_ports (text);
  g_autofree char *mask = NULL;

  rule->last_port = G_MAXUINT16;
  if (ports != NULL && !relay_rule_parse_ports (rule, ports + 1))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "\"%s\" has no port and no FIRST-LAST behind its colon", text);
      return FALSE;
    }
  mask = relay_rule_strip_brackets (text, ports != NULL ? (gsize) (ports - text) : strlen (text));
  if (!g_str_equal (mask, "*"))
    {
      g_autofree char *why = NULL;

      rule->mask = imp_address_mask_new (mask, &why);
      if (rule->mask == NULL)
        {
          g_set_error (
            error, IMP_ERROR, IMP_ERROR_SETTINGS,
            "\"%s\" is no ADDRESS[/BITS][:PORT[-PORT]] (an IP address, with brackets for "
            "IPv6 where there is a port, or *): %s",
            text, why);
          return FALSE;
        }
    }
  g_ptr_array_add (self->rules, g_steal_pointer (&rule));
  return TRUE;
}

/* ---- checking ---- */

/* @within: NULL, or what the rule must not be wider than. */
static gboolean
relay_rules_match (const RelayRules *self, GInetAddress *ip, guint16 port, const GPtrArray *within)
{
  for (guint i = 0; i < self->rules->len; i++)
    {
      const RelayRule *rule = self->rules->pdata[i];

      if (port < rule->first_port || port > rule->last_port
          || (rule->mask != NULL && !g_inet_address_mask_matches (rule->mask, ip)))
        continue;
      if (within == NULL || (rule->mask != NULL && relay_rules_cover (within, rule->mask)))
        return TRUE;
    }
  return FALSE;
}

/* Whether @ip brings what is sent to it to one of IPv4 that not all may reach. */
static gboolean
relay_rules_carries_special (const RelayRules *self, GInetAddress *ip)
{
  const guint8 *bytes = g_inet_address_to_bytes (ip);

  /* Those would be 0.0.0.0 and 0.0.0.1. */
  if (g_inet_address_get_is_any (ip) || g_inet_address_get_is_loopback (ip))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (carriers); i++)
    {
      guint8 carried[4];
      g_autoptr (GInetAddress) ip4 = NULL;

      if (!g_inet_address_mask_matches (self->carriers->pdata[i], ip))
        continue;
      for (gsize j = 0; j < G_N_ELEMENTS (carried); j++)
        carried[j] = bytes[carriers[i].bytes[j]];
      ip4 = g_inet_address_new_from_bytes (carried, G_SOCKET_FAMILY_IPV4);
      if (imp_address_masks_match (self->special, ip4) || imp_address_masks_match (self->local, ip4)
          || (carriers[i].is_sure && imp_address_masks_match (self->never, ip4)))
        return TRUE;
    }
  return FALSE;
}

/* Whether a rule is for @ip and nothing else. */
static gboolean
relay_rules_name (const RelayRules *self, GInetAddress *ip, guint16 port)
{
  g_autoptr (GPtrArray) only = imp_address_masks_new ();
  guint bits = g_inet_address_get_native_size (ip) * 8;

  g_ptr_array_add (only, g_inet_address_mask_new (ip, bits, NULL));
  return relay_rules_match (self, ip, port, only);
}

/* NULL if it may; else why not. */
static const char *
relay_rules_find_reason (const RelayRules *self, GInetAddress *ip, guint16 port)
{
  gboolean has_rules = !relay_rules_is_empty (self);

  if (imp_address_masks_match (self->never, ip))
    return "is no address of a machine";
  if (relay_rules_carries_special (self, ip))
    return "has an address of IPv4 within it that cannot be reached in this way";
  if (imp_address_masks_match (self->special, ip))
    return relay_rules_match (self, ip, port, self->special)
             ? NULL
             : "is a link-local address, or one with secrets of a cloud's machine, which no "
               "--allow-to names by itself";
  if (has_rules && imp_address_masks_match (self->local, ip))
    return relay_rules_match (self, ip, port, self->local)
             ? NULL
             : "is a loopback address, which no --allow-to names by itself";
  if (has_rules && !relay_rules_match (self, ip, port, NULL))
    return "is not among --allow-to";
  if (has_rules && !relay_rules_name (self, ip, port) && relay_own_is_local (ip))
    return "is an address of this machine, which no --allow-to names by itself";
  return NULL;
}

gboolean
relay_rules_check (const RelayRules *self, GSocketAddress *address, GError **error)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  g_autoptr (GInetAddress) ip = imp_address_masks_unmap (g_inet_socket_address_get_address (inet));
  const char *reason = relay_rules_find_reason (self, ip, g_inet_socket_address_get_port (inet));
  g_autofree char *shown = NULL;

  if (reason == NULL)
    return TRUE;
  shown = imp_address_of_socket (address);
  g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED, "The destination %s %s", shown, reason);
  return FALSE;
}
