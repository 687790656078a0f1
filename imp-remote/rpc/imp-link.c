/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-link-object-private.h"

#include "core/imp-error.h"
#include "core/imp-profile-private.h"
#include "rpc/imp-foreign-codec-private.h"
#include "rpc/imp-message-log-private.h"
#include "rpc/imp-protocol-private.h"
#include "rpc/imp-run-reader-private.h"

/* At most this much is written per wake-up, so that a peer that reads quickly does not keep the
 * loop from everything else. */
#define WRITE_MAX (4 * 1024 * 1024)
/* So often is read from a peer that cannot be written to any more. */
#define LAST_READS 64
/* So long, in microseconds, a loop that is kept busy by one peer is kept from all others. */
#define SPIN_MAX 1000

ImpLink *
imp_link_new (GIOStream *stream, ImpCodec *codec, const ImpWireLimits *limits, GError **error)
{
  g_autoptr (ImpTransport) transport = imp_transport_new (stream, error);
  ImpLink *self;

  if (transport == NULL)
    return NULL;

  self = g_new0 (ImpLink, 1);
  self->ref_count = 1;
  self->transport = g_steal_pointer (&transport);
  self->limits = *limits;
  self->debug_name = imp_message_log_name (stream, imp_transport_get_fd (self->transport));
  imp_message_writer_init (&self->writer, self->debug_name);
  self->reading = TRUE;
  imp_watermark_set_high (&self->level, IMP_LINK_HIGH_WATER);
  if (codec != NULL)
    {
      self->writer.codec = g_object_ref (codec);
      self->writer.wire = imp_codec_get_wire (codec);
    }
  return self;
}

ImpLink *
imp_link_ref (ImpLink *self)
{
  self->ref_count++;
  return self;
}

void
imp_link_unref (ImpLink *self)
{
  if (--self->ref_count > 0)
    return;
  imp_transport_close (self->transport);
  imp_stall_timer_stop (&self->unfinished);
  g_clear_pointer (&self->lingering, imp_lingering_close_free);
  imp_transport_unref (self->transport);
  g_clear_pointer (&self->context, g_main_context_unref);
  imp_input_buffer_clear (&self->input);
  imp_message_writer_clear (&self->writer);
  g_clear_error (&self->error);
  g_clear_error (&self->write_failure);
  g_free (self->debug_name);
  g_free (self);
}

static void
link_update_interest (ImpLink *self)
{
  GIOCondition interest = 0;

  if ((self->state == STATE_OPEN && self->reading)
      || (self->state == STATE_FINISHING && imp_lingering_close_wants_input (self->lingering)))
    interest |= G_IO_IN;
  if (self->blocked && (self->state == STATE_OPEN || self->state == STATE_FINISHING))
    interest |= G_IO_OUT;
  imp_transport_set_interest (self->transport, interest);
}

/* The first error ends the link; closed() is called from the loop. Takes @error. */
static void
link_fail (ImpLink *self, GError *error)
{
  if (self->state == STATE_FAILED || self->state == STATE_CLOSED)
    {
      g_error_free (error);
      return;
    }
  self->state = STATE_FAILED;
  self->error = error;
  imp_transport_set_interest (self->transport, 0);
  imp_transport_kick (self->transport);
}

static ImpDecodeStatus
link_decode_next (ImpLink *self, ImpCursor *input, ImpMessage *message, GError **error)
{
  self->need = 0;
  if (self->writer.wire == NULL)
    return imp_foreign_codec_decode (self->writer.codec, input, &self->limits, message, error);
  return self->writer.wire->decode (input, &self->limits, message, &self->need, error);
}

/* TRUE if decoding can go on behind the malformed message. Takes @error. */
static gboolean
link_handle_malformed (ImpLink *self, const ImpMessage *message, gboolean delimited, GError *error)
{
  if (self->debug_name != NULL)
    imp_message_log_malformed (self->debug_name, error);
  if (self->funcs->malformed != NULL)
    self->funcs->malformed (self, message, error, !delimited, self->user_data);
  if (self->funcs->malformed != NULL && (delimited || self->state != STATE_OPEN))
    {
      g_error_free (error);
      return self->state == STATE_OPEN;
    }
  link_fail (self, error);
  return FALSE;
}

