/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Connections that a proxy passes on, and has not said yet whose they are: each begins with a
 * header of the PROXY protocol, which is taken away. */
typedef struct _ImpServerHeaders ImpServerHeaders;

typedef struct
{
  /* It is known whose it is: see imp_peer_set_source(). @tls: as it was added. */
  void (*done) (GSocketConnection *connection, gboolean tls, gpointer user_data);
  /* There is none, or not in time. The connection is closed. */
  void (*refused) (const GError *error, gpointer user_data);
  /* It is over with one of them, in whatever way: there is room. */
  void (*freed) (gpointer user_data);
} ImpServerHeadersFuncs;

/* So many at once; where there are more, the oldest goes. */
#define IMP_SERVER_HEADERS_MAX 256

/* @funcs must live as long as this. */
ImpServerHeaders *imp_server_headers_new (GMainContext *context, const ImpServerHeadersFuncs *funcs,
                                          gpointer user_data);
/* None of the functions is called any more. */
void imp_server_headers_free (ImpServerHeaders *self);

/* @timeout_ms: how long the header may take. */
void imp_server_headers_add (ImpServerHeaders *self, GSocketConnection *connection, gboolean tls,
                             guint timeout_ms);
guint imp_server_headers_get_n (const ImpServerHeaders *self);
/* All are closed. */
void imp_server_headers_drop_all (ImpServerHeaders *self);

G_END_DECLS
