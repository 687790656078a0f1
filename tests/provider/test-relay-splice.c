/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an analyzer need not see goes from socket to socket in the kernel: nobody can tell, but by
 * the count of pipes. */
#include "relay-rig.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "io/imp-splice-private.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

/* Passes the client's bytes up to a place ahead, sees what comes there, and so on. */
typedef ImpAnalyzerClass LeaperClass;

typedef struct
{
  ImpAnalyzer parent_instance;
  GRand *rand;          /* NULL: leaps once */
  const guint8 *source; /* what the client sends */
  GByteArray *expected; /* what is to come out, up to @covered */
  gint64 covered;
  gint64 settled;
  guint n_seen;
} Leaper;

GType leaper_get_type (void);
G_DEFINE_TYPE (Leaper, leaper, IMP_TYPE_ANALYZER)

static void
leaper_expect_source (Leaper *self, gint64 end)
{
  g_byte_array_append (self->expected, self->source + self->covered, end - self->covered);
  self->covered = end;
}

static void
leaper_leap (Leaper *self, gint64 length)
{
  self->settled += length;
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, self->settled);
}

static gboolean
leaper_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  Leaper *self = (Leaper *) analyzer;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length == 0)
    return TRUE;
  g_assert_cmpint (direction, ==, IMP_DIRECTION_FROM_CLIENT);
  if (offset != 0)
    g_assert_cmpint (offset, ==, self->settled);
  g_assert_cmpmem (bytes, length, self->source + self->settled, length);
  self->n_seen++;
  leaper_expect_source (self, self->settled);
  g_byte_array_append (self->expected, (const guint8 *) "seen", 4);
  self->settled += length;
  self->covered = self->settled;
  imp_analyzer_replace_bytes (analyzer, direction, self->settled, (const guint8 *) "seen", 4);
  if (self->rand != NULL)
    leaper_leap (self, g_rand_int_range (self->rand, 0, 1000000));
  return TRUE;
}

static void
leaper_finalize (GObject *object)
{
  g_clear_pointer (&((Leaper *) object)->rand, g_rand_free);
  g_byte_array_unref (((Leaper *) object)->expected);
  G_OBJECT_CLASS (leaper_parent_class)->finalize (object);
}

static void
leaper_class_init (LeaperClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = leaper_finalize;
  klass->data = leaper_data;
}

static void
leaper_init (Leaper *self)
{
  self->expected = g_byte_array_new ();
}

/* Sends what it has from both sides to the end. */
static void
run_to_end (RelayRig *rig, GBytes *client, GBytes *server)
{
  rig->peers[0]->ends = rig->peers[1]->ends = TRUE;
  test_peer_send (rig->peers[0], g_bytes_get_data (client, NULL), g_bytes_get_size (client));
  test_peer_send (rig->peers[1], g_bytes_get_data (server, NULL), g_bytes_get_size (server));
  relay_rig_run (rig);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
}

static void
assert_ledger (RelayRig *rig, ImpDirection direction)
{
  ImpFilter *filter = imp_relay_get_filter (rig->relay);

  g_assert_cmpint (imp_filter_get_input (filter, direction), ==,
                   imp_filter_get_passed (filter, direction)
                     + imp_filter_get_replaced (filter, direction)
                     + imp_filter_get_denied (filter, direction)
                     + imp_filter_get_held (filter, direction));
}

/* Without pipes all is the same, and copied. */
static void
check_bulk (guint pipes_max, const char *faults, gboolean spliced)
{
  g_autoptr (RelayRig) rig = relay_rig_new (IMP_ANALYZER (imp_pass_analyzer_new ()), faults, NULL,
                                            0);
  g_autoptr (GBytes) pattern = test_bytes_pattern (8000001);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (pattern, &length);
  guint64 n_taken = imp_splice_get_n_taken ();

  imp_splice_set_pipes_max (pipes_max);
  run_to_end (rig, pattern, pattern);
  for (guint i = 0; i < 2; i++)
    {
      test_peer_assert_received (rig->peers[i], bytes, length);
      g_assert_cmpint (imp_relay_get_received (rig->relay, i), ==, length);
      g_assert_cmpint (imp_relay_get_sent (rig->relay, i), ==, length);
      g_assert_cmpint (imp_filter_get_passed (imp_relay_get_filter (rig->relay), i), ==, length);
      assert_ledger (rig, i);
    }
  g_assert_true ((imp_splice_get_n_taken () > n_taken) == spliced);
  imp_splice_set_pipes_max (IMP_SPLICE_PIPES_MAX);
}

static void
test_bulk (void)
{
  check_bulk (IMP_SPLICE_PIPES_MAX, NULL, TRUE);
  check_bulk (1, NULL, TRUE);
  check_bulk (0, NULL, FALSE);
  check_bulk (IMP_SPLICE_PIPES_MAX, "chunk=100000", FALSE);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 0);
}