/* A peer that speaks TLS is answered in what at least somebody who looks at it can read. */
static gboolean
link_check_plain (ImpLink *self, const ImpCursor *input)
{
  const ImpMessage nothing = IMP_MESSAGE_INIT;
  GError *error = NULL;

  if (imp_protocol_check_plain (input->data, input->length, &error))
    return TRUE;
  if (self->writer.codec == NULL)
    {
      self->writer.wire = imp_wire_by_name ("json", NULL);
      self->writer.codec = imp_json_codec_new ();
    }
  link_handle_malformed (self, &nothing, FALSE, error);
  return FALSE;
}

static gboolean
link_recognize (ImpLink *self, const ImpCursor *input)
{
  const ImpMessage nothing = IMP_MESSAGE_INIT;
  const ImpWire *wire = NULL;
  GError *error = NULL;

  switch (imp_wire_recognize (input->data, input->length, &wire, &error))
    {
    case IMP_DECODE_DONE:
      self->writer.wire = wire;
      self->writer.codec = imp_codec_new_by_name (wire->name, NULL);
      return TRUE;
    case IMP_DECODE_BAD:
      link_handle_malformed (self, &nothing, FALSE, error);
      return FALSE;
    case IMP_DECODE_MORE:
      break;
    }
  return FALSE;
}

static gboolean
link_may_decode (const ImpLink *self)
{
  return self->state == STATE_OPEN && self->reading;
}

static void
link_open_cursor (ImpLink *self, ImpCursor *cursor)
{
  cursor->data = imp_input_buffer_peek (&self->input, &cursor->length);
  cursor->position = 0;
  cursor->searched = self->searched;
  cursor->slice = imp_block_slice;
  cursor->owner = imp_input_buffer_get_block (&self->input);
}

/* What the cursor went past has been understood. */
static void
link_close_cursor (ImpLink *self, const ImpCursor *cursor)
{
  self->searched = cursor->position == 0 ? cursor->searched : 0;
  imp_input_buffer_consume (&self->input, cursor->position);
}

/* The whole message is consumed first, as the link may be closed in the call. */
static inline void
link_consume_head (ImpLink *self, gsize length)
{
  self->need = self->searched = 0;
  self->counters.messages_in++;
  imp_input_buffer_consume (&self->input, length);
}

G_GNUC_NO_INLINE
static gboolean
link_handle_analyzer (ImpLink *self, const ImpHead *head, gsize length)
{
  gboolean takes = self->funcs->analyzer != NULL;

  if (takes)
    {
      link_consume_head (self, length);
      self->funcs->analyzer (self, head->op, head->id, head->context, self->user_data);
    }
  imp_context_unref (head->context);
  return takes;
}

static inline gboolean
link_handle_head (ImpLink *self, const ImpHead *head, gsize length)
{
  const ImpView view = imp_run_reader_view_payload (&self->input, head);

  if (head->op == IMP_OP_DATA && self->funcs->data != NULL)
    {
      link_consume_head (self, length);
      self->funcs->data (self, head->id, head->direction, &view, head->offset, head->data_type,
                         self->user_data);
      return TRUE;
    }
  if (head->op == IMP_OP_RESULT && self->funcs->verdict != NULL)
    {
      const ImpVerdict verdict = imp_verdict_of_data (head->result, head->direction, head->offset,
                                                      view);

      link_consume_head (self, length);
      self->funcs->verdict (self, head->id, &verdict, self->user_data);
      return TRUE;
    }
  return head->op != IMP_OP_DATA && head->op != IMP_OP_RESULT
         && link_handle_analyzer (self, head, length);
}

