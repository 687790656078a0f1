/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dense.h"

#include <string.h>

#define LINE 72

static uint32_t
draw (uint32_t n)
{
  static uint64_t state = 1;

  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t) ((state >> 33) % n);
}

static bool
is_match (uint8_t byte)
{
  return byte != 0 && strchr ("aeio", byte) != NULL;
}

size_t
bench_dense_fill (uint8_t *data, size_t length)
{
  static const char others[] = "bcdfghjklmnpqrstuvwxyz";
  static uint32_t column;
  size_t matches = 0;

  for (size_t i = 0; i < length; i++, column++)
    if (draw (13) < 2)
      {
        data[i] = (uint8_t) "aeio"[draw (4)];
        matches++;
      }
    else if (column >= LINE)
      {
        data[i] = '\n';
        column = 0;
      }
    else
      {
        data[i] = (uint8_t) others[draw (sizeof others - 1)];
      }
  return matches;
}

size_t
bench_dense_replace (const uint8_t *data, size_t length, uint8_t *out)
{
  size_t written = 0;

  for (size_t i = 0; i < length; i++)
    {
      out[written++] = is_match (data[i]) ? '-' : data[i];
      if (is_match (data[i]))
        out[written++] = '-';
    }
  return written;
}
