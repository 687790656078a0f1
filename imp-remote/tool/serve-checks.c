/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-checks.h"

#include "rpc/imp-tls-credentials-private.h"
#include "tool/access-options.h"
#include "tool/tool.h"

static int
serve_check_proxies (const ServeChecks *self)
{
  if (self->proxy_protocol != NULL && !g_str_equal (self->proxy_protocol, "in"))
    return tool_usage_error ("--proxy-protocol \"%s\": of a server, it is \"in\"",
                             self->proxy_protocol);
  if (self->proxy_protocol != NULL && self->proxy_from == NULL)
    return tool_usage_error ("--proxy-protocol in: --proxy-from ADDRESS[/BITS] must say which "
                             "proxies are believed");
  if (self->proxy_protocol == NULL && self->proxy_from != NULL)
    return tool_usage_error ("--proxy-from is for --proxy-protocol in");
  return TOOL_DONE;
}

static const char *
serve_find_tls_option (const ServeChecks *self)
{
  if (self->tls_cert != NULL)
    return "--tls-cert";
  if (self->tls_key != NULL)
    return "--tls-key";
  return self->tls_client_ca != NULL ? "--tls-client-ca" : NULL;
}

/* An option that protects must not be without effect because of a slip in an address. */
static int
serve_check_addresses (const ServeChecks *self)
{
  const char *option = serve_find_tls_option (self);
  gboolean tls = FALSE;
  int status = TOOL_DONE;

  for (char **text = self->addresses; *text != NULL; text++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpAddress) address = imp_address_parse (*text, &error);

      if (address == NULL)
        {
          status = tool_option_error (self->label, *text, error);
          continue;
        }
      access_options_note_address (address);
      tls = tls || address->tls;
    }
  if (status != TOOL_DONE)
    return status;
  if (option != NULL && !tls)
    return tool_usage_error ("%s is set, but no address speaks TLS: one that does begins with "
                             "\"" IMP_ADDRESS_TLS_PREFIX "\", or with "
                             "\"" IMP_ADDRESS_TLS_INHERITED_PREFIX "\" in front of fd:N or systemd",
                             option);
  return TOOL_DONE;
}

static int
serve_check_codec (const ServeChecks *self)
{
  g_autoptr (ImpCodec) codec = NULL;
  g_autoptr (GError) error = NULL;

  if (self->codec == NULL || g_str_equal (self->codec, "auto"))
    return TOOL_DONE;
  codec = imp_codec_new_by_name (self->codec, &error);
  if (codec == NULL)
    return tool_usage_error ("--codec \"%s\": %s, or \"auto\"", self->codec, error->message);
  return TOOL_DONE;
}

int
serve_checks_run (const ServeChecks *self)
{
  const int codec = serve_check_codec (self);
  const int proxies = serve_check_proxies (self);
  const int addresses = serve_check_addresses (self);

  /* All that is wrong is said at once. */
  return MAX (codec, MAX (proxies, addresses));
}

int
serve_checks_try_tls (const ServeChecks *self)
{
  static const char *const names[] = {
    [IMP_TLS_FILE_CERTIFICATE] = "--tls-cert",
    [IMP_TLS_FILE_KEY] = "--tls-key",
    [IMP_TLS_FILE_CA] = "--tls-client-ca",
  };
  ImpTlsCredentials *credentials = imp_tls_credentials_new (g_main_context_default (), names);
  g_autoptr (GError) error = NULL;

  imp_tls_credentials_set_file (credentials, IMP_TLS_FILE_CERTIFICATE, self->tls_cert);
  imp_tls_credentials_set_file (credentials, IMP_TLS_FILE_KEY, self->tls_key);
  imp_tls_credentials_set_file (credentials, IMP_TLS_FILE_CA, self->tls_client_ca);
  imp_tls_credentials_load (credentials, &error);
  imp_tls_credentials_free (credentials);
  return error != NULL ? tool_usage_error ("%s", error->message) : TOOL_DONE;
}

/* Scripts are only looked for. */
void
serve_checks_load_modules (const char *const *modules)
{
  const gboolean only = tool_only_check_modules (TRUE);
  g_autoptr (ImpFactory) factory = NULL;
  int status;

  factory = tool_new_factory (modules, &status);
  tool_only_check_modules (only);
}