/* Verdicts that lie behind each other go together. FALSE if there is only one, or it is none. */
G_GNUC_NO_INLINE
static gboolean
link_try_run (ImpLink *self, const ImpHead *head, gsize length)
{
  ImpVerdict verdicts[IMP_VERDICT_RUN_MAX];
  guint n = imp_run_reader_read (&self->input, self->writer.wire, &self->limits, head, &length,
                                 verdicts);
  guint done;

  if (n < 2)
    return FALSE;
  self->counters.messages_in += n - 1;
  link_consume_head (self, length);
  done = self->funcs->run (self, head->id, verdicts, n, self->user_data);
  while (done < n && self->state == STATE_OPEN)
    self->funcs->verdict (self, head->id, &verdicts[done++], self->user_data);
  return TRUE;
}

/* Runs are worth it from a REPLACE on: a PASS takes the place of the one before it anyway. */
static inline gboolean
link_may_begin_run (const ImpLink *self, const ImpHead *head)
{
  return head->op == IMP_OP_RESULT && head->result == IMP_RESULT_REPLACE
         && self->funcs->run != NULL;
}

/* A message of those that come with every chunk or analyzer, in its usual shape, needs no object:
 * TRUE if it was one. */
static inline gboolean
link_try_head (ImpLink *self)
{
  ImpHead head;
  gsize available, length;
  const guint8 *data;

  if (self->writer.wire == NULL || self->writer.wire->decode_head == NULL
      || self->debug_name != NULL)
    return FALSE;
  data = imp_input_buffer_peek (&self->input, &available);
  length = self->writer.wire->decode_head (data, available, &self->limits, &head);
  if (length == 0)
    return FALSE;
  return (link_may_begin_run (self, &head) && link_try_run (self, &head, length))
         || link_handle_head (self, &head, length);
}

static void
link_handle_message (ImpLink *self, ImpMessage *message)
{
  if (G_UNLIKELY (self->debug_name != NULL))
    imp_message_log (self->debug_name, "got", message);
  if (message->op == IMP_OP_DATA && self->funcs->data != NULL)
    {
      const ImpView view = imp_view_of_bytes (message->data);

      self->funcs->data (self, message->id, message->direction, &view, message->offset,
                         message->data_type, self->user_data);
    }
  else if (message->op == IMP_OP_RESULT && self->funcs->verdict != NULL)
    {
      const ImpVerdict verdict = imp_verdict_of_result (message->result);

      self->funcs->verdict (self, message->id, &verdict, self->user_data);
    }
  else if ((message->op == IMP_OP_NEW_ANALYZER || message->op == IMP_OP_DELETE_ANALYZER)
           && self->funcs->analyzer != NULL)
    self->funcs->analyzer (self, message->op, message->id, message->context, self->user_data);
  else
    self->funcs->message (self, message, self->user_data);
}

/* FALSE if no whole message is there, or none can be understood any more. */
static gboolean
link_decode_message (ImpLink *self)
{
  ImpMessage message = IMP_MESSAGE_INIT;
  ImpCursor input;
  ImpDecodeStatus status;
  GError *error = NULL;
  gboolean goes_on = TRUE;

  link_open_cursor (self, &input);
  if (G_UNLIKELY (self->counters.messages_in == 0) && !link_check_plain (self, &input))
    return FALSE;
  if (self->writer.codec == NULL && !link_recognize (self, &input))
    return FALSE;
  status = link_decode_next (self, &input, &message, &error);
  link_close_cursor (self, &input);
  if (status == IMP_DECODE_MORE)
    return FALSE;
  self->counters.messages_in++;
  if (status == IMP_DECODE_DONE)
    link_handle_message (self, &message);
  else
    goes_on = link_handle_malformed (self, &message, input.position > 0, error);
  imp_message_clear (&message);
  return goes_on;
}

