/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-pool-private.h"

G_BEGIN_DECLS

/* Keeps the servers of a pool as DNS has them for a service. */
typedef struct
{
  const char *service;
  const char *domain;
  guint group;             /* of the pool, whose servers they are */
  guint n_connections;     /* to each */
  guint interval;          /* milliseconds */
  const ImpClientTls *tls; /* NULL: none; its port is that of each server */
} ImpPoolNamesOptions;

/* Looks them up at once, and then again and again, until the pool is freed. */
void imp_pool_names_watch (ImpPool *pool, GMainContext *context,
                           const ImpPoolNamesOptions *options);

G_END_DECLS
