/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-view-private.h"
#include "rpc/imp-shared-memory-private.h"
#include "rpc/server/imp-hosted-analyzer-private.h"

G_BEGIN_DECLS

/* The memory that the client of a connection shares: part of the connection. Which blocks it gets
 * back is told after each read, and later where somebody has kept bytes. */
typedef struct
{
  ImpLink *link;               /* NULL before the client has said its version */
  gsize max_size;              /* bytes; 0: the client may share none */
  struct _ImpMapping *mapping; /* NULL: nothing is shared */
  GSource *source;             /* runs when something is released late */
  GBytes *copy;                /* what was taken last, where it has to be stable */
  gboolean attended;           /* something was taken in this turn */
  gboolean has_stray;          /* a descriptor was left over in the last one */
} ImpServerSharing;

/* Views of the memory are gone; what was kept is not. */
void imp_server_sharing_clear (ImpServerSharing *self);

/* Whether the client, which says its version, may share memory; before it is told. */
void imp_server_sharing_consider (ImpServerSharing *self, ImpLink *link,
                                  const ImpMessage *set_version,
                                  const ImpSharedMemoryOptions *options);
/* It does, by @share, which is being handled. FALSE if it breaks the rules, or it cannot be. */
gboolean imp_server_sharing_begin (ImpServerSharing *self, const ImpMessage *share,
                                   GMainContext *context, GError **error);
/* The client's bytes, or a copy where @analyzer (or NULL) wants that; good until this or the next
 * is called again. */
gboolean imp_server_sharing_take (ImpServerSharing *self, const ImpMessage *shared_data,
                                  const ImpHostedAnalyzer *analyzer, ImpView *view, GError **error);
/* After each read: releases what is not needed any more, and closes a descriptor that belongs to no
 * message. FALSE if nothing was taken. */
gboolean imp_server_sharing_update (ImpServerSharing *self);

G_END_DECLS
