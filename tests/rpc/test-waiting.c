/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts for each byte, and a reader that is slower than the sender: whatever the marks, all
 * comes out in order, and what waits stays within its limits at both ends. */
#include "core/imp-error.h"
#include "provider/imp-filter.h"
#include "pair-rig.h"
#include "test-streams.h"

#include <string.h>

/* Passes every other byte, and makes three of each of the others. */
typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 position[2];
} Dense;
typedef ImpAnalyzerClass DenseClass;

GType dense_get_type (void);
G_DEFINE_TYPE (Dense, dense, IMP_TYPE_ANALYZER)

static gsize dense_largest; /* piece that one was fed */
static ImpAnalyzer *dense_last;

static gboolean
dense_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  Dense *self = (Dense *) analyzer;
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  dense_largest = MAX (dense_largest, size);
  dense_last = analyzer;
  for (gsize i = 0; i < size; i++)
    {
      gint64 position = ++self->position[direction];

      if ((bytes[i] & 1) != 0)
        imp_analyzer_replace_bytes (analyzer, direction, position, (const guint8 *) "xyz", 3);
      else
        imp_analyzer_pass_bytes (analyzer, direction, position);
    }
  return TRUE;
}

static void
dense_init (Dense *self)
{
}

static void
dense_class_init (DenseClass *klass)
{
  klass->data = dense_data;
}

static void
append_expected (GString *text, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if ((bytes[i] & 1) != 0)
      g_string_append (text, "xyz");
    else
      g_string_append_c (text, bytes[i]);
}

static void
on_client (ImpClientConnection *client, gpointer user_data)
{
}

static void
on_lost (ImpClientConnection *client, const GError *error, gpointer user_data)
{
  g_error ("lost: %s", error->message);
}

static const ImpClientConnectionFuncs client_funcs = {
  .ready = on_client,
  .goodbye = on_client,
  .idle = on_client,
  .lost = on_lost,
  .gone = on_client,
};

static void
on_ended (ImpServerConnection *server, const GError *error, gpointer user_data)
{
  if (!g_error_matches (error, IMP_ERROR, IMP_ERROR_CLOSED))
    g_error ("ended: %s", error->message);
}

static const ImpServerConnectionFuncs server_funcs = { .ended = on_ended };

static void
rig_start_server (PairRig *rig, GIOStream *stream)
{
  pair_rig_start_server (rig, stream, dense_get_type (), &server_funcs, NULL);
}

static void
rig_start (PairRig *rig)
{
  g_autoptr (GIOStream) one = NULL, other = NULL;

  test_stream_pair (&one, &other);
  pair_rig_start_client (rig, one, &client_funcs, NULL);
  rig_start_server (rig, other);
}

static ImpAnalyzer *
rig_add (PairRig *rig)
{
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);
  ImpRemoteAnalyzer *analyzer = imp_remote_analyzer_new (owner);

  imp_client_connection_add (rig->client, analyzer);
  return IMP_ANALYZER (analyzer);
}