/* Acts on every whole message in the input. Each call-out may close the link or stop reading. */
static void
link_decode_input (ImpLink *self)
{
  const gint64 begin = imp_profile_begin ();
  ImpBlock *held = imp_input_buffer_hold (&self->input);
  gboolean goes_on = TRUE;

  self->undecoded = FALSE;
  while (goes_on && link_may_decode (self) && imp_input_buffer_get_size (&self->input) > 0)
    if (!link_try_head (self))
      goes_on = link_decode_message (self);
  if (goes_on)
    self->undecoded = imp_input_buffer_get_size (&self->input) > 0;
  imp_input_buffer_release (&self->input, held);
  imp_profile_end (begin, "decode");
  if (self->funcs->decoded != NULL && self->state == STATE_OPEN)
    self->funcs->decoded (self, self->user_data);
}

/* While nothing is read the peer is not to blame. */
static gboolean
link_look_for_unfinished (gpointer owner, guint64 *n)
{
  ImpLink *self = owner;

  if (self->input_memory == 0)
    imp_stall_timer_stop (&self->unfinished);
  *n = self->counters.messages_in;
  return link_may_decode (self) && imp_input_buffer_get_size (&self->input) > 0;
}

static void
link_fail_unfinished (gpointer owner)
{
  const ImpMessage nothing = IMP_MESSAGE_INIT;
  g_autoptr (ImpLink) self = imp_link_ref (owner);

  link_handle_malformed (self, &nothing, FALSE,
                         g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                                      "A message is unfinished for %u ms (message-timeout); "
                                      "%" G_GSIZE_FORMAT " bytes of it have come",
                                      self->message_timeout,
                                      imp_input_buffer_get_size (&self->input)));
}

static const ImpStallFuncs unfinished_funcs = {
  .look = link_look_for_unfinished,
  .stalled = link_fail_unfinished,
};

/* After each read, and not after each message. */
static void
link_note_input (ImpLink *self)
{
  gsize memory = imp_input_buffer_get_memory (&self->input);

  if (memory == self->input_memory || self->state != STATE_OPEN)
    return;
  self->input_memory = memory;
  if (memory > 0 && self->message_timeout > 0 && !imp_stall_timer_is_running (&self->unfinished))
    imp_stall_timer_start (&self->unfinished, self->context, self->message_timeout,
                           &unfinished_funcs, self);
  if (self->funcs->input_changed != NULL)
    self->funcs->input_changed (self, memory, self->user_data);
}

/* FALSE if there was nothing to read, or nothing can come any more. */
static gboolean
link_read (ImpLink *self)
{
  GError *error = NULL;
  gssize n = imp_input_buffer_read (&self->input, self->transport, self->need, &error);

  if (n > 0)
    {
      self->counters.bytes_in += n;
      return TRUE;
    }

  if (n == 0)
    error = g_error_new (IMP_ERROR, IMP_ERROR_CLOSED,
                         imp_input_buffer_get_size (&self->input) == 0
                           ? "The peer closed the connection"
                           : "The peer closed the connection within a message");
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      return FALSE;
    }
  link_fail (self, error);
  return FALSE;
}

static void
link_note_drained (ImpLink *self)
{
  ImpWatermarkCrossing crossing
    = imp_watermark_update (&self->level, imp_output_buffer_get_size (self->writer.output));

  if (crossing == IMP_WATERMARK_DOWN && self->state == STATE_OPEN && self->funcs->drained != NULL)
    self->funcs->drained (self, self->user_data);
}

/* FALSE where it cannot go on, now or at all. */
static gboolean
link_write (ImpLink *self, gsize *written)
{
  gssize n = imp_output_buffer_write (self->writer.output, self->transport, &self->blocked,
                                      &self->write_failure);

  if (n < 0)
    return FALSE;
  self->counters.bytes_out += n;
  *written += n;
  if (n > 0 && self->lingering != NULL)
    imp_lingering_close_note_written (self->lingering);
  link_note_drained (self);
  return !self->blocked;
}

