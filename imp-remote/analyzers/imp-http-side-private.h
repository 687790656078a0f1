/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-analyzer.h"
#include "analyzers/imp-http-exchange-private.h"
#include "analyzers/imp-http-reader-private.h"
#include "core/imp-input-queue-private.h"

G_BEGIN_DECLS

/* What becomes of a body, besides what a subclass may ask for. */
typedef enum
{
  IMP_HTTP_MODE_PASS = IMP_HTTP_BODY_PASS,
  IMP_HTTP_MODE_WATCH = IMP_HTTP_BODY_WATCH,
  IMP_HTTP_MODE_STREAM = IMP_HTTP_BODY_STREAM,
  IMP_HTTP_MODE_WHOLE = IMP_HTTP_BODY_WHOLE,
  IMP_HTTP_MODE_DROP, /* another one, or none, has gone in its place */
} ImpHttpMode;

/* One direction: what has come, the message that it is, and what has been said of it. */
typedef struct
{
  ImpAnalyzer *analyzer; /* whose it is */
  ImpDirection direction;
  ImpHttpReader reader;

  ImpInputQueue queue;
  GBytes *input; /* that is being read */
  gsize input_at;
  gint64 position; /* offset of what is read next */

  gint64 settled;
  gint64 pass_to; /* so far it may pass, and is still to be said */
  gint64 drop_to; /* so far it goes away */
  gint64 wanted;  /* offset of the last WANT */

  ImpHttpExchange *exchange; /* that the message belongs to; NULL: there is none just now */
  ImpHttpHead *head;
  ImpHttpHead *trailers;
  ImpHttpMode mode;
  gint64 head_end;
  GByteArray *body; /* WHOLE */

  guint ended : 1;    /* the stream is over */
  guint resting : 1;  /* all passes, indefinitely */
  guint swallows : 1; /* all goes away: there was a last message */
  guint waits : 1;    /* for the response that says what comes next */
  guint interim : 1;  /* the head is that of a response 1xx */
} ImpHttpSide;

void imp_http_side_init (ImpHttpSide *self, ImpAnalyzer *analyzer, ImpDirection direction,
                         const ImpHttpRules *rules);
void imp_http_side_clear (ImpHttpSide *self);
/* Nothing more is looked at. */
void imp_http_side_stop (ImpHttpSide *self);
/* The message is over. */
void imp_http_side_forget_message (ImpHttpSide *self);

/* What is to become of the bytes up to @offset. That is said when something else follows, or by
 * imp_http_side_flush(). Whoever hears it may feed more, which waits, or close the analyzer. */
void imp_http_side_pass (ImpHttpSide *self, gint64 offset);
void imp_http_side_drop (ImpHttpSide *self, gint64 offset);
void imp_http_side_put (ImpHttpSide *self, gint64 offset, GBytes *data);
void imp_http_side_flush (ImpHttpSide *self);
void imp_http_side_rest (ImpHttpSide *self);
/* The rest of the body, or of the chunk, as far as nothing has to be seen in it, and it is certain
 * to come. */
void imp_http_side_pass_ahead (ImpHttpSide *self);

/* What becomes of a message, once that is known. The head goes, changed or not. */
void imp_http_side_let_head (ImpHttpSide *self);
/* With a body in the place of the one that comes, which may be one of those that do not go. */
void imp_http_side_replace_body (ImpHttpSide *self, GBytes *body, gboolean is_bodiless);
/* A piece of the body goes in a chunk, whatever it came in. */
void imp_http_side_put_piece (ImpHttpSide *self, GBytes *piece, gboolean is_last);
/* All of the message goes at once. */
void imp_http_side_put_whole (ImpHttpSide *self, GBytes *body);
/* It is too large for that: what was held, and all that follows, goes on unseen. The last @n_excess
 * bytes before the position were not held. */
void imp_http_side_release (ImpHttpSide *self, gsize n_excess);
/* What stands around chunks: with NULL in @text it is as it came. */
void imp_http_side_read_frame (ImpHttpSide *self, GBytes *text);
/* Takes @trailers. */
void imp_http_side_read_trailers (ImpHttpSide *self, ImpHttpHead *trailers);

G_END_DECLS
