/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-storable-private.h"

#include "core/imp-error.h"
#include "wire/perl/imp-perl-message-private.h"

#include <string.h>

/* Perl's default wire format: op and length in the order of the sender's machine, then an image of
 * the array of arguments as nfreeze() of Storable writes it. An image is one item: a tag, then what
 * the tag asks for. */

/* What an image begins with: the major version and "network order" in one byte, then the minor
 * version. Every tag that is written here is older than this one. */
#define STORABLE_MAJOR 2
#define STORABLE_MINOR 9
#define STORABLE_HEADER ((STORABLE_MAJOR << 1) | 1)

/* The tags that are written here; storable_items has all. */
enum
{
  STORABLE_LSCALAR = 1,
  STORABLE_ARRAY = 2,
  STORABLE_HASH = 3,
  STORABLE_REF = 4,
  STORABLE_UNDEF = 5,
  STORABLE_BYTE = 8,
  STORABLE_NETINT = 9,
  STORABLE_SCALAR = 10,
  STORABLE_UTF8STR = 23,
  STORABLE_LUTF8STR = 24,
  STORABLE_FLAG_HASH = 25,
};

/* Of a key in a FLAG_HASH. */
enum
{
  STORABLE_KEY_UTF8 = 1,
  STORABLE_KEY_WAS_UTF8 = 2,
  STORABLE_KEY_IS_VALUE = 8,
  STORABLE_KEY_PLACEHOLDER = 16,
};

#define FRAME_HEADER 6
/* The two high bytes of all ops; that and where it stands tell the order. */
#define OP_PROVIDER 0x40
#define OP_SERVER 0x41

/* Lengths are signed on Perl's side. */
#define LENGTH_MAX G_MAXINT32
#define NUMBER_MAX 24

typedef struct
{
  ImpPerlTree *tree;
  gboolean big_endian;
} StorableReader;

/* How a tag is read. */
typedef struct _StorableItem StorableItem;

struct _StorableItem
{
  const char *name;
  /* NULL for what makes objects or runs code on Perl's side, or is larger than any message. */
  gboolean (*read) (StorableReader *self, const StorableItem *item, ImpPerlIndex at);
  guint8 size;    /* of a number, or of the length of what follows: bytes */
  guint8 variant; /* what else tells items apart that are read alike */
};

static gboolean storable_read_item (gpointer reader, ImpPerlIndex at);

static gboolean
storable_take (StorableReader *self, guint size, ImpPerlForm form, ImpPerlString *string)
{
  guint64 length;

  return imp_perl_tree_take_number (self->tree, size, TRUE, &length)
         && imp_perl_tree_take (self->tree, length, form, string);
}

static gboolean
storable_read_string (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  ImpPerlString string;

  return storable_take (self, item->size, item->variant, &string)
         && imp_perl_tree_set_string (self->tree, at, &string);
}

/* The literal of a version string; the string itself follows as an item. */
static gboolean
storable_read_vstring (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  ImpPerlString literal;

  return storable_take (self, item->size, IMP_PERL_BYTES, &literal)
         && storable_read_item (self, at);
}

static gboolean
storable_read_undef (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  return imp_perl_tree_set_undef (self->tree, at);
}

static gboolean
storable_read_boolean (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  return imp_perl_tree_set_boolean (self->tree, at, item->variant);
}

static gboolean
storable_read_byte (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  guint64 byte;

  return imp_perl_tree_take_number (self->tree, 1, TRUE, &byte)
         && imp_perl_tree_set_integer (self->tree, at, (gint64) byte - 128);
}

static gboolean
storable_read_netint (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  guint64 value;

  return imp_perl_tree_take_number (self->tree, 4, TRUE, &value)
         && imp_perl_tree_set_integer (self->tree, at, (gint32) value);
}

static gboolean
storable_read_integer (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  guint64 value;

  return imp_perl_tree_take_number (self->tree, 8, self->big_endian, &value)
         && imp_perl_tree_set_integer (self->tree, at, (gint64) value);
}

static gboolean
storable_read_double (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  guint64 bits;
  double number;

  if (!imp_perl_tree_take_number (self->tree, 8, self->big_endian, &bits))
    return FALSE;
  memcpy (&number, &bits, sizeof number);
  return imp_perl_tree_set_double (self->tree, at, number);
}

static gboolean
storable_read_ref (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  return storable_read_item (self, at);
}

static gboolean
storable_read_object (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  guint64 number;

  return imp_perl_tree_take_number (self->tree, 4, TRUE, &number)
         && imp_perl_tree_refer (self->tree, at, number);
}

static gboolean
storable_read_array (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  guint64 count;

  return imp_perl_tree_take_number (self->tree, 4, TRUE, &count)
         && imp_perl_tree_read_array (self->tree, at, count, storable_read_item, self);
}

