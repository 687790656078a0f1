/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a subclass calls from within its functions. */
#include "analyzers/imp-http-analyzer-private.h"

#include "core/imp-error.h"

/* An answer that nobody has asked for must not be lost unseen. */
static gboolean
http_analyzer_check_asked (ImpHttpAnalyzer *self, const char *function, gboolean good,
                           const char *where)
{
  g_autofree char *reason = NULL;

  if (good)
    return TRUE;
  reason = g_strdup_printf ("%s: %s() was called outside of %s", G_OBJECT_TYPE_NAME (self),
                            function, where);
  imp_analyzer_fail (IMP_ANALYZER (self), reason);
  return FALSE;
}

/**
 * imp_http_analyzer_read_body:
 * @self: an analyzer
 * @body: what becomes of the body
 *
 * Says what becomes of the body of a message, from within [vfunc@Imp.HttpAnalyzer.request_head] or
 * [vfunc@Imp.HttpAnalyzer.response_head]; elsewhere the analyzer fails. Without this the body
 * passes unseen.
 *
 * A body that is shown comes by [vfunc@Imp.HttpAnalyzer.request_body] or
 * [vfunc@Imp.HttpAnalyzer.response_body], without the lines that stand around its chunks. Codings
 * of the content, such as gzip, are left to the subclass. In a message of HTTP/1.0, which has no
 * chunks, %IMP_HTTP_BODY_STREAM is as %IMP_HTTP_BODY_WHOLE. A message without a body has none that
 * could be shown.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_read_body (ImpHttpAnalyzer *self, ImpHttpBody body)
{
  ImpHttpConversation *conversation;

  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));
  g_return_if_fail (body <= IMP_HTTP_BODY_WHOLE);

  conversation = imp_http_analyzer_get_conversation (self);
  if (http_analyzer_check_asked (self, "read_body", conversation->asked == IMP_HTTP_ASKED_HEAD,
                                 "request_head() and response_head()"))
    conversation->mode = (ImpHttpMode) body;
}

static gboolean
http_analyzer_may_replace (const ImpHttpConversation *conversation)
{
  return conversation->asked == IMP_HTTP_ASKED_HEAD
         || (conversation->asked == IMP_HTTP_ASKED_BODY
             && (conversation->mode == IMP_HTTP_MODE_STREAM
                 || conversation->mode == IMP_HTTP_MODE_WHOLE));
}

/**
 * imp_http_analyzer_replace_body:
 * @self: an analyzer
 * @data: (array length=length) (nullable): what stands in its place
 * @length: how many bytes
 *
 * Puts something in the place of a body, or of a piece of one: the piece with which
 * [vfunc@Imp.HttpAnalyzer.request_body] or [vfunc@Imp.HttpAnalyzer.response_body] is called, if it
 * is read by %IMP_HTTP_BODY_STREAM or %IMP_HTTP_BODY_WHOLE. From within
 * [vfunc@Imp.HttpAnalyzer.request_head] or [vfunc@Imp.HttpAnalyzer.response_head] it is all of the
 * body, which then need not have come. Elsewhere the analyzer fails.
 *
 * The fields of the head that say how long the body is become right. The last call counts.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_replace_body (ImpHttpAnalyzer *self, const guint8 *data, gsize length)
{
  ImpHttpConversation *conversation;

  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));
  g_return_if_fail (data != NULL || length == 0);

  conversation = imp_http_analyzer_get_conversation (self);
  if (!http_analyzer_check_asked (self, "replace_body", http_analyzer_may_replace (conversation),
                                  "the functions for heads, and for bodies that may be changed"))
    return;
  g_clear_pointer (&conversation->replacement, g_bytes_unref);
  conversation->replacement = g_bytes_new (data, length);
}

/**
 * imp_http_analyzer_answer:
 * @self: an analyzer
 * @response: a response ([ctor@Imp.HttpHead.new_response]), which stays the caller's
 * @body: (array length=length) (nullable): its body
 * @length: how many bytes
 *
 * Answers a request instead of the server, which does not see it: from within
 * [vfunc@Imp.HttpAnalyzer.request_head], or [vfunc@Imp.HttpAnalyzer.request_body] where the body is
 * held as a whole. Elsewhere the analyzer fails.
 *
 * The response gets its `Content-Length`, and leaves when those to all earlier requests have. The
 * connection goes on behind it, unless the request or the response says `Connection: close`, or the
 * client may not know whether to send the body of the request (`Expect`).
 *
 * Since: 0.2
 */
void
imp_http_analyzer_answer (ImpHttpAnalyzer *self, ImpHttpHead *response, const guint8 *body,
                          gsize length)
{
  ImpHttpConversation *conversation;
  ImpHttpHead *request;

  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));
  g_return_if_fail (IMP_IS_HTTP_HEAD (response));
  g_return_if_fail (!response->is_request && response->status >= 200);
  g_return_if_fail (body != NULL || length == 0);

  conversation = imp_http_analyzer_get_conversation (self);
  if (!http_analyzer_check_asked (self, "answer",
                                  (conversation->asked == IMP_HTTP_ASKED_HEAD
                                   || (conversation->asked == IMP_HTTP_ASKED_BODY
                                       && conversation->mode == IMP_HTTP_MODE_WHOLE))
                                    && conversation->asked_side
                                         == &conversation->sides[IMP_DIRECTION_FROM_CLIENT],
                                  "request_head(), and request_body() of a whole body"))
    return;
  request = conversation->asked_side->head;
  conversation->answer_closes = request->is_last
                                || imp_http_head_has_token (response, "Connection", "close")
                                || (conversation->asked == IMP_HTTP_ASKED_HEAD
                                    && request->framing != IMP_HTTP_FRAMING_NONE
                                    && imp_http_head_count (request, "Expect") > 0);
  g_clear_pointer (&conversation->answer, g_bytes_unref);
  conversation->answer = imp_http_exchange_write_answer (request, response, body, length,
                                                         conversation->answer_closes);
}

/**
 * imp_http_analyzer_refuse:
 * @self: an analyzer
 * @status: the status of a response that says so, 400 to 599
 * @reason: why
 *
 * Refuses the connection (DENY), after a short response to the client if nothing stands before
 * that: a response that has begun, or requests that have none yet. To go on with the connection,
 * see [method@Imp.HttpAnalyzer.answer].
 *
 * Since: 0.2
 */
void
imp_http_analyzer_refuse (ImpHttpAnalyzer *self, guint status, const char *reason)
{
  ImpHttpConversation *conversation;
  ImpHttpSide *side;

  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));
  g_return_if_fail (status >= 400 && status <= 599);
  g_return_if_fail (reason != NULL);

  conversation = imp_http_analyzer_get_conversation (self);
  side = conversation->asked_side != NULL ? conversation->asked_side
                                          : &conversation->sides[IMP_DIRECTION_FROM_CLIENT];
  if (!imp_http_conversation_is_over (conversation))
    imp_http_conversation_end (conversation, side, status, reason);
}
