/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type.h"
#include "rpc/client/imp-send-scheduler-private.h"

#define SEND_RIG_HIGH_WATER (4 * IMP_INPUT_PIECE_SIZE)
#define SEND_RIG_MAX_QUEUED (16 * IMP_INPUT_PIECE_SIZE)
#define SEND_RIG_MAX_QUEUED_ALL (64 * IMP_INPUT_PIECE_SIZE)
#define SEND_RIG_SENDERS 8

typedef struct _SendRig SendRig;

/* One that has something to send. */
typedef struct
{
  ImpSendEntry entry; /* first, so that an entry is its sender */
  SendRig *rig;
  guint index;
  guint n_holds;
  guint n_announced;
  gboolean paused;
  gsize fed[2], sent[2];
} Sender;

/* A send scheduler, and instead of a connection some room. It checks what any user of the scheduler
 * may rely on: what is sent, and in which order, and that nothing is called for one that is gone.
 * */
struct _SendRig
{
  ImpSendScheduler *scheduler;
  Sender senders[SEND_RIG_SENDERS];
  gsize room;     /* how many messages may be sent now */
  GArray *served; /* of guint: whose input was sent, in order */
  /* Something to be done from within a call-out. */
  void (*on_send) (Sender *sender);
  void (*on_paused) (Sender *sender, gboolean paused);
};

/* With @n senders, and no room. */
void send_rig_init (SendRig *self, guint n);
void send_rig_clear (SendRig *self);

void send_rig_add (SendRig *self, guint i);
void send_rig_drop (Sender *sender);
gboolean send_rig_try_push (Sender *sender, ImpDirection direction, gsize size, gint32 data_type,
                            GError **error);
/* Of a stream from the client; it has to be taken. */
void send_rig_push (SendRig *self, guint i, gsize size);
/* Gives room for @n messages, and lets them be sent. */
void send_rig_let_send (SendRig *self, gsize n);
/* Whose input was sent since this was asked last, such as "0 1 2". */
char *send_rig_take_served (SendRig *self);
guint send_rig_count_paused (const SendRig *self);
