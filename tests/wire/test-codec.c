/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/imp-wire-private.h"

/* A codec that is not one of the library, and does whatever is asked of it. */
#define TEST_TYPE_CODEC (test_codec_get_type ())
G_DECLARE_FINAL_TYPE (TestCodec, test_codec, TEST, CODEC, GObject)

struct _TestCodec
{
  GObject parent_instance;
  gboolean succeeds;
  gboolean sets_error;
  gboolean gives;
  gsize consumed;
};

static void test_codec_iface_init (ImpCodecInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestCodec, test_codec, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (IMP_TYPE_CODEC, test_codec_iface_init))

static void
say_why (TestCodec *self, GError **error)
{
  if (self->sets_error)
    g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED, "why");
}

static GBytes *
test_codec_encode (ImpCodec *codec, ImpMessage *message, GError **error)
{
  TestCodec *self = TEST_CODEC (codec);

  g_assert_nonnull (error);
  say_why (self, error);
  return self->gives ? g_bytes_new ("x", 1) : NULL;
}

static gboolean
test_codec_decode (ImpCodec *codec, GBytes *input, ImpMessage **message, gsize *consumed,
                   GError **error)
{
  TestCodec *self = TEST_CODEC (codec);

  g_assert_nonnull (error);
  g_assert_null (*message);
  g_assert_cmpuint (*consumed, ==, 0);
  say_why (self, error);
  if (self->gives)
    *message = imp_message_new_ping (1);
  *consumed = self->consumed;
  return self->succeeds;
}

static void
test_codec_iface_init (ImpCodecInterface *iface)
{
  iface->encode = test_codec_encode;
  iface->decode = test_codec_decode;
}

static void
test_codec_class_init (TestCodecClass *klass)
{
}

static void
test_codec_init (TestCodec *self)
{
}

/* A codec that implements nothing at all. */
#define TEST_TYPE_EMPTY (test_empty_get_type ())
G_DECLARE_FINAL_TYPE (TestEmpty, test_empty, TEST, EMPTY, GObject)

struct _TestEmpty
{
  GObject parent_instance;
};

static void
test_empty_iface_init (ImpCodecInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestEmpty, test_empty, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (IMP_TYPE_CODEC, test_empty_iface_init))

static void
test_empty_class_init (TestEmptyClass *klass)
{
}

static void
test_empty_init (TestEmpty *self)
{
}

static void
check_decode (TestCodec *codec, gboolean good, int code, const char *word)
{
  g_autoptr (GBytes) input = g_bytes_new ("12345", 5);
  g_autoptr (ImpMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gsize consumed = 77;

  g_assert_true (imp_codec_decode (IMP_CODEC (codec), input, &message, &consumed, &error) == good);
  if (good)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (consumed, ==, codec->consumed);
      g_assert_true ((message != NULL) == codec->gives);
      return;
    }
  g_assert_error (error, IMP_ERROR, code);
  g_assert_nonnull (strstr (error->message, word));
  g_assert_null (message);
}

static void
test_decode (void)
{
  static const struct
  {
    gboolean succeeds, sets_error, gives;
    gsize consumed;
    gboolean good;
    int code;
    const char *word;
  } rows[] = {
    { TRUE, FALSE, TRUE, 5, TRUE },
    { TRUE, FALSE, TRUE, 1, TRUE },
    { TRUE, FALSE, FALSE, 0, TRUE },
    { TRUE, FALSE, TRUE, 6, FALSE, IMP_ERROR_FAILED, "took 6 of 5" },
    { TRUE, FALSE, TRUE, 0, FALSE, IMP_ERROR_FAILED, "took 0 of 5" },
    { TRUE, FALSE, FALSE, 3, FALSE, IMP_ERROR_FAILED, "gave no message" },
    { FALSE, FALSE, FALSE, 0, FALSE, IMP_ERROR_FAILED, "TestCodec" },
    { FALSE, FALSE, TRUE, 2, FALSE, IMP_ERROR_FAILED, "TestCodec" },
    { FALSE, TRUE, FALSE, 0, FALSE, IMP_ERROR_DENIED, "why" },
    { TRUE, TRUE, TRUE, 2, FALSE, IMP_ERROR_DENIED, "why" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TestCodec) codec = g_object_new (TEST_TYPE_CODEC, NULL);

      codec->succeeds = rows[i].succeeds;
      codec->sets_error = rows[i].sets_error;
      codec->gives = rows[i].gives;
      codec->consumed = rows[i].consumed;
      check_decode (codec, rows[i].good, rows[i].code, rows[i].word);
    }
}

