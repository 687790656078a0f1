/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A wire format of somebody else that cannot say something. It would be lost in silence, so the
 * connection ends there, wherever that comes from: every analyzer gets its outcome, and nothing is
 * used that is gone. */
#include "core/imp-error.h"
#include "rpc/client/imp-remote-factory.h"
#include "test-outcome.h"
#include "test-streams.h"
#include "wire/imp-message-private.h"

#include <string.h>

#define LARGE (200 * 1024)

G_DECLARE_FINAL_TYPE (RefusingCodec, refusing_codec, REFUSING, CODEC, GObject)

struct _RefusingCodec
{
  GObject parent_instance;
  ImpCodec *codec;
  ImpOp refused;
};

static void refusing_codec_iface_init (ImpCodecInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (RefusingCodec, refusing_codec, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (IMP_TYPE_CODEC, refusing_codec_iface_init))

static const char *
refusing_codec_get_name (ImpCodec *codec)
{
  return "refusing";
}

static GBytes *
refusing_codec_encode (ImpCodec *codec, ImpMessage *message, GError **error)
{
  RefusingCodec *self = (RefusingCodec *) codec;

  if (imp_message_get_op (message) != self->refused)
    return imp_codec_encode (self->codec, message, error);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "it has no words for that");
  return NULL;
}

static gboolean
refusing_codec_decode (ImpCodec *codec, GBytes *input, ImpMessage **message, gsize *consumed,
                       GError **error)
{
  return imp_codec_decode (((RefusingCodec *) codec)->codec, input, message, consumed, error);
}

static void
refusing_codec_iface_init (ImpCodecInterface *iface)
{
  iface->get_name = refusing_codec_get_name;
  iface->encode = refusing_codec_encode;
  iface->decode = refusing_codec_decode;
}

static void
refusing_codec_finalize (GObject *object)
{
  g_object_unref (((RefusingCodec *) object)->codec);
  G_OBJECT_CLASS (refusing_codec_parent_class)->finalize (object);
}

static void
refusing_codec_class_init (RefusingCodecClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = refusing_codec_finalize;
}

static void
refusing_codec_init (RefusingCodec *self)
{
  self->codec = imp_json_codec_new ();
}

/* --- */

static ImpFactory *
make_factory (GIOStream *stream, ImpOp refused)
{
  g_autoptr (RefusingCodec) codec = g_object_new (refusing_codec_get_type (), NULL);
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new_for_stream (stream);
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  ImpFactory *factory;
  g_autoptr (GError) error = NULL;

  codec->refused = refused;
  imp_remote_factory_use_codec (remote, IMP_CODEC (codec));
  factory = imp_factory_set_interface (IMP_FACTORY (remote), interface, &error);
  g_assert_no_error (error);
  return factory;
}

static TestOutcome *
make_outcome (ImpFactory *factory)
{
  return test_outcome_new (imp_factory_create_analyzer (factory, NULL, NULL));
}

static void
feed (TestOutcome *outcome, gsize size)
{
  g_autoptr (GBytes) bytes = test_bytes_pattern (size);

  imp_analyzer_data (outcome->analyzer, IMP_DIRECTION_FROM_CLIENT, bytes, 0, IMP_DATA_TYPE_STREAM);
}

static void
on_queried (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  g_assert_null (imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, error));
}

static gboolean
is_set (gpointer error)
{
  return *(GError **) error != NULL;
}

static void
assert_resolved (TestOutcome *outcome, const char *op)
{
  g_autofree char *expected = g_strdup_printf ("cannot send %s: it has no words for that", op);

  test_outcome_assert_hard (outcome);
  if (strstr (outcome->reason, expected) == NULL)
    g_error ("\"%s\" is not in \"%s\"", expected, outcome->reason);
}

static void
test_refused (gconstpointer op)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = NULL;
  TestOutcome *outcomes[3];
  GIOStream *ours, *theirs;

  test_stream_pair (&ours, &theirs);
  factory = make_factory (ours, imp_op_from_string (op));
  g_object_unref (ours);
  for (guint i = 0; i < 3; i++)
    outcomes[i] = make_outcome (factory);
  feed (outcomes[0], LARGE);
  feed (outcomes[1], 10);
  imp_factory_query_interfaces_async (factory, NULL, NULL, on_queried, &error);
  /* The first one is not there any more to hear of it. */
  imp_analyzer_close (outcomes[0]->analyzer);

  g_assert_true (test_run_until (is_set, &error, 5000));
  for (guint i = 1; i < 3; i++)
    assert_resolved (outcomes[i], op);
  g_assert_cmpint (imp_remote_factory_get_state (IMP_REMOTE_FACTORY (factory)), ==,
                   IMP_REMOTE_STATE_CLOSED);
  for (guint i = 0; i < 3; i++)
    test_outcome_free (outcomes[i]);
  g_object_unref (theirs);
}

int
main (int argc, char *argv[])
{
  const char *const ops[] = {
    "set_version", "set_interface", "new_analyzer", "data", "get_interface", "delete_analyzer",
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      g_autofree char *path = g_strdup_printf ("/refusing-codec/%s", ops[i]);

      g_test_add_data_func (path, ops[i], test_refused);
    }
  return g_test_run ();
}
