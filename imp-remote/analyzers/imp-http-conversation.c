/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-conversation-private.h"

#include "core/imp-analyzer-private.h"
#include "core/imp-data-type-private.h"
#include "core/imp-error.h"

#include <string.h>

#define CLIENT(self) (&(self)->sides[IMP_DIRECTION_FROM_CLIENT])
#define SERVER(self) (&(self)->sides[IMP_DIRECTION_FROM_SERVER])

/* Where no other response can come, what the client says behind the request that it would belong to
 * is for nobody. */
static void
http_conversation_check_server (ImpHttpConversation *self)
{
  if (!CLIENT (self)->waits || !(SERVER (self)->ended || SERVER (self)->resting))
    return;
  CLIENT (self)->waits = FALSE;
  CLIENT (self)->swallows = TRUE;
}

/* ---- bodies ---- */

/* The subclass answers the request that is asked about. */
static gboolean
http_conversation_take_answer (ImpHttpConversation *self, ImpHttpSide *side)
{
  if (self->answer == NULL)
    return FALSE;
  side->exchange->answer = g_steal_pointer (&self->answer);
  side->exchange->wants_continue = FALSE;
  side->exchange->may_switch = FALSE;
  side->head->is_last |= self->answer_closes;
  imp_http_head_seal (side->head);
  side->mode = IMP_HTTP_MODE_DROP;
  imp_http_side_drop (side, side->position);
  if (self->answer_closes)
    side->swallows = TRUE;
  imp_http_conversation_send_answers (self);
  return TRUE;
}

static gboolean
http_conversation_finish_whole (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  g_autoptr (GBytes) body = g_byte_array_free_to_bytes (g_steal_pointer (&side->body));

  if (!imp_http_conversation_ask_body (self, side, body, TRUE, error))
    return FALSE;
  if (imp_http_conversation_is_over (self) || http_conversation_take_answer (self, side))
    return TRUE;
  if (self->replacement != NULL)
    imp_http_side_put_whole (side, self->replacement);
  else if (side->head->is_changed || (side->trailers != NULL && side->trailers->is_changed))
    imp_http_side_put_whole (side, body);
  else
    {
      imp_http_head_seal (side->head);
      imp_http_side_pass (side, side->position);
    }
  return TRUE;
}

/* Shows a piece, and lets it go on. */
static gboolean
http_conversation_show_piece (ImpHttpConversation *self, ImpHttpSide *side, GBytes *piece,
                              gboolean is_last, GError **error)
{
  if (!imp_http_conversation_ask_body (self, side, piece, is_last, error))
    return FALSE;
  if (imp_http_conversation_is_over (self))
    return TRUE;
  if (side->mode == IMP_HTTP_MODE_STREAM)
    imp_http_side_put_piece (side, self->replacement != NULL ? self->replacement : piece, is_last);
  else
    imp_http_side_pass (side, side->position);
  return TRUE;
}

static void
http_conversation_warn (ImpHttpConversation *self, ImpHttpSide *side, const char *message)
{
  ImpInterface *interface = imp_analyzer_peek_interface (self->analyzer);

  if (interface == NULL || imp_interface_allows (interface, IMP_RESULT_LOG))
    imp_analyzer_log (self->analyzer, side->direction, side->head_end, 0, IMP_LOG_LEVEL_WARNING,
                      message);
}

/* A body is longer than may be held. */
static gboolean
http_conversation_is_too_large (ImpHttpConversation *self, ImpHttpSide *side)
{
  g_autofree char *reason = g_strdup_printf ("a body has more than %u bytes (max-body)",
                                             self->max_body);

  if (self->on_large == IMP_HTTP_LARGE_PASS)
    {
      http_conversation_warn (self, side, "a body is longer than max-body, and passes unseen");
      return FALSE;
    }
  imp_http_conversation_end (self, side, side->direction == IMP_DIRECTION_FROM_CLIENT ? 413 : 502,
                             reason);
  return TRUE;
}

