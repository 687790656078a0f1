/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-sereal-private.h"

#include "core/imp-context-private.h"
#include "wire/perl/imp-perl-message-private.h"

#include <math.h>
#include <string.h>

/* Perl's other wire format: one Sereal document after the other, each an array that begins with the
 * op. No length stands in front of a document: that it is whole shows only in reading it, and what
 * is cut is never a value. A document has a header and a body of tags, each with what it asks for;
 * an item whose tag is marked as tracked can be referred to later, by its offset. */

#define MAGIC_OLD "=srl"    /* protocols 1 and 2 */
#define MAGIC_NEW "=\363rl" /* from 3 on: what UTF-8 encoding on the way would break */
#define MAGIC_BROKEN "=\303\263r"
#define MAGIC_LENGTH 4
#define PROTOCOL_NEW 3
#define PROTOCOL_MAX 5
#define PROTOCOL_MASK 15
#define ENCODING_SHIFT 4

/* What a tag can hold itself. */
#define SMALL_MAX 15
#define SMALL_MIN -16
#define SHORT_MAX 31

/* The tags, of which some hold their value, count or length. */
enum
{
  SEREAL_POS = 0,
  SEREAL_NEG = 16,
  SEREAL_VARINT = 32,
  SEREAL_ZIGZAG = 33,
  SEREAL_UNDEF = 37,
  SEREAL_BINARY = 38,
  SEREAL_STR_UTF8 = 39,
  SEREAL_REFN = 40,
  SEREAL_HASH = 42,
  SEREAL_ARRAY = 43,
  SEREAL_COPY = 47,
  SEREAL_PAD = 63,
  SEREAL_ARRAYREF = 64,
  SEREAL_HASHREF = 80,
  SEREAL_SHORT_BINARY = 96,
  SEREAL_TRACK = 128,
};

typedef struct
{
  guint protocol;
  ImpSerealEncoding encoding;
} SerealHeader;

typedef struct
{
  ImpPerlTree *tree;
  gsize base; /* where the body begins in the input */
  gsize first;
  gboolean copying;
} SerealReader;

/* How a tag is read. */
typedef struct _SerealTag SerealTag;

struct _SerealTag
{
  /* NULL for what makes objects or runs code on Perl's side, or what no document may hold. */
  gboolean (*read) (SerealReader *self, const SerealTag *tag, ImpPerlIndex at);
  int variant; /* what tells tags apart that are read alike */
  const char *refused;
};

static gboolean sereal_read_item (gpointer reader, ImpPerlIndex at);

static gboolean
sereal_read_undef (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  return imp_perl_tree_set_undef (self->tree, at);
}

static gboolean
sereal_read_boolean (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  return imp_perl_tree_set_boolean (self->tree, at, tag->variant);
}

static gboolean
sereal_read_positive (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 value;

  if (!imp_perl_tree_take_varint (self->tree, &value))
    return FALSE;
  if (value > G_MAXINT64)
    return imp_perl_tree_set_double (self->tree, at, (double) value);
  return imp_perl_tree_set_integer (self->tree, at, (gint64) value);
}

static gboolean
sereal_read_zigzag (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 value;

  return imp_perl_tree_take_varint (self->tree, &value)
         && imp_perl_tree_set_integer (self->tree, at,
                                       (gint64) ((value >> 1) ^ (~(value & 1) + 1)));
}

static gboolean
sereal_read_float (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 value;
  guint32 bits;
  float number;

  if (!imp_perl_tree_take_number (self->tree, sizeof bits, FALSE, &value))
    return FALSE;
  bits = (guint32) value;
  memcpy (&number, &bits, sizeof number);
  return imp_perl_tree_set_double (self->tree, at, number);
}

static gboolean
sereal_read_double (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 bits;
  double number;

  if (!imp_perl_tree_take_number (self->tree, sizeof bits, FALSE, &bits))
    return FALSE;
  memcpy (&number, &bits, sizeof number);
  return imp_perl_tree_set_double (self->tree, at, number);
}

