/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-sereal-private.h"

/* The body of a Sereal document: tags, and what each asks for. An item whose tag is marked as
 * tracked can be referred to later, by its offset. */

typedef ImpSerealReader Reader;

static ImpDecodeStatus read_item (Reader *self, ImpPerlIndex at);

static ImpDecodeStatus
take_string (Reader *self, ImpPerlIndex at, guint64 length, ImpPerlForm form)
{
  ImpPerlString string;
  ImpDecodeStatus status = imp_perl_tree_take (self->tree, length, form, &string);

  if (status == IMP_DECODE_DONE)
    imp_perl_value_set_string (imp_perl_tree_get (self->tree, at), &string);
  return status;
}

static ImpDecodeStatus
read_binary (Reader *self, ImpPerlIndex at)
{
  guint64 length;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &length);

  return status == IMP_DECODE_DONE ? take_string (self, at, length, IMP_PERL_BYTES) : status;
}

static ImpDecodeStatus
read_utf8 (Reader *self, ImpPerlIndex at)
{
  guint64 length;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &length);

  return status == IMP_DECODE_DONE ? take_string (self, at, length, IMP_PERL_UTF8) : status;
}

/* Of an ALIAS, and of a REFP, which is a reference to what is there. */
static ImpDecodeStatus
read_back (Reader *self, ImpPerlIndex at)
{
  guint64 offset;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &offset);

  return status == IMP_DECODE_DONE ? imp_perl_tree_refer (self->tree, at, offset) : status;
}

/* Goes back to read again what stands at an offset; saves in @here where to go on. While the input
 * is read again it ends before the COPY, so that nothing can copy itself. */
static ImpDecodeStatus
begin_copy (Reader *self, ImpCursor *here)
{
  ImpPerlTree *tree = self->tree;
  gsize tag_position = tree->input.position - 1;
  guint64 offset;
  ImpDecodeStatus status = imp_sereal_read_varint (tree, &offset);

  if (status != IMP_DECODE_DONE)
    return status;
  if (offset < self->first || offset - self->first >= tag_position - self->base)
    return imp_perl_tree_bad (tree, "A COPY goes back to %" G_GUINT64_FORMAT ", where no value is",
                              offset);
  *here = tree->input;
  tree->input.length = tag_position;
  tree->input.position = self->base + (offset - self->first);
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
end_copy (Reader *self, const ImpCursor *here, ImpDecodeStatus status)
{
  self->tree->input = *here;
  if (status == IMP_DECODE_MORE)
    return imp_perl_tree_bad (self->tree, "A COPY goes back to a value that contains it");
  return status;
}

static ImpDecodeStatus
read_copy (Reader *self, ImpPerlIndex at)
{
  ImpCursor here;
  ImpDecodeStatus status;

  if (self->copying)
    return imp_perl_tree_bad (self->tree, "A COPY goes back to another COPY");
  status = begin_copy (self, &here);
  if (status != IMP_DECODE_DONE)
    return status;
  self->copying = TRUE;
  status = end_copy (self, &here, read_item (self, at));
  self->copying = FALSE;
  return status;
}

static ImpDecodeStatus
end_container (Reader *self, ImpPerlIndex at, ImpPerlKind kind, guint32 count)
{
  ImpPerlValue *value = imp_perl_tree_get (self->tree, at);

  value->kind = kind;
  value->items.count = count;
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
read_items (Reader *self, ImpPerlIndex at, guint64 count)
{
  ImpPerlIndex last = 0;
  ImpDecodeStatus status = imp_perl_tree_announce (self->tree, count, 1);

  imp_perl_tree_get (self->tree, at)->items.first = 0;
  for (guint64 i = 0; status == IMP_DECODE_DONE && i < count; i++)
    {
      self->tree->pending--;
      last = imp_perl_tree_add (self->tree, at, last);
      status = read_item (self, last);
    }
  return status == IMP_DECODE_DONE ? end_container (self, at, IMP_PERL_ARRAY, count) : status;
}

static ImpDecodeStatus
read_array (Reader *self, ImpPerlIndex at)
{
  guint64 count;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &count);

  return status == IMP_DECODE_DONE ? read_items (self, at, count) : status;
}

static ImpDecodeStatus
next_tag (Reader *self, guint8 *tag)
{
  ImpDecodeStatus status;

  do
    status = imp_perl_tree_tag (self->tree, tag);
  while (status == IMP_DECODE_DONE && (*tag & ~IMP_SEREAL_TRACK) == IMP_SEREAL_PAD);
  return status;
}

static ImpDecodeStatus read_key (Reader *self, ImpPerlString *key, gboolean may_copy);

/* Even what is being copied may have such keys; what they go back to is a string, and no COPY. */
static ImpDecodeStatus
read_copied_key (Reader *self, ImpPerlString *key)
{
  ImpCursor here;
  ImpDecodeStatus status = begin_copy (self, &here);

  return status == IMP_DECODE_DONE ? end_copy (self, &here, read_key (self, key, FALSE)) : status;
}

static ImpDecodeStatus
read_key (Reader *self, ImpPerlString *key, gboolean may_copy)
{
  guint8 tag;
  guint64 length = 0;
  ImpDecodeStatus status = next_tag (self, &tag);

  if (status != IMP_DECODE_DONE)
    return status;
  tag &= ~IMP_SEREAL_TRACK;
  if (tag == IMP_SEREAL_COPY && may_copy)
    return read_copied_key (self, key);
  if (tag >= IMP_SEREAL_SHORT_BINARY)
    length = tag - IMP_SEREAL_SHORT_BINARY;
  else if (tag == IMP_SEREAL_BINARY || tag == IMP_SEREAL_STR_UTF8)
    status = imp_sereal_read_varint (self->tree, &length);
  else
    return imp_perl_tree_bad (self->tree, "A hash has a key that is no string, but of the type %d",
                              tag);
  if (status != IMP_DECODE_DONE)
    return status;
  return imp_perl_tree_take (self->tree, length,
                             tag == IMP_SEREAL_STR_UTF8 ? IMP_PERL_UTF8 : IMP_PERL_BYTES, key);
}

static ImpDecodeStatus
read_pairs (Reader *self, ImpPerlIndex at, guint64 count)
{
  ImpPerlIndex last = 0;
  ImpDecodeStatus status = imp_perl_tree_announce (self->tree, count, 2);

  imp_perl_tree_get (self->tree, at)->items.first = 0;
  for (guint64 i = 0; status == IMP_DECODE_DONE && i < count; i++)
    {
      ImpPerlString key;

      self->tree->pending -= 2;
      status = read_key (self, &key, TRUE);
      if (status != IMP_DECODE_DONE)
        break;
      last = imp_perl_tree_add (self->tree, at, last);
      imp_perl_tree_get (self->tree, last)->key = key;
      status = read_item (self, last);
    }
  return status == IMP_DECODE_DONE ? end_container (self, at, IMP_PERL_HASH, count) : status;
}

static ImpDecodeStatus
read_hash (Reader *self, ImpPerlIndex at)
{
  guint64 count;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &count);

  return status == IMP_DECODE_DONE ? read_pairs (self, at, count) : status;
}

