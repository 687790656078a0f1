/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-peer.h"

#include "rpc/imp-certificate-names-private.h"
#include "rpc/server/imp-server-access-private.h"

#include <string.h>

struct _ImpPeer
{
  GObject parent_instance;

  char *name;
  char *address;
  ImpCredentials credentials;
  GTlsCertificate *certificate;
  char *common_name;
  char **dns_names;
  ImpContext *context;
  gboolean local; /* at a unix socket */
  gboolean established;
};

/**
 * ImpPeer:
 *
 * Who has connected to a server, as far as that is known.
 *
 * All of it comes from the kernel, from TLS, or from a proxy that the server believes
 * ([property@Imp.Server:proxy-from]), and nothing from what the client says. It does not change.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (ImpPeer, imp_peer, G_TYPE_OBJECT)

static void
imp_peer_finalize (GObject *object)
{
  ImpPeer *self = IMP_PEER (object);

  g_free (self->name);
  g_free (self->address);
  imp_credentials_clear (&self->credentials);
  g_clear_object (&self->certificate);
  g_free (self->common_name);
  g_strfreev (self->dns_names);
  imp_context_unref (self->context);
  G_OBJECT_CLASS (imp_peer_parent_class)->finalize (object);
}

static void
imp_peer_class_init (ImpPeerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_peer_finalize;
}

static void
imp_peer_init (ImpPeer *self)
{
}

static void
peer_add_text (ImpContextBuilder *builder, const char *key, const char *value)
{
  if (value != NULL)
    imp_context_builder_add (builder, key, strlen (key), value, strlen (value));
}

static void
peer_add_number (ImpContextBuilder *builder, const char *key, gint64 number)
{
  g_autofree char *value = g_strdup_printf ("%" G_GINT64_FORMAT, number);

  peer_add_text (builder, key, number >= 0 ? value : NULL);
}

static ImpContext *
peer_make_context (ImpPeer *self)
{
  /* No name has a comma in it. */
  g_autofree char *dns = self->dns_names != NULL ? g_strjoinv (",", self->dns_names) : NULL;
  ImpContextBuilder builder;

  imp_context_builder_init (&builder);
  peer_add_number (&builder, IMP_CONTEXT_PEER_PREFIX "uid", self->credentials.uid);
  peer_add_number (&builder, IMP_CONTEXT_PEER_PREFIX "pid", self->credentials.pid);
  peer_add_text (&builder, IMP_CONTEXT_PEER_PREFIX "cn", self->common_name);
  peer_add_text (&builder, IMP_CONTEXT_PEER_PREFIX "dns", dns);
  return imp_context_builder_finish (&builder);
}

/* An application that brings a stream may have accepted a certificate in spite of what is wrong
 * with it; then the names in it are nothing but what the client says. */
static void
peer_take_certificate (ImpPeer *self, GTlsConnection *tls)
{
  GTlsCertificate *certificate = g_tls_connection_get_peer_certificate (tls);

  if (certificate == NULL)
    return;
  self->certificate = g_object_ref (certificate);
  if (g_tls_connection_get_peer_certificate_errors (tls) != 0)
    return;
  self->common_name = imp_certificate_get_common_name (certificate);
  self->dns_names = imp_certificate_get_dns_names (certificate);
}

ImpPeer *
imp_peer_new (GIOStream *stream, gboolean established)
{
  ImpPeer *self = g_object_new (IMP_TYPE_PEER, NULL);

  self->name = imp_peer_name_of_stream (stream);
  self->address = imp_peer_address_of_stream (stream);
  self->local = imp_credentials_get (stream, &self->credentials);
  self->established = established;
  if (G_IS_TLS_CONNECTION (stream))
    peer_take_certificate (self, G_TLS_CONNECTION (stream));
  self->context = peer_make_context (self);
  return self;
}

ImpContext *
imp_peer_get_context (ImpPeer *self)
{
  return self->context;
}

gboolean
imp_peer_is_established (ImpPeer *self)
{
  return self->established;
}

const ImpCredentials *
imp_peer_get_credentials (ImpPeer *self)
{
  return self->local ? &self->credentials : NULL;
}