#define WIDE_SIZE 16
#define WIDE_EXPONENT_MASK 0x7fff
#define WIDE_EXPONENT_BIAS 16383

/* Both wide formats: sixteen bytes, whose halves are @low and @high. */
static gboolean
sereal_take_wide (ImpPerlTree *tree, guint64 *low, guint64 *high)
{
  if (imp_cursor_left (&tree->input) < WIDE_SIZE)
    return imp_perl_tree_short (tree, WIDE_SIZE);
  return imp_perl_tree_take_number (tree, sizeof *low, FALSE, low)
         && imp_perl_tree_take_number (tree, sizeof *high, FALSE, high);
}

/* They have the same exponent. @mantissa: its highest bit is the integer bit. */
static double
sereal_make_wide (guint16 sign_exponent, guint64 mantissa, gboolean has_fraction)
{
  int exponent = sign_exponent & WIDE_EXPONENT_MASK;
  double number = ldexp ((double) mantissa, exponent - WIDE_EXPONENT_BIAS - 63);

  if (exponent == WIDE_EXPONENT_MASK)
    number = has_fraction ? NAN : INFINITY;
  return (sign_exponent >> 15) != 0 ? -number : number;
}

/* The extended format of x86: the mantissa, whose integer bit is written, sign and exponent, and
 * six bytes of nothing. */
static gboolean
sereal_read_long_double (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 mantissa, rest;

  return sereal_take_wide (self->tree, &mantissa, &rest)
         && imp_perl_tree_set_double (
           self->tree, at, sereal_make_wide ((guint16) rest, mantissa, (mantissa << 1) != 0));
}

/* IEEE binary128, whose integer bit is not written. A double has no room for the lower half but for
 * its highest bits. */
static gboolean
sereal_read_float_128 (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 low, high, mantissa;
  guint16 sign_exponent;

  if (!sereal_take_wide (self->tree, &low, &high))
    return FALSE;
  sign_exponent = (guint16) (high >> 48);
  mantissa = (high << 16 | low >> 48) >> 1;
  if ((sign_exponent & WIDE_EXPONENT_MASK) != 0)
    mantissa |= G_GUINT64_CONSTANT (1) << 63;
  return imp_perl_tree_set_double (
    self->tree, at, sereal_make_wide (sign_exponent, mantissa, high << 16 != 0 || low != 0));
}

static gboolean
sereal_take_string (SerealReader *self, ImpPerlIndex at, guint64 length, ImpPerlForm form)
{
  ImpPerlString string;

  return imp_perl_tree_take (self->tree, length, form, &string)
         && imp_perl_tree_set_string (self->tree, at, &string);
}

static gboolean
sereal_read_string (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 length;

  return imp_perl_tree_take_varint (self->tree, &length)
         && sereal_take_string (self, at, length, tag->variant);
}

/* A reference to the next item. */
static gboolean
sereal_read_next (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  return sereal_read_item (self, at);
}

/* Of an ALIAS, and of a REFP, which is a reference to what is there. */
static gboolean
sereal_read_back (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 offset;

  return imp_perl_tree_take_varint (self->tree, &offset)
         && imp_perl_tree_refer (self->tree, at, offset);
}

/* Goes back to read again what stands at an offset; saves in @here where to go on. While the input
 * is read again it ends before the COPY, so that nothing can copy itself. */
static gboolean
sereal_begin_copy (SerealReader *self, ImpCursor *here)
{
  ImpPerlTree *tree = self->tree;
  gsize tag_position = tree->input.position - 1;
  guint64 offset;

  if (!imp_perl_tree_take_varint (tree, &offset))
    return FALSE;
  if (offset < self->first || offset - self->first >= tag_position - self->base)
    return imp_perl_tree_bad (tree, "A COPY goes back to %" G_GUINT64_FORMAT ", where no value is",
                              offset);
  *here = tree->input;
  tree->input.length = tag_position;
  tree->input.position = self->base + (offset - self->first);
  return TRUE;
}

