/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-messages.h"

/* A number of up to @bits bits, small ones as often as large ones. */
static gint64
random_number (GRand *random, guint bits)
{
  guint64 number = (guint64) g_rand_int (random) << 32 | g_rand_int (random);
  guint n = g_rand_int_range (random, 0, bits + 1);

  if (n == 0)
    return 0;
  number &= (G_GUINT64_CONSTANT (1) << n) - 1;
  return g_rand_int_range (random, 0, 4) == 0 ? (gint64) ((G_GUINT64_CONSTANT (1) << n) - 1)
                                              : (gint64) number;
}

gint64
test_random_id (GRand *random)
{
  gint64 id = random_number (random, 53);

  return id > 0 ? id : 1;
}

static gint64
random_offset (GRand *random)
{
  return g_rand_int_range (random, 0, 5) == 0 ? IMP_MAX_OFFSET : random_number (random, 53);
}

static ImpDirection
random_direction (GRand *random)
{
  return g_rand_boolean (random) ? IMP_DIRECTION_FROM_SERVER : IMP_DIRECTION_FROM_CLIENT;
}

static gint32
random_type (GRand *random)
{
  gint32 type = random_number (random, 31);

  if (type == 0)
    return IMP_DATA_TYPE_STREAM;
  return g_rand_boolean (random) ? type : -type - (type == G_MAXINT32 ? 1 : 0);
}

char *
test_random_text (GRand *random)
{
  static const gunichar limits[] = { 0x20, 0x7f, 0x80, 0x800, 0xd800, 0x10000, 0x110000 };
  GString *text = g_string_new (NULL);
  guint n = random_number (random, g_rand_int_range (random, 0, 8) == 0 ? 12 : 4);

  for (guint i = 0; i < n; i++)
    {
      gunichar limit = limits[g_rand_int_range (random, 0, G_N_ELEMENTS (limits))];
      gunichar c = g_rand_int_range (random, 1, limit);

      g_string_append_unichar (text, c >= 0xd800 && c < 0xe000 ? '"' : c);
    }
  return g_string_free (text, FALSE);
}

GBytes *
test_random_bytes (GRand *random)
{
  char *data;
  gsize n;

  if (g_rand_boolean (random))
    {
      data = test_random_text (random);
      return g_bytes_new_take (data, strlen (data));
    }
  n = random_number (random, g_rand_int_range (random, 0, 8) == 0 ? 16 : 6);
  data = g_malloc (n + 1);
  for (gsize i = 0; i < n; i++)
    data[i] = g_rand_int (random);
  return g_bytes_new_take (data, n);
}

static GHashTable *
random_table (GRand *random)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint n = g_rand_int_range (random, 0, 30) / 6; n > 0; n--)
    g_hash_table_insert (table, test_random_text (random), test_random_text (random));
  return table;
}

static ImpInterface *
random_interface (GRand *random)
{
  ImpResultFlags flags = IMP_RESULT_FLAGS_ALL;

  if (g_rand_boolean (random))
    flags = 1 << g_rand_int_range (random, 0, 15) | (g_rand_int (random) & 0x7fff);
  return imp_interface_new (g_rand_boolean (random) ? random_type (random) : IMP_DATA_TYPE_ANY,
                            flags);
}

static GList *
random_interfaces (GRand *random)
{
  GList *list = NULL;

  for (guint n = g_rand_int_range (random, 0, 4); n > 0; n--)
    list = g_list_prepend (list, random_interface (random));
  return list;
}

static ImpResult *
random_result_with_text (GRand *random, guint kind, ImpDirection direction)
{
  g_autofree char *text = test_random_text (random);
  g_autofree char *other = test_random_text (random);
  g_autoptr (GHashTable) details = random_table (random);

  switch (kind)
    {
    case 0:
      return imp_result_new_deny (direction, text, details);
    case 1:
      return imp_result_new_fatal (text);
    case 2:
      return imp_result_new_log (direction, random_offset (random), random_number (random, 53),
                                 g_rand_int_range (random, 1, 9), text, details);
    case 3:
      return imp_result_new_account_field (text, other);
    default:
      return imp_result_new_pass_pattern (direction, text, random_number (random, 31));
    }
}

ImpResult *
test_random_result (GRand *random)
{
  ImpDirection direction = random_direction (random);
  guint kind = g_rand_int_range (random, 0, 15);
  g_autoptr (GBytes) bytes = test_random_bytes (random);

  switch (kind)
    {
    case 5:
      return imp_result_new_pass (direction, random_offset (random));
    case 6:
      return imp_result_new_prepass (direction, random_offset (random));
    case 7:
      return imp_result_new_replace (direction, random_offset (random), bytes);
    case 8:
      return imp_result_new_replace_later (direction, random_offset (random),
                                           random_offset (random));
    case 9:
      return imp_result_new_to_sender (direction, bytes);
    case 10:
      return imp_result_new_drop ();
    case 11:
      return imp_result_new_pause (direction);
    case 12:
      return imp_result_new_continue (direction);
    case 13:
      return imp_result_new_port (IMP_RESULT_PORT_OPEN, direction, random_offset (random));
    case 14:
      return imp_result_new_port (IMP_RESULT_PORT_CLOSE, direction, random_offset (random));
    default:
      return random_result_with_text (random, kind, direction);
    }
}

