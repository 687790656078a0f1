/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-parser-private.h"

G_BEGIN_DECLS

/* One direction of a connection, taken apart: heads, bodies, and what stands around their chunks.
 * No verdicts and no offsets: whoever uses it counts what it has taken. */
typedef enum
{
  IMP_HTTP_READER_START, /* before a message */
  IMP_HTTP_READER_HEAD,
  IMP_HTTP_READER_WAIT, /* for set_body() */
  IMP_HTTP_READER_LENGTH,
  IMP_HTTP_READER_UNTIL_END,
  IMP_HTTP_READER_CHUNK_LINE,
  IMP_HTTP_READER_CHUNK,
  IMP_HTTP_READER_CHUNK_END,
  IMP_HTTP_READER_TRAILERS,
  IMP_HTTP_READER_DONE, /* END comes next */
} ImpHttpReaderState;

typedef struct
{
  const ImpHttpRules *rules;
  ImpHttpPart part;
  ImpHttpReaderState state;
  GByteArray *partial; /* of a head or a line, what has come */
  gsize searched;      /* so much of it has no end */
  guint64 remaining;   /* of the body or the chunk */
  guint n_blank;       /* empty lines before the message */
} ImpHttpReader;

typedef enum
{
  IMP_HTTP_EVENT_MORE,     /* nothing is said yet, of what was taken */
  IMP_HTTP_EVENT_BLANK,    /* what has no meaning before a request */
  IMP_HTTP_EVENT_HEAD,     /* set_body() is to be called next */
  IMP_HTTP_EVENT_BODY,     /* some of it */
  IMP_HTTP_EVENT_FRAME,    /* what stands around chunks */
  IMP_HTTP_EVENT_TRAILERS, /* with the empty line */
  IMP_HTTP_EVENT_END,      /* of the message */
  IMP_HTTP_EVENT_CUT,      /* the stream ends within a body */
  IMP_HTTP_EVENT_BAD,
} ImpHttpEventKind;

typedef struct
{
  ImpHttpHead *head;  /* HEAD, TRAILERS; the caller's */
  const guint8 *data; /* BODY */
  gsize length;
  GBytes *text; /* FRAME: what stands in its place, or NULL; the caller's */
  ImpHttpProblem problem;
} ImpHttpEvent;

void imp_http_reader_init (ImpHttpReader *self, ImpHttpPart part, const ImpHttpRules *rules);
void imp_http_reader_clear (ImpHttpReader *self);

/* Takes some of @data, *used of it, and says what it is. To be called again until it wants more and
 * has taken all, and with nothing as well: the end of a message takes no byte. */
ImpHttpEventKind imp_http_reader_next (ImpHttpReader *self, const guint8 *data, gsize length,
                                       gsize *used, ImpHttpEvent *event);
void imp_http_reader_set_body (ImpHttpReader *self, ImpHttpFraming framing, guint64 length);
/* So many bytes of the body will not be shown. FALSE: there are not so many. */
gboolean imp_http_reader_skip (ImpHttpReader *self, guint64 n);
/* The stream is over: END, CUT, BAD or, between messages, MORE. */
ImpHttpEventKind imp_http_reader_finish (ImpHttpReader *self, ImpHttpEvent *event);

G_END_DECLS