static gboolean
sereal_end_copy (SerealReader *self, const ImpCursor *here, gboolean read)
{
  self->tree->input = *here;
  if (self->tree->status == IMP_DECODE_MORE)
    return imp_perl_tree_bad (self->tree, "A COPY goes back to a value that contains it");
  return read;
}

static gboolean
sereal_read_copy (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  ImpCursor here;
  gboolean read;

  if (self->copying)
    return imp_perl_tree_bad (self->tree, "A COPY goes back to another COPY");
  if (!sereal_begin_copy (self, &here))
    return FALSE;
  self->copying = TRUE;
  read = sereal_end_copy (self, &here, sereal_read_item (self, at));
  self->copying = FALSE;
  return read;
}

static gboolean
sereal_read_items (SerealReader *self, ImpPerlIndex at, guint64 count)
{
  return imp_perl_tree_read_array (self->tree, at, count, sereal_read_item, self);
}

static gboolean
sereal_read_array (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 count;

  return imp_perl_tree_take_varint (self->tree, &count) && sereal_read_items (self, at, count);
}

static gboolean
sereal_next_tag (SerealReader *self, guint8 *tag)
{
  do
    if (!imp_perl_tree_tag (self->tree, tag))
      return FALSE;
  while ((*tag & ~SEREAL_TRACK) == SEREAL_PAD);
  return TRUE;
}

static gboolean sereal_read_key (SerealReader *self, ImpPerlString *key, gboolean may_copy);

/* Even what is being copied may have such keys; what they go back to is a string, and no COPY. */
static gboolean
sereal_read_copied_key (SerealReader *self, ImpPerlString *key)
{
  ImpCursor here;

  return sereal_begin_copy (self, &here)
         && sereal_end_copy (self, &here, sereal_read_key (self, key, FALSE));
}

static gboolean
sereal_read_key (SerealReader *self, ImpPerlString *key, gboolean may_copy)
{
  ImpPerlForm form = IMP_PERL_BYTES;
  guint64 length;
  guint8 tag = 0;

  if (!sereal_next_tag (self, &tag))
    return FALSE;
  tag &= ~SEREAL_TRACK;
  if (tag == SEREAL_COPY && may_copy)
    return sereal_read_copied_key (self, key);
  if (tag >= SEREAL_SHORT_BINARY)
    return imp_perl_tree_take (self->tree, tag - SEREAL_SHORT_BINARY, form, key);
  if (tag == SEREAL_STR_UTF8)
    form = IMP_PERL_UTF8;
  else if (tag != SEREAL_BINARY)
    return imp_perl_tree_bad (self->tree, "A hash has a key that is no string, but of the type %d",
                              tag);
  return imp_perl_tree_take_varint (self->tree, &length)
         && imp_perl_tree_take (self->tree, length, form, key);
}

static gboolean
sereal_read_pairs (SerealReader *self, ImpPerlIndex at, guint64 count)
{
  ImpPerlIndex last = 0;
  ImpPerlString key;

  imp_perl_tree_get (self->tree, at)->items.first = 0;
  if (!imp_perl_tree_announce (self->tree, count, 2))
    return FALSE;
  for (guint64 i = 0; i < count; i++)
    {
      self->tree->pending -= 2;
      if (!sereal_read_key (self, &key, TRUE))
        return FALSE;
      last = imp_perl_tree_add (self->tree, at, last);
      imp_perl_tree_get (self->tree, last)->key = key;
      if (!sereal_read_item (self, last))
        return FALSE;
    }
  return imp_perl_tree_set_container (self->tree, at, IMP_PERL_HASH, count);
}

static gboolean
sereal_read_hash (SerealReader *self, const SerealTag *tag, ImpPerlIndex at)
{
  guint64 count;

  return imp_perl_tree_take_varint (self->tree, &count) && sereal_read_pairs (self, at, count);
}

