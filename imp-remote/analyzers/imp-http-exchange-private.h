/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-head-private.h"

G_BEGIN_DECLS

/* A request, and what comes back for it. */
typedef struct
{
  ImpHttpHead *request;
  GBytes *answer;           /* instead of the server's, once its turn comes */
  guint wants_continue : 1; /* the client has to be told to send the body, by us */
  guint request_ended : 1;  /* all of it has come */
  guint responded : 1;      /* the final response has ended */
  guint expects : 1;        /* the client waits for the server's word before it sends the body */
  guint may_switch : 1;     /* to something else than HTTP, if the response says so */
} ImpHttpExchange;

/* Takes @request. */
ImpHttpExchange *imp_http_exchange_new (ImpHttpHead *request);
/* What the request asks for besides a response, as it goes on. */
void imp_http_exchange_look (ImpHttpExchange *self);
ImpHttpExchange *imp_http_exchange_ref (ImpHttpExchange *self);
void imp_http_exchange_unref (ImpHttpExchange *self);

/* A whole response to @request, as it goes; NULL: to one that was not understood. @closes: the
 * connection ends behind it. */
GBytes *imp_http_exchange_write_answer (ImpHttpHead *request, ImpHttpHead *response,
                                        const guint8 *body, gsize length, gboolean closes);
/* One that says in words what is wrong. */
GBytes *imp_http_exchange_write_page (ImpHttpHead *request, guint status, const char *text);

G_END_DECLS
