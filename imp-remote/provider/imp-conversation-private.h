/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"

#include <glib.h>

G_BEGIN_DECLS

/* One chunk of what the two sides say. */
typedef struct
{
  GBytes *data;  /* empty: the end of the direction */
  gint64 origin; /* where it began in its direction, in the conversation that was made first */
  gint32 data_type;
  guint8 direction;
} ImpChunk;

/* Who speaks when, and in which chunks. Never changed once it is made; only added to. */
typedef struct
{
  GArray *chunks; /* of ImpChunk */
  gint64 said[2]; /* bytes in each direction that were added from outside */
} ImpConversation;

/* How two directions come together. */
typedef enum
{
  IMP_ORDER_KEPT,         /* as they stand in the conversation */
  IMP_ORDER_CLIENT_FIRST, /* all of one, then all of the other */
  IMP_ORDER_SERVER_FIRST,
  IMP_ORDER_TURNS, /* a chunk of each in turns */
  IMP_ORDER_RANDOM,
} ImpOrder;

ImpConversation *imp_conversation_new (void);
void imp_conversation_free (ImpConversation *self);
/* Takes @data. */
void imp_conversation_add (ImpConversation *self, ImpDirection direction, GBytes *data,
                           gint32 data_type);

static inline guint
imp_conversation_get_length (const ImpConversation *self)
{
  return self->chunks->len;
}

static inline const ImpChunk *
imp_conversation_get (const ImpConversation *self, guint index)
{
  return &g_array_index (self->chunks, ImpChunk, index);
}

/* Whether a direction ends in it. */
gboolean imp_conversation_has_end (const ImpConversation *self, guint direction);
/* So many bytes in all. */
gsize imp_conversation_get_size (const ImpConversation *self);
/* At how many places a stream can be cut. */
gsize imp_conversation_count_cuts (const ImpConversation *self);

/* The same with what can be joined joined, in @order (not a random one); and with the ends that it
 * lacks. */
ImpConversation *imp_conversation_join (const ImpConversation *self, ImpOrder order);
/* The same in chunks of @size bytes: of what is said in one go, only the last one is smaller. 0: of
 * any size. The order stays, and so do packets. */
ImpConversation *imp_conversation_rechunk (const ImpConversation *self, gsize size);

/* Whether to cut at the @index-th place, of those that imp_conversation_count_cuts() counts. */
typedef gboolean (*ImpCutFunc) (gsize index, gpointer user_data);

/* The same, cut. */
ImpConversation *imp_conversation_cut (const ImpConversation *self, ImpCutFunc cut,
                                       gpointer user_data);
/* The same, cut at these offsets of each direction, which are in their order. */
ImpConversation *imp_conversation_cut_at (const ImpConversation *self, GArray *const places[2]);
/* The same, in another order. @random: for a random one. */
ImpConversation *imp_conversation_order (const ImpConversation *self, ImpOrder order,
                                         GRand *random);

/* Without so many chunks from @index on, but for ends. NULL if there is nothing to leave out. */
ImpConversation *imp_conversation_remove (const ImpConversation *self, guint index, guint n);
/* With the chunk at @index being one with the next of its direction, if they are neighbors there
 * and can be joined; else NULL. */
ImpConversation *imp_conversation_merge (const ImpConversation *self, guint index);
/* Without so many bytes at the start and the end of the chunk at @index, of which some are left. */
ImpConversation *imp_conversation_trim (const ImpConversation *self, guint index, gsize start,
                                        gsize end);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpConversation, imp_conversation_free)

G_END_DECLS
