/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-linger-private.h"

#include "io/imp-block-private.h"

#define READ_SIZE (64 * 1024)
/* So many of them per wake-up. */
#define READS 16

struct _ImpLinger
{
  ImpTransport *transport;
  GSource *timer;
  gsize thrown_away;
  gboolean written; /* since the timer was last looked at */
  gboolean output_ended;
  gboolean input_ended;
  gboolean late;
};

static gboolean
on_timeout (gpointer user_data)
{
  ImpLinger *self = user_data;

  if (self->written)
    {
      self->written = FALSE;
      return G_SOURCE_CONTINUE;
    }
  self->late = TRUE;
  imp_transport_kick (self->transport);
  return G_SOURCE_CONTINUE;
}

ImpLinger *
imp_linger_new (ImpTransport *transport, GMainContext *context)
{
  ImpLinger *self = g_new0 (ImpLinger, 1);

  self->transport = imp_transport_ref (transport);
  self->timer = g_timeout_source_new (IMP_LINGER_TIME);
  g_source_set_static_name (self->timer, "imp linger");
  g_source_set_callback (self->timer, on_timeout, self, NULL);
  g_source_attach (self->timer, context);
  return self;
}

void
imp_linger_free (ImpLinger *self)
{
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  imp_transport_unref (self->transport);
  g_free (self);
}

gboolean
imp_linger_wants_input (const ImpLinger *self)
{
  return !self->input_ended && self->thrown_away < IMP_LINGER_BYTES;
}

void
imp_linger_read (ImpLinger *self)
{
  ImpBlock *block = imp_block_new (IMP_BLOCK_SIZE);

  for (guint i = 0; i < READS && imp_linger_wants_input (self); i++)
    {
      g_autoptr (GError) error = NULL;
      gssize n = imp_transport_read (self->transport, block->data, READ_SIZE, &error);

      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        break;
      if (n > 0)
        self->thrown_away += n;
      else
        self->input_ended = TRUE;
    }
  imp_block_unref (block);
}

void
imp_linger_note_written (ImpLinger *self)
{
  self->written = TRUE;
}

void
imp_linger_end_output (ImpLinger *self)
{
  if (self->output_ended)
    return;
  self->output_ended = TRUE;
  self->written = TRUE;
  /* A stream that cannot end one way only has nothing to wait for. */
  if (!imp_transport_shutdown_write (self->transport, NULL))
    self->input_ended = TRUE;
}

gboolean
imp_linger_is_over (const ImpLinger *self)
{
  return self->late || (self->output_ended && !imp_linger_wants_input (self));
}
