/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record of a mebibyte that comes in small pieces costs a few calls of its analyzer, here or
 * behind a connection; so many messages too. And what is gathered is not overdue. */
#include <string.h>

#include "analyzers/imp-framer.h"
#include "core/imp-data-type.h"
#include "core/imp-type-factory.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define PIECE 1024
#define RECORD (1024 * 1024)

typedef struct
{
  ImpFramer parent_instance;
} CountFramer;

typedef struct
{
  ImpFramerClass parent_class;
} CountFramerClass;

GType count_framer_get_type (void);
G_DEFINE_TYPE (CountFramer, count_framer, imp_framer_get_type ())

static guint n_fed, n_records;

static gboolean
count_framer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                   gint32 data_type, GError **error)
{
  n_fed++;
  return IMP_ANALYZER_CLASS (count_framer_parent_class)
    ->data (analyzer, direction, data, offset, data_type, error);
}

static gboolean
count_framer_record (ImpFramer *framer, ImpDirection direction, GBytes *record, GError **error)
{
  g_assert_cmpuint (g_bytes_get_size (record), ==, RECORD);
  n_records++;
  imp_framer_pass_record (framer);
  return TRUE;
}

static void
count_framer_class_init (CountFramerClass *klass)
{
  IMP_ANALYZER_CLASS (klass)->data = count_framer_data;
  IMP_FRAMER_CLASS (klass)->record = count_framer_record;
}

static void
count_framer_init (CountFramer *self)
{
  g_object_set (self, "max-record", RECORD, NULL);
  imp_framer_set_length_prefix (IMP_FRAMER (self), CLIENT, 4, FALSE, 4, NULL);
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  g_byte_array_append (user_data, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
}

static guint64
get_statistic (ImpRemoteFactory *remote, const char *name)
{
  g_autoptr (GVariant) numbers = imp_remote_factory_get_statistics (remote);
  guint64 number = 0;

  g_assert_true (g_variant_lookup (numbers, name, "t", &number));
  return number;
}

/* Gives time to whoever answers. */
static void
settle (ImpFilter *filter, gint64 held)
{
  while (imp_filter_get_held (filter, CLIENT) > held)
    g_main_context_iteration (NULL, TRUE);
}

/* @slow: each piece comes when all before it has been seen. */
static void
run (ImpFactory *factory, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, &error);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autofree guint8 *record = g_malloc0 (RECORD);
  const guint32 length = GUINT32_TO_BE (RECORD - 4);

  g_assert_no_error (error);
  n_fed = n_records = 0;
  memcpy (record, &length, 4);
  imp_filter_set_output (filter, on_output, output, NULL);
  for (guint i = 0; i < n; i++)
    {
      for (gsize at = 0; at < RECORD; at += PIECE)
        {
          g_assert_true (
            imp_filter_push_bytes (filter, CLIENT, record + at, PIECE, IMP_DATA_TYPE_STREAM, NULL));
          if (at < 8 * PIECE)
            for (guint turn = 0; turn < 50; turn++)
              {
                g_usleep (100);
                g_main_context_iteration (NULL, FALSE);
              }
        }
      settle (filter, 0);
    }
  g_assert_cmpuint (n_records, ==, n);
  g_assert_cmpuint (output->len, ==, n * RECORD);
  imp_filter_close (filter);
}

static ImpFactory *
new_factory (void)
{
  return imp_type_factory_new (count_framer_get_type (), IMP_DATA_TYPE_STREAM,
                               IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE
                                 | IMP_RESULT_FLAGS_DENY | IMP_RESULT_FLAGS_WANT);
}

static void
test_here (void)
{
  g_autoptr (ImpFactory) factory = new_factory ();

  run (factory, 3);
  /* The first piece says how much it is, and the rest comes at once. */
  g_assert_cmpuint (n_fed, ==, 6);
}

static void
test_remote (void)
{
  g_autoptr (ImpFactory) factory = new_factory ();
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_auto (GStrv) addresses = NULL;
  guint64 n_sent;

  g_assert_true (imp_server_listen (server, "127.0.0.1:0", NULL));
  addresses = imp_server_list_addresses (server);
  remote = imp_remote_factory_new (addresses[0], NULL);
  n_sent = 0;
  run (IMP_FACTORY (remote), 3);
  n_sent = get_statistic (remote, "messages-out");
  g_test_message ("%u calls, %" G_GUINT64_FORMAT " messages", n_fed, n_sent);
  /* Some pieces are under way before it is known what is wanted. */
  g_assert_cmpuint (n_fed, <=, 3 * 5);
  g_assert_cmpuint (n_sent, <=, 3 * 5 + 4);
  imp_server_close (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-gather/here", test_here);
  g_test_add_func ("/remote-gather/remote", test_remote);
  return g_test_run ();
}
