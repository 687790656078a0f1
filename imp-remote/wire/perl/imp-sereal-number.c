/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-sereal-private.h"

#include <math.h>
#include <string.h>

/* Those items of a Sereal document that have a fixed meaning or are a number. */

ImpDecodeStatus
imp_sereal_read_varint (ImpPerlTree *tree, guint64 *value)
{
  guint8 byte;

  *value = 0;
  for (guint i = 0; i < IMP_SEREAL_VARINT_MAX; i++)
    {
      if (!imp_cursor_u8 (&tree->input, &byte))
        return imp_perl_tree_short (tree, 1);
      if (i == IMP_SEREAL_VARINT_MAX - 1 && byte > 1)
        break;
      *value |= (guint64) (byte & 0x7f) << (7 * i);
      if ((byte & 0x80) == 0)
        return IMP_DECODE_DONE;
    }
  return imp_perl_tree_bad (tree, "The Sereal document has a number of more than 64 bits");
}

ImpDecodeStatus
imp_sereal_read_undef (ImpSerealReader *self, ImpPerlIndex at)
{
  imp_perl_value_set_undef (imp_perl_tree_get (self->tree, at));
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_sereal_read_true (ImpSerealReader *self, ImpPerlIndex at)
{
  imp_perl_value_set_boolean (imp_perl_tree_get (self->tree, at), TRUE);
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_sereal_read_false (ImpSerealReader *self, ImpPerlIndex at)
{
  imp_perl_value_set_boolean (imp_perl_tree_get (self->tree, at), FALSE);
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_sereal_read_positive (ImpSerealReader *self, ImpPerlIndex at)
{
  guint64 value;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &value);

  if (status == IMP_DECODE_DONE && value <= G_MAXINT64)
    imp_perl_value_set_integer (imp_perl_tree_get (self->tree, at), (gint64) value);
  else if (status == IMP_DECODE_DONE)
    imp_perl_value_set_double (imp_perl_tree_get (self->tree, at), (double) value);
  return status;
}

ImpDecodeStatus
imp_sereal_read_zigzag (ImpSerealReader *self, ImpPerlIndex at)
{
  guint64 value;
  ImpDecodeStatus status = imp_sereal_read_varint (self->tree, &value);

  if (status == IMP_DECODE_DONE)
    imp_perl_value_set_integer (imp_perl_tree_get (self->tree, at),
                                (gint64) ((value >> 1) ^ (~(value & 1) + 1)));
  return status;
}

ImpDecodeStatus
imp_sereal_read_float (ImpSerealReader *self, ImpPerlIndex at)
{
  guint32 bits;
  float number;

  if (!imp_cursor_u32_le (&self->tree->input, &bits))
    return imp_perl_tree_short (self->tree, sizeof bits);
  memcpy (&number, &bits, sizeof number);
  imp_perl_value_set_double (imp_perl_tree_get (self->tree, at), number);
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_sereal_read_double (ImpSerealReader *self, ImpPerlIndex at)
{
  guint64 bits;
  double number;

  if (!imp_cursor_u64_le (&self->tree->input, &bits))
    return imp_perl_tree_short (self->tree, sizeof bits);
  memcpy (&number, &bits, sizeof number);
  imp_perl_value_set_double (imp_perl_tree_get (self->tree, at), number);
  return IMP_DECODE_DONE;
}

#define WIDE_EXPONENT_MASK 0x7fff
#define WIDE_EXPONENT_BIAS 16383

/* Both wide formats have the same exponent. @mantissa: its highest bit is the integer bit. */
static double
make_wide (guint16 sign_exponent, guint64 mantissa, gboolean has_fraction)
{
  int exponent = sign_exponent & WIDE_EXPONENT_MASK;
  double number = ldexp ((double) mantissa, exponent - WIDE_EXPONENT_BIAS - 63);

  if (exponent == WIDE_EXPONENT_MASK)
    number = has_fraction ? NAN : INFINITY;
  return (sign_exponent >> 15) != 0 ? -number : number;
}

/* The extended format of x86: the mantissa, whose integer bit is written, sign and exponent, and
 * six bytes of nothing. */
ImpDecodeStatus
imp_sereal_read_long_double (ImpSerealReader *self, ImpPerlIndex at)
{
  ImpCursor part;
  guint64 mantissa = 0;
  guint16 sign_exponent = 0;

  if (!imp_cursor_take_cursor (&self->tree->input, 16, &part))
    return imp_perl_tree_short (self->tree, 16);
  imp_cursor_u64_le (&part, &mantissa);
  imp_cursor_u16_le (&part, &sign_exponent);
  imp_perl_value_set_double (imp_perl_tree_get (self->tree, at),
                             make_wide (sign_exponent, mantissa, (mantissa << 1) != 0));
  return IMP_DECODE_DONE;
}

/* IEEE binary128, whose integer bit is not written. A double has no room for the lower half but for
 * its highest bits. */
ImpDecodeStatus
imp_sereal_read_float_128 (ImpSerealReader *self, ImpPerlIndex at)
{
  ImpCursor part;
  guint64 low = 0, high = 0, mantissa;
  guint16 sign_exponent;

  if (!imp_cursor_take_cursor (&self->tree->input, 16, &part))
    return imp_perl_tree_short (self->tree, 16);
  imp_cursor_u64_le (&part, &low);
  imp_cursor_u64_le (&part, &high);
  sign_exponent = (guint16) (high >> 48);
  mantissa = (high << 16 | low >> 48) >> 1;
  if ((sign_exponent & WIDE_EXPONENT_MASK) != 0)
    mantissa |= G_GUINT64_CONSTANT (1) << 63;
  imp_perl_value_set_double (imp_perl_tree_get (self->tree, at),
                             make_wide (sign_exponent, mantissa, high << 16 != 0 || low != 0));
  return IMP_DECODE_DONE;
}
