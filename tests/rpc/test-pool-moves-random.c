/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers that die or drain at any moment, under connections that are at any point: what comes out
 * of each is what went in, once and in order, or up to the point at which it has failed; and it
 * fails only if it could not move. */
#include "pool-rig.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "core/imp-factory.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-remote-analyzer-private.h"
#include "test-streams.h"

#define N_CONNECTIONS 40
#define N_STEPS 600
#define INPUT_MAX 20000

/* One connection, and what its analyzers at the servers have seen of it. */
typedef struct
{
  ImpFilter *filter;
  GBytes *input[2];
  gsize pushed[2];
  gboolean ended[2];
  GByteArray *output[2];
  gboolean is_out[2]; /* the end has come out */
  guint n_opened;     /* analyzers for it, in all servers together */
  gboolean has_spoken;
  gsize decides_at; /* so many bytes, of both directions */
  guint hint;       /* what its analyzers say before: nothing, PAUSE, or WANT */
} Connection;

static Connection connections[N_CONNECTIONS];

/* --- at the servers --- */

typedef struct
{
  ImpAnalyzer parent;
  Connection *connection;
  gsize fed[2];
  gboolean ended[2];
} Thinker;
typedef ImpAnalyzerClass ThinkerClass;

static GType thinker_get_type (void);
G_DEFINE_TYPE (Thinker, thinker, IMP_TYPE_ANALYZER)

/* Every analyzer sees its connection from the first byte on. */
static void
thinker_check (Thinker *self, ImpDirection direction, GBytes *data)
{
  gsize length, size;
  const guint8 *input = g_bytes_get_data (self->connection->input[direction], &size);
  const guint8 *bytes = g_bytes_get_data (data, &length);

  g_assert_false (self->ended[direction]);
  g_assert_cmpuint (length, <=, size - self->fed[direction]);
  if (length > 0)
    g_assert_cmpmem (bytes, length, input + self->fed[direction], length);
  self->fed[direction] += length;
  self->ended[direction] = length == 0;
}

static gboolean
thinker_decides (Thinker *self)
{
  return self->fed[0] + self->fed[1] >= self->connection->decides_at
         || (self->ended[0] && self->ended[1]);
}

static gboolean
thinker_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
              gint32 data_type, GError **error)
{
  Thinker *self = (Thinker *) analyzer;

  thinker_check (self, direction, data);
  if (thinker_decides (self))
    {
      self->connection->has_spoken = TRUE;
      for (guint i = 0; i < 2; i++)
        {
          imp_analyzer_pass_bytes (analyzer, i, self->fed[i]);
          imp_analyzer_resume (analyzer, i);
        }
    }
  else if (self->connection->hint == 1)
    imp_analyzer_pause (analyzer, direction);
  else if (self->connection->hint == 2 && !self->ended[direction])
    imp_analyzer_want (analyzer, direction, 300);
  return TRUE;
}

static void
thinker_init (Thinker *self)
{
}

static void
thinker_class_init (ThinkerClass *klass)
{
  klass->data = thinker_data;
}

typedef ImpFactory School;
typedef ImpFactoryClass SchoolClass;
static GType school_get_type (void);
G_DEFINE_TYPE (School, school, IMP_TYPE_FACTORY)

static ImpAnalyzer *
school_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  Thinker *self = g_object_new (thinker_get_type (), NULL);

  self->connection = &connections[atoi (g_hash_table_lookup (context, "n"))];
  self->connection->n_opened++;
  return (ImpAnalyzer *) self;
}

static void
school_init (School *self)
{
}

static void
school_class_init (SchoolClass *klass)
{
  klass->create_analyzer = school_create_analyzer;
}

/* --- at the provider --- */

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  Connection *self = user_data;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  g_assert_false (self->is_out[direction]);
  g_byte_array_append (self->output[direction], bytes, length);
  self->is_out[direction] = length == 0;
}

static void
connection_open (Connection *self, ImpRemoteFactory *remote)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *n = g_strdup_printf ("%d", (int) (self - connections));
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) error = NULL;

  *self = (Connection){ .hint = g_test_rand_int_range (0, 3) };
  self->decides_at = g_test_rand_int_range (1, INPUT_MAX);
  for (guint i = 0; i < 2; i++)
    {
      self->input[i] = test_bytes_pattern (g_test_rand_int_range (1, INPUT_MAX));
      self->output[i] = g_byte_array_new ();
    }
  g_hash_table_insert (context, (gpointer) "n", n);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), context, &error);
  g_assert_no_error (error);
  self->filter = imp_filter_new (analyzer);
  imp_filter_set_output (self->filter, on_output, self, NULL);
}

static gsize
connection_get_left (Connection *self, ImpDirection direction)
{
  return g_bytes_get_size (self->input[direction]) - self->pushed[direction];
}

/* The next piece, or the end. */
static void
connection_push (Connection *self, ImpDirection direction, gsize max)
{
  gsize length = MIN (max, connection_get_left (self, direction));
  g_autoptr (GBytes) piece = NULL;
  g_autoptr (GError) error = NULL;

  if (self->ended[direction] || !imp_filter_check (self->filter, NULL))
    return;
  self->ended[direction] = connection_get_left (self, direction) == 0;
  piece = g_bytes_new_from_bytes (self->input[direction], self->pushed[direction], length);
  self->pushed[direction] += length;
  imp_filter_push (self->filter, direction, piece, IMP_DATA_TYPE_STREAM, &error);
  g_assert_no_error (error);
}

static gboolean
connection_is_over (gpointer data)
{
  Connection *self = data;

  return !imp_filter_check (self->filter, NULL) || (self->is_out[0] && self->is_out[1]);
}

