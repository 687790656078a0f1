/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What libFuzzer calls: one target is one file with this function. It returns 0; what must not be
 * is an abort. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

/* Takes the input apart, byte by byte; behind its end all is 0. */
typedef struct
{
  const guint8 *data;
  gsize left;
} FuzzInput;

static inline guint8
fuzz_take (FuzzInput *input)
{
  if (input->left == 0)
    return 0;
  input->left--;
  return *input->data++;
}

/* 1 to 8 bytes: small numbers, and those around the borders, come often. */
static inline gint64
fuzz_take_number (FuzzInput *input)
{
  guint8 kind = fuzz_take (input);
  guint64 number = 0;

  if (kind < 128)
    return kind;
  for (int i = 0; i <= (kind & 7); i++)
    number = number << 8 | fuzz_take (input);
  return (gint64) number;
}

/* Up to @max bytes, as many as the next byte says and as there are. */
static inline const guint8 *
fuzz_take_bytes (FuzzInput *input, gsize max, gsize *length)
{
  const guint8 *bytes;
  gsize wanted = fuzz_take (input);

  *length = MIN (MIN (wanted, max), input->left);
  bytes = input->data;
  input->data += *length;
  input->left -= *length;
  return bytes;
}

static inline char *
fuzz_take_string (FuzzInput *input, gsize max)
{
  gsize length;
  const guint8 *bytes = fuzz_take_bytes (input, max, &length);

  return g_strndup ((const char *) bytes, length);
}
