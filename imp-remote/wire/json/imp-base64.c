/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json/imp-json-private.h"

static const char base64_alphabet[]
  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define GROUPS_AT_ONCE 1000

static guint8 *
base64_put_group (guint8 *p, guint a, guint b, guint c)
{
  p[0] = base64_alphabet[a >> 2];
  p[1] = base64_alphabet[(a & 3) << 4 | b >> 4];
  p[2] = base64_alphabet[(b & 15) << 2 | c >> 6];
  p[3] = base64_alphabet[c & 63];
  return p + 4;
}

static void
base64_append_rest (ImpOutputBuffer *output, const guint8 *data, gsize length)
{
  guint8 *p = imp_output_buffer_reserve (output, 4);

  if (length == 0)
    return;
  base64_put_group (p, data[0], length > 1 ? data[1] : 0, 0);
  p[3] = '=';
  if (length == 1)
    p[2] = '=';
  imp_output_buffer_commit (output, 4);
}

void
imp_base64_append (ImpOutputBuffer *output, const guint8 *data, gsize length)
{
  while (length >= 3)
    {
      gsize groups = MIN (length / 3, GROUPS_AT_ONCE);
      guint8 *p = imp_output_buffer_reserve (output, groups * 4);

      for (gsize i = 0; i < groups; i++, data += 3)
        p = base64_put_group (p, data[0], data[1], data[2]);
      imp_output_buffer_commit (output, groups * 4);
      length -= groups * 3;
    }
  base64_append_rest (output, data, length);
}

/* Built on first use: the six bits that each byte stands for, or the mark of one that stands for
 * none. */
#define NO_DIGIT 0x80

static const guint8 *
base64_get_digits (void)
{
  static guint8 digits[256];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      memset (digits, NO_DIGIT, sizeof digits);
      for (guint i = 0; i < 64; i++)
        digits[(guint8) base64_alphabet[i]] = i;
      g_once_init_leave (&ready, 1);
    }
  return digits;
}

/* The last group, with its padding; how many bytes it gives, 0 if it is wrong. */
static gsize
base64_decode_last (const guint8 *digits, const guint8 *text, guint8 *p)
{
  gboolean two = text[3] == '=', one = two && text[2] == '=';
  guint8 a = digits[text[0]], b = digits[text[1]];
  guint8 c = one ? 0 : digits[text[2]], d = two ? 0 : digits[text[3]];

  if (((a | b | c | d) & NO_DIGIT) != 0 || (one && (b & 15) != 0) || (two && (c & 3) != 0))
    return 0;
  p[0] = a << 2 | b >> 4;
  if (!one)
    p[1] = b << 4 | c >> 2;
  if (!two)
    p[2] = c << 6 | d;
  return one ? 1 : two ? 2 : 3;
}

guint8 *
imp_base64_decode (const char *text, gsize text_length, gsize *length)
{
  const guint8 *digits = base64_get_digits ();
  const guint8 *from = (const guint8 *) text;
  gsize groups = text_length / 4;
  g_autofree guint8 *data = NULL;
  guint8 wrong = 0, *p;
  gsize last;

  *length = 0;
  if (text_length % 4 != 0)
    return NULL;
  data = p = g_malloc (groups * 3 + 1);
  if (groups == 0)
    return g_steal_pointer (&data);

  for (gsize i = 0; i + 1 < groups; i++, from += 4, p += 3)
    {
      guint8 a = digits[from[0]], b = digits[from[1]], c = digits[from[2]], d = digits[from[3]];

      wrong |= a | b | c | d;
      p[0] = a << 2 | b >> 4;
      p[1] = b << 4 | c >> 2;
      p[2] = c << 6 | d;
    }
  last = base64_decode_last (digits, from, p);
  if ((wrong & NO_DIGIT) != 0 || last == 0)
    return NULL;
  *length = p - data + last;
  return g_steal_pointer (&data);
}
