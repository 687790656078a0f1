/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http-rig.h"

#include <string.h>

typedef struct
{
  ImpHttpAnalyzerClass parent_class;
} TestHttpClass;

G_DEFINE_TYPE (TestHttp, test_http, imp_http_analyzer_get_type ())

static gboolean
test_http_request_head (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, GError **error)
{
  TestHttp *self = (TestHttp *) analyzer;

  g_string_append_printf (self->log, "%s %s|", imp_http_head_get_method (request),
                          imp_http_head_get_target (request));
  if (self->on_request != NULL)
    self->on_request (self, request);
  return TRUE;
}

static gboolean
test_http_response_head (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, ImpHttpHead *response,
                         GError **error)
{
  TestHttp *self = (TestHttp *) analyzer;

  g_string_append_printf (self->log, "%u for %s|", imp_http_head_get_status (response),
                          imp_http_head_get_target (request));
  if (self->on_response != NULL)
    self->on_response (self, request, response);
  return TRUE;
}

static void
test_http_take_body (TestHttp *self, ImpHttpHead *head, GBytes *piece, gboolean is_last)
{
  gsize length;
  const char *data = g_bytes_get_data (piece, &length);

  g_string_append_len (self->body[!imp_http_head_is_request (head)], data, length);
  if (is_last)
    g_string_append (self->log, "last|");
  if (self->on_body != NULL)
    self->on_body (self, head, piece, is_last);
}

static gboolean
test_http_request_body (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, GBytes *piece,
                        gboolean is_last, GError **error)
{
  test_http_take_body ((TestHttp *) analyzer, request, piece, is_last);
  return TRUE;
}

static gboolean
test_http_response_body (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, ImpHttpHead *response,
                         GBytes *piece, gboolean is_last, GError **error)
{
  test_http_take_body ((TestHttp *) analyzer, response, piece, is_last);
  return TRUE;
}

static gboolean
test_http_message_end (ImpHttpAnalyzer *analyzer, ImpDirection direction, ImpHttpHead *head,
                       GError **error)
{
  g_string_append_printf (((TestHttp *) analyzer)->log, "end%u|", direction);
  return TRUE;
}

static gboolean
test_http_opaque (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, ImpHttpHead *response,
                  GError **error)
{
  g_string_append (((TestHttp *) analyzer)->log, "opaque|");
  return TRUE;
}

static void
test_http_finalize (GObject *object)
{
  TestHttp *self = (TestHttp *) object;

  g_string_free (self->log, TRUE);
  for (guint i = 0; i < 2; i++)
    g_string_free (self->body[i], TRUE);
  G_OBJECT_CLASS (test_http_parent_class)->finalize (object);
}

static void
test_http_class_init (TestHttpClass *klass)
{
  ImpHttpAnalyzerClass *http_class = IMP_HTTP_ANALYZER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = test_http_finalize;
  http_class->request_head = test_http_request_head;
  http_class->response_head = test_http_response_head;
  http_class->request_body = test_http_request_body;
  http_class->response_body = test_http_response_body;
  http_class->message_end = test_http_message_end;
  http_class->opaque = test_http_opaque;
}

static void
test_http_init (TestHttp *self)
{
  self->log = g_string_new (NULL);
  for (guint i = 0; i < 2; i++)
    self->body[i] = g_string_new (NULL);
}

/* ---- the rig ---- */

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  HttpRig *rig = user_data;

  g_string_append_len (rig->output[direction], g_bytes_get_data (data, NULL),
                       g_bytes_get_size (data));
}

void
http_rig_init (HttpRig *rig, HttpSetup setup)
{
  *rig = (HttpRig){ .http = g_object_new (TEST_TYPE_HTTP, NULL) };
  for (guint i = 0; i < 2; i++)
    rig->output[i] = g_string_new (NULL);
  if (setup != NULL)
    setup (rig->http);
  rig->filter = imp_filter_new (IMP_ANALYZER (rig->http));
  imp_filter_set_output (rig->filter, on_output, rig, NULL);
}

void
http_rig_clear (HttpRig *rig)
{
  imp_filter_close (rig->filter);
  g_assert_finalize_object (rig->filter);
  g_assert_finalize_object (rig->http);
  for (guint i = 0; i < 2; i++)
    g_string_free (rig->output[i], TRUE);
  g_free (rig->error);
}

void
http_rig_push (HttpRig *rig, ImpDirection direction, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;

  if (rig->error == NULL
      && !imp_filter_push_bytes (rig->filter, direction, (const guint8 *) data, length,
                                 IMP_DATA_TYPE_STREAM, &error))
    rig->error = g_strdup (error->message);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (imp_filter_get_input (rig->filter, i), ==,
                     imp_filter_get_passed (rig->filter, i)
                       + imp_filter_get_replaced (rig->filter, i)
                       + imp_filter_get_denied (rig->filter, i)
                       + imp_filter_get_held (rig->filter, i));
}

void
http_rig_finish (HttpRig *rig)
{
  for (guint i = 0; i < 2; i++)
    http_rig_push (rig, i, NULL, 0);
  if (rig->error != NULL)
    return;
  for (guint i = 0; i < 2; i++)
    g_assert_true (imp_filter_is_finished (rig->filter, i));
}

void
http_rig_play (HttpRig *rig, const HttpWords *words, gsize size, gsize split)
{
  gsize done = 0;

  for (; words->text != NULL; words++)
    {
      const gsize length = strlen (words->text);

      for (gsize at = 0, step; at < length; at += step)
        {
          step = size > 0 ? MIN (size, length - at) : length - at;
          if (split > done + at && split < done + at + step)
            step = split - done - at;
          http_rig_push (rig, words->direction, words->text + at, step);
        }
      done += length;
    }
}
