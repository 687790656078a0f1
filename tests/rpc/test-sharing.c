/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A relay, its server on the same host, and memory between them: what goes through is the same as
 * without, and in the end nothing is left of it. */
#include "raw-socket.h"
#include "relay-rig.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"
#include "core/imp-view.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-shared-memory.h"
#include "rpc/server/imp-server.h"

#include <string.h>

#define TIMEOUT 20000
#define SIZE (6 * 1024 * 1024)

/* --- the analyzers --- */

typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
} TestAnalyzer;
typedef ImpAnalyzerClass TestAnalyzerClass;

typedef void (*TestFunc) (TestAnalyzer *self, ImpDirection direction, const ImpView *view);

GType test_analyzer_get_type (void);
G_DEFINE_TYPE (TestAnalyzer, test_analyzer, IMP_TYPE_ANALYZER)

static TestFunc behavior;
static GPtrArray *kept;        /* of GBytes */
static GPtrArray *copies;      /* what they were */
static TestAnalyzer *last_fed; /* not owned */

static gboolean
test_analyzer_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *view,
                    gint64 offset, gint32 data_type, GError **error)
{
  TestAnalyzer *self = (TestAnalyzer *) analyzer;

  self->fed[direction] += view->length;
  last_fed = self;
  behavior (self, direction, view);
  return TRUE;
}

static void
test_analyzer_class_init (TestAnalyzerClass *klass)
{
  klass->view = test_analyzer_view;
}

static void
test_analyzer_init (TestAnalyzer *self)
{
}

static void
pass (TestAnalyzer *self, ImpDirection direction, const ImpView *view)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}

static void
keep (TestAnalyzer *self, ImpDirection direction, const ImpView *view)
{
  g_ptr_array_add (kept, imp_view_to_bytes (view));
  g_ptr_array_add (copies, g_bytes_new (view->data, view->length));
  pass (self, direction, view);
}

/* Half of what came stays without a verdict until more comes. */
static void
pass_half (TestAnalyzer *self, ImpDirection direction, const ImpView *view)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction] - view->length / 2);
}

static void
turn_around (TestAnalyzer *self, ImpDirection direction, const ImpView *view)
{
  g_autofree guint8 *turned = g_malloc (view->length);

  for (gsize i = 0; i < view->length; i++)
    turned[i] = ~view->data[i];
  imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, self->fed[direction], turned,
                              view->length);
}

static void
send_back (TestAnalyzer *self, ImpDirection direction, const ImpView *view)
{
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, view->data, view->length);
  pass (self, direction, view);
}

static void
say_nothing (TestAnalyzer *self, ImpDirection direction, const ImpView *view)
{
}

/* --- the rig --- */

typedef struct
{
  ImpServer *server;
  ImpRemoteFactory *factory;
  RelayRig *relay;
  guint n_maps, n_descriptors; /* before */
} Rig;

static ImpServer *
make_server (ImpSharedMemory mode)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (test_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  ImpServer *server = imp_server_new (factory);

  g_object_set (server, "shared-memory", mode, "max-held", (guint64) 64 * 1024 * 1024, NULL);
  return server;
}

static ImpSharedMemory client_mode = IMP_SHARED_MEMORY_AUTO;

/* @memory: bytes that the client would share; 0: it wants none. */
static void
rig_init (Rig *rig, TestFunc func, ImpSharedMemory mode, guint64 memory, const char *codec)
{
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autoptr (GError) error = NULL;

  kept = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  copies = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  behavior = func;
  rig->n_maps = raw_count_maps ();
  rig->n_descriptors = raw_count_descriptors ();
  rig->server = make_server (mode);
  test_stream_pair (&near, &far);
  g_assert_true (imp_server_add_stream (rig->server, far, &error));
  rig->factory = imp_remote_factory_new_for_stream (near);
  g_object_set (rig->factory, "codec", codec, "max-shared-memory", memory, "shared-memory",
                client_mode, NULL);
  rig->relay = relay_rig_new (
    imp_factory_create_analyzer (IMP_FACTORY (rig->factory), NULL, &error), NULL, NULL, 0);
  g_assert_no_error (error);
}