static void
iterate (void)
{
  for (guint i = 0; i < 100 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

/* --- a connection that is not read as fast as it is written --- */

typedef struct
{
  ImpFilter *filter;
  GString *got[2], *expected[2];
  gsize unread[2];   /* of what came out */
  gsize buffer_size; /* more than that makes the direction busy */
  gboolean busy[2], ended[2];
} Connection;

static void
update_busy (Connection *self, ImpDirection direction)
{
  gboolean busy = self->unread[direction] > self->buffer_size;

  if (busy == self->busy[direction])
    return;
  self->busy[direction] = busy;
  imp_filter_set_busy (self->filter, direction, busy);
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  Connection *self = user_data;
  gsize size;
  const char *bytes = g_bytes_get_data (data, &size);

  g_string_append_len (self->got[direction], bytes, size);
  self->unread[direction] += size;
  update_busy (self, direction);
}

static void
read_some (Connection *self, ImpDirection direction)
{
  self->unread[direction] -= g_random_int_range (0, self->unread[direction] + 1);
  update_busy (self, direction);
}

/* @rude: also into a direction that is busy. */
static void
write_some (Connection *self, ImpDirection direction, gsize total, gboolean rude)
{
  guint8 bytes[40];
  gsize size = g_random_int_range (1, 10);

  if (self->ended[direction] || imp_filter_is_paused (self->filter, direction)
      || (self->busy[direction] && !rude))
    return;
  for (gsize i = 0; i < size; i++)
    bytes[i] = g_random_int_range ('0', 'z');
  if (self->expected[direction]->len >= total)
    size = 0;
  self->ended[direction] = size == 0;
  append_expected (self->expected[direction], bytes, size);
  g_assert_true (
    imp_filter_push_bytes (self->filter, direction, bytes, size, IMP_DATA_TYPE_STREAM, NULL));
}

static void
on_failed (ImpFilter *filter, const char *reason, gpointer user_data)
{
  g_error ("failed: %s", reason);
}

static void
connection_init (Connection *self, ImpAnalyzer *analyzer, gsize buffer_size)
{
  *self = (Connection){ .buffer_size = buffer_size };
  self->filter = imp_filter_new (analyzer);
  g_signal_connect (self->filter, "failed", G_CALLBACK (on_failed), NULL);
  imp_filter_set_output (self->filter, on_output, self, NULL);
  for (guint direction = 0; direction < 2; direction++)
    {
      self->got[direction] = g_string_new (NULL);
      self->expected[direction] = g_string_new (NULL);
    }
}

static void
connection_clear (Connection *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      g_assert_cmpstr (self->got[direction]->str, ==, self->expected[direction]->str);
      g_string_free (self->got[direction], TRUE);
      g_string_free (self->expected[direction], TRUE);
    }
  imp_filter_close (self->filter);
  g_object_unref (self->filter);
}

static gboolean
is_over (Connection *self)
{
  return imp_filter_is_finished (self->filter, 0) && imp_filter_is_finished (self->filter, 1);
}

static gboolean
on_alarm (gpointer user_data)
{
  g_error ("it hangs");
  return G_SOURCE_REMOVE;
}

static void
run (PairRig *rig, gsize buffer_size, gsize total, gboolean rude)
{
  guint alarm = g_timeout_add_seconds (60, on_alarm, NULL);
  Connection connections[2];

  rig_start (rig);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ImpAnalyzer) analyzer = rig_add (rig);

      connection_init (&connections[i], analyzer, buffer_size);
    }
  while (!is_over (&connections[0]) || !is_over (&connections[1]))
    {
      Connection *one = &connections[g_random_int_range (0, 2)];
      ImpDirection direction = g_random_int_range (0, 2);

      if (g_random_boolean ())
        write_some (one, direction, total, rude);
      else
        read_some (one, direction);
      if (g_random_int_range (0, 4) == 0)
        iterate ();
    }
  for (guint i = 0; i < 2; i++)
    connection_clear (&connections[i]);
  pair_rig_clear (rig);
  g_source_remove (alarm);
}

static void
test_marks (void)
{
  for (gsize mark = 1; mark <= 8; mark++)
    for (gsize buffer_size = 0; buffer_size <= 8; buffer_size += 2)
      for (guint variant = 0; variant < 8; variant++)
        {
          PairRig rig;

          pair_rig_init (&rig);
          rig.server_options.analyzers.max_waiting = mark;
          if ((variant & 1) != 0)
            rig.server_options.high_water = mark;
          if ((variant & 2) != 0)
            rig.client_options.link_high_water = mark;
          run (&rig, buffer_size, 150, (variant & 4) != 0);
        }
}

/* A server that holds no more than this for an analyzer says PAUSE; a provider that heeds that, and
 * stops where it is busy, is never refused. */
static void
test_small_hold (void)
{
  for (gsize max_held = 256; max_held <= 2048; max_held *= 2)
    {
      PairRig rig;

      pair_rig_init (&rig);
      rig.server_options.analyzers.max_held = max_held;
      run (&rig, 8, 3000, FALSE);
    }
}

/* The reader never reads; the sender does not care. */
static void
test_never_read (void)
{
  g_autofree guint8 *block = g_malloc (64 * 1024);
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  Connection connection;
  PairRig rig;

  memset (block, '1', 64 * 1024);
  pair_rig_init (&rig);
  rig_start (&rig);
  analyzer = rig_add (&rig);
  connection_init (&connection, analyzer, 1000);
  for (guint i = 0; i < 100; i++)
    {
      if (!imp_filter_is_paused (connection.filter, 0))
        {
          append_expected (connection.expected[0], block, 64 * 1024);
          g_assert_true (imp_filter_push_bytes (connection.filter, 0, block, 64 * 1024,
                                                IMP_DATA_TYPE_STREAM, NULL));
        }
      iterate ();
    }
  g_assert_true (connection.busy[0]);
  g_assert_cmpuint (dense_largest, <=, 64 * 1024);
  /* Here, verdicts about what was under way; there, those of one piece too many. Six bytes for
   * each byte of input. */
  g_assert_cmpuint (imp_analyzer_get_waiting (analyzer, 0), <, 6 * 4 * 1024 * 1024);
  g_assert_cmpuint (imp_analyzer_get_waiting (dense_last, 0), >, IMP_SERVER_CONNECTION_MAX_WAITING);
  g_assert_cmpuint (imp_analyzer_get_waiting (dense_last, 0), <=,
                    IMP_SERVER_CONNECTION_MAX_WAITING + 6 * 64 * 1024 + 20);
  g_test_message ("%" G_GSIZE_FORMAT " bytes of results wait",
                  imp_analyzer_get_waiting (analyzer, 0));

  connection.buffer_size = G_MAXSIZE;
  update_busy (&connection, 0);
  imp_filter_push_bytes (connection.filter, 0, NULL, 0, IMP_DATA_TYPE_STREAM, NULL);
  while (!imp_filter_is_finished (connection.filter, 0))
    g_main_context_iteration (NULL, TRUE);
  connection_clear (&connection);
  pair_rig_clear (&rig);
}

