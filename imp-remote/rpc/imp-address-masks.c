/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-address-masks-private.h"

#include "core/imp-error.h"

#include <string.h>

GPtrArray *
imp_address_masks_new (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

gboolean
imp_address_masks_add (GPtrArray *masks, const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;
  GInetAddressMask *mask = g_inet_address_mask_new_from_string (text, &local);

  if (mask == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "\"%s\" is no IP address and no ADDRESS/BITS: %s", text, local->message);
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
