/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ring beside the naive one, an array from whose front is removed. */
#include "core/imp-ring-private.h"

typedef struct
{
  guint64 number;
  guint64 square;
} Item;

#define N_INLINED 4
#define N_KEPT 16

IMP_RING_DEFINE (Items, items, Item, N_INLINED, N_KEPT)

typedef struct
{
  Items ring;
  GArray *naive;
  guint64 next;
} Pair;

static void
push_both (Pair *pair)
{
  Item item = { pair->next, pair->next * pair->next };

  *items_push (&pair->ring) = item;
  g_array_append_val (pair->naive, item);
  pair->next++;
}

static void
drop_both (Pair *pair)
{
  items_drop_first (&pair->ring);
  g_array_remove_index (pair->naive, 0);
}

static void
compare (Pair *pair)
{
  guint n = pair->naive->len;

  g_assert_cmpuint (items_get_n (&pair->ring), ==, n);
  for (guint i = 0; i < n; i++)
    {
      const Item *item = items_get (&pair->ring, i);

      g_assert_cmpuint (item->number, ==, g_array_index (pair->naive, Item, i).number);
      g_assert_cmpuint (item->square, ==, item->number * item->number);
    }
}

static void
pair_init (Pair *pair)
{
  items_init (&pair->ring);
  pair->naive = g_array_new (FALSE, FALSE, sizeof (Item));
  pair->next = 0;
}

static void
pair_clear (Pair *pair)
{
  items_reset (&pair->ring);
  g_array_unref (pair->naive);
}

static void
test_random (void)
{
  Pair pair;

  pair_init (&pair);
  for (guint i = 0; i < 20000; i++)
    {
      guint n = pair.naive->len;
      /* Now it fills, now it drains, over sizes at which it grows. */
      gboolean fills = g_test_rand_int_range (0, 8) < (i / 500 % 2 == 0 ? 5 : 3);

      if (n == 0 || fills)
        push_both (&pair);
      else
        drop_both (&pair);
      if (n > 0 && g_test_rand_int_range (0, 100) == 0)
        {
          n = g_test_rand_int_range (0, pair.naive->len + 1);
          items_truncate (&pair.ring, n);
          g_array_set_size (pair.naive, n);
        }
      compare (&pair);
    }
  pair_clear (&pair);
}

/* It grows wherever its front stands. */
static void
test_grow (void)
{
  for (guint offset = 0; offset < 2 * N_INLINED; offset++)
    {
      Pair pair;

      pair_init (&pair);
      for (guint i = 0; i < offset; i++)
        {
          push_both (&pair);
          drop_both (&pair);
        }
      for (guint i = 0; i < 5 * N_INLINED; i++)
        {
          push_both (&pair);
          compare (&pair);
        }
      pair_clear (&pair);
    }
}

/* What has grown a little is kept, what has grown much is given back once it is empty. */
static void
test_memory (void)
{
  Items ring;

  items_init (&ring);
  for (guint peak = 1; peak <= 4 * N_KEPT; peak *= 2)
    {
      gboolean inlined;

      for (guint i = 0; i < peak; i++)
        items_push (&ring);
      for (guint i = 0; i < peak; i++)
        {
          g_assert_true ((items_get (&ring, 0) >= ring.inlined
                          && items_get (&ring, 0) < ring.inlined + N_INLINED)
                         == (peak <= N_INLINED));
          items_drop_first (&ring);
        }
      inlined = ring.ring.elements == ring.inlined;
      g_assert_true (inlined == (peak <= N_INLINED || peak > N_KEPT));
    }
  items_reset (&ring);
  g_assert_true (ring.ring.elements == ring.inlined);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ring/random", test_random);
  g_test_add_func ("/ring/grow", test_grow);
  g_test_add_func ("/ring/memory", test_memory);
  return g_test_run ();
}
