/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "core/imp-property-private.h"
#include "rpc/server/imp-server-object-private.h"

static ImpTlsCredentials *
server_get_credentials (ImpServer *self)
{
  return imp_server_get_private (self)->admission.tls.credentials;
}

/**
 * imp_server_get_allow_gids: (get-property allow-gids)
 * @self: a server
 *
 * Gets the groups whose members may connect to the server's unix sockets as well, by names or
 * numbers, or "*" for all of them; %NULL for none.
 *
 * Returns: (transfer full) (nullable): the value of [property@Imp.Server:allow-gids]
 *
 * Since: 0.2
 */
char **
imp_server_get_allow_gids (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_property_dup_strv (self, "allow-gids");
}

/**
 * imp_server_set_allow_gids: (set-property allow-gids)
 * @self: a server
 * @value: (nullable) (array zero-terminated=1): the new value of [property@Imp.Server:allow-gids]
 *
 * Sets the groups whose members may connect to the server's unix sockets as well, by names or
 * numbers, or "*" for all of them; %NULL for none.
 *
 * Since: 0.2
 */
void
imp_server_set_allow_gids (ImpServer *self, const char *const *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "allow-gids", value, NULL);
}

/**
 * imp_server_get_allow_uids: (get-property allow-uids)
 * @self: a server
 *
 * Gets the users who may connect to the server's unix sockets, by names or numbers, or "*" for all
 * of them; %NULL for the user of this process and root.
 *
 * Returns: (transfer full) (nullable): the value of [property@Imp.Server:allow-uids]
 *
 * Since: 0.2
 */
char **
imp_server_get_allow_uids (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_property_dup_strv (self, "allow-uids");
}

/**
 * imp_server_set_allow_uids: (set-property allow-uids)
 * @self: a server
 * @value: (nullable) (array zero-terminated=1): the new value of [property@Imp.Server:allow-uids]
 *
 * Sets the users who may connect to the server's unix sockets, by names or numbers, or "*" for all
 * of them; %NULL for the user of this process and root.
 *
 * Since: 0.2
 */
void
imp_server_set_allow_uids (ImpServer *self, const char *const *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "allow-uids", value, NULL);
}

/**
 * imp_server_get_codec: (get-property codec)
 * @self: a server
 *
 * Gets the name of the wire format (see [func@Imp.Codec.new_by_name]), or "auto": what the first
 * bytes of a client show.
 *
 * Returns: the value of [property@Imp.Server:codec]
 *
 * Since: 0.2
 */
const char *
imp_server_get_codec (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_server_get_private (self)->codec_name;
}

/**
 * imp_server_set_codec: (set-property codec)
 * @self: a server
 * @value: the new value of [property@Imp.Server:codec]
 *
 * Sets the name of the wire format (see [func@Imp.Codec.new_by_name]), or "auto": what the first
 * bytes of a client show.
 *
 * Since: 0.2
 */
void
imp_server_set_codec (ImpServer *self, const char *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));
  g_return_if_fail (value != NULL);

  g_object_set (self, "codec", value, NULL);
}

/**
 * imp_server_get_draining: (get-property draining)
 * @self: a server
 *
 * Gets whether clients are to look for another server, while this one goes on.
 *
 * Returns: the value of [property@Imp.Server:draining]
 *
 * Since: 0.2
 */
gboolean
imp_server_get_draining (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);

  return imp_property_get_boolean (self, "draining");
}

/**
 * imp_server_set_draining: (set-property draining)
 * @self: a server
 * @value: the new value of [property@Imp.Server:draining]
 *
 * Sets whether clients are to look for another server, while this one goes on.
 *
 * Since: 0.2
 */
void
imp_server_set_draining (ImpServer *self, gboolean value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "draining", value, NULL);
}

/**
 * imp_server_get_factory: (get-property factory)
 * @self: a server
 *
 * Gets the factory that makes the analyzers.
 *
 * Returns: (nullable) (transfer none): the value of [property@Imp.Server:factory]
 *
 * Since: 0.2
 */
ImpFactory *
imp_server_get_factory (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_server_get_private (self)->factory;
}

/**
 * imp_server_get_insecure: (get-property insecure)
 * @self: a server
 *
 * Gets whether to listen at TCP addresses that other machines can reach without TLS, though the
 * traffic is neither encrypted nor authenticated.
 *
 * Returns: the value of [property@Imp.Server:insecure]
 *
 * Since: 0.2
 */
gboolean
imp_server_get_insecure (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);

  return imp_property_get_boolean (self, "insecure");
}

