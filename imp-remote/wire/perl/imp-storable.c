/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/perl/imp-perl-message-private.h"
#include "wire/perl/imp-storable-private.h"

#include <string.h>

/* Perl's default wire format: op and length in the order of the sender's machine, then an image of
 * the array of arguments as nfreeze() of Storable writes it. */

#define FRAME_HEADER 6
/* The two high bytes of all ops; that and where it stands tell the order. */
#define OP_PROVIDER 0x40
#define OP_SERVER 0x41

/* Lengths are signed on Perl's side. */
#define LENGTH_MAX G_MAXINT32
#define NUMBER_MAX 24

static guint8 *
put_u32 (guint8 *here, guint32 value)
{
  guint32 raw = GUINT32_TO_BE (value);

  memcpy (here, &raw, sizeof raw);
  return here + sizeof raw;
}

static void
append_counted (ImpOutputBuffer *output, guint8 tag, guint32 count)
{
  guint8 *here = imp_output_buffer_reserve (output, 5);

  here[0] = tag;
  put_u32 (here + 1, count);
  imp_output_buffer_commit (output, 5);
}

static void
write_begin (ImpOutputBuffer *output, ImpOp op, guint count)
{
  guint8 *here = imp_output_buffer_reserve (output, FRAME_HEADER + 2);

  here[0] = op & 0xff;
  here[1] = op >> 8;
  memset (here + 2, 0, 4);
  here[6] = IMP_STORABLE_HEADER;
  here[7] = IMP_STORABLE_MINOR;
  imp_output_buffer_commit (output, FRAME_HEADER + 2);
  append_counted (output, IMP_STORABLE_ARRAY, count);
}

static void
append_u8 (ImpOutputBuffer *output, guint8 byte)
{
  *imp_output_buffer_reserve (output, 1) = byte;
  imp_output_buffer_commit (output, 1);
}

static void
write_array (ImpOutputBuffer *output, guint count)
{
  append_u8 (output, IMP_STORABLE_REF);
  append_counted (output, IMP_STORABLE_ARRAY, count);
}

static void
write_hash (ImpOutputBuffer *output, guint count, gboolean utf8)
{
  static const guint8 with_flags[] = { IMP_STORABLE_REF, IMP_STORABLE_FLAG_HASH };

  if (utf8)
    {
      imp_output_buffer_append (output, with_flags, sizeof with_flags);
      append_counted (output, 0, count); /* no flags of the hash itself */
      return;
    }
  append_u8 (output, IMP_STORABLE_REF);
  append_counted (output, IMP_STORABLE_HASH, count);
}

static void
write_key_before (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
}

static void
write_key (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
  guint8 *here = imp_output_buffer_reserve (output, 5), *end = here;

  if (hash_utf8)
    *end++ = imp_perl_is_ascii (key, length) ? 0 : IMP_STORABLE_KEY_UTF8;
  end = put_u32 (end, length);
  imp_output_buffer_commit (output, end - here);
  imp_output_buffer_append (output, key, length);
}

static void
write_undef (ImpOutputBuffer *output)
{
  append_u8 (output, IMP_STORABLE_UNDEF);
}

static void
append_string_head (ImpOutputBuffer *output, gsize length, guint8 short_tag, guint8 long_tag)
{
  guint8 *here;

  if (length > G_MAXUINT8)
    {
      append_counted (output, long_tag, length);
      return;
    }
  here = imp_output_buffer_reserve (output, 2);
  here[0] = short_tag;
  here[1] = length;
  imp_output_buffer_commit (output, 2);
}

static void
write_string (ImpOutputBuffer *output, const char *text, gsize length, gboolean utf8)
{
  append_string_head (output, length, utf8 ? IMP_STORABLE_UTF8STR : IMP_STORABLE_SCALAR,
                      utf8 ? IMP_STORABLE_LUTF8STR : IMP_STORABLE_LSCALAR);
  imp_output_buffer_append (output, text, length);
}

static void
write_bytes (ImpOutputBuffer *output, GBytes *bytes)
{
  append_string_head (output, g_bytes_get_size (bytes), IMP_STORABLE_SCALAR, IMP_STORABLE_LSCALAR);
  imp_output_buffer_append_bytes (output, bytes);
}

/* Network order knows 8 and 32 bits; what is larger goes as a decimal string. */
static void
write_integer (ImpOutputBuffer *output, gint64 integer)
{
  guint8 *here;
  char number[NUMBER_MAX];

  if (integer >= -128 && integer <= 127)
    {
      here = imp_output_buffer_reserve (output, 2);
      here[0] = IMP_STORABLE_BYTE;
      here[1] = integer + 128;
      imp_output_buffer_commit (output, 2);
    }
  else if (integer >= G_MININT32 && integer <= G_MAXINT32)
    {
      append_counted (output, IMP_STORABLE_NETINT, (guint32) integer);
    }
  else
    {
      g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT, integer);
      write_string (output, number, strlen (number), FALSE);
    }
}

