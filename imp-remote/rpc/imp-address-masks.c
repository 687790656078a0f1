/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-address-masks-private.h"

#include "core/imp-error.h"

#include <string.h>

/* Of an address of IPv6 that has one of IPv4 in it. */
#define MAPPED_BITS 96

GPtrArray *
imp_address_masks_new (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

/* What is wrong with the bits of @text, or NULL. GLib takes too many for none at all, which would
 * be a mask of all addresses. */
static char *
imp_address_mask_check_bits (const char *text)
{
  const char *slash = strchr (text, '/');
  g_autofree char *host = slash != NULL ? g_strndup (text, slash - text) : NULL;
  g_autoptr (GInetAddress) ip = host != NULL ? g_inet_address_new_from_string (host) : NULL;
  g_autoptr (GInetAddress) network = NULL;
  g_autofree char *network_text = NULL;
  guint8 bytes[16] = { 0 };
  guint64 bits;
  gsize size;

  if (ip == NULL)
    return NULL;
  size = g_inet_address_get_native_size (ip);
  if (!g_ascii_string_to_unsigned (slash + 1, 10, 0, size * 8, &bits, NULL))
    return g_strdup_printf ("the BITS of IPv%d are a number from 0 to %d", size == 4 ? 4 : 6,
                            (int) size * 8);
  memcpy (bytes, g_inet_address_to_bytes (ip), (bits + 7) / 8);
  if (bits % 8 != 0)
    bytes[bits / 8] &= 0xff << (8 - bits % 8);
  network = g_inet_address_new_from_bytes (bytes, g_inet_address_get_family (ip));
  if (g_inet_address_equal (network, ip))
    return NULL;
  network_text = g_inet_address_to_string (network);
  return g_strdup_printf ("the network is %s%s, the address alone %s", network_text, slash, host);
}

/* Addresses of IPv4 are looked up as such, so that a mask of their form in IPv6 would never hold: a
 * rule that denies would deny nobody. */
static char *
imp_address_mask_check_mapped (GInetAddressMask *mask)
{
  const guint bits = g_inet_address_mask_get_length (mask);
  GInetAddress *ip = g_inet_address_mask_get_address (mask);
  g_autoptr (GInetAddress) plain = NULL;
  g_autofree char *text = NULL;

  if (g_inet_address_get_family (ip) == G_SOCKET_FAMILY_IPV4 || bits < MAPPED_BITS)
    return NULL;
  plain = imp_address_masks_unmap (ip);
  if (g_inet_address_get_family (plain) != G_SOCKET_FAMILY_IPV4)
    return NULL;
  text = g_inet_address_to_string (plain);
  return g_strdup_printf ("it is of IPv4, so write %s/%u", text, bits - MAPPED_BITS);
}

GInetAddressMask *
imp_address_mask_new (const char *text, char **why)
{
  g_autoptr (GError) error = NULL;
  GInetAddressMask *mask = NULL;

  *why = imp_address_mask_check_bits (text);
  if (*why == NULL)
    {
      mask = g_inet_address_mask_new_from_string (text, &error);
      if (mask == NULL)
        *why = g_strdup (error->message);
      else
        *why = imp_address_mask_check_mapped (mask);
      if (*why != NULL)
        g_clear_object (&mask);
    }
  return mask;
}

gboolean
imp_address_masks_add (GPtrArray *masks, const char *text, GError **error)
{
  g_autofree char *why = NULL;
  GInetAddressMask *mask = imp_address_mask_new (text, &why);

  if (mask == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "\"%s\" is no IP address and no ADDRESS/BITS: %s", text, why);
      return FALSE;
    }
  g_ptr_array_add (masks, mask);
  return TRUE;
}

gboolean
imp_address_masks_match (const GPtrArray *masks, GInetAddress *ip)
{
  for (guint i = 0; i < masks->len; i++)
    if (g_inet_address_mask_matches (masks->pdata[i], ip))
      return TRUE;
  return FALSE;
}

GInetAddress *
imp_address_masks_unmap (GInetAddress *ip)
{
  static const guint8 prefix[12] = { [10] = 0xff, [11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (ip);

  if (g_inet_address_get_family (ip) == G_SOCKET_FAMILY_IPV4
      || memcmp (bytes, prefix, sizeof prefix) != 0)
    return g_object_ref (ip);
  return g_inet_address_new_from_bytes (bytes + sizeof prefix, G_SOCKET_FAMILY_IPV4);
}

gboolean
imp_address_masks_contain (const GPtrArray *masks, GSocketAddress *address)
{
  g_autoptr (GInetAddress) ip = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return FALSE;
  ip = imp_address_masks_unmap (
    g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  return imp_address_masks_match (masks, ip);
}
