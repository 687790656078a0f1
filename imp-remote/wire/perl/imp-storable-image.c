/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-storable-private.h"

/* The items of an image in Perl's Storable: a tag, then what the tag asks for. Each value that is
 * read gets the next number, by which later items refer to it. */

typedef ImpStorableReader Reader;

static ImpDecodeStatus read_item (Reader *self, ImpPerlIndex at);

/* The literal of a version string; the string itself follows as an item. */
static ImpDecodeStatus
skip_literal (Reader *self, ImpPerlIndex at, gboolean is_long)
{
  guint32 length = 0;
  guint8 byte = 0;
  ImpPerlString literal;
  ImpDecodeStatus status = is_long ? imp_storable_read_u32 (self, &length)
                                   : imp_storable_read_u8 (self, &byte);

  if (status == IMP_DECODE_DONE)
    status = imp_perl_tree_take (self->tree, is_long ? length : byte, IMP_PERL_BYTES, &literal);
  return status == IMP_DECODE_DONE ? read_item (self, at) : status;
}

static ImpDecodeStatus
read_vstring (Reader *self, ImpPerlIndex at)
{
  return skip_literal (self, at, FALSE);
}

static ImpDecodeStatus
read_lvstring (Reader *self, ImpPerlIndex at)
{
  return skip_literal (self, at, TRUE);
}

/* The reference has a number of its own, and what it refers to has the next one. */
static ImpDecodeStatus
read_ref (Reader *self, ImpPerlIndex at)
{
  imp_storable_number_value (self, at);
  return read_item (self, at);
}

static ImpDecodeStatus
read_object (Reader *self, ImpPerlIndex at)
{
  guint32 number;
  ImpDecodeStatus status = imp_storable_read_u32 (self, &number);

  return status == IMP_DECODE_DONE ? imp_perl_tree_refer (self->tree, at, number) : status;
}