/**
 * imp_peer_get_name:
 * @self: a peer
 *
 * Gets what those have in common that count as one peer, as [limits](limits.html) say: "uid 1000"
 * at a unix socket, else "192.0.2.1", "2001:db8:0:1::/64" or "loopback".
 *
 * Returns: (nullable): the name, or %NULL if it is not known who it is
 *
 * Since: 0.1
 */
const char *
imp_peer_get_name (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), NULL);

  return self->name;
}

/**
 * imp_peer_get_address:
 * @self: a peer
 *
 * Gets the address and port that the connection comes from.
 *
 * Returns: (nullable): HOST:PORT or [IPV6]:PORT, or %NULL if it is not a TCP connection
 *
 * Since: 0.1
 */
const char *
imp_peer_get_address (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), NULL);

  return self->address;
}

/**
 * imp_peer_get_pid:
 * @self: a peer
 *
 * Gets the process that has connected to a unix socket. It may have ended since then, and another
 * one may have the number: this is for logs.
 *
 * Returns: the process, or -1 if it is not known
 *
 * Since: 0.1
 */
gint64
imp_peer_get_pid (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), -1);

  return self->credentials.pid;
}

/**
 * imp_peer_get_uid:
 * @self: a peer
 *
 * Gets the user who has connected to a unix socket, as the kernel names them.
 *
 * Returns: the user, or -1 if it is not known
 *
 * Since: 0.1
 */
gint64
imp_peer_get_uid (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), -1);

  return self->credentials.uid;
}

/**
 * imp_peer_get_gid:
 * @self: a peer
 *
 * Gets the group of the process that has connected to a unix socket, as the kernel names it. See
 * [method@Imp.Peer.is_in_group] for the others that it is in.
 *
 * Returns: the group, or -1 if it is not known
 *
 * Since: 0.1
 */
gint64
imp_peer_get_gid (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), -1);

  return self->credentials.gid;
}

/**
 * imp_peer_is_in_group:
 * @self: a peer
 * @gid: a group
 *
 * Checks whether the process that has connected to a unix socket was in a group then: its own one,
 * or, on Linux 4.13 and later, a supplementary one.
 *
 * Returns: %TRUE if it was; %FALSE also if it is not known
 *
 * Since: 0.1
 */
gboolean
imp_peer_is_in_group (ImpPeer *self, gint64 gid)
{
  const GArray *groups;

  g_return_val_if_fail (IMP_IS_PEER (self), FALSE);

  groups = self->credentials.groups;
  if (gid < 0)
    return FALSE;
  for (guint i = 0; groups != NULL && i < groups->len; i++)
    if (g_array_index (groups, gid_t, i) == gid)
      return TRUE;
  return gid == self->credentials.gid;
}

/**
 * imp_peer_get_certificate:
 * @self: a peer
 *
 * Gets the certificate that the client has shown, where it has come by TLS and has one.
 *
 * Returns: (nullable) (transfer none): the certificate
 *
 * Since: 0.1
 */
GTlsCertificate *
imp_peer_get_certificate (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), NULL);

  return self->certificate;
}

/**
 * imp_peer_get_common_name:
 * @self: a peer
 *
 * Gets the common name (CN) of the certificate that the client has shown, where it has come by TLS
 * and all checks of the certificate have found it good.
 *
 * It is never cut or changed, and stands for one text only: there is none if the certificate has
 * several, or one that is longer than 256 bytes, that begins or ends with a space, has characters
 * that cannot be seen, or is in an encoding other than UTF-8 and ASCII. Characters that look alike
 * are not told apart: that is for whoever signs.
 *
 * Returns: (nullable): the name, or %NULL if there is none
 *
 * Since: 0.1
 */
const char *
imp_peer_get_common_name (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), NULL);

  return self->common_name;
}

/**
 * imp_peer_get_dns_names:
 * @self: a peer
 *
 * Gets the DNS names for which the certificate is that the client has shown, as
 * [method@Imp.Peer.get_common_name] does with the common name: in lower case, and all of them.
 * There are none if one of them is no name, or if they have more than 1 KiB together.
 *
 * Returns: (nullable) (transfer none) (array zero-terminated=1): the names, or %NULL if there are
 *   none
 *
 * Since: 0.1
 */
const char *const *
imp_peer_get_dns_names (ImpPeer *self)
{
  g_return_val_if_fail (IMP_IS_PEER (self), NULL);

  return (const char *const *) self->dns_names;
}
