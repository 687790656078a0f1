/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-tls-base-private.h"

#include "io/imp-tls-base-input-private.h"
#include "io/imp-tls-base-output-private.h"

struct _ImpTlsBase
{
  GTcpConnection parent_instance;

  GInputStream *input;
  GOutputStream *output;
};

G_DEFINE_FINAL_TYPE (ImpTlsBase, imp_tls_base, G_TYPE_TCP_CONNECTION)

static GInputStream *
imp_tls_base_get_input_stream (GIOStream *stream)
{
  return IMP_TLS_BASE (stream)->input;
}

static GOutputStream *
imp_tls_base_get_output_stream (GIOStream *stream)
{
  return IMP_TLS_BASE (stream)->output;
}

static void
imp_tls_base_constructed (GObject *object)
{
  ImpTlsBase *self = IMP_TLS_BASE (object);
  GSocket *socket;

  G_OBJECT_CLASS (imp_tls_base_parent_class)->constructed (object);
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self));
  self->input = imp_tls_base_input_new (socket);
  self->output = imp_tls_base_output_new (socket);
}

static void
imp_tls_base_finalize (GObject *object)
{
  ImpTlsBase *self = IMP_TLS_BASE (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  G_OBJECT_CLASS (imp_tls_base_parent_class)->finalize (object);
}

static void
imp_tls_base_class_init (ImpTlsBaseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  object_class->constructed = imp_tls_base_constructed;
  object_class->finalize = imp_tls_base_finalize;
  stream_class->get_input_stream = imp_tls_base_get_input_stream;
  stream_class->get_output_stream = imp_tls_base_get_output_stream;
}

static void
imp_tls_base_init (ImpTlsBase *self)
{
}

GIOStream *
imp_tls_base_new (GSocketConnection *connection)
{
  return g_object_new (IMP_TYPE_TLS_BASE, "socket", g_socket_connection_get_socket (connection),
                       NULL);
}