static gboolean
storable_read_key (StorableReader *self, ImpPerlIndex at, guint64 flags)
{
  ImpPerlForm form = IMP_PERL_BYTES;
  ImpPerlString key;

  if ((flags & STORABLE_KEY_IS_VALUE) != 0)
    return imp_perl_tree_bad (self->tree, "A hash has a key that is no string");
  if ((flags & STORABLE_KEY_UTF8) != 0)
    form = IMP_PERL_UTF8;
  else if ((flags & STORABLE_KEY_WAS_UTF8) != 0)
    form = IMP_PERL_LATIN1;
  if (!storable_take (self, 4, form, &key))
    return FALSE;
  imp_perl_tree_get (self->tree, at)->key = key;
  return TRUE;
}

/* A placeholder stands for a key that a restricted hash may get: there is no such pair. It is read,
 * and numbered, but the next one takes its place. */
static gboolean
storable_read_pairs (StorableReader *self, ImpPerlIndex at, guint32 count, gboolean has_flags)
{
  ImpPerlIndex last = 0;
  guint32 kept = 0;

  for (guint32 i = 0; i < count; i++)
    {
      ImpPerlIndex before = last, pair = imp_perl_tree_add (self->tree, at, last);
      guint64 flags = 0;

      self->tree->pending -= has_flags ? 6 : 5;
      if (!storable_read_item (self, pair)
          || (has_flags && !imp_perl_tree_take_number (self->tree, 1, TRUE, &flags))
          || !storable_read_key (self, pair, flags))
        return FALSE;
      if ((flags & STORABLE_KEY_PLACEHOLDER) == 0)
        {
          last = pair;
          kept++;
        }
      else if (before != 0)
        imp_perl_tree_get (self->tree, before)->next = 0;
      else
        imp_perl_tree_get (self->tree, at)->items.first = 0;
    }
  return imp_perl_tree_set_container (self->tree, at, IMP_PERL_HASH, kept);
}

static gboolean
storable_read_hash (StorableReader *self, const StorableItem *item, ImpPerlIndex at)
{
  gboolean has_flags = item->variant;
  guint64 flags, count; /* the flags are those of the hash itself */

  imp_perl_tree_get (self->tree, at)->items.first = 0;
  return (!has_flags || imp_perl_tree_take_number (self->tree, 1, TRUE, &flags))
         && imp_perl_tree_take_number (self->tree, 4, TRUE, &count)
         && imp_perl_tree_announce (self->tree, count, has_flags ? 6 : 5)
         && storable_read_pairs (self, at, count, has_flags);
}

static const StorableItem storable_items[] = {
  { "OBJECT", storable_read_object },
  { "LSCALAR", storable_read_string, 4, IMP_PERL_BYTES },
  { "ARRAY", storable_read_array },
  { "HASH", storable_read_hash },
  { "REF", storable_read_ref },
  { "UNDEF", storable_read_undef },
  { "INTEGER", storable_read_integer },
  { "DOUBLE", storable_read_double },
  { "BYTE", storable_read_byte },
  { "NETINT", storable_read_netint },
  { "SCALAR", storable_read_string, 1, IMP_PERL_BYTES },
  { "a tied array", NULL },
  { "a tied hash", NULL },
  { "a tied scalar", NULL },
  { "SV_UNDEF", storable_read_undef },
  { "SV_YES", storable_read_boolean, 0, TRUE },
  { "SV_NO", storable_read_boolean, 0, FALSE },
  { "a blessed object", NULL },
  { "a blessed object (by the number of its class)", NULL },
  { "an object frozen by a hook", NULL },
  { "an overloaded reference", NULL },
  { "a key of a tied hash", NULL },
  { "an element of a tied array", NULL },
  { "UTF8STR", storable_read_string, 1, IMP_PERL_UTF8 },
  { "LUTF8STR", storable_read_string, 4, IMP_PERL_UTF8 },
  { "FLAG_HASH", storable_read_hash, 0, TRUE },
  { "code", NULL },
  { "WEAKREF", storable_read_ref },
  { "a weak overloaded reference", NULL },
  { "VSTRING", storable_read_vstring, 1 },
  { "LVSTRING", storable_read_vstring, 4 },
  { "SVUNDEF_ELEM", storable_read_undef },
  { "a regular expression", NULL },
  { "an object above 2 GiB", NULL },
  { "BOOLEAN_TRUE", storable_read_boolean, 0, TRUE },
  { "BOOLEAN_FALSE", storable_read_boolean, 0, FALSE },
};

/* Each value gets the next number, by which later items refer to it. A reference has a number of
 * its own, and what it refers to has the next one. */