static void
http_conversation_hold_piece (ImpHttpConversation *self, ImpHttpSide *side, const guint8 *data,
                              gsize length)
{
  const gsize room = self->max_body - side->body->len;

  g_byte_array_append (side->body, data, MIN (length, room));
  if (length <= room || http_conversation_is_too_large (self, side))
    return;
  imp_http_side_release (side, length - room);
  http_conversation_check_server (self);
}

static gboolean
http_conversation_read_body (ImpHttpConversation *self, ImpHttpSide *side,
                             const ImpHttpEvent *event, GError **error)
{
  g_autoptr (GBytes) piece = NULL;

  switch (side->mode)
    {
    case IMP_HTTP_MODE_WATCH:
    case IMP_HTTP_MODE_STREAM:
      piece = g_bytes_new_from_bytes (side->input,
                                      event->data
                                        - (const guint8 *) g_bytes_get_data (side->input, NULL),
                                      event->length);
      return http_conversation_show_piece (self, side, piece,
                                           side->head->framing == IMP_HTTP_FRAMING_LENGTH
                                             && side->reader.remaining == 0,
                                           error);
    case IMP_HTTP_MODE_WHOLE:
      http_conversation_hold_piece (self, side, event->data, event->length);
      return TRUE;
    case IMP_HTTP_MODE_DROP:
      imp_http_side_drop (side, side->position);
      return TRUE;
    case IMP_HTTP_MODE_PASS:
    default:
      imp_http_side_pass (side, side->position);
      imp_http_side_pass_ahead (side);
      return TRUE;
    }
}

/* ---- heads ---- */

/* The client waits to be told to send a body, which the server will not do in time. */
static void
http_conversation_take_expectation (ImpHttpConversation *self, ImpHttpSide *side)
{
  if (side->direction != IMP_DIRECTION_FROM_CLIENT || !imp_http_head_drop (side->head, "Expect"))
    return;
  side->exchange->wants_continue = TRUE;
  side->exchange->expects = FALSE;
}

static void
http_conversation_begin_whole (ImpHttpConversation *self, ImpHttpSide *side)
{
  if (side->head->framing == IMP_HTTP_FRAMING_LENGTH && side->head->length > self->max_body)
    {
      if (http_conversation_is_too_large (self, side))
        return;
      side->mode = IMP_HTTP_MODE_PASS;
      imp_http_side_let_head (side);
      return;
    }
  side->mode = IMP_HTTP_MODE_WHOLE;
  side->body = g_byte_array_new ();
  http_conversation_take_expectation (self, side);
}

/* Has the message a body in its place, as the subclass wants it? */
static gboolean
http_conversation_check_replacement (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  if (side->head->is_request || (side->head->status >= 200 && side->head->status != 204))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
               "%s.replace_body(): a response %u has no body", G_OBJECT_TYPE_NAME (self->analyzer),
               side->head->status);
  return FALSE;
}

/* Has the head go, or wait, as the subclass has said. */
static gboolean
http_conversation_begin_message (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  ImpHttpHead *head = side->head;
  const gboolean is_old = head->minor == 0 || side->exchange->request->minor == 0;
  const gboolean is_bodiless = !head->is_request
                               && (head->status == 304
                                   || strcmp (side->exchange->request->method, "HEAD") == 0);

  side->mode = self->mode;
  if (self->replacement != NULL)
    {
      if (!http_conversation_check_replacement (self, side, error))
        return FALSE;
      if (head->framing != IMP_HTTP_FRAMING_NONE)
        http_conversation_take_expectation (self, side);
      imp_http_side_replace_body (side, self->replacement, is_bodiless);
    }
  else if (head->framing == IMP_HTTP_FRAMING_NONE)
    {
      /* How long it would be is not known. */
      if (is_bodiless && side->mode >= IMP_HTTP_MODE_STREAM
          && imp_http_head_lookup (head, "Content-Length") != NULL)
        imp_http_head_drop (head, "Content-Length");
      side->mode = IMP_HTTP_MODE_PASS;
      imp_http_side_let_head (side);
    }
  else if (side->mode == IMP_HTTP_MODE_WHOLE || (side->mode == IMP_HTTP_MODE_STREAM && is_old))
    http_conversation_begin_whole (self, side);
  else
    {
      if (side->mode == IMP_HTTP_MODE_STREAM)
        imp_http_head_set_chunked (head);
      imp_http_side_let_head (side);
    }
  return TRUE;
}

