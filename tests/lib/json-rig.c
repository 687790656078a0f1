/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-rig.h"

#include "test-streams.h"

#include "core/imp-type-factory.h"

#include <string.h>

#define TIMEOUT 10000

typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
} JsonRigAnalyzer;
typedef ImpAnalyzerClass JsonRigAnalyzerClass;

G_DEFINE_TYPE (JsonRigAnalyzer, json_rig_analyzer, IMP_TYPE_ANALYZER)

static gboolean
begins (GBytes *data, const char *word)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  return length >= strlen (word) && memcmp (bytes, word, strlen (word)) == 0;
}

static void
burst (ImpAnalyzer *analyzer, ImpDirection direction, gint64 begin, gint64 end)
{
  g_autofree char *text = g_strnfill (JSON_RIG_BURST, '=');

  while (begin < end)
    imp_analyzer_replace_bytes (analyzer, direction, ++begin, (const guint8 *) text,
                                JSON_RIG_BURST);
}

static gboolean
analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
               gint32 data_type, GError **error)
{
  JsonRigAnalyzer *self = (JsonRigAnalyzer *) analyzer;

  self->fed[direction] += g_bytes_get_size (data);
  if (begins (data, "echo"))
    imp_analyzer_replace_bytes (analyzer, direction, self->fed[direction],
                                g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  else if (begins (data, "burst"))
    burst (analyzer, direction, self->fed[direction] - g_bytes_get_size (data),
           self->fed[direction]);
  else if (!begins (data, "hold"))
    imp_analyzer_pass_bytes (analyzer, direction, self->fed[direction]);
  return TRUE;
}

static void
json_rig_analyzer_class_init (JsonRigAnalyzerClass *klass)
{
  klass->data = analyzer_data;
}

static void
json_rig_analyzer_init (JsonRigAnalyzer *self)
{
}

static void
on_disconnected (ImpServer *server, GIOStream *stream, const char *reason, gpointer user_data)
{
  g_string_append (((JsonRig *) user_data)->reason, reason);
}

static void
set_limit (ImpServer *server, const char *limit, guint64 value)
{
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_UINT64);
  g_value_set_uint64 (&number, value);
  g_object_set_property (G_OBJECT (server), limit, &number);
}

JsonRig *
json_rig_new (const char *limit, guint64 value)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (imp_type_factory_new (
    json_rig_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));

  return json_rig_new_for_factory (factory, limit, value);
}

JsonRig *
json_rig_new_for_factory (ImpFactory *factory, const char *limit, guint64 value)
{
  JsonRig *self = g_new0 (JsonRig, 1);
  g_autoptr (GIOStream) far = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *greeting = NULL;
  GIOStream *near;

  self->reason = g_string_new (NULL);
  self->server = imp_server_new (factory);
  if (limit != NULL)
    set_limit (self->server, limit, value);
  g_signal_connect (self->server, "disconnected", G_CALLBACK (on_disconnected), self);

  test_stream_pair (&near, &far);
  imp_server_add_stream (self->server, far, &error);
  g_assert_no_error (error);
  self->client = test_peer_new (near);
  greeting = json_rig_ask (self, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
  g_assert_true (g_str_has_prefix (greeting, "{\"op\":\"set_version\""));
  return self;
}

void
json_rig_free (JsonRig *self)
{
  test_peer_free (self->client);
  imp_server_close (self->server);
  g_assert_finalize_object (self->server);
  g_string_free (self->reason, TRUE);
  g_free (self);
}

static void
say (JsonRig *self, const char *format, va_list arguments)
{
  g_autofree char *line = g_strdup_vprintf (format, arguments);

  test_peer_send (self->client, line, strlen (line));
  test_peer_send (self->client, "\n", 1);
}

void
json_rig_say (JsonRig *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  say (self, format, arguments);
  va_end (arguments);
}

static gboolean
got_pong (gpointer data)
{
  TestPeer *client = data;

  return client->received->len > 0
         && g_strstr_len ((const char *) client->received->data, client->received->len, "\"pong\"")
              != NULL;
}

static char *
take_received (JsonRig *self)
{
  char *text = g_strndup ((const char *) self->client->received->data, self->client->received->len);

  g_byte_array_set_size (self->client->received, 0);
  return text;
}

char *
json_rig_ask (JsonRig *self, const char *format, ...)
{
  va_list arguments;
  char *text;

  g_byte_array_set_size (self->client->received, 0);
  va_start (arguments, format);
  say (self, format, arguments);
  va_end (arguments);
  json_rig_say (self, "{\"op\":\"ping\",\"token\":1}");
  if (!test_run_until (got_pong, self->client, TIMEOUT))
    g_error ("The server does not answer: %s", self->reason->str);
  text = take_received (self);
  *strstr (text, "{\"op\":\"pong\"") = '\0';
  return text;
}

static gboolean
has_ended (gpointer data)
{
  JsonRig *self = data;

  return self->client->got_end;
}

static gboolean
is_alone (gpointer data)
{
  return imp_server_get_n_connections (((JsonRig *) data)->server) == 0;
}

char *
json_rig_wait_for_end (JsonRig *self)
{
  g_assert_true (test_run_until (has_ended, self, TIMEOUT));
  test_peer_close (self->client);
  g_assert_true (test_run_until (is_alone, self, TIMEOUT));
  return take_received (self);
}
