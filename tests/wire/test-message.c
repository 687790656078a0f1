/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "test-messages.h"
#include "wire/imp-wire-private.h"

static void
assert_text (ImpMessage *message, const char *expected)
{
  g_autofree char *text = imp_message_to_string (message);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_data (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("byte", 5);
  g_autoptr (ImpMessage) message = imp_message_new_data (3, IMP_DIRECTION_FROM_SERVER, 40, -99,
                                                         bytes);

  g_assert_cmpint (imp_message_get_op (message), ==, IMP_OP_DATA);
  g_assert_cmpint (imp_message_get_id (message), ==, 3);
  g_assert_cmpint (imp_message_get_direction (message), ==, IMP_DIRECTION_FROM_SERVER);
  g_assert_cmpint (imp_message_get_offset (message), ==, 40);
  g_assert_cmpint (imp_message_get_data_type (message), ==, -99);
  g_assert_true (imp_message_get_data (message) == bytes);
  g_assert_null (imp_message_get_result (message));
  g_assert_null (imp_message_get_text (message));
  assert_text (message, "data #3 dir=1 offset=40 type=-99 data=5 bytes");
}

static void
test_result (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("byte", 5);
  g_autoptr (ImpResult) result = imp_result_new_replace (IMP_DIRECTION_FROM_SERVER, 9, bytes);
  g_autoptr (ImpMessage) message = imp_message_new_result (4, result);

  g_assert_true (imp_message_get_result (message) == result);
  g_assert_cmpint (imp_message_get_direction (message), ==, IMP_DIRECTION_FROM_SERVER);
  g_assert_cmpint (imp_message_get_offset (message), ==, 9);
  g_assert_true (imp_message_get_data (message) == bytes);
  assert_text (message, "result #4: replace dir=1 offset=9 data=5 bytes");
}

static void
test_version (void)
{
  const char *features[] = { "end", "more", NULL };
  g_autoptr (GHashTable) limits = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) copy = NULL;
  g_autoptr (ImpMessage) message = NULL;
  g_autoptr (ImpMessage) bare = imp_message_new_set_version (1, 1, NULL, NULL);

  g_hash_table_insert (limits, (char *) "max_message", (char *) "1000");
  message = imp_message_new_set_version (2, 1, limits, features);
  copy = imp_message_dup_limits (message);
  g_assert_cmpuint (imp_message_get_version (message), ==, 2);
  g_assert_cmpuint (imp_message_get_minimum (message), ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (copy, "max_message"), ==, "1000");
  g_assert_cmpstrv (imp_message_get_features (message), features);
  g_assert_null (imp_message_get_features (bare));
  assert_text (message, "set_version 1..2 max_message=\"1000\" +end +more");
  assert_text (bare, "set_version 1..1");
}

static void
test_interfaces (void)
{
  g_autoptr (ImpInterface) any = imp_interface_new (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpInterface) one = imp_interface_new (IMP_DATA_TYPE_STREAM,
                                                    IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY);
  g_autoptr (GList) list = g_list_append (g_list_append (NULL, any), one);
  g_autoptr (ImpMessage) get = imp_message_new_get_interface (list);
  g_autoptr (ImpMessage) set = imp_message_new_set_interface (one);
  g_autoptr (ImpMessage) answer = imp_message_new_interface (list);

  g_assert_cmpuint (g_list_length (imp_message_get_interfaces (get)), ==, 2);
  g_assert_true (imp_message_get_interfaces (set)->data == one);
  g_assert_false (imp_message_equal (get, answer));
  assert_text (get, "get_interface [any data: all results] [imp.data.stream: pass, deny]");
  assert_text (set, "set_interface [imp.data.stream: pass, deny]");
}

static void
test_context (void)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) copy = NULL;
  g_autoptr (ImpMessage) message = NULL;
  g_autoptr (ImpMessage) bare = imp_message_new_new_analyzer (1, NULL);

  g_hash_table_insert (context, (char *) "app", (char *) "http");
  message = imp_message_new_new_analyzer (1, context);
  copy = imp_message_dup_context (message);
  g_assert_cmpuint (g_hash_table_size (copy), ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (copy, "app"), ==, "http");
  g_assert_false (imp_message_equal (message, bare));
  assert_text (message, "new_analyzer #1 app=\"http\"");
  assert_text (bare, "new_analyzer #1");
}