/* The body follows. */
static void
http_conversation_begin_body (ImpHttpConversation *self, ImpHttpSide *side)
{
  imp_http_reader_set_body (&side->reader, side->head->framing, side->head->length);
  if (side->mode == IMP_HTTP_MODE_PASS)
    imp_http_side_pass_ahead (side);
  http_conversation_check_server (self);
  if (side->direction == IMP_DIRECTION_FROM_CLIENT)
    imp_http_conversation_send_answers (self);
}

static gboolean
http_conversation_read_request (ImpHttpConversation *self, ImpHttpSide *side, ImpHttpHead *head,
                                GError **error)
{
  ImpHttpProblem problem = { 0 };

  side->exchange = imp_http_exchange_new (head);
  side->head = g_object_ref (head);
  side->head_end = side->position;
  if (self->exchanges.length >= self->max_pipeline)
    imp_http_problem_set (&problem, 429, "more than %u requests wait for responses (max-pipeline)",
                          self->max_pipeline);
  else
    imp_http_frame_request (&self->rules, head, &problem);
  if (problem.reason != NULL)
    {
      imp_http_conversation_refuse_problem (self, side, &problem);
      return TRUE;
    }
  g_queue_push_tail (&self->exchanges, imp_http_exchange_ref (side->exchange));
  if (!imp_http_conversation_ask_head (self, side, error))
    return FALSE;
  if (imp_http_conversation_is_over (self))
    return TRUE;
  imp_http_exchange_look (side->exchange);
  if (!http_conversation_take_answer (self, side)
      && !http_conversation_begin_message (self, side, error))
    return FALSE;
  if (!imp_http_conversation_is_over (self))
    http_conversation_begin_body (self, side);
  return TRUE;
}

/* Passes all that follows. */
static gboolean
http_conversation_become_opaque (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  if (!imp_http_conversation_tell_opaque (self, side, error))
    return FALSE;
  imp_http_side_rest (SERVER (self));
  if (!imp_http_conversation_is_over (self))
    imp_http_side_rest (CLIENT (self));
  return TRUE;
}

/* What a response says that does not go with the request. */
static void
http_conversation_check_response (ImpHttpConversation *self, ImpHttpSide *side,
                                  ImpHttpProblem *problem)
{
  const ImpHttpExchange *exchange = side->exchange;
  const gboolean is_connect = strcmp (exchange->request->method, "CONNECT") == 0;

  if (side->head->status == 101 && (!exchange->may_switch || is_connect))
    imp_http_problem_set (problem, 502, "a response 101 comes that the request has not asked for");
  else if ((side->head->status == 101 || (is_connect && side->head->status / 100 == 2))
           && !exchange->request_ended)
    imp_http_problem_set (problem, 502, "a response %u comes before the request has ended",
                          side->head->status);
  else
    imp_http_frame_response (&self->rules, side->head, exchange->request, problem);
}

static gboolean
http_conversation_is_switch (const ImpHttpSide *side)
{
  return side->head->status == 101
         || (side->head->status / 100 == 2
             && strcmp (side->exchange->request->method, "CONNECT") == 0);
}

/* The server has the client go on, whose body may pass ahead now. */
static void
http_conversation_let_body (ImpHttpConversation *self, ImpHttpExchange *exchange)
{
  exchange->expects = FALSE;
  if (CLIENT (self)->exchange != exchange || CLIENT (self)->mode != IMP_HTTP_MODE_PASS
      || CLIENT (self)->swallows)
    return;
  imp_http_side_pass_ahead (CLIENT (self));
  imp_http_side_flush (CLIENT (self));
}

/* The final response comes without a 100 before. Whether the body that the client has announced
 * still comes is not known then, nor whether the server waits for it: what is a body for one of
 * them may be a request for the other. So nothing more comes from this client. */
static void
http_conversation_forgo_body (ImpHttpConversation *self, ImpHttpSide *side)
{
  imp_http_head_put (side->head, "Connection", "close");
  CLIENT (self)->swallows = TRUE;
}

