/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-packet-private.h"

#include "core/imp-error.h"

void
imp_pattern_packet_begin (ImpPatternPacket *self, GBytes *bytes)
{
  self->bytes = g_bytes_ref (bytes);
  self->position = 0;
  self->n_matches = 0;
}

static gboolean
pattern_packet_append (ImpPatternPacket *self, const guint8 *data, gsize length, GError **error)
{
  if (length > IMP_PATTERN_PACKET_MAX - self->output->len)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "A packet would grow beyond %d bytes by replacements", IMP_PATTERN_PACKET_MAX);
      return FALSE;
    }
  g_byte_array_append (self->output, data, length);
  return TRUE;
}

gboolean
imp_pattern_packet_replace (ImpPatternPacket *self, gsize from, gsize to, GBytes *replacement,
                            GError **error)
{
  const guint8 *data = g_bytes_get_data (self->bytes, NULL);
  gsize length = 0;
  const guint8 *text = replacement != NULL ? g_bytes_get_data (replacement, &length) : NULL;

  if (self->output == NULL)
    self->output = g_byte_array_new ();
  self->n_matches++;
  if (!pattern_packet_append (self, data + self->position, from - self->position, error)
      || !pattern_packet_append (self, text, length, error))
    return FALSE;
  self->position = to;
  return TRUE;
}

void
imp_pattern_packet_add_answer (ImpPatternPacket *self, GBytes *answer)
{
  if (self->answers == NULL)
    self->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_ptr_array_add (self->answers, answer);
}

gboolean
imp_pattern_packet_finish (ImpPatternPacket *self, GBytes **changed, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (self->bytes, &length);

  *changed = NULL;
  if (self->n_matches == 0)
    return TRUE;
  if (!pattern_packet_append (self, data + self->position, length - self->position, error))
    return FALSE;
  *changed = g_byte_array_free_to_bytes (g_steal_pointer (&self->output));
  return TRUE;
}

void
imp_pattern_packet_clear (ImpPatternPacket *self)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->output, g_byte_array_unref);
  g_clear_pointer (&self->answers, g_ptr_array_unref);
}