static gboolean
storable_read_item (gpointer reader, ImpPerlIndex at)
{
  StorableReader *self = reader;
  const StorableItem *item;
  guint8 tag = 0;
  gboolean read;

  if (!imp_perl_tree_tag (self->tree, &tag))
    return FALSE;
  if (tag >= G_N_ELEMENTS (storable_items))
    return imp_perl_tree_bad (self->tree, "The Storable image has an item of the unknown type %d",
                              tag);
  item = &storable_items[tag];
  if (item->read == NULL)
    return imp_perl_tree_bad (self->tree, "The Storable image holds %s, which is refused",
                              item->name);
  if (!imp_perl_tree_enter (self->tree))
    return FALSE;
  if (item->read != storable_read_object && item->read != storable_read_vstring)
    imp_perl_tree_mark (self->tree, self->tree->n_marks, at);
  read = item->read (self, item, at);
  imp_perl_tree_leave (self->tree);
  return read;
}

static gboolean
storable_read_header (ImpPerlTree *tree)
{
  guint64 first, minor;

  if (!imp_perl_tree_take_number (tree, 1, TRUE, &first)
      || !imp_perl_tree_take_number (tree, 1, TRUE, &minor))
    return FALSE;
  if (first >> 1 != STORABLE_MAJOR)
    return imp_perl_tree_bad (tree, "The Storable image has the major version %d, not %d",
                              (int) first >> 1, STORABLE_MAJOR);
  return (first & 1) != 0
         || imp_perl_tree_bad (tree, "The Storable image is in its sender's native order: "
                                     "nfreeze() is needed, not freeze()");
}

ImpDecodeStatus
imp_storable_read_image (ImpPerlTree *tree, gboolean big_endian)
{
  StorableReader self = { tree, big_endian };

  tree->complete = TRUE;
  if (storable_read_header (tree) && storable_read_item (&self, 0)
      && imp_cursor_left (&tree->input) > 0)
    imp_perl_tree_bad (tree, "%" G_GSIZE_FORMAT " bytes follow the Storable image",
                       imp_cursor_left (&tree->input));
  return tree->status;
}

static guint8 *
storable_put_u32 (guint8 *here, guint32 value)
{
  guint32 raw = GUINT32_TO_BE (value);

  memcpy (here, &raw, sizeof raw);
  return here + sizeof raw;
}

static void
storable_append_counted (ImpOutputBuffer *output, guint8 tag, guint32 count)
{
  guint8 *here = imp_output_buffer_reserve (output, 5);

  here[0] = tag;
  storable_put_u32 (here + 1, count);
  imp_output_buffer_commit (output, 5);
}

static void
storable_write_begin (ImpOutputBuffer *output, ImpOp op, guint count)
{
  guint8 *here = imp_output_buffer_reserve (output, FRAME_HEADER + 2);

  here[0] = op & 0xff;
  here[1] = op >> 8;
  memset (here + 2, 0, 4);
  here[6] = STORABLE_HEADER;
  here[7] = STORABLE_MINOR;
  imp_output_buffer_commit (output, FRAME_HEADER + 2);
  storable_append_counted (output, STORABLE_ARRAY, count);
}

static void
storable_append_u8 (ImpOutputBuffer *output, guint8 byte)
{
  *imp_output_buffer_reserve (output, 1) = byte;
  imp_output_buffer_commit (output, 1);
}

static void
storable_write_array (ImpOutputBuffer *output, guint count)
{
  storable_append_u8 (output, STORABLE_REF);
  storable_append_counted (output, STORABLE_ARRAY, count);
}

static void
storable_write_hash (ImpOutputBuffer *output, guint count, gboolean utf8)
{
  static const guint8 with_flags[] = { STORABLE_REF, STORABLE_FLAG_HASH };

  if (utf8)
    {
      imp_output_buffer_append (output, with_flags, sizeof with_flags);
      storable_append_counted (output, 0, count); /* no flags of the hash itself */
      return;
    }
  storable_append_u8 (output, STORABLE_REF);
  storable_append_counted (output, STORABLE_HASH, count);
}

static void
storable_write_key_before (ImpOutputBuffer *output, const char *key, gsize length,
                           gboolean hash_utf8)
{
}

static void
storable_write_key (ImpOutputBuffer *output, const char *key, gsize length, gboolean hash_utf8)
{
  guint8 *here = imp_output_buffer_reserve (output, 5), *end = here;

  if (hash_utf8)
    *end++ = imp_text_is_plain (key, length) ? 0 : STORABLE_KEY_UTF8;
  end = storable_put_u32 (end, length);
  imp_output_buffer_commit (output, end - here);
  imp_output_buffer_append (output, key, length);
}

static void
storable_write_undef (ImpOutputBuffer *output)
{
  storable_append_u8 (output, STORABLE_UNDEF);
}

