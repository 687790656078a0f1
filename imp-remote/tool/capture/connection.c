/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/connection.h"

#include <gio/gio.h>
#include <string.h>

static int
connection_key_compare_ends (const Packet *packet)
{
  const int order = memcmp (packet->ip.source, packet->ip.destination, packet->ip.address_size);

  return order != 0 ? order : (int) packet->ports[0] - (int) packet->ports[1];
}

void
connection_key_init (ConnectionKey *self, const Packet *packet, guint *sender)
{
  const guint source = connection_key_compare_ends (packet) <= 0 ? 0 : 1;

  memset (self, 0, sizeof *self);
  self->address_size = packet->ip.address_size;
  self->protocol = packet->ip.protocol;
  memcpy (self->addresses[source], packet->ip.source, self->address_size);
  memcpy (self->addresses[!source], packet->ip.destination, self->address_size);
  self->ports[source] = packet->ports[0];
  self->ports[!source] = packet->ports[1];
  *sender = source;
}

/* Seeded, so that nobody can choose addresses that meet. */
guint
connection_key_hash (gconstpointer self)
{
  static guint64 seed;
  const guint8 *bytes = self;
  guint64 hash, word;

  G_STATIC_ASSERT (sizeof (ConnectionKey) % 2 == 0);
  if (seed == 0)
    seed = (guint64) g_random_int () << 32 | g_random_int () | 1;
  hash = seed;
  for (gsize done = 0; done < sizeof (ConnectionKey); done += sizeof word)
    {
      word = 0;
      memcpy (&word, bytes + done, MIN (sizeof word, sizeof (ConnectionKey) - done));
      hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 29;
    }
  return hash ^ hash >> 32;
}

gboolean
connection_key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (ConnectionKey)) == 0;
}

void
connection_init (Connection *self, Capture *capture, const ConnectionKey *key, guint client)
{
  self->capture = capture;
  self->key = *key;
  self->client = client;
  self->start = self->last = capture->time;
  self->first_packet = self->last_packet = capture->packet;
}

void
connection_clear (Connection *self)
{
  g_clear_pointer (&self->inspection, inspection_free);
}

void
connection_note_packet (Connection *self)
{
  self->n_packets++;
  self->last = self->capture->now;
  self->last_packet = self->capture->packet;
}

static void
connection_note_right_sum (Connection *self, guint sender)
{
  if (self->has_doubtful_data[sender] && !self->has_right_sum[sender])
    entries_add_note (inspection_get_entries (self->inspection), sender != self->client,
                      self->capture->packet,
                      "data before had wrong checksums, so that its receiver has not taken it");
  self->has_right_sum[sender] = TRUE;
}

gboolean
connection_believes (Connection *self, const Packet *packet, guint sender)
{
  const gboolean is_reset = packet->ip.protocol == IMP_PROTOCOL_TCP
                            && (packet->flags & IMP_TCP_RST) != 0;

  if (packet->sum == IMP_IP_SUM_RIGHT && packet->length > 0)
    connection_note_right_sum (self, sender);
  if (packet->sum != IMP_IP_SUM_WRONG || (!is_reset && !self->has_right_sum[sender]))
    {
      self->has_doubtful_data[sender] |= packet->sum == IMP_IP_SUM_WRONG && packet->length > 0;
      return TRUE;
    }
  self->n_wrong_sums++;
  return FALSE;
}

static char *
connection_format_address (const Connection *self, guint end)
{
  const GSocketFamily family = self->key.address_size == 4 ? G_SOCKET_FAMILY_IPV4
                                                           : G_SOCKET_FAMILY_IPV6;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (self->key.addresses[end],
                                                                    family);

  return g_inet_address_to_string (address);
}

static guint
connection_get_end (const Connection *self, ImpDirection direction)
{
  return direction == IMP_DIRECTION_FROM_CLIENT ? self->client : !self->client;
}

char *
connection_format_end (const Connection *self, ImpDirection direction)
{
  const guint end = connection_get_end (self, direction);
  g_autofree char *address = connection_format_address (self, end);

  return g_strdup_printf (self->key.address_size == 4 ? "%s:%u" : "[%s]:%u", address,
                          self->key.ports[end]);
}

static void
connection_add_end (const Connection *self, GHashTable *context, ImpDirection direction)
{
  const guint end = connection_get_end (self, direction);
  const char side = direction == IMP_DIRECTION_FROM_CLIENT ? 'c' : 's';

  g_hash_table_insert (context, g_strdup_printf ("%caddr", side),
                       connection_format_address (self, end));
  g_hash_table_insert (context, g_strdup_printf ("%cport", side),
                       g_strdup_printf ("%u", self->key.ports[end]));
}

void
connection_inspect (Connection *self, gint32 data_type, const InspectionFuncs *funcs,
                    gpointer user_data)
{
  g_autoptr (GHashTable) context = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  connection_add_end (self, context, IMP_DIRECTION_FROM_CLIENT);
  connection_add_end (self, context, IMP_DIRECTION_FROM_SERVER);
  self->inspection = inspection_new (self->capture, context, data_type, funcs, user_data);
}
