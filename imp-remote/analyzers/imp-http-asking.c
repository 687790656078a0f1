/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-conversation-private.h"

#include "core/imp-error.h"

static void
http_asking_begin (ImpHttpConversation *self, ImpHttpSide *side, ImpHttpAsked asked)
{
  self->asked = asked;
  self->asked_side = side;
  self->mode = side->mode;
  g_clear_pointer (&self->replacement, g_bytes_unref);
  g_clear_pointer (&self->answer, g_bytes_unref);
}

/* Takes @local, what a function has failed with. */
static gboolean
http_asking_finish (ImpHttpConversation *self, gboolean good, const char *name, GError *local,
                    GError **error)
{
  self->asked = IMP_HTTP_ASKED_NOTHING;
  self->asked_side = NULL;
  if (good && local == NULL)
    return TRUE;
  if (local != NULL)
    g_propagate_error (error, local);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "%s.%s() failed without saying why",
                 G_OBJECT_TYPE_NAME (self->analyzer), name);
  return FALSE;
}

gboolean
imp_http_conversation_ask_head (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  ImpHttpAnalyzerClass *klass = (ImpHttpAnalyzerClass *) G_OBJECT_GET_CLASS (self->analyzer);
  ImpHttpAnalyzer *analyzer = (ImpHttpAnalyzer *) self->analyzer;
  const gboolean is_request = side->direction == IMP_DIRECTION_FROM_CLIENT;
  GError *local = NULL;
  gboolean good = TRUE;

  http_asking_begin (self, side, IMP_HTTP_ASKED_HEAD);
  if (is_request && klass->request_head != NULL)
    good = klass->request_head (analyzer, side->head, &local);
  else if (!is_request && klass->response_head != NULL)
    good = klass->response_head (analyzer, side->exchange->request, side->head, &local);
  return http_asking_finish (self, good, is_request ? "request_head" : "response_head", local,
                             error);
}

gboolean
imp_http_conversation_ask_body (ImpHttpConversation *self, ImpHttpSide *side, GBytes *piece,
                                gboolean is_last, GError **error)
{
  ImpHttpAnalyzerClass *klass = (ImpHttpAnalyzerClass *) G_OBJECT_GET_CLASS (self->analyzer);
  ImpHttpAnalyzer *analyzer = (ImpHttpAnalyzer *) self->analyzer;
  const gboolean is_request = side->direction == IMP_DIRECTION_FROM_CLIENT;
  GError *local = NULL;
  gboolean good = TRUE;

  http_asking_begin (self, side, IMP_HTTP_ASKED_BODY);
  if (is_request && klass->request_body != NULL)
    good = klass->request_body (analyzer, side->head, piece, is_last, &local);
  else if (!is_request && klass->response_body != NULL)
    good = klass->response_body (analyzer, side->exchange->request, side->head, piece, is_last,
                                 &local);
  return http_asking_finish (self, good, is_request ? "request_body" : "response_body", local,
                             error);
}

gboolean
imp_http_conversation_tell_end (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  ImpHttpAnalyzerClass *klass = (ImpHttpAnalyzerClass *) G_OBJECT_GET_CLASS (self->analyzer);
  ImpHttpAnalyzer *analyzer = (ImpHttpAnalyzer *) self->analyzer;
  GError *local = NULL;
  gboolean good = TRUE;

  if (klass->message_end == NULL)
    return TRUE;
  http_asking_begin (self, side, IMP_HTTP_ASKED_OTHER);
  good = klass->message_end (analyzer, side->direction, side->head, &local);
  return http_asking_finish (self, good, "message_end", local, error);
}

gboolean
imp_http_conversation_tell_opaque (ImpHttpConversation *self, ImpHttpSide *side, GError **error)
{
  ImpHttpAnalyzerClass *klass = (ImpHttpAnalyzerClass *) G_OBJECT_GET_CLASS (self->analyzer);
  ImpHttpAnalyzer *analyzer = (ImpHttpAnalyzer *) self->analyzer;
  GError *local = NULL;
  gboolean good = TRUE;

  if (klass->opaque == NULL)
    return TRUE;
  http_asking_begin (self, side, IMP_HTTP_ASKED_OTHER);
  good = klass->opaque (analyzer, side->exchange->request, side->head, &local);
  return http_asking_finish (self, good, "opaque", local, error);
}
