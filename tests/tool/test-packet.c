/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets as they are recorded: every link layer, every cut, and lengths that lie. */
#include "test-guard.h"
#include "tool/capture/fragments.h"
#include "tool/capture/frame.h"

#include <string.h>

#define ETHER "\x02\0\0\0\0\1\x02\0\0\0\0\2"
/* 10.0.0.1:4660 -> 10.0.0.2:80 with "hi" behind one option. */
#define IPV4 "\x45\0\0\x2e\x12\x34\x40\0\x40\x06\0\0\x0a\0\0\1\x0a\0\0\2"
#define TCP "\x12\x34\0\x50\0\0\0\1\0\0\0\2\x60\x18\1\0\0\0\0\0\2\4\5\xb4hi"
#define IPV6_ADDRESSES                                                                             \
  "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
#define UDP "\0\x35\x12\x34\0\x0a\0\0hi"

typedef struct
{
  const char *name;
  int link;
  const char *bytes;
  gsize length;
  gsize link_size;
  guint8 protocol;
} PacketCase;

#define CASE(name, link, link_size, protocol, bytes)                                               \
  {                                                                                                \
    name, link, bytes, sizeof (bytes) - 1, link_size, protocol                                     \
  }

static const PacketCase cases[] = {
  CASE ("ethernet", PACKET_LINK_ETHERNET, 14, 6, ETHER "\x08\0" IPV4 TCP),
  CASE ("vlan", PACKET_LINK_ETHERNET, 18, 6, ETHER "\x81\0\0\5\x08\0" IPV4 TCP),
  CASE ("two vlans", PACKET_LINK_ETHERNET, 22, 6, ETHER "\x88\xa8\0\5\x81\0\0\6\x08\0" IPV4 TCP),
  CASE ("raw", PACKET_LINK_RAW, 0, 6, IPV4 TCP),
  CASE ("ipv4", PACKET_LINK_IPV4, 0, 6, IPV4 TCP),
  CASE ("null, little", PACKET_LINK_NULL, 4, 6, "\2\0\0\0" IPV4 TCP),
  CASE ("null, big", PACKET_LINK_NULL, 4, 6, "\0\0\0\2" IPV4 TCP),
  CASE ("loop", PACKET_LINK_LOOP, 4, 6, "\0\0\0\2" IPV4 TCP),
  CASE ("sll", PACKET_LINK_SLL, 16, 6, "\0\0\3\4\0\6\0\0\0\0\0\0\0\0\x08\0" IPV4 TCP),
  CASE ("sll2", PACKET_LINK_SLL2, 20, 6, "\x08\0\0\0\0\0\0\1\3\4\0\6\0\0\0\0\0\0\0\0" IPV4 TCP),
  CASE ("ipv6", PACKET_LINK_RAW, 0, 6, "\x60\0\0\0\0\x1a\6\x40" IPV6_ADDRESSES TCP),
  CASE ("ipv6, udp", PACKET_LINK_IPV6, 0, 17, "\x60\0\0\0\0\x0a\x11\x40" IPV6_ADDRESSES UDP),
  CASE ("ipv6 in null", PACKET_LINK_NULL, 4, 17,
        "\x1e\0\0\0\x60\0\0\0\0\x0a\x11\x40" IPV6_ADDRESSES UDP),
  CASE ("extensions", PACKET_LINK_RAW, 0, 17,
        "\x60\0\0\0\0\x2a\0\x40" IPV6_ADDRESSES "\x2b\0\1\4\0\0\0\0"
        "\x3c\0\0\0\0\0\0\0\x2c\0\1\4\0\0\0\0\x11\0\0\0\0\0\0\7" UDP),
  CASE ("ipv4 options", PACKET_LINK_RAW, 0, 17,
        "\x46\0\0\x22\x12\x34\x40\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2\1\1\1\0" UDP),
  CASE ("padding", PACKET_LINK_ETHERNET, 14, 17,
        ETHER "\x08\0\x45\0\0\x1e\x12\x34\x40\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" UDP "zzzzzzzz"),
  CASE ("length of 0", PACKET_LINK_RAW, 0, 17,
        "\x45\0\0\0\x12\x34\x40\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2" UDP),
};

