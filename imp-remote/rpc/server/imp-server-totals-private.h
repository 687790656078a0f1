/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Why a client, or one of its analyzers, was refused or ended: mostly the name of a limit. */
typedef enum
{
  IMP_SERVER_REFUSAL_HANDSHAKE_TIMEOUT,
  IMP_SERVER_REFUSAL_MALFORMED,
  IMP_SERVER_REFUSAL_MAX_ANALYZERS,
  IMP_SERVER_REFUSAL_MAX_CONNECTIONS,
  IMP_SERVER_REFUSAL_MAX_CONTEXT_ALL,
  IMP_SERVER_REFUSAL_MAX_HELD,
  IMP_SERVER_REFUSAL_MAX_HELD_ALL,
  IMP_SERVER_REFUSAL_MAX_IDLE,
  IMP_SERVER_REFUSAL_MAX_MEMORY,
  IMP_SERVER_REFUSAL_MAX_OUTPUT,
  IMP_SERVER_REFUSAL_MESSAGE_TIMEOUT,
  IMP_N_SERVER_REFUSALS,
} ImpServerRefusal;

/* What the connections of one server have in common: the memory that they take together, and what
 * is counted. */
typedef struct
{
  gsize max_memory; /* bytes */
  gsize memory;     /* bytes that all accounts take */
  GQueue accounts;  /* of ImpServerAccount */
  guint64 n_connections;
  guint64 n_analyzers;
  guint64 n_refusals[IMP_N_SERVER_REFUSALS];
} ImpServerTotals;

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
 * Once all accounts take too much together, somebody has to pay: the one that wants more, if it
 * takes more than its share, else the one that takes most. So nobody can make others pay without
 * being dearer than they are, and a connection that takes little always gets what it needs. */
struct _ImpServerAccount
{
  ImpServerTotals *totals; /* NULL once it is closed */
  gsize memory;            /* bytes */
  const ImpServerAccountFuncs *funcs;
  GList node;
};

void imp_server_account_open (ImpServerAccount *self, ImpServerTotals *totals,
                              const ImpServerAccountFuncs *funcs);
void imp_server_account_close (ImpServerAccount *self);

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

static inline void
imp_server_account_count_refusal (ImpServerAccount *self, ImpServerRefusal refusal)
{
  if (self->totals != NULL)
    self->totals->n_refusals[refusal]++;
}

/* The counts as a dictionary (a{st}) by reason. */
GVariant *imp_server_totals_describe_refusals (const ImpServerTotals *self);

G_END_DECLS
