/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes out of a queue of results or input equals what was put in, in order, and it takes
 * little memory. */
#include "core/imp-data-type.h"
#include "core/imp-input-queue-private.h"
#include "core/imp-result-queue-private.h"

static GBytes *
random_bytes (gsize max)
{
  gsize size = g_random_int_range (0, max + 1);
  guint8 *data = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    data[i] = g_random_int ();
  return g_bytes_new_take (data, size);
}

static gint64
random_offset (void)
{
  static const gint64 edges[] = { IMP_MAX_OFFSET, 0, 1, G_MAXINT64, G_MININT64, 63, 64, -64, -65 };

  if (g_random_int_range (0, 4) == 0)
    return edges[g_random_int_range (0, G_N_ELEMENTS (edges))];
  return (gint64) (((guint64) g_random_int () << 32 | g_random_int ())
                   >> g_random_int_range (0, 64));
}

static ImpResult *
random_result (void)
{
  g_autoptr (GBytes) data = random_bytes (g_random_int_range (0, 50) == 0 ? 200000 : 20);
  g_autoptr (GHashTable) details = g_hash_table_new (g_str_hash, g_str_equal);
  ImpDirection direction = g_random_int_range (0, 2);

  g_hash_table_insert (details, (gpointer) "key", (gpointer) "value");
  switch (g_random_int_range (0, 12))
    {
    case 0:
      return imp_result_new_prepass (direction, random_offset ());
    case 1:
      return imp_result_new_replace_later (direction, random_offset (), random_offset ());
    case 2:
      return imp_result_new_to_sender (direction, data);
    case 3:
      return imp_result_new_log (direction, random_offset (), 7, IMP_LOG_LEVEL_ERROR, "well",
                                 details);
    case 4:
      return imp_result_new_pass_pattern (direction, "a+b", 9);
    case 5:
      return imp_result_new_account_field ("field", "is this");
    case 6:
      return imp_result_new_deny (direction, "no", NULL);
    case 7:
    case 8:
    case 9:
      return imp_result_new_replace (direction, random_offset (), data);
    default:
      return imp_result_new_pass (direction, random_offset ());
    }
}

static void
assert_same (ImpResult *one, ImpResult *other)
{
  g_autofree char *text = imp_result_to_string (one);
  g_autofree char *other_text = imp_result_to_string (other);
  GBytes *data = imp_result_get_data (one), *other_data = imp_result_get_data (other);
  const char *detail = imp_result_get_details (one) == NULL
                         ? NULL
                         : g_hash_table_lookup (imp_result_get_details (one), "key");
  const char *other_detail = imp_result_get_details (other) == NULL
                               ? NULL
                               : g_hash_table_lookup (imp_result_get_details (other), "key");

  g_assert_cmpint (imp_result_get_result_type (one), ==, imp_result_get_result_type (other));
  g_assert_cmpint (imp_result_get_offset (one), ==, imp_result_get_offset (other));
  g_assert_cmpint (imp_result_get_end_offset (one), ==, imp_result_get_end_offset (other));
  g_assert_cmpstr (text, ==, other_text);
  g_assert_cmpstr (detail, ==, other_detail);
  g_assert_true ((data == NULL) == (other_data == NULL));
  g_assert_true (data == NULL || g_bytes_equal (data, other_data));
}

static void
test_results (void)
{
  ImpResultQueue queue = IMP_RESULT_QUEUE_INIT;
  GQueue model = G_QUEUE_INIT;

  for (guint step = 0; step < 100000; step++)
    {
      /* At times it grows, at times it shrinks. */
      if (g_random_int_range (0, 100) < (step / 1000 % 2 == 0 ? 60 : 35))
        {
          ImpResult *result = random_result ();

          g_queue_push_tail (&model, imp_result_ref (result));
          imp_result_queue_push (&queue, result);
        }
      else
        {
          g_autoptr (ImpResult) result = imp_result_queue_pop (&queue);
          g_autoptr (ImpResult) expected = g_queue_pop_head (&model);

          g_assert_true ((result == NULL) == (expected == NULL));
          if (result != NULL)
            assert_same (result, expected);
        }
      g_assert_true (imp_result_queue_is_empty (&queue) == (model.length == 0));
      g_assert_true ((imp_result_queue_get_size (&queue) == 0) == (model.length == 0));
    }
  imp_result_queue_clear (&queue);
  g_assert_true (imp_result_queue_is_empty (&queue));
  g_assert_cmpuint (imp_result_queue_get_size (&queue), ==, 0);
  g_queue_clear_full (&model, (GDestroyNotify) imp_result_unref);
}