/* Writes what waits. */
static void
link_flush (ImpLink *self)
{
  const gint64 begin = imp_profile_begin ();
  gsize written = 0;

  while (imp_output_buffer_get_size (self->writer.output) > 0 && written < WRITE_MAX
         && (self->state == STATE_OPEN || self->state == STATE_FINISHING)
         && self->write_failure == NULL && link_write (self, &written))
    ;
  if (imp_output_buffer_get_size (self->writer.output) == 0)
    self->blocked = FALSE;
  else if (!self->blocked)
    imp_transport_kick (self->transport);
  imp_profile_end (begin, "flush");
}

/* A peer that cannot be written to any more may have said something before, and what it said
 * counts. Only from the loop: whoever else finds out may do so while a message is acted on. */
static void
link_hear_last_words (ImpLink *self)
{
  for (guint i = 0; i < LAST_READS && link_may_decode (self) && link_read (self); i++)
    link_decode_input (self);
  link_fail (self, g_steal_pointer (&self->write_failure));
}

/* Reads on for a while instead of sleeping: to wake a sleeping core takes tens of microseconds. A
 * peer that always has more to say is left for the others now and then. */
static void
link_spin (ImpLink *self)
{
  gint64 begin = g_get_monotonic_time (), now = begin, until = begin + self->busy_poll;

  while (link_may_decode (self) && !self->blocked && self->write_failure == NULL && now < until)
    {
      if (link_read (self))
        {
          link_decode_input (self);
          link_note_input (self);
          link_flush (self);
          if (now - begin > SPIN_MAX)
            {
              self->spinning = TRUE;
              imp_transport_kick (self->transport);
              return;
            }
          until = now + self->busy_poll;
        }
      now = g_get_monotonic_time ();
    }
}

static void
link_continue_finishing (ImpLink *self, GIOCondition conditions)
{
  if (self->state != STATE_FINISHING)
    return;
  imp_input_buffer_clear (&self->input);
  if ((conditions & G_IO_IN) != 0)
    imp_lingering_close_read (self->lingering);
  if (imp_output_buffer_get_size (self->writer.output) == 0)
    imp_lingering_close_end_output (self->lingering);
  if (imp_lingering_close_is_over (self->lingering))
    link_fail (self, g_error_new (IMP_ERROR, IMP_ERROR_CLOSED, "The connection was closed here"));
}

static void
link_report_failure (ImpLink *self)
{
  if (self->state != STATE_FAILED)
    return;
  imp_link_close_for (self, self->error);
  self->funcs->closed (self, self->error, self->user_data);
}

static void
link_on_ready (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  ImpLink *self = imp_link_ref (user_data);
  gboolean active = self->spinning;
  const gint64 begin = imp_profile_begin ();

  self->spinning = FALSE;
  if (self->undecoded && link_may_decode (self))
    link_decode_input (self);
  if ((conditions & G_IO_IN) != 0 && link_may_decode (self) && link_read (self))
    {
      active = TRUE;
      link_decode_input (self);
    }
  link_note_input (self);
  if (!self->blocked || (conditions & G_IO_OUT) != 0)
    link_flush (self);
  if (active && self->busy_poll > 0 && imp_transport_get_fd (transport) >= 0)
    link_spin (self);
  if (self->write_failure != NULL)
    link_hear_last_words (self);
  link_continue_finishing (self, conditions);
  if (self->state != STATE_CLOSED)
    link_update_interest (self);
  link_report_failure (self);
  imp_profile_end (begin, "dispatch");
  imp_link_unref (self);
}

void
imp_link_start (ImpLink *self, GMainContext *context, const ImpLinkFuncs *funcs, gpointer user_data)
{
  g_assert (self->context == NULL);

  self->funcs = funcs;
  self->user_data = user_data;
  self->context = g_main_context_ref (context);
  imp_message_log_state (self->debug_name, "connected");
  imp_transport_attach (self->transport, context, G_PRIORITY_DEFAULT, link_on_ready, self);
  link_update_interest (self);
}

void
imp_link_close (ImpLink *self)
{
  self->state = STATE_CLOSED;
  imp_stall_timer_stop (&self->unfinished);
  imp_input_buffer_clear (&self->input);
  g_clear_pointer (&self->lingering, imp_lingering_close_free);
  imp_transport_close (self->transport);
}