static void
test_others (void)
{
  g_autoptr (ImpMessage) busy = imp_message_new_busy (2, IMP_DIRECTION_FROM_CLIENT, 7);
  g_autoptr (ImpMessage) ping = imp_message_new_ping (99);
  g_autoptr (ImpMessage) goodbye = imp_message_new_goodbye ("later");
  g_autoptr (ImpMessage) exception = imp_message_new_exception (0, "bin\xff");

  g_assert_true (imp_message_get_busy (busy) == TRUE);
  g_assert_cmpint (imp_message_get_token (ping), ==, 99);
  g_assert_cmpstr (imp_message_get_text (exception), ==, "bin\xef\xbf\xbd");
  assert_text (busy, "busy #2 dir=0 on");
  assert_text (ping, "ping token=99");
  assert_text (goodbye, "goodbye \"later\"");
}

/* The question for the status, and an answer, which share no getter with others. */
static void
test_status (void)
{
  g_autoptr (GHashTable) table = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) copy = NULL, none = NULL, context = NULL;
  g_autoptr (ImpMessage) question = imp_message_new_get_status (7, 2000);
  g_autoptr (ImpMessage) answer = NULL, last = NULL;

  g_hash_table_insert (table, (char *) "state", (char *) "up");
  answer = imp_message_new_status (7, table, 5);
  last = imp_message_new_status (7, table, FALSE);
  copy = imp_message_dup_status (answer);
  none = imp_message_dup_status (question);
  context = imp_message_dup_context (answer);
  g_assert_cmpuint (imp_message_get_timeout (question), ==, 2000);
  g_assert_cmpint (imp_message_get_offset (question), ==, 0);
  g_assert_cmpint (imp_message_get_token (question), ==, 7);
  g_assert_cmpint (imp_message_get_token (answer), ==, 7);
  g_assert_cmpuint (imp_message_get_timeout (answer), ==, 0);
  g_assert_true (imp_message_get_more (answer) == TRUE);
  g_assert_false (imp_message_get_busy (answer));
  g_assert_false (imp_message_get_more (last));
  g_assert_false (imp_message_equal (answer, last));
  g_assert_cmpstr (g_hash_table_lookup (copy, "state"), ==, "up");
  g_assert_cmpuint (g_hash_table_size (none) + g_hash_table_size (context), ==, 0);
  assert_text (question, "get_status token=7 timeout=2000");
  assert_text (answer, "status token=7 state=\"up\" more");
  assert_text (last, "status token=7 state=\"up\"");
}

/* What is about shared memory: no getter gives what another message has in the same place. */
static void
test_sharing (void)
{
  g_autoptr (ImpMessage) share = imp_message_new_share (G_GINT64_CONSTANT (1) << 40, 4096);
  g_autoptr (ImpMessage) release = imp_message_new_release (3, 5);
  g_autoptr (ImpMessage) data = imp_message_new_shared_data (9, IMP_DIRECTION_FROM_SERVER, 11, -2,
                                                             3, 64, 5);

  g_assert_cmpint (imp_message_get_size (share), ==, G_GINT64_CONSTANT (1) << 40);
  g_assert_cmpuint (imp_message_get_block_size (share), ==, 4096);
  g_assert_cmpint (imp_message_get_block (share) + imp_message_get_position (share)
                     + imp_message_get_length (share) + imp_message_get_count (share),
                   ==, 0);
  g_assert_cmpuint (imp_message_get_block (release), ==, 3);
  g_assert_cmpuint (imp_message_get_count (release), ==, 5);
  g_assert_cmpint (imp_message_get_size (release), ==, 0);
  g_assert_cmpint (imp_message_get_length (release), ==, 0);
  g_assert_cmpint (imp_message_get_id (data), ==, 9);
  g_assert_cmpint (imp_message_get_direction (data), ==, IMP_DIRECTION_FROM_SERVER);
  g_assert_cmpint (imp_message_get_offset (data), ==, 11);
  g_assert_cmpint (imp_message_get_data_type (data), ==, -2);
  g_assert_cmpuint (imp_message_get_block (data), ==, 3);
  g_assert_cmpuint (imp_message_get_position (data), ==, 64);
  g_assert_cmpint (imp_message_get_length (data), ==, 5);
  g_assert_cmpuint (imp_message_get_count (data) + imp_message_get_block_size (data), ==, 0);
  assert_text (share, "share size=1099511627776 block_size=4096");
  assert_text (data, "shared_data #9 dir=1 offset=11 type=-2 block=3 position=64 length=5");
  assert_text (release, "release block=3 count=5");
}

