/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A relay under an analyzer that answers when and what it likes: every byte must arrive as it was
 * decided, whatever the chunks, the caps and the order of events. */
#include "relay-rig.h"

#include "core/imp-analyzer-private.h"
#include "test-streams.h"

typedef ImpAnalyzerClass ChanceClass;

typedef struct
{
  ImpAnalyzer parent_instance;
  GByteArray *input[2];    /* all that was fed */
  GByteArray *expected[2]; /* what must come out, by direction */
  gint64 settled[2];
  gboolean ended[2];
  gboolean paused[2];
  gboolean sends_back; /* only where nothing gets busy: else it may overtake what has to wait */
  guint timer;
} Chance;

GType chance_get_type (void);
G_DEFINE_TYPE (Chance, chance, IMP_TYPE_ANALYZER)

static void
pass_some (Chance *self, ImpDirection direction, gint64 offset)
{
  g_byte_array_append (self->expected[direction],
                       self->input[direction]->data + self->settled[direction],
                       offset - self->settled[direction]);
  self->settled[direction] = offset;
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, offset);
}

static void
replace_some (Chance *self, ImpDirection direction, gint64 offset)
{
  guint8 other[200];
  gsize length = g_test_rand_int_range (0, g_test_rand_int_range (0, 5) != 0 ? 10 : sizeof other);

  for (gsize i = 0; i < length; i++)
    other[i] = 'A' + i % 26;
  g_byte_array_append (self->expected[direction], other, length);
  self->settled[direction] = offset;
  imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, offset, other, length);
}

/* Nothing can be sent back once that way has ended, and it must not be said when that is. */
static void
send_some_back (Chance *self, ImpDirection direction)
{
  if (!self->sends_back || self->ended[!direction])
    return;
  g_byte_array_append (self->expected[!direction], (const guint8 *) "back", 4);
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "back", 4);
}

static void
pause_or_resume (Chance *self, ImpDirection direction)
{
  self->paused[direction] = !self->paused[direction];
  if (self->paused[direction])
    imp_analyzer_pause (IMP_ANALYZER (self), direction);
  else
    imp_analyzer_resume (IMP_ANALYZER (self), direction);
}

static void
decide (Chance *self, ImpDirection direction)
{
  gint64 open = self->input[direction]->len - self->settled[direction];
  gint64 offset;

  if (open == 0 || g_test_rand_int_range (0, 10) == 0)
    {
      if (self->ended[direction])
        return;
      pause_or_resume (self, direction);
      return;
    }

  offset = self->settled[direction] + 1 + g_test_rand_int_range (0, open);
  if (g_test_rand_bit ())
    offset = self->input[direction]->len;
  if (g_test_rand_int_range (0, 3) == 0)
    replace_some (self, direction, offset);
  else
    pass_some (self, direction, offset);
}

static gboolean
on_time (gpointer user_data)
{
  Chance *self = user_data;

  self->timer = 0;
  for (guint i = 0; i < 4; i++)
    decide (self, g_test_rand_bit ());
  self->timer = g_timeout_add (g_test_rand_int_range (0, 2), on_time, self);
  return G_SOURCE_REMOVE;
}

static gboolean
chance_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  Chance *self = (Chance *) analyzer;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  g_byte_array_append (self->input[direction], bytes, length);
  self->ended[direction] = length == 0;
  if (length == 0 && self->paused[direction])
    pause_or_resume (self, direction);
  if (g_test_rand_int_range (0, 20) == 0)
    send_some_back (self, direction);
  if (g_test_rand_bit ())
    decide (self, direction);
  if (self->timer == 0)
    self->timer = g_timeout_add (g_test_rand_int_range (0, 2), on_time, self);
  return TRUE;
}

static void
chance_close (ImpAnalyzer *analyzer)
{
  g_clear_handle_id (&((Chance *) analyzer)->timer, g_source_remove);
}

static void
chance_finalize (GObject *object)
{
  Chance *self = (Chance *) object;

  chance_close (IMP_ANALYZER (self));
  for (guint i = 0; i < 2; i++)
    {
      g_byte_array_unref (self->input[i]);
      g_byte_array_unref (self->expected[i]);
    }
  G_OBJECT_CLASS (chance_parent_class)->finalize (object);
}

static void
chance_class_init (ChanceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chance_finalize;
  klass->data = chance_data;
  klass->close = chance_close;
}

static void
chance_init (Chance *self)
{
  for (guint i = 0; i < 2; i++)
    {
      self->input[i] = g_byte_array_new ();
      self->expected[i] = g_byte_array_new ();
    }
}

static char *
random_faults (void)
{
  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      return g_strdup_printf ("seed=%d&chunk=1", g_test_rand_int_range (1, 9999));
    case 1:
      return g_strdup_printf ("seed=%d&chunk-min=1&chunk=%d", g_test_rand_int_range (1, 9999),
                              g_test_rand_int_range (2, 5000));
    case 2:
      return g_strdup_printf ("seed=%d&block-rate=40&write-chunk=99",
                              g_test_rand_int_range (1, 9999));
    default:
      return NULL;
    }
}

static void
check (guint buffer_size, gsize most)
{
  Chance *chance = g_object_new (chance_get_type (), NULL);
  g_autofree char *client_faults = random_faults ();
  g_autofree char *server_faults = random_faults ();
  g_autoptr (RelayRig) rig = relay_rig_new (IMP_ANALYZER (g_object_ref (chance)), client_faults,
                                            server_faults, buffer_size);

  chance->sends_back = buffer_size == 0;
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) data = test_bytes_pattern (g_test_rand_int_range (0, most));

      rig->peers[i]->ends = TRUE;
      rig->peers[i]->write_most = g_test_rand_int_range (1, 9000);
      rig->peers[i]->read_most = g_test_rand_int_range (1, 9000);
      test_peer_send (rig->peers[i], g_bytes_get_data (data, NULL), g_bytes_get_size (data));
    }
  relay_rig_run (rig);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  for (guint i = 0; i < 2; i++)
    {
      TestPeer *to = rig->peers[!i], *from = rig->peers[i];

      g_assert_cmpmem (chance->input[i]->data, chance->input[i]->len, from->to_send->data,
                       from->to_send->len);
      g_assert_cmpmem (to->received->data, to->received->len, chance->expected[i]->data,
                       chance->expected[i]->len);
    }
  g_object_unref (chance);
}

static void
test_random (void)
{
  static const guint sizes[] = { 1, 100, 5000, 0 };

  for (guint round = 0; round < 20; round++)
    check (sizes[round % G_N_ELEMENTS (sizes)], round % 3 == 0 ? 20000 : 2000);
}

/* Both directions under the smallest of caps: if the two ends of a buffer asked different questions
 * about it, they would wait for each other here. */
static void
test_small (void)
{
  for (guint buffer_size = 1; buffer_size <= 8; buffer_size++)
    for (guint round = 0; round < 6; round++)
      check (buffer_size, 300);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/random", test_random);
  g_test_add_func ("/relay/small", test_small);
  return g_test_run ();
}
