/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/connection.h"

G_BEGIN_DECLS

/* All connections that are known, at most so many of them. */
typedef struct _Table Table;

/* One has come to its end, and is freed afterwards. */
typedef void (*TableFunc) (Connection *connection, gpointer user_data);

typedef struct
{
  guint max_connections;
  guint tcp_timeout; /* in s of the capture, without a packet */
  guint udp_timeout;
} TableLimits;

/* @capture and @limits live longer. */
Table *table_new (Capture *capture, const TableLimits *limits, TableFunc ended, gpointer user_data);
void table_free (Table *self);

/* A packet of TCP or UDP. */
void table_take (Table *self, const Packet *packet);
/* Ends those that have been idle for too long. */
void table_expire (Table *self);
/* The capture is over. */
void table_finish (Table *self);

guint table_get_n_connections (const Table *self);
/* How many had to make room for others. */
guint64 table_get_n_displaced (const Table *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Table, table_free)

G_END_DECLS
