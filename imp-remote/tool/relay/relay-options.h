/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-own.h"
#include "tool/relay/relay-recorder.h"

G_BEGIN_DECLS

/* What the command line says of all groups. */
typedef struct
{
  guint max_connections;          /* per group, as the next one */
  guint max_connections_per_peer; /* see imp_peer_name_of_stream() */
  guint connect_timeout;          /* seconds */
  guint greeting_timeout;         /* seconds */
  guint sni_timeout;              /* milliseconds */
  guint idle_timeout;             /* seconds, 0: none */
  guint datagram_idle_timeout;    /* seconds */
  guint deadline;                 /* seconds, 0: none */
  guint max_extensions;           /* of the deadline */
  guint hold_timeout;             /* milliseconds, 0: none */
  gsize max_growth;               /* bytes, 0: none */
  guint max_log_rate;             /* results for the log a second, 0: any number */
  gsize max_log_size;             /* bytes */
  guint warn_silence;             /* seconds, 0: never */
  guint keepalive;                /* seconds, 0: none */
  gboolean evict;                 /* clients of datagrams, if there is no room */
  gboolean verbose;               /* log every result */
  gboolean records;               /* there is one, once all is made */
  RelayRecorder *recorder;        /* or NULL; of all groups, and outlives them */
  RelayOwn *own;                  /* the same */
  guint max_shadows;              /* connections that are compared at a time */
} RelayOptions;

/* A relay that is as they say. @on_result: for what its analyzer has to say to people; for all
 * results, if they are to be logged. */
ImpRelay *relay_options_make_relay (const RelayOptions *self, GSocketConnection *client,
                                    ImpAnalyzer *analyzer, GCallback on_result, gpointer user_data);

G_END_DECLS