static void
check_case (const PacketCase *c)
{
  g_autoptr (TestGuard) guard = test_guard_new (c->length);
  const guint8 *bytes = test_guard_put (guard, (const guint8 *) c->bytes, c->length);
  Packet packet;

  g_test_message ("%s", c->name);
  g_assert_cmpint (packet_decode (&packet, c->link, bytes, c->length, c->length), ==,
                   PACKET_TRANSPORT);
  g_assert_cmpint (packet.ip.protocol, ==, c->protocol);
  g_assert_cmpuint (packet.link_size, ==, c->link_size);
  g_assert_cmpmem (packet.data, packet.length, "hi", 2);
  g_assert_cmpuint (packet.missing, ==, 0);
  g_assert_cmpuint (packet.ports[c->protocol == 6 ? 0 : 1], ==, 0x1234);
}

/* However short the recording is, nothing behind it is read; if headers are there, what is missing
 * is counted. */
static void
check_cuts (const PacketCase *c)
{
  for (gsize recorded = 0; recorded < c->length; recorded++)
    {
      g_autoptr (TestGuard) guard = test_guard_new (recorded);
      const guint8 *bytes = test_guard_put (guard, (const guint8 *) c->bytes, recorded);
      Packet packet;
      PacketKind kind = packet_decode (&packet, c->link, bytes, recorded, c->length);

      if (kind == PACKET_TRANSPORT)
        g_assert_cmpuint (packet.length + packet.missing, ==, 2);
      else
        g_assert_true (kind == PACKET_MALFORMED && packet.reason != NULL);
      /* And the same where the sender has sent no more. */
      packet_decode (&packet, c->link, bytes, recorded, recorded);
    }
}

static void
test_decode (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      check_case (&cases[i]);
      check_cuts (&cases[i]);
    }
}

static void
check_mutant (const PacketCase *c, const guint8 *bytes)
{
  Packet packet;
  PacketKind kind = packet_decode (&packet, c->link, bytes, c->length, c->length);
  PacketTcpOptions options;

  if (kind != PACKET_TRANSPORT && kind != PACKET_FRAGMENT)
    return;
  g_assert_true (packet.data >= bytes && packet.data + packet.length <= bytes + c->length);
  if (kind == PACKET_TRANSPORT && packet.ip.protocol == 6)
    packet_read_tcp_options (&packet, &options);
}

/* Every byte of it may be anything. */
static void
test_mutants (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TestGuard) guard = test_guard_new (cases[i].length);

      for (gsize at = 0; at < cases[i].length; at++)
        for (guint value = 0; value < 256; value++)
          {
            g_autofree guint8 *mutant = g_memdup2 (cases[i].bytes, cases[i].length);

            mutant[at] = value;
            check_mutant (&cases[i], test_guard_put (guard, mutant, cases[i].length));
          }
    }
}

static void
test_other (void)
{
  static const char arp[] = ETHER "\x08\6\0\1\x08\0\6\4\0\1";
  static const char icmp[] = "\x45\0\0\x18\x12\x34\x40\0\x40\x01\0\0\x0a\0\0\1\x0a\0\0\2\x08\0\0\0";
  static const char none[] = "\x60\0\0\0\0\0\x3b\x40" IPV6_ADDRESSES;
  Packet packet;

  g_assert_cmpint (packet_decode (&packet, PACKET_LINK_ETHERNET, (const guint8 *) arp,
                                  sizeof arp - 1, sizeof arp - 1),
                   ==, PACKET_OTHER);
  g_assert_cmpint (packet_decode (&packet, PACKET_LINK_RAW, (const guint8 *) icmp, sizeof icmp - 1,
                                  sizeof icmp - 1),
                   ==, PACKET_OTHER);
  g_assert_cmpint (packet_decode (&packet, PACKET_LINK_RAW, (const guint8 *) none, sizeof none - 1,
                                  sizeof none - 1),
                   ==, PACKET_OTHER);
}