/* Each piece has a turn of its own, so that no PASS takes the place of one before. */
static void
feed_pieces (ImpAnalyzer *analyzer, guint n)
{
  const guint8 byte = 0;

  for (guint i = 0; i < n; i++)
    {
      imp_analyzer_data_bytes (analyzer, 0, &byte, 1, 0, IMP_DATA_TYPE_STREAM);
      iterate ();
    }
}

/* Nobody takes what the server says. */
static void
test_max_waiting (void)
{
  g_autoptr (ImpAnalyzer) analyzer = NULL, other = NULL;
  g_autofree char *last = NULL;
  GList *results;
  PairRig rig;

  pair_rig_init (&rig);
  rig.client_options.analyzers.max_waiting = 999;
  rig_start (&rig);
  analyzer = rig_add (&rig);
  other = rig_add (&rig);
  feed_pieces (analyzer, 499);
  feed_pieces (other, 3);
  g_assert_cmpuint (imp_analyzer_get_waiting (analyzer, 0), ==, 2 * 499);
  g_assert_false (imp_analyzer_is_closed (analyzer));
  feed_pieces (analyzer, 2);
  g_assert_true (imp_analyzer_is_closed (analyzer));
  g_assert_false (imp_analyzer_is_closed (other));

  results = imp_analyzer_poll_results (analyzer);
  g_assert_cmpuint (g_list_length (results), ==, 500 + 1);
  last = imp_result_to_string (g_list_last (results)->data);
  g_assert_nonnull (strstr (last, "fatal \"client: 1000 bytes of results wait for direction 0 and "
                                  "more came (max-waiting is 999)"));
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  imp_analyzer_close (analyzer);
  imp_analyzer_close (other);
  pair_rig_clear (&rig);
}

/* --- one message, many verdicts --- */

static void
write_message (GByteArray *to, ImpMessage *message)
{
  g_autoptr (ImpCodec) codec = imp_cbor_codec_new ();
  g_autoptr (GBytes) bytes = imp_codec_encode (codec, message, NULL);

  g_byte_array_append (to, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  imp_message_unref (message);
}

/* How many whole frames there are. */
static guint
count_frames (GByteArray *array)
{
  guint n = 0;

  for (gsize position = 0; array->len - position >= 5; n++)
    {
      const guint8 *head = array->data + position;
      gsize length = (gsize) head[1] << 24 | head[2] << 16 | head[3] << 8 | head[4];

      g_assert_cmpuint (head[0], ==, 0x5a);
      if (length > array->len - position - 5)
        break;
      position += 5 + length;
    }
  return n;
}

/* Moves what can be moved without waiting; returns how much was read. */
static gsize
exchange (GSocket *socket, GByteArray *output, GByteArray *input)
{
  guint8 buffer[65536];
  gssize n;

  n = output->len == 0
        ? 0
        : g_socket_send (socket, (const char *) output->data, output->len, NULL, NULL);
  if (n > 0)
    g_byte_array_remove_range (output, 0, n);
  n = g_socket_receive (socket, (char *) buffer, sizeof buffer, NULL, NULL);
  if (n > 0)
    g_byte_array_append (input, buffer, n);
  return MAX (0, n);
}

static void
test_large_message (void)
{
  const gsize size = 512 * 1024;
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GByteArray) output = g_byte_array_new (), input = g_byte_array_new ();
  g_autoptr (GBytes) data = g_bytes_new_take (memset (g_malloc (size), 1, size), size);
  GSocket *socket;
  PairRig rig;

  pair_rig_init (&rig);
  rig.server_options.analyzers.max_output = 4 * 1024 * 1024;
  test_stream_pair (&one, &other);
  rig_start_server (&rig, other);
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (one));
  g_socket_set_blocking (socket, FALSE);
  write_message (output, imp_message_new_new_analyzer (1, NULL));
  write_message (output, imp_message_new_data (1, 0, 0, IMP_DATA_TYPE_STREAM, data));
  dense_largest = 0;
  for (guint idle = 0; idle < 200;)
    {
      iterate ();
      idle = exchange (socket, output, input) > 0 ? 0 : idle + 1;
    }
  g_assert_cmpuint (output->len, ==, 0);
  /* set_version, and a REPLACE for each byte. */
  g_assert_cmpuint (count_frames (input), ==, 1 + size);
  g_assert_cmpuint (dense_largest, ==, 64 * 1024);
  pair_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/waiting/marks", test_marks);
  g_test_add_func ("/waiting/small-hold", test_small_hold);
  g_test_add_func ("/waiting/never-read", test_never_read);
  g_test_add_func ("/waiting/max-waiting", test_max_waiting);
  g_test_add_func ("/waiting/large-message", test_large_message);
  return g_test_run ();
}