static gboolean
http_conversation_begin_response (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  side->interim = side->head->status < 200 && side->head->status != 101;
  if (side->interim)
    {
      if (side->head->status == 100)
        http_conversation_let_body (self, side->exchange);
      imp_http_side_let_head (side);
      http_conversation_begin_body (self, side);
      return TRUE;
    }
  if (side->exchange->expects && !side->exchange->request_ended)
    http_conversation_forgo_body (self, side);
  if (!imp_http_conversation_ask_head (self, side, error))
    return FALSE;
  if (imp_http_conversation_is_over (self))
    return TRUE;
  if (!http_conversation_begin_message (self, side, error))
    return FALSE;
  if (imp_http_conversation_is_over (self))
    return TRUE;
  if (http_conversation_is_switch (side))
    return http_conversation_become_opaque (self, side, error);
  http_conversation_begin_body (self, side);
  return TRUE;
}

/* Takes @head. */
static gboolean
http_conversation_read_response (ImpHttpConversation *self, ImpHttpSide *side, ImpHttpHead *head,
                                 GError **error)
{
  ImpHttpExchange *first = g_queue_peek_head (&self->exchanges);
  ImpHttpProblem problem = { 0 };

  side->head = head;
  side->head_end = side->position;
  /* A request that is still held is none that the server knows. */
  if (first == NULL || !first->request->is_sealed)
    imp_http_problem_set (&problem, 502, "a response comes that nobody has asked for");
  else
    {
      side->exchange = imp_http_exchange_ref (first);
      http_conversation_check_response (self, side, &problem);
    }
  if (problem.reason == NULL)
    return http_conversation_begin_response (self, side, error);
  imp_http_conversation_refuse_problem (self, side, &problem);
  return TRUE;
}

/* ---- ends ---- */

/* The last message of its connection is over, or what comes next is not known yet. */
static void
http_conversation_end_request (ImpHttpConversation *self, ImpHttpSide *side)
{
  ImpHttpExchange *exchange = side->exchange;

  exchange->request_ended = TRUE;
  if (exchange->may_switch && !exchange->responded)
    {
      side->waits = TRUE;
      http_conversation_check_server (self);
    }
  else if (side->head->is_last)
    side->swallows = TRUE;
}

static void
http_conversation_end_response (ImpHttpConversation *self, ImpHttpSide *side)
{
  ImpHttpExchange *exchange = side->exchange;
  ImpHttpSide *client = CLIENT (self);

  if (g_queue_peek_head (&self->exchanges) == exchange)
    {
      g_queue_pop_head (&self->exchanges);
      imp_http_exchange_unref (exchange);
    }
  exchange->responded = TRUE;
  if (exchange->may_switch && exchange->request_ended && client->waits)
    {
      client->waits = FALSE;
      client->swallows |= exchange->request->is_last;
      self->releases = TRUE;
    }
  imp_http_conversation_send_answers (self);
}

static gboolean
http_conversation_end_message (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  if (side->interim)
    {
      side->interim = FALSE;
      imp_http_side_forget_message (side);
      return TRUE;
    }
  if (side->mode == IMP_HTTP_MODE_WHOLE && !http_conversation_finish_whole (self, side, error))
    return FALSE;
  /* Only now is it known that there was no more of it. */
  if ((side->mode == IMP_HTTP_MODE_WATCH || side->mode == IMP_HTTP_MODE_STREAM)
      && side->head->framing >= IMP_HTTP_FRAMING_CHUNKED && !imp_http_conversation_is_over (self)
      && !http_conversation_show_piece (self, side, nothing, TRUE, error))
    return FALSE;
  if (imp_http_conversation_is_over (self))
    return TRUE;
  if (!imp_http_conversation_tell_end (self, side, error))
    return FALSE;
  if (side->direction == IMP_DIRECTION_FROM_CLIENT)
    http_conversation_end_request (self, side);
  else
    http_conversation_end_response (self, side);
  imp_http_side_forget_message (side);
  return TRUE;
}

/* ---- input ---- */

