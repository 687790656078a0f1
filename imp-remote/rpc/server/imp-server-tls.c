/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-tls-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"

void
imp_server_tls_init (ImpServerTls *self, GMainContext *context, ImpServerTotals *totals,
                     const ImpServerHandshakesFuncs *funcs, gpointer user_data)
{
  static const char *const names[] = {
    [IMP_TLS_FILE_CERTIFICATE] = "tls-cert",
    [IMP_TLS_FILE_KEY] = "tls-key",
    [IMP_TLS_FILE_CA] = "tls-client-ca",
  };

  self->totals = totals;
  self->credentials = imp_tls_credentials_new (context, names);
  self->handshakes = imp_server_handshakes_new (context, &self->limits, self->credentials, funcs,
                                                user_data);
}

void
imp_server_tls_clear (ImpServerTls *self)
{
  imp_server_handshakes_free (self->handshakes);
  imp_tls_credentials_free (self->credentials);
}

void
imp_server_tls_make_specs (GParamFlags flags, GParamSpec **specs)
{
  /**
   * ImpServer:tls-cert: (attributes org.gtk.Property.default=NULL)
   *
   * The file with the certificate for addresses that begin with tls: and those of its issuers
   * behind it, in PEM. It, its key and [property@Imp.Server:tls-client-ca] are read when the server
   * first listens at such an address, and again whenever they change. Connections that exist keep
   * theirs; files that cannot be used are logged as a warning, and those before them stay in use.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_TLS_CERT] = g_param_spec_string ("tls-cert", NULL, NULL, NULL, flags);
  /**
   * ImpServer:tls-key: (attributes org.gtk.Property.default=NULL)
   *
   * The file with the key to [property@Imp.Server:tls-cert]. Without one it is in the same file.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_TLS_KEY] = g_param_spec_string ("tls-key", NULL, NULL, NULL, flags);
  /**
   * ImpServer:tls-client-ca: (attributes org.gtk.Property.default=NULL)
   *
   * The file with the certificates of those who vouch for clients, in PEM. With it, or with
   * [property@Imp.Server:tls-client-database], every TLS client has to show a certificate that one
   * of them has signed; without, anybody may come.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_TLS_CLIENT_CA] = g_param_spec_string ("tls-client-ca", NULL, NULL, NULL, flags);
  /**
   * ImpServer:tls-certificate: (attributes org.gtk.Property.default=NULL)
   *
   * The certificate and its key, instead of [property@Imp.Server:tls-cert]; it can be replaced at
   * any time. Of files, what is in use now.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_TLS_CERTIFICATE] = g_param_spec_object ("tls-certificate", NULL, NULL,
                                                           G_TYPE_TLS_CERTIFICATE, flags);
  /**
   * ImpServer:tls-client-database: (attributes org.gtk.Property.default=NULL)
   *
   * Those who vouch for clients, instead of [property@Imp.Server:tls-client-ca].
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_TLS_CLIENT_DATABASE] = g_param_spec_object ("tls-client-database", NULL, NULL,
                                                               G_TYPE_TLS_DATABASE, flags);
}

void
imp_server_tls_get_property (ImpServerTls *self, guint property, GValue *value)
{
  if (property == IMP_SERVER_TLS_CERTIFICATE)
    g_value_set_object (value, imp_tls_credentials_get_certificate (self->credentials));
  else if (property == IMP_SERVER_TLS_CLIENT_DATABASE)
    g_value_set_object (value, imp_tls_credentials_get_database (self->credentials));
  else
    g_value_set_string (value, imp_tls_credentials_get_file (self->credentials, property));
}

gboolean
imp_server_tls_set_property (ImpServerTls *self, guint property, const GValue *value)
{
  if (property == IMP_SERVER_TLS_CERTIFICATE)
    return imp_tls_credentials_set_certificate (self->credentials, g_value_get_object (value));
  if (property == IMP_SERVER_TLS_CLIENT_DATABASE)
    return imp_tls_credentials_set_database (self->credentials, g_value_get_object (value));
  return imp_tls_credentials_set_file (self->credentials, property, g_value_get_string (value));
}

gboolean
imp_server_tls_check_files (ImpServerTls *self, GError **error)
{
  for (guint i = 0; i < IMP_N_TLS_FILES; i++)
    if (imp_tls_credentials_get_file (self->credentials, i) != NULL)
      return imp_server_tls_prepare (self, error);
  return TRUE;
}

gboolean
imp_server_tls_prepare (ImpServerTls *self, GError **error)
{
  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                           "TLS needs GIO's module for it, which is not installed "
                           "(glib-networking)");
      return FALSE;
    }
  if (!imp_tls_credentials_load (self->credentials, error))
    return FALSE;
  if (imp_tls_credentials_get_certificate (self->credentials) != NULL)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                       "TLS needs a certificate and its key (tls-cert, tls-key)");
  return FALSE;
}

static guint
server_tls_find_log (const GError *error, GTlsCertificateFlags flags)
{
  if (flags != 0)
    return IMP_SERVER_TLS_ERRORS + MIN (g_bit_nth_lsf (flags, -1), 7);
  if (error->domain == G_TLS_ERROR)
    return MIN (error->code, IMP_SERVER_TLS_ERRORS - 2);
  return IMP_SERVER_TLS_ERRORS - 1;
}

void
imp_server_tls_note_refused (ImpServerTls *self, const char *peer, const GError *error,
                             ImpServerHandshakesReason reason, GTlsCertificateFlags flags)
{
  static const ImpServerRefusal refusals[] = {
    [IMP_SERVER_HANDSHAKES_FAILED] = IMP_SERVER_REFUSAL_TLS,
    [IMP_SERVER_HANDSHAKES_TIMED_OUT] = IMP_SERVER_REFUSAL_HANDSHAKE_TIMEOUT,
    [IMP_SERVER_HANDSHAKES_GAVE_WAY] = IMP_SERVER_REFUSAL_MAX_HANDSHAKES,
  };
  guint64 n = imp_log_limit_note (&self->logs[server_tls_find_log (error, flags)]);

  self->totals->n_refusals[refusals[reason]]++;
  if (n > 0)
    imp_log_message ("A client at %s is refused: %s (%" G_GUINT64_FORMAT " of them)",
                     peer != NULL ? peer : "an unknown address", error->message, n);
}

GError *
imp_server_tls_note_plain (ImpServerTls *self)
{
  self->totals->n_refusals[IMP_SERVER_REFUSAL_TLS]++;
  return g_error_new_literal (IMP_ERROR, IMP_ERROR_PROTOCOL,
                              "this address is for TLS, and what came is not TLS: write \"tls://\" "
                              "before the address");
}
