/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-message-writer-private.h"

#include "core/imp-error.h"
#include "rpc/imp-foreign-codec-private.h"
#include "rpc/imp-message-log-private.h"
#include "rpc/imp-protocol-private.h"

void
imp_message_writer_init (ImpMessageWriter *self, const char *name)
{
  *self = (ImpMessageWriter){
    .output = imp_output_buffer_new (),
    .version = 1,
    .max_sent = G_MAXSIZE,
    .surely_sent = G_MAXSIZE,
    .name = name,
  };
}

void
imp_message_writer_clear (ImpMessageWriter *self)
{
  imp_output_buffer_free (self->output);
  g_clear_object (&self->codec);
}

void
imp_message_writer_set_max_sent (ImpMessageWriter *self, gsize bytes)
{
  self->max_sent = bytes;
  self->surely_sent = imp_protocol_max_payload (bytes);
}

/* --- any message --- */

static gboolean
message_writer_encode (ImpMessageWriter *self, const ImpMessage *message, GError **error)
{
  if (self->wire == NULL)
    return imp_foreign_codec_encode (self->codec, message, self->output, error);
  return self->wire->encode (message, self->version, self->output, error);
}

/* A byte of a context takes six at the most, and what is around a pair less than 16. */
static inline gboolean
message_writer_context_may_be_large (const ImpMessageWriter *self, ImpContext *context)
{
  return imp_context_get_size (context) > self->surely_sent / 16
         || imp_context_get_n_pairs (context) > self->surely_sent / 64;
}

/* Whether it could be more than the peer takes. */
static gboolean
message_writer_may_be_large (const ImpMessageWriter *self, const ImpMessage *message)
{
  const ImpResult *result = message->result;

  if (result == NULL)
    return message->text != NULL || message->interfaces != NULL
           || message_writer_context_may_be_large (self, message->context);
  return result->text != NULL
         || (result->data != NULL && g_bytes_get_size (result->data) > self->surely_sent);
}

/* What is too large for the peer is taken back. */
static gboolean
message_writer_encode_checked (ImpMessageWriter *self, const ImpMessage *message, GError **error)
{
  ImpOutputBufferMark mark;
  gsize size;

  imp_output_buffer_mark (self->output, &mark);
  if (!message_writer_encode (self, message, error))
    return FALSE;
  size = imp_output_buffer_size_since (self->output, &mark);
  if (size <= self->max_sent)
    return TRUE;
  imp_output_buffer_truncate (self->output, &mark);
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "a message of %" G_GSIZE_FORMAT
               " bytes is more than the other side takes (its max-message is %" G_GSIZE_FORMAT ")",
               size, self->max_sent);
  return FALSE;
}

gboolean
imp_message_writer_write (ImpMessageWriter *self, const ImpMessage *message, GError **error)
{
  self->last_pass.id = 0;
  if (self->max_sent < G_MAXSIZE && message_writer_may_be_large (self, message)
        ? !message_writer_encode_checked (self, message, error)
        : !message_writer_encode (self, message, error))
    return FALSE;
  self->n_sent++;
  if (G_UNLIKELY (self->name != NULL))
    imp_message_log (self->name, "sent", message);
  return TRUE;
}

/* --- what is written for each chunk --- */

static inline gboolean
message_writer_is_hot (const ImpMessageWriter *self)
{
  return self->name == NULL && self->wire != NULL && self->wire->encode_data != NULL;
}

G_GNUC_NO_INLINE
static gboolean
message_writer_write_any_data (ImpMessageWriter *self, gint64 id, ImpDirection direction,
                               const ImpView *data, gint64 offset, gint32 data_type, GError **error)
{
  g_autoptr (GBytes) bytes = imp_view_ref_bytes (data);
  const ImpMessage message = {
    .op = IMP_OP_DATA,
    .id = id,
    .direction = direction,
    .offset = offset,
    .data_type = data_type,
    .data = bytes,
  };

  return imp_message_writer_write (self, &message, error);
}

gboolean
imp_message_writer_write_data (ImpMessageWriter *self, gint64 id, ImpDirection direction,
                               const ImpView *data, gint64 offset, gint32 data_type, GError **error)
{
  if (!message_writer_is_hot (self)
      || !self->wire->encode_data (self->output, id, direction, data, offset, data_type))
    return message_writer_write_any_data (self, id, direction, data, offset, data_type, error);
  self->last_pass.id = 0;
  self->n_sent++;
  return TRUE;
}

G_GNUC_NO_INLINE
static gboolean
message_writer_write_any_verdict (ImpMessageWriter *self, gint64 id, const ImpVerdict *verdict,
                                  GError **error)
{
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);
  const ImpMessage message = { .op = IMP_OP_RESULT, .id = id, .result = result };

  return imp_message_writer_write (self, &message, error);
}

/* Takes back the PASS that was written last, where this one says the same and more. */
static inline void
message_writer_merge_pass (ImpMessageWriter *self, gint64 id, const ImpVerdict *verdict)
{
  if (self->last_pass.id == id && self->last_pass.direction == verdict->direction
      && imp_output_buffer_retract (self->output, self->last_pass.end, self->last_pass.length))
    self->n_sent--;
}

static inline void
message_writer_note_pass (ImpMessageWriter *self, gint64 id, const ImpVerdict *verdict,
                          gsize length)
{
  self->last_pass.id = id;
  self->last_pass.direction = verdict->direction;
  self->last_pass.length = length;
  self->last_pass.end = self->output->write;
}

gboolean
imp_message_writer_write_verdict (ImpMessageWriter *self, gint64 id, const ImpVerdict *verdict,
                                  GError **error)
{
  gboolean passes = verdict->type == IMP_RESULT_PASS;
  gsize size;

  if (!message_writer_is_hot (self)
      || (verdict->type == IMP_RESULT_REPLACE && verdict->data.length > self->surely_sent))
    return message_writer_write_any_verdict (self, id, verdict, error);
  if (passes)
    message_writer_merge_pass (self, id, verdict);
  size = imp_output_buffer_get_size (self->output);
  if (!self->wire->encode_verdict (self->output, id, verdict))
    return message_writer_write_any_verdict (self, id, verdict, error);
  if (passes)
    message_writer_note_pass (self, id, verdict, imp_output_buffer_get_size (self->output) - size);
  else
    self->last_pass.id = 0;
  self->n_sent++;
  return TRUE;
}
