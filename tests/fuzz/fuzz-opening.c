/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes before the bytes that are relayed: PROXY headers, requests of SOCKS and HTTP, and the
 * beginning of TLS. However the bytes are cut, what is understood is the same, and nothing that is
 * cut off is taken for a whole. */
#include "fuzz.h"

#include "core/imp-error.h"
#include "io/imp-proxy-protocol-private.h"
#include "provider/imp-client-hello-private.h"
#include "provider/imp-request-private.h"

#include <string.h>

/* What was made of it, as text. */
static char *
show (ImpDecodeStatus status, gsize used, const char *what, guint number, const GError *error)
{
  if (status == IMP_DECODE_BAD && error != NULL)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  return g_strdup_printf ("%d %" G_GSIZE_FORMAT " %s %u", status, used, what != NULL ? what : "-",
                          number);
}

/* What is decided stays so, whatever follows. */
static void
check_growth (ImpDecodeStatus before, ImpDecodeStatus now)
{
  g_assert_true (before == IMP_DECODE_MORE || before == now);
}

static void
try_proxy_header (const guint8 *data, gsize length, gsize step)
{
  ImpDecodeStatus before = IMP_DECODE_MORE;
  gsize used_before = 0;

  for (gsize n = 0; n <= length; n += MIN (step, MAX (length - n, 1)))
    {
      g_auto (ImpProxyHeader) header = { 0 };
      g_autoptr (GError) error = NULL;
      gsize used = 0;
      ImpDecodeStatus status = imp_proxy_header_decode (data, n, &header, &used, &error);

      g_assert_true ((error != NULL) == (status == IMP_DECODE_BAD));
      g_assert_true (before != IMP_DECODE_DONE || used == used_before);
      check_growth (before, status);
      if (status == IMP_DECODE_MORE)
        g_assert_cmpuint (n, <, IMP_PROXY_HEADER_MAX);
      if (status == IMP_DECODE_DONE)
        g_assert_true (used > 0 && used <= n
                       && (header.source != NULL) == (header.destination != NULL));
      before = status;
      used_before = used;
    }
}

static void
try_client_hello (const guint8 *data, gsize length, gsize step)
{
  ImpDecodeStatus before = IMP_DECODE_MORE;

  for (gsize n = 0; n <= length; n += MIN (step, MAX (length - n, 1)))
    {
      g_autofree char *name = NULL;
      ImpDecodeStatus status = imp_client_hello_decode (data, n, &name);

      check_growth (before, status);
      g_assert_true (name == NULL
                     || (status == IMP_DECODE_DONE && imp_request_is_name (name, strlen (name))));
      if (status == IMP_DECODE_MORE)
        g_assert_cmpuint (n, <, IMP_CLIENT_HELLO_MAX);
      before = status;
    }
}

/* It goes to others, in lines of theirs. */
static void
check_host (const char *host)
{
  for (const char *c = host; *c != '\0'; c++)
    g_assert_true (g_ascii_isgraph (*c));
}

/* As a relay does it, which gets @step bytes at once. */
static char *
run_request (const ImpRequestProtocol *protocol, const guint8 *data, gsize length, gsize step)
{
  g_auto (ImpRequest) request = { 0 };
  g_autoptr (GError) error = NULL;
  ImpDecodeStatus status = IMP_DECODE_MORE;
  gsize begin = 0, end = 0;

  while (status == IMP_DECODE_MORE)
    {
      gsize used;

      status = protocol->decode (&request, data + begin, end - begin, &used, &error);
      g_assert_cmpuint (used, <=, end - begin);
      begin += used;
      g_assert_true ((error != NULL) == (status == IMP_DECODE_BAD));
      g_clear_pointer (&request.reply, g_bytes_unref);
      if (status != IMP_DECODE_MORE || used > 0)
        continue;
      g_assert_cmpuint (end - begin, <, protocol->max_length);
      if (end == length)
        break;
      end += MIN (step, length - end);
    }
  if (status == IMP_DECODE_DONE)
    check_host (request.host);
  return show (status, status == IMP_DECODE_DONE ? begin : 0, request.host, request.port, error);
}

static void
try_request (const ImpRequestProtocol *protocol, const guint8 *data, gsize length, gsize step)
{
  g_autofree char *whole = run_request (protocol, data, length, length);
  g_autofree char *cut = run_request (protocol, data, length, step);

  g_assert_cmpstr (whole, ==, cut);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  guint8 kind = fuzz_take (&input);
  gsize step = 1 + fuzz_take (&input) % 64;

  switch (kind % 4)
    {
    case 0:
      try_proxy_header (input.data, input.left, step);
      break;
    case 1:
      try_client_hello (input.data, input.left, step);
      break;
    case 2:
      try_request (&imp_request_socks, input.data, input.left, step);
      break;
    default:
      try_request (&imp_request_http, input.data, input.left, step);
      break;
    }
  return 0;
}
