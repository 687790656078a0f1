/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/table.h"

#include "tool/capture/tcp-connection.h"
#include "tool/capture/udp-connection.h"

#include <string.h>

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)
/* For the last packets of a connection that is over, in seconds; and how many of those there are at
 * most. */
#define OVER_TIMEOUT 60
#define OVER_MAX 1024

/* Those that may be idle for the same time. */
typedef enum
{
  TABLE_TCP,
  TABLE_UDP,
  TABLE_OVER,
  TABLE_N_QUEUES,
} TableQueue;

typedef struct
{
  Connection *connection; /* of one of the two */
  TcpConnection *tcp;
  UdpConnection *udp;
  TableQueue queue;
  GList node;
} TableEntry;

struct _Table
{
  Capture *capture;
  const TableLimits *limits;
  GHashTable *entries;           /* ConnectionKey -> TableEntry */
  GQueue queues[TABLE_N_QUEUES]; /* whoever was idle for the longest time first */
  TableFunc ended;
  gpointer user_data;
  guint64 n_displaced;
};

static void
table_entry_free (TableEntry *entry)
{
  g_clear_pointer (&entry->tcp, tcp_connection_free);
  g_clear_pointer (&entry->udp, udp_connection_free);
  g_free (entry);
}

Table *
table_new (Capture *capture, const TableLimits *limits, TableFunc ended, gpointer user_data)
{
  Table *self = g_new0 (Table, 1);

  self->capture = capture;
  self->limits = limits;
  self->ended = ended;
  self->user_data = user_data;
  self->entries = g_hash_table_new_full (connection_key_hash, connection_key_equal, NULL,
                                         (GDestroyNotify) table_entry_free);
  return self;
}

void
table_free (Table *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

guint
table_get_n_connections (const Table *self)
{
  return g_hash_table_size (self->entries);
}

guint64
table_get_n_displaced (const Table *self)
{
  return self->n_displaced;
}

static void
table_end (Table *self, TableEntry *entry, Outcome outcome)
{
  if (entry->tcp != NULL)
    tcp_connection_finish (entry->tcp, outcome);
  else
    udp_connection_finish (entry->udp, outcome);
  inspection_finish_recording (entry->connection->inspection, entry->connection->outcome);
  self->ended (entry->connection, self->user_data);
  g_queue_unlink (&self->queues[entry->queue], &entry->node);
  g_hash_table_remove (self->entries, &entry->connection->key);
}

static TableQueue
table_choose_queue (const TableEntry *entry)
{
  if (entry->tcp == NULL)
    return TABLE_UDP;
  /* What was refused is known for as long as what was not: nothing may come behind it. */
  if (outcome_is_refusal (entry->connection->outcome))
    return TABLE_TCP;
  return entry->connection->is_over || entry->connection->is_ending ? TABLE_OVER : TABLE_TCP;
}

/* Afterwards it may be gone. */
static void
table_touch (Table *self, TableEntry *entry)
{
  g_queue_unlink (&self->queues[entry->queue], &entry->node);
  entry->queue = table_choose_queue (entry);
  g_queue_push_tail_link (&self->queues[entry->queue], &entry->node);
  if (self->queues[TABLE_OVER].length > OVER_MAX)
    table_end (self, g_queue_peek_head (&self->queues[TABLE_OVER]), OUTCOME_IDLE);
}

/* One that is over is missed the least. */
static void
table_make_room (Table *self)
{
  static const TableQueue order[] = { TABLE_OVER, TABLE_UDP, TABLE_TCP };

  if (table_get_n_connections (self) < self->limits->max_connections)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      TableEntry *first = g_queue_peek_head (&self->queues[order[i]]);

      if (first == NULL)
        continue;
      self->n_displaced += order[i] != TABLE_OVER;
      table_end (self, first, OUTCOME_IDLE);
      return;
    }
}

static TableEntry *
table_add (Table *self, const ConnectionKey *key, const Packet *packet, guint sender)
{
  TableEntry *entry;

  table_make_room (self);
  entry = g_new0 (TableEntry, 1);
  if (key->protocol == IMP_PROTOCOL_TCP)
    {
      entry->tcp = tcp_connection_new (self->capture, key, packet, sender);
      entry->connection = tcp_connection_get_base (entry->tcp);
    }
  else
    {
      entry->udp = udp_connection_new (self->capture, key, sender);
      entry->connection = udp_connection_get_base (entry->udp);
    }
  entry->node.data = entry;
  entry->queue = table_choose_queue (entry);
  g_queue_push_tail_link (&self->queues[entry->queue], &entry->node);
  g_hash_table_insert (self->entries, &entry->connection->key, entry);
  return entry;
}

/* The old one ends, and the new one begins with the SYN that came before, and this packet. */
static TableEntry *
table_begin_anew (Table *self, TableEntry *old, const ConnectionKey *key, const Packet *packet,
                  guint sender)
{
  const gboolean is_answer = (packet->flags & IMP_TCP_ACK) != 0;
  const Packet *kept = tcp_connection_peek_syn (old->tcp);
  guint8 memory[PACKET_LINK_MAX + 40];
  TableEntry *entry;
  Packet syn;

  if (is_answer && kept != NULL)
    {
      /* Its memory goes with the old one. */
      syn = *kept;
      memcpy (memory, kept->link, kept->link_size);
      memcpy (memory + kept->link_size, kept->options, kept->options_size);
      syn.link = memory;
      syn.options = memory + kept->link_size;
    }
  table_end (self, old, OUTCOME_REPLACED);
  if (!is_answer || kept == NULL)
    return table_add (self, key, packet, sender);
  entry = table_add (self, key, &syn, !sender);
  tcp_connection_take (entry->tcp, &syn, !sender);
  return entry;
}

static void
table_take_tcp (Table *self, TableEntry *entry, const ConnectionKey *key, const Packet *packet,
                guint sender)
{
  if (tcp_connection_take (entry->tcp, packet, sender) == TCP_NEW)
    {
      entry = table_begin_anew (self, entry, key, packet, sender);
      tcp_connection_take (entry->tcp, packet, sender);
    }
  table_touch (self, entry);
}

void
table_take (Table *self, const Packet *packet)
{
  ConnectionKey key;
  TableEntry *entry;
  guint sender;

  connection_key_init (&key, packet, &sender);
  entry = g_hash_table_lookup (self->entries, &key);
  if (entry == NULL)
    entry = table_add (self, &key, packet, sender);
  if (entry->tcp != NULL)
    {
      table_take_tcp (self, entry, &key, packet, sender);
      return;
    }
  udp_connection_take (entry->udp, packet, sender);
  table_touch (self, entry);
}

void
table_expire (Table *self)
{
  const guint timeouts[TABLE_N_QUEUES] = {
    [TABLE_TCP] = self->limits->tcp_timeout,
    [TABLE_UDP] = self->limits->udp_timeout,
    [TABLE_OVER] = MIN (self->limits->tcp_timeout, OVER_TIMEOUT),
  };

  for (guint i = 0; i < TABLE_N_QUEUES; i++)
    for (TableEntry *first; (first = g_queue_peek_head (&self->queues[i])) != NULL;)
      {
        if (self->capture->now - first->connection->last <= timeouts[i] * NS_PER_SECOND)
          break;
        table_end (self, first, OUTCOME_IDLE);
      }
}

void
table_finish (Table *self)
{
  for (guint i = 0; i < TABLE_N_QUEUES; i++)
    while (self->queues[i].length > 0)
      table_end (self, g_queue_peek_head (&self->queues[i]), OUTCOME_OPEN);
}