static void
set_true (gpointer flag)
{
  *(gboolean *) flag = TRUE;
}

static void
test_input (void)
{
  ImpInputQueue queue;
  g_autoptr (GByteArray) put = g_byte_array_new (), taken = g_byte_array_new ();
  ImpInput input;

  imp_input_queue_init (&queue, IMP_INPUT_PIECE_SIZE);
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GBytes) bytes = random_bytes (i % 20 == 0 ? 300000 : 100);

      imp_input_queue_push (&queue, &(ImpInput){ bytes, 0, IMP_DATA_TYPE_STREAM, i & 1 });
      g_byte_array_append (put, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_assert_cmpuint (imp_input_queue_get_n_bytes (&queue), ==, put->len);
    }
  g_assert_cmpuint (imp_input_queue_get_size (&queue), >, put->len);
  g_assert_cmpuint (imp_input_queue_get_size (&queue), <, put->len + 200 * 8 + 60 * 120);
  while (imp_input_queue_take (&queue, IMP_INPUT_PIECE_SIZE, &input))
    {
      g_assert_cmpuint (g_bytes_get_size (input.data), <=, IMP_INPUT_PIECE_SIZE);
      g_assert_cmpint (input.offset, ==, 0);
      g_assert_cmpint (input.data_type, ==, IMP_DATA_TYPE_STREAM);
      g_byte_array_append (taken, g_bytes_get_data (input.data, NULL),
                           g_bytes_get_size (input.data));
      g_bytes_unref (input.data);
      g_assert_cmpuint (imp_input_queue_get_n_bytes (&queue), ==, put->len - taken->len);
      g_assert_cmpuint (imp_input_queue_get_size (&queue), >=, put->len - taken->len);
    }
  g_assert_cmpuint (imp_input_queue_get_size (&queue), ==, 0);
  g_assert_cmpmem (put->data, put->len, taken->data, taken->len);
}

/* Only a stream is cut, only its first piece has the offset, and an end is an end; whether it is
 * kept as a copy or by reference. */
static void
test_pieces (gconstpointer copy_below)
{
  ImpInputQueue queue;
  const gint64 offsets[] = { 0, 0, IMP_MAX_OFFSET, G_MAXINT64, 0 };
  const gint32 types[] = { IMP_DATA_TYPE_PACKET, IMP_DATA_TYPE_STREAM, G_MININT32, -5, -5 };
  const gsize sizes[] = { 2 * IMP_INPUT_PIECE_SIZE, 0, 3, IMP_INPUT_PIECE_SIZE, 1 };

  imp_input_queue_init (&queue, GPOINTER_TO_SIZE (copy_below));
  for (guint i = 0; i < 4; i++)
    {
      gsize size = i == 3 ? IMP_INPUT_PIECE_SIZE + 1 : sizes[i];
      g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size + 1), size);

      imp_input_queue_push (&queue, &(ImpInput){ bytes, offsets[i], types[i], i >= 2 });
    }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) data = NULL;
      ImpInput input;

      g_assert_true (imp_input_queue_take (&queue, IMP_INPUT_PIECE_SIZE, &input));
      data = input.data;
      g_assert_cmpuint (g_bytes_get_size (data), ==, sizes[i]);
      g_assert_cmpint (input.offset, ==, offsets[i]);
      g_assert_cmpint (input.data_type, ==, types[i]);
      g_assert_cmpuint (input.direction, ==, i >= 2);
    }
  g_assert_true (imp_input_queue_is_empty (&queue));
  g_assert_cmpuint (imp_input_queue_get_n_bytes (&queue), ==, 0);
  g_assert_cmpuint (imp_input_queue_get_size (&queue), ==, 0);
}

