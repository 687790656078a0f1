/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/cbor/imp-cbor-private.h"

#define INFO_INDEFINITE 31
#define ITEM_BREAK 0xff
#define ITEM_NULL 0xf6
#define ITEM_UNDEFINED 0xf7
#define ITEM_DOUBLE 0xfb

static gboolean
cbor_refuse_cut (GError **error)
{
  return imp_cbor_bad (error, "the frame ends within an item");
}

/* The number that a head holds, or that follows its first byte, whose lower five bits are @info. */
G_ALWAYS_INLINE static inline gboolean
cbor_read_argument (ImpCursor *input, guint info, guint64 *value)
{
  guint8 one;
  guint16 two;
  guint32 four;

  *value = info;
  if (info < 24)
    return TRUE;
  if (info == 24)
    return imp_cursor_u8 (input, &one) ? (*value = one, TRUE) : FALSE;
  if (info == 25)
    return imp_cursor_u16_be (input, &two) ? (*value = two, TRUE) : FALSE;
  if (info == 26)
    return imp_cursor_u32_be (input, &four) ? (*value = four, TRUE) : FALSE;
  return info != 27 || imp_cursor_u64_be (input, value);
}

gboolean
imp_cbor_head (ImpCursor *input, ImpCborHead *head, GError **error)
{
  guint8 first;

  if (!imp_cursor_u8 (input, &first))
    return cbor_refuse_cut (error);
  head->major = first >> 5;
  head->info = first & 0x1f;
  head->indefinite = head->info == INFO_INDEFINITE;
  if (head->info > 27
      && !(head->indefinite && head->major >= IMP_CBOR_BYTES && head->major <= IMP_CBOR_MAP))
    return imp_cbor_bad (error, "no item begins with 0x%02x", first);
  return cbor_read_argument (input, head->info, &head->value) || cbor_refuse_cut (error);
}

/* Some encoders know numbers as doubles only and write those beyond 32 bits so. */
static gboolean
cbor_int_from_double (guint64 bits, gint64 *value, GError **error)
{
  double number;

  memcpy (&number, &bits, sizeof number);
  if (!(number >= -(double) IMP_MAX_ID && number <= (double) IMP_MAX_ID)
      || (double) (gint64) number != number)
    return imp_cbor_bad (error, "%g is not an integer within 2^53", number);
  *value = (gint64) number;
  return TRUE;
}

/* What is no integer may be one as a double. */
static gboolean
cbor_int_from_other (ImpCursor *input, gint64 *value, GError **error)
{
  ImpCborHead head;

  if (!imp_cbor_head (input, &head, error))
    return FALSE;
  if (head.major == IMP_CBOR_SIMPLE && head.info == 27)
    return cbor_int_from_double (head.value, value, error);
  return imp_cbor_bad (error, "an integer was expected, not an item of major type %d", head.major);
}

gboolean
imp_cbor_int (ImpCursor *input, gint64 *value, GError **error)
{
  guint8 first = imp_cursor_left (input) > 0 ? *imp_cursor_here (input) : 0xff;
  gboolean negative = first >> 5 == IMP_CBOR_NEGATIVE;
  guint64 raw;

  if (first >> 5 > IMP_CBOR_NEGATIVE || (first & 0x1f) > 27)
    return cbor_int_from_other (input, value, error);
  imp_cursor_skip (input, 1);
  if (!cbor_read_argument (input, first & 0x1f, &raw))
    return cbor_refuse_cut (error);
  if (raw > G_MAXINT64)
    return imp_cbor_bad (error, "%s%" G_GUINT64_FORMAT " is beyond the range of integers",
                         negative ? "-1-" : "", raw);
  *value = negative ? ~(gint64) raw : (gint64) raw;
  return TRUE;
}

static gboolean
cbor_take (ImpCursor *input, guint64 length, const char **text, GError **error)
{
  if (length > imp_cursor_left (input))
    return cbor_refuse_cut (error);
  *text = (const char *) imp_cursor_take (input, length);
  return TRUE;
}

static gboolean
cbor_join_pieces (ImpCursor *input, guint major, GString *joined, GError **error)
{
  ImpCborList pieces = { TRUE, 0 };
  const char *text = NULL;

  while (imp_cbor_next (input, &pieces))
    {
      ImpCborHead head;

      if (!imp_cbor_head (input, &head, error))
        return FALSE;
      if (head.major != major || head.indefinite)
        return imp_cbor_bad (error, "a string has a piece of another type");
      if (!cbor_take (input, head.value, &text, error))
        return FALSE;
      g_string_append_len (joined, text, head.value);
    }
  return TRUE;
}