static void
test_options (void)
{
  static const guint8 bytes[] = { 2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8 };
  static const guint8 cut[] = { 2, 4, 5, 0xb4, 8, 10, 0, 0 };
  static const guint8 wrong[] = { 8, 0, 2, 4, 5, 0xb4 };
  Packet packet = { .options = bytes, .options_size = sizeof bytes };
  PacketTcpOptions options;

  packet_read_tcp_options (&packet, &options);
  g_assert_cmpuint (options.max_segment, ==, 1460);
  g_assert_cmpint (options.window_scale, ==, 7);
  g_assert_true (options.has_timestamps);
  g_assert_cmpuint (options.timestamp, ==, 9);
  g_assert_cmpuint (options.timestamp_echo, ==, 8);

  packet.options = cut;
  packet.options_size = sizeof cut;
  packet_read_tcp_options (&packet, &options);
  g_assert_cmpuint (options.max_segment, ==, 1460);
  g_assert_false (options.has_timestamps);
  g_assert_cmpint (options.window_scale, ==, -1);

  packet.options = wrong;
  packet.options_size = sizeof wrong;
  packet_read_tcp_options (&packet, &options);
  g_assert_cmpuint (options.max_segment, ==, 0);
}

/* ---- what is written ---- */

static ImpIpSum
get_sum (const guint8 *data, gsize recorded, gsize length)
{
  Packet packet;

  g_assert_cmpint (packet_decode (&packet, PACKET_LINK_RAW, data, recorded, length), ==,
                   PACKET_TRANSPORT);
  return packet.sum;
}

/* A datagram over version 6 with a right checksum. */
static void
check_sums (const guint8 *data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2 (data, length);
  guint8 *checksum = copy + IMP_IPV6_SIZE + 6;

  g_assert_cmpint (get_sum (copy, length, length), ==, IMP_IP_SUM_RIGHT);
  g_assert_cmpint (get_sum (copy, length - 1, length), ==, IMP_IP_SUM_NONE);
  copy[length - 1] ^= 1;
  g_assert_cmpint (get_sum (copy, length, length), !=, IMP_IP_SUM_RIGHT);
  /* There are no addresses and ports: this is the sum of protocol and length. */
  imp_ip_put16 (checksum, IMP_PROTOCOL_UDP + 10);
  g_assert_cmpint (get_sum (copy, length, length), !=, IMP_IP_SUM_WRONG);
  imp_ip_put16 (checksum, 0);
  g_assert_cmpint (get_sum (copy, length, length), ==, IMP_IP_SUM_NONE);
}

static void
on_datagram (const guint8 *data, gsize length, gpointer user_data)
{
  Packet packet;
  guint *n_full = user_data;
  const guint16 checksum = imp_ip_get16 (data + length - 4);

  g_assert_cmpint (packet_decode (&packet, PACKET_LINK_RAW, data, length, length), ==,
                   PACKET_TRANSPORT);
  g_assert_cmpuint (packet.length, ==, 2);
  g_assert_cmpuint (checksum, !=, 0);
  *n_full += checksum == 0xffff;
  check_sums (data, length);
}

/* Whatever stands in a datagram, it has a checksum: 0 would be none. */
static void
test_udp_checksum (void)
{
  guint n_full = 0;
  const FrameSink sink = { on_datagram, &n_full };
  FrameSide side = { .is_known = TRUE };

  side.ip.address_size = 16;
  side.ip.protocol = IMP_PROTOCOL_UDP;
  for (guint i = 0; i < 65536; i++)
    {
      const guint8 data[2] = { i >> 8, i };

      frame_side_write_datagram (&side, &sink, data, sizeof data);
    }
  g_assert_cmpuint (n_full, >, 0);
}

/* ---- fragments ---- */

typedef struct
{
  Fragments *fragments;
  GString *lost; /* reasons */
} FragmentsRig;

static void
on_lost (const char *reason, guint n_fragments, gpointer user_data)
{
  g_string_append_printf (user_data, "%s (%u);", reason, n_fragments);
}

static void
rig_init (FragmentsRig *rig)
{
  rig->lost = g_string_new (NULL);
  rig->fragments = fragments_new (on_lost, rig->lost);
}

static void
rig_clear (FragmentsRig *rig)
{
  fragments_free (rig->fragments);
  g_string_free (rig->lost, TRUE);
}

/* What comes out, or NULL. */
static const guint8 *
rig_add (FragmentsRig *rig, guint32 id, gsize offset, const char *text, gboolean more, gint64 time,
         gsize *length)
{
  Packet packet = {
    .ip = { .address_size = 4, .protocol = IMP_PROTOCOL_UDP },
    .fragment_id = id,
    .fragment_offset = offset,
    .more_fragments = more,
    .data = (const guint8 *) text,
    .length = strlen (text),
  };

  return fragments_add (rig->fragments, &packet, time, length);
}

