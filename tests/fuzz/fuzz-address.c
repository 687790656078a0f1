/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses: whatever is written, it is one, or an error says what would be right. */
#include "fuzz.h"

#include "core/imp-error.h"
#include "rpc/imp-address-private.h"

static void
check_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, IMP_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* It is read again as the same. */
static void
check_text (const ImpAddress *address)
{
  g_autofree char *text = imp_address_to_text (address), *again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) other = imp_address_parse (text, &error);

  g_assert_no_error (error);
  again = imp_address_to_text (other);
  g_assert_cmpstr (text, ==, again);
  g_assert_true (other->kind == address->kind && other->port == address->port
                 && other->fd == address->fd && other->tls == address->tls);
  g_assert_cmpstr (other->host, ==, address->host);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  g_autofree char *text = g_strndup ((const char *) data, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) address = imp_address_parse (text, &error);
  g_autoptr (GSocketConnectable) target = NULL;
  g_autofree char *shown = NULL;

  if (address == NULL)
    {
      check_error (error);
      return 0;
    }
  g_assert_no_error (error);
  check_text (address);
  target = imp_address_to_connectable (address, &error);
  if (target == NULL)
    {
      check_error (error);
      return 0;
    }
  if (G_IS_SOCKET_ADDRESS (target))
    {
      shown = imp_address_of_socket (G_SOCKET_ADDRESS (target));
      g_assert_nonnull (shown);
    }
  return 0;
}
