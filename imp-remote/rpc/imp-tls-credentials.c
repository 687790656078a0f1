/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-tls-credentials-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "rpc/imp-tls-trial-private.h"

#include <string.h>
#include <sys/stat.h>

/* After a change the other files may change as well. */
#define SETTLE_MS 300
/* So often, in microseconds, it is looked whether a file is another one. */
#define CHECK_PAUSE G_USEC_PER_SEC

/* What tells one version of a file from another. */
typedef struct
{
  guint64 device, inode;
  gint64 size, seconds, nanoseconds;
} FileStamp;

typedef struct
{
  GTlsCertificate *certificate;
  GTlsDatabase *database;
} TlsPair;

struct _ImpTlsCredentials
{
  GMainContext *context;
  const char *names[IMP_N_TLS_FILES];
  char *files[IMP_N_TLS_FILES];
  FileStamp stamps[IMP_N_TLS_FILES];
  GFileMonitor *monitors[IMP_N_TLS_FILES];
  TlsPair given; /* by the application */
  TlsPair used;
  TlsPair tried;
  ImpTlsTrial *trial;
  GSource *settle;
  gint64 checked; /* monotonic time */
  gboolean loaded;
};

static void
tls_pair_clear (TlsPair *pair)
{
  g_clear_object (&pair->certificate);
  g_clear_object (&pair->database);
}

ImpTlsCredentials *
imp_tls_credentials_new (GMainContext *context, const char *const names[IMP_N_TLS_FILES])
{
  ImpTlsCredentials *self = g_new0 (ImpTlsCredentials, 1);

  self->context = g_main_context_ref (context);
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    self->names[i] = names[i];
  return self;
}

void
imp_tls_credentials_free (ImpTlsCredentials *self)
{
  g_clear_pointer (&self->trial, imp_tls_trial_cancel);
  imp_source_clear (&self->settle);
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    {
      if (self->monitors[i] != NULL)
        g_file_monitor_cancel (self->monitors[i]);
      g_clear_object (&self->monitors[i]);
      g_free (self->files[i]);
    }
  tls_pair_clear (&self->given);
  tls_pair_clear (&self->used);
  tls_pair_clear (&self->tried);
  g_main_context_unref (self->context);
  g_free (self);
}

/* --- what it is made of --- */

gboolean
imp_tls_credentials_set_file (ImpTlsCredentials *self, ImpTlsFile file, const char *path)
{
  if (g_strcmp0 (self->files[file], path) == 0)
    return FALSE;
  g_free (self->files[file]);
  self->files[file] = g_strdup (path);
  return TRUE;
}

gboolean
imp_tls_credentials_set_certificate (ImpTlsCredentials *self, GTlsCertificate *certificate)
{
  return g_set_object (&self->given.certificate, certificate);
}

gboolean
imp_tls_credentials_set_database (ImpTlsCredentials *self, GTlsDatabase *database)
{
  return g_set_object (&self->given.database, database);
}

const char *
imp_tls_credentials_get_file (const ImpTlsCredentials *self, ImpTlsFile file)
{
  return self->files[file];
}

void
imp_tls_credentials_copy (ImpTlsCredentials *self, const ImpTlsCredentials *other)
{
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    imp_tls_credentials_set_file (self, i, other->files[i]);
  imp_tls_credentials_set_certificate (self, other->given.certificate);
  imp_tls_credentials_set_database (self, other->given.database);
}

GTlsCertificate *
imp_tls_credentials_get_certificate (const ImpTlsCredentials *self)
{
  return self->used.certificate != NULL ? self->used.certificate : self->given.certificate;
}

GTlsDatabase *
imp_tls_credentials_get_database (const ImpTlsCredentials *self)
{
  return self->used.database != NULL ? self->used.database : self->given.database;
}

/* --- reading --- */

/* Takes @failure. */
static gboolean
tls_credentials_set_error (ImpTlsCredentials *self, ImpTlsFile file, GError *failure,
                           GError **error)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "%s \"%s\": %s", self->names[file],
               self->files[file], failure->message);
  g_error_free (failure);
  return FALSE;
}

