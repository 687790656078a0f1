/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-message-private.h"
#include "wire/perl/imp-sereal-private.h"

#include <string.h>

/* Perl's other wire format: one Sereal document after the other, each an array that begins with the
 * op. No length stands in front of a document: that it is whole shows only in reading it, and what
 * is cut is never a value. */

#define MAGIC_OLD "=srl"    /* protocols 1 and 2 */
#define MAGIC_NEW "=\363rl" /* from 3 on: what UTF-8 encoding on the way would break */
#define MAGIC_BROKEN "=\303\263r"
#define PROTOCOL_NEW 3
#define PROTOCOL_MAX 5
#define PROTOCOL_MASK 15
#define ENCODING_SHIFT 4

/* What a tag can hold itself. */
#define SMALL_MAX 15
#define SMALL_MIN -16
#define SHORT_MAX 31

typedef struct
{
  guint protocol;
  ImpSerealEncoding encoding;
} Header;

static guint8 *
put_varint (guint8 *here, guint64 value)
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
append_tagged (ImpOutputBuffer *output, guint8 tag, guint64 value)
{
  guint8 *here = imp_output_buffer_reserve (output, 1 + IMP_SEREAL_VARINT_MAX);

  *here = tag;
  imp_output_buffer_commit (output, put_varint (here + 1, value) - here);
}

static void
append_u8 (ImpOutputBuffer *output, guint8 byte)
{
  *imp_output_buffer_reserve (output, 1) = byte;
  imp_output_buffer_commit (output, 1);
}

static void
append_container (ImpOutputBuffer *output, guint8 small_tag, guint8 tag, guint count)
{
  if (count <= SMALL_MAX)
    {
      append_u8 (output, small_tag + count);
      return;
    }
  append_u8 (output, IMP_SEREAL_REFN);
  append_tagged (output, tag, count);
}

static void
write_array (ImpOutputBuffer *output, guint count)
{
  append_container (output, IMP_SEREAL_ARRAYREF, IMP_SEREAL_ARRAY, count);
}

static void
write_hash (ImpOutputBuffer *output, guint count, gboolean utf8)
{
  append_container (output, IMP_SEREAL_HASHREF, IMP_SEREAL_HASH, count);
}

static void
write_integer (ImpOutputBuffer *output, gint64 integer)
{
  if (integer >= SMALL_MIN && integer <= SMALL_MAX)
    append_u8 (output, integer & (integer < 0 ? 0x1f : 0x0f));
  else if (integer >= 0)
    append_tagged (output, IMP_SEREAL_VARINT, integer);
  else
    append_tagged (output, IMP_SEREAL_ZIGZAG, ~((guint64) integer << 1));
}

/* Protocol 1: the oldest decoders know no other. */
static void
write_begin (ImpOutputBuffer *output, ImpOp op, guint count)
{
  static const guint8 header[] = { '=', 's', 'r', 'l', 1, 0 };

  imp_output_buffer_append (output, header, sizeof header);
  write_array (output, count + 1);
  write_integer (output, op);
}

static void
append_string_head (ImpOutputBuffer *output, gsize length, gboolean utf8)
{
  if (utf8)
    append_tagged (output, IMP_SEREAL_STR_UTF8, length);
  else if (length <= SHORT_MAX)
    append_u8 (output, IMP_SEREAL_SHORT_BINARY + length);
  else
    append_tagged (output, IMP_SEREAL_BINARY, length);
}

static void
write_string (ImpOutputBuffer *output, const char *text, gsize length, gboolean utf8)
{
  append_string_head (output, length, utf8);
  imp_output_buffer_append (output, text, length);
}

static void
write_key (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
  write_string (output, key, length, hash_utf8 && !imp_perl_is_ascii (key, length));
}

static void
write_key_after (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
}

static void
write_bytes (ImpOutputBuffer *output, GBytes *bytes)
{
  append_string_head (output, g_bytes_get_size (bytes), FALSE);
  imp_output_buffer_append_bytes (output, bytes);
}

static void
write_undef (ImpOutputBuffer *output)
{
  append_u8 (output, IMP_SEREAL_UNDEF);
}

const ImpPerlWriter imp_sereal_writer = {
  .begin = write_begin,
  .array = write_array,
  .hash = write_hash,
  .key = write_key,
  .key_after = write_key_after,
  .undef = write_undef,
  .integer = write_integer,
  .string = write_string,
  .bytes = write_bytes,
};

static gboolean
sereal_encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  return imp_perl_message_write (message, &imp_sereal_writer, output, error);
}

static ImpDecodeStatus
sereal_recognize (const guint8 *data, gsize length)
{
  return data[0] == '=' ? IMP_DECODE_DONE : IMP_DECODE_BAD;
}