static gboolean
is_ready (gpointer data)
{
  return imp_remote_factory_get_state (((Rig *) data)->factory) == IMP_REMOTE_STATE_READY;
}

/* The first bytes are read once it is known whether memory is shared. */
static void
rig_run (Rig *rig)
{
  imp_remote_factory_connect_async (rig->factory, NULL, NULL, NULL);
  g_assert_true (test_run_until (is_ready, rig, TIMEOUT));
  relay_rig_run (rig->relay);
}

static guint64
rig_get_sent (Rig *rig)
{
  g_autoptr (GVariant) statistics = imp_remote_factory_get_statistics (rig->factory);
  guint64 bytes = 0;

  g_assert_true (g_variant_lookup (statistics, "bytes-out", "t", &bytes));
  return bytes;
}

/* What GLib opens once for the whole process is there after the first time. */
static gboolean is_first = TRUE;

static void
rig_clear (Rig *rig)
{
  relay_rig_free (rig->relay);
  imp_remote_factory_close (rig->factory);
  g_assert_finalize_object (rig->factory);
  imp_server_close (rig->server);
  g_assert_finalize_object (rig->server);
  g_clear_pointer (&kept, g_ptr_array_unref);
  g_clear_pointer (&copies, g_ptr_array_unref);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (raw_count_maps (), ==, rig->n_maps);
  g_assert_true (is_first || raw_count_descriptors () == rig->n_descriptors);
  is_first = FALSE;
}

/* Both directions at once, each to its end. */
static void
rig_transfer (Rig *rig, GBytes *expected_at_server, GBytes *expected_at_client)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (SIZE);
  gsize length;
  gconstpointer data;

  for (guint i = 0; i < 2; i++)
    {
      test_peer_send (rig->relay->peers[i], g_bytes_get_data (bytes, NULL), SIZE);
      rig->relay->peers[i]->ends = TRUE;
      test_peer_update (rig->relay->peers[i]);
    }
  relay_rig_wait_done (rig->relay);
  g_assert_no_error (rig->relay->error);
  data = g_bytes_get_data (expected_at_server != NULL ? expected_at_server : bytes, &length);
  test_peer_assert_received (rig->relay->peers[1], data, length);
  data = g_bytes_get_data (expected_at_client != NULL ? expected_at_client : bytes, &length);
  test_peer_assert_received (rig->relay->peers[0], data, length);
}

/* --- the tests --- */

/* Everything arrives, and next to nothing of it has gone through the socket; in any format. */
static void
test_relay (gconstpointer codec)
{
  Rig rig;

  rig_init (&rig, pass, IMP_SHARED_MEMORY_AUTO, 4 * 1024 * 1024, codec);
  rig_run (&rig);
  rig_transfer (&rig, NULL, NULL);
  g_assert_cmpuint (raw_count_maps (), ==, rig.n_maps + 2);
  g_assert_cmpuint (rig_get_sent (&rig), <, SIZE / 8);
  rig_clear (&rig);
}

/* Where one end does not want it, or cannot, all goes as always. */
static void
test_off (void)
{
  for (guint i = 0; i < 3; i++)
    {
      Rig rig;

      client_mode = i == 2 ? IMP_SHARED_MEMORY_OFF : IMP_SHARED_MEMORY_AUTO;
      rig_init (&rig, pass, i == 0 ? IMP_SHARED_MEMORY_OFF : IMP_SHARED_MEMORY_AUTO,
                i == 1 ? 0 : 4 * 1024 * 1024, "cbor");
      rig_run (&rig);
      rig_transfer (&rig, NULL, NULL);
      g_assert_cmpuint (raw_count_maps (), ==, rig.n_maps);
      g_assert_cmpuint (rig_get_sent (&rig), >=, 2 * SIZE);
      rig_clear (&rig);
    }
  client_mode = IMP_SHARED_MEMORY_AUTO;
}

