/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-block-private.h"

/* A block of the usual size comes back, the last one first; others do not. */
static void
test_reuse (void)
{
  ImpBlock *one = imp_block_new (IMP_BLOCK_SIZE), *other = imp_block_new (IMP_BLOCK_SIZE);
  ImpBlock *again;

  g_assert_true (one != other);
  imp_block_unref (other);
  imp_block_unref (one);
  again = imp_block_new (IMP_BLOCK_SIZE);
  g_assert_true (again == one);
  g_assert_false (imp_block_is_shared (again));
  imp_block_unref (again);

  again = imp_block_new (100);
  g_assert_cmpuint (again->size, ==, 100);
  imp_block_unref (again);
  again = imp_block_new (IMP_BLOCK_SIZE);
  g_assert_cmpuint (again->size, ==, IMP_BLOCK_SIZE);
  imp_block_unref (again);
}

static gpointer
let_go (gpointer bytes)
{
  g_bytes_unref (bytes);
  return NULL;
}

/* A slice keeps its block, whoever lets it go, and wherever. */
static void
test_slice (void)
{
  ImpBlock *block = imp_block_new (IMP_BLOCK_SIZE);
  GBytes *slice;

  block->data[17] = 42;
  slice = imp_block_slice (block, block->data + 17, 1);
  g_assert_true (imp_block_is_shared (block));
  imp_block_unref (block);
  for (guint i = 0; i < 20; i++)
    {
      ImpBlock *another = imp_block_new (IMP_BLOCK_SIZE);

      g_assert_true (another != block);
      another->data[17] = 0;
      imp_block_unref (another);
    }
  g_assert_cmpuint (g_bytes_get_size (slice), ==, 1);
  g_assert_cmpuint (*(const guint8 *) g_bytes_get_data (slice, NULL), ==, 42);
  g_thread_join (g_thread_new ("let-go", let_go, slice));
  g_assert_true (imp_block_new (IMP_BLOCK_SIZE) == block);
  imp_block_unref (block);
}

/* More than the pool takes are simply freed; the sanitizers see whether they are. */
static void
test_many (void)
{
  ImpBlock *blocks[64];

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    {
      blocks[i] = imp_block_new (IMP_BLOCK_SIZE);
      for (guint j = 0; j < i; j++)
        g_assert_true (blocks[i] != blocks[j]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    imp_block_unref (blocks[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/block/reuse", test_reuse);
  g_test_add_func ("/block/slice", test_slice);
  g_test_add_func ("/block/many", test_many);
  return g_test_run ();
}
