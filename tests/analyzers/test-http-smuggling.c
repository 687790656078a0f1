/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public cases of request smuggling and response splitting: each is refused, or goes on in a
 * way in which it has one meaning, however it is cut. */
#include "http-rig.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* Bytes as the file has them. */
static GString *
make_bytes (const char *text)
{
  GString *bytes = g_string_new (NULL);

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      const gunichar c = g_utf8_get_char (text);

      g_assert_true (c < 0x100 || c == 0x2400);
      g_string_append_c (bytes, c == 0x2400 ? 0 : c);
    }
  return bytes;
}

static void
setup_refuse (TestHttp *http)
{
  g_object_set (http, "strict", IMP_HTTP_STRICT_REFUSE, NULL);
}

static void
setup_normalize (TestHttp *http)
{
  g_object_set (http, "strict", IMP_HTTP_STRICT_NORMALIZE, NULL);
}

/* What comes out in @direction, or NULL with the reason. */
static GString *
play (HttpSetup setup, ImpDirection direction, const char *method, const GString *text, gsize size,
      gsize split, char **reason)
{
  GString *output = NULL;
  HttpRig rig;

  http_rig_init (&rig, setup);
  if (direction == IMP_DIRECTION_FROM_SERVER)
    {
      g_autofree char *request = g_strdup_printf ("%s / HTTP/1.1\r\nHost: a\r\n\r\n", method);

      http_rig_push (&rig, IMP_DIRECTION_FROM_CLIENT, request, strlen (request));
    }
  for (gsize at = 0, step; at < text->len; at += step)
    {
      step = MIN (size > 0 ? size : text->len, text->len - at);
      if (split > at && split < at + step)
        step = split - at;
      http_rig_push (&rig, direction, text->str + at, step);
    }
  http_rig_finish (&rig);
  if (rig.error == NULL)
    output = g_string_new_len (rig.output[direction]->str, rig.output[direction]->len);
  *reason = g_strdup (rig.error);
  http_rig_clear (&rig);
  return output;
}

typedef struct
{
  const char *name;
  HttpSetup setup;
  ImpDirection direction;
  const char *method;
  GString *text;
  const char *denied; /* or else: */
  GString *passes;
} Case;

static void
check_once (const Case *self, gsize size, gsize split)
{
  g_autofree char *reason = NULL;
  GString *output = play (self->setup, self->direction, self->method, self->text, size, split,
                          &reason);

  if (self->denied != NULL && (reason == NULL || strstr (reason, self->denied) == NULL))
    g_test_fail_printf ("%s: it is not denied with \"%s\", but %s", self->name, self->denied,
                        reason != NULL ? reason : output->str);
  if (self->passes != NULL && (output == NULL || !g_string_equal (output, self->passes)))
    g_test_fail_printf ("%s: what passes is not \"%s\", but \"%s\"", self->name, self->passes->str,
                        output != NULL ? output->str : reason);
  if (output != NULL)
    g_string_free (output, TRUE);
}

/* What goes on has one meaning: whoever is strict takes it as it is. */
static void
check_clean (const Case *self)
{
  g_autofree char *reason = NULL;
  GString *output = play (setup_refuse, self->direction, self->method, self->passes, 0, 0, &reason);

  if (output == NULL || !g_string_equal (output, self->passes))
    g_test_fail_printf ("%s: what passes is not clean: %s", self->name,
                        output != NULL ? output->str : reason);
  if (output != NULL)
    g_string_free (output, TRUE);
}

static void
check_case (Case *self, JsonObject *expected)
{
  self->denied = json_object_get_string_member_with_default (expected, "denied", NULL);
  self->passes = NULL;
  if (self->denied == NULL)
    self->passes = make_bytes (json_object_get_string_member (expected, "passes"));
  for (gsize size = 0; size < 4; size++)
    check_once (self, size, 0);
  for (gsize split = 1; split < self->text->len; split++)
    check_once (self, 0, split);
  if (self->passes != NULL)
    {
      check_clean (self);
      g_string_free (self->passes, TRUE);
    }
}

static void
test_case (gconstpointer data)
{
  JsonObject *object = (JsonObject *) data;
  const char *from = json_object_get_string_member (object, "from");
  Case test = {
    .name = json_object_get_string_member (object, "name"),
    .direction = g_str_equal (from, "server") ? IMP_DIRECTION_FROM_SERVER
                                              : IMP_DIRECTION_FROM_CLIENT,
    .method = json_object_get_string_member_with_default (object, "method", NULL),
    .text = make_bytes (json_object_get_string_member (object, "text")),
  };

  test.setup = setup_refuse;
  check_case (&test, json_object_get_object_member (object, "refuse"));
  test.setup = setup_normalize;
  check_case (&test, json_object_get_object_member (object, "normalize"));
  g_string_free (test.text, TRUE);
}

int
main (int argc, char **argv)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *cases;

  g_test_init (&argc, &argv, NULL);
  path = g_test_build_filename (G_TEST_DIST, "vectors", "http-smuggling.json", NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                        "cases");
  g_assert_cmpuint (json_array_get_length (cases), >, 100);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *object = json_array_get_object_element (cases, i);
      g_autofree char *name = g_strconcat ("/http-smuggling/",
                                           json_object_get_string_member (object, "name"), NULL);

      g_test_add_data_func (name, object, test_case);
    }
  return g_test_run ();
}