/* What is cut keeps its place in the line: what is pushed meanwhile comes after all of it. */
static void
test_split (void)
{
  ImpInputQueue queue;
  g_autoptr (GBytes) letters = g_bytes_new_static ("abcdefg", 7);
  g_autoptr (GBytes) digits = g_bytes_new_static ("123", 3);
  g_autoptr (GString) taken = g_string_new (NULL);
  ImpInput input;

  imp_input_queue_init (&queue, 5);
  imp_input_queue_push (&queue, &(ImpInput){ letters, 9, IMP_DATA_TYPE_STREAM, 0 });
  for (guint i = 0; i < 5; i++)
    {
      if (i == 1)
        imp_input_queue_push (&queue, &(ImpInput){ digits, 5, IMP_DATA_TYPE_STREAM, 1 });
      g_assert_true (imp_input_queue_take (&queue, 2, &input));
      g_string_append_printf (taken, "%" G_GINT64_FORMAT "%.*s ", input.offset,
                              (int) g_bytes_get_size (input.data),
                              (const char *) g_bytes_get_data (input.data, NULL));
      g_bytes_unref (input.data);
      g_assert_cmpuint (imp_input_queue_get_n_bytes (&queue), <=,
                        imp_input_queue_get_size (&queue));
    }
  g_assert_cmpstr (taken->str, ==, "9ab 0cd 0ef 0g 512 ");
  g_assert_cmpuint (imp_input_queue_get_n_bytes (&queue), ==, 1);
  imp_input_queue_clear (&queue);
  g_assert_true (imp_input_queue_is_empty (&queue));
  g_assert_cmpuint (imp_input_queue_get_size (&queue), ==, 0);
  g_assert_false (imp_input_queue_take (&queue, 2, &input));
}

/* Neither a slice of a large buffer that is copied nor the copy keeps that buffer; what is kept by
 * reference comes out as it was. */
static void
test_copies (void)
{
  ImpInputQueue queue;
  gboolean freed = FALSE;
  GBytes *large = g_bytes_new_with_free_func ("0123456789", 10, set_true, &freed);
  GBytes *small = g_bytes_new_from_bytes (large, 2, 3);
  ImpInput input;

  imp_input_queue_init (&queue, 4);
  imp_input_queue_push (&queue, &(ImpInput){ small, 0, IMP_DATA_TYPE_STREAM, 0 });
  g_bytes_unref (small);
  g_bytes_unref (large);
  g_assert_true (freed);
  g_assert_true (imp_input_queue_take (&queue, 10, &input));
  g_assert_cmpmem (g_bytes_get_data (input.data, NULL), g_bytes_get_size (input.data), "234", 3);
  g_bytes_unref (input.data);

  large = g_bytes_new_static ("0123", 4);
  imp_input_queue_push (&queue, &(ImpInput){ large, 0, IMP_DATA_TYPE_STREAM, 0 });
  g_assert_true (imp_input_queue_take (&queue, 10, &input));
  g_assert_true (input.data == large);
  g_bytes_unref (input.data);
  g_bytes_unref (large);
}

static void
test_memory (void)
{
  ImpResultQueue queue = IMP_RESULT_QUEUE_INIT;
  g_autoptr (GBytes) word = g_bytes_new_static ("bar", 3);

  for (gint64 i = 0; i < 10000; i++)
    {
      imp_result_queue_push (&queue, imp_result_new_pass (0, G_GINT64_CONSTANT (1) << 50 | 4 * i));
      imp_result_queue_push (
        &queue, imp_result_new_replace (0, (G_GINT64_CONSTANT (1) << 50 | 4 * i) + 3, word));
    }
  g_assert_cmpuint (imp_result_queue_get_size (&queue), <, 10000 * 8 + 20);
  imp_result_queue_clear (&queue);
  imp_result_queue_clear (&queue);
  g_assert_null (imp_result_queue_pop (&queue));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/queues/results", test_results);
  g_test_add_func ("/queues/input", test_input);
  g_test_add_data_func ("/queues/input/pieces/copied", GSIZE_TO_POINTER (IMP_INPUT_PIECE_SIZE),
                        test_pieces);
  g_test_add_data_func ("/queues/input/pieces/referenced", NULL, test_pieces);
  g_test_add_func ("/queues/input/split", test_split);
  g_test_add_func ("/queues/input/copies", test_copies);
  g_test_add_func ("/queues/results/memory", test_memory);
  return g_test_run ();
}