/* Binary text in a context reaches the wire as UTF-8. */
static void
test_invalid_text (void)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) copy = NULL;
  g_autoptr (ImpMessage) message = NULL;

  g_hash_table_insert (context, (char *) "\xfe", (char *) "\xff!");
  message = imp_message_new_new_analyzer (1, context);
  copy = imp_message_dup_context (message);
  g_assert_cmpstr (g_hash_table_lookup (copy, "\xef\xbf\xbd"), ==, "\xef\xbf\xbd!");
}

/* Two random messages are equal only where they say the same to people, too; a message is equal
 * to itself however often it moves between stack and heap. */
static void
test_equal (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (g_test_rand_int ());

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (ImpMessage) one = test_random_message (random, 2);
      g_autoptr (ImpMessage) other = test_random_message (random, 2);
      g_autoptr (ImpMessage) referenced = imp_message_ref (one);
      g_autofree char *text = imp_message_to_string (one);
      g_autofree char *other_text = imp_message_to_string (other);

      g_assert_true (imp_message_equal (one, referenced));
      if (imp_message_equal (one, other))
        g_assert_cmpstr (text, ==, other_text);
    }
}

static void
test_steal (void)
{
  ImpMessage local = IMP_MESSAGE_INIT;
  g_autoptr (ImpMessage) stolen = NULL;

  local.op = IMP_OP_EXCEPTION;
  local.id = 5;
  local.text = g_strdup ("text");
  stolen = imp_message_steal (&local);
  g_assert_null (local.text);
  g_assert_cmpint (local.op, ==, 0);
  assert_text (stolen, "exception #5 \"text\"");
  imp_message_clear (&local);
}

static void
test_ops (void)
{
  g_autoptr (GEnumClass) ops = g_type_class_ref (IMP_TYPE_OP);

  g_assert_cmpuint (ops->n_values, ==, 18);
  for (guint i = 0; i < ops->n_values; i++)
    {
      const char *name = imp_op_to_string (ops->values[i].value);

      g_assert_nonnull (name);
      g_assert_cmpint (imp_op_from_string (name), ==, ops->values[i].value);
    }
  g_assert_null (imp_op_to_string (1));
  g_assert_cmpint (imp_op_from_string ("dance"), ==, 0);
}

/* What no peer would take is refused by the writer already. */
static void
test_unwritable (void)
{
  ImpResult *results[] = {
    imp_result_new_pass (0, IMP_MAX_ID + 1),
    imp_result_new_pass (0, -2),
    imp_result_new_replace_later (0, 0, IMP_MAX_ID + 1),
    imp_result_new_log (0, 0, -1, IMP_LOG_LEVEL_INFO, "", NULL),
    imp_result_new_pass_pattern (0, "x", G_MAXUINT),
  };

  for (guint i = 0; imp_wires[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS (results); k++)
      {
        g_autoptr (ImpMessage) message = imp_message_new_result (1, results[k]);
        g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
        g_autoptr (GError) error = NULL;

        g_assert_false (imp_wires[i]->encode (message, 1, buffer, &error));
        g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
        g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 0);
      }
  for (guint k = 0; k < G_N_ELEMENTS (results); k++)
    g_clear_pointer (&results[k], imp_result_unref);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/data", test_data);
  g_test_add_func ("/message/result", test_result);
  g_test_add_func ("/message/version", test_version);
  g_test_add_func ("/message/interfaces", test_interfaces);
  g_test_add_func ("/message/context", test_context);
  g_test_add_func ("/message/others", test_others);
  g_test_add_func ("/message/status", test_status);
  g_test_add_func ("/message/sharing", test_sharing);
  g_test_add_func ("/message/invalid-text", test_invalid_text);
  g_test_add_func ("/message/equal", test_equal);
  g_test_add_func ("/message/steal", test_steal);
  g_test_add_func ("/message/ops", test_ops);
  g_test_add_func ("/message/unwritable", test_unwritable);
  return g_test_run ();
}
