/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client and a server connection on two ends of one stream: tiny buffers, dripping streams,
 * readers that never read. Whatever the sizes, all that was asked is answered. */
#include "core/imp-error.h"
#include "pair-rig.h"
#include "test-streams.h"

#include <string.h>
#include <sys/socket.h>

/* Answers every piece with its own bytes, so that as much comes back as goes in. */
typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 position[2];
} Echo;
typedef ImpAnalyzerClass EchoClass;

GType echo_get_type (void);
G_DEFINE_TYPE (Echo, echo, IMP_TYPE_ANALYZER)

static gboolean echo_is_silent;

static gboolean
echo_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  Echo *self = (Echo *) analyzer;
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  self->position[direction] += size;
  if (size > 0 && !echo_is_silent)
    imp_analyzer_replace_bytes (analyzer, direction, self->position[direction], bytes, size);
  return TRUE;
}

static void
echo_init (Echo *self)
{
}

static void
echo_class_init (EchoClass *klass)
{
  klass->data = echo_data;
}

typedef struct
{
  PairRig pair;
  GString *log;
} Rig;

static void
on_ready (ImpClientConnection *client, gpointer user_data)
{
  g_string_append (((Rig *) user_data)->log, "ready;");
}

static void
on_nothing (ImpClientConnection *client, gpointer user_data)
{
}

static void
on_lost (ImpClientConnection *client, const GError *error, gpointer user_data)
{
  Rig *rig = user_data;

  g_string_append_printf (rig->log, "lost: %s;", error->message);
}

static const ImpClientConnectionFuncs client_funcs = {
  .ready = on_ready,
  .goodbye = on_nothing,
  .idle = on_nothing,
  .lost = on_lost,
  .gone = on_nothing,
};

static void
on_ended (ImpServerConnection *server, const GError *error, gpointer user_data)
{
  Rig *rig = user_data;

  g_string_append_printf (rig->log, "ended: %s;", error->message);
}

static const ImpServerConnectionFuncs server_funcs = { .ended = on_ended };

static void
rig_init (Rig *rig)
{
  pair_rig_init (&rig->pair);
  rig->log = g_string_new (NULL);
}

static void
rig_start_client (Rig *rig, GIOStream *stream)
{
  pair_rig_start_client (&rig->pair, stream, &client_funcs, rig);
}

static void
rig_start_server (Rig *rig, GIOStream *stream)
{
  pair_rig_start_server (&rig->pair, stream, echo_get_type (), &server_funcs, rig);
}

static void
rig_clear (Rig *rig)
{
  pair_rig_clear (&rig->pair);
  g_string_free (rig->log, TRUE);
}

typedef struct
{
  ImpAnalyzer *analyzer;
  gint64 replaced;
  gboolean paused;
  GString *bad;
} Watch;

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Watch *watch = user_data;
  g_autofree char *text = NULL;

  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_REPLACE:
      watch->replaced = imp_result_get_offset (result);
      break;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      watch->paused = imp_result_get_result_type (result) == IMP_RESULT_PAUSE;
      break;
    default:
      text = imp_result_to_string (result);
      g_string_append (watch->bad, text);
    }
}

static void
watch_start (Watch *watch, Rig *rig)
{
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);
  ImpRemoteAnalyzer *analyzer = imp_remote_analyzer_new (owner);

  watch->analyzer = IMP_ANALYZER (analyzer);
  watch->bad = g_string_new (NULL);
  imp_analyzer_set_callback (watch->analyzer, on_result, watch, NULL);
  imp_client_connection_add (rig->pair.client, analyzer);
}

static void
watch_clear (Watch *watch)
{
  imp_analyzer_close (watch->analyzer);
  g_clear_object (&watch->analyzer);
  g_string_free (watch->bad, TRUE);
}

