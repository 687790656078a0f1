/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that break the rules of shared memory, at either end: the connection ends with a word of
 * why, and nothing of what they have sent stays open or mapped. */
#include "json-rig.h"
#include "old-kernel.h"
#include "raw-socket.h"
#include "relay-rig.h"
#include "slow-descriptor.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-shared-memory.h"

#include <fcntl.h>
#include <string.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE (4 * 4096)
#define SHARE "{\"op\":\"share\",\"size\":16384,\"block_size\":4096}"
#define HELLO "{\"op\":\"set_version\",\"version\":2,\"features\":[\"shm\"]}"
#define NEW "{\"op\":\"new_analyzer\",\"id\":1}"
#define DATA(id, block, position, length)                                                          \
  "{\"op\":\"shared_data\",\"id\":" #id ",\"dir\":0,\"block\":" #block ",\"position\":" #position  \
  ",\"length\":" #length "}"
#define PING "{\"op\":\"ping\",\"token\":5}"

typedef struct
{
  ImpServer *server;
  RawSocket *socket;
  GString *reason;
  guint n_descriptors, n_maps;
} Rig;

static void
on_disconnected (ImpServer *server, GIOStream *stream, const char *reason, gpointer user_data)
{
  g_string_append (user_data, reason);
}

static void
rig_init (Rig *rig)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (imp_type_factory_new (
    json_rig_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  rig->n_descriptors = raw_count_descriptors ();
  rig->n_maps = raw_count_maps ();
  rig->reason = g_string_new (NULL);
  rig->server = imp_server_new (factory);
  g_object_set (rig->server, "shared-memory", IMP_SHARED_MEMORY_AUTO, "max-shared-memory",
                (guint64) SIZE, NULL);
  g_signal_connect (rig->server, "disconnected", G_CALLBACK (on_disconnected), rig->reason);
  rig->socket = raw_socket_new (&stream);
  imp_server_add_stream (rig->server, stream, &error);
  g_assert_no_error (error);
}

/* What GLib opens once for the whole process is there after the first time. */
static gboolean is_first = TRUE;

static void
rig_clear (Rig *rig)
{
  raw_socket_free (rig->socket);
  imp_server_close (rig->server);
  g_assert_finalize_object (rig->server);
  g_string_free (rig->reason, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (raw_count_maps (), ==, rig->n_maps);
  g_assert_true (is_first || raw_count_descriptors () == rig->n_descriptors);
}

/* Says all of it, each SHARE with @memory, if there is such. */
static void
rig_say (Rig *rig, const char *const *lines, int memory)
{
  for (; *lines != NULL; lines++)
    {
      raw_socket_say (rig->socket, *lines, memory, memory >= 0 && g_str_equal (*lines, SHARE));
      if (g_str_equal (*lines, HELLO))
        raw_socket_expect (rig->socket, "set_version", 1);
    }
}

/* Takes @memory. */
static void
expect_refusal (const char *const *lines, int memory, const char *word)
{
  Rig rig;

  rig_init (&rig);
  rig_say (&rig, lines, memory);
  raw_socket_expect_end (rig.socket);
  raw_socket_expect (rig.socket, "\"op\":\"exception\",\"id\":0", 1);
  if (strstr (rig.socket->heard->str, word) == NULL)
    {
      g_test_message ("\"%s\" is not in: %s", word, rig.socket->heard->str);
      g_test_fail ();
    }
  rig_clear (&rig);
  if (memory >= 0)
    close (memory);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define GOOD raw_memory_new (SIZE, RAW_MEMORY_SEALS)

/* --- a client that lies --- */

static void
test_share (void)
{
  g_autofree char *path = NULL;
  int file = g_file_open_tmp ("imp-sharing-XXXXXX", &path, NULL);

  g_assert_cmpint (ftruncate (file, SIZE), ==, 0);
  unlink (path);
  expect_refusal (LINES (HELLO, SHARE), -1, "without the descriptor");
  expect_refusal (LINES (HELLO, SHARE), file, "seals");
  expect_refusal (LINES (HELLO, SHARE), raw_memory_new (SIZE, 0), "seals");
  expect_refusal (LINES (HELLO, SHARE), raw_memory_new (SIZE, F_SEAL_SHRINK | F_SEAL_GROW),
                  "seals");
  expect_refusal (LINES (HELLO, SHARE), raw_memory_new (SIZE / 2, RAW_MEMORY_SEALS),
                  "another size");
  expect_refusal (LINES (HELLO, SHARE, SHARE), GOOD, "A second share");
  expect_refusal (LINES (HELLO, "{\"op\":\"share\",\"size\":16777216,\"block_size\":4096}"), -1,
                  "without the descriptor");
  expect_refusal (LINES ("{\"op\":\"set_version\",\"version\":2}", SHARE), GOOD, "not asked for");
  expect_refusal (LINES ("{\"op\":\"set_version\",\"version\":1}", SHARE), GOOD,
                  "not for a client");
  expect_refusal (LINES (SHARE), GOOD, "not for a client");
  expect_refusal (LINES (HELLO, "{\"op\":\"release\",\"block\":0,\"count\":1}"), -1,
                  "not for a client");
}

static void
test_too_large (void)
{
  Rig rig;
  int memory = raw_memory_new (2 * SIZE, RAW_MEMORY_SEALS);

  rig_init (&rig);
  raw_socket_say (rig.socket, HELLO, -1, 0);
  raw_socket_expect (rig.socket, "\"max-shared-memory\":16384", 1);
  raw_socket_say (rig.socket, "{\"op\":\"share\",\"size\":32768,\"block_size\":4096}", memory, 1);
  raw_socket_expect_end (rig.socket);
  raw_socket_expect (rig.socket, "32768 bytes of shared memory are too much", 1);
  rig_clear (&rig);
  close (memory);
}

/* One that belongs to no message is closed; several end the connection. */
static void
test_descriptors (void)
{
  for (guint n = 1; n <= 16; n++)
    {
      Rig rig;
      int memory = GOOD;

      rig_init (&rig);
      raw_socket_say (rig.socket, HELLO, -1, 0);
      raw_socket_expect (rig.socket, "set_version", 1);
      raw_socket_say (rig.socket, n == 1 ? PING : SHARE, memory, n);
      for (guint i = 1; i <= 3 && n == 1; i++)
        {
          raw_socket_expect (rig.socket, "pong", i);
          raw_socket_say (rig.socket, PING, -1, 0);
        }
      if (n == 1)
        raw_socket_say (rig.socket, SHARE, -1, 0);
      raw_socket_expect_end (rig.socket);
      if (n == 1)
        raw_socket_expect (rig.socket, "without the descriptor", 1);
      else
        g_assert_nonnull (strstr (rig.reason->str, "More descriptors"));
      rig_clear (&rig);
      close (memory);
    }
}

/* While one waits for its message, another one is too many. */
static void
test_descriptor_flood (void)
{
  Rig rig;
  int memory = GOOD;

  rig_init (&rig);
  raw_socket_say (rig.socket, HELLO, -1, 0);
  raw_socket_expect (rig.socket, "set_version", 1);
  for (guint i = 0; i < 100; i++)
    raw_socket_send (rig.socket, i == 0 ? "{\"op\":" : " ", memory, 1);
  raw_socket_expect_end (rig.socket);
  g_assert_nonnull (strstr (rig.reason->str, "More descriptors"));
  rig_clear (&rig);
  close (memory);
}

/* Once memory is shared, or where it is not, descriptors do not get in, or do not stay. */
static void
test_descriptors_ignored (void)
{
  for (guint round = 0; round < 4; round++)
    {
      const guint shares = round & 1;
      Rig rig;
      int memory = GOOD;

      old_kernel_set ((round & 2) != 0);
      rig_init (&rig);
      raw_socket_say (rig.socket, shares ? HELLO : "{\"op\":\"set_version\",\"version\":2}", -1, 0);
      raw_socket_expect (rig.socket, "set_version", 1);
      if (shares)
        raw_socket_say (rig.socket, SHARE, memory, 1);
      raw_socket_say (rig.socket, PING, -1, 0);
      raw_socket_expect (rig.socket, "pong", 1);
      for (guint i = 0; i < 100; i++)
        {
          raw_socket_say (rig.socket, PING, memory, 3);
          raw_socket_expect (rig.socket, "pong", i + 2);
          /* Else it would depend on how long the thread takes. */
          if (i % 10 == 0)
            raw_count_descriptors ();
        }
      g_assert_cmpuint (raw_count_maps (), ==, rig.n_maps + shares);
      g_assert_cmpuint (rig.socket->n_refused, ==, round < 2 && old_kernel_is_new () ? 100 : 0);
      rig_clear (&rig);
      close (memory);
    }
  old_kernel_set (FALSE);
}

/* Nobody waits for those that take long to close: neither for one that belongs to nothing, nor for
 * one in place of memory. */
static void
test_slow_descriptors (void)
{
  const gint64 began = g_get_monotonic_time ();
  int others[2];
  Rig rig;

  rig_init (&rig);
  raw_socket_say (rig.socket, HELLO, -1, 0);
  raw_socket_expect (rig.socket, "set_version", 1);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      int fd = slow_descriptor_new (&others[i]);

      raw_socket_say (rig.socket, i == 0 ? PING : SHARE, fd, 1);
      close (fd);
      for (guint n = 1; n <= 3 && i == 0; n++)
        {
          raw_socket_expect (rig.socket, "pong", n);
          raw_socket_say (rig.socket, PING, -1, 0);
        }
    }
  raw_socket_expect (rig.socket, "its seals", 1);
  raw_socket_expect_end (rig.socket);
  rig.n_descriptors += G_N_ELEMENTS (others);
  rig_clear (&rig);
  g_assert_cmpint (g_get_monotonic_time () - began, <,
                   SLOW_DESCRIPTOR_SECONDS * G_USEC_PER_SEC / 2);
  close (others[0]);
  close (others[1]);
}

/* No byte outside of the memory, nor of two blocks. */
static void
test_places (void)
{
  static const char *const places[] = {
    DATA (1, 4, 0, 1),
    DATA (1, 2147483647, 0, 1),
    DATA (1, 0, 4096, 1),
    DATA (1, 0, 4095, 2),
    DATA (1, 0, 1, 4096),
    DATA (1, 3, 0, 4097),
    DATA (1, 0, 2147483647, 2147483647),
    DATA (1, 0, 0, 9007199254740991),
    DATA (1, 0, 0, 0),
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      expect_refusal (LINES (HELLO, SHARE, NEW, places[i]), GOOD, "There are no");
      expect_refusal (LINES (HELLO, NEW, places[i]), -1, "nothing is shared");
    }
  expect_refusal (LINES (HELLO, NEW, DATA (1, 0, 0, 1)), -1, "nothing is shared");
}

/* Whoever reads what was never written pays for it: so it is not read. */
static void
test_holes (void)
{
  int memory = memfd_create ("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  struct stat info;
  Rig rig;

  g_assert_cmpint (ftruncate (memory, SIZE), ==, 0);
  g_assert_cmpint (pwrite (memory, "x", 1, 4096), ==, 1);
  /* This alone does not make it readable. */
  g_assert_cmpint (fallocate (memory, 0, 2 * 4096, 4096), ==, 0);
  g_assert_cmpint (fcntl (memory, F_ADD_SEALS, RAW_MEMORY_SEALS), ==, 0);
  rig_init (&rig);
  rig_say (&rig, LINES (HELLO, SHARE, NEW, DATA (1, 1, 0, 4096)), memory);
  raw_socket_expect (rig.socket, "{\"op\":\"release\",\"block\":1,\"count\":1}", 1);
  rig_clear (&rig);
  g_assert_cmpint (fstat (memory, &info), ==, 0);
  g_assert_cmpint (info.st_blocks * 512, ==, 2 * 4096);
  expect_refusal (LINES (HELLO, SHARE, NEW, DATA (1, 1, 0, 1), DATA (1, 0, 0, 1)),
                  fcntl (memory, F_DUPFD_CLOEXEC, 0), "never written");
  expect_refusal (LINES (HELLO, SHARE, NEW, DATA (1, 2, 0, 1)), fcntl (memory, F_DUPFD_CLOEXEC, 0),
                  "never written");
  expect_refusal (LINES (HELLO, SHARE, NEW, DATA (1, 3, 4095, 1)), memory, "never written");
}

/* The analyzer is not there: its bytes are given back all the same. */
static void
test_unknown_analyzer (void)
{
  Rig rig;
  int memory = GOOD;

  rig_init (&rig);
  rig_say (&rig, LINES (HELLO, SHARE, DATA (7, 2, 0, 100)), memory);
  raw_socket_expect (rig.socket, "there is no analyzer 7", 1);
  raw_socket_expect (rig.socket, "{\"op\":\"release\",\"block\":2,\"count\":1}", 1);
  raw_socket_say (rig.socket, PING, -1, 0);
  raw_socket_expect (rig.socket, "pong", 1);
  rig_clear (&rig);
  close (memory);
}

/* The same bytes, overlapping ones, and those of one that is deleted: each counts once. */
static void
test_overlapping (void)
{
  Rig rig;
  int memory = GOOD;

  rig_init (&rig);
  rig_say (&rig,
           LINES (HELLO, SHARE, NEW,
                  DATA (1, 1, 0, 100) "\n" DATA (1, 1, 0, 100) "\n" DATA (
                    1, 1, 50, 4000) "\n" DATA (1, 3, 4095,
                                               1) "\n"
                                                  "{\"op\":\"delete_analyzer\",\"id\":1}"),
           memory);
  raw_socket_expect (rig.socket, "{\"op\":\"release\",\"block\":1,\"count\":3}", 1);
  raw_socket_expect (rig.socket, "{\"op\":\"release\",\"block\":3,\"count\":1}", 1);
  rig_clear (&rig);
  close (memory);
}

/* The client goes, in every state. */
static void
test_client_gone (void)
{
  static const char *const lines[] = { HELLO, SHARE, NEW, DATA (1, 1, 0, 4096), DATA (1, 1, 0, 1) };

  for (guint n = 1; n <= G_N_ELEMENTS (lines); n++)
    for (guint waits = 0; waits < 2; waits++)
      {
        Rig rig;
        int memory = GOOD;

        rig_init (&rig);
        for (guint i = 0; i < n; i++)
          {
            raw_socket_say (rig.socket, lines[i], memory, i == 1);
            if (waits && i == 0)
              raw_socket_expect (rig.socket, "set_version", 1);
          }
        if (waits)
          raw_socket_expect (rig.socket, n > 3 ? "release" : "set_version", 1);
        rig_clear (&rig);
        close (memory);
      }
}

/* --- a server that lies --- */

typedef struct
{
  ImpRemoteFactory *factory;
  RelayRig *relay;
  RawSocket *socket;
  guint n_descriptors, n_maps;
} ClientRig;

static gboolean
is_ready (gpointer data)
{
  return imp_remote_factory_get_state (data) == IMP_REMOTE_STATE_READY;
}

/* @limits: of the server, in JSON. The analyzer has been made. */
static void
client_rig_init (ClientRig *rig, const char *limits)
{
  g_autoptr (GIOStream) stream = NULL;
  g_autofree char *greeting = g_strdup_printf ("{\"op\":\"set_version\",\"version\":2,\"features\":"
                                               "[\"shm\",\"end\"],\"limits\":{%s}}",
                                               limits);

  rig->n_descriptors = raw_count_descriptors ();
  rig->n_maps = raw_count_maps ();
  rig->socket = raw_socket_new (&stream);
  rig->factory = imp_remote_factory_new_for_stream (stream);
  g_object_set (rig->factory, "codec", "json", "max-shared-memory", (guint64) 256 * 1024, NULL);
  rig->relay = relay_rig_new (imp_factory_create_analyzer (IMP_FACTORY (rig->factory), NULL, NULL),
                              NULL, NULL, 0);
  raw_socket_say (rig->socket, greeting, -1, 0);
  raw_socket_expect (rig->socket, "\"features\":[\"want\",\"shm\"]", 1);
  g_assert_true (test_run_until (is_ready, rig->factory, 10000));
  relay_rig_run (rig->relay);
}

static void
client_rig_send (ClientRig *rig, gsize length)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (length);

  test_peer_send (rig->relay->peers[0], g_bytes_get_data (bytes, NULL), length);
}

static gboolean
is_done (gpointer data)
{
  return ((RelayRig *) data)->done;
}

static void
client_rig_expect_fatal (ClientRig *rig, const char *word)
{
  g_assert_true (test_run_until (is_done, rig->relay, 10000));
  g_assert_error (rig->relay->error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_nonnull (strstr (rig->relay->error->message, word));
}

static void
client_rig_clear (ClientRig *rig)
{
  g_cancellable_cancel (rig->relay->cancellable);
  g_assert_true (test_run_until (is_done, rig->relay, 10000));
  relay_rig_free (rig->relay);
  imp_remote_factory_close (rig->factory);
  g_assert_finalize_object (rig->factory);
  raw_socket_free (rig->socket);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (raw_count_maps (), ==, rig->n_maps);
  g_assert_true (is_first || raw_count_descriptors () == rig->n_descriptors);
}

/* What a stranger sees: one descriptor, with memory that has the seals, and the bytes in it. */
static void
test_seen (void)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (5000);
  ClientRig rig;
  const char *memory, *place;
  guint block, position;

  client_rig_init (&rig, "\"max-shared-memory\":1000000");
  client_rig_send (&rig, 5000);
  raw_socket_expect (rig.socket, "{\"op\":\"share\",\"size\":262144,\"block_size\":262144}", 1);
  raw_socket_expect (rig.socket, "\"op\":\"shared_data\",\"id\":1,\"dir\":0", 1);
  g_assert_cmpuint (rig.socket->n_descriptors, ==, 1);
  g_assert_cmpint (fcntl (rig.socket->descriptor, F_GET_SEALS) & RAW_MEMORY_SEALS, ==,
                   RAW_MEMORY_SEALS);
  place = strstr (rig.socket->heard->str, "\"block\":");
  g_assert_cmpint (
    sscanf (place, "\"block\":%u,\"position\":%u,\"length\":5000}", &block, &position), ==, 2);
  memory = mmap (NULL, 262144, PROT_READ, MAP_SHARED, rig.socket->descriptor, 0);
  g_assert_true (memory != MAP_FAILED);
  g_assert_cmpmem (memory + block * 262144 + position, 5000, g_bytes_get_data (bytes, NULL), 5000);
  munmap ((gpointer) memory, 262144);
  raw_socket_say (rig.socket, "{\"op\":\"release\",\"block\":0,\"count\":1}", -1, 0);
  raw_socket_say (rig.socket,
                  "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":0,\"offset\":5000}", -1,
                  0);
  while (rig.relay->peers[1]->n_received < 5000)
    g_main_context_iteration (NULL, TRUE);
  test_peer_assert_received (rig.relay->peers[1], g_bytes_get_data (bytes, NULL), 5000);
  client_rig_clear (&rig);
}

/* It gives back what it does not have: too much, twice, of another block, or of none. */
static void
test_release (void)
{
  static const char *const lies[] = {
    "{\"op\":\"release\",\"block\":0,\"count\":2}",
    "{\"op\":\"release\",\"block\":0,\"count\":1}\n{\"op\":\"release\",\"block\":0,\"count\":1}",
    "{\"op\":\"release\",\"block\":1,\"count\":1}",
    "{\"op\":\"release\",\"block\":2147483647,\"count\":2147483647}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      ClientRig rig;

      client_rig_init (&rig, "\"max-shared-memory\":1000000");
      client_rig_send (&rig, 5000);
      raw_socket_expect (rig.socket, "shared_data", 1);
      raw_socket_say (rig.socket, lies[i], -1, 0);
      client_rig_expect_fatal (&rig, "more often than it was lent");
      client_rig_clear (&rig);
    }
}

/* It takes less than a block: then nothing is shared, and nothing can be released. */
static void
test_too_little (void)
{
  ClientRig rig;

  client_rig_init (&rig, "\"max-shared-memory\":262143");
  client_rig_send (&rig, 5000);
  raw_socket_expect (rig.socket, "\"op\":\"data\",\"id\":1", 1);
  g_assert_cmpuint (rig.socket->n_descriptors, ==, 0);
  raw_socket_say (rig.socket, "{\"op\":\"release\",\"block\":0,\"count\":1}", -1, 0);
  client_rig_expect_fatal (&rig, "more often than it was lent");
  client_rig_clear (&rig);
}

/* It never gives anything back: the rest goes through the socket. */
static void
test_never_released (void)
{
  ClientRig rig;

  client_rig_init (&rig, "\"max-shared-memory\":1000000");
  for (gsize sent = 0; sent < 1024 * 1024; sent += 64 * 1024)
    client_rig_send (&rig, 64 * 1024);
  raw_socket_expect (rig.socket, "shared_data", 1);
  raw_socket_expect (rig.socket, "\"op\":\"data\",\"id\":1", 3);
  raw_socket_say (rig.socket,
                  "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":0,\"offset\":-1}", -1,
                  0);
  while (rig.relay->peers[1]->n_received < 1024 * 1024)
    g_main_context_iteration (NULL, TRUE);
  client_rig_clear (&rig);
}

/* --- who is asked --- */

/* Memory of others is not taken, nor given to them, unless that is wanted. */
static void
test_other_user (void)
{
  static const char *const everybody[] = { "*", NULL };
  g_autofree char *dir = g_dir_make_tmp ("imp-sharing-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);

  if (geteuid () != 0)
    {
      g_test_skip ("only root can be two users");
      return;
    }
  for (guint any = 0; any < 2; any++)
    {
      g_autoptr (ImpFactory) factory = IMP_FACTORY (imp_type_factory_new (
        json_rig_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
      g_autoptr (ImpServer) server = imp_server_new (factory);
      g_autoptr (GSocketClient) client = g_socket_client_new ();
      g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
      g_autoptr (GSocketConnection) connection = NULL;
      g_autoptr (TestPeer) peer = NULL;

      g_object_set (server, "shared-memory",
                    any ? IMP_SHARED_MEMORY_ANY_PEER : IMP_SHARED_MEMORY_AUTO, "allow-uids",
                    everybody, NULL);
      g_assert_true (imp_server_listen (server, path, NULL));
      g_assert_cmpint (chmod (dir, 0755) | chmod (path, 0777), ==, 0);
      g_assert_cmpint (seteuid (65534), ==, 0);
      connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);
      g_assert_cmpint (seteuid (0), ==, 0);
      g_assert_nonnull (connection);
      peer = test_peer_new (G_IO_STREAM (g_steal_pointer (&connection)));
      test_peer_send (peer, HELLO "\n", strlen (HELLO "\n"));
      while (peer->n_received < 60)
        g_main_context_iteration (NULL, TRUE);
      g_byte_array_append (peer->received, (const guint8 *) "", 1);
      g_assert_true ((strstr ((char *) peer->received->data, "shm") != NULL) == any);
      imp_server_close (server);
    }
  unlink (path);
  rmdir (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  expect_refusal (LINES (HELLO, SHARE), -1, "without the descriptor");
  test_seen ();
  is_first = FALSE;
  g_test_add_func ("/sharing-lies/share", test_share);
  g_test_add_func ("/sharing-lies/too-large", test_too_large);
  g_test_add_func ("/sharing-lies/descriptors", test_descriptors);
  g_test_add_func ("/sharing-lies/descriptor-flood", test_descriptor_flood);
  g_test_add_func ("/sharing-lies/descriptors-ignored", test_descriptors_ignored);
  g_test_add_func ("/sharing-lies/slow-descriptors", test_slow_descriptors);
  g_test_add_func ("/sharing-lies/places", test_places);
  g_test_add_func ("/sharing-lies/holes", test_holes);
  g_test_add_func ("/sharing-lies/unknown-analyzer", test_unknown_analyzer);
  g_test_add_func ("/sharing-lies/overlapping", test_overlapping);
  g_test_add_func ("/sharing-lies/client-gone", test_client_gone);
  g_test_add_func ("/sharing-lies/seen", test_seen);
  g_test_add_func ("/sharing-lies/release", test_release);
  g_test_add_func ("/sharing-lies/too-little", test_too_little);
  g_test_add_func ("/sharing-lies/never-released", test_never_released);
  g_test_add_func ("/sharing-lies/other-user", test_other_user);
  return g_test_run ();
}
