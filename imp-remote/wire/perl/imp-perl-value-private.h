/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* The plain values that Perl's Storable and Sereal carry, as both decoders leave them: a tree in
 * one array, whose strings lie in the input. References are resolved: a reference to a value is
 * that value. */

typedef enum
{
  IMP_PERL_OPEN, /* being read: what refers to it makes a cycle */
  IMP_PERL_UNDEF,
  IMP_PERL_INTEGER,
  IMP_PERL_DOUBLE,
  IMP_PERL_STRING,
  IMP_PERL_ARRAY,
  IMP_PERL_HASH,
} ImpPerlKind;

typedef enum
{
  IMP_PERL_BYTES,  /* bytes, each of which is also a character */
  IMP_PERL_UTF8,   /* characters, as Perl writes UTF-8 */
  IMP_PERL_LATIN1, /* characters below 256: a key that had been upgraded */
} ImpPerlForm;

typedef struct
{
  const guint8 *data;
  gsize length;
  ImpPerlForm form;
} ImpPerlString;

/* Index of a value in its tree. No value but the root has index 0, so that 0 means "none". */
typedef guint32 ImpPerlIndex;

typedef struct
{
  ImpPerlKind kind;
  ImpPerlIndex next; /* in the same array or hash */
  ImpPerlString key; /* in a hash */
  union
  {
    gint64 integer;
    double number;
    ImpPerlString string;
    struct
    {
      ImpPerlIndex first;
      guint32 count;
    } items;
  };
} ImpPerlValue;

/* What one message may consist of. A value costs one byte on the wire and many here, and what is
 * cut is read from its beginning again, so that the cap is not for the user to raise. */
#define IMP_PERL_MAX_VALUES 16384
/* Keys, and tags that stand for no value of their own, are read too. */
#define IMP_PERL_MAX_TAGS (2 * IMP_PERL_MAX_VALUES)
#define IMP_PERL_INLINE 32

/* Where the reader stood when it began a value: the number of a Storable image, the offset of a
 * Sereal document. */
typedef struct
{
  gsize position;
  ImpPerlIndex value;
} ImpPerlMark;

typedef struct
{
  ImpCursor input;
  gsize start;       /* of the message in the input */
  gboolean complete; /* the input will not grow: to run short is an error */
  gsize max_message;
  gsize max_context;
  guint max_depth;
  guint depth;
  guint n_tags;
  guint32 n_announced; /* values in containers, whether they were read or not */
  gsize pending;       /* bytes that announced values take at least */
  ImpDecodeStatus status;
  gsize need; /* after MORE: bytes from the start without which it is pointless to try again */
  GError **error;
  ImpPerlValue *values;
  guint32 n_values;
  guint32 values_size;
  ImpPerlMark *marks;
  guint32 n_marks;
  guint32 marks_size;
  ImpPerlValue inline_values[IMP_PERL_INLINE];
  ImpPerlMark inline_marks[IMP_PERL_INLINE];
} ImpPerlTree;

void imp_perl_tree_init (ImpPerlTree *self, const ImpCursor *input, const ImpWireLimits *limits,
                         GError **error);
void imp_perl_tree_clear (ImpPerlTree *self);

static inline ImpPerlValue *
imp_perl_tree_get (ImpPerlTree *self, ImpPerlIndex index)
{
  return &self->values[index];
}

/* For the decoders. The first error, or lack of bytes, sticks as the status of the tree; what meets
 * it returns FALSE, so that reading goes on only while all is well. */

