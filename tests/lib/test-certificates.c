/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-certificates.h"

#include <glib/gstdio.h>
#include <stdlib.h>

static void
run (const char *const *argv)
{
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &errors, &status,
                &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s", error->message, errors);
}

static char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("imp-tls-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

/* They are made once in a process; each test has a copy that it may change. */
static char *made;

static void
remove_made (void)
{
  test_certificates_free (g_steal_pointer (&made));
}

char *
test_certificates_new (void)
{
  char *folder = make_folder ();
  g_autofree char *all = NULL;

  if (made == NULL)
    {
      g_autofree char *script = g_test_build_filename (G_TEST_DIST, "lib", "certificates.sh", NULL);

      made = make_folder ();
      run ((const char *const[]){ "sh", script, made, NULL });
      atexit (remove_made);
    }
  all = g_strconcat (made, "/.", NULL);
  run ((const char *const[]){ "cp", "-r", all, folder, NULL });
  return folder;
}

void
test_certificates_free (char *folder)
{
  run ((const char *const[]){ "rm", "-r", folder, NULL });
  g_free (folder);
}

char *
test_certificates_path (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

GTlsCertificate *
test_certificates_load (const char *folder, const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s/%s.pem", folder, name);
  g_autofree char *key = g_strdup_printf ("%s/%s.key", folder, name);
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate = g_tls_certificate_new_from_files (file, key, &error);

  g_assert_no_error (error);
  return certificate;
}

void
test_certificates_replace (const char *folder, const char *from, const char *to)
{
  g_autofree char *source = test_certificates_path (folder, from);
  g_autofree char *target = test_certificates_path (folder, to);
  g_autofree char *next = g_strconcat (target, ".new", NULL);

  run ((const char *const[]){ "cp", source, next, NULL });
  g_assert_cmpint (g_rename (next, target), ==, 0);
}

void
test_certificates_add (const char *folder, const char *name, const char *subject,
                       const char *alternative)
{
  static const char script[]
    = "cd \"$1\" && printf 'subjectAltName=%s\\n' \"$4\" > extensions"
      " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config openssl.cnf -utf8"
      " -multivalue-rdn -subj \"$3\" -keyout \"$2.key\" -out request"
      " && openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days 30"
      " -extfile extensions -out \"$2.pem\"";

  run ((const char *const[]){ "sh", "-c", script, "sh", folder, name, subject, alternative, NULL });
}
