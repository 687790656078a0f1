/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PROXY headers: whole, cut at every byte, with something behind them, and wrong ones. */
#include "core/imp-error.h"
#include "io/imp-proxy-protocol-private.h"
#include "test-guard.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IP4 "\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x67\x01\xbb"
#define IP4_TEXT "192.0.2.1:4711 198.51.100.2:443"

typedef struct
{
  const char *name;
  const char *bytes;
  gsize length;
  const char *wanted; /* both addresses and the name, "-" for nothing; or of an error */
} HeaderCase;

#define CASE(name, bytes, wanted)                                                                  \
  {                                                                                                \
    name, bytes, sizeof bytes - 1, wanted                                                          \
  }

static const HeaderCase good[] = {
  CASE ("tcp4", "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n", IP4_TEXT " -"),
  CASE ("tcp6", "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", "2001:db8::1:0 ::1:65535 -"),
  CASE ("longest",
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:65535 "
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:65535 -"),
  CASE ("unknown", "PROXY UNKNOWN\r\n", "- - -"),
  CASE ("unknown-with-more", "PROXY UNKNOWN ffff:: ::1 65535 65535\r\n", "- - -"),
  CASE ("v2-tcp4", SIGNATURE "\x21\x11\x00\x0c" IP4, IP4_TEXT " -"),
  CASE ("v2-tcp6",
        SIGNATURE "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x67\x01\xbb",
        "2001:db8::1:4711 ::1:443 -"),
  CASE ("v2-local", SIGNATURE "\x20\x00\x00\x00", "- - -"),
  CASE ("v2-local-with-more", SIGNATURE "\x20\x11\x00\x02zz", "- - -"),
  CASE ("v2-unspecified", SIGNATURE "\x21\x00\x00\x00", "- - -"),
  CASE ("v2-extras", SIGNATURE "\x21\x11\x00\x12" IP4 "\x04\x00\x00\xe0\x00\x00", IP4_TEXT " -"),
  CASE ("v2-authority",
        SIGNATURE "\x21\x11\x00\x1a" IP4 "\x02\x00\x0b"
                  "example.org",
        IP4_TEXT " example.org"),
  /* CRC-32C of the header with 0 in the place of the sum. */
  CASE ("v2-sum", SIGNATURE "\x21\x11\x00\x13" IP4 "\x03\x00\x04\x1e\xaf\x4b\xaa", IP4_TEXT " -"),
};

static const HeaderCase bad[] = {
  CASE ("http", "GET / HTTP/1.1\r\n\r\n", "0x47"),
  CASE ("other-word", "PROXZ TCP4 192.0.2.1 198.51.100.2 4711 443\r\n", "No PROXY header"),
  CASE ("udp", "PROXY UDP4 192.0.2.1 198.51.100.2 4711 443\r\n", "UDP4"),
  CASE ("no-family", "PROXY \r\n", "none of TCP4"),
  CASE ("family-behind", "PROXY UNKNOWNX\r\n", "UNKNOWNX"),
  CASE ("two-blanks", "PROXY TCP4  192.0.2.1 198.51.100.2 4711 443\r\n", "two addresses"),
  CASE ("blank-behind", "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 \r\n", "two addresses"),
  CASE ("few", "PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n", "two addresses"),
  CASE ("mixed", "PROXY TCP4 192.0.2.1 ::1 4711 443\r\n", "two addresses"),
  CASE ("name", "PROXY TCP4 localhost 198.51.100.2 4711 443\r\n", "localhost"),
  CASE ("zero", "PROXY TCP4 192.0.2.1 198.51.100.2 04711 443\r\n", "04711"),
  CASE ("port", "PROXY TCP4 192.0.2.1 198.51.100.2 4711 65536\r\n", "65536"),
  CASE ("sign", "PROXY TCP4 192.0.2.1 198.51.100.2 +4711 443\r\n", "+4711"),
  CASE ("lf", "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\n", "0x0a"),
  CASE ("cr", "PROXY UNKNOWN\rX", "0x58"),
  CASE ("control", "PROXY UNKNOWN \x01", "0x01"),
  CASE (
    "endless",
    "PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "107"),
  CASE ("v2-version", SIGNATURE "\x31\x11\x00\x0c" IP4, "0x31"),
  CASE ("v2-command", SIGNATURE "\x22\x11\x00\x0c" IP4, "0x22"),
  CASE ("v2-udp", SIGNATURE "\x21\x12\x00\x0c" IP4, "0x12"),
  CASE ("v2-short", SIGNATURE "\x21\x11\x00\x0b" IP4, "lacks its addresses"),
  CASE ("v2-huge", SIGNATURE "\x21\x11\xff\xff" IP4, "65551"),
  CASE ("v2-field", SIGNATURE "\x21\x11\x00\x10" IP4 "\x04\x00\x02\xe0", "longer than"),
  CASE ("v2-field-cut", SIGNATURE "\x21\x11\x00\x0d" IP4 "\x04", "longer than"),
  CASE ("v2-sum", SIGNATURE "\x21\x11\x00\x13" IP4 "\x03\x00\x04\x1e\xaf\x4b\xab", "checksum"),
  CASE ("v2-sum-length", SIGNATURE "\x21\x11\x00\x12" IP4 "\x03\x00\x03\x1e\xaf\x4b", "checksum"),
  CASE ("v2-no-name", SIGNATURE "\x21\x11\x00\x0f" IP4 "\x02\x00\x00", "authority"),
  CASE ("v2-wrong-name",
        SIGNATURE "\x21\x11\x00\x11" IP4 "\x02\x00\x02"
                  "a\n",
        "authority"),
};

static char *
show_address (GSocketAddress *address)
{
  GInetSocketAddress *inet;
  g_autofree char *ip = NULL;

  if (address == NULL)
    return g_strdup ("-");
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strdup (g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)));
  inet = G_INET_SOCKET_ADDRESS (address);
  ip = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  return g_strdup_printf ("%s:%u", ip, g_inet_socket_address_get_port (inet));
}