static gboolean
tls_credentials_check_given (ImpTlsCredentials *self, GError **error)
{
  if (self->files[IMP_TLS_FILE_KEY] == NULL || self->files[IMP_TLS_FILE_CERTIFICATE] != NULL)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "%s \"%s\": there is no %s to it",
               self->names[IMP_TLS_FILE_KEY], self->files[IMP_TLS_FILE_KEY],
               self->names[IMP_TLS_FILE_CERTIFICATE]);
  return FALSE;
}

/* Without a file for the key, it is with the certificate. */
static gboolean
tls_credentials_read_certificate (ImpTlsCredentials *self, TlsPair *pair, GError **error)
{
  const char *file = self->files[IMP_TLS_FILE_CERTIFICATE];
  const char *key = self->files[IMP_TLS_FILE_KEY];
  GError *failure = NULL;

  if (file == NULL)
    return TRUE;
  pair->certificate = g_tls_certificate_new_from_files (file, key != NULL ? key : file, &failure);
  return pair->certificate != NULL
         || tls_credentials_set_error (self, IMP_TLS_FILE_CERTIFICATE, failure, error);
}

static gboolean
tls_credentials_read_database (ImpTlsCredentials *self, TlsPair *pair, GError **error)
{
  GError *failure = NULL;
  g_autofree char *path = NULL;

  if (self->files[IMP_TLS_FILE_CA] == NULL)
    return TRUE;
  /* GIO takes no other. */
  path = g_canonicalize_filename (self->files[IMP_TLS_FILE_CA], NULL);
  pair->database = g_tls_file_database_new (path, &failure);
  return pair->database != NULL
         || tls_credentials_set_error (self, IMP_TLS_FILE_CA, failure, error);
}

static gboolean
tls_credentials_read (ImpTlsCredentials *self, TlsPair *pair, GError **error)
{
  if (tls_credentials_read_certificate (self, pair, error)
      && tls_credentials_read_database (self, pair, error))
    return TRUE;
  tls_pair_clear (pair);
  return FALSE;
}

static GError *
tls_credentials_explain_trial (ImpTlsCredentials *self, const GError *error)
{
  const char *key = self->files[IMP_TLS_FILE_KEY];

  return g_error_new (IMP_ERROR, IMP_ERROR_SETTINGS,
                      "%s \"%s\" and %s \"%s\" do not belong together, or cannot be used: %s",
                      self->names[IMP_TLS_FILE_CERTIFICATE], self->files[IMP_TLS_FILE_CERTIFICATE],
                      self->names[IMP_TLS_FILE_KEY],
                      key != NULL ? key : self->files[IMP_TLS_FILE_CERTIFICATE], error->message);
}

static gboolean
tls_credentials_try_now (ImpTlsCredentials *self, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (certificate == NULL || imp_tls_trial_run (certificate, &failure))
    return TRUE;
  g_propagate_error (error, tls_credentials_explain_trial (self, failure));
  return FALSE;
}

/* --- reading again --- */

static gboolean
tls_credentials_look (ImpTlsCredentials *self, ImpTlsFile file)
{
  FileStamp stamp = { 0 };
  struct stat status;
  gboolean changed;

  if (self->files[file] == NULL)
    return FALSE;
  if (stat (self->files[file], &status) == 0)
    stamp = (FileStamp){ status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                         status.st_mtim.tv_nsec };
  changed = memcmp (&stamp, &self->stamps[file], sizeof stamp) != 0;
  self->stamps[file] = stamp;
  return changed;
}

/* Whether any of them is another one than when this was last called. */
static gboolean
tls_credentials_look_at_all (ImpTlsCredentials *self)
{
  gboolean changed = FALSE;

  self->checked = g_get_monotonic_time ();
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    changed |= tls_credentials_look (self, i);
  return changed;
}

static void
tls_credentials_complain (const GError *error)
{
  imp_log_warning (
    "The TLS files that have changed cannot be used, and the old ones stay in use: %s",
    error->message);
}