static void
test_fragments (void)
{
  FragmentsRig rig;
  const guint8 *data;
  gsize length;

  rig_init (&rig);
  g_assert_null (rig_add (&rig, 1, 16, "end", FALSE, 0, &length));
  g_assert_null (rig_add (&rig, 2, 0, "ABCDEFGH", TRUE, 0, &length));
  g_assert_null (rig_add (&rig, 1, 0, "abcdefgh", TRUE, 0, &length));
  g_assert_null (rig_add (&rig, 1, 0, "abcdefgh", TRUE, 0, &length));
  data = rig_add (&rig, 1, 8, "ijklmnop", TRUE, 0, &length);
  g_assert_cmpmem (data, length, "abcdefghijklmnopend", 19);
  data = rig_add (&rig, 2, 8, "I", FALSE, 0, &length);
  g_assert_cmpmem (data, length, "ABCDEFGHI", 9);
  fragments_flush (rig.fragments);
  g_assert_cmpstr (rig.lost->str, ==, "");
  rig_clear (&rig);
}

/* Whatever could be put together in two ways is put together in none. */
static void
test_fragments_overlap (void)
{
  static const struct
  {
    gsize offset;
    const char *text;
    gboolean more;
  } seconds[] = {
    { 0, "abcdefgX", TRUE },
    { 0, "abcdefghijklmnop", TRUE },
    { 0, "abc", FALSE },
    { 16, "qrstuvwx", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      FragmentsRig rig;
      gsize length;

      rig_init (&rig);
      g_assert_null (rig_add (&rig, 1, 0, "abcdefgh", TRUE, 0, &length));
      if (seconds[i].offset > 0)
        g_assert_null (rig_add (&rig, 1, 16, "qrs", FALSE, 0, &length));
      g_assert_null (
        rig_add (&rig, 1, seconds[i].offset, seconds[i].text, seconds[i].more, 0, &length));
      g_assert_nonnull (strstr (rig.lost->str, "fragments overlap"));
      g_string_truncate (rig.lost, 0);
      /* The rest of it makes nothing new. */
      g_assert_null (rig_add (&rig, 1, 8, "end", FALSE, 0, &length));
      fragments_flush (rig.fragments);
      g_assert_cmpstr (rig.lost->str, ==, "");
      rig_clear (&rig);
    }
}

static void
test_fragments_bounds (void)
{
  const gint64 second = G_GINT64_CONSTANT (1000000000);
  FragmentsRig rig;
  gsize length;

  rig_init (&rig);
  g_assert_null (rig_add (&rig, 1, 0, "abcdefgh", TRUE, 0, &length));
  g_assert_null (rig_add (&rig, 2, 0, "abcdefgh", TRUE, (FRAGMENTS_TIMEOUT + 1) * second, &length));
  g_assert_nonnull (strstr (rig.lost->str, "in time (1)"));
  g_string_truncate (rig.lost, 0);
  for (guint i = 3; i < 3 + FRAGMENTS_WHOLES_MAX; i++)
    g_assert_null (rig_add (&rig, i, 0, "abcdefgh", TRUE, 40 * second, &length));
  g_assert_nonnull (strstr (rig.lost->str, "too many packets"));
  g_string_truncate (rig.lost, 0);
  g_assert_null (rig_add (&rig, 3, 65528, "abcdefgh", FALSE, 40 * second, &length));
  g_assert_nonnull (strstr (rig.lost->str, "wrong length"));
  g_string_truncate (rig.lost, 0);
  g_assert_null (rig_add (&rig, 4, 8, "odd", TRUE, 40 * second, &length));
  g_assert_nonnull (strstr (rig.lost->str, "wrong length"));
  fragments_flush (rig.fragments);
  g_assert_nonnull (strstr (rig.lost->str, "at the end"));
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packet/decode", test_decode);
  g_test_add_func ("/packet/mutants", test_mutants);
  g_test_add_func ("/packet/other", test_other);
  g_test_add_func ("/packet/options", test_options);
  g_test_add_func ("/packet/udp-checksum", test_udp_checksum);
  g_test_add_func ("/packet/fragments", test_fragments);
  g_test_add_func ("/packet/fragments-overlap", test_fragments_overlap);
  g_test_add_func ("/packet/fragments-bounds", test_fragments_bounds);
  return g_test_run ();
}
