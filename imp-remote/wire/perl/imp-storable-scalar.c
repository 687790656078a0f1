/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-storable-private.h"

#include <string.h>

/* The items of a Storable image that hold no others. */

void
imp_storable_number_value (ImpStorableReader *self, ImpPerlIndex at)
{
  imp_perl_tree_mark (self->tree, self->tree->n_marks, at);
}

ImpDecodeStatus
imp_storable_read_u32 (ImpStorableReader *self, guint32 *value)
{
  if (!imp_cursor_u32_be (&self->tree->input, value))
    return imp_perl_tree_short (self->tree, 4);
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_storable_read_u8 (ImpStorableReader *self, guint8 *value)
{
  if (!imp_cursor_u8 (&self->tree->input, value))
    return imp_perl_tree_short (self->tree, 1);
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
read_native_u64 (ImpStorableReader *self, guint64 *value)
{
  ImpCursor *input = &self->tree->input;

  if (self->big_endian ? imp_cursor_u64_be (input, value) : imp_cursor_u64_le (input, value))
    return IMP_DECODE_DONE;
  return imp_perl_tree_short (self->tree, 8);
}

static ImpDecodeStatus
read_string (ImpStorableReader *self, ImpPerlIndex at, gboolean is_long, ImpPerlForm form)
{
  guint32 length = 0;
  guint8 byte = 0;
  ImpPerlString string;
  ImpDecodeStatus status;

  imp_storable_number_value (self, at);
  status = is_long ? imp_storable_read_u32 (self, &length) : imp_storable_read_u8 (self, &byte);
  if (status == IMP_DECODE_DONE)
    status = imp_perl_tree_take (self->tree, is_long ? length : byte, form, &string);
  if (status == IMP_DECODE_DONE)
    imp_perl_value_set_string (imp_perl_tree_get (self->tree, at), &string);
  return status;
}

ImpDecodeStatus
imp_storable_read_scalar (ImpStorableReader *self, ImpPerlIndex at)
{
  return read_string (self, at, FALSE, IMP_PERL_BYTES);
}

ImpDecodeStatus
imp_storable_read_lscalar (ImpStorableReader *self, ImpPerlIndex at)
{
  return read_string (self, at, TRUE, IMP_PERL_BYTES);
}

ImpDecodeStatus
imp_storable_read_utf8str (ImpStorableReader *self, ImpPerlIndex at)
{
  return read_string (self, at, FALSE, IMP_PERL_UTF8);
}

ImpDecodeStatus
imp_storable_read_lutf8str (ImpStorableReader *self, ImpPerlIndex at)
{
  return read_string (self, at, TRUE, IMP_PERL_UTF8);
}

ImpDecodeStatus
imp_storable_read_undef (ImpStorableReader *self, ImpPerlIndex at)
{
  imp_storable_number_value (self, at);
  imp_perl_value_set_undef (imp_perl_tree_get (self->tree, at));
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_storable_read_yes (ImpStorableReader *self, ImpPerlIndex at)
{
  imp_storable_number_value (self, at);
  imp_perl_value_set_boolean (imp_perl_tree_get (self->tree, at), TRUE);
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_storable_read_no (ImpStorableReader *self, ImpPerlIndex at)
{
  imp_storable_number_value (self, at);
  imp_perl_value_set_boolean (imp_perl_tree_get (self->tree, at), FALSE);
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_storable_read_byte (ImpStorableReader *self, ImpPerlIndex at)
{
  guint8 byte = 0;
  ImpDecodeStatus status = imp_storable_read_u8 (self, &byte);

  imp_storable_number_value (self, at);
  if (status == IMP_DECODE_DONE)
    imp_perl_value_set_integer (imp_perl_tree_get (self->tree, at), (gint64) byte - 128);
  return status;
}

ImpDecodeStatus
imp_storable_read_netint (ImpStorableReader *self, ImpPerlIndex at)
{
  guint32 value = 0;
  ImpDecodeStatus status = imp_storable_read_u32 (self, &value);

  imp_storable_number_value (self, at);
  if (status == IMP_DECODE_DONE)
    imp_perl_value_set_integer (imp_perl_tree_get (self->tree, at), (gint32) value);
  return status;
}

ImpDecodeStatus
imp_storable_read_integer (ImpStorableReader *self, ImpPerlIndex at)
{
  guint64 value = 0;
  ImpDecodeStatus status = read_native_u64 (self, &value);

  imp_storable_number_value (self, at);
  if (status == IMP_DECODE_DONE)
    imp_perl_value_set_integer (imp_perl_tree_get (self->tree, at), (gint64) value);
  return status;
}

ImpDecodeStatus
imp_storable_read_double (ImpStorableReader *self, ImpPerlIndex at)
{
  guint64 value = 0;
  double number;
  ImpDecodeStatus status = read_native_u64 (self, &value);

  imp_storable_number_value (self, at);
  if (status != IMP_DECODE_DONE)
    return status;
  memcpy (&number, &value, sizeof number);
  imp_perl_value_set_double (imp_perl_tree_get (self->tree, at), number);
  return IMP_DECODE_DONE;
}
