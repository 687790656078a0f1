/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server-tracer-private.h"
#include "core/imp-log-limit-private.h"
#include "rpc/imp-link-private.h"

#include "imp-macros.h"

G_BEGIN_DECLS

/* Why a client, or one of its analyzers, was refused or ended: mostly the name of a limit. */
typedef enum
{
  IMP_SERVER_REFUSAL_DENIED,
  IMP_SERVER_REFUSAL_HANDSHAKE_TIMEOUT,
  IMP_SERVER_REFUSAL_MALFORMED,
  IMP_SERVER_REFUSAL_MAX_ANALYZERS,
  IMP_SERVER_REFUSAL_MAX_ANALYZERS_PER_PEER,
  IMP_SERVER_REFUSAL_MAX_CONNECTIONS,
  IMP_SERVER_REFUSAL_MAX_CONNECTIONS_PER_PEER,
  IMP_SERVER_REFUSAL_MAX_CONTEXT_ALL,
  IMP_SERVER_REFUSAL_MAX_HANDSHAKES,
  IMP_SERVER_REFUSAL_MAX_HELD,
  IMP_SERVER_REFUSAL_MAX_HELD_ALL,
  IMP_SERVER_REFUSAL_MAX_HELD_PER_PEER,
  IMP_SERVER_REFUSAL_MAX_IDLE,
  IMP_SERVER_REFUSAL_MAX_MEMORY,
  IMP_SERVER_REFUSAL_MAX_OUTPUT,
  IMP_SERVER_REFUSAL_MAX_SILENCE,
  IMP_SERVER_REFUSAL_MESSAGE_TIMEOUT,
  IMP_SERVER_REFUSAL_TLS,
  IMP_N_SERVER_REFUSALS,
} ImpServerRefusal;

/* What the connections of one server have in common: the memory that they take together, what one
 * peer may have of everything, and what is counted. */
typedef struct
{
  gsize max_memory; /* bytes */
  guint max_connections_per_peer;
  guint max_analyzers_per_peer;
  gsize max_held_per_peer; /* bytes */
  gsize memory;            /* bytes that all accounts take */
  GQueue peers;            /* of ImpServerPeer: those that have accounts */
  GHashTable *names;    /* of those whose name is known: name -> peer; NULL where there are none */
  guint64 n_handshakes; /* TLS clients that have come */
  guint64 n_connections;
  guint64 n_analyzers;
  ImpLinkCounters past; /* of connections that have ended */
  guint64 n_refusals[IMP_N_SERVER_REFUSALS];
  ImpLogLimit tls_log;           /* of clients that speak TLS, where there is none */
  const ImpServerTracer *tracer; /* or NULL */
} ImpServerTotals;

/* What the connections of one peer have in common. */
typedef struct
{
  ImpServerTotals *totals;
  char *name;      /* see imp_peer_name_of_stream(); NULL: not known, and there is one connection */
  GQueue accounts; /* of ImpServerAccount: one for each connection */
  guint n_analyzers;
  gsize held;        /* bytes that they hold or have to say */
  gint64 in_vain_at; /* monotonic time of the last search for one that makes room */
  GList node;
} ImpServerPeer;

typedef struct _ImpServerAccount ImpServerAccount;

typedef struct
{
  /* Gives up what takes most memory of it; anything may be closed afterwards. */
  void (*pay) (ImpServerAccount *self);
  /* It stays where it is between these, also when it is closed. */
  void (*hold) (ImpServerAccount *self);
  void (*release) (ImpServerAccount *self);
} ImpServerAccountFuncs;

/* The memory that one connection takes: part of it.
 *
 * Once all accounts take too much together, somebody has to pay: the peer of the one that wants
 * more, if it takes more than its share, which is the same for all peers; else the peer that takes
 * most. Among the connections of that peer it is the same again. So nobody can make others pay
 * without being dearer than they are, with however many connections, and a peer that takes little
 * always gets what it needs. */
struct _ImpServerAccount
{
  ImpServerTotals *totals; /* NULL once it is closed */
  ImpServerPeer *peer;     /* the same */
  gsize memory;            /* bytes */
  const ImpServerAccountFuncs *funcs;
  GList node;
};

/* @peer: its name, or NULL: it is alone. */
void imp_server_account_open (ImpServerAccount *self, ImpServerTotals *totals, const char *peer,
                              const ImpServerAccountFuncs *funcs);
void imp_server_account_close (ImpServerAccount *self);

/* What to call it in a sentence. */
static inline const char *
imp_server_peer_get_title (const ImpServerPeer *self)
{
  return self->name != NULL ? self->name : "the client";
}

/* NULL if it has no connections, or @name is NULL. */
ImpServerPeer *imp_server_totals_look_up_peer (const ImpServerTotals *self, const char *name);

/* @change: bytes; what is negative has wrapped. */
static inline void
imp_server_account_add (ImpServerAccount *self, gsize change)
{
  self->memory += change;
  self->totals->memory += change;
}

static inline gboolean
imp_server_totals_fits (const ImpServerTotals *self, gsize size)
{
  return self->memory <= self->max_memory && size <= self->max_memory - self->memory;
}

gboolean imp_server_account_make_room_slow (ImpServerAccount *self, gsize size);

/* FALSE if @size more bytes are too much and it is this account that would have to pay; others do
 * at once. */
static inline gboolean
imp_server_account_make_room (ImpServerAccount *self, gsize size)
{
  return imp_server_totals_fits (self->totals, size)
         || imp_server_account_make_room_slow (self, size);
}

/* Has somebody pay, if what this account has just added is too much. */
void imp_server_account_check_slow (ImpServerAccount *self);

static inline void
imp_server_account_check (ImpServerAccount *self)
{
  if (self->totals != NULL && self->totals->memory > self->totals->max_memory)
    imp_server_account_check_slow (self);
}

/* Whether its peer holds too much. */
static inline gboolean
imp_server_account_exceeds_held (const ImpServerAccount *self)
{
  return self->peer->held > self->totals->max_held_per_peer;
}

static inline void
imp_server_account_count_refusal (ImpServerAccount *self, ImpServerRefusal refusal)
{
  if (self->totals != NULL)
    self->totals->n_refusals[refusal]++;
}

/* A client speaks TLS, and this address is without: that is not for it to find out. */
void imp_server_account_note_tls (ImpServerAccount *self, const GError *error);

/* Bytes that all peers hold or have to say. */
guint64 imp_server_totals_count_held (const ImpServerTotals *self);
/* The counts as a dictionary (a{st}) by reason. */
GVariant *imp_server_totals_describe_refusals (const ImpServerTotals *self);

G_END_DECLS
