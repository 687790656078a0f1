/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-outcome.h"

#include "rpc/client/imp-remote-factory-private.h"
#include "rpc/server/imp-server.h"

#define POOL_RIG_SERVERS 4
#define POOL_RIG_TIMEOUT 10000

/* One of several servers. Its analyzers pass what comes, unless their context has "holds". */
typedef struct
{
  ImpServer *server;
  ImpFactory *factory;
  char *path;
  guint n_analyzers; /* that it was asked for */
  gboolean holds;    /* its analyzers say nothing, but what "says" in their context is */
  gboolean fails;    /* it has none */
} PoolServer;

/* They listen at sockets in a folder; and a factory that has all of them. */
typedef struct
{
  char *folder;
  PoolServer servers[POOL_RIG_SERVERS];
  char *addresses[POOL_RIG_SERVERS + 1];
  ImpRemoteFactory *remote;
  GPtrArray *outcomes; /* of TestOutcome */
} PoolRig;

/* @mask: which of the servers are there. */
void pool_rig_init (PoolRig *self, const char *balance, guint connections, guint mask);
void pool_rig_clear (PoolRig *self);

void pool_server_start (PoolServer *self);
void pool_server_close (PoolServer *self);
/* Has it finish what it has; *@stopped is set then, unless that is NULL. */
void pool_server_stop (PoolServer *self, gboolean *stopped);

/* Waits until so many of them are ready; before, until one is. */
void pool_rig_connect (PoolRig *self, guint n_ready);
void pool_rig_wait_ready (PoolRig *self, guint n);
guint pool_rig_count_ready (PoolRig *self);

/* Adds an analyzer with this in its context, and feeds it 5 bytes from the client. */
TestOutcome *pool_rig_add (PoolRig *self, const char *key, const char *value);
/* Waits until it has passed them. */
void pool_rig_expect_passed (TestOutcome *outcome);

/* What the statistics say of all servers, and of one. */
guint64 pool_rig_get_total (PoolRig *self, const char *name);
guint64 pool_rig_get (PoolRig *self, guint server, const char *name);
gboolean pool_rig_is_ejected (PoolRig *self, guint server);

/* For test_run_until(): of an outcome, and of a gboolean. */
gboolean pool_rig_is_resolved (gpointer outcome);
gboolean pool_rig_is_true (gpointer flag);