const ImpPerlWriter imp_storable_writer = {
  .begin = write_begin,
  .array = write_array,
  .hash = write_hash,
  .key = write_key_before,
  .key_after = write_key,
  .undef = write_undef,
  .integer = write_integer,
  .string = write_string,
  .bytes = write_bytes,
};

static gboolean
storable_encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  ImpOutputBufferMark mark;
  gsize length;
  guint32 raw;

  imp_output_buffer_mark (output, &mark);
  if (!imp_perl_message_write (message, &imp_storable_writer, output, error))
    return FALSE;
  length = imp_output_buffer_size_since (output, &mark) - FRAME_HEADER;
  if (length > LENGTH_MAX)
    {
      imp_output_buffer_truncate (output, &mark);
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "A message of %" G_GSIZE_FORMAT " bytes is more than Storable can hold", length);
      return FALSE;
    }
  raw = GUINT32_TO_LE ((guint32) length);
  memcpy (imp_output_buffer_at_mark (output, &mark) + 2, &raw, sizeof raw);
  return TRUE;
}

static gboolean
is_op_high (guint8 byte)
{
  return byte == OP_PROVIDER || byte == OP_SERVER;
}

static gboolean
is_op_low (guint8 byte)
{
  return byte >= (IMP_OP_GET_INTERFACE & 0xff) && byte <= (IMP_OP_SET_VERSION & 0xff);
}

/* An op, of a machine of either order. */
static ImpDecodeStatus
storable_recognize (const guint8 *data, gsize length)
{
  if (!is_op_low (data[0]) && !is_op_high (data[0]))
    return IMP_DECODE_BAD;
  if (length < 2)
    return IMP_DECODE_MORE;
  if (is_op_low (data[0]) ? is_op_high (data[1]) : is_op_low (data[1]))
    return IMP_DECODE_DONE;
  return IMP_DECODE_BAD;
}

typedef struct
{
  ImpOp op;
  guint32 length;
  gboolean big_endian;
} Frame;

static gboolean
read_frame (ImpCursor *input, Frame *frame)
{
  guint16 op = 0;
  const guint8 *here = imp_cursor_here (input);

  frame->big_endian = is_op_high (here[0]) && !is_op_high (here[1]);
  if (frame->big_endian)
    {
      imp_cursor_u16_be (input, &op);
      imp_cursor_u32_be (input, &frame->length);
    }
  else
    {
      imp_cursor_u16_le (input, &op);
      imp_cursor_u32_le (input, &frame->length);
    }
  frame->op = op;
  return is_op_high (op >> 8);
}

static ImpDecodeStatus
read_message (ImpCursor *image, const ImpWireLimits *limits, const Frame *frame,
              ImpMessage *message, GError **error)
{
  ImpPerlTree tree;
  ImpDecodeStatus status;

  imp_perl_tree_init (&tree, image, limits, error);
  status = imp_storable_read_image (&tree, frame->big_endian);
  if (status == IMP_DECODE_DONE && !imp_perl_message_read (&tree, frame->op, message))
    status = IMP_DECODE_BAD;
  imp_perl_tree_clear (&tree);
  return status;
}

static ImpDecodeStatus
storable_decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
                 GError **error)
{
  ImpCursor at = *input, image;
  Frame frame;

  if (imp_cursor_left (&at) < FRAME_HEADER)
    {
      *need = FRAME_HEADER;
      return IMP_DECODE_MORE;
    }
  if (!read_frame (&at, &frame))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "0x%04x is no op", frame.op);
      return IMP_DECODE_BAD;
    }
  if (frame.length > limits->max_message || FRAME_HEADER > limits->max_message - frame.length)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "A message of %u bytes is announced, over the limit of %" G_GSIZE_FORMAT
                   " (max-message)",
                   frame.length, limits->max_message);
      return IMP_DECODE_BAD;
    }
  if (!imp_cursor_take_cursor (&at, frame.length, &image))
    {
      *need = (gsize) FRAME_HEADER + frame.length;
      return IMP_DECODE_MORE;
    }
  *input = at;
  return read_message (&image, limits, &frame, message, error);
}

const ImpWire imp_wire_storable = {
  .name = "storable",
  .max_version = 1,
  .greets_first = TRUE,
  .recognize = storable_recognize,
  .encode = storable_encode,
  .decode = storable_decode,
};
