/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-session-format-private.h"
#include "analyzers/imp-session-log-private.h"

struct _ImpSessionLogAnalyzer
{
  ImpAnalyzer parent_instance;

  ImpDiskWriter *writer;
  ImpDiskFile *file; /* NULL: nothing is written any more */
  char *path;
  ImpSessionLogFormat format;
  ImpSessionPcap pcap;
};

G_DEFINE_FINAL_TYPE (ImpSessionLogAnalyzer, imp_session_log_analyzer, IMP_TYPE_ANALYZER)

static void
imp_session_log_analyzer_init (ImpSessionLogAnalyzer *self)
{
}

/* @what: takes it. */
static void
session_log_analyzer_complain (ImpSessionLogAnalyzer *self, char *what)
{
  g_autofree char *text = what;
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  imp_analyzer_log (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, 0, 0, IMP_LOG_LEVEL_ERROR,
                    valid);
}

/* What has been written before stays, and the traffic goes on. */
static void
session_log_analyzer_give_up (ImpSessionLogAnalyzer *self, const char *reason)
{
  if (self->file == NULL)
    return;
  imp_disk_file_close (g_steal_pointer (&self->file));
  session_log_analyzer_complain (self, g_strdup_printf ("session-log: \"%s\" is incomplete: %s",
                                                        self->path, reason));
}

static void
session_log_analyzer_on_error (GObject *owner, const char *reason)
{
  session_log_analyzer_give_up (IMP_SESSION_LOG_ANALYZER (owner), reason);
}

static void
session_log_analyzer_append (ImpSessionLogAnalyzer *self, GByteArray *bytes)
{
  g_autofree char *reason = NULL;

  if (bytes->len > 0 && !imp_disk_file_append (self->file, bytes->data, bytes->len, &reason))
    session_log_analyzer_give_up (self, reason);
}

/* ---- data ---- */

static gboolean
imp_session_log_analyzer_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *view,
                               gint64 offset, gint32 data_type, GError **error)
{
  ImpSessionLogAnalyzer *self = IMP_SESSION_LOG_ANALYZER (analyzer);
  const ImpSessionMoment moment = { g_get_real_time (), direction };
  g_autoptr (GByteArray) bytes = NULL;

  if (self->file == NULL)
    return TRUE;
  bytes = g_byte_array_sized_new (MIN (view->length, G_MAXINT32) + 64);
  if (self->format == IMP_SESSION_LOG_PCAP)
    imp_session_pcap_add (&self->pcap, bytes, moment, view->data, view->length);
  else
    imp_session_bin_add (bytes, moment, view->data, view->length);
  session_log_analyzer_append (self, bytes);
  return TRUE;
}

static void
session_log_analyzer_finish (ImpSessionLogAnalyzer *self)
{
  g_autoptr (GByteArray) bytes = NULL;
  g_autofree char *reason = NULL;

  if (self->file == NULL)
    return;
  bytes = g_byte_array_new ();
  if (self->format == IMP_SESSION_LOG_PCAP)
    imp_session_pcap_end (&self->pcap, bytes, g_get_real_time ());
  /* Nobody would hear of an error any more. */
  imp_disk_file_append (self->file, bytes->data, bytes->len, &reason);
  imp_disk_file_close (g_steal_pointer (&self->file));
}

static void
imp_session_log_analyzer_close (ImpAnalyzer *analyzer)
{
  session_log_analyzer_finish (IMP_SESSION_LOG_ANALYZER (analyzer));
}

static void
imp_session_log_analyzer_finalize (GObject *object)
{
  ImpSessionLogAnalyzer *self = IMP_SESSION_LOG_ANALYZER (object);

  session_log_analyzer_finish (self);
  g_clear_pointer (&self->writer, imp_disk_writer_unref);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (imp_session_log_analyzer_parent_class)->finalize (object);
}

static void
imp_session_log_analyzer_class_init (ImpSessionLogAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_session_log_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->view = imp_session_log_analyzer_view;
  IMP_ANALYZER_CLASS (klass)->close = imp_session_log_analyzer_close;
}

/* ---- the beginning ---- */

static void
session_log_analyzer_open (ImpSessionLogAnalyzer *self, const char *folder,
                           const char *const texts[4])
{
  gint64 now = g_get_real_time ();
  g_autoptr (GError) error = NULL;
  int descriptor = imp_disk_file_create (folder, now / G_USEC_PER_SEC, texts,
                                         self->format == IMP_SESSION_LOG_PCAP ? "pcap" : "bin",
                                         &self->path, &error);

  if (descriptor < 0)
    {
      session_log_analyzer_complain (
        self,
        g_strdup_printf ("session-log: cannot make a file in \"%s\": %s", folder, error->message));
      return;
    }
  self->file = imp_disk_file_new (self->writer, descriptor, G_OBJECT (self),
                                  imp_analyzer_peek_main_context (IMP_ANALYZER (self)),
                                  session_log_analyzer_on_error);
  imp_analyzer_account (IMP_ANALYZER (self), "logfile", self->path);
  if (self->format == IMP_SESSION_LOG_PCAP)
    {
      const guint32 initial[2] = { g_random_int (), g_random_int () };
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      imp_session_pcap_init (&self->pcap, texts[0], texts[1], texts[2], texts[3], initial);
      if (g_strcmp0 (texts[4], "udp") == 0)
        imp_session_pcap_use_datagrams (&self->pcap);
      imp_session_pcap_begin (&self->pcap, bytes, now);
      session_log_analyzer_append (self, bytes);
    }
}

ImpAnalyzer *
imp_session_log_analyzer_new (ImpDiskWriter *writer, const char *folder, ImpSessionLogFormat format,
                              ImpContext *context)
{
  ImpSessionLogAnalyzer *self = g_object_new (IMP_TYPE_SESSION_LOG_ANALYZER, NULL);
  const char *const texts[5] = {
    imp_context_lookup (context, "caddr"), imp_context_lookup (context, "cport"),
    imp_context_lookup (context, "saddr"), imp_context_lookup (context, "sport"),
    imp_context_lookup (context, "proto"),
  };

  self->writer = imp_disk_writer_ref (writer);
  self->format = format;
  for (guint i = 0; i < 2; i++)
    imp_analyzer_prepass_bytes (IMP_ANALYZER (self), i, IMP_MAX_OFFSET);
  session_log_analyzer_open (self, folder, texts);
  return IMP_ANALYZER (self);
}