/* From VARINT on. */
static const SerealTag sereal_tags[] = {
  { sereal_read_positive }, /* VARINT */
  { sereal_read_zigzag },
  { sereal_read_float },
  { sereal_read_double },
  { sereal_read_long_double },
  { sereal_read_undef },
  { sereal_read_string, IMP_PERL_BYTES },
  { sereal_read_string, IMP_PERL_UTF8 },
  { sereal_read_next }, /* REFN */
  { sereal_read_back }, /* REFP */
  { sereal_read_hash },
  { sereal_read_array },
  { NULL, 0, "a blessed object" },
  { NULL, 0, "a blessed object (whose class was named before)" },
  { sereal_read_back }, /* ALIAS */
  { sereal_read_copy },
  { sereal_read_next }, /* WEAKEN */
  { NULL, 0, "a regular expression" },
  { NULL, 0, "an object frozen by a hook" },
  { NULL, 0, "an object frozen by a hook (whose class was named before)" },
  { sereal_read_boolean, FALSE },
  { sereal_read_boolean, TRUE },
  { NULL, 0, "a reserved type (54)" },
  { NULL, 0, "a reserved type (55)" },
  { sereal_read_float_128 },
  { sereal_read_undef }, /* CANONICAL_UNDEF */
  { sereal_read_boolean, FALSE },
  { sereal_read_boolean, TRUE },
  { NULL, 0, "the reserved type MANY" },
  { NULL, 0, "the beginning of another document" },
  { NULL, 0, "the reserved type EXTEND" },
};

static gboolean
sereal_read_tagged (SerealReader *self, ImpPerlIndex at, guint8 tag)
{
  const SerealTag *row;

  if (tag >= SEREAL_SHORT_BINARY)
    return sereal_take_string (self, at, tag - SEREAL_SHORT_BINARY, IMP_PERL_BYTES);
  if (tag >= SEREAL_HASHREF)
    return sereal_read_pairs (self, at, tag - SEREAL_HASHREF);
  if (tag >= SEREAL_ARRAYREF)
    return sereal_read_items (self, at, tag - SEREAL_ARRAYREF);
  if (tag < SEREAL_VARINT)
    return imp_perl_tree_set_integer (self->tree, at, tag < SEREAL_NEG ? tag : tag - SEREAL_VARINT);
  row = &sereal_tags[tag - SEREAL_VARINT];
  if (row->read == NULL)
    return imp_perl_tree_bad (self->tree, "The Sereal document holds %s, which is refused",
                              row->refused);
  return row->read (self, row, at);
}

static gboolean
sereal_read_item (gpointer reader, ImpPerlIndex at)
{
  SerealReader *self = reader;
  guint8 tag = 0;
  gboolean read;

  if (!sereal_next_tag (self, &tag))
    return FALSE;
  if ((tag & SEREAL_TRACK) != 0 && !self->copying)
    imp_perl_tree_mark (self->tree, self->tree->input.position - 1 - self->base + self->first, at);
  if (!imp_perl_tree_enter (self->tree))
    return FALSE;
  read = sereal_read_tagged (self, at, tag & ~SEREAL_TRACK);
  imp_perl_tree_leave (self->tree);
  return read;
}

/* As many bytes of the magic as there are, so that what is none is not waited for. */
static gboolean
sereal_read_magic (ImpPerlTree *tree, gboolean *is_new)
{
  gsize length = MIN (imp_cursor_left (&tree->input), MAGIC_LENGTH);
  const guint8 *magic = imp_cursor_here (&tree->input);

  if (length == 0)
    return imp_perl_tree_short (tree, MAGIC_LENGTH);
  *is_new = memcmp (magic, MAGIC_NEW, length) == 0;
  if (!*is_new && memcmp (magic, MAGIC_OLD, length) != 0)
    {
      if (memcmp (magic, MAGIC_BROKEN, length) != 0)
        return imp_perl_tree_bad (tree, "This is no Sereal document: it does not begin with =srl");
      if (length == MAGIC_LENGTH)
        return imp_perl_tree_bad (tree, "The Sereal document was encoded as UTF-8 on its way");
    }
  return imp_cursor_skip (&tree->input, MAGIC_LENGTH) || imp_perl_tree_short (tree, MAGIC_LENGTH);
}