/**
 * imp_server_set_insecure: (set-property insecure)
 * @self: a server
 * @value: the new value of [property@Imp.Server:insecure]
 *
 * Sets whether to listen at TCP addresses that other machines can reach without TLS, though the
 * traffic is neither encrypted nor authenticated.
 *
 * Since: 0.2
 */
void
imp_server_set_insecure (ImpServer *self, gboolean value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "insecure", value, NULL);
}

/**
 * imp_server_get_proxy_from: (get-property proxy-from)
 * @self: a server
 *
 * Gets the addresses of proxies that pass connections on, such as "192.0.2.1" or "192.0.2.0/24";
 * %NULL for none.
 *
 * Returns: (transfer full) (nullable): the value of [property@Imp.Server:proxy-from]
 *
 * Since: 0.2
 */
char **
imp_server_get_proxy_from (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_property_dup_strv (self, "proxy-from");
}

/**
 * imp_server_set_proxy_from: (set-property proxy-from)
 * @self: a server
 * @value: (nullable) (array zero-terminated=1): the new value of [property@Imp.Server:proxy-from]
 *
 * Sets the addresses of proxies that pass connections on, such as "192.0.2.1" or "192.0.2.0/24";
 * %NULL for none.
 *
 * Since: 0.2
 */
void
imp_server_set_proxy_from (ImpServer *self, const char *const *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "proxy-from", value, NULL);
}

/**
 * imp_server_get_replace: (get-property replace)
 * @self: a server
 *
 * Gets whether to take over a unix socket's path from a server that still listens there.
 *
 * Returns: the value of [property@Imp.Server:replace]
 *
 * Since: 0.2
 */
gboolean
imp_server_get_replace (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);

  return imp_property_get_boolean (self, "replace");
}

/**
 * imp_server_set_replace: (set-property replace)
 * @self: a server
 * @value: the new value of [property@Imp.Server:replace]
 *
 * Sets whether to take over a unix socket's path from a server that still listens there.
 *
 * Since: 0.2
 */
void
imp_server_set_replace (ImpServer *self, gboolean value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "replace", value, NULL);
}

/**
 * imp_server_get_shared_memory: (get-property shared-memory)
 * @self: a server
 *
 * Gets whether clients at unix sockets may share memory from which their input is read, so that it
 * need not come through the connection.
 *
 * Returns: the value of [property@Imp.Server:shared-memory]
 *
 * Since: 0.2
 */
ImpSharedMemory
imp_server_get_shared_memory (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), 0);

  return (ImpSharedMemory) imp_property_get_enum (self, "shared-memory");
}

/**
 * imp_server_set_shared_memory: (set-property shared-memory)
 * @self: a server
 * @value: the new value of [property@Imp.Server:shared-memory]
 *
 * Sets whether clients at unix sockets may share memory from which their input is read, so that it
 * need not come through the connection.
 *
 * Since: 0.2
 */
void
imp_server_set_shared_memory (ImpServer *self, ImpSharedMemory value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "shared-memory", value, NULL);
}

/**
 * imp_server_get_socket_mode: (get-property socket-mode)
 * @self: a server
 *
 * Gets the mode of the files of unix sockets at which the server listens from now on, such as 0600.
 *
 * Returns: the value of [property@Imp.Server:socket-mode]
 *
 * Since: 0.2
 */
guint
imp_server_get_socket_mode (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), 0);

  return imp_property_get_uint (self, "socket-mode");
}

/**
 * imp_server_set_socket_mode: (set-property socket-mode)
 * @self: a server
 * @value: the new value of [property@Imp.Server:socket-mode]
 *
 * Sets the mode of the files of unix sockets at which the server listens from now on, such as 0600.
 *
 * Since: 0.2
 */
void
imp_server_set_socket_mode (ImpServer *self, guint value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "socket-mode", value, NULL);
}

/**
 * imp_server_get_tls_cert: (get-property tls-cert)
 * @self: a server
 *
 * Gets the file with the certificate for addresses that begin with tls: and those of its issuers
 * behind it, in PEM.
 *
 * Returns: (nullable): the value of [property@Imp.Server:tls-cert]
 *
 * Since: 0.2
 */
const char *
imp_server_get_tls_cert (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_tls_credentials_get_file (server_get_credentials (self), IMP_TLS_FILE_CERTIFICATE);
}

/**
 * imp_server_set_tls_cert: (set-property tls-cert)
 * @self: a server
 * @value: (nullable): the new value of [property@Imp.Server:tls-cert]
 *
 * Sets the file with the certificate for addresses that begin with tls: and those of its issuers
 * behind it, in PEM.
 *
 * Since: 0.2
 */
void
imp_server_set_tls_cert (ImpServer *self, const char *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "tls-cert", value, NULL);
}

