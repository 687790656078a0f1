/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pair-rig.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"

#include <string.h>

void
pair_rig_init (PairRig *self)
{
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  memset (self, 0, sizeof *self);
  self->client_options = (ImpClientConnectionOptions){
    .deadline = 0,
    .max_extensions = 3,
    .link_high_water = IMP_LINK_HIGH_WATER,
    .high_water = 1024 * 1024,
    .max_queued = 16 * 1024 * 1024,
    .max_queued_all = 64 * 1024 * 1024,
    .analyzers.max_waiting = 64 * 1024 * 1024,
    .analyzers.max_waiting_all = 256 * 1024 * 1024,
    .analyzers.notes.max_size = IMP_NOTE_SIZE_DEFAULT,
    .limits = limits,
  };
  self->server_options = (ImpServerConnectionOptions){
    .limits = limits,
    .analyzers.max_analyzers = 100,
    .analyzers.max_context_all = 1024 * 1024,
    .analyzers.max_held = 16 * 1024 * 1024,
    .analyzers.max_held_all = 16 * 1024 * 1024,
    .analyzers.max_waiting = IMP_SERVER_CONNECTION_MAX_WAITING,
    .high_water = IMP_LINK_HIGH_WATER,
    .analyzers.max_output = 64 * 1024 * 1024,
    .handshake_timeout = 60000,
    .message_timeout = 60000,
  };
  self->totals.max_memory = 1024 * 1024 * 1024;
  self->totals.max_held_per_peer = self->totals.max_memory;
  self->totals.max_analyzers_per_peer = G_MAXUINT;
}

void
pair_rig_start_client (PairRig *self, GIOStream *stream, const ImpClientConnectionFuncs *funcs,
                       gpointer user_data)
{
  g_autoptr (ImpCodec) codec = imp_cbor_codec_new ();

  self->client = imp_client_connection_new (g_main_context_default (), &self->client_options, NULL,
                                            "client", funcs, user_data);
  g_assert_true (imp_client_connection_connect (self->client, stream, codec, NULL));
}

void
pair_rig_start_server (PairRig *self, GIOStream *stream, GType type,
                       const ImpServerConnectionFuncs *funcs, gpointer user_data)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (type, IMP_DATA_TYPE_STREAM,
                                                         IMP_RESULT_FLAGS_ALL);

  self->server = imp_server_connection_new (stream, factory, NULL, &self->server_options,
                                            &self->totals, NULL, NULL);
  g_assert_nonnull (self->server);
  imp_server_connection_start (self->server, g_main_context_default (), funcs, user_data);
}

void
pair_rig_clear (PairRig *self)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "test is over");

  if (self->client != NULL)
    {
      imp_client_connection_abandon (self->client, error);
      imp_client_connection_unref (self->client);
    }
  if (self->server != NULL)
    {
      imp_server_connection_close (self->server, error);
      imp_server_connection_unref (self->server);
    }
}