static void
storable_append_string_head (ImpOutputBuffer *output, gsize length, guint8 short_tag,
                             guint8 long_tag)
{
  guint8 *here;

  if (length > G_MAXUINT8)
    {
      storable_append_counted (output, long_tag, length);
      return;
    }
  here = imp_output_buffer_reserve (output, 2);
  here[0] = short_tag;
  here[1] = length;
  imp_output_buffer_commit (output, 2);
}

static void
storable_write_string (ImpOutputBuffer *output, const char *text, gsize length, gboolean utf8)
{
  storable_append_string_head (output, length, utf8 ? STORABLE_UTF8STR : STORABLE_SCALAR,
                               utf8 ? STORABLE_LUTF8STR : STORABLE_LSCALAR);
  imp_output_buffer_append (output, text, length);
}

static void
storable_write_bytes (ImpOutputBuffer *output, GBytes *bytes)
{
  storable_append_string_head (output, g_bytes_get_size (bytes), STORABLE_SCALAR, STORABLE_LSCALAR);
  imp_output_buffer_append_bytes (output, bytes);
}

/* Network order knows 8 and 32 bits; what is larger goes as a decimal string. */
static void
storable_write_integer (ImpOutputBuffer *output, gint64 integer)
{
  guint8 *here;
  char number[NUMBER_MAX];

  if (integer >= -128 && integer <= 127)
    {
      here = imp_output_buffer_reserve (output, 2);
      here[0] = STORABLE_BYTE;
      here[1] = integer + 128;
      imp_output_buffer_commit (output, 2);
    }
  else if (integer >= G_MININT32 && integer <= G_MAXINT32)
    {
      storable_append_counted (output, STORABLE_NETINT, (guint32) integer);
    }
  else
    {
      g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT, integer);
      storable_write_string (output, number, strlen (number), FALSE);
    }
}

static const ImpPerlWriter storable_writer = {
  .begin = storable_write_begin,
  .array = storable_write_array,
  .hash = storable_write_hash,
  .key = storable_write_key_before,
  .key_after = storable_write_key,
  .undef = storable_write_undef,
  .integer = storable_write_integer,
  .string = storable_write_string,
  .bytes = storable_write_bytes,
};

static gboolean
storable_encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  ImpOutputBufferMark mark;
  gsize length;
  guint32 raw;

  imp_output_buffer_mark (output, &mark);
  if (!imp_perl_message_write (message, &storable_writer, output, error))
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
storable_is_op_high (guint8 byte)
{
  return byte == OP_PROVIDER || byte == OP_SERVER;
}

static gboolean
storable_is_op_low (guint8 byte)
{
  return byte >= (IMP_OP_GET_INTERFACE & 0xff) && byte <= (IMP_OP_SET_VERSION & 0xff);
}

/* An op, of a machine of either order. */
static ImpDecodeStatus
storable_recognize (const guint8 *data, gsize length)
{
  g_assert (length > 0);

  if (!storable_is_op_low (data[0]) && !storable_is_op_high (data[0]))
    return IMP_DECODE_BAD;
  if (length < 2)
    return IMP_DECODE_MORE;
  if (storable_is_op_low (data[0]) ? storable_is_op_high (data[1]) : storable_is_op_low (data[1]))
    return IMP_DECODE_DONE;
  return IMP_DECODE_BAD;
}

typedef struct
{
  ImpOp op;
  guint32 length;
  gboolean big_endian;
} StorableFrame;

static gboolean
storable_read_frame (ImpCursor *input, StorableFrame *frame)
{
  guint16 op = 0;
  const guint8 *here = imp_cursor_here (input);

  frame->big_endian = storable_is_op_high (here[0]) && !storable_is_op_high (here[1]);
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
  return storable_is_op_high (op >> 8);
}

static ImpDecodeStatus
storable_read_message (ImpCursor *image, const ImpWireLimits *limits, const StorableFrame *frame,
                       ImpMessage *message, GError **error)
{
  ImpPerlTree tree;

  imp_perl_tree_init (&tree, image, limits, error);
  if (imp_storable_read_image (&tree, frame->big_endian) == IMP_DECODE_DONE)
    imp_perl_message_read (&tree, frame->op, message);
  imp_perl_tree_clear (&tree);
  return tree.status;
}

static ImpDecodeStatus
storable_decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
                 GError **error)
{
  ImpCursor at = *input, image;
  StorableFrame frame;

  if (imp_cursor_left (&at) < FRAME_HEADER)
    {
      *need = FRAME_HEADER;
      return IMP_DECODE_MORE;
    }
  if (!storable_read_frame (&at, &frame))
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
  return storable_read_message (&image, limits, &frame, message, error);
}

const ImpWire imp_wire_storable = {
  .name = "storable",
  .max_version = 1,
  .greets_first = TRUE,
  .recognize = storable_recognize,
  .encode = storable_encode,
  .decode = storable_decode,
};