static gboolean
http_conversation_take_event (ImpHttpConversation *self, ImpHttpSide *side, ImpHttpEventKind kind,
                              ImpHttpEvent *event, GError **error)
{
  switch (kind)
    {
    case IMP_HTTP_EVENT_BLANK:
      imp_http_side_drop (side, side->position);
      return TRUE;
    case IMP_HTTP_EVENT_HEAD:
      return side->direction == IMP_DIRECTION_FROM_CLIENT
               ? http_conversation_read_request (self, side, event->head, error)
               : http_conversation_read_response (self, side, event->head, error);
    case IMP_HTTP_EVENT_BODY:
      return http_conversation_read_body (self, side, event, error);
    case IMP_HTTP_EVENT_FRAME:
      imp_http_side_read_frame (side, event->text);
      g_clear_pointer (&event->text, g_bytes_unref);
      return TRUE;
    case IMP_HTTP_EVENT_TRAILERS:
      imp_http_side_read_trailers (side, event->head);
      return TRUE;
    case IMP_HTTP_EVENT_END:
      return http_conversation_end_message (self, side, error);
    case IMP_HTTP_EVENT_CUT:
      if (side->mode == IMP_HTTP_MODE_WHOLE)
        imp_http_conversation_end (self, side, 400, "the stream ends within a body");
      return TRUE;
    case IMP_HTTP_EVENT_BAD:
      g_clear_object (&event->head);
      imp_http_conversation_refuse_problem (self, side, &event->problem);
      return TRUE;
    case IMP_HTTP_EVENT_MORE:
    default:
      return TRUE;
    }
}

/* Does a direction have to wait for the other one? What the client has said before is read before
 * what the server says next, in however many pieces that comes. */
static gboolean
http_conversation_is_held (ImpHttpConversation *self, const ImpHttpSide *side)
{
  return side->waits || (self->releases && side == SERVER (self));
}

/* May it read on? */
static gboolean
http_conversation_is_reading (ImpHttpConversation *self, const ImpHttpSide *side)
{
  return !imp_http_conversation_is_over (self) && !http_conversation_is_held (self, side)
         && !side->resting && !side->swallows;
}

/* Reads what is there, until nothing is left or it has to wait. */
static gboolean
http_conversation_read_input (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (side->input, &length);

  while (http_conversation_is_reading (self, side))
    {
      ImpHttpEvent event;
      gsize used;
      ImpHttpEventKind kind = imp_http_reader_next (&side->reader, data + side->input_at,
                                                    length - side->input_at, &used, &event);

      side->input_at += used;
      side->position += used;
      if (kind == IMP_HTTP_EVENT_MORE && side->input_at == length)
        break;
      if (!http_conversation_take_event (self, side, kind, &event, error))
        return FALSE;
    }
  if (http_conversation_is_held (self, side))
    return TRUE;
  if (side->swallows)
    imp_http_side_drop (side, side->position += length - side->input_at);
  g_clear_pointer (&side->input, g_bytes_unref);
  return TRUE;
}

static gboolean
http_conversation_finish_input (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  ImpHttpEventKind kind;
  ImpHttpEvent event;

  side->ended = TRUE;
  http_conversation_check_server (self);
  if (!http_conversation_is_reading (self, side))
    return TRUE;
  kind = imp_http_reader_finish (&side->reader, &event);
  return http_conversation_take_event (self, side, kind, &event, error);
}

/* Input was left out: of a body that passes unseen. */
static gboolean
http_conversation_jump (ImpHttpConversation *self, ImpHttpSide *side, gint64 offset, GError **error)
{
  if (offset <= side->position)
    return TRUE;
  if (side->swallows || imp_http_reader_skip (&side->reader, offset - side->position))
    {
      side->position = offset;
      return TRUE;
    }
  g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL,
               "%s: the input between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
               ", which was to be read, was left out",
               G_OBJECT_TYPE_NAME (self->analyzer), side->position, offset);
  return FALSE;
}