gboolean
imp_cbor_string (ImpCursor *input, const char **text, gsize *length, char **joined, GError **error)
{
  ImpCborHead head;
  GString *whole;

  if (imp_cbor_short_string (input, text, length))
    return TRUE;
  if (!imp_cbor_head (input, &head, error))
    return FALSE;
  if (head.major != IMP_CBOR_BYTES && head.major != IMP_CBOR_TEXT)
    return imp_cbor_bad (error, "a string was expected, not an item of major type %d", head.major);
  if (!head.indefinite)
    {
      *length = head.value;
      return cbor_take (input, head.value, text, error);
    }

  whole = g_string_new (NULL);
  if (!cbor_join_pieces (input, head.major, whole, error))
    {
      g_string_free (whole, TRUE);
      return FALSE;
    }
  *length = whole->len;
  *text = *joined = g_string_free (whole, FALSE);
  return TRUE;
}

gboolean
imp_cbor_absent (ImpCursor *input)
{
  guint8 first;

  if (imp_cursor_left (input) == 0)
    return FALSE;
  first = *imp_cursor_here (input);
  return (first == ITEM_NULL || first == ITEM_UNDEFINED) && imp_cursor_skip (input, 1);
}

/* A count is believed only as far as there are bytes for that many items. */
static gboolean
cbor_check_count (ImpCursor *input, const ImpCborHead *head, GError **error)
{
  gsize room = imp_cursor_left (input) / (head->major == IMP_CBOR_MAP ? 2 : 1);

  return head->indefinite || head->value <= room || cbor_refuse_cut (error);
}

gboolean
imp_cbor_enter (ImpCursor *input, guint major, ImpCborList *list, GError **error)
{
  ImpCborHead head;

  if (!imp_cbor_head (input, &head, error))
    return FALSE;
  if (head.major != major)
    return imp_cbor_bad (error, "%s was expected, not an item of major type %d",
                         major == IMP_CBOR_MAP ? "a map" : "an array", head.major);
  list->indefinite = head.indefinite;
  list->left = head.value;
  return cbor_check_count (input, &head, error);
}

/* Where the input ends before the list does, reading the item that is missing fails. */
gboolean
imp_cbor_next (ImpCursor *input, ImpCborList *list)
{
  if (!list->indefinite)
    return list->left > 0 && list->left-- > 0;
  if (imp_cursor_left (input) == 0 || *imp_cursor_here (input) != ITEM_BREAK)
    return TRUE;
  imp_cursor_skip (input, 1);
  *list = (ImpCborList){ FALSE, 0 };
  return FALSE;
}

static gboolean cbor_skip_item (ImpCursor *input, guint depth, guint max_depth, GError **error);

static gboolean
cbor_skip_list (ImpCursor *input, const ImpCborHead *head, guint depth, guint max_depth,
                GError **error)
{
  ImpCborList list = { head->indefinite, head->value };

  if (!cbor_check_count (input, head, error))
    return FALSE;
  while (imp_cbor_next (input, &list))
    if (!cbor_skip_item (input, depth, max_depth, error)
        || (head->major == IMP_CBOR_MAP && !cbor_skip_item (input, depth, max_depth, error)))
      return FALSE;
  return TRUE;
}

static gboolean
cbor_skip_string (ImpCursor *input, const ImpCborHead *head, GError **error)
{
  ImpCborList pieces = { head->indefinite, 1 };
  ImpCborHead piece = *head;

  while (imp_cbor_next (input, &pieces))
    {
      if (head->indefinite && !imp_cbor_head (input, &piece, error))
        return FALSE;
      if (piece.major != head->major || (head->indefinite && piece.indefinite))
        return imp_cbor_bad (error, "a string has a piece of another type");
      if (piece.value > imp_cursor_left (input) || !imp_cursor_skip (input, piece.value))
        return cbor_refuse_cut (error);
    }
  return TRUE;
}

/* @depth: that of the item, 0 for what lies in nothing. */
static gboolean
cbor_skip_item (ImpCursor *input, guint depth, guint max_depth, GError **error)
{
  ImpCborHead head;

  if (depth >= max_depth)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "CBOR: items are nested more than %u deep (max-depth)", max_depth);
      return FALSE;
    }
  if (!imp_cbor_head (input, &head, error))
    return FALSE;
  switch (head.major)
    {
    case IMP_CBOR_BYTES:
    case IMP_CBOR_TEXT:
      return cbor_skip_string (input, &head, error);
    case IMP_CBOR_ARRAY:
    case IMP_CBOR_MAP:
      return cbor_skip_list (input, &head, depth + 1, max_depth, error);
    case IMP_CBOR_TAG:
      return cbor_skip_item (input, depth + 1, max_depth, error);
    default:
      return TRUE;
    }
}

gboolean
imp_cbor_skip (ImpCursor *input, guint max_depth, GError **error)
{
  return cbor_skip_item (input, 0, max_depth, error);
}