static gboolean
sereal_read_header (ImpPerlTree *tree, SerealHeader *header)
{
  gboolean is_new = FALSE;
  guint64 byte, length;
  ImpPerlString suffix;

  if (!sereal_read_magic (tree, &is_new) || !imp_perl_tree_take_number (tree, 1, FALSE, &byte))
    return FALSE;
  header->protocol = byte & PROTOCOL_MASK;
  header->encoding = byte >> ENCODING_SHIFT;
  if (header->protocol < 1 || header->protocol > PROTOCOL_MAX
      || is_new != (header->protocol >= PROTOCOL_NEW))
    return imp_perl_tree_bad (tree, "The Sereal document has the protocol %u, which is not known%s",
                              header->protocol, is_new ? "" : " with the magic =srl");
  if (header->encoding > IMP_SEREAL_ZSTD)
    return imp_perl_tree_bad (tree, "The Sereal document is packed in an unknown way (%u)",
                              header->encoding);
  return imp_perl_tree_take_varint (tree, &length)
         && imp_perl_tree_take (tree, length, IMP_PERL_BYTES, &suffix);
}

ImpDecodeStatus
imp_sereal_read_document (ImpPerlTree *tree, GBytes **body, gsize *end)
{
  SerealHeader header = { 0 };
  SerealReader self = { tree };

  if (!sereal_read_header (tree, &header))
    return tree->status;
  /* Offsets count from the document in protocol 1, later from the body, whose first byte is 1. */
  self.first = header.protocol == 1 ? tree->input.position - tree->start : 1;
  if (header.encoding != IMP_SEREAL_RAW)
    {
      if (!imp_sereal_unpack (tree, header.encoding, body))
        return tree->status;
      *end = tree->input.position;
      imp_cursor_init_bytes (&tree->input, *body);
      tree->start = 0;
      tree->complete = TRUE;
    }
  self.base = tree->input.position;
  if (sereal_read_item (&self, 0) && header.encoding == IMP_SEREAL_RAW)
    *end = tree->input.position;
  return tree->status;
}

static guint8 *
sereal_put_varint (guint8 *here, guint64 value)
{
  while (value >= 0x80)
    {
      *here++ = (guint8) value | 0x80;
      value >>= 7;
    }
  *here++ = (guint8) value;
  return here;
}

static void
sereal_append_tagged (ImpOutputBuffer *output, guint8 tag, guint64 value)
{
  guint8 *here = imp_output_buffer_reserve (output, 1 + IMP_PERL_VARINT_MAX);

  *here = tag;
  imp_output_buffer_commit (output, sereal_put_varint (here + 1, value) - here);
}

static void
sereal_append_u8 (ImpOutputBuffer *output, guint8 byte)
{
  *imp_output_buffer_reserve (output, 1) = byte;
  imp_output_buffer_commit (output, 1);
}

static void
sereal_append_container (ImpOutputBuffer *output, guint8 small_tag, guint8 tag, guint count)
{
  if (count <= SMALL_MAX)
    {
      sereal_append_u8 (output, small_tag + count);
      return;
    }
  sereal_append_u8 (output, SEREAL_REFN);
  sereal_append_tagged (output, tag, count);
}

static void
sereal_write_array (ImpOutputBuffer *output, guint count)
{
  sereal_append_container (output, SEREAL_ARRAYREF, SEREAL_ARRAY, count);
}

