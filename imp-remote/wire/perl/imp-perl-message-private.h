/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-fields-private.h"
#include "wire/perl/imp-perl-value-private.h"

G_BEGIN_DECLS

/* How Perl's side of the protocol orders the arguments of each op; both Perl codecs share it. */

/* How a codec writes plain values. */
typedef struct _ImpPerlWriter
{
  /* What stands before the arguments, of which there are @count. */
  void (*begin) (ImpOutputBuffer *output, ImpOp op, guint count);
  void (*array) (ImpOutputBuffer *output, guint count);
  /* @utf8: some of the keys are not ASCII. */
  void (*hash) (ImpOutputBuffer *output, guint count, gboolean utf8);
  /* Each pair is: key, value, key_after; Sereal writes keys first, Storable last. */
  void (*key) (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8);
  void (*key_after) (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8);
  void (*undef) (ImpOutputBuffer *output);
  void (*integer) (ImpOutputBuffer *output, gint64 integer);
  void (*string) (ImpOutputBuffer *output, const char *text, gsize length, gboolean utf8);
  void (*bytes) (ImpOutputBuffer *output, GBytes *bytes);
} ImpPerlWriter;

/* Writes what version 1 of the protocol has; FALSE with an error, and nothing written, for the
 * rest. */
gboolean imp_perl_message_write (const ImpMessage *message, const ImpPerlWriter *writer,
                                 ImpOutputBuffer *output, GError **error);

/* Fills @message from the array at the root of the tree, whose status tells how that went. @op: 0
 * where the array begins with it. */
void imp_perl_message_read (ImpPerlTree *tree, gint64 op, ImpMessage *message);

/* A hash of hashes, which becomes flat; NULL and undef are the empty one. */
gboolean imp_perl_context_read (ImpPerlTree *tree, const ImpPerlValue *hash, ImpContext **context);
/* All arguments that are left are keys and values. */
gboolean imp_perl_details_read (ImpPerlItems *arguments, ImpContext **details);
/* What writing takes for the context of a Perl peer: keys that came as part of "meta" only once,
 * and without its name. */
ImpContext *imp_perl_context_plain (ImpContext *context);

G_END_DECLS