static void
tls_credentials_adopt (ImpTlsCredentials *self)
{
  g_autofree char *subject = NULL;

  tls_pair_clear (&self->used);
  self->used = self->tried;
  self->tried = (TlsPair){ NULL, NULL };
  if (self->used.certificate != NULL)
    subject = g_tls_certificate_get_subject_name (self->used.certificate);
  imp_log_message ("The TLS files have changed: new connections use the new ones%s%s%s",
                   subject != NULL ? " (" : "", subject != NULL ? subject : "",
                   subject != NULL ? ")" : "");
}

static void
tls_credentials_on_tried (const GError *error, gpointer user_data)
{
  ImpTlsCredentials *self = user_data;

  self->trial = NULL;
  if (error == NULL)
    tls_credentials_adopt (self);
  else
    {
      g_autoptr (GError) explained = tls_credentials_explain_trial (self, error);

      tls_pair_clear (&self->tried);
      tls_credentials_complain (explained);
    }
}

static void
tls_credentials_reload (ImpTlsCredentials *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->trial, imp_tls_trial_cancel);
  tls_pair_clear (&self->tried);
  tls_credentials_look_at_all (self);
  if (!tls_credentials_read (self, &self->tried, &error))
    tls_credentials_complain (error);
  else if (self->tried.certificate == NULL)
    tls_credentials_adopt (self);
  else
    {
      self->trial = imp_tls_trial_start (self->tried.certificate, self->context,
                                         tls_credentials_on_tried, self, &error);
      if (self->trial == NULL)
        {
          tls_pair_clear (&self->tried);
          tls_credentials_complain (error);
        }
    }
}

static gboolean
tls_credentials_on_settled (gpointer user_data)
{
  ImpTlsCredentials *self = user_data;

  imp_source_clear (&self->settle);
  tls_credentials_reload (self);
  return G_SOURCE_REMOVE;
}

static void
tls_credentials_schedule (ImpTlsCredentials *self)
{
  imp_source_clear (&self->settle);
  self->settle = imp_source_add_timeout (self->context, SETTLE_MS, "imp tls: reload",
                                         tls_credentials_on_settled, self);
}

/* Several events may tell of one change, and some of them late. */
static void
tls_credentials_on_changed (GFileMonitor *monitor, GFile *file, GFile *other,
                            GFileMonitorEvent event, gpointer user_data)
{
  ImpTlsCredentials *self = user_data;

  if (tls_credentials_look_at_all (self))
    tls_credentials_schedule (self);
}

void
imp_tls_credentials_check (ImpTlsCredentials *self)
{
  if (self->loaded && g_get_monotonic_time () - self->checked >= CHECK_PAUSE
      && tls_credentials_look_at_all (self))
    tls_credentials_schedule (self);
}

/* Where it cannot be watched, imp_tls_credentials_check() has to do. */
static void
tls_credentials_watch (ImpTlsCredentials *self, ImpTlsFile index)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;

  if (self->files[index] == NULL)
    return;
  file = g_file_new_for_path (self->files[index]);
  self->monitors[index] = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  if (self->monitors[index] == NULL)
    imp_log_message ("Changes of %s \"%s\" are noticed only when somebody connects: %s",
                     self->names[index], self->files[index], error->message);
  else
    g_signal_connect (self->monitors[index], "changed", G_CALLBACK (tls_credentials_on_changed),
                      self);
}

gboolean
imp_tls_credentials_load (ImpTlsCredentials *self, GError **error)
{
  TlsPair pair = { NULL, NULL };

  if (self->loaded)
    return TRUE;
  if (!tls_credentials_check_given (self, error))
    return FALSE;
  /* Before they are read, so that no change in between is missed. */
  tls_credentials_look_at_all (self);
  if (!tls_credentials_read (self, &pair, error)
      || !tls_credentials_try_now (self, pair.certificate, error))
    {
      tls_pair_clear (&pair);
      return FALSE;
    }
  self->used = pair;
  /* Without files, they may be set later. */
  self->loaded = pair.certificate != NULL || pair.database != NULL;
  g_main_context_push_thread_default (self->context);
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    tls_credentials_watch (self, i);
  g_main_context_pop_thread_default (self->context);
  return TRUE;
}
