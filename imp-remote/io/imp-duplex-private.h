/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "io/imp-block-private.h"

G_BEGIN_DECLS

/* Two ways for bytes between two ends within a process. The near end is an application's, in
 * whatever thread; the far end is a GIOStream, for whoever moves the bytes on in a main context,
 * and says what has become of them. */
typedef struct _ImpDuplex ImpDuplex;

/* So much is taken from the near end at once, and kept for it at most. */
#define IMP_DUPLEX_CHUNK IMP_BLOCK_SIZE

/* What can be waited for. All but the last two are for the near end; what cannot come any more is
 * not waited for. */
typedef enum
{
  IMP_DUPLEX_READABLE, /* a read gives something: bytes, the end, or an error */
  IMP_DUPLEX_TAKEN,    /* what was written has left as far as it may, and so more is taken */
  IMP_DUPLEX_SETTLED,  /* and nothing of it waits for a verdict */
  IMP_DUPLEX_ENDED,    /* the end of the output has left */
  IMP_DUPLEX_OVER,     /* all is over, and closed */
  IMP_DUPLEX_FAR_READABLE,
  IMP_DUPLEX_FAR_WRITABLE,
} ImpDuplexEvent;

/* What the far end says, each time that something of it has changed. */
typedef struct
{
  gsize unsent;         /* bytes on their way out */
  gsize undelivered;    /* bytes on their way in */
  gint64 unsettled;     /* bytes on their way out that wait for a verdict */
  gboolean input_ended; /* regularly: nothing follows */
  gboolean output_ended;
  gboolean over;
  const GError *read_error; /* it comes after all bytes that are there */
  const GError *write_error;
} ImpDuplexReport;

ImpDuplex *imp_duplex_new (void);
ImpDuplex *imp_duplex_ref (ImpDuplex *self);
void imp_duplex_unref (ImpDuplex *self);

/* ---- the near end ---- */

/* As those of a pollable stream. What was written last has to leave before more is taken. */
gssize imp_duplex_read (ImpDuplex *self, void *buffer, gsize count, GError **error);
gssize imp_duplex_write (ImpDuplex *self, const GOutputVector *vectors, gsize n_vectors,
                         GError **error);
/* Nothing is written any more. */
void imp_duplex_end_output (ImpDuplex *self);
/* Nobody reads any more: what comes is thrown away. */
void imp_duplex_discard_input (ImpDuplex *self);
/* FALSE, with the error why what was written, or the end, did not leave. */
gboolean imp_duplex_check_output (ImpDuplex *self, GError **error);

gboolean imp_duplex_is_ready (ImpDuplex *self, ImpDuplexEvent event);
/* Waits for an event, until it is cancelled, or the time is over, in milliseconds: whether it has
 * come. For threads in which nothing is done for this one. Who cancels calls imp_duplex_wake(). */
gboolean imp_duplex_wait (ImpDuplex *self, ImpDuplexEvent event, GCancellable *cancellable,
                          guint timeout);
void imp_duplex_wake (ImpDuplex *self);
/* A source that is ready as long as the event is. */
GSource *imp_duplex_create_source (ImpDuplex *self, ImpDuplexEvent event);

/* ---- the far end ---- */

/* For the stream of that end, which is made by imp_duplex_far_new(); as those of a pollable one. */
gssize imp_duplex_read_far (ImpDuplex *self, void *buffer, gsize count, GError **error);
gssize imp_duplex_write_far (ImpDuplex *self, const void *buffer, gsize count, GError **error);
void imp_duplex_report (ImpDuplex *self, const ImpDuplexReport *report);
/* Takes back what has not been read at the near end. */
void imp_duplex_drop_input (ImpDuplex *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDuplex, imp_duplex_unref)

G_END_DECLS
