/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A relay under an analyzer that answers when and what it likes: every byte must arrive as it was
 * decided, whatever the chunks, the caps and the order of events. */
#include "chance-analyzer.h"
#include "relay-rig.h"
#include "test-streams.h"

static void
check (guint buffer_size, gsize most)
{
  ChanceAnalyzer *chance = chance_analyzer_new ();
  g_autofree char *client_faults = chance_faults ();
  g_autofree char *server_faults = chance_faults ();
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