/* From VARINT on. Without a function: what makes objects or runs code on Perl's side, or what no
 * document may hold. */
static const struct
{
  ImpDecodeStatus (*read) (Reader *self, ImpPerlIndex at);
  const char *refused;
} tags[] = {
  { imp_sereal_read_positive }, /* VARINT */
  { imp_sereal_read_zigzag },
  { imp_sereal_read_float },
  { imp_sereal_read_double },
  { imp_sereal_read_long_double },
  { imp_sereal_read_undef },
  { read_binary },
  { read_utf8 },
  { read_item }, /* REFN: a reference to the next item */
  { read_back }, /* REFP */
  { read_hash },
  { read_array },
  { NULL, "a blessed object" },
  { NULL, "a blessed object (whose class was named before)" },
  { read_back }, /* ALIAS */
  { read_copy },
  { read_item }, /* WEAKEN */
  { NULL, "a regular expression" },
  { NULL, "an object frozen by a hook" },
  { NULL, "an object frozen by a hook (whose class was named before)" },
  { imp_sereal_read_false }, /* NO */
  { imp_sereal_read_true },  /* YES */
  { NULL, "a reserved type (54)" },
  { NULL, "a reserved type (55)" },
  { imp_sereal_read_float_128 },
  { imp_sereal_read_undef }, /* CANONICAL_UNDEF */
  { imp_sereal_read_false },
  { imp_sereal_read_true },
  { NULL, "the reserved type MANY" },
  { NULL, "the beginning of another document" },
  { NULL, "the reserved type EXTEND" },
};

static ImpDecodeStatus
read_tagged (Reader *self, ImpPerlIndex at, guint8 tag)
{
  ImpPerlValue *value = imp_perl_tree_get (self->tree, at);

  if (tag >= IMP_SEREAL_SHORT_BINARY)
    return take_string (self, at, tag - IMP_SEREAL_SHORT_BINARY, IMP_PERL_BYTES);
  if (tag >= IMP_SEREAL_HASHREF)
    return read_pairs (self, at, tag - IMP_SEREAL_HASHREF);
  if (tag >= IMP_SEREAL_ARRAYREF)
    return read_items (self, at, tag - IMP_SEREAL_ARRAYREF);
  if (tag < IMP_SEREAL_VARINT)
    {
      imp_perl_value_set_integer (value, tag < IMP_SEREAL_NEG ? tag : tag - IMP_SEREAL_VARINT);
      return IMP_DECODE_DONE;
    }
  if (tags[tag - IMP_SEREAL_VARINT].read == NULL)
    return imp_perl_tree_bad (self->tree, "The Sereal document holds %s, which is refused",
                              tags[tag - IMP_SEREAL_VARINT].refused);
  return tags[tag - IMP_SEREAL_VARINT].read (self, at);
}

static ImpDecodeStatus
read_item (Reader *self, ImpPerlIndex at)
{
  guint8 tag;
  ImpDecodeStatus status = next_tag (self, &tag);

  if (status != IMP_DECODE_DONE)
    return status;
  if ((tag & IMP_SEREAL_TRACK) != 0 && !self->copying)
    imp_perl_tree_mark (self->tree, self->tree->input.position - 1 - self->base + self->first, at);
  status = imp_perl_tree_enter (self->tree);
  if (status == IMP_DECODE_DONE)
    {
      status = read_tagged (self, at, tag & ~IMP_SEREAL_TRACK);
      imp_perl_tree_leave (self->tree);
    }
  return status;
}

ImpDecodeStatus
imp_sereal_read_body (ImpPerlTree *tree, gsize first)
{
  Reader self = { tree, tree->input.position, first, FALSE };

  return read_item (&self, 0);
}