static ImpDecodeStatus
begin_container (Reader *self, ImpPerlIndex at, guint least, guint32 *count)
{
  ImpDecodeStatus status;

  imp_storable_number_value (self, at);
  imp_perl_tree_get (self->tree, at)->items.first = 0;
  status = imp_storable_read_u32 (self, count);
  return status == IMP_DECODE_DONE ? imp_perl_tree_announce (self->tree, *count, least) : status;
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
read_array (Reader *self, ImpPerlIndex at)
{
  guint32 count;
  ImpPerlIndex last = 0;
  ImpDecodeStatus status = begin_container (self, at, 1, &count);

  for (guint32 i = 0; status == IMP_DECODE_DONE && i < count; i++)
    {
      self->tree->pending--;
      last = imp_perl_tree_add (self->tree, at, last);
      status = read_item (self, last);
    }
  return status == IMP_DECODE_DONE ? end_container (self, at, IMP_PERL_ARRAY, count) : status;
}

static ImpDecodeStatus
read_key (Reader *self, ImpPerlIndex at, guint8 flags)
{
  guint32 length;
  ImpPerlForm form = IMP_PERL_BYTES;
  ImpPerlString key;
  ImpDecodeStatus status;

  if ((flags & IMP_STORABLE_KEY_IS_VALUE) != 0)
    return imp_perl_tree_bad (self->tree, "A hash has a key that is no string");
  if ((flags & IMP_STORABLE_KEY_UTF8) != 0)
    form = IMP_PERL_UTF8;
  else if ((flags & IMP_STORABLE_KEY_WAS_UTF8) != 0)
    form = IMP_PERL_LATIN1;

  status = imp_storable_read_u32 (self, &length);
  if (status == IMP_DECODE_DONE)
    status = imp_perl_tree_take (self->tree, length, form, &key);
  if (status == IMP_DECODE_DONE)
    imp_perl_tree_get (self->tree, at)->key = key;
  return status;
}

/* A placeholder stands for a key that a restricted hash may get: there is no such pair. It is read,
 * and numbered, but the next one takes its place. */
static ImpDecodeStatus
read_pairs (Reader *self, ImpPerlIndex at, guint32 count, gboolean has_flags)
{
  ImpPerlIndex last = 0;
  guint32 kept = 0;

  for (guint32 i = 0; i < count; i++)
    {
      ImpPerlIndex before = last, pair = imp_perl_tree_add (self->tree, at, last);
      guint8 flags = 0;
      ImpDecodeStatus status;

      self->tree->pending -= has_flags ? 6 : 5;
      status = read_item (self, pair);
      if (status == IMP_DECODE_DONE && has_flags)
        status = imp_storable_read_u8 (self, &flags);
      if (status == IMP_DECODE_DONE)
        status = read_key (self, pair, flags);
      if (status != IMP_DECODE_DONE)
        return status;
      if ((flags & IMP_STORABLE_KEY_PLACEHOLDER) == 0)
        {
          last = pair;
          kept++;
        }
      else if (before != 0)
        imp_perl_tree_get (self->tree, before)->next = 0;
      else
        imp_perl_tree_get (self->tree, at)->items.first = 0;
    }
  return end_container (self, at, IMP_PERL_HASH, kept);
}

static ImpDecodeStatus
read_hash (Reader *self, ImpPerlIndex at)
{
  guint32 count;
  ImpDecodeStatus status = begin_container (self, at, 5, &count);

  return status == IMP_DECODE_DONE ? read_pairs (self, at, count, FALSE) : status;
}

static ImpDecodeStatus
read_flag_hash (Reader *self, ImpPerlIndex at)
{
  guint32 count;
  guint8 flags;
  ImpDecodeStatus status = imp_storable_read_u8 (self, &flags);

  if (status == IMP_DECODE_DONE)
    status = begin_container (self, at, 6, &count);
  return status == IMP_DECODE_DONE ? read_pairs (self, at, count, TRUE) : status;
}

/* Without a function: what makes objects or runs code on Perl's side, or is larger than any
 * message. */
static const struct
{
  const char *name;
  ImpDecodeStatus (*read) (Reader *self, ImpPerlIndex at);
} items[] = {
  { "OBJECT", read_object },
  { "LSCALAR", imp_storable_read_lscalar },
  { "ARRAY", read_array },
  { "HASH", read_hash },
  { "REF", read_ref },
  { "UNDEF", imp_storable_read_undef },
  { "INTEGER", imp_storable_read_integer },
  { "DOUBLE", imp_storable_read_double },
  { "BYTE", imp_storable_read_byte },
  { "NETINT", imp_storable_read_netint },
  { "SCALAR", imp_storable_read_scalar },
  { "a tied array", NULL },
  { "a tied hash", NULL },
  { "a tied scalar", NULL },
  { "SV_UNDEF", imp_storable_read_undef },
  { "SV_YES", imp_storable_read_yes },
  { "SV_NO", imp_storable_read_no },
  { "a blessed object", NULL },
  { "a blessed object (by the number of its class)", NULL },
  { "an object frozen by a hook", NULL },
  { "an overloaded reference", NULL },
  { "a key of a tied hash", NULL },
  { "an element of a tied array", NULL },
  { "UTF8STR", imp_storable_read_utf8str },
  { "LUTF8STR", imp_storable_read_lutf8str },
  { "FLAG_HASH", read_flag_hash },
  { "code", NULL },
  { "WEAKREF", read_ref },
  { "a weak overloaded reference", NULL },
  { "VSTRING", read_vstring },
  { "LVSTRING", read_lvstring },
  { "SVUNDEF_ELEM", imp_storable_read_undef },
  { "a regular expression", NULL },
  { "an object above 2 GiB", NULL },
  { "BOOLEAN_TRUE", imp_storable_read_yes },
  { "BOOLEAN_FALSE", imp_storable_read_no },
};

static ImpDecodeStatus
read_item (Reader *self, ImpPerlIndex at)
{
  guint8 tag;
  ImpDecodeStatus status = imp_perl_tree_tag (self->tree, &tag);

  if (status != IMP_DECODE_DONE)
    return status;
  if (tag >= G_N_ELEMENTS (items))
    return imp_perl_tree_bad (self->tree, "The Storable image has an item of the unknown type %d",
                              tag);
  if (items[tag].read == NULL)
    return imp_perl_tree_bad (self->tree, "The Storable image holds %s, which is refused",
                              items[tag].name);
  status = imp_perl_tree_enter (self->tree);
  if (status == IMP_DECODE_DONE)
    {
      status = items[tag].read (self, at);
      imp_perl_tree_leave (self->tree);
    }
  return status;
}

static ImpDecodeStatus
read_header (Reader *self)
{
  guint8 first, minor;
  ImpDecodeStatus status = imp_storable_read_u8 (self, &first);

  if (status == IMP_DECODE_DONE)
    status = imp_storable_read_u8 (self, &minor);
  if (status != IMP_DECODE_DONE)
    return status;
  if (first >> 1 != IMP_STORABLE_MAJOR)
    return imp_perl_tree_bad (self->tree, "The Storable image has the major version %d, not %d",
                              first >> 1, IMP_STORABLE_MAJOR);
  if ((first & 1) == 0)
    return imp_perl_tree_bad (self->tree, "The Storable image is in its sender's native order: "
                                          "nfreeze() is needed, not freeze()");
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_storable_read_image (ImpPerlTree *tree, gboolean big_endian)
{
  Reader self = { tree, big_endian };
  ImpDecodeStatus status;

  tree->complete = TRUE;
  status = read_header (&self);
  if (status == IMP_DECODE_DONE)
    status = read_item (&self, 0);
  if (status == IMP_DECODE_DONE && imp_cursor_left (&tree->input) > 0)
    return imp_perl_tree_bad (tree, "%" G_GSIZE_FORMAT " bytes follow the Storable image",
                              imp_cursor_left (&tree->input));
  return status;
}