static gboolean
http_conversation_take_input (ImpHttpConversation *self, ImpHttpSide *side, ImpInput *input,
                              GError **error)
{
  g_autoptr (GBytes) data = input->data;

  if (side->resting)
    return TRUE;
  if (!imp_data_type_is_streaming (input->data_type))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "%s: packets are no stream of HTTP",
                   G_OBJECT_TYPE_NAME (self->analyzer));
      return FALSE;
    }
  if (!http_conversation_jump (self, side, input->offset, error))
    return FALSE;
  if (g_bytes_get_size (data) == 0)
    return http_conversation_finish_input (self, side, error);
  side->input = g_steal_pointer (&data);
  side->input_at = 0;
  return http_conversation_read_input (self, side, error);
}

/* Reads what has come of one direction; *has_read if there was something. */
static gboolean
http_conversation_catch_up (ImpHttpConversation *self, ImpHttpSide *side, gboolean *has_read,
                            GError **error)
{
  if (side == CLIENT (self))
    self->releases = FALSE;
  while (!imp_http_conversation_is_over (self) && !http_conversation_is_held (self, side))
    {
      ImpInput input;

      if (side->input == NULL && !imp_input_queue_take (&side->queue, G_MAXSIZE, &input))
        break;
      *has_read = TRUE;
      if (side->input != NULL ? !http_conversation_read_input (self, side, error)
                              : !http_conversation_take_input (self, side, &input, error))
        return FALSE;
    }
  imp_http_side_flush (side);
  return TRUE;
}

/* What is held waits for more of the same direction, and is not late meanwhile. */
static void
http_conversation_update_want (ImpHttpConversation *self, ImpHttpSide *side)
{
  gint64 wanted = side->position + 1;

  if (side->ended || side->resting || side->swallows || side->settled >= side->position
      || http_conversation_is_held (self, side))
    return;
  if (side->mode == IMP_HTTP_MODE_WHOLE && side->reader.state == IMP_HTTP_READER_LENGTH)
    wanted = side->position + side->reader.remaining;
  if (wanted == side->wanted)
    return;
  side->wanted = wanted;
  imp_analyzer_take_result (self->analyzer, imp_result_new_want (side->direction, wanted));
}

/* A client that has to wait for a response need not be read. */
static void
http_conversation_update_pause (ImpHttpConversation *self, ImpHttpSide *side)
{
  const gboolean waits = side->waits && !side->resting;

  if (self->pauses == waits)
    return;
  self->pauses = waits;
  if (self->pauses)
    imp_analyzer_pause (self->analyzer, side->direction);
  else
    imp_analyzer_resume (self->analyzer, side->direction);
}

/* What one direction says may be what the other one waits for. */
gboolean
imp_http_conversation_work (ImpHttpConversation *self, GError **error)
{
  gboolean good = TRUE, has_read = TRUE;

  self->working = TRUE;
  while (good && has_read && !imp_http_conversation_is_over (self))
    {
      has_read = FALSE;
      for (guint i = 0; i < 2 && good; i++)
        good = http_conversation_catch_up (self, &self->sides[i], &has_read, error);
    }
  self->working = FALSE;
  if (!good)
    imp_http_conversation_stop (self);
  for (guint i = 0; i < 2 && !imp_http_conversation_is_over (self); i++)
    http_conversation_update_want (self, &self->sides[i]);
  if (!imp_http_conversation_is_over (self))
    http_conversation_update_pause (self, CLIENT (self));
  return good;
}

/* ---- the conversation ---- */

void
imp_http_conversation_init (ImpHttpConversation *self, ImpAnalyzer *analyzer)
{
  self->analyzer = analyzer;
  g_queue_init (&self->exchanges);
  for (guint i = 0; i < 2; i++)
    imp_http_side_init (&self->sides[i], analyzer, i, &self->rules);
}

static void
http_conversation_drop_exchange (gpointer exchange)
{
  imp_http_exchange_unref (exchange);
}

void
imp_http_conversation_clear (ImpHttpConversation *self)
{
  g_queue_clear_full (&self->exchanges, http_conversation_drop_exchange);
  for (guint i = 0; i < 2; i++)
    imp_http_side_clear (&self->sides[i]);
  g_clear_pointer (&self->replacement, g_bytes_unref);
  g_clear_pointer (&self->answer, g_bytes_unref);
}