void
imp_link_close_for (ImpLink *self, const GError *reason)
{
  if (self->state != STATE_CLOSED)
    imp_message_log_state (self->debug_name, "ends: %s", reason->message);
  imp_link_close (self);
}

void
imp_link_finish (ImpLink *self)
{
  g_assert (self->context != NULL);

  if (self->state != STATE_OPEN)
    return;
  self->state = STATE_FINISHING;
  self->lingering = imp_lingering_close_new (self->transport, self->context,
                                             IMP_LINK_LINGER_TIMEOUT);
  link_update_interest (self);
  imp_transport_kick (self->transport);
}

static gboolean
link_check_open (const ImpLink *self, GError **error)
{
  if (G_LIKELY (self->state == STATE_OPEN))
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_CLOSED, "The connection is closed");
  return FALSE;
}

/* Something was queued. */
static inline void
link_note_sent (ImpLink *self)
{
  gsize queued = imp_output_buffer_get_size (self->writer.output);

  if (G_UNLIKELY (queued > imp_watermark_get_high (&self->level)))
    imp_watermark_update (&self->level, queued);
  if (!self->blocked)
    imp_transport_kick (self->transport);
}

gboolean
imp_link_send (ImpLink *self, const ImpMessage *message, GError **error)
{
  if (!link_check_open (self, error) || !imp_message_writer_write (&self->writer, message, error))
    return FALSE;
  link_note_sent (self);
  return TRUE;
}

gboolean
imp_link_send_data (ImpLink *self, gint64 id, ImpDirection direction, const ImpView *data,
                    gint64 offset, gint32 data_type, GError **error)
{
  if (!link_check_open (self, error)
      || !imp_message_writer_write_data (&self->writer, id, direction, data, offset, data_type,
                                         error))
    return FALSE;
  link_note_sent (self);
  return TRUE;
}

gboolean
imp_link_send_verdict (ImpLink *self, gint64 id, const ImpVerdict *verdict, GError **error)
{
  if (!link_check_open (self, error)
      || !imp_message_writer_write_verdict (&self->writer, id, verdict, error))
    return FALSE;
  link_note_sent (self);
  return TRUE;
}

guint
imp_link_send_run (ImpLink *self, gint64 id, const ImpVerdict *verdicts, guint n, GError **error)
{
  guint sent = 0;

  if (!link_check_open (self, error))
    return 0;
  while (sent < n && imp_message_writer_write_verdict (&self->writer, id, &verdicts[sent], error))
    sent++;
  if (sent > 0)
    link_note_sent (self);
  return sent;
}

void
imp_link_attach_descriptor (ImpLink *self, int fd)
{
  imp_output_buffer_attach (self->writer.output, fd);
}

void
imp_link_flush (ImpLink *self)
{
  imp_link_ref (self);
  link_flush (self);
  imp_link_unref (self);
}

gboolean
imp_link_is_quiet (ImpLink *self)
{
  return !self->undecoded && !imp_transport_is_readable (self->transport);
}

void
imp_link_set_max_sent (ImpLink *self, gsize bytes)
{
  imp_message_writer_set_max_sent (&self->writer, bytes);
}

void
imp_link_set_high_water (ImpLink *self, gsize bytes)
{
  imp_watermark_set_high (&self->level, bytes);
}

gboolean
imp_link_may_queue (ImpLink *self)
{
  return !imp_watermark_is_above (&self->level);
}

gsize
imp_link_get_queued (ImpLink *self)
{
  return imp_output_buffer_get_size (self->writer.output);
}

void
imp_link_set_reading (ImpLink *self, gboolean reading)
{
  if (self->reading == reading)
    return;
  self->reading = reading;
  if (reading && self->undecoded)
    imp_transport_kick (self->transport);
  if (self->state == STATE_OPEN)
    link_update_interest (self);
}
