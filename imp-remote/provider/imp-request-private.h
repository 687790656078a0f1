/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "core/imp-cursor-private.h"

G_BEGIN_DECLS

/* How a client says where it wants to be connected to, before it speaks with whoever is there: what
 * of it a relay has to understand. Nothing here reads or writes. */

/* What has become of a request, for the client to hear. */
typedef enum
{
  IMP_REQUEST_GRANTED,
  IMP_REQUEST_FAILED, /* for no reason that it could know more of */
  IMP_REQUEST_DENIED,
  IMP_REQUEST_NO_NETWORK, /* no way leads there */
  IMP_REQUEST_NO_HOST,    /* the name, or the address, is nobody's */
  IMP_REQUEST_REFUSED,    /* nobody listens there */
  IMP_REQUEST_TIMED_OUT,
} ImpRequestOutcome;

/* One request, from its first byte on; all zero at first. */
typedef struct
{
  char *host; /* a name, or an IP address without brackets */
  guint16 port;
  GBytes *reply;  /* what is to be written before anything else is decoded; NULL: nothing */
  guint8 version; /* of SOCKS: 4 or 5 */
  gboolean greeted;
  gsize scanned; /* of HTTP: so many bytes have been looked at */
} ImpRequest;

/* @data: all that has come, less what was used. MORE may have used some of it, and each answer may
 * have set the reply. BAD: @error says what is wrong. A cut request is never taken for a whole one.
 */
typedef struct
{
  const char *name;
  gsize max_length; /* of what is not used yet */
  ImpDecodeStatus (*decode) (ImpRequest *self, const guint8 *data, gsize length, gsize *used,
                             GError **error);
  /* What the client is told. @reason: for people, or NULL. @local: the address that the server
   * sees, or NULL. */
  GBytes *(*answer) (const ImpRequest *self, ImpRequestOutcome outcome, const char *reason,
                     GSocketAddress *local);
} ImpRequestProtocol;

/* SOCKS 4, 4a and 5: CONNECT, without authentication. */
extern const ImpRequestProtocol imp_request_socks;
/* The method CONNECT of HTTP/1. */
extern const ImpRequestProtocol imp_request_http;

void imp_request_clear (ImpRequest *self);

/* For the protocols: FALSE with an error if it is neither an IP address nor can be a name, or the
 * port is 0. */
gboolean imp_request_set_target (ImpRequest *self, const char *host, gsize length, guint16 port,
                                 GError **error);
gboolean imp_request_is_name (const char *host, gsize length);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImpRequest, imp_request_clear)

G_END_DECLS