static void
sereal_write_hash (ImpOutputBuffer *output, guint count, gboolean utf8)
{
  sereal_append_container (output, SEREAL_HASHREF, SEREAL_HASH, count);
}

static void
sereal_write_integer (ImpOutputBuffer *output, gint64 integer)
{
  if (integer >= SMALL_MIN && integer <= SMALL_MAX)
    sereal_append_u8 (output, integer & (integer < 0 ? 0x1f : 0x0f));
  else if (integer >= 0)
    sereal_append_tagged (output, SEREAL_VARINT, integer);
  else
    sereal_append_tagged (output, SEREAL_ZIGZAG, ~((guint64) integer << 1));
}

/* Protocol 1: the oldest decoders know no other. */
static void
sereal_write_begin (ImpOutputBuffer *output, ImpOp op, guint count)
{
  static const guint8 header[] = { '=', 's', 'r', 'l', 1, 0 };

  imp_output_buffer_append (output, header, sizeof header);
  sereal_write_array (output, count + 1);
  sereal_write_integer (output, op);
}

static void
sereal_append_string_head (ImpOutputBuffer *output, gsize length, gboolean utf8)
{
  if (utf8)
    sereal_append_tagged (output, SEREAL_STR_UTF8, length);
  else if (length <= SHORT_MAX)
    sereal_append_u8 (output, SEREAL_SHORT_BINARY + length);
  else
    sereal_append_tagged (output, SEREAL_BINARY, length);
}

static void
sereal_write_string (ImpOutputBuffer *output, const char *text, gsize length, gboolean utf8)
{
  sereal_append_string_head (output, length, utf8);
  imp_output_buffer_append (output, text, length);
}

static void
sereal_write_key (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
  sereal_write_string (output, key, length, hash_utf8 && !imp_text_is_plain (key, length));
}

static void
sereal_write_key_after (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
}

static void
sereal_write_bytes (ImpOutputBuffer *output, GBytes *bytes)
{
  sereal_append_string_head (output, g_bytes_get_size (bytes), FALSE);
  imp_output_buffer_append_bytes (output, bytes);
}

static void
sereal_write_undef (ImpOutputBuffer *output)
{
  sereal_append_u8 (output, SEREAL_UNDEF);
}

static const ImpPerlWriter sereal_writer = {
  .begin = sereal_write_begin,
  .array = sereal_write_array,
  .hash = sereal_write_hash,
  .key = sereal_write_key,
  .key_after = sereal_write_key_after,
  .undef = sereal_write_undef,
  .integer = sereal_write_integer,
  .string = sereal_write_string,
  .bytes = sereal_write_bytes,
};

static gboolean
sereal_encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  return imp_perl_message_write (message, &sereal_writer, output, error);
}

static ImpDecodeStatus
sereal_recognize (const guint8 *data, gsize length)
{
  g_assert (length > 0);

  return data[0] == '=' ? IMP_DECODE_DONE : IMP_DECODE_BAD;
}

static ImpDecodeStatus
sereal_decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
               GError **error)
{
  g_autoptr (GBytes) body = NULL;
  ImpPerlTree tree;
  gsize end = input->position;

  imp_perl_tree_init (&tree, input, limits, error);
  if (imp_sereal_read_document (&tree, &body, &end) == IMP_DECODE_DONE)
    {
      if (end - input->position <= limits->max_message)
        {
          imp_perl_message_read (&tree, 0, message);
        }
      else
        {
          imp_perl_tree_limit (&tree, "A message has more bytes", limits->max_message,
                               "max-message");
          end = input->position;
        }
    }
  if (tree.status == IMP_DECODE_MORE)
    *need = tree.need;
  else
    input->position = end;
  imp_perl_tree_clear (&tree);
  return tree.status;
}

const ImpWire imp_wire_sereal = {
  .name = "sereal",
  .max_version = 1,
  .greets_first = TRUE,
  .recognize = sereal_recognize,
  .encode = sereal_encode,
  .decode = sereal_decode,
};