static ImpMessage *
random_set_version (GRand *random, guint version)
{
  g_autoptr (GHashTable) limits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) features = g_ptr_array_new_with_free_func (g_free);

  if (version == 1)
    return imp_message_new_set_version (1, 1, NULL, NULL);
  for (guint n = g_rand_int_range (random, 0, 4); n > 0; n--)
    {
      g_hash_table_insert (limits, test_random_text (random),
                           g_strdup_printf ("%" G_GINT64_FORMAT, random_number (random, 53)));
      g_ptr_array_add (features, test_random_text (random));
    }
  g_ptr_array_add (features, NULL);
  return imp_message_new_set_version (2, g_rand_int_range (random, 1, 3), limits,
                                      (const char *const *) features->pdata);
}

static ImpMessage *
random_about_interfaces (GRand *random, guint kind)
{
  g_autolist (ImpInterface) list = random_interfaces (random);
  g_autoptr (ImpInterface) one = random_interface (random);

  if (kind == 0)
    return imp_message_new_get_interface (list);
  if (kind == 1)
    return imp_message_new_interface (list);
  return imp_message_new_set_interface (one);
}

static ImpMessage *
random_with_id (GRand *random, guint kind)
{
  gint64 id = test_random_id (random);
  g_autofree char *text = test_random_text (random);
  g_autoptr (GHashTable) context = random_table (random);
  g_autoptr (ImpResult) result = test_random_result (random);
  g_autoptr (GBytes) bytes = test_random_bytes (random);

  switch (kind)
    {
    case 3:
      return imp_message_new_new_analyzer (id, context);
    case 4:
      return imp_message_new_delete_analyzer (id);
    case 5:
      return imp_message_new_exception (g_rand_boolean (random) ? id : 0, text);
    case 6:
    case 7:
      return imp_message_new_data (id, random_direction (random), random_number (random, 53),
                                   random_type (random), bytes);
    default:
      return imp_message_new_result (id, result);
    }
}

static ImpMessage *
random_about_sharing (GRand *random, guint kind)
{
  guint block = random_number (random, 31), length = 1 + random_number (random, 30);

  switch (kind)
    {
    case 0:
      return imp_message_new_share (1 + random_number (random, 52), length);
    case 1:
      return imp_message_new_release (block, length);
    default:
      return imp_message_new_shared_data (
        test_random_id (random), random_direction (random), random_number (random, 53),
        g_rand_boolean (random) ? IMP_DATA_TYPE_STREAM : 1 + (gint32) random_number (random, 30),
        block, random_number (random, 31), length);
    }
}

static ImpMessage *
random_of_version_2 (GRand *random, guint kind)
{
  g_autofree char *text = test_random_text (random);
  g_autoptr (GHashTable) status = random_table (random);

  switch (kind)
    {
    case 0:
      return imp_message_new_busy (test_random_id (random), random_direction (random),
                                   g_rand_boolean (random));
    case 1:
      return imp_message_new_ping (random_number (random, 53));
    case 2:
      return imp_message_new_pong (random_number (random, 53));
    case 3:
      return imp_message_new_get_status (random_number (random, 53),
                                         1 + random_number (random, 30));
    case 4:
      return imp_message_new_status (random_number (random, 53), status, g_rand_boolean (random));
    case 5:
      return imp_message_new_goodbye (text);
    default:
      return random_about_sharing (random, kind - 6);
    }
}

ImpMessage *
test_random_message (GRand *random, guint version)
{
  guint kind = g_rand_int_range (random, 0, version > 1 ? 22 : 13);

  if (kind < 3)
    return random_about_interfaces (random, kind);
  if (kind == 12)
    return random_set_version (random, version);
  if (kind > 12)
    return random_of_version_2 (random, kind - 13);
  return random_with_id (random, kind);
}

/* Without "meta.", unless the rest is there anyway. */
static GHashTable *
without_meta (GHashTable *context)
{
  GHashTable *plain = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, context);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      if (!g_str_has_prefix (key, "meta."))
        g_hash_table_insert (plain, g_strdup (key), g_strdup (value));
      else if (!g_hash_table_contains (context, (char *) key + 5)
               || g_str_has_prefix ((char *) key + 5, "meta."))
        g_hash_table_insert (plain, g_strdup ((char *) key + 5), g_strdup (value));
    }
  return plain;
}

/* Version 1 has no -1 for the position 0 after a pass up to a pattern. */
static gboolean
is_data_after (ImpMessage *got, ImpMessage *written)
{
  g_autoptr (ImpMessage) expected = imp_message_new_data (written->id, written->direction,
                                                          MAX (written->offset, 0),
                                                          written->data_type, written->data);

  return imp_message_equal (got, expected);
}

gboolean
test_message_is_after (const ImpWire *wire, ImpMessage *got, ImpMessage *written)
{
  g_autoptr (GHashTable) context = imp_message_dup_context (written);
  g_autoptr (GHashTable) plain = without_meta (context);
  g_autoptr (GHashTable) after = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (ImpMessage) expected = NULL;
  GHashTableIter iter;
  gpointer key, value;

  if (written->op == IMP_OP_DATA && wire->greets_first)
    return is_data_after (got, written);
  if (written->op != IMP_OP_NEW_ANALYZER || !wire->greets_first)
    return imp_message_equal (got, written);

  g_hash_table_iter_init (&iter, plain);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      g_hash_table_insert (after, g_strconcat ("meta.", key, NULL), g_strdup (value));
      g_hash_table_insert (after, g_strdup (key), g_strdup (value));
    }
  expected = imp_message_new_new_analyzer (written->id, after);
  return imp_message_equal (got, expected);
}

GBytes *
test_encode (const ImpWire *wire, guint version, const ImpMessage *message)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GError) error = NULL;

  wire->encode (message, version, buffer, &error);
  g_assert_no_error (error);
  return imp_output_buffer_steal (buffer);
}
