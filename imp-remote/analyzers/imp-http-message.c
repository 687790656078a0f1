/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a message goes on: its head, its body, or others in their place. */
#include "analyzers/imp-http-side-private.h"

#include <string.h>

/* The head, and what comes with it, in the place of all before @offset that is not settled. */
static void
http_side_put_head (ImpHttpSide *self, gint64 offset, const guint8 *data, gsize length)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  imp_http_head_seal (self->head);
  imp_http_head_write (self->head, output);
  if (length > 0)
    g_byte_array_append (output, data, length);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&output));
  imp_http_side_put (self, offset, bytes);
}

void
imp_http_side_let_head (ImpHttpSide *self)
{
  imp_http_head_seal (self->head);
  if (self->head->is_changed)
    http_side_put_head (self, self->position, NULL, 0);
  else
    imp_http_side_pass (self, self->position);
}

/* What comes around it in a chunk. */
static void
http_side_write_chunk (GByteArray *output, const guint8 *data, gsize length)
{
  char line[24];

  if (length == 0)
    return;
  g_snprintf (line, sizeof line, "%" G_GSIZE_MODIFIER "x\r\n", length);
  g_byte_array_append (output, (const guint8 *) line, strlen (line));
  g_byte_array_append (output, data, length);
  g_byte_array_append (output, (const guint8 *) "\r\n", 2);
}

static void
http_side_write_last_chunk (const ImpHttpSide *self, GByteArray *output)
{
  g_byte_array_append (output, (const guint8 *) "0\r\n", 3);
  if (self->trailers != NULL)
    imp_http_head_write (self->trailers, output);
  else
    g_byte_array_append (output, (const guint8 *) "\r\n", 2);
}

/* A piece in chunks, whatever it came in. */
void
imp_http_side_put_piece (ImpHttpSide *self, GBytes *piece, gboolean is_last)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (piece, &length);

  http_side_write_chunk (output, data, length);
  if (is_last)
    http_side_write_last_chunk (self, output);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&output));
  imp_http_side_put (self, self->position, bytes);
}

/* The whole message at once: a body that is as long as it says, or, where there are trailers, in a
 * chunk. */
void
imp_http_side_put_whole (ImpHttpSide *self, GBytes *body)
{
  g_autoptr (GByteArray) output = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (body, &length);

  if (self->trailers == NULL || imp_http_head_get_n_fields (self->trailers) == 0)
    {
      imp_http_head_set_length (self->head, length);
      http_side_put_head (self, self->position, data, length);
      return;
    }
  output = g_byte_array_new ();
  http_side_write_chunk (output, data, length);
  http_side_write_last_chunk (self, output);
  http_side_put_head (self, self->position, output->data, output->len);
}

/* What was held, and all that follows, goes on unseen. A chunk that has begun goes on as one of its
 * own, so that nothing depends on how much of it has come. */
void
imp_http_side_release (ImpHttpSide *self, gsize n_excess)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();
  guint64 rest = self->reader.remaining + n_excess;
  g_autofree char *line = NULL;

  if (self->reader.state == IMP_HTTP_READER_UNTIL_END)
    g_byte_array_append (output, self->body->data, self->body->len);
  else
    {
      http_side_write_chunk (output, self->body->data, self->body->len);
      line = g_strdup_printf ("%" G_GINT64_MODIFIER "x\r\n", rest);
      g_byte_array_append (output, (const guint8 *) line, strlen (line));
    }
  self->mode = IMP_HTTP_MODE_PASS;
  http_side_put_head (self, self->position - n_excess, output->data, output->len);
  g_clear_pointer (&self->body, g_byte_array_unref);
  imp_http_side_pass (self, self->position);
  imp_http_side_pass_ahead (self);
}

/* What stands around chunks: NULL in @text is as it came. */
void
imp_http_side_read_frame (ImpHttpSide *self, GBytes *text)
{
  if (self->mode == IMP_HTTP_MODE_WHOLE)
    return;
  if (self->mode == IMP_HTTP_MODE_DROP || self->mode == IMP_HTTP_MODE_STREAM)
    imp_http_side_drop (self, self->position);
  else if (text != NULL)
    imp_http_side_put (self, self->position, text);
  else
    imp_http_side_pass (self, self->position);
  if (self->mode == IMP_HTTP_MODE_PASS)
    imp_http_side_pass_ahead (self);
}

/* Takes @trailers. */
void
imp_http_side_read_trailers (ImpHttpSide *self, ImpHttpHead *trailers)
{
  g_autoptr (GBytes) text = trailers->is_changed ? imp_http_head_to_bytes (trailers) : NULL;

  self->trailers = trailers;
  imp_http_side_read_frame (self, text);
}

/* A body that the subclass has put in the place of the one that comes. */
void
imp_http_side_replace_body (ImpHttpSide *self, GBytes *body, gboolean is_bodiless)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (body, &length);

  imp_http_head_set_length (self->head, length);
  http_side_put_head (self, self->position, data, is_bodiless ? 0 : length);
  self->mode = IMP_HTTP_MODE_DROP;
}