/* Little is copied: a pipe would cost more. */
static void
test_little (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (IMP_ANALYZER (imp_pass_analyzer_new ()), NULL, NULL, 0);
  g_autoptr (GBytes) pattern = test_bytes_pattern (20000);
  guint64 n_taken = imp_splice_get_n_taken ();

  rig->peers[0]->write_most = rig->peers[1]->write_most = 1;
  run_to_end (rig, pattern, pattern);
  test_peer_assert_received (rig->peers[1], g_bytes_get_data (pattern, NULL), 20000);
  g_assert_cmpuint (imp_splice_get_n_taken (), ==, n_taken);
}

/* The analyzer sees the first byte behind a PASS, and none before it. */
static void
test_exact (void)
{
  static const gint64 ends[] = { 65535, 65536, 65537, 300000, 524287, 524289, 2000003, 2999999 };
  g_autoptr (GBytes) pattern = test_bytes_pattern (3000000);
  g_autoptr (GBytes) nothing = g_bytes_new_static (NULL, 0);
  const guint8 *bytes = g_bytes_get_data (pattern, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      Leaper *leaper = g_object_new (leaper_get_type (), NULL);
      g_autoptr (RelayRig) rig = relay_rig_new (IMP_ANALYZER (leaper), NULL, NULL, 0);

      leaper->source = bytes;
      leaper_leap (leaper, ends[i]);
      imp_analyzer_pass_bytes (IMP_ANALYZER (leaper), IMP_DIRECTION_FROM_SERVER, IMP_MAX_OFFSET);
      run_to_end (rig, pattern, nothing);
      g_assert_cmpint (leaper->settled, ==, 3000000);
      g_assert_cmpuint (rig->peers[1]->received->len, ==, ends[i] + 4 * leaper->n_seen);
      g_assert_cmpmem (rig->peers[1]->received->data, ends[i], bytes, ends[i]);
      g_assert_cmpmem (rig->peers[1]->received->data + ends[i], 4, "seen", 4);
      g_assert_cmpint (imp_filter_get_passed (imp_relay_get_filter (rig->relay), 0), ==, ends[i]);
      assert_ledger (rig, 0);
    }
}

/* The analyzer finds what it sees where it must be, and what comes out is what it has decided. */
static void
check_leaps (guint32 seed, guint pipes_max)
{
  Leaper *leaper = g_object_new (leaper_get_type (), NULL);
  g_autoptr (RelayRig) rig = relay_rig_new (IMP_ANALYZER (leaper), NULL, NULL,
                                            seed % 2 == 0 ? 0 : 30000);
  g_autoptr (GBytes) pattern = test_bytes_pattern (5000000);
  ImpFilter *filter = imp_relay_get_filter (rig->relay);

  g_test_message ("seed %u, %u pipes", seed, pipes_max);
  imp_splice_set_pipes_max (pipes_max);
  leaper->rand = g_rand_new_with_seed (seed);
  leaper->source = g_bytes_get_data (pattern, NULL);
  rig->peers[0]->write_most = g_rand_int_range (leaper->rand, 1000, 400000);
  rig->peers[1]->read_most = g_rand_int_range (leaper->rand, 1000, 65536);
  leaper_leap (leaper, 0);
  imp_analyzer_pass_bytes (IMP_ANALYZER (leaper), IMP_DIRECTION_FROM_SERVER, IMP_MAX_OFFSET);
  run_to_end (rig, pattern, pattern);
  test_peer_assert_received (rig->peers[0], leaper->source, 5000000);
  g_assert_cmpint (imp_filter_get_input (filter, 0), ==, 5000000);
  if (leaper->covered < 5000000)
    leaper_expect_source (leaper, 5000000);
  test_peer_assert_received (rig->peers[1], leaper->expected->data, leaper->expected->len);
  g_assert_cmpint (imp_filter_get_passed (filter, 0) + 4 * leaper->n_seen, ==,
                   rig->peers[1]->received->len);
  assert_ledger (rig, 0);
  imp_splice_set_pipes_max (IMP_SPLICE_PIPES_MAX);
}

static void
test_leaps (void)
{
  guint64 n_taken = imp_splice_get_n_taken ();

  for (guint round = 0; round < 8; round++)
    {
      guint32 seed = g_test_rand_int ();

      check_leaps (seed, IMP_SPLICE_PIPES_MAX);
      check_leaps (seed, 0);
    }
  g_assert_cmpuint (imp_splice_get_n_taken (), >, n_taken);
}

/* A client that sends much to a server that does not read: a pipe is full. */
static RelayRig *
make_stuck (ScriptedAnalyzerFunc func, GBytes *much)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (func);
  RelayRig *rig = relay_rig_new (analyzer, NULL, NULL, 0);

  imp_analyzer_pass_bytes (analyzer, IMP_DIRECTION_FROM_CLIENT, IMP_MAX_OFFSET);
  rig->peers[1]->read_limit = 1;
  test_peer_update (rig->peers[1]);
  relay_rig_run (rig);
  test_peer_send (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  test_run_until (test_never, NULL, 300);
  g_assert_cmpuint (imp_splice_get_n_pipes (), >, 0);
  g_assert_cmpuint (imp_relay_get_queued (rig->relay, 0), >, 0);
  g_assert_cmpuint (imp_relay_get_queued (rig->relay, 0), <=, IMP_SPLICE_SIZE);
  return rig;
}

