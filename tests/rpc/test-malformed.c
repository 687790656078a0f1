/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Malformed messages that end where they say: what they concern comes to an end, and nothing
 * else. */
#include "json-rig.h"
#include "test-messages.h"
#include "test-streams.h"

#include "rpc/imp-protocol-private.h"

#include <string.h>

static JsonRig *
start (void)
{
  JsonRig *rig = json_rig_new (NULL, 0);

  json_rig_say (rig, "{\"op\":\"new_analyzer\",\"id\":1}");
  g_free (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":2}"));
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, 2);
  return rig;
}

typedef struct
{
  const char *line;
  int id;            /* that the exception has */
  guint n_analyzers; /* that are left */
} Case;

static const Case cases[] = {
  { "{\"op\":\"data\",\"id\":1,\"dir\":2,\"text\":\"x\"}", 1, 1 },
  { "{\"op\":\"data\",\"id\":1,\"dir\":0}", 1, 1 },
  { "{\"id\":1,\"op\":\"data\",\"dir\":0,\"text\":\"\\u0000\"}", 1, 1 },
  { "{\"op\":\"busy\",\"id\":2,\"dir\":0,\"busy\":\"perhaps\"}", 2, 1 },
  { "{\"op\":\"delete_analyzer\",\"id\":2,\"x\":}", 2, 1 },
  { "{\"op\":\"new_analyzer\",\"id\":3,\"context\":[]}", 3, 2 },
  { "{\"op\":\"data\",\"id\":4,\"dir\":2,\"text\":\"x\"}", 4, 2 },
  { "{\"op\":\"data\",\"dir\":0,\"text\":\"x\"}", 0, 2 },
  { "{\"op\":\"data\",\"id\":0,\"dir\":0,\"text\":\"x\"}", 0, 2 },
  { "{\"op\":\"data\",\"id\":-1,\"dir\":0,\"text\":\"x\"}", 0, 2 },
  { "{\"op\":\"data\",\"id\":9007199254740992,\"dir\":0,\"text\":\"x\"}", 0, 2 },
  { "{\"op\":\"ping\",\"id\":1,\"token\":-1}", 0, 2 },
  { "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":7,\"offset\":1}", 0, 2 },
  { "{\"op\":\"juggle\",\"id\":1}", 0, 2 },
  { "{\"id\":1}", 0, 2 },
  { "id 1", 0, 2 },
};

static void
test_case (gconstpointer data)
{
  const Case *this = data;
  JsonRig *rig = start ();
  g_autofree char *answer = NULL, *expected = NULL;

  answer = json_rig_ask (rig, "%s", this->line);
  g_test_message ("%s", answer);
  expected = g_strdup_printf ("{\"op\":\"exception\",\"id\":%d,", this->id);
  g_assert_true (g_str_has_prefix (answer, expected));
  g_assert_true (strchr (answer, '\n') == strrchr (answer, '\n'));
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, this->n_analyzers);
  json_rig_free (rig);
}

/* The other analyzer goes on, and the id is free again. */
static void
test_others_live (void)
{
  JsonRig *rig = start ();
  g_autofree char *broken = NULL, *other = NULL, *again = NULL;

  broken = json_rig_ask (rig, "{\"op\":\"data\",\"id\":1,\"dir\":2,\"text\":\"x\"}");
  other = json_rig_ask (rig, "{\"op\":\"data\",\"id\":2,\"dir\":0,\"text\":\"hello!\"}");
  g_assert_cmpstr (other, ==,
                   "{\"op\":\"result\",\"id\":2,\"result\":\"pass\",\"dir\":0,"
                   "\"offset\":6}\n");
  again = json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":1}");
  g_assert_cmpstr (again, ==, "");
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, 2);
  json_rig_free (rig);
}

/* One client's wrong analyzers are no reason to refuse its right ones; what concerns nobody is. */
static void
test_how_often (void)
{
  JsonRig *rig = start ();

  for (int i = 0; i < 100; i++)
    g_free (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":7,\"context\":[]}"));
  for (int i = 0; i < 16; i++)
    g_free (json_rig_ask (rig, "{\"op\":\"juggle\"}"));
  g_assert_cmpuint (imp_server_get_n_connections (rig->server), ==, 1);
  json_rig_say (rig, "{\"op\":\"juggle\"}");
  g_free (json_rig_wait_for_end (rig));
  json_rig_free (rig);
}

/* Limits and features do not change under analyzers. */
static void
test_version_twice (void)
{
  JsonRig *rig = start ();
  g_autofree char *answer = NULL;

  json_rig_say (rig, "{\"op\":\"set_version\",\"version\":1}");
  answer = json_rig_wait_for_end (rig);
  g_assert_nonnull (strstr (answer, "\"op\":\"exception\",\"id\":0"));
  g_assert_nonnull (strstr (answer, "set_version is for the first message"));
  json_rig_free (rig);
}

/* The bytes of a message whose direction is none, in any wire format: where those of direction 0
 * and 1 differ stands the number. */
static GBytes *
encode_wrong (const ImpWire *wire)
{
  g_autoptr (GBytes) payload = g_bytes_new_static ("hello", 5);
  g_autoptr (ImpMessage) zero = imp_message_new_data (3, 0, 0, IMP_DATA_TYPE_STREAM, payload);
  g_autoptr (ImpMessage) one = imp_message_new_data (3, 1, 0, IMP_DATA_TYPE_STREAM, payload);
  g_autoptr (GBytes) first = test_encode (wire, 1, zero), second = test_encode (wire, 1, one);
  gsize size, position = 0;
  const guint8 *a = g_bytes_get_data (first, &size), *b = g_bytes_get_data (second, NULL);
  guint8 *wrong = g_memdup2 (b, size);

  while (a[position] == b[position])
    position++;
  wrong[position] += 4;
  return g_bytes_new_take (wrong, size);
}

/* Every wire format knows op and id of what it refuses. */
static void
test_every_form (void)
{
  for (gsize i = 0; imp_wires[i] != NULL; i++)
    {
      g_autoptr (GBytes) bytes = encode_wrong (imp_wires[i]);
      g_autoptr (GError) error = NULL;
      const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
      ImpMessage message = IMP_MESSAGE_INIT;
      ImpCursor input;
      gsize need;

      imp_cursor_init_bytes (&input, bytes);
      g_assert_cmpint (imp_wires[i]->decode (&input, &limits, &message, &need, &error), ==,
                       IMP_DECODE_BAD);
      g_test_message ("%s: %s", imp_wires[i]->name, error->message);
      g_assert_cmpuint (input.position, ==, g_bytes_get_size (bytes));
      g_assert_cmpint (imp_protocol_get_concerned (&message), ==, 3);
      imp_message_clear (&message);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/malformed/%" G_GSIZE_FORMAT, i);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/malformed/others-live", test_others_live);
  g_test_add_func ("/malformed/every-form", test_every_form);
  g_test_add_func ("/malformed/version-twice", test_version_twice);
  g_test_add_func ("/malformed/how-often", test_how_often);
  return g_test_run ();
}