/* @missing bytes are not there (yet). */
gboolean imp_perl_tree_short (ImpPerlTree *self, guint64 missing);
/* Sets an error of IMP_ERROR_PROTOCOL. */
gboolean imp_perl_tree_bad (ImpPerlTree *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Sets an error of IMP_ERROR_LIMIT: @what, over the limit of @limit (@property). */
gboolean imp_perl_tree_limit (ImpPerlTree *self, const char *what, gsize limit,
                              const char *property);
gboolean imp_perl_tree_take (ImpPerlTree *self, guint64 length, ImpPerlForm form,
                             ImpPerlString *string);

/* An unsigned number of one, four or eight bytes. */
static inline gboolean
imp_perl_tree_take_number (ImpPerlTree *self, guint length, gboolean big_endian, guint64 *number)
{
  ImpCursor *input = &self->input;
  guint32 four = 0;
  guint8 one = 0;
  gboolean taken;

  *number = 0;
  switch (length)
    {
    case 1:
      taken = imp_cursor_u8 (input, &one);
      *number = one;
      break;
    case 4:
      taken = big_endian ? imp_cursor_u32_be (input, &four) : imp_cursor_u32_le (input, &four);
      *number = four;
      break;
    default:
      g_assert (length == 8);
      taken = big_endian ? imp_cursor_u64_be (input, number) : imp_cursor_u64_le (input, number);
    }
  return taken || imp_perl_tree_short (self, length);
}

/* An unsigned number of seven bits in each byte. */
#define IMP_PERL_VARINT_MAX 10
gboolean imp_perl_tree_take_varint (ImpPerlTree *self, guint64 *number);

/* Each tag that is read, be it a value or not. */
static inline gboolean
imp_perl_tree_tag (ImpPerlTree *self, guint8 *tag)
{
  if (!imp_cursor_u8 (&self->input, tag))
    return imp_perl_tree_short (self, 1);
  if (++self->n_tags > IMP_PERL_MAX_TAGS)
    return imp_perl_tree_limit (self, "A message has too many values", IMP_PERL_MAX_TAGS, "fixed");
  return TRUE;
}

static inline gboolean
imp_perl_tree_enter (ImpPerlTree *self)
{
  if (self->depth >= self->max_depth)
    return imp_perl_tree_limit (self, "A message is nested deeper", self->max_depth, "max-depth");
  self->depth++;
  return TRUE;
}

static inline void
imp_perl_tree_leave (ImpPerlTree *self)
{
  self->depth--;
}

/* Before a container of @count items, each of @least bytes or more, is read. */
gboolean imp_perl_tree_announce (ImpPerlTree *self, guint64 count, guint least);
/* Adds a value behind @last (0: none) in the container @parent. */
ImpPerlIndex imp_perl_tree_add (ImpPerlTree *self, ImpPerlIndex parent, ImpPerlIndex last);
/* Reads the @count items of the array @at, each by @read. */
typedef gboolean (*ImpPerlReadFunc) (gpointer reader, ImpPerlIndex at);
gboolean imp_perl_tree_read_array (ImpPerlTree *self, ImpPerlIndex at, guint64 count,
                                   ImpPerlReadFunc read, gpointer reader);
/* @position: behind that of the mark before. */
void imp_perl_tree_mark (ImpPerlTree *self, gsize position, ImpPerlIndex value);
/* Makes @value another name of the one that was marked at @position. */
gboolean imp_perl_tree_refer (ImpPerlTree *self, ImpPerlIndex value, guint64 position);

/* What a value is. Always TRUE. */
gboolean imp_perl_tree_set_undef (ImpPerlTree *self, ImpPerlIndex at);
gboolean imp_perl_tree_set_integer (ImpPerlTree *self, ImpPerlIndex at, gint64 integer);
gboolean imp_perl_tree_set_double (ImpPerlTree *self, ImpPerlIndex at, double number);
gboolean imp_perl_tree_set_boolean (ImpPerlTree *self, ImpPerlIndex at, gboolean boolean);
gboolean imp_perl_tree_set_string (ImpPerlTree *self, ImpPerlIndex at, const ImpPerlString *string);
/* When all its items are there. */
gboolean imp_perl_tree_set_container (ImpPerlTree *self, ImpPerlIndex at, ImpPerlKind kind,
                                      guint32 count);

/* The items of an array or a hash, one after the other; behind the last one there is NULL. */
typedef struct
{
  ImpPerlTree *tree;
  const ImpPerlValue *next;
} ImpPerlItems;

void imp_perl_items_init (ImpPerlItems *self, ImpPerlTree *tree, const ImpPerlValue *container);

static inline const ImpPerlValue *
imp_perl_items_take (ImpPerlItems *self)
{
  const ImpPerlValue *value = self->next;

  if (value != NULL)
    self->next = value->next != 0 ? imp_perl_tree_get (self->tree, value->next) : NULL;
  return value;
}

/* For those that ask what the values mean. As in Perl, a number may come as a string and a string
 * as a number; NULL (not there) is undef. */

gboolean imp_perl_value_is_undef (const ImpPerlValue *self);
gboolean imp_perl_value_is_scalar (const ImpPerlValue *self);
gboolean imp_perl_value_get_integer (const ImpPerlValue *self, gint64 *integer);

/* Valid UTF-8 without NUL, in the input or in @scratch. Bytes that are not UTF-8 are taken for
 * Latin-1, as Perl takes them; what no text can hold becomes U+FFFD. FALSE: not a scalar. */
gboolean imp_perl_value_get_text (const ImpPerlValue *self, GString *scratch, const char **text,
                                  gsize *length);
void imp_perl_string_get_text (const ImpPerlString *self, GString *scratch, const char **text,
                               gsize *length);
/* Bytes, a slice of the input where that pays; NULL for what is not a scalar, or holds a
 * character above 255. */
GBytes *imp_perl_value_dup_bytes (const ImpPerlValue *self, const ImpCursor *input);

G_END_DECLS
