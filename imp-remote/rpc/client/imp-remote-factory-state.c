/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a remote factory says of itself, and what those in the library set of it. */
#include "rpc/client/imp-remote-factory-object-private.h"

void
imp_remote_factory_set_budget (ImpRemoteFactory *self, ImpSoftBudget *budget)
{
  g_assert (self->pool == NULL && self->budget == NULL);

  self->budget = g_rc_box_acquire (budget);
  g_object_set (self, "soft-limit", budget->limit, NULL);
}

const GError *
imp_remote_factory_get_reason (ImpRemoteFactory *self)
{
  return self->pool != NULL ? imp_pool_get_reason (self->pool) : NULL;
}

void
imp_remote_factory_set_ejection_time (ImpRemoteFactory *self, guint milliseconds)
{
  imp_pool_set_ejection_time (imp_remote_factory_ensure_pool (self),
                              (gint64) milliseconds * G_TIME_SPAN_MILLISECOND);
}

guint
imp_remote_factory_get_n_analyzers (ImpRemoteFactory *self)
{
  return self->pool != NULL ? imp_pool_get_n_analyzers (self->pool) : 0;
}

/**
 * imp_remote_factory_get_version:
 * @self: a remote factory
 *
 * Gets the version of the protocol that is spoken with the server.
 *
 * Returns: the version, or 0 while it is not known
 *
 * Since: 0.1
 */
guint
imp_remote_factory_get_version (ImpRemoteFactory *self)
{
  ImpClientConnection *connection;

  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), 0);

  connection = self->pool != NULL ? imp_pool_get_connection (self->pool) : NULL;
  return connection != NULL ? imp_client_connection_get_version (connection) : 0;
}

/**
 * imp_remote_factory_get_codec_name:
 * @self: a remote factory
 *
 * Gets the name of the wire format that is spoken with the server.
 *
 * Returns: (nullable): the name
 *
 * Since: 0.1
 */
const char *
imp_remote_factory_get_codec_name (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  return self->codec != NULL ? imp_codec_get_name (self->codec) : self->codec_name;
}

/**
 * imp_remote_factory_get_statistics:
 * @self: a remote factory
 *
 * Gets what the factory has counted since it was created, as a dictionary (a{sv}) of unsigned
 * 64-bit numbers: "connections", "analyzers", "live-analyzers", "settled-hard" and "settled-soft"
 * (analyzers that could not be reached any more), "soft-limit" (those of the first that would have
 * been soft without [property@Imp.RemoteFactory:soft-limit]), "deadlines" (those among them that
 * were too slow), "log-limits" (those that have said more for logs than they may), "extensions"
 * (more time that was granted), "exceptions" of the server, "late-results" (for analyzers that were
 * closed already), "moved" (analyzers that went on at another server, as
 * [property@Imp.RemoteFactory:max-replay] says), "replayed" (bytes that these were fed again),
 * "not-intact" (those that could not move any more when their server was lost), "messages-in",
 * "messages-out", "bytes-in", "bytes-out", and "queued" (bytes that wait to be sent).
 *
 * With several servers or connections there is "servers" as well, a dictionary for each server
 * (aa{sv}) with the same figures, as far as they are of one, and with "address" and "state"
 * (strings), "unsettled" (bytes without a verdict), "failures" (in a row), "ejections" (in all),
 * "ejected" (a boolean: it gets no new analyzers) and "ejected-for" (how many milliseconds from now
 * on, before it is asked whether it answers).
 *
 * Returns: (transfer full): the dictionary
 *
 * Since: 0.1
 */
GVariant *
imp_remote_factory_get_statistics (ImpRemoteFactory *self)
{
  GVariantBuilder builder;

  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  imp_pool_describe (imp_remote_factory_ensure_pool (self), &builder);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
