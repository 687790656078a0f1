/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-id-table-private.h"

/* Any address but NULL will do. */
static gpointer
value_of (gint64 id)
{
  return GSIZE_TO_POINTER ((gsize) id * 2 + 1);
}

static void
assert_same (const ImpIdTable *table, GHashTable *model)
{
  g_autoptr (GPtrArray) values = imp_id_table_get_values (table);
  GHashTableIter iter;
  gpointer key, value;

  g_assert_cmpuint (table->n_values, ==, g_hash_table_size (model));
  g_assert_cmpuint (values->len, ==, g_hash_table_size (model));
  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      g_assert_true (imp_id_table_lookup (table, *(gint64 *) key) == value);
      g_assert_true (g_ptr_array_find (values, value, NULL));
    }
}

/* Grows to some hundreds and shrinks to nothing, again and again. */
static void
test_model (void)
{
  g_autoptr (GHashTable) model = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  ImpIdTable table;

  imp_id_table_init (&table);
  for (guint step = 0; step < 200000; step++)
    {
      gboolean growing = (step / 1500) % 2 == 0;
      guint bits = step % 2 == 0 ? 0 : 40;
      gint64 id = (gint64) g_test_rand_int_range (1, 800) << bits;
      gpointer value = value_of (id);
      gpointer expected = g_hash_table_lookup (model, &id);

      g_assert_true (imp_id_table_lookup (&table, id) == expected);
      if ((g_test_rand_int_range (0, 4) != 0) == growing)
        {
          if (expected != NULL)
            continue;
          imp_id_table_insert (&table, id, value);
          g_hash_table_insert (model, g_memdup2 (&id, sizeof id), value);
        }
      else
        {
          g_assert_true (imp_id_table_remove (&table, id) == expected);
          g_hash_table_remove (model, &id);
        }
      if (step % 500 == 0)
        assert_same (&table, model);
    }
  assert_same (&table, model);
  imp_id_table_clear (&table);
}

/* Memory goes back when most are gone, and an empty table works like a new one. */
static void
test_sizes (void)
{
  ImpIdTable table;

  imp_id_table_init (&table);
  g_assert_null (imp_id_table_lookup (&table, 1));
  g_assert_null (imp_id_table_remove (&table, 1));
  for (gint64 id = 1; id <= 100000; id++)
    imp_id_table_insert (&table, id, value_of (id));
  g_assert_cmpuint (G_GUINT64_CONSTANT (1) << (64 - table.shift), ==, 1 << 18);
  for (gint64 id = 1; id < 100000; id++)
    g_assert_true (imp_id_table_remove (&table, id) == value_of (id));
  g_assert_cmpuint (G_GUINT64_CONSTANT (1) << (64 - table.shift), ==, 16);
  g_assert_true (imp_id_table_lookup (&table, 100000) == value_of (100000));
  imp_id_table_clear (&table);
  g_assert_null (imp_id_table_lookup (&table, 100000));
  imp_id_table_insert (&table, 7, value_of (7));
  g_assert_true (imp_id_table_lookup (&table, 7) == value_of (7));
  imp_id_table_clear (&table);
}

/* Whatever the cursor, all have a turn before one has another. */
static void
test_next (void)
{
  ImpIdTable table;
  gsize cursor = G_MAXSIZE - 5;
  gint64 id;

  imp_id_table_init (&table);
  g_assert_null (imp_id_table_next (&table, &cursor, &id));
  for (id = 1; id <= 100; id++)
    imp_id_table_insert (&table, id, value_of (id));
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

      for (guint i = 0; i < 100; i++)
        {
          gpointer value = imp_id_table_next (&table, &cursor, &id);

          g_assert_true (value == value_of (id));
          g_assert_true (g_hash_table_add (seen, value));
        }
    }
  imp_id_table_clear (&table);
  g_assert_null (imp_id_table_next (&table, &cursor, &id));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/id-table/model", test_model);
  g_test_add_func ("/id-table/sizes", test_sizes);
  g_test_add_func ("/id-table/next", test_next);
  return g_test_run ();
}