static gboolean
on_alarm (gpointer user_data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

/* Everything comes back, whatever the marks of both ends and however little the streams take. */
static void
exchange (const char *faults, gsize client_mark, gsize server_mark, guint n_pieces, gsize size)
{
  GIOStream *one, *other;
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autofree guint8 *block = g_malloc0 (size);
  Watch watches[3] = { 0 };
  guint n_done = 0, alarm = g_timeout_add_seconds (30, on_alarm, NULL);
  Rig rig;

  rig_init (&rig);
  rig.pair.client_options.link_high_water = client_mark;
  rig.pair.server_options.high_water = server_mark;
  test_stream_pair (&one, &other);
  near = faults != NULL ? test_stream_faulty (one, faults) : one;
  far = faults != NULL ? test_stream_faulty (other, faults) : other;
  rig_start_client (&rig, near);
  rig_start_server (&rig, far);
  for (guint i = 0; i < G_N_ELEMENTS (watches); i++)
    watch_start (&watches[i], &rig);
  for (guint n = 0; n < n_pieces; n++)
    for (guint i = 0; i < G_N_ELEMENTS (watches); i++)
      imp_analyzer_data_bytes (watches[i].analyzer, i % 2, block, size, 0, IMP_DATA_TYPE_STREAM);

  while (n_done < G_N_ELEMENTS (watches))
    {
      g_main_context_iteration (NULL, TRUE);
      for (n_done = 0; n_done < G_N_ELEMENTS (watches)
                       && watches[n_done].replaced == (gint64) (n_pieces * size);
           n_done++)
        ;
    }
  g_source_remove (alarm);
  for (guint i = 0; i < G_N_ELEMENTS (watches); i++)
    {
      g_assert_cmpstr (watches[i].bad->str, ==, "");
      watch_clear (&watches[i]);
    }
  g_assert_cmpstr (rig.log->str, ==, "ready;");
  rig_clear (&rig);
}

static void
test_tiny_marks (void)
{
  for (gsize client_mark = 1; client_mark <= 8; client_mark++)
    for (gsize server_mark = 1; server_mark <= 8; server_mark++)
      {
        exchange (NULL, client_mark, server_mark, 5, 9);
        exchange ("seed=1&write-chunk=1&read-chunk=1", client_mark, server_mark, 3, 9);
      }
}

static void
test_dripping (void)
{
  exchange ("seed=2&write-chunk=1&read-chunk=1", IMP_LINK_HIGH_WATER, IMP_LINK_HIGH_WATER, 40, 100);
  exchange ("seed=3&write-chunk=7&read-chunk=1", 8, IMP_LINK_HIGH_WATER, 40, 100);
}

/* More than both sockets and both queues hold, in both directions at once. */
static void
test_flood (void)
{
  exchange (NULL, IMP_LINK_HIGH_WATER, IMP_LINK_HIGH_WATER, 20, 700 * 1024);
  exchange (NULL, 1, 1, 20, 700 * 1024);
  exchange (NULL, IMP_LINK_HIGH_WATER, 1, 20, 700 * 1024);
  exchange (NULL, 1, IMP_LINK_HIGH_WATER, 20, 700 * 1024);
}

/* A server that never reads: the analyzer says PAUSE, then it is given up; the others live. */
static void
test_server_never_reads (void)
{
  GIOStream *one, *other;
  g_autofree guint8 *block = g_malloc0 (64 * 1024);
  Watch full = { 0 }, idle = { 0 };
  guint n = 0;
  Rig rig;

  rig_init (&rig);
  rig.pair.client_options.max_queued = 4 * 1024 * 1024;
  test_stream_pair (&one, &other);
  rig_start_client (&rig, one);
  watch_start (&full, &rig);
  watch_start (&idle, &rig);
  for (; full.bad->len == 0; n++)
    {
      g_assert_cmpuint (n, <, 1000);
      imp_analyzer_data_bytes (full.analyzer, 0, block, 64 * 1024, 0, IMP_DATA_TYPE_STREAM);
      g_assert_cmpuint (imp_client_connection_get_queued (rig.pair.client), <, 6 * 1024 * 1024);
      if (imp_client_connection_get_queued (rig.pair.client) > 3 * 1024 * 1024)
        g_assert_true (full.paused);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_nonnull (strstr (full.bad->str, "max-queued is 4194304"));
  g_assert_cmpuint (imp_client_connection_get_queued (rig.pair.client), <=, 2 * 1024 * 1024);
  g_assert_false (imp_analyzer_is_closed (idle.analyzer));
  watch_clear (&full);
  watch_clear (&idle);
  rig_clear (&rig);
  g_object_unref (one);
  g_object_unref (other);
}

static void
send_message (GIOStream *stream, ImpMessage *message)
{
  g_autoptr (ImpCodec) codec = imp_cbor_codec_new ();
  g_autoptr (GBytes) bytes = imp_codec_encode (codec, message, NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  test_stream_write (stream, data, size);
  imp_message_unref (message);
}

static void
iterate (guint n)
{
  while (n-- > 0)
    g_main_context_iteration (NULL, FALSE);
}

/* A client that never reads is not read either, and what waits for it is bounded. */
static void
test_client_never_reads (void)
{
  GIOStream *one, *other;
  g_autofree guint8 *block = g_malloc0 (64 * 1024);
  g_autoptr (ImpCodec) codec = imp_cbor_codec_new ();
  g_autoptr (GBytes) data = g_bytes_new_static (block, 64 * 1024);
  g_autoptr (ImpMessage) message = imp_message_new_data (1, 0, 0, -1, data);
  g_autoptr (GBytes) frame = imp_codec_encode (codec, message, NULL);
  GSocket *socket;
  gsize sent = 0;
  gssize n = 0;
  Rig rig;

  rig_init (&rig);
  test_stream_pair (&one, &other);
  rig_start_server (&rig, other);
  send_message (one, imp_message_new_set_version (2, 1, NULL, NULL));
  send_message (one, imp_message_new_new_analyzer (1, NULL));
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (one));
  g_socket_set_blocking (socket, FALSE);
  for (guint stuck = 0; stuck<100; stuck = n> 0 ? 0 : stuck + 1)
    {
      gsize size;
      const char *bytes = g_bytes_get_data (frame, &size);
      gsize at = sent % size;

      n = g_socket_send (socket, bytes + at, size - at, NULL, NULL);
      sent += n > 0 ? n : 0;
      iterate (3);
      g_assert_cmpuint (sent, <, 64 * 1024 * 1024);
    }
  g_assert_cmpstr (rig.log->str, ==, "");
  g_assert_cmpuint (imp_server_connection_get_n_analyzers (rig.pair.server), ==, 1);
  rig_clear (&rig);
  g_object_unref (one);
  g_object_unref (other);
}

/* An analyzer that holds everything is asked to be paused, and then ended. */
static void
test_analyzer_holds_everything (void)
{
  GIOStream *one, *other;
  g_autofree guint8 *block = g_malloc0 (1000);
  Watch watch = { 0 };
  Rig rig;

  rig_init (&rig);
  rig.pair.server_options.analyzers.max_held = 10000;
  echo_is_silent = TRUE;
  test_stream_pair (&one, &other);
  rig_start_client (&rig, one);
  rig_start_server (&rig, other);
  watch_start (&watch, &rig);
  for (guint i = 0; i < 20 && watch.bad->len == 0; i++)
    {
      imp_analyzer_data_bytes (watch.analyzer, 0, block, 1000, 0, IMP_DATA_TYPE_STREAM);
      iterate (20);
      g_assert_true (watch.paused == (i + 1 > 5) || watch.bad->len > 0);
    }
  g_assert_nonnull (strstr (watch.bad->str, "holds 11000 bytes without a verdict (max-held is "
                                            "10000)"));
  echo_is_silent = FALSE;
  watch_clear (&watch);
  rig_clear (&rig);
  g_object_unref (one);
  g_object_unref (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pair/tiny-marks", test_tiny_marks);
  g_test_add_func ("/pair/dripping", test_dripping);
  g_test_add_func ("/pair/flood", test_flood);
  g_test_add_func ("/pair/server-never-reads", test_server_never_reads);
  g_test_add_func ("/pair/client-never-reads", test_client_never_reads);
  g_test_add_func ("/pair/analyzer-holds-everything", test_analyzer_holds_everything);
  return g_test_run ();
}