static char *
show_header (const ImpProxyHeader *header)
{
  g_autofree char *source = show_address (header->source);
  g_autofree char *destination = show_address (header->destination);

  return g_strdup_printf ("%s %s %s", source, destination,
                          header->name != NULL ? header->name : "-");
}

static ImpDecodeStatus
decode (TestGuard *guard, const char *bytes, gsize length, char **shown, gsize *used)
{
  const guint8 *data = test_guard_put (guard, (const guint8 *) bytes, length);
  g_auto (ImpProxyHeader) header = { 0 };
  g_autoptr (GError) error = NULL;
  ImpDecodeStatus status = imp_proxy_header_decode (data, length, &header, used, &error);

  g_assert_true ((error != NULL) == (status == IMP_DECODE_BAD));
  if (status == IMP_DECODE_BAD)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  *shown = error != NULL ? g_strdup (error->message) : show_header (&header);
  return status;
}

static void
test_good (gconstpointer data)
{
  const HeaderCase *c = data;
  g_autoptr (TestGuard) guard = test_guard_new (IMP_PROXY_HEADER_MAX);
  g_autofree char *more = g_malloc0 (c->length + 3);

  memcpy (more, c->bytes, c->length);
  memcpy (more + c->length, "\r\nx", 3);
  for (gsize length = 0; length <= c->length + 3; length++)
    {
      g_autofree char *shown = NULL;
      gsize used;

      if (length < c->length)
        {
          g_assert_cmpint (decode (guard, more, length, &shown, &used), ==, IMP_DECODE_MORE);
          continue;
        }
      g_assert_cmpint (decode (guard, more, length, &shown, &used), ==, IMP_DECODE_DONE);
      g_assert_cmpuint (used, ==, c->length);
      g_assert_cmpstr (shown, ==, c->wanted);
    }
}

