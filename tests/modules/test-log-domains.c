/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each room of the library logs in a domain of its own. */
#include <imp-remote.h>

static void
expect_critical (const char *domain)
{
  g_test_expect_message (domain, G_LOG_LEVEL_CRITICAL, "*assertion*failed*");
}

static void
test_rooms (void)
{
  expect_critical ("Imp-core");
  imp_analyzer_close (NULL);
  g_test_assert_expected_messages ();

  expect_critical ("Imp-faults");
  g_assert_null (imp_fault_stream_new (NULL, "", NULL));
  g_test_assert_expected_messages ();

  expect_critical ("Imp-wire");
  g_assert_null (imp_codec_get_name (NULL));
  g_test_assert_expected_messages ();

  expect_critical ("Imp-provider");
  imp_filter_close (NULL);
  g_test_assert_expected_messages ();

  expect_critical ("Imp-rpc");
  imp_server_close (NULL);
  g_test_assert_expected_messages ();

  expect_critical ("Imp-modules");
  g_assert_null (imp_module_new_factory (NULL, NULL));
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/log-domains/rooms", test_rooms);
  return g_test_run ();
}
