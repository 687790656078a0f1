/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cascade is what its parts are one behind the other: random parts as a cascade give, byte for
 * byte, what a chain of filters gives that has one of them each; however the input is cut, however
 * the directions are interleaved, whenever the parts answer, and wherever they are. */
#include "analyzers/imp-cascade.h"

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "provider/imp-filter.h"
#include "random-part.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#define PARTS_MAX 4
#define INPUT_LENGTH 2000

typedef enum
{
  KIND_STREAM,
  KIND_MIXED, /* two types of streams by turns */
  KIND_PACKETS,
} Kind;

#define TURN_LENGTH 37
#define OTHER_STREAM -7

/* One filter, or several of which each feeds the next. */
typedef struct
{
  Kind kind;
  gint32 type[2]; /* of the last output */
  ImpFilter *filters[PARTS_MAX];
  guint n;
  GString *output[2];
} Chain;

static void
on_failed (ImpFilter *filter, const char *message, gpointer user_data)
{
  g_error ("failed: %s", message);
}

/* The types can be seen in the output, and where packets begin. */
static void
chain_write (Chain *self, ImpDirection direction, GBytes *data, gint32 data_type)
{
  if (data_type != self->type[direction] || data_type == IMP_DATA_TYPE_PACKET)
    g_string_append_printf (self->output[direction], "{%d}", data_type);
  self->type[direction] = data_type;
  g_string_append_len (self->output[direction], g_bytes_get_data (data, NULL),
                       g_bytes_get_size (data));
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  Chain *chain = user_data;
  guint i = 0;

  while (chain->filters[i] != filter)
    i++;
  if (direction == IMP_DIRECTION_FROM_CLIENT ? i + 1 < chain->n : i > 0)
    g_assert_true (
      imp_filter_push (chain->filters[direction == IMP_DIRECTION_FROM_CLIENT ? i + 1 : i - 1],
                       direction, data, data_type, NULL));
  else
    chain_write (chain, direction, data, data_type);
}

static Chain *
chain_new (GList *factories, Kind kind)
{
  Chain *self = g_new0 (Chain, 1);

  self->kind = kind;
  for (; factories != NULL; factories = factories->next)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factories->data, NULL,
                                                                      &error);

      g_assert_no_error (error);
      self->filters[self->n] = imp_filter_new (analyzer);
      g_signal_connect (self->filters[self->n++], "failed", G_CALLBACK (on_failed), NULL);
    }
  for (guint direction = 0; direction < 2; direction++)
    self->output[direction] = g_string_new (NULL);
  for (guint i = 0; i < self->n; i++)
    imp_filter_set_output (self->filters[i], on_output, self, NULL);
  return self;
}

static void
chain_free (Chain *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      imp_filter_close (self->filters[i]);
      g_object_unref (self->filters[i]);
    }
  for (guint direction = 0; direction < 2; direction++)
    g_string_free (self->output[direction], TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Chain, chain_free)

static ImpFilter *
chain_get_end (Chain *self, ImpDirection side)
{
  return self->filters[side == IMP_DIRECTION_FROM_CLIENT ? 0 : self->n - 1];
}

static gboolean
on_alarm (gpointer user_data)
{
  g_error ("nothing comes any more");
  return G_SOURCE_REMOVE;
}

/* Packets are what they are; streams can be cut anywhere. */
static gsize
random_length (Kind kind, guint pieces, gsize position, gsize left)
{
  gsize length = pieces == 0 ? g_test_rand_int_range (1, 4)
                             : g_test_rand_int_range (1, pieces == 1 ? 30 : 600);

  if (kind == KIND_PACKETS)
    length = 1 + position * 7 % 23;
  else if (kind == KIND_MIXED)
    length = MIN (length, TURN_LENGTH - position % TURN_LENGTH);
  return MIN (length, left);
}

static gint32
chain_get_type (Chain *self, gsize position)
{
  if (self->kind == KIND_PACKETS)
    return IMP_DATA_TYPE_PACKET;
  if (self->kind == KIND_MIXED && position / TURN_LENGTH % 2 == 1)
    return OTHER_STREAM;
  return IMP_DATA_TYPE_STREAM;
}

