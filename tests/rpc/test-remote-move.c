/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An analyzer that goes from one connection, which was never made, to another one: between hosts
 * that write down what they are to send. */
#include "rpc/client/imp-remote-analyzer-private.h"
#include "test-outcome.h"
#include "test-streams.h"

#include <string.h>

#define HIGH_WATER 50000
#define CHUNK 100000

typedef struct
{
  ImpRemoteAnalyzerHost host;
  GPtrArray *analyzers; /* of ImpRemoteAnalyzer */
  GString *sent;        /* the first byte of each message */
  gsize n_sent;
} Host;

static void
host_hold (ImpRemoteAnalyzerHost *host)
{
}

static void
host_send (ImpRemoteAnalyzerHost *host, const ImpMessage *message)
{
}

static void
host_send_data (ImpRemoteAnalyzerHost *host, gint64 id, ImpDirection direction, const ImpView *data,
                gint64 offset, gint32 data_type)
{
  Host *self = (Host *) host;
  char first = ((const char *) data->data)[0];

  if (self->sent->len == 0 || self->sent->str[self->sent->len - 1] != first)
    g_string_append_c (self->sent, first);
  self->n_sent += data->length;
}

static void
host_remove (ImpRemoteAnalyzerHost *host, ImpRemoteAnalyzer *analyzer)
{
  g_assert_true (g_ptr_array_remove (((Host *) host)->analyzers, analyzer));
}

static GPtrArray *
host_list (ImpRemoteAnalyzerHost *host)
{
  GPtrArray *analyzers = ((Host *) host)->analyzers;
  GPtrArray *list = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < analyzers->len; i++)
    g_ptr_array_add (list, g_object_ref (analyzers->pdata[i]));
  return list;
}

static const ImpRemoteAnalyzerHostFuncs host_funcs = {
  .hold = host_hold,
  .release = host_hold,
  .send = host_send,
  .send_data = host_send_data,
  .remove = host_remove,
  .failed = host_hold,
  .list = host_list,
};

static void
host_init (Host *self, ImpLink *link)
{
  const ImpSendLimits limits = { HIGH_WATER, 10 * CHUNK, 20 * CHUNK };

  imp_remote_analyzer_host_init (&self->host, &host_funcs, g_strdup ("the server"),
                                 g_main_context_default ());
  imp_send_scheduler_set_limits (self->host.scheduler, &limits);
  self->host.link = link;
  self->host.max_message = self->host.max_piece = G_MAXINT32;
  self->host.limits = (ImpRemoteAnalyzerLimits){ .max_waiting = 1, .max_waiting_all = 1 };
  self->analyzers = g_ptr_array_new ();
  self->sent = g_string_new (NULL);
  self->n_sent = 0;
}

static void
host_clear (Host *self)
{
  imp_remote_analyzer_host_clear (&self->host);
  g_ptr_array_unref (self->analyzers);
  g_string_free (self->sent, TRUE);
}

/* One that cannot send, and one that can at once. */
typedef struct
{
  Host before, after;
  ImpLink *link;
  GIOStream *peer;
  GObject *owner;
} Rig;

static void
rig_init (Rig *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpCodec) codec = imp_codec_new_by_name ("json", &error);
  g_autoptr (GIOStream) stream = NULL;

  g_assert_no_error (error);
  test_stream_pair (&stream, &self->peer);
  self->link = imp_link_new (stream, codec, &(ImpWireLimits){ .max_message = CHUNK }, &error);
  g_assert_no_error (error);
  host_init (&self->before, NULL);
  host_init (&self->after, self->link);
  self->owner = g_object_new (G_TYPE_OBJECT, NULL);
}

static void
rig_clear (Rig *self)
{
  host_clear (&self->before);
  host_clear (&self->after);
  imp_link_close (self->link);
  imp_link_unref (self->link);
  g_object_unref (self->peer);
  g_assert_finalize_object (self->owner);
}

static ImpRemoteAnalyzer *
rig_add (Rig *self)
{
  ImpRemoteAnalyzer *analyzer = imp_remote_analyzer_new (self->owner);

  imp_analyzer_bind (IMP_ANALYZER (analyzer), NULL, NULL);
  g_ptr_array_add (self->before.analyzers, analyzer);
  imp_remote_analyzer_join (analyzer, &self->before.host, self->before.analyzers->len);
  return analyzer;
}

static void
rig_move (Rig *self, ImpRemoteAnalyzer *analyzer)
{
  g_ptr_array_add (self->after.analyzers, analyzer);
  imp_remote_analyzer_move (analyzer, &self->after.host, 1);
}

static void
feed (ImpAnalyzer *analyzer, char c, gsize length)
{
  char *data = g_malloc (length);
  g_autoptr (GBytes) bytes = g_bytes_new_take (memset (data, c, length), length);

  imp_analyzer_data (analyzer, 0, bytes, 0, IMP_DATA_TYPE_STREAM);
}

static void
feed_at_continue (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  GString *text = user_data;
  g_autofree char *one = imp_result_to_string (result);

  g_string_append_printf (text, "%s; ", one);
  if (imp_result_get_result_type (result) == IMP_RESULT_CONTINUE
      && imp_result_get_direction (result) == 0)
    feed (analyzer, 'c', 10);
}

/* Whoever feeds it more as soon as it may goes on behind all that waited. */
static void
test_order (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Rig rig;
  ImpRemoteAnalyzer *analyzer;

  rig_init (&rig);
  analyzer = rig_add (&rig);
  imp_analyzer_set_callback (IMP_ANALYZER (analyzer), feed_at_continue, text, NULL);
  feed (IMP_ANALYZER (analyzer), 'a', CHUNK);
  feed (IMP_ANALYZER (analyzer), 'b', CHUNK);
  g_assert_cmpstr (text->str, ==, "pause dir=0; pause dir=1; ");
  rig_move (&rig, analyzer);
  g_assert_cmpstr (text->str, ==, "pause dir=0; pause dir=1; continue dir=0; continue dir=1; ");
  g_assert_cmpstr (rig.after.sent->str, ==, "abc");
  g_assert_cmpuint (rig.after.n_sent, ==, 2 * CHUNK + 10);
  imp_analyzer_close (IMP_ANALYZER (analyzer));
  g_assert_finalize_object (analyzer);
  rig_clear (&rig);
}

/* One that had to pause for what others had brought goes on where there are no others. */
static void
test_held_back (void)
{
  Rig rig;
  ImpRemoteAnalyzer *first, *second;
  TestOutcome *outcome;

  rig_init (&rig);
  first = rig_add (&rig);
  second = rig_add (&rig);
  outcome = test_outcome_new (IMP_ANALYZER (second));
  feed (IMP_ANALYZER (first), 'a', 6 * CHUNK);
  g_assert_cmpstr (outcome->text->str, ==, "pause dir=0; pause dir=1; ");
  rig_move (&rig, second);
  g_assert_cmpstr (outcome->text->str, ==,
                   "pause dir=0; pause dir=1; continue dir=0; continue dir=1; ");
  test_outcome_free (outcome);
  imp_analyzer_close (IMP_ANALYZER (first));
  g_assert_finalize_object (first);
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-move/order", test_order);
  g_test_add_func ("/remote-move/held-back", test_held_back);
  return g_test_run ();
}
