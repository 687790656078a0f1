/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-status.h"
#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* What both ends of the protocol have in common. */

#define IMP_PROTOCOL_VERSION 2
#define IMP_PROTOCOL_MINIMUM 1

/* The server settles the end of every stream itself; see docs/wire-format.md. */
#define IMP_FEATURE_END "end"

/* The client takes WANT; see docs/wire-format.md. */
#define IMP_FEATURE_WANT "want"

/* The server answers get_status; see docs/wire-format.md. */
#define IMP_FEATURE_STATUS "status"

/* Input can lie in memory that both share; see docs/wire-format.md. */
#define IMP_FEATURE_SHM "shm"

/* The server takes no larger memory, by the limit of this name. */
#define IMP_PROTOCOL_MAX_SHARED_MEMORY "max-shared-memory"

/* Fills @message, which is empty, with our set_version. @max_shared_memory: 0 for none. @features:
 * NULL-terminated, or NULL. */
void imp_protocol_fill_version (ImpMessage *message, const ImpWireLimits *limits,
                                gsize max_shared_memory, const char *const *features);
/* The highest version that both know; 0 with %IMP_ERROR_VERSION if there is none. */
guint imp_protocol_negotiate (const ImpMessage *theirs, guint max_version, GError **error);
/* A limit that the other side has announced, or @otherwise. */
gsize imp_protocol_get_limit (const ImpMessage *theirs, const char *name, gsize otherwise);

gboolean imp_protocol_has_feature (const ImpMessage *theirs, const char *name);

/* A server that takes less in one message (max-message) cannot be worked with. */
#define IMP_PROTOCOL_LEAST_MESSAGE 256
/* What it is taken to accept until it has said so: pieces of a stream are no larger. */
#define IMP_PROTOCOL_ASSUMED_MESSAGE 4096

/* How large messages the other side takes: as it has announced it, or @otherwise; 0 with
 * %IMP_ERROR_LIMIT if that is of no use. @who: "the server" or "the client". */
gsize imp_protocol_get_max_message (const ImpMessage *theirs, gsize otherwise, const char *who,
                                    GError **error);

/* How many bytes of payload surely fit into a message of @max_message bytes in any form. */
static inline gsize
imp_protocol_max_payload (gsize max_message)
{
  /* JSON writes three bytes as four, or some control characters as six. */
  return max_message > 2048 ? (max_message - 1024) / 6 : max_message / 12;
}

/* The analyzer that a client's message is about, though the rest of it makes no sense; 0 if that is
 * not known. It misses something now and cannot go on; the others can. */
gint64 imp_protocol_get_concerned (const ImpMessage *message);

/* The pairs that a status is on its way. What is missing or unknown makes a module unusable. */
ImpContext *imp_protocol_pack_status (ImpFactoryStatus *status);
ImpFactoryStatus *imp_protocol_unpack_status (ImpContext *pairs);

void imp_protocol_free_interfaces (gpointer list); /* a GList of ImpInterface */

/* What a peer says first. FALSE with %IMP_ERROR_SETTINGS if it speaks TLS, where there is none:
 * with that no message of ours begins. */
gboolean imp_protocol_check_plain (const guint8 *data, gsize length, GError **error);

/* The text of an exception, as one line for people. */
char *imp_protocol_dup_exception (const ImpMessage *message);

G_END_DECLS