/**
 * imp_server_get_tls_certificate: (get-property tls-certificate)
 * @self: a server
 *
 * Gets the certificate and its key, instead of [property@Imp.Server:tls-cert]; it can be replaced
 * at any time.
 *
 * Returns: (nullable) (transfer none): the value of [property@Imp.Server:tls-certificate]
 *
 * Since: 0.2
 */
GTlsCertificate *
imp_server_get_tls_certificate (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_tls_credentials_get_certificate (server_get_credentials (self));
}

/**
 * imp_server_set_tls_certificate: (set-property tls-certificate)
 * @self: a server
 * @value: (nullable): the new value of [property@Imp.Server:tls-certificate]
 *
 * Sets the certificate and its key, instead of [property@Imp.Server:tls-cert]; it can be replaced
 * at any time.
 *
 * Since: 0.2
 */
void
imp_server_set_tls_certificate (ImpServer *self, GTlsCertificate *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));
  g_return_if_fail (value == NULL || G_IS_TLS_CERTIFICATE (value));

  g_object_set (self, "tls-certificate", value, NULL);
}

/**
 * imp_server_get_tls_client_ca: (get-property tls-client-ca)
 * @self: a server
 *
 * Gets the file with the certificates of those who vouch for clients, in PEM.
 *
 * Returns: (nullable): the value of [property@Imp.Server:tls-client-ca]
 *
 * Since: 0.2
 */
const char *
imp_server_get_tls_client_ca (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_tls_credentials_get_file (server_get_credentials (self), IMP_TLS_FILE_CA);
}

/**
 * imp_server_set_tls_client_ca: (set-property tls-client-ca)
 * @self: a server
 * @value: (nullable): the new value of [property@Imp.Server:tls-client-ca]
 *
 * Sets the file with the certificates of those who vouch for clients, in PEM.
 *
 * Since: 0.2
 */
void
imp_server_set_tls_client_ca (ImpServer *self, const char *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "tls-client-ca", value, NULL);
}

/**
 * imp_server_get_tls_client_database: (get-property tls-client-database)
 * @self: a server
 *
 * Gets those who vouch for clients, instead of [property@Imp.Server:tls-client-ca].
 *
 * Returns: (nullable) (transfer none): the value of [property@Imp.Server:tls-client-database]
 *
 * Since: 0.2
 */
GTlsDatabase *
imp_server_get_tls_client_database (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_tls_credentials_get_database (server_get_credentials (self));
}

/**
 * imp_server_set_tls_client_database: (set-property tls-client-database)
 * @self: a server
 * @value: (nullable): the new value of [property@Imp.Server:tls-client-database]
 *
 * Sets those who vouch for clients, instead of [property@Imp.Server:tls-client-ca].
 *
 * Since: 0.2
 */
void
imp_server_set_tls_client_database (ImpServer *self, GTlsDatabase *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));
  g_return_if_fail (value == NULL || G_IS_TLS_DATABASE (value));

  g_object_set (self, "tls-client-database", value, NULL);
}

/**
 * imp_server_get_tls_key: (get-property tls-key)
 * @self: a server
 *
 * Gets the file with the key to [property@Imp.Server:tls-cert].
 *
 * Returns: (nullable): the value of [property@Imp.Server:tls-key]
 *
 * Since: 0.2
 */
const char *
imp_server_get_tls_key (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_tls_credentials_get_file (server_get_credentials (self), IMP_TLS_FILE_KEY);
}

/**
 * imp_server_set_tls_key: (set-property tls-key)
 * @self: a server
 * @value: (nullable): the new value of [property@Imp.Server:tls-key]
 *
 * Sets the file with the key to [property@Imp.Server:tls-cert].
 *
 * Since: 0.2
 */
void
imp_server_set_tls_key (ImpServer *self, const char *value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "tls-key", value, NULL);
}

/**
 * imp_server_get_trust_context: (get-property trust-context)
 * @self: a server
 *
 * Gets whether clients may say themselves who their peers are.
 *
 * Returns: the value of [property@Imp.Server:trust-context]
 *
 * Since: 0.2
 */
gboolean
imp_server_get_trust_context (ImpServer *self)
{
  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);

  return imp_property_get_boolean (self, "trust-context");
}

/**
 * imp_server_set_trust_context: (set-property trust-context)
 * @self: a server
 * @value: the new value of [property@Imp.Server:trust-context]
 *
 * Sets whether clients may say themselves who their peers are.
 *
 * Since: 0.2
 */
void
imp_server_set_trust_context (ImpServer *self, gboolean value)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  g_object_set (self, "trust-context", value, NULL);
}
