/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* The half of a link that makes bytes of messages: they wait in its output. It knows no sockets.
 *
 * A PASS that comes right behind one of the same analyzer and direction, which still waits whole,
 * takes its place. */
typedef struct
{
  ImpOutputBuffer *output;
  ImpCodec *codec;     /* NULL while not known */
  const ImpWire *wire; /* its table row, where it is one of ours */
  guint version;
  gsize max_sent;    /* bytes of a message that the peer takes */
  gsize surely_sent; /* bytes of a payload that fits in any form */
  guint64 n_sent;    /* messages */
  const char *name;  /* NULL where messages are not logged */
  struct
  {
    gint64 id; /* 0: something else was written behind it */
    guint direction;
    gsize length;
    const guint8 *end;
  } last_pass; /* what was written last, if that was a PASS */
} ImpMessageWriter;

void imp_message_writer_init (ImpMessageWriter *self, const char *name);
void imp_message_writer_clear (ImpMessageWriter *self);
/* The peer takes no larger messages; at first it takes any. */
void imp_message_writer_set_max_sent (ImpMessageWriter *self, gsize bytes);

/* FALSE with an error, and nothing has changed, if the codec cannot say it, or it is larger than
 * the peer takes (%IMP_ERROR_LIMIT). */
gboolean imp_message_writer_write (ImpMessageWriter *self, const ImpMessage *message,
                                   GError **error);
gboolean imp_message_writer_write_data (ImpMessageWriter *self, gint64 id, ImpDirection direction,
                                        const ImpView *data, gint64 offset, gint32 data_type,
                                        GError **error);
gboolean imp_message_writer_write_verdict (ImpMessageWriter *self, gint64 id,
                                           const ImpVerdict *verdict, GError **error);

G_END_DECLS
