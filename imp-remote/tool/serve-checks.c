/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-checks.h"

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

int
serve_checks_run (const ServeChecks *self)
{
  int status = serve_check_proxies (self);

  return status == TOOL_DONE ? serve_check_addresses (self) : status;
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

int
serve_checks_apply_codec (const char *name, ImpServer *server)
{
  g_autoptr (ImpCodec) codec = NULL;
  g_autoptr (GError) error = NULL;

  if (name == NULL || g_str_equal (name, "auto"))
    return TOOL_DONE;
  codec = imp_codec_new_by_name (name, &error);
  if (codec == NULL)
    return tool_usage_error ("--codec \"%s\": %s, or \"auto\"", name, error->message);
  g_object_set (server, "codec", name, NULL);
  return TOOL_DONE;
}