/* As many bytes of the magic as there are, so that what is none is not waited for. */
static ImpDecodeStatus
read_magic (ImpPerlTree *tree, gboolean *is_new)
{
  gsize length = MIN (imp_cursor_left (&tree->input), IMP_SEREAL_MAGIC_LENGTH);
  const guint8 *magic = imp_cursor_here (&tree->input);

  if (length == 0)
    return imp_perl_tree_short (tree, IMP_SEREAL_MAGIC_LENGTH);
  *is_new = memcmp (magic, MAGIC_NEW, length) == 0;
  if (!*is_new && memcmp (magic, MAGIC_OLD, length) != 0)
    {
      if (memcmp (magic, MAGIC_BROKEN, length) == 0)
        return length < IMP_SEREAL_MAGIC_LENGTH
                 ? imp_perl_tree_short (tree, IMP_SEREAL_MAGIC_LENGTH)
                 : imp_perl_tree_bad (tree, "The Sereal document was encoded as UTF-8 on its way");
      return imp_perl_tree_bad (tree, "This is no Sereal document: it does not begin with =srl");
    }
  if (!imp_cursor_skip (&tree->input, IMP_SEREAL_MAGIC_LENGTH))
    return imp_perl_tree_short (tree, IMP_SEREAL_MAGIC_LENGTH);
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
read_header (ImpPerlTree *tree, Header *header)
{
  gboolean is_new = FALSE;
  guint8 byte = 0;
  guint64 length = 0;
  ImpPerlString suffix;
  ImpDecodeStatus status = read_magic (tree, &is_new);

  if (status != IMP_DECODE_DONE)
    return status;
  if (!imp_cursor_u8 (&tree->input, &byte))
    return imp_perl_tree_short (tree, 1);
  header->protocol = byte & PROTOCOL_MASK;
  header->encoding = byte >> ENCODING_SHIFT;
  if (header->protocol < 1 || header->protocol > PROTOCOL_MAX
      || is_new != (header->protocol >= PROTOCOL_NEW))
    return imp_perl_tree_bad (tree, "The Sereal document has the protocol %u, which is not known%s",
                              header->protocol, is_new ? "" : " with the magic =srl");
  if (header->encoding > IMP_SEREAL_ZSTD)
    return imp_perl_tree_bad (tree, "The Sereal document is packed in an unknown way (%u)",
                              header->encoding);
  status = imp_sereal_read_varint (tree, &length);
  if (status == IMP_DECODE_DONE)
    status = imp_perl_tree_take (tree, length, IMP_PERL_BYTES, &suffix);
  return status;
}

ImpDecodeStatus
imp_sereal_read_document (ImpPerlTree *tree, GBytes **body, gsize *end)
{
  Header header = { 0 };
  gsize first;
  ImpDecodeStatus status = read_header (tree, &header);

  if (status != IMP_DECODE_DONE)
    return status;
  /* Offsets count from the document in protocol 1, later from the body, whose first byte is 1. */
  first = header.protocol == 1 ? tree->input.position - tree->start : 1;
  if (header.encoding == IMP_SEREAL_RAW)
    {
      status = imp_sereal_read_body (tree, first);
      if (status == IMP_DECODE_DONE)
        *end = tree->input.position;
      return status;
    }
  status = imp_sereal_decompress (tree, header.encoding, body);
  if (status != IMP_DECODE_DONE)
    return status;
  *end = tree->input.position;
  imp_cursor_init_bytes (&tree->input, *body);
  tree->start = 0;
  tree->complete = TRUE;
  return imp_sereal_read_body (tree, first);
}

static ImpDecodeStatus
sereal_decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
               GError **error)
{
  g_autoptr (GBytes) body = NULL;
  ImpPerlTree tree;
  gsize end = input->position;
  ImpDecodeStatus status;

  imp_perl_tree_init (&tree, input, limits, error);
  status = imp_sereal_read_document (&tree, &body, &end);
  if (status == IMP_DECODE_DONE && end - input->position > limits->max_message)
    {
      status = imp_perl_tree_limit (&tree, "A message has more bytes", limits->max_message,
                                    "max-message");
      end = input->position;
    }
  else if (status == IMP_DECODE_DONE && !imp_perl_message_read (&tree, 0, message))
    status = IMP_DECODE_BAD;
  if (status == IMP_DECODE_MORE)
    *need = tree.need;
  else
    input->position = end;
  imp_perl_tree_clear (&tree);
  return status;
}

const ImpWire imp_wire_sereal = {
  .name = "sereal",
  .max_version = 1,
  .greets_first = TRUE,
  .recognize = sereal_recognize,
  .encode = sereal_encode,
  .decode = sereal_decode,
};
