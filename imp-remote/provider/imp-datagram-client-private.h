/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "core/imp-log-limit-private.h"
#include "io/imp-datagram-private.h"
#include "provider/imp-datagram-target-private.h"
#include "provider/imp-filter-private.h"

G_BEGIN_DECLS

/* What became of packets and clients. Each is a row of imp_datagram_counter_names. */
typedef enum
{
  IMP_DATAGRAM_CLIENTS_SEEN,
  IMP_DATAGRAM_CLIENTS_REFUSED, /* there was no room */
  IMP_DATAGRAM_CLIENTS_EVICTED,
  IMP_DATAGRAM_CLIENTS_DENIED, /* or dropped, by the analyzer */
  IMP_DATAGRAM_CLIENTS_FAILED,
  IMP_DATAGRAM_FROM_CLIENTS,
  IMP_DATAGRAM_FROM_SERVER,
  IMP_DATAGRAM_TO_SERVER,
  IMP_DATAGRAM_TO_CLIENTS,
  IMP_DATAGRAM_EMPTY,          /* passed by, unseen */
  IMP_DATAGRAM_DROPPED_CLIENT, /* of clients for which there is nothing */
  IMP_DATAGRAM_DROPPED_HELD,   /* too much waits for verdicts */
  IMP_DATAGRAM_DROPPED_PAUSED, /* the analyzer takes nothing now */
  IMP_DATAGRAM_DROPPED_CUT,    /* larger than a datagram can be */
  IMP_DATAGRAM_DROPPED_SENDING,
  IMP_DATAGRAM_UNREACHABLE, /* the server's machine says that nobody listens */
  IMP_DATAGRAM_N_COUNTERS,
} ImpDatagramCounter;

extern const char *const imp_datagram_counter_names[IMP_DATAGRAM_N_COUNTERS];

typedef struct _ImpDatagramClient ImpDatagramClient;

/* What the clients of a relay have in common. */
typedef struct
{
  int listener; /* descriptors */
  int epoll;    /* has each client's socket, with the client as its data */
  ImpDatagramTarget *target;
  ImpFactory *factory;
  GMainContext *context;
  guint deadline, max_extensions, hold_timeout; /* of filters */
  guint64 max_growth;
  guint max_log_rate;
  guint64 max_log_size;
  guint warn_silence;
  guint64 max_held; /* bytes: of one client, and of all */
  guint64 max_held_total;
  guint64 held; /* what all clients hold */
  guint64 counters[IMP_DATAGRAM_N_COUNTERS];
  ImpLogLimit failures; /* of sending */
  guint observed;       /* flags of the types of results that somebody wants to see */
  void (*result) (ImpDatagramClient *client, const ImpVerdict *verdict, gpointer user_data);
  /* Nothing is done for it any more. @error: why, if its analyzer has refused it, or failed; all
   * that it sends is dropped from now on. NULL: nothing came any more, or it made room. */
  void (*ended) (ImpDatagramClient *client, const GError *error, gpointer user_data);
  gpointer user_data;
} ImpDatagramCommon;

/* One address from which datagrams come, with its analyzer and its own socket towards the server,
 * so that answers find their way, and nobody can guess where to send other ones. */
struct _ImpDatagramClient
{
  ImpDatagramPath path; /* first: it is the key */
  ImpDatagramCommon *common;
  guint64 serial;    /* of those of the relay, from 1 on */
  gint64 since;      /* when it was first heard of, in monotonic time */
  ImpFilter *filter; /* NULL: nothing is done for it */
  int fd;            /* towards the server, or -1 */
  guint target_index;
  guint n_moves;      /* to another address of the server */
  GBytes *kept;       /* the last packet for the server, as long as it may go to another address */
  gint64 active;      /* when something came last */
  gint64 failed;      /* when it has failed, so that it can be tried again; else 0 */
  guint64 cost;       /* of what is held */
  gboolean has_asked; /* the last packet that went out for it was for the server */
  gboolean is_answered; /* the server has said something */
  gboolean is_done;     /* it is out of the table, and freed when nobody is using it */
  GList link;           /* in the order of their last packets */
};

ImpDatagramClient *imp_datagram_client_new (ImpDatagramCommon *common, const ImpDatagramPath *path,
                                            gint64 now);
/* Makes its socket and its analyzer, or has it refused. */
void imp_datagram_client_open (ImpDatagramClient *self);
/* Closes its filter and its socket; what is held is lost. */
void imp_datagram_client_stop (ImpDatagramClient *self);
void imp_datagram_client_free (ImpDatagramClient *self);

/* One has come from the client. */
void imp_datagram_client_push (ImpDatagramClient *self, const ImpDatagram *datagram);
/* Takes what has come from the server: FALSE if there was nothing. */
gboolean imp_datagram_client_read (ImpDatagramClient *self, ImpDatagramReader *reader);
/* A dictionary: see imp_datagram_relay_list_progress(). */
GVariant *imp_datagram_client_describe (ImpDatagramClient *self, gint64 now);
/* Counts what it holds once more: an analyzer that takes packets away says so to nobody. */
void imp_datagram_client_update_cost (ImpDatagramClient *self);

G_END_DECLS
