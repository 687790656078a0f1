/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-tls-text-private.h"

#include "core/imp-clean-text-private.h"
#include "io/imp-tls-stream-private.h"

#include <string.h>

/* Of what a certificate says no more is shown. */
#define SHOWN_MAX 200
#define NAMES_MAX 8

static char *
tls_text_clean (const char *text, gsize length)
{
  gsize shown = MIN (length, SHOWN_MAX);

  return imp_clean_text (text, shown, length - shown);
}

static char *
tls_text_get_name (GTlsCertificate *certificate, gboolean issuer)
{
  g_autofree char *name = issuer ? g_tls_certificate_get_issuer_name (certificate)
                                 : g_tls_certificate_get_subject_name (certificate);

  return name != NULL ? tls_text_clean (name, strlen (name)) : g_strdup ("nobody");
}

static void
tls_text_add (GString *text, const char *what)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", what);
}

static void
tls_text_add_issuer (GString *text, GTlsCertificate *certificate)
{
  g_autofree char *subject = tls_text_get_name (certificate, FALSE);
  g_autofree char *issuer = tls_text_get_name (certificate, TRUE);
  g_autofree char *what = g_strdup_printf ("its issuer \"%s\" is unknown here", issuer);

  tls_text_add (text, g_str_equal (subject, issuer)
                        ? "it is self-signed, and not among those that are trusted here"
                        : what);
}

static void
tls_text_add_time (GString *text, const char *what, GDateTime *time)
{
  g_autoptr (GDateTime) owned = time;
  g_autofree char *shown = time != NULL ? g_date_time_format (time, "%F %T UTC") : NULL;
  g_autofree char *sentence = g_strconcat (what, shown != NULL ? shown : "an unknown time", NULL);

  tls_text_add (text, sentence);
}

/* The names of a certificate, as far as they are few. */
static char *
tls_text_list_names (GTlsCertificate *certificate)
{
  g_autoptr (GPtrArray) names = g_tls_certificate_get_dns_names (certificate);
  g_autoptr (GPtrArray) addresses = g_tls_certificate_get_ip_addresses (certificate);
  GString *text = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; names != NULL && i < names->len && n < NAMES_MAX; i++, n++)
    {
      gsize length;
      const char *name = g_bytes_get_data (names->pdata[i], &length);
      g_autofree char *clean = tls_text_clean (name, length);

      g_string_append_printf (text, "%s%s", n > 0 ? ", " : "", clean);
    }
  for (guint i = 0; addresses != NULL && i < addresses->len && n < NAMES_MAX; i++, n++)
    {
      g_autofree char *ip = g_inet_address_to_string (addresses->pdata[i]);

      g_string_append_printf (text, "%s%s", n > 0 ? ", " : "", ip);
    }
  if (n == 0)
    g_string_append (text, "no name");
  return g_string_free (text, FALSE);
}

static void
tls_text_add_identity (GString *text, GTlsCertificate *certificate, const char *name)
{
  g_autofree char *names = tls_text_list_names (certificate);
  g_autofree char *what = g_strdup_printf ("it is for %s and not for \"%s\" (tls-name)", names,
                                           name != NULL ? name : "");

  tls_text_add (text, what);
}

static char *
tls_text_describe (GTlsCertificate *certificate, GTlsCertificateFlags flags, const char *name)
{
  GString *text = g_string_new (NULL);

  if ((flags & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    tls_text_add_issuer (text, certificate);
  if ((flags & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    tls_text_add_identity (text, certificate, name);
  if ((flags & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    tls_text_add_time (text, "it is not valid before ",
                       g_tls_certificate_get_not_valid_before (certificate));
  if ((flags & G_TLS_CERTIFICATE_EXPIRED) != 0)
    tls_text_add_time (text, "it has expired at ",
                       g_tls_certificate_get_not_valid_after (certificate));
  if ((flags & G_TLS_CERTIFICATE_REVOKED) != 0)
    tls_text_add (text, "it is revoked");
  if ((flags & G_TLS_CERTIFICATE_INSECURE) != 0)
    tls_text_add (text, "its algorithm is insecure");
  if (text->len == 0)
    tls_text_add (text, "it cannot be verified");
  return g_string_free (text, FALSE);
}

GError *
imp_tls_text_refuse (GTlsCertificate *certificate, GTlsCertificateFlags flags, const char *whose,
                     const char *name)
{
  g_autofree char *subject = tls_text_get_name (certificate, FALSE);
  g_autofree char *why = tls_text_describe (certificate, flags, name);

  return g_error_new (G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
                      "%s certificate \"%s\" is refused: %s", whose, subject, why);
}

/* GIO sends no alerts: who refuses a certificate just closes. */
static gboolean
tls_text_is_silence (const GError *error)
{
  return g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF)
         || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_NOT_TLS)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

GError *
imp_tls_text_explain (const GError *error, gboolean at_server)
{
  const char *whose = at_server ? "the client's" : "the server's";

  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED))
    return g_error_new_literal (G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED,
                                at_server ? "the client's certificate is missing, and is demanded "
                                            "(tls-client-ca)"
                                          : IMP_TLS_STREAM_DEMANDED);
  if (tls_text_is_silence (error))
    return g_error_new (error->domain, error->code,
                        "%s end closed the connection in the TLS handshake: it may refuse the "
                        "certificate of this side, or the lack of one (its log says why), or it "
                        "does not speak TLS (%s)",
                        whose, error->message);
  return g_error_new (error->domain, error->code,
                      "%s end does not speak TLS (then there is no \"tls://\" before the address), "
                      "or cannot agree with this one about TLS 1.2 or newer: %s",
                      whose, error->message);
}

gboolean
imp_tls_text_check_version (GTlsConnection *connection, const char *whose, GError **error)
{
  GTlsProtocolVersion version = g_tls_connection_get_protocol_version (connection);

  if (version == G_TLS_PROTOCOL_VERSION_TLS_1_2 || version == G_TLS_PROTOCOL_VERSION_TLS_1_3)
    return TRUE;
  g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_HANDSHAKE,
               "%s end speaks an older TLS than 1.2, which is refused", whose);
  return FALSE;
}
