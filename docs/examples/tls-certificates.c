/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs which certificates a TLS server shows: imp-remote relay --module ./tls-certificates.so ...
 * In TLS 1.3 they are encrypted; then it says so. */
#include <imp-remote.h>

#define RECORD_HEADER 5
#define RECORD_HANDSHAKE 22
#define MESSAGE_HEADER 4
#define MESSAGE_CERTIFICATE 11
#define MESSAGE_SERVER_HELLO_DONE 14
/* A chain is some KiB. */
#define HANDSHAKE_MAX (64 * 1024)

#define CERTIFICATES_TYPE_ANALYZER (certificates_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (CertificatesAnalyzer, certificates_analyzer, CERTIFICATES, ANALYZER,
                      ImpAnalyzer)

struct _CertificatesAnalyzer
{
  ImpAnalyzer parent_instance;
  GByteArray *records;   /* what the server has said, as far as it is not understood yet */
  GByteArray *handshake; /* what was in the records */
  gboolean over;
};

G_DEFINE_FINAL_TYPE (CertificatesAnalyzer, certificates_analyzer, IMP_TYPE_ANALYZER)

static guint
read_number (const guint8 *bytes, guint n_bytes)
{
  guint number = 0;

  for (guint i = 0; i < n_bytes; i++)
    number = number << 8 | bytes[i];
  return number;
}

/* Logs what was found, and wants to see no more. */
static void
certificates_end (CertificatesAnalyzer *self, ImpLogLevel level, const char *text)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);

  if (text != NULL)
    imp_analyzer_log (analyzer, IMP_DIRECTION_FROM_SERVER, 0, 0, level, text);
  imp_analyzer_pass_bytes (analyzer, IMP_DIRECTION_FROM_SERVER, IMP_MAX_OFFSET);
  self->over = TRUE;
}

static void
certificates_log (CertificatesAnalyzer *self, const guint8 *der, gsize length)
{
  g_autoptr (GByteArray) bytes = g_byte_array_append (g_byte_array_new (), der, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate
    = g_initable_new (g_tls_backend_get_certificate_type (g_tls_backend_get_default ()), NULL,
                      &error, "certificate", bytes, NULL);
  g_autofree char *text = NULL;

  if (certificate == NULL)
    text = g_strdup_printf ("a certificate that cannot be read: %s", error->message);
  else
    {
      g_autofree char *subject = g_tls_certificate_get_subject_name (certificate);
      g_autofree char *issuer = g_tls_certificate_get_issuer_name (certificate);

      text = g_strdup_printf ("certificate of \"%s\", issued by \"%s\"", subject, issuer);
    }
  imp_analyzer_log (IMP_ANALYZER (self), IMP_DIRECTION_FROM_SERVER, 0, 0, IMP_LOG_LEVEL_INFO, text);
}

/* A list of three bytes of length and a certificate each, with the length of all before it. */
static void
certificates_log_chain (CertificatesAnalyzer *self, const guint8 *chain, gsize length)
{
  gsize at = 3;

  while (length >= at + 3)
    {
      const gsize n = read_number (chain + at, 3);

      if (n > length - at - 3)
        break;
      certificates_log (self, chain + at + 3, n);
      at += 3 + n;
    }
}

/* FALSE: more is needed, or it is over. */
static gboolean
certificates_take_message (CertificatesAnalyzer *self)
{
  const guint8 *message = self->handshake->data;
  gsize length;

  if (self->handshake->len < MESSAGE_HEADER)
    return FALSE;
  length = read_number (message + 1, 3);
  if (length > HANDSHAKE_MAX)
    certificates_end (self, IMP_LOG_LEVEL_WARNING, "a message of the handshake is too long");
  if (self->over || self->handshake->len - MESSAGE_HEADER < length)
    return FALSE;
  if (message[0] == MESSAGE_CERTIFICATE)
    certificates_log_chain (self, message + MESSAGE_HEADER, length);
  if (message[0] == MESSAGE_CERTIFICATE || message[0] == MESSAGE_SERVER_HELLO_DONE)
    certificates_end (self, IMP_LOG_LEVEL_INFO, NULL);
  else
    g_byte_array_remove_range (self->handshake, 0, MESSAGE_HEADER + length);
  return !self->over;
}

static gboolean
certificates_take_record (CertificatesAnalyzer *self)
{
  const guint8 *record = self->records->data;
  gsize length;

  if (self->records->len < RECORD_HEADER)
    return FALSE;
  length = read_number (record + 3, 2);
  if (record[0] != RECORD_HANDSHAKE)
    certificates_end (self, IMP_LOG_LEVEL_NOTICE, "the server shows no certificate in plain text");
  if (self->over || self->records->len - RECORD_HEADER < length)
    return FALSE;
  g_byte_array_append (self->handshake, record + RECORD_HEADER, length);
  g_byte_array_remove_range (self->records, 0, RECORD_HEADER + length);
  while (certificates_take_message (self))
    ;
  return !self->over;
}

static gboolean
certificates_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data,
                            gint64 offset, gint32 data_type, GError **error)
{
  CertificatesAnalyzer *self = CERTIFICATES_ANALYZER (analyzer);

  if (self->over || direction == IMP_DIRECTION_FROM_CLIENT)
    return TRUE;
  if (g_bytes_get_size (data) == 0)
    {
      certificates_end (self, IMP_LOG_LEVEL_NOTICE, "the server has ended within the handshake");
      return TRUE;
    }
  g_byte_array_append (self->records, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  while (certificates_take_record (self))
    ;
  return TRUE;
}

/* Nothing of what it looks at has to wait for it. */
static void
certificates_analyzer_init (CertificatesAnalyzer *self)
{
  self->records = g_byte_array_new ();
  self->handshake = g_byte_array_new ();
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, IMP_MAX_OFFSET);
  imp_analyzer_prepass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_SERVER, IMP_MAX_OFFSET);
}

static void
certificates_analyzer_finalize (GObject *object)
{
  CertificatesAnalyzer *self = CERTIFICATES_ANALYZER (object);

  g_byte_array_unref (self->records);
  g_byte_array_unref (self->handshake);
  G_OBJECT_CLASS (certificates_analyzer_parent_class)->finalize (object);
}

static void
certificates_analyzer_class_init (CertificatesAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = certificates_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->data = certificates_analyzer_data;
}

GType
imp_module_query (void)
{
  return CERTIFICATES_TYPE_ANALYZER;
}
