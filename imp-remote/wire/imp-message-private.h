/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-context-private.h"
#include "wire/imp-message.h"

G_BEGIN_DECLS

/* Ids and offsets stay below 2^53, so that every peer can hold them. Ids begin at 1; 0 stands for
 * the whole factory, in exceptions only. */
#define IMP_MAX_ID ((G_GINT64_CONSTANT (1) << 53) - 1)

/* Inside the library a message may live on the stack: the hot path decodes into one, acts, and
 * clears it. Every pointer is owned by the message. */
struct _ImpMessage
{
  gatomicrefcount ref_count; /* of messages on the heap */
  ImpOp op;
  guint8 direction;
  gboolean busy;
  gint32 data_type;
  guint version; /* SET_VERSION */
  guint minimum; /* SET_VERSION; 0 = as version */
  gint64 id;
  gint64 offset;
  gint64 token;        /* PING, PONG */
  GBytes *data;        /* DATA */
  ImpResult *result;   /* RESULT */
  ImpContext *context; /* NEW_ANALYZER */
  GList *interfaces;   /* of ImpInterface: GET_INTERFACE, SET_INTERFACE (one), INTERFACE */
  char *text;          /* EXCEPTION, GOODBYE */
  ImpContext *limits;  /* SET_VERSION: name -> decimal number */
  char **features;     /* SET_VERSION */
};

#define IMP_MESSAGE_INIT                                                                           \
  {                                                                                                \
    0                                                                                              \
  }

/* Frees what the message holds and makes it empty again; for messages on the stack. */
void imp_message_clear (ImpMessage *self);
/* Moves the contents to the heap, leaving @self empty. */
ImpMessage *imp_message_steal (ImpMessage *self);
/* Fills @target, which is empty, with the same contents. */
void imp_message_copy_to (const ImpMessage *self, ImpMessage *target);

GList *imp_message_copy_interfaces (GList *interfaces);
ImpMessage *imp_message_new_new_analyzer_packed (gint64 id, ImpContext *context);

const char *imp_op_to_string (ImpOp op);     /* "get_interface"; NULL where there is none */
ImpOp imp_op_from_string (const char *name); /* 0 where there is none */

G_END_DECLS
