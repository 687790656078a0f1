/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "core/imp-property-private.h"
#include "rpc/client/imp-remote-factory-object-private.h"

/**
 * imp_remote_factory_get_address: (get-property address)
 * @self: a remote factory
 *
 * Gets where the server listens: /PATH, ./PATH, \@NAME, HOST:PORT or [IPV6]:PORT, the last two with
 * or without tls:// in front.
 *
 * Returns: (nullable): the value of [property@Imp.RemoteFactory:address]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_address (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return self->servers.address;
}

/**
 * imp_remote_factory_get_addresses: (get-property addresses)
 * @self: a remote factory
 *
 * Gets where further servers listen, besides [property@Imp.RemoteFactory:address] if that is set;
 * 64 in all.
 *
 * Returns: (transfer full) (nullable): the value of [property@Imp.RemoteFactory:addresses]
 *
 * Since: 0.2
 */
char **
imp_remote_factory_get_addresses (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return imp_property_dup_strv (self, "addresses");
}

/**
 * imp_remote_factory_get_balance: (get-property balance)
 * @self: a remote factory
 *
 * Gets which of several servers a new analyzer goes to.
 *
 * Returns: the value of [property@Imp.RemoteFactory:balance]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_balance (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return self->servers.balance;
}

/**
 * imp_remote_factory_set_balance: (set-property balance)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:balance]
 *
 * Sets which of several servers a new analyzer goes to.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_balance (ImpRemoteFactory *self, const char *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));
  g_return_if_fail (value != NULL);

  g_object_set (self, "balance", value, NULL);
}

/**
 * imp_remote_factory_get_codec: (get-property codec)
 * @self: a remote factory
 *
 * Gets the name of the wire format.
 *
 * Returns: the value of [property@Imp.RemoteFactory:codec]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_codec (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return self->codec_name;
}

/**
 * imp_remote_factory_set_codec: (set-property codec)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:codec]
 *
 * Sets the name of the wire format.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_codec (ImpRemoteFactory *self, const char *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));
  g_return_if_fail (value != NULL);

  g_object_set (self, "codec", value, NULL);
}

/**
 * imp_remote_factory_get_fail: (get-property fail)
 * @self: a remote factory
 *
 * Gets what becomes of analyzers that cannot be reached.
 *
 * Returns: the value of [property@Imp.RemoteFactory:fail]
 *
 * Since: 0.2
 */
ImpFailMode
imp_remote_factory_get_fail (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), 0);

  return (ImpFailMode) imp_property_get_enum (self, "fail");
}

/**
 * imp_remote_factory_set_fail: (set-property fail)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:fail]
 *
 * Sets what becomes of analyzers that cannot be reached.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_fail (ImpRemoteFactory *self, ImpFailMode value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "fail", value, NULL);
}

/**
 * imp_remote_factory_get_insecure: (get-property insecure)
 * @self: a remote factory
 *
 * Gets whether to speak to another machine without TLS, though whoever is on the way can read and
 * change what is said.
 *
 * Returns: the value of [property@Imp.RemoteFactory:insecure]
 *
 * Since: 0.2
 */
gboolean
imp_remote_factory_get_insecure (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), FALSE);

  return imp_property_get_boolean (self, "insecure");
}

/**
 * imp_remote_factory_set_insecure: (set-property insecure)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:insecure]
 *
 * Sets whether to speak to another machine without TLS, though whoever is on the way can read and
 * change what is said.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_insecure (ImpRemoteFactory *self, gboolean value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "insecure", value, NULL);
}

/**
 * imp_remote_factory_get_overload: (get-property overload)
 * @self: a remote factory
 *
 * Gets what becomes of analyzers that meet a limit which traffic alone can reach, though nothing
 * has failed: more waits to be sent to them, or of them, than may wait; they exceed a limit of the
 * server; or they are late while the server goes on with others.
 *
 * Returns: the value of [property@Imp.RemoteFactory:overload]
 *
 * Since: 0.2
 */
