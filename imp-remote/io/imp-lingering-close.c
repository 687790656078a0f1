/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-lingering-close-private.h"

#include "io/imp-block-private.h"
#include "core/imp-source-private.h"

#define READ_SIZE (64 * 1024)
/* So many of them per wake-up. */
#define READS 16

struct _ImpLingeringClose
{
  ImpTransport *transport;
  GSource *timer;
  guint timeout;
  gsize thrown_away;
  gboolean written; /* since the timer was last looked at */
  gboolean output_ended;
  gboolean input_ended;
  gboolean late;
};

static gboolean
lingering_close_on_timeout (gpointer user_data)
{
  ImpLingeringClose *self = user_data;

  if (self->written)
    {
      self->written = FALSE;
      return G_SOURCE_CONTINUE;
    }
  self->late = TRUE;
  imp_transport_kick (self->transport);
  return G_SOURCE_CONTINUE;
}

ImpLingeringClose *
imp_lingering_close_new (ImpTransport *transport, GMainContext *context, guint timeout)
{
  ImpLingeringClose *self = g_new0 (ImpLingeringClose, 1);

  self->transport = imp_transport_ref (transport);
  self->timeout = timeout;
  self->timer = imp_source_add_timeout (context, timeout, "imp lingering close",
                                        lingering_close_on_timeout, self);
  return self;
}

void
imp_lingering_close_free (ImpLingeringClose *self)
{
  imp_source_clear (&self->timer);
  imp_transport_unref (self->transport);
  g_free (self);
}

gboolean
imp_lingering_close_wants_input (const ImpLingeringClose *self)
{
  return !self->input_ended && self->thrown_away < IMP_LINGERING_CLOSE_MAX_BYTES;
}

void
imp_lingering_close_read (ImpLingeringClose *self)
{
  ImpBlock *block = imp_block_new (IMP_BLOCK_SIZE);

  for (guint i = 0; i < READS && imp_lingering_close_wants_input (self); i++)
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
imp_lingering_close_note_written (ImpLingeringClose *self)
{
  self->written = TRUE;
}

void
imp_lingering_close_end_output (ImpLingeringClose *self)
{
  if (self->output_ended)
    return;
  self->output_ended = TRUE;
  self->written = FALSE;
  g_source_set_ready_time (self->timer,
                           g_get_monotonic_time () + self->timeout * G_TIME_SPAN_MILLISECOND);
  /* A stream that cannot end one way only has nothing to wait for. */
  if (!imp_transport_shutdown_write (self->transport, NULL))
    self->input_ended = TRUE;
}

gboolean
imp_lingering_close_is_over (const ImpLingeringClose *self)
{
  return self->late || (self->output_ended && !imp_lingering_close_wants_input (self));
}
