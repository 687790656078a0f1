/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-session-format-private.h"

static void
session_bin_add_number (GByteArray *output, guint32 number)
{
  guint32 bytes = GUINT32_TO_BE (number);

  g_byte_array_append (output, (const guint8 *) &bytes, sizeof bytes);
}

void
imp_session_bin_add (GByteArray *output, ImpSessionMoment moment, const guint8 *data, gsize length)
{
  guint8 direction = moment.direction;

  /* Nobody reads so much at once; but a length has 32 bits. */
  do
    {
      gsize n = MIN (length, G_MAXUINT32);

      session_bin_add_number (output, moment.time / G_USEC_PER_SEC);
      session_bin_add_number (output, moment.time % G_USEC_PER_SEC);
      g_byte_array_append (output, &direction, 1);
      session_bin_add_number (output, n);
      if (n == 0)
        break;
      g_byte_array_append (output, data, n);
      data += n;
      length -= n;
    }
  while (length > 0);
}