ImpFailMode
imp_remote_factory_get_overload (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), 0);

  return (ImpFailMode) imp_property_get_enum (self, "overload");
}

/**
 * imp_remote_factory_set_overload: (set-property overload)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:overload]
 *
 * Sets what becomes of analyzers that meet a limit which traffic alone can reach, though nothing
 * has failed: more waits to be sent to them, or of them, than may wait; they exceed a limit of the
 * server; or they are late while the server goes on with others.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_overload (ImpRemoteFactory *self, ImpFailMode value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "overload", value, NULL);
}

/**
 * imp_remote_factory_get_reconnect: (get-property reconnect)
 * @self: a remote factory
 *
 * Gets whether to connect again, in the background, when a connection is lost or cannot be made.
 *
 * Returns: the value of [property@Imp.RemoteFactory:reconnect]
 *
 * Since: 0.2
 */
gboolean
imp_remote_factory_get_reconnect (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), FALSE);

  return imp_property_get_boolean (self, "reconnect");
}

/**
 * imp_remote_factory_set_reconnect: (set-property reconnect)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:reconnect]
 *
 * Sets whether to connect again, in the background, when a connection is lost or cannot be made.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_reconnect (ImpRemoteFactory *self, gboolean value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "reconnect", value, NULL);
}

/**
 * imp_remote_factory_get_shared_memory: (get-property shared-memory)
 * @self: a remote factory
 *
 * Gets whether a relay reads input into memory that the server can see, so that it need not be sent
 * there.
 *
 * Returns: the value of [property@Imp.RemoteFactory:shared-memory]
 *
 * Since: 0.2
 */
ImpSharedMemory
imp_remote_factory_get_shared_memory (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), 0);

  return (ImpSharedMemory) imp_property_get_enum (self, "shared-memory");
}

/**
 * imp_remote_factory_set_shared_memory: (set-property shared-memory)
 * @self: a remote factory
 * @value: the new value of [property@Imp.RemoteFactory:shared-memory]
 *
 * Sets whether a relay reads input into memory that the server can see, so that it need not be sent
 * there.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_shared_memory (ImpRemoteFactory *self, ImpSharedMemory value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "shared-memory", value, NULL);
}

/**
 * imp_remote_factory_get_tls_ca: (get-property tls-ca)
 * @self: a remote factory
 *
 * Gets the file with the certificates of those who vouch for the server, in PEM.
 *
 * Returns: (nullable): the value of [property@Imp.RemoteFactory:tls-ca]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_tls_ca (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return imp_tls_credentials_get_file (self->servers.tls, IMP_TLS_FILE_CA);
}

/**
 * imp_remote_factory_set_tls_ca: (set-property tls-ca)
 * @self: a remote factory
 * @value: (nullable): the new value of [property@Imp.RemoteFactory:tls-ca]
 *
 * Sets the file with the certificates of those who vouch for the server, in PEM.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_tls_ca (ImpRemoteFactory *self, const char *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "tls-ca", value, NULL);
}

/**
 * imp_remote_factory_get_tls_cert: (get-property tls-cert)
 * @self: a remote factory
 *
 * Gets the file with the certificate of this side, for servers that demand one, and those of its
 * issuers behind it, in PEM.
 *
 * Returns: (nullable): the value of [property@Imp.RemoteFactory:tls-cert]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_tls_cert (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return imp_tls_credentials_get_file (self->servers.tls, IMP_TLS_FILE_CERTIFICATE);
}

/**
 * imp_remote_factory_set_tls_cert: (set-property tls-cert)
 * @self: a remote factory
 * @value: (nullable): the new value of [property@Imp.RemoteFactory:tls-cert]
 *
 * Sets the file with the certificate of this side, for servers that demand one, and those of its
 * issuers behind it, in PEM.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_tls_cert (ImpRemoteFactory *self, const char *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "tls-cert", value, NULL);
}

/**
 * imp_remote_factory_get_tls_certificate: (get-property tls-certificate)
 * @self: a remote factory
 *
 * Gets the certificate of this side and its key, instead of [property@Imp.RemoteFactory:tls-cert].
 *
 * Returns: (nullable) (transfer none): the value of [property@Imp.RemoteFactory:tls-certificate]
 *
 * Since: 0.2
 */