/* What is wrong is so whatever follows, and never looks whole before. */
static void
test_bad (gconstpointer data)
{
  const HeaderCase *c = data;
  g_autoptr (TestGuard) guard = test_guard_new (IMP_PROXY_HEADER_MAX);
  gboolean was_bad = FALSE;

  for (gsize length = 0; length <= c->length; length++)
    {
      g_autofree char *shown = NULL;
      gsize used;
      ImpDecodeStatus status = decode (guard, c->bytes, length, &shown, &used);

      g_assert_cmpint (status, !=, IMP_DECODE_DONE);
      g_assert_true (status == IMP_DECODE_BAD || !was_bad);
      was_bad = status == IMP_DECODE_BAD;
      if (was_bad && length == c->length)
        g_assert_nonnull (strstr (shown, c->wanted));
    }
  g_assert_true (was_bad);
}

static void
test_unix (void)
{
  guint8 bytes[16 + 216] = SIGNATURE "\x21\x31\x00\xd8/run/client";
  g_auto (ImpProxyHeader) header = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;
  gsize used;

  memcpy (bytes + 16 + 108, "/run/server", 12);
  g_assert_cmpint (imp_proxy_header_decode (bytes, sizeof bytes, &header, &used, &error), ==,
                   IMP_DECODE_DONE);
  shown = show_header (&header);
  g_assert_cmpstr (shown, ==, "/run/client /run/server -");
  imp_proxy_header_clear (&header);

  bytes[16 + 4] = '\n';
  g_assert_cmpint (imp_proxy_header_decode (bytes, sizeof bytes, &header, &used, &error), ==,
                   IMP_DECODE_BAD);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
}

/* ---- the other way ---- */

static GSocketAddress *
make_address (const char *text, guint16 port)
{
  if (text == NULL)
    return NULL;
  return text[0] == '/' ? g_unix_socket_address_new (text)
                        : g_inet_socket_address_new_from_string (text, port);
}

static void
check_round (guint version, const char *from, const char *to, const char *wanted)
{
  g_autoptr (GSocketAddress) source = make_address (from, 4711);
  g_autoptr (GSocketAddress) destination = make_address (to, 443);
  g_autoptr (GBytes) bytes = imp_proxy_header_encode (version, source, destination);
  g_auto (ImpProxyHeader) header = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;
  gsize length, used;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_assert_cmpint (data[0] == 'P' ? 1 : 2, ==, version);
  g_assert_cmpint (imp_proxy_header_decode (data, length, &header, &used, &error), ==,
                   IMP_DECODE_DONE);
  g_assert_no_error (error);
  g_assert_cmpuint (used, ==, length);
  shown = show_header (&header);
  g_assert_cmpstr (shown, ==, wanted);
}

static void
test_encode (void)
{
  for (guint version = 1; version <= 2; version++)
    {
      check_round (version, "192.0.2.1", "198.51.100.2", IP4_TEXT " -");
      check_round (version, "2001:db8::1", "::1", "2001:db8::1:4711 ::1:443 -");
      check_round (version, "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1:4711 2001:db8::1:443 -");
      check_round (version, "/run/client", "192.0.2.1", "- - -");
      check_round (version, NULL, NULL, "- - -");
    }
}

static void
add_cases (const char *folder, const HeaderCase *cases, gsize n, GTestDataFunc func)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/proxy-protocol/%s/%s", folder, cases[i].name);

      g_test_add_data_func (path, &cases[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_cases ("good", good, G_N_ELEMENTS (good), test_good);
  add_cases ("bad", bad, G_N_ELEMENTS (bad), test_bad);
  g_test_add_func ("/proxy-protocol/unix", test_unix);
  g_test_add_func ("/proxy-protocol/encode", test_encode);
  return g_test_run ();
}
