/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-access-private.h"

#include "core/imp-error.h"
#include "rpc/imp-address-masks-private.h"

#define MODE_MAX 0777

void
imp_server_access_clear (ImpServerAccess *self)
{
  imp_access_clear (&self->lists);
  g_clear_pointer (&self->proxy_texts, g_strfreev);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  g_clear_error (&self->proxy_error);
}

void
imp_server_access_make_specs (GParamFlags flags, GParamSpec **specs)
{
  /**
   * ImpServer:socket-mode: (attributes org.gtk.Property.default=0600)
   *
   * The mode of the files of unix sockets at which the server listens from now on, such as 0600. It
   * does not depend on the umask, and nobody can connect before the file has it.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_ACCESS_SOCKET_MODE] = g_param_spec_uint ("socket-mode", NULL, NULL, 0, MODE_MAX,
                                                            IMP_LISTENER_MODE_DEFAULT, flags);
  /**
   * ImpServer:allow-uids: (attributes org.gtk.Property.default=NULL)
   *
   * The users who may connect to the server's unix sockets, by names or numbers, or "*" for all of
   * them; %NULL for the user of this process and root. The kernel says who it is. A name that
   * nobody has is an error of [method@Imp.Server.listen]. Whoever is refused is told so.
   *
   * Names are looked up when this is set.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_ACCESS_ALLOW_UIDS] = g_param_spec_boxed ("allow-uids", NULL, NULL, G_TYPE_STRV,
                                                            flags);
  /**
   * ImpServer:allow-gids: (attributes org.gtk.Property.default=NULL)
   *
   * The groups whose members may connect to the server's unix sockets as well, by names or numbers,
   * or "*" for all of them; %NULL for none. See [property@Imp.Server:allow-uids].
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_ACCESS_ALLOW_GIDS] = g_param_spec_boxed ("allow-gids", NULL, NULL, G_TYPE_STRV,
                                                            flags);
  /**
   * ImpServer:trust-context: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether clients may say themselves who their peers are. The context of each analyzer has keys
   * "peer.uid" and "peer.pid" of whoever has connected to a unix socket; of a client that has shown
   * a certificate, "peer.cn", its common name ([method@Imp.Peer.get_common_name]), and "peer.dns",
   * its DNS names, with commas between them. What a client says under keys that begin with "peer."
   * is dropped. With this set it stays, and the server adds nothing: for a server whose only
   * clients are other servers, which know better.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_ACCESS_TRUST_CONTEXT] = g_param_spec_boolean ("trust-context", NULL, NULL, FALSE,
                                                                 flags);
  /**
   * ImpServer:proxy-from: (attributes org.gtk.Property.default=NULL)
   *
   * The addresses of proxies that pass connections on, such as "192.0.2.1" or "192.0.2.0/24"; %NULL
   * for none. With them, each connection of TCP has to come from one of these, and to begin with a
   * header of the PROXY protocol, version 1 or 2, before TLS where there is TLS. What that says is
   * the client's address, for the limits of a peer and for [method@Imp.Peer.get_address]; others
   * are disconnected. It has no effect at unix sockets. A text that is no such address is an error
   * of [method@Imp.Server.listen]; where the server listens already, all of TCP are disconnected.
   *
   * Since: 0.1
   */
  specs[IMP_SERVER_ACCESS_PROXY_FROM] = g_param_spec_boxed ("proxy-from", NULL, NULL, G_TYPE_STRV,
                                                            flags);
}

void
imp_server_access_get_property (const ImpServerAccess *self, const ImpListenerOptions *options,
                                guint property, GValue *value)
{
  switch (property)
    {
    case IMP_SERVER_ACCESS_SOCKET_MODE:
      g_value_set_uint (value, options->mode);
      break;
    case IMP_SERVER_ACCESS_ALLOW_UIDS:
      g_value_set_boxed (value, self->lists.uids.texts);
      break;
    case IMP_SERVER_ACCESS_ALLOW_GIDS:
      g_value_set_boxed (value, self->lists.gids.texts);
      break;
    case IMP_SERVER_ACCESS_PROXY_FROM:
      g_value_set_boxed (value, self->proxy_texts);
      break;
    case IMP_SERVER_ACCESS_TRUST_CONTEXT:
    default:
      g_value_set_boolean (value, self->trust_context);
    }
}