static void
test_encode (void)
{
  g_autoptr (TestCodec) codec = g_object_new (TEST_TYPE_CODEC, NULL);
  g_autoptr (ImpMessage) message = imp_message_new_ping (1);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;

      codec->gives = (i & 1) != 0;
      codec->sets_error = (i & 2) != 0;
      bytes = imp_codec_encode (IMP_CODEC (codec), message, &error);
      g_assert_true ((bytes != NULL) == (i == 1));
      g_assert_true ((error != NULL) == (i != 1));
      if (i == 0)
        {
          g_assert_error (error, IMP_ERROR, IMP_ERROR_FAILED);
          g_assert_nonnull (strstr (error->message, "TestCodec"));
        }
      if (i > 1)
        g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
    }
  g_assert_cmpstr (imp_codec_get_name (IMP_CODEC (codec)), ==, "TestCodec");
}

static void
test_empty (void)
{
  g_autoptr (TestEmpty) codec = g_object_new (TEST_TYPE_EMPTY, NULL);
  g_autoptr (ImpMessage) message = imp_message_new_ping (1);
  g_autoptr (GBytes) input = g_bytes_new ("x", 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_codec_encode (IMP_CODEC (codec), message, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (imp_codec_decode (IMP_CODEC (codec), input, NULL, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_assert_null (imp_codec_get_wire (IMP_CODEC (codec)));
}

/* Every row of the table as an object, through the public functions alone. */
static void
test_own (void)
{
  for (guint i = 0; imp_wires[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpCodec) codec = imp_codec_new_by_name (imp_wires[i]->name, &error);
      g_autoptr (ImpMessage) message = imp_message_new_delete_analyzer (12);
      g_autoptr (ImpMessage) again = NULL;
      g_autoptr (GBytes) bytes = imp_codec_encode (codec, message, &error);
      g_autoptr (GBytes) cut = NULL;
      gsize consumed = 0;

      g_assert_no_error (error);
      g_assert_cmpstr (imp_codec_get_name (codec), ==, imp_wires[i]->name);
      g_assert_true (imp_codec_get_wire (codec) == imp_wires[i]);
      g_assert_true (imp_codec_decode (codec, bytes, &again, &consumed, &error));
      g_assert_cmpuint (consumed, ==, g_bytes_get_size (bytes));
      g_assert_true (imp_message_equal (message, again));
      g_clear_pointer (&again, imp_message_unref);

      cut = g_bytes_new_from_bytes (bytes, 0, g_bytes_get_size (bytes) - 1);
      g_assert_true (imp_codec_decode (codec, cut, &again, &consumed, &error));
      g_assert_null (again);
      g_assert_cmpuint (consumed, ==, 0);
    }
}

static void
test_names (void)
{
  g_autoptr (ImpCodec) json = imp_json_codec_new ();
  g_autoptr (ImpCodec) cbor = imp_cbor_codec_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (imp_codec_get_name (json), ==, "json");
  g_assert_cmpstr (imp_codec_get_name (cbor), ==, "cbor");
  g_assert_null (imp_codec_new_by_name ("morse", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "\"morse\""));
  for (guint i = 0; imp_wires[i] != NULL; i++)
    g_assert_nonnull (strstr (error->message, imp_wires[i]->name));
}

/* Those for Perl peers are known by name also where the build lacks them. */
static void
test_optional (void)
{
  const char *names[] = { "storable", "sereal" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpCodec) codec = imp_codec_new_by_name (names[i], &error);

#ifdef IMP_HAVE_PERL
      g_assert_no_error (error);
      g_assert_cmpstr (imp_codec_get_name (codec), ==, names[i]);
#else
      g_assert_null (codec);
      g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
      g_assert_nonnull (strstr (error->message, names[i]));
      g_assert_nonnull (strstr (error->message, "not in this build"));
#endif
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/decode", test_decode);
  g_test_add_func ("/codec/encode", test_encode);
  g_test_add_func ("/codec/empty", test_empty);
  g_test_add_func ("/codec/own", test_own);
  g_test_add_func ("/codec/names", test_names);
  g_test_add_func ("/codec/optional", test_optional);
  return g_test_run ();
}
