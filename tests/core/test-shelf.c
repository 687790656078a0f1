/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes off a shelf equals what was put on it, in order, and it takes little memory. */
#include "core/imp-data-type.h"
#include "core/imp-shelf-private.h"

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
  ImpShelf shelf = IMP_SHELF_INIT;
  GQueue model = G_QUEUE_INIT;

  for (guint step = 0; step < 100000; step++)
    {
      /* At times it grows, at times it shrinks. */
      if (g_random_int_range (0, 100) < (step / 1000 % 2 == 0 ? 60 : 35))
        {
          ImpResult *result = random_result ();

          g_queue_push_tail (&model, imp_result_ref (result));
          imp_shelf_put_result (&shelf, result);
        }
      else
        {
          g_autoptr (ImpResult) result = imp_shelf_take_result (&shelf);
          g_autoptr (ImpResult) expected = g_queue_pop_head (&model);

          g_assert_true ((result == NULL) == (expected == NULL));
          if (result != NULL)
            assert_same (result, expected);
        }
      g_assert_true (imp_shelf_is_empty (&shelf) == (model.length == 0));
      g_assert_true ((shelf.size == 0) == (model.length == 0));
    }
  imp_shelf_clear (&shelf);
  g_assert_true (imp_shelf_is_empty (&shelf));
  g_assert_cmpuint (shelf.size, ==, 0);
  g_queue_clear_full (&model, (GDestroyNotify) imp_result_unref);
}

static void
test_input (void)
{
  ImpShelf shelf = IMP_SHELF_INIT;
  g_autoptr (GByteArray) put = g_byte_array_new (), taken = g_byte_array_new ();
  gint64 offset;
  gint32 data_type;
  GBytes *data;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GBytes) bytes = random_bytes (i % 20 == 0 ? 300000 : 100);

      imp_shelf_put_input (&shelf, bytes, 0, IMP_DATA_TYPE_STREAM);
      g_byte_array_append (put, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    }
  g_assert_cmpuint (shelf.size, >, put->len);
  g_assert_cmpuint (shelf.size, <, put->len + 200 * 8 + 60 * 120);
  while ((data = imp_shelf_take_input (&shelf, &offset, &data_type)) != NULL)
    {
      g_assert_cmpuint (g_bytes_get_size (data), <=, IMP_SHELF_PIECE_SIZE);
      g_assert_cmpint (offset, ==, 0);
      g_assert_cmpint (data_type, ==, IMP_DATA_TYPE_STREAM);
      g_byte_array_append (taken, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
      g_bytes_unref (data);
    }
  g_assert_cmpuint (shelf.size, ==, 0);
  g_assert_cmpmem (put->data, put->len, taken->data, taken->len);
}

/* Only a stream is cut, only its first piece has the offset, and an end is an end. */
static void
test_pieces (void)
{
  ImpShelf shelf = IMP_SHELF_INIT;
  const gint64 offsets[] = { 0, 0, IMP_MAX_OFFSET, G_MAXINT64, 0 };
  const gint32 types[] = { IMP_DATA_TYPE_PACKET, IMP_DATA_TYPE_STREAM, G_MININT32, -5, -5 };
  const gsize sizes[] = { 2 * IMP_SHELF_PIECE_SIZE, 0, 3, IMP_SHELF_PIECE_SIZE, 1 };

  for (guint i = 0; i < 4; i++)
    {
      gsize size = i == 3 ? IMP_SHELF_PIECE_SIZE + 1 : sizes[i];
      g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size + 1), size);

      imp_shelf_put_input (&shelf, bytes, offsets[i], types[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      gint64 offset;
      gint32 data_type;
      g_autoptr (GBytes) data = imp_shelf_take_input (&shelf, &offset, &data_type);

      g_assert_cmpuint (g_bytes_get_size (data), ==, sizes[i]);
      g_assert_cmpint (offset, ==, offsets[i]);
      g_assert_cmpint (data_type, ==, types[i]);
    }
  g_assert_true (imp_shelf_is_empty (&shelf));
}

static void
test_memory (void)
{
  ImpShelf shelf = IMP_SHELF_INIT;
  g_autoptr (GBytes) word = g_bytes_new_static ("bar", 3);

  for (gint64 i = 0; i < 10000; i++)
    {
      imp_shelf_put_result (&shelf, imp_result_new_pass (0, G_GINT64_CONSTANT (1) << 50 | 4 * i));
      imp_shelf_put_result (
        &shelf, imp_result_new_replace (0, (G_GINT64_CONSTANT (1) << 50 | 4 * i) + 3, word));
    }
  g_assert_cmpuint (shelf.size, <, 10000 * 8 + 20);
  imp_shelf_clear (&shelf);
  imp_shelf_clear (&shelf);
  g_assert_null (imp_shelf_take_result (&shelf));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shelf/results", test_results);
  g_test_add_func ("/shelf/input", test_input);
  g_test_add_func ("/shelf/pieces", test_pieces);
  g_test_add_func ("/shelf/memory", test_memory);
  return g_test_run ();
}
