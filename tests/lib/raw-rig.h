/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-outcome.h"
#include "test-raw-server.h"

#include "core/imp-factory.h"
#include "rpc/client/imp-remote-factory.h"

/* A remote factory whose server is the test, which speaks json. */
typedef struct
{
  ImpRemoteFactory *remote;
  TestRaw *server;
} RawRig;

/* @limit: a property of the factory, with @value. */
void raw_rig_init (RawRig *rig, const char *limit, guint64 value);
void raw_rig_clear (RawRig *rig);
void raw_rig_set_number (ImpRemoteFactory *remote, const char *limit, guint64 value);

TestOutcome *raw_rig_add (RawRig *rig);
void raw_rig_feed (TestOutcome *outcome, gsize length);
/* Accepts the connection, and says the version. */
void raw_rig_greet (RawRig *rig);

/* For test_run_until(): of a RawRig, and the others of a TestOutcome. */
gboolean raw_rig_is_ready (gpointer data);
gboolean raw_rig_is_settled (gpointer data);
gboolean raw_rig_has_log (gpointer data);
/* It is refused in the end, with a reason that names the limit and its value. */
void raw_rig_assert_refused (TestOutcome *outcome, const char *limit, guint value);
