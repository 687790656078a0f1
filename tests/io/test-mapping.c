/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-mapping-private.h"

#include "core/imp-error.h"
#include "io/imp-arena-private.h"
#include "io/imp-dense-pages-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096
#define SIZE (4 * BLOCK)
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static gint n_calls, n_destroyed;

static void
on_free (gpointer user_data)
{
  g_atomic_int_inc (&n_calls);
}

static void
on_destroy (gpointer user_data)
{
  n_destroyed++;
}

static int
make_memory (gsize size, int seals, char **memory)
{
  int fd = memfd_create ("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  for (gsize i = 0; i < size; i += BLOCK)
    g_assert_cmpint (pwrite (fd, "", 1, i), ==, 1);
  if (memory != NULL)
    *memory = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (seals != 0)
    g_assert_cmpint (fcntl (fd, F_ADD_SEALS, seals), ==, 0);
  return fd;
}

static ImpMapping *
map (int fd, gint64 size, gint64 block_size, GError **error)
{
  return imp_mapping_new (fd, size, block_size, SIZE, SIZE / 2, on_free, NULL, on_destroy, error);
}

static void
expect_refusal (int fd, gint64 size, gint64 block_size, ImpError code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (map (fd, size, block_size, &error));
  g_assert_error (error, IMP_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, text));
}

/* Only memory that cannot become shorter, nor be written to, and is as large as was said. */
static void
test_refused (void)
{
  static const int missing[] = { F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE, F_SEAL_SEAL,
                                 SEALS };
  int fd;

  for (guint i = 0; i < G_N_ELEMENTS (missing); i++)
    {
      fd = make_memory (SIZE, SEALS & ~missing[i], NULL);
      expect_refusal (fd, SIZE, BLOCK, IMP_ERROR_PROTOCOL, "seals");
      close (fd);
    }
  fd = make_memory (SIZE - BLOCK, SEALS, NULL);
  expect_refusal (fd, SIZE, BLOCK, IMP_ERROR_PROTOCOL, "another size");
  expect_refusal (fd, SIZE - 2 * BLOCK, BLOCK, IMP_ERROR_PROTOCOL, "another size");
  expect_refusal (fd, SIZE + BLOCK, BLOCK, IMP_ERROR_LIMIT, "max-shared-memory is 16384");
  expect_refusal (fd, G_MAXINT64 / BLOCK * BLOCK, BLOCK, IMP_ERROR_LIMIT, "too much");
  expect_refusal (fd, SIZE - BLOCK, 0, IMP_ERROR_PROTOCOL, "make no sense");
  expect_refusal (fd, SIZE - BLOCK, -BLOCK, IMP_ERROR_PROTOCOL, "make no sense");
  expect_refusal (fd, SIZE - BLOCK, BLOCK - 1, IMP_ERROR_PROTOCOL, "make no sense");
  expect_refusal (fd, SIZE - BLOCK, BLOCK + 1, IMP_ERROR_PROTOCOL, "make no sense");
  expect_refusal (fd, 0, BLOCK, IMP_ERROR_PROTOCOL, "make no sense");
  expect_refusal (fd, -SIZE, BLOCK, IMP_ERROR_PROTOCOL, "make no sense");
  close (fd);
}

/* A file, a pipe and nothing at all have no seals; of huge pages there may be none left. */
static void
test_other_descriptors (void)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("imp-mapping-XXXXXX", &path, NULL), pipes[2];

  g_assert_cmpint (ftruncate (fd, SIZE), ==, 0);
  expect_refusal (fd, SIZE, BLOCK, IMP_ERROR_PROTOCOL, "seals are 0x");
  close (fd);
  g_unlink (path);
  g_assert_cmpint (pipe (pipes), ==, 0);
  expect_refusal (pipes[0], SIZE, BLOCK, IMP_ERROR_PROTOCOL, "seals");
  close (pipes[0]);
  close (pipes[1]);
  expect_refusal (-1, SIZE, BLOCK, IMP_ERROR_PROTOCOL, "seals");
  fd = memfd_create ("test", MFD_ALLOW_SEALING | MFD_HUGETLB);
  if (fd >= 0)
    {
      if (fcntl (fd, F_ADD_SEALS, SEALS) == 0)
        expect_refusal (fd, SIZE, BLOCK, IMP_ERROR_PROTOCOL, "is no memory");
      close (fd);
    }
}