static void
connection_finish (Connection *self)
{
  for (guint i = 0; i < 2; i++)
    while (!self->ended[i] && imp_filter_check (self->filter, NULL))
      connection_push (self, i, INPUT_MAX);
  if (!test_run_until (connection_is_over, self, POOL_RIG_TIMEOUT))
    g_error ("connection %d hangs with %u of %" G_GSIZE_FORMAT " and %u of %" G_GSIZE_FORMAT
             " bytes; it was opened %u times",
             (int) (self - connections), self->output[0]->len, g_bytes_get_size (self->input[0]),
             self->output[1]->len, g_bytes_get_size (self->input[1]), self->n_opened);
}

/* It has been at so many servers that were lost, or that drained. */
static gboolean
connection_is_stuck (Connection *self)
{
  ImpRemoteAnalyzer *analyzer = IMP_REMOTE_ANALYZER (imp_filter_get_analyzer (self->filter));

  return analyzer->n_losses >= IMP_REMOTE_ANALYZER_LOSSES_MAX
         || analyzer->n_moves >= IMP_REMOTE_ANALYZER_MOVES_MAX
         || analyzer->n_doubts >= IMP_REMOTE_ANALYZER_DOUBTS_MAX;
}

static void
connection_check (Connection *self)
{
  gboolean is_open = imp_filter_check (self->filter, NULL);

  for (guint i = 0; i < 2; i++)
    {
      gsize size;
      const guint8 *input = g_bytes_get_data (self->input[i], &size);

      g_assert_cmpuint (self->output[i]->len, <=, size);
      g_assert_cmpmem (self->output[i]->data, self->output[i]->len, input, self->output[i]->len);
      g_assert_true (!is_open || self->output[i]->len == size);
      g_assert_true (!is_open || !imp_filter_is_paused (self->filter, i));
    }
  g_assert_true (is_open || self->has_spoken || connection_is_stuck (self));
}

static void
connection_close (Connection *self)
{
  imp_filter_close (self->filter);
  g_assert_finalize_object (self->filter);
  for (guint i = 0; i < 2; i++)
    {
      g_bytes_unref (self->input[i]);
      g_byte_array_unref (self->output[i]);
    }
}

/* --- together --- */

static void
iterate (guint n)
{
  while (n-- > 0)
    g_main_context_iteration (NULL, FALSE);
}

/* Dies, perhaps while it drains. Another one is there soon, so that there are always others. */
static void
lose_server (PoolRig *rig)
{
  PoolServer *server = &rig->servers[g_test_rand_int_range (0, POOL_RIG_SERVERS)];

  pool_rig_wait_ready (rig, POOL_RIG_SERVERS);
  if (g_test_rand_int_range (0, 3) == 0)
    {
      pool_server_stop (server, NULL);
      iterate (g_test_rand_int_range (0, 50));
    }
  imp_server_close (server->server);
  iterate (g_test_rand_int_range (0, 3));
  g_clear_object (&server->server);
  pool_server_start (server);
}

static void
make_step (PoolRig *rig)
{
  Connection *connection = &connections[g_test_rand_int_range (0, N_CONNECTIONS)];

  switch (g_test_rand_int_range (0, 20))
    {
    case 0:
      lose_server (rig);
      break;
    case 1:
      connection_finish (connection);
      connection_check (connection);
      connection_close (connection);
      connection_open (connection, rig->remote);
      break;
    default:
      connection_push (connection, g_test_rand_int_range (0, 2),
                       g_test_rand_int_range (1, INPUT_MAX / 4));
      iterate (g_test_rand_int_range (0, 10));
    }
}

static void
check_random (const char *balance, guint n_connections)
{
  PoolRig rig;
  guint n_whole = 0;

  pool_rig_init (&rig, balance, n_connections, 0);
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    {
      g_clear_object (&rig.servers[i].factory);
      rig.servers[i].factory = g_object_new (school_get_type (), NULL);
      pool_server_start (&rig.servers[i]);
    }
  /* To be ejected is another matter. */
  imp_remote_factory_set_ejection_time (rig.remote, 1);
  pool_rig_connect (&rig, POOL_RIG_SERVERS);
  for (guint i = 0; i < N_CONNECTIONS; i++)
    connection_open (&connections[i], rig.remote);
  for (guint i = 0; i < N_STEPS; i++)
    make_step (&rig);
  for (guint i = 0; i < N_CONNECTIONS; i++)
    connection_finish (&connections[i]);
  for (guint i = 0; i < N_CONNECTIONS; i++)
    {
      connection_check (&connections[i]);
      n_whole += imp_filter_check (connections[i].filter, NULL);
      connection_close (&connections[i]);
    }
  g_test_message ("%u of the last %u are whole; %" G_GUINT64_FORMAT " have moved, "
                  "%" G_GUINT64_FORMAT " could not",
                  n_whole, N_CONNECTIONS, pool_rig_get_total (&rig, "moved"),
                  pool_rig_get_total (&rig, "not-intact"));
  g_assert_cmpuint (pool_rig_get_total (&rig, "moved"), >, 0);
  g_assert_cmpuint (pool_rig_get_total (&rig, "settled-soft"), ==, 0);
  pool_rig_clear (&rig);
}

static void
test_two_choices (void)
{
  check_random ("two-choices", 1);
}

static void
test_connections (void)
{
  check_random ("two-choices", 2);
}

static void
test_hash (void)
{
  check_random ("hash=n", 1);
}

static void
test_first (void)
{
  check_random ("first", 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool-moves-random/two-choices", test_two_choices);
  g_test_add_func ("/pool-moves-random/connections", test_connections);
  g_test_add_func ("/pool-moves-random/hash", test_hash);
  g_test_add_func ("/pool-moves-random/first", test_first);
  return g_test_run ();
}
