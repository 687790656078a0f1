/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-listener-private.h"

G_BEGIN_DECLS

typedef struct
{
  /* Whether the next one that waits may be accepted. */
  ImpListenerGate may_accept;
  ImpListenerFunc connected;
  ImpListenerFunc connected_tls; /* and has to begin with TLS */
  /* How many more may be accepted. */
  guint (*get_room) (gpointer user_data);
  /* After imp_server_listeners_close(): what was being opened is given up. */
  void (*given_up) (gpointer user_data);
} ImpServerListenersFuncs;

/* Where a server listens, and where it is about to. */
typedef struct
{
  GMainContext *context;
  const ImpServerListenersFuncs *funcs;
  gpointer user_data;
  GPtrArray *listeners; /* of ImpListener */
  GQueue opening;       /* of GTask */
  gboolean closed;
} ImpServerListeners;

typedef struct
{
  ImpListenerOptions opening;
  gboolean insecure; /* other machines may reach it */
} ImpServerListenersOptions;

/* @funcs must live as long as this. */
void imp_server_listeners_init (ImpServerListeners *self, GMainContext *context,
                                const ImpServerListenersFuncs *funcs, gpointer user_data);
/* After imp_server_listeners_close(), once nothing is being opened. */
void imp_server_listeners_clear (ImpServerListeners *self);

/* Listens at what @address stands for, and accepts connections there. @text is @address as the user
 * wrote it, for errors. */
gboolean imp_server_listeners_open (ImpServerListeners *self, const ImpAddress *address,
                                    const char *text, const ImpServerListenersOptions *options,
                                    GError **error);
/* The same without blocking; TRUE or the error is what @task returns, whose task data this sets. */
void imp_server_listeners_open_async (ImpServerListeners *self, const ImpAddress *address,
                                      const char *text, const ImpServerListenersOptions *options,
                                      GTask *task);
static inline gboolean
imp_server_listeners_is_opening (const ImpServerListeners *self)
{
  return self->opening.length > 0;
}

/* There is room again. */
void imp_server_listeners_resume (ImpServerListeners *self);
/* Stops to listen at the first that has @address, after those who wait there are accepted, if there
 * is room. FALSE: there is none. */
gboolean imp_server_listeners_remove (ImpServerListeners *self, const char *address);
/* Stops to listen, for good. @accept: those who wait are accepted first, if there is room. */
void imp_server_listeners_close (ImpServerListeners *self, gboolean accept);

/* As clients write them; to be freed with g_strfreev(). */
char **imp_server_listeners_list (ImpServerListeners *self);

G_END_DECLS
