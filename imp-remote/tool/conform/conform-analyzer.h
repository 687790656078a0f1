/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* One analyzer as the connection shows it: what it was fed, what it has said of that, and so what
 * has become of the bytes. It is a naive model, which shares nothing with the library. */
typedef struct
{
  gint64 id;
  gboolean live;   /* its id is in use */
  gboolean over;   /* it has denied, dropped or failed, or an exception has ended it */
  gboolean fed;    /* at all */
  guint n_refused; /* how often its id was to be used twice, without an answer yet */
  struct
  {
    GString *input;   /* from the beginning on, as far as it is known */
    gint64 end;       /* how far it was fed */
    gint64 settled;   /* by the last verdict; -1: indefinitely */
    gint64 forwarded; /* how far the input has been forwarded or replaced */
    gint64 passed;    /* how far it may be forwarded unseen; -1: indefinitely */
    GString *output;
    gboolean ended;    /* the end of the stream was fed */
    gboolean searched; /* after a PASS_PATTERN offsets are for the provider to say */
  } sides[2];
} ConformAnalyzer;

ConformAnalyzer *conform_analyzer_new (gint64 id);
void conform_analyzer_free (ConformAnalyzer *self);

/* The provider feeds it; NULL, or what is wrong with the position. */
char *conform_analyzer_feed (ConformAnalyzer *self, ImpMessage *data);
/* A result; NULL, or which rule it breaks. */
char *conform_analyzer_apply (ConformAnalyzer *self, ImpResult *result);

G_END_DECLS
