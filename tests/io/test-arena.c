/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-arena-private.h"

#include "core/imp-view-private.h"
#include "test-streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_BLOCKS 4

static ImpArena *
make_arena (void)
{
  g_autoptr (GError) error = NULL;
  ImpArena *arena = imp_arena_new (N_BLOCKS * IMP_BLOCK_SIZE, &error);

  g_assert_no_error (error);
  return arena;
}

static GBytes *
fill (ImpArena *arena, guint8 byte, gsize length)
{
  gsize room;
  guint8 *memory = imp_arena_reserve (arena, length, &room);

  g_assert_nonnull (memory);
  g_assert_cmpuint (room, >=, length);
  memset (memory, byte, length);
  return imp_arena_commit (arena, length);
}

/* The other side can neither change it nor make it shorter; this one writes as it likes. */
static void
test_seals (void)
{
  ImpArena *arena = make_arena ();
  g_autoptr (GBytes) bytes = NULL;
  int fd = imp_arena_steal_fd (arena);
  const char *seen;
  struct stat info;

  g_assert_cmpint (fstat (fd, &info), ==, 0);
  g_assert_cmpint (info.st_size, ==, N_BLOCKS * IMP_BLOCK_SIZE);
  g_assert_cmpuint (imp_arena_get_size (arena), ==, N_BLOCKS * IMP_BLOCK_SIZE);
  g_assert_cmpint (ftruncate (fd, 10), <, 0);
  g_assert_cmpint (errno, ==, EPERM);
  g_assert_cmpint (ftruncate (fd, 2 * info.st_size), <, 0);
  g_assert_cmpint (write (fd, "x", 1), <, 0);
  g_assert_cmpint (fcntl (fd, F_ADD_SEALS, F_SEAL_WRITE), <, 0);
  g_assert_true (mmap (NULL, info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                 == MAP_FAILED);
  seen = mmap (NULL, info.st_size, PROT_READ, MAP_SHARED, fd, 0);
  g_assert_true (seen != MAP_FAILED);
  g_assert_cmpint (mprotect ((gpointer) seen, info.st_size, PROT_READ | PROT_WRITE), <, 0);
  bytes = fill (arena, 'a', 10);
  g_assert_cmpmem (seen, 10, "aaaaaaaaaa", 10);
  munmap ((gpointer) seen, info.st_size);
  close (fd);
  imp_arena_close (arena);
  imp_arena_unref (arena);
}

/* Chunks share a block as long as there is room; each begins in a cache line of its own. */
static void
test_commit (void)
{
  g_autoptr (ImpArena) arena = make_arena ();
  g_autoptr (GBytes) one = fill (arena, 'a', 100), other = fill (arena, 'b', 200);
  g_autoptr (GBytes) third = fill (arena, 'c', IMP_BLOCK_SIZE);
  guint block, position, first;

  g_assert_true (imp_arena_find (arena, g_bytes_get_data (one, NULL), 100, &first, &position));
  g_assert_cmpuint (position, ==, 0);
  g_assert_true (imp_arena_find (arena, g_bytes_get_data (other, NULL), 200, &block, &position));
  g_assert_cmpuint (block, ==, first);
  g_assert_cmpuint (position, ==, 128);
  g_assert_true (
    imp_arena_find (arena, g_bytes_get_data (third, NULL), IMP_BLOCK_SIZE, &block, &position));
  g_assert_cmpuint (block, !=, first);
  g_assert_cmpuint (position, ==, 0);
  g_assert_false (imp_arena_find (arena, (const guint8 *) g_bytes_get_data (third, NULL) + 1,
                                  IMP_BLOCK_SIZE, &block, &position));
  g_assert_false (imp_arena_find (arena, (const guint8 *) "else", 4, &block, &position));
  g_assert_false (imp_arena_find (arena, NULL, 0, &block, &position));
  g_assert_cmpuint (imp_arena_get_n_used (arena), ==, 2);
  imp_arena_close (arena);
}

static gpointer
let_go (gpointer bytes)
{
  g_bytes_unref (bytes);
  return NULL;
}

/* A block is used again once its bytes are released here, from whatever thread, and given back from
 * there, however often it was lent. */
static void
test_reuse (void)
{
  g_autoptr (ImpArena) arena = make_arena ();
  GBytes *bytes[N_BLOCKS];
  guint block, position;
  gsize room;

  for (guint i = 0; i < N_BLOCKS; i++)
    bytes[i] = fill (arena, i, IMP_BLOCK_SIZE);
  g_assert_null (imp_arena_reserve (arena, 1, &room));
  g_assert_false (imp_arena_has_room (arena));
  g_assert_cmpuint (imp_arena_get_n_used (arena), ==, N_BLOCKS);

  imp_arena_find (arena, g_bytes_get_data (bytes[2], NULL), 1, &block, &position);
  imp_arena_lend (arena, block);
  imp_arena_lend (arena, block);
  g_thread_join (g_thread_new ("let-go", let_go, bytes[2]));
  g_assert_false (imp_arena_has_room (arena));
  g_assert_true (imp_arena_give_back (arena, block, 0));
  g_assert_true (imp_arena_give_back (arena, block, 1));
  g_assert_false (imp_arena_has_room (arena));
  g_assert_false (imp_arena_give_back (arena, block, 2));
  g_assert_true (imp_arena_give_back (arena, block, 1));
  g_assert_true (imp_arena_has_room (arena));
  bytes[2] = fill (arena, 9, IMP_BLOCK_SIZE);
  g_assert_cmpuint (*(const guint8 *) g_bytes_get_data (bytes[1], NULL), ==, 1);

  for (guint i = 0; i < N_BLOCKS; i++)
    g_bytes_unref (bytes[i]);
  imp_arena_close (arena);
  g_assert_cmpuint (imp_arena_get_n_used (arena), ==, 0);
}

/* What was never lent is not taken back. */
static void
test_lies (void)
{
  g_autoptr (ImpArena) arena = make_arena ();
  g_autoptr (GBytes) bytes = fill (arena, 1, 1);

  imp_arena_lend (arena, 0);
  g_assert_false (imp_arena_give_back (arena, 1, 1));
  g_assert_false (imp_arena_give_back (arena, N_BLOCKS, 1));
  g_assert_false (imp_arena_give_back (arena, G_MAXINT64, 1));
  g_assert_false (imp_arena_give_back (arena, -1, 1));
  g_assert_false (imp_arena_give_back (arena, 0, -1));
  g_assert_false (imp_arena_give_back (arena, 0, G_MAXINT64));
  g_assert_true (imp_arena_give_back (arena, 0, 1));
  imp_arena_close (arena);
}

/* Bytes outlive the arena's end, and what the other side has is taken from it. */
static void
test_close (void)
{
  ImpArena *arena = make_arena ();
  GBytes *bytes = fill (arena, 7, 100);
  gsize room;

  imp_arena_lend (arena, 0);
  imp_arena_close (arena);
  g_assert_cmpuint (imp_arena_get_n_used (arena), ==, 1);
  g_assert_null (imp_arena_reserve (arena, 1, &room));
  imp_arena_unref (arena);
  g_assert_cmpuint (*(const guint8 *) g_bytes_get_data (bytes, NULL), ==, 7);
  g_bytes_unref (bytes);
}

/* Small reads are copied, so that they keep no block; the room is used again at once. */
static void
test_read (void)
{
  g_autoptr (ImpArena) arena = make_arena ();
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (ImpTransport) transport = NULL;
  g_autoptr (GBytes) sent = test_bytes_pattern (IMP_ARENA_LEAST), small = NULL, large = NULL;
  g_autoptr (GError) error = NULL;
  guint block, position;

  test_stream_pair (&one, &other);
  transport = imp_transport_new (other, NULL);
  test_stream_write (one, g_bytes_get_data (sent, NULL), IMP_ARENA_LEAST - 1);
  g_assert_true (imp_arena_has_room (arena));
  g_assert_cmpint (imp_arena_read (arena, transport, &small, &error), ==, IMP_ARENA_LEAST - 1);
  g_assert_false (
    imp_arena_find (arena, g_bytes_get_data (small, NULL), IMP_ARENA_LEAST - 1, &block, &position));
  test_stream_write (one, g_bytes_get_data (sent, NULL), IMP_ARENA_LEAST);
  g_assert_cmpint (imp_arena_read (arena, transport, &large, &error), ==, IMP_ARENA_LEAST);
  g_assert_true (
    imp_arena_find (arena, g_bytes_get_data (large, NULL), IMP_ARENA_LEAST, &block, &position));
  g_assert_cmpuint (position, ==, 0);
  g_assert_true (g_bytes_equal (large, sent));
  g_assert_cmpint (imp_arena_read (arena, transport, &large, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  imp_arena_close (arena);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arena/seals", test_seals);
  g_test_add_func ("/arena/commit", test_commit);
  g_test_add_func ("/arena/reuse", test_reuse);
  g_test_add_func ("/arena/lies", test_lies);
  g_test_add_func ("/arena/close", test_close);
  g_test_add_func ("/arena/read", test_read);
  return g_test_run ();
}
