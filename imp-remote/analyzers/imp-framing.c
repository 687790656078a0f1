/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-framing-private.h"

#include <string.h>

static ImpFramingStatus
framing_check (ImpFramingStatus status, guint64 length, gsize max, char **reason)
{
  if (length <= max)
    return status;
  *reason = g_strdup_printf ("a record has %s%" G_GUINT64_FORMAT " bytes, and may have "
                             "%" G_GSIZE_FORMAT " (max-record)",
                             status == IMP_FRAMING_MORE ? "at least " : "", length, max);
  return IMP_FRAMING_BAD;
}

static ImpFramingStatus
framing_find_delimiter (const ImpFraming *self, const guint8 *data, gsize available, gsize searched,
                        gsize max, gsize *length, char **reason)
{
  gsize size;
  const guint8 *delimiter = g_bytes_get_data (self->delimiter, &size);
  gsize from = searched - MIN (searched, size - 1);
  const guint8 *found = memmem (data + from, available - from, delimiter, size);

  if (found != NULL)
    {
      *length = found - data + size;
      return framing_check (IMP_FRAMING_RECORD, *length, max, reason);
    }
  *length = available + 1;
  return framing_check (IMP_FRAMING_MORE, *length, max, reason);
}

static guint64
framing_read_number (const ImpFraming *self, const guint8 *data)
{
  guint64 number = 0;

  for (guint i = 0; i < self->width; i++)
    number = number << 8 | data[self->little_endian ? self->width - 1 - i : i];
  return number;
}

/* The length of the record with its prefix; G_MAXUINT64: more than can be counted, 0: it makes no
 * sense. */
static guint64
framing_compute_length (const ImpFraming *self, guint64 number)
{
  guint64 length;

  if (self->adjust < 0)
    length = number < (guint64) -self->adjust ? 0 : number - (guint64) -self->adjust;
  else
    length = number > G_MAXUINT64 - (guint64) self->adjust ? G_MAXUINT64
                                                           : number + (guint64) self->adjust;
  return length < self->width ? 0 : length;
}

static ImpFramingStatus
framing_find_prefixed (const ImpFraming *self, const guint8 *data, gsize available, gsize max,
                       gsize *length, char **reason)
{
  guint64 number, whole;

  *length = self->width;
  if (available < self->width)
    return framing_check (IMP_FRAMING_MORE, self->width, max, reason);
  number = framing_read_number (self, data);
  whole = framing_compute_length (self, number);
  if (whole == 0)
    {
      *reason = g_strdup_printf ("a record has the length %" G_GUINT64_FORMAT ", which is less "
                                 "than its prefix alone has",
                                 number);
      return IMP_FRAMING_BAD;
    }
  if (framing_check (IMP_FRAMING_RECORD, whole, max, reason) == IMP_FRAMING_BAD)
    return IMP_FRAMING_BAD;
  *length = whole;
  return whole <= available ? IMP_FRAMING_RECORD : IMP_FRAMING_MORE;
}

ImpFramingStatus
imp_framing_find (const ImpFraming *self, const guint8 *data, gsize available, gsize searched,
                  gsize max, gsize *length, char **reason)
{
  switch (self->kind)
    {
    case IMP_FRAMING_DELIMITER:
      return framing_find_delimiter (self, data, available, searched, max, length, reason);
    case IMP_FRAMING_PREFIX:
      return framing_find_prefixed (self, data, available, max, length, reason);
    case IMP_FRAMING_LENGTH:
      *length = self->length;
      return framing_check (self->length <= available ? IMP_FRAMING_RECORD : IMP_FRAMING_MORE,
                            self->length, max, reason);
    case IMP_FRAMING_NONE:
      break;
    }
  g_assert_not_reached ();
}

void
imp_framing_clear (ImpFraming *self)
{
  g_clear_pointer (&self->delimiter, g_bytes_unref);
  *self = (ImpFraming){ 0 };
}