/* Sends both, each cut at random and both mixed, while the parts may answer in between. */
static void
chain_run (Chain *self, GString *const *input)
{
  gsize done[2] = { 0, 0 };
  gboolean ended[2] = { FALSE, FALSE };
  guint pieces = g_test_rand_int_range (0, 3);
  guint alarm = g_timeout_add_seconds (20, on_alarm, NULL);

  while (!ended[0] || !ended[1])
    {
      guint direction = g_test_rand_bit ();
      gsize length = random_length (self->kind, pieces, done[direction],
                                    input[direction]->len - done[direction]);

      if (!ended[direction])
        g_assert_true (
          imp_filter_push_bytes (chain_get_end (self, direction), direction,
                                 (const guint8 *) input[direction]->str + done[direction], length,
                                 chain_get_type (self, done[direction]), NULL));
      ended[direction] |= length == 0;
      done[direction] += length;
      if (g_test_rand_int_range (0, 8) == 0)
        imp_filter_set_busy (self->filters[g_test_rand_int_range (0, self->n)], g_test_rand_bit (),
                             g_test_rand_bit ());
      while (g_test_rand_bit () && g_main_context_iteration (NULL, FALSE))
        ;
    }
  for (guint i = 0; i < 2 * self->n; i++)
    imp_filter_set_busy (self->filters[i / 2], i % 2, FALSE);
  while (!imp_filter_is_finished (chain_get_end (self, 1), 0)
         || !imp_filter_is_finished (chain_get_end (self, 0), 1))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (alarm);
  for (guint i = 0; i < 2 * self->n; i++)
    g_assert_cmpint (imp_filter_get_held (self->filters[i / 2], i % 2), ==, 0);
}

static void
random_input (GString **input)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      gsize length = g_test_rand_int_range (0, g_test_rand_bit () ? 100 : INPUT_LENGTH);

      input[direction] = g_string_sized_new (length);
      for (gsize i = 0; i < length; i++)
        g_string_append_c (input[direction], (char) ((direction ? 'a' : 'A') + i % 26));
    }
}

static GList *
random_factories (Kind kind)
{
  guint n = g_test_rand_int_range (2, PARTS_MAX + 1);
  GList *factories = NULL;

  for (guint i = 0; i < n; i++)
    factories = g_list_prepend (factories,
                                random_part_factory_new (g_test_rand_int_range (0, G_MAXINT32),
                                                         kind == KIND_PACKETS));
  return factories;
}

static void
check_cascade (GList *parts, Chain *expected, GString *const *input)
{
  g_autoptr (ImpFactory) cascade = imp_cascade_new (parts);
  GList one = { .data = cascade };
  g_autoptr (Chain) chain = chain_new (&one, expected->kind);

  chain_run (chain, input);
  for (guint direction = 0; direction < 2; direction++)
    g_assert_cmpmem (chain->output[direction]->str, chain->output[direction]->len,
                     expected->output[direction]->str, expected->output[direction]->len);
}

typedef struct
{
  ImpServer *server;
  ImpFactory *remote;
} Elsewhere;

static void
elsewhere_init (Elsewhere *self, ImpFactory *factory)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  self->server = imp_server_new (factory);
  imp_server_listen (self->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (self->server);
  self->remote = IMP_FACTORY (imp_remote_factory_new (addresses[0], &error));
  g_assert_no_error (error);
}

static void
elsewhere_clear (Elsewhere *self)
{
  g_object_unref (self->remote);
  imp_server_close (self->server);
  g_object_unref (self->server);
}

static void
test_here (gconstpointer data)
{
  Kind kind = GPOINTER_TO_INT (data);

  for (guint i = 0; i < 500; i++)
    {
      GList *factories = random_factories (kind);
      g_autoptr (Chain) expected = chain_new (factories, kind);
      GString *input[2];

      random_input (input);
      chain_run (expected, input);
      check_cascade (factories, expected, input);
      check_cascade (factories, expected, input);
      g_list_free_full (factories, g_object_unref);
      g_string_free (input[0], TRUE);
      g_string_free (input[1], TRUE);
    }
}

/* Of the same parts, one is behind a socket; and then all of them are. */
static void
test_elsewhere (void)
{
  for (guint i = 0; i < 100; i++)
    {
      Kind kind = i % 3;
      GList *factories = random_factories (kind);
      g_autoptr (Chain) expected = chain_new (factories, kind);
      GList *moved = g_list_nth (factories, g_test_rand_int_range (0, expected->n));
      g_autoptr (ImpFactory) here = moved->data;
      g_autoptr (ImpFactory) cascade = NULL;
      Elsewhere part, all;
      GString *input[2];

      random_input (input);
      chain_run (expected, input);
      elsewhere_init (&part, here);
      moved->data = part.remote;
      check_cascade (factories, expected, input);
      cascade = imp_cascade_new (factories);
      elsewhere_init (&all, cascade);
      check_cascade (&(GList){ .data = all.remote }, expected, input);

      elsewhere_clear (&all);
      moved->data = g_object_ref (moved->data);
      elsewhere_clear (&part);
      g_list_free_full (factories, g_object_unref);
      g_string_free (input[0], TRUE);
      g_string_free (input[1], TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/cascade-random/streams", GINT_TO_POINTER (KIND_STREAM), test_here);
  g_test_add_data_func ("/cascade-random/mixed", GINT_TO_POINTER (KIND_MIXED), test_here);
  g_test_add_data_func ("/cascade-random/packets", GINT_TO_POINTER (KIND_PACKETS), test_here);
  g_test_add_func ("/cascade-random/elsewhere", test_elsewhere);
  return g_test_run ();
}