static gboolean
server_access_set_mode (ImpListenerOptions *options, guint mode)
{
  gboolean changed = options->mode != mode;

  options->mode = mode;
  return changed;
}

static gboolean
server_access_set_trust (ImpServerAccess *self, gboolean trust)
{
  gboolean changed = self->trust_context != trust;

  self->trust_context = trust;
  return changed;
}

static gboolean
server_access_is_same (char **one, const char *const *other)
{
  return one == NULL || other == NULL ? one == (gpointer) other
                                      : g_strv_equal ((const char *const *) one, other);
}

/* The first error is kept for those who want to listen. */
static gboolean
server_access_set_proxies (ImpServerAccess *self, const char *const *texts)
{
  if (server_access_is_same (self->proxy_texts, texts))
    return FALSE;
  g_strfreev (self->proxy_texts);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  g_clear_error (&self->proxy_error);
  self->proxy_texts = g_strdupv ((char **) texts);
  self->proxies = texts != NULL ? imp_address_masks_new () : NULL;
  for (guint i = 0; texts != NULL && texts[i] != NULL && self->proxy_error == NULL; i++)
    if (!imp_address_masks_add (self->proxies, texts[i], &self->proxy_error))
      g_prefix_error (&self->proxy_error, "proxy-from: ");
  return TRUE;
}

gboolean
imp_server_access_check (const ImpServerAccess *self, GError **error)
{
  if (self->proxy_error != NULL && error != NULL)
    *error = g_error_copy (self->proxy_error);
  return self->proxy_error == NULL && imp_access_check (&self->lists, error);
}

/* Texts that are wrong are no reason to let everybody in. */
gboolean
imp_server_access_has_proxies (const ImpServerAccess *self)
{
  return self->proxies != NULL && (self->proxies->len > 0 || self->proxy_error != NULL);
}

gboolean
imp_server_access_admit_proxy (const ImpServerAccess *self, GSocketConnection *connection,
                               GError **error)
{
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);

  if (self->proxy_error == NULL && remote != NULL
      && imp_address_masks_contain (self->proxies, remote))
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_DENIED,
                       "Connections have to come from a proxy (proxy-from)");
  return FALSE;
}

gboolean
imp_server_access_set_property (ImpServerAccess *self, ImpListenerOptions *options, guint property,
                                const GValue *value)
{
  switch (property)
    {
    case IMP_SERVER_ACCESS_SOCKET_MODE:
      return server_access_set_mode (options, g_value_get_uint (value));
    case IMP_SERVER_ACCESS_ALLOW_UIDS:
      return imp_access_set_uids (&self->lists, g_value_get_boxed (value));
    case IMP_SERVER_ACCESS_ALLOW_GIDS:
      return imp_access_set_gids (&self->lists, g_value_get_boxed (value));
    case IMP_SERVER_ACCESS_PROXY_FROM:
      return server_access_set_proxies (self, g_value_get_boxed (value));
    case IMP_SERVER_ACCESS_TRUST_CONTEXT:
    default:
      return server_access_set_trust (self, g_value_get_boolean (value));
    }
}

gboolean
imp_server_access_admit (const ImpServerAccess *self, ImpPeer *peer, GError **error)
{
  const ImpCredentials *credentials = imp_peer_get_credentials (peer);

  /* Where others can be reached by TCP, it is TLS that says who may. */
  return credentials == NULL || imp_peer_is_established (peer)
         || imp_access_admit (&self->lists, credentials, error);
}