static void
let_read (RelayRig *rig)
{
  rig->peers[1]->read_limit = G_MAXSIZE;
  test_peer_update (rig->peers[1]);
}

static void
deny_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "not that");
}

static void
drop_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_drop (IMP_ANALYZER (self));
}

static void
answer_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (g_bytes_get_size (data) > 0)
    imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "back", 4);
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}

/* What was let through before a refusal arrives, the pipe's too, and nothing else. */
static void
test_deny (void)
{
  g_autoptr (GBytes) much = test_bytes_pattern (16 * 1024 * 1024);
  g_autoptr (RelayRig) rig = make_stuck (deny_all, much);
  gint64 received;

  relay_rig_send_text (rig, 1, "evil");
  test_run_until (test_never, NULL, 100);
  received = imp_relay_get_received (rig->relay, 0);
  let_read (rig);
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_DENIED);
  g_assert_cmpint (received, <, g_bytes_get_size (much));
  g_assert_cmpint (imp_relay_get_sent (rig->relay, 0), ==, received);
  test_peer_assert_received (rig->peers[1], g_bytes_get_data (much, NULL), received);
  assert_ledger (rig, 0);
  g_assert_cmpuint (imp_splice_get_n_pipes (), <=, 1);
}

/* A drop loses what is in the pipe, as all else; and so it is when the relay is cancelled. */
static void
check_lost (ScriptedAnalyzerFunc func, gboolean cancel)
{
  g_autoptr (GBytes) much = test_bytes_pattern (16 * 1024 * 1024);
  g_autoptr (RelayRig) rig = make_stuck (func, much);

  if (cancel)
    g_cancellable_cancel (rig->cancellable);
  else
    relay_rig_send_text (rig, 1, "evil");
  test_run_until (test_never, NULL, 100);
  let_read (rig);
  relay_rig_wait_done (rig);
  g_assert_nonnull (rig->error);
  g_assert_cmpint (imp_relay_get_sent (rig->relay, 0), <, imp_relay_get_received (rig->relay, 0));
  test_peer_assert_received (rig->peers[1], g_bytes_get_data (much, NULL),
                             imp_relay_get_sent (rig->relay, 0));
  assert_ledger (rig, 0);
}

static void
test_lost (void)
{
  check_lost (drop_all, FALSE);
  check_lost (scripted_analyzer_pass_all, TRUE);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 0);
}

/* What the analyzer of the other direction sends comes behind what is in the pipe, and before what
 * is read later. */
static void
test_order (void)
{
  g_autoptr (GBytes) much = test_bytes_pattern (16 * 1024 * 1024);
  g_autoptr (RelayRig) rig = make_stuck (answer_all, much);
  const guint8 *bytes = g_bytes_get_data (much, NULL);
  gsize size = g_bytes_get_size (much);
  gint64 before = imp_relay_get_received (rig->relay, 0);
  const guint8 *got;

  relay_rig_send_text (rig, 1, "question");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[0], 5000));
  g_assert_cmpint (imp_relay_get_received (rig->relay, 0), ==, before);
  rig->peers[0]->ends = rig->peers[1]->ends = TRUE;
  test_peer_update (rig->peers[0]);
  let_read (rig);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  got = rig->peers[1]->received->data;
  g_assert_cmpuint (rig->peers[1]->received->len, ==, size + 4);
  g_assert_cmpmem (got, before, bytes, before);
  g_assert_cmpmem (got + before, 4, "back", 4);
  g_assert_cmpmem (got + before + 4, size - before, bytes + before, size - before);
}

/* A server that goes away while the pipe is full is an error, and the client learns of it. */
static void
test_reader_gone (void)
{
  g_autoptr (GBytes) much = test_bytes_pattern (16 * 1024 * 1024);
  g_autoptr (RelayRig) rig = make_stuck (scripted_analyzer_pass_all, much);

  test_peer_close (rig->peers[1]);
  rig->peers[1]->got_end = TRUE;
  relay_rig_wait_done (rig);
  g_assert_nonnull (rig->error);
  g_assert_cmpint (rig->error->domain, ==, G_IO_ERROR);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay-splice/bulk", test_bulk);
  g_test_add_func ("/relay-splice/little", test_little);
  g_test_add_func ("/relay-splice/exact", test_exact);
  g_test_add_func ("/relay-splice/leaps", test_leaps);
  g_test_add_func ("/relay-splice/deny", test_deny);
  g_test_add_func ("/relay-splice/lost", test_lost);
  g_test_add_func ("/relay-splice/order", test_order);
  g_test_add_func ("/relay-splice/reader-gone", test_reader_gone);
  return g_test_run ();
}
