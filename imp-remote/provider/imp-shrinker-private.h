/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-conversation-private.h"

G_BEGIN_DECLS

/* What is still wrong with @candidate, in words; NULL if nothing is. */
typedef char *(*ImpRefuteFunc) (const ImpConversation *candidate, gpointer user_data);

/* Looks for the smallest part of a conversation with which something is still wrong. */
typedef struct
{
  ImpConversation *conversation; /* owned, as the next one */
  char *difference;              /* what is wrong with it */
  ImpRefuteFunc refute;
  gpointer user_data;
  gboolean whole_chunks; /* only leave some out; what stays is not changed */
  guint n_left;          /* so many candidates may still be tried */
} ImpShrinker;

/* @conversation and @difference become smaller, as far as that is possible. */
void imp_shrinker_run (ImpShrinker *self);

G_END_DECLS
