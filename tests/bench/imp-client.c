/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ours, connected to a server in another process. */
#include "imp-link.h"

static GMainLoop *loop;

/* Several addresses, with commas between them, are a pool. */
static ImpRemoteFactory *
make_remote (const BenchOptions *options)
{
  g_auto (GStrv) addresses = g_strsplit (bench_options_address (options), ",", 0);
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *remote;

  if (g_strv_length (addresses) > 1)
    return g_object_new (IMP_TYPE_REMOTE_FACTORY, "addresses", addresses, NULL);
  remote = imp_remote_factory_new (addresses[0], &error);
  if (remote == NULL)
    bench_die ("%s", error->message);
  return remote;
}

void
bench_link_connect (const BenchOptions *options)
{
  ImpRemoteFactory *remote = make_remote (options);

  if (g_str_has_prefix (bench_options_address (options), "tls://"))
    {
      g_autofree char *ca = g_build_filename (g_getenv ("IMP_BENCH_TLS"), "ca.pem", NULL);

      g_object_set (remote, "tls-ca", ca, NULL);
    }
  loop = g_main_loop_new (NULL, FALSE);
  bench_imp_use (remote, options);
}

static gboolean
on_timeout (gpointer user_data)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
bench_link_run (double seconds)
{
  if (seconds >= 0)
    g_timeout_add ((guint) (seconds * 1000), on_timeout, NULL);
  g_main_loop_run (loop);
}

void
bench_link_stop (void)
{
  g_main_loop_quit (loop);
}

void
bench_link_disconnect (void)
{
  bench_imp_release ();
}