static void
expect_no_bytes (ImpMapping *mapping, gint64 block, gint64 position, gint64 length)
{
  g_autoptr (GError) error = NULL;
  ImpView view;

  g_assert_false (imp_mapping_take (mapping, block, position, length, &view, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
}

static void
take (ImpMapping *mapping, gint64 block, gint64 position, gint64 length, ImpView *view)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (imp_mapping_take (mapping, block, position, length, view, &error));
  g_assert_no_error (error);
}

/* Whatever the other side says, nothing outside of a block is touched. */
static void
test_bounds (void)
{
  char *memory;
  int fd = make_memory (SIZE, SEALS & ~F_SEAL_SEAL, &memory);
  g_autoptr (ImpMapping) mapping = NULL;
  ImpView view;
  guint block, n;

  g_assert_cmpint (fcntl (fd, F_ADD_SEALS, F_SEAL_SEAL), ==, 0);
  mapping = map (fd, SIZE, BLOCK, NULL);
  g_assert_nonnull (mapping);
  close (fd);
  memory[SIZE - 1] = 'z';
  take (mapping, 3, BLOCK - 1, 1, &view);
  g_assert_cmpmem (view.data, view.length, "z", 1);
  take (mapping, 0, 0, BLOCK, &view);
  expect_no_bytes (mapping, 4, 0, 1);
  expect_no_bytes (mapping, -1, 0, 1);
  expect_no_bytes (mapping, G_MAXINT64, 0, 1);
  expect_no_bytes (mapping, 0, 0, BLOCK + 1);
  expect_no_bytes (mapping, 0, 1, BLOCK);
  expect_no_bytes (mapping, 0, BLOCK, 1);
  expect_no_bytes (mapping, 0, BLOCK + 1, G_MAXINT64);
  expect_no_bytes (mapping, 0, G_MAXINT64, 1);
  expect_no_bytes (mapping, 0, -1, 2);
  expect_no_bytes (mapping, 0, 0, 0);
  expect_no_bytes (mapping, 0, 0, -1);
  expect_no_bytes (mapping, 0, 0, G_MAXINT64);
  while (imp_mapping_next_free (mapping, &block, &n))
    g_assert_cmpuint (n, ==, 1);
  munmap (memory, SIZE);
}

static guint
count_free (ImpMapping *mapping)
{
  guint block, n, result = 0;

  while (imp_mapping_next_free (mapping, &block, &n))
    result += n;
  return result;
}

static gpointer
let_go (gpointer bytes)
{
  g_bytes_unref (bytes);
  return NULL;
}

/* What is kept stays, and its block is not given back; above the limit it is copied. */
static void
test_pins (void)
{
  int fd = make_memory (SIZE, SEALS, NULL);
  ImpMapping *mapping = map (fd, SIZE, BLOCK, NULL);
  GBytes *kept[4];
  ImpView views[4];
  guint block, n;

  close (fd);
  n_calls = n_destroyed = 0;
  for (guint i = 0; i < 4; i++)
    {
      take (mapping, i, 0, 2000, &views[i]);
      take (mapping, i, 2000, 2000, &views[i]);
      kept[i] = imp_view_to_bytes (&views[i]);
    }
  g_assert_cmpuint (imp_mapping_get_n_pinned (mapping), ==, 2);
  g_assert_true (g_bytes_get_data (kept[1], NULL) == views[1].data);
  g_assert_true (g_bytes_get_data (kept[2], NULL) != views[2].data);
  g_assert_cmpuint (count_free (mapping), ==, 4);

  g_bytes_unref (kept[0]);
  g_assert_cmpint (n_calls, ==, 1);
  g_assert_true (imp_mapping_next_free (mapping, &block, &n));
  g_assert_cmpuint (block, ==, 0);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (count_free (mapping), ==, 0);

  imp_mapping_set_attended (mapping, TRUE);
  take (mapping, 2, 0, 2000, &views[2]);
  g_bytes_unref (imp_view_to_bytes (&views[2]));
  g_assert_cmpint (n_calls, ==, 1);
  g_thread_join (g_thread_new ("let-go", let_go, g_bytes_ref (kept[1])));
  g_assert_cmpint (n_calls, ==, 1);
  g_thread_join (g_thread_new ("let-go", let_go, kept[1]));
  g_assert_cmpint (n_calls, ==, 2);
  g_assert_cmpuint (count_free (mapping), ==, 3);
  g_assert_cmpuint (imp_mapping_get_n_pinned (mapping), ==, 0);
  g_bytes_unref (kept[2]);
  g_bytes_unref (kept[3]);
  imp_mapping_unref (mapping);
  g_assert_cmpint (n_destroyed, ==, 1);
}

/* What is kept outlives the end of the connection. */
static void
test_outlive (void)
{
  char *memory;
  int fd = make_memory (SIZE, SEALS, &memory);
  ImpMapping *mapping = map (fd, SIZE, BLOCK, NULL);
  ImpView view;
  GBytes *kept;

  close (fd);
  n_destroyed = 0;
  memset (memory, 'k', SIZE);
  take (mapping, 1, 0, 1500, &view);
  kept = imp_view_to_bytes (&view);
  imp_mapping_unref (mapping);
  munmap (memory, SIZE);
  g_assert_cmpint (n_destroyed, ==, 0);
  g_assert_cmpint (((const char *) g_bytes_get_data (kept, NULL))[1499], ==, 'k');
  g_bytes_unref (kept);
  g_assert_cmpint (n_destroyed, ==, 1);
}

/* Bytes of the memory itself, as the kernel counts them. */
static gsize
get_charged (int fd)
{
  struct stat info;

  g_assert_cmpint (fstat (fd, &info), ==, 0);
  return info.st_blocks * 512;
}

/* What was never written is not read, so that no page is made by it. What is written later is, and
 * once there is no hole no descriptor is kept any more. */
static void
test_holes (void)
{
  static const guint written[] = { 2, 7, 0, 1, 3, 5, 4, 6 };
  const gsize size = 8 * BLOCK;
  int fd = memfd_create ("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  g_autoptr (ImpDensePages) pages = NULL;
  g_autoptr (ImpMapping) mapping = NULL;
  ImpView view;
  char *memory;

  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  memory = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  g_assert_cmpint (fcntl (fd, F_ADD_SEALS, SEALS), ==, 0);
  pages = imp_dense_pages_new (fd, size, NULL);
  mapping = imp_mapping_new (fd, size, 2 * BLOCK, size, 0, on_free, NULL, NULL, NULL);
  for (guint i = 0; i < 8; i++)
    {
      guint has = 0;

      g_assert_true (imp_dense_pages_is_looking (pages));
      expect_no_bytes (mapping, written[i] / 2, written[i] % 2 * BLOCK, 1);
      expect_no_bytes (mapping, written[i] / 2, 0, 2 * BLOCK);
      memory[written[i] * BLOCK + 100] = 'w';
      take (mapping, written[i] / 2, written[i] % 2 * BLOCK, BLOCK, &view);
      g_assert_cmpint (view.data[100], ==, 'w');
      g_assert_cmpuint (get_charged (fd), ==, (i + 1) * BLOCK);
      for (guint page = 0; page < 8; page++)
        has += imp_dense_pages_has (pages, page * BLOCK + BLOCK - 1, 1);
      g_assert_cmpuint (has, ==, i + 1);
    }
  g_assert_false (imp_dense_pages_is_looking (pages));
  take (mapping, 3, 0, 2 * BLOCK, &view);
  /* The seals see to it that there is none again. */
  g_assert_cmpint (fallocate (fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, BLOCK), ==, -1);
  g_assert_cmpint (madvise (memory, BLOCK, MADV_REMOVE), ==, -1);
  munmap (memory, size);
  close (fd);
}

/* Across the words in which it is noted which pages there are. */
static void
test_many_pages (void)
{
  const guint n = 200;
  int fd = make_memory (n * BLOCK, SEALS, NULL);
  g_autoptr (ImpDensePages) pages = imp_dense_pages_new (fd, n * BLOCK, NULL);

  g_assert_true (imp_dense_pages_has (pages, 130 * BLOCK - 1, 2));
  g_assert_true (imp_dense_pages_is_looking (pages));
  g_assert_true (imp_dense_pages_has (pages, 60 * BLOCK, 140 * BLOCK));
  g_assert_true (imp_dense_pages_is_looking (pages));
  g_assert_true (imp_dense_pages_has (pages, 0, n * BLOCK));
  g_assert_false (imp_dense_pages_is_looking (pages));
  close (fd);
}

/* An arena is what a mapping takes. */
static void
test_arena (void)
{
  g_autoptr (ImpArena) arena = imp_arena_new (2 * IMP_BLOCK_SIZE, NULL);
  int fd = imp_arena_steal_fd (arena);
  g_autoptr (ImpMapping) mapping = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint block, position;
  ImpView view;
  gsize room;

  mapping = imp_mapping_new (fd, 2 * IMP_BLOCK_SIZE, IMP_BLOCK_SIZE, 2 * IMP_BLOCK_SIZE, 0, on_free,
                             NULL, NULL, &error);
  g_assert_no_error (error);
  close (fd);
  memcpy (imp_arena_reserve (arena, 100, &room), "hello", 5);
  bytes = imp_arena_commit (arena, 5);
  g_assert_true (imp_arena_find (arena, g_bytes_get_data (bytes, NULL), 5, &block, &position));
  take (mapping, block, position, 5, &view);
  g_assert_cmpmem (view.data, view.length, "hello", 5);
  imp_arena_close (arena);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mapping/refused", test_refused);
  g_test_add_func ("/mapping/other-descriptors", test_other_descriptors);
  g_test_add_func ("/mapping/bounds", test_bounds);
  g_test_add_func ("/mapping/pins", test_pins);
  g_test_add_func ("/mapping/outlive", test_outlive);
  g_test_add_func ("/mapping/holes", test_holes);
  g_test_add_func ("/mapping/many-pages", test_many_pages);
  g_test_add_func ("/mapping/arena", test_arena);
  return g_test_run ();
}