/* What an analyzer keeps stays as it was, however much that is; above the limit it is copied. */
static void
test_keep (void)
{
  Rig rig;

  rig_init (&rig, keep, IMP_SHARED_MEMORY_ANY_PEER, 2 * 1024 * 1024, "cbor");
  rig_run (&rig);
  rig_transfer (&rig, NULL, NULL);
  g_assert_cmpuint (rig_get_sent (&rig), <, SIZE);
  g_assert_cmpuint (kept->len, >, 20);
  for (guint i = 0; i < kept->len; i++)
    g_assert_true (g_bytes_equal (kept->pdata[i], copies->pdata[i]));
  rig_clear (&rig);
}

/* What is kept outlives the connection, and then its memory goes as well. */
static void
test_keep_longer (void)
{
  GPtrArray *mine, *same;
  Rig rig;
  guint n_maps;

  rig_init (&rig, keep, IMP_SHARED_MEMORY_AUTO, 2 * 1024 * 1024, "cbor");
  n_maps = rig.n_maps++;
  rig_run (&rig);
  rig_transfer (&rig, NULL, NULL);
  mine = g_ptr_array_ref (kept);
  same = g_ptr_array_ref (copies);
  rig_clear (&rig);
  for (guint i = 0; i < mine->len; i++)
    g_assert_true (g_bytes_equal (mine->pdata[i], same->pdata[i]));
  g_ptr_array_unref (mine);
  g_ptr_array_unref (same);
  g_assert_cmpuint (raw_count_maps (), ==, n_maps);
}

/* Whoever wants bytes that do not change is fed copies, which do not keep the memory. */
static void
test_stable (void)
{
  ImpAnalyzerClass *klass = g_type_class_ref (test_analyzer_get_type ());
  GPtrArray *mine;
  Rig rig;

  klass->wants_stable_input = TRUE;
  rig_init (&rig, keep, IMP_SHARED_MEMORY_AUTO, 2 * 1024 * 1024, "cbor");
  rig_run (&rig);
  rig_transfer (&rig, NULL, NULL);
  g_assert_cmpuint (rig_get_sent (&rig), <, SIZE);
  mine = g_ptr_array_ref (kept);
  rig_clear (&rig);
  g_assert_cmpuint (mine->len, >, 20);
  g_ptr_array_unref (mine);
  klass->wants_stable_input = FALSE;
  g_type_class_unref (klass);
}

static void
test_half (void)
{
  Rig rig;

  rig_init (&rig, pass_half, IMP_SHARED_MEMORY_AUTO, 2 * 1024 * 1024, "cbor");
  rig_run (&rig);
  rig_transfer (&rig, NULL, NULL);
  g_assert_cmpuint (rig_get_sent (&rig), <, SIZE);
  rig_clear (&rig);
}

static void
test_replace (void)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (SIZE);
  guint8 *turned = g_memdup2 (g_bytes_get_data (bytes, NULL), SIZE);
  g_autoptr (GBytes) expected = g_bytes_new_take (turned, SIZE);
  Rig rig;

  for (gsize i = 0; i < SIZE; i++)
    turned[i] = ~turned[i];
  rig_init (&rig, turn_around, IMP_SHARED_MEMORY_AUTO, 2 * 1024 * 1024, "cbor");
  rig_run (&rig);
  rig_transfer (&rig, expected, expected);
  rig_clear (&rig);
}

static gboolean
both_have_all (gpointer data)
{
  RelayRig *relay = ((Rig *) data)->relay;

  return relay->peers[0]->n_received >= SIZE && relay->peers[1]->n_received >= SIZE;
}