GTlsCertificate *
imp_remote_factory_get_tls_certificate (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return imp_tls_credentials_get_certificate (self->servers.tls);
}

/**
 * imp_remote_factory_set_tls_certificate: (set-property tls-certificate)
 * @self: a remote factory
 * @value: (nullable): the new value of [property@Imp.RemoteFactory:tls-certificate]
 *
 * Sets the certificate of this side and its key, instead of [property@Imp.RemoteFactory:tls-cert].
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_tls_certificate (ImpRemoteFactory *self, GTlsCertificate *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));
  g_return_if_fail (value == NULL || G_IS_TLS_CERTIFICATE (value));

  g_object_set (self, "tls-certificate", value, NULL);
}

/**
 * imp_remote_factory_get_tls_database: (get-property tls-database)
 * @self: a remote factory
 *
 * Gets those who vouch for the server, instead of [property@Imp.RemoteFactory:tls-ca].
 *
 * Returns: (nullable) (transfer none): the value of [property@Imp.RemoteFactory:tls-database]
 *
 * Since: 0.2
 */
GTlsDatabase *
imp_remote_factory_get_tls_database (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return imp_tls_credentials_get_database (self->servers.tls);
}

/**
 * imp_remote_factory_set_tls_database: (set-property tls-database)
 * @self: a remote factory
 * @value: (nullable): the new value of [property@Imp.RemoteFactory:tls-database]
 *
 * Sets those who vouch for the server, instead of [property@Imp.RemoteFactory:tls-ca].
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_tls_database (ImpRemoteFactory *self, GTlsDatabase *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));
  g_return_if_fail (value == NULL || G_IS_TLS_DATABASE (value));

  g_object_set (self, "tls-database", value, NULL);
}

/**
 * imp_remote_factory_get_tls_key: (get-property tls-key)
 * @self: a remote factory
 *
 * Gets the file with the key to [property@Imp.RemoteFactory:tls-cert].
 *
 * Returns: (nullable): the value of [property@Imp.RemoteFactory:tls-key]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_tls_key (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return imp_tls_credentials_get_file (self->servers.tls, IMP_TLS_FILE_KEY);
}

/**
 * imp_remote_factory_set_tls_key: (set-property tls-key)
 * @self: a remote factory
 * @value: (nullable): the new value of [property@Imp.RemoteFactory:tls-key]
 *
 * Sets the file with the key to [property@Imp.RemoteFactory:tls-cert].
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_tls_key (ImpRemoteFactory *self, const char *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "tls-key", value, NULL);
}

/**
 * imp_remote_factory_get_tls_name: (get-property tls-name)
 * @self: a remote factory
 *
 * Gets what the server's certificate has to be for, if that is not the host of the address.
 *
 * Returns: (nullable): the value of [property@Imp.RemoteFactory:tls-name]
 *
 * Since: 0.2
 */
const char *
imp_remote_factory_get_tls_name (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return self->servers.tls_name;
}

/**
 * imp_remote_factory_set_tls_name: (set-property tls-name)
 * @self: a remote factory
 * @value: (nullable): the new value of [property@Imp.RemoteFactory:tls-name]
 *
 * Sets what the server's certificate has to be for, if that is not the host of the address.
 *
 * Since: 0.2
 */
void
imp_remote_factory_set_tls_name (ImpRemoteFactory *self, const char *value)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  g_object_set (self, "tls-name", value, NULL);
}
