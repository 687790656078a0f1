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

gboolean imp_perl_is_ascii (const char *text, gsize length);

/* What writing takes for the context of a Perl peer: keys that came as part of "meta" only once,
 * and without its name. */
ImpContext *imp_perl_context_plain (ImpContext *context);

/* Fills @message from the array at the root of the tree. @op: 0 where the array begins with it.
 * FALSE with the tree's error, as all below. */
gboolean imp_perl_message_read (ImpPerlTree *tree, gint64 op, ImpMessage *message);

/* The elements of an array, one after the other; behind the last one there is undef without end. */
typedef struct
{
  ImpPerlTree *tree;
  const ImpPerlValue *next;
} ImpPerlArguments;

void imp_perl_arguments_init (ImpPerlArguments *self, ImpPerlTree *tree,
                              const ImpPerlValue *container);
const ImpPerlValue *imp_perl_arguments_take (ImpPerlArguments *self);

/* A number, or one of the names that Perl's constants also are. */
typedef gint64 (*ImpPerlLookup) (const char *name);

gboolean imp_perl_read_number (ImpPerlTree *tree, const ImpPerlValue *value, const char *name,
                               ImpPerlLookup lookup, gint64 *number);
gint64 imp_perl_data_type_named (const char *name);
gint64 imp_perl_result_named (const char *name);

gboolean imp_perl_context_read (ImpPerlTree *tree, const ImpPerlValue *hash, ImpContext **context);
gboolean imp_perl_details_read (ImpPerlArguments *arguments, ImpContext **details);
gboolean imp_perl_interfaces_read (ImpPerlArguments *arguments, GList **interfaces);

G_END_DECLS