/* What came from the client is sent back to it as well. */
static void
test_send_back (void)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (SIZE);
  Rig rig;

  rig_init (&rig, send_back, IMP_SHARED_MEMORY_AUTO, 2 * 1024 * 1024, "cbor");
  rig_run (&rig);
  test_peer_send (rig.relay->peers[0], g_bytes_get_data (bytes, NULL), SIZE);
  g_assert_true (test_run_until (both_have_all, &rig, TIMEOUT));
  rig.relay->peers[0]->ends = rig.relay->peers[1]->ends = TRUE;
  test_peer_update (rig.relay->peers[0]);
  test_peer_update (rig.relay->peers[1]);
  relay_rig_wait_done (rig.relay);
  test_peer_assert_received (rig.relay->peers[1], g_bytes_get_data (bytes, NULL), SIZE);
  test_peer_assert_received (rig.relay->peers[0], g_bytes_get_data (bytes, NULL), SIZE);
  rig_clear (&rig);
}

static gboolean
all_is_fed (gpointer data)
{
  return last_fed != NULL && last_fed->fed[0] == SIZE;
}

/* An analyzer that gives no verdict has all of the memory in use at the relay; what is over goes
 * through the socket, in its order. */
static void
test_exhausted (void)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (SIZE);
  Rig rig;

  rig_init (&rig, say_nothing, IMP_SHARED_MEMORY_AUTO, 1024 * 1024, "cbor");
  last_fed = NULL;
  rig_run (&rig);
  test_peer_send (rig.relay->peers[0], g_bytes_get_data (bytes, NULL), SIZE);
  rig.relay->peers[0]->ends = rig.relay->peers[1]->ends = TRUE;
  test_peer_update (rig.relay->peers[0]);
  test_peer_update (rig.relay->peers[1]);
  g_assert_true (test_run_until (all_is_fed, NULL, TIMEOUT));
  g_assert_cmpuint (rig_get_sent (&rig), >, SIZE - 2 * 1024 * 1024);
  g_assert_cmpuint (rig_get_sent (&rig), <, SIZE);
  imp_analyzer_pass_bytes (IMP_ANALYZER (last_fed), IMP_DIRECTION_FROM_CLIENT, SIZE);
  relay_rig_wait_done (rig.relay);
  g_assert_no_error (rig.relay->error);
  test_peer_assert_received (rig.relay->peers[1], g_bytes_get_data (bytes, NULL), SIZE);
  rig_clear (&rig);
}

static gboolean
is_relay_done (gpointer data)
{
  return ((Rig *) data)->relay->done;
}

/* The server goes while it has memory, or the client does; with or without kept bytes. */
static void
test_gone (gconstpointer func)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (SIZE);

  for (guint i = 0; i < 2; i++)
    {
      Rig rig;

      rig_init (&rig, func == NULL ? say_nothing : keep, IMP_SHARED_MEMORY_AUTO, 1024 * 1024,
                "cbor");
      last_fed = NULL;
      rig_run (&rig);
      rig.relay->peers[1]->read_limit = 0;
      test_peer_update (rig.relay->peers[1]);
      test_peer_send (rig.relay->peers[0], g_bytes_get_data (bytes, NULL), SIZE);
      while (last_fed == NULL)
        g_main_context_iteration (NULL, TRUE);
      if (i == 0)
        imp_server_close (rig.server);
      else
        imp_remote_factory_close (rig.factory);
      g_assert_true (test_run_until (is_relay_done, &rig, TIMEOUT));
      g_assert_error (rig.relay->error, IMP_ERROR, IMP_ERROR_FATAL);
      rig_clear (&rig);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_relay ("cbor");
  g_test_add_data_func ("/sharing/relay/cbor", "cbor", test_relay);
  g_test_add_data_func ("/sharing/relay/json", "json", test_relay);
  g_test_add_func ("/sharing/off", test_off);
  g_test_add_func ("/sharing/keep", test_keep);
  g_test_add_func ("/sharing/keep-longer", test_keep_longer);
  g_test_add_func ("/sharing/stable", test_stable);
  g_test_add_func ("/sharing/half", test_half);
  g_test_add_func ("/sharing/replace", test_replace);
  g_test_add_func ("/sharing/send-back", test_send_back);
  g_test_add_func ("/sharing/exhausted", test_exhausted);
  g_test_add_data_func ("/sharing/gone/held", NULL, test_gone);
  g_test_add_data_func ("/sharing/gone/kept", "kept", test_gone);
  return g_test_run ();
}
