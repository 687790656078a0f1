/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands before an HTTP server:
 * imp-remote relay --listen localhost:8080 --module ./http-shield.so --connect localhost:80
 *
 * Only reads pass, each response says so, and a word is masked in text. */
#include <imp-remote.h>

#include <string.h>

#define HTTP_TYPE_SHIELD (http_shield_get_type ())
G_DECLARE_FINAL_TYPE (HttpShield, http_shield, HTTP, SHIELD, ImpHttpAnalyzer)

struct _HttpShield
{
  ImpHttpAnalyzer parent_instance;
};

G_DEFINE_FINAL_TYPE (HttpShield, http_shield, IMP_TYPE_HTTP_ANALYZER)

#define WORD "secret"

static gboolean
http_shield_request_head (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, GError **error)
{
  static const char *const methods[] = { "GET", "HEAD", "OPTIONS", NULL };
  static const char text[] = "This can only be read.\n";
  g_autoptr (ImpHttpHead) response = NULL;

  /* What is compressed could not be searched, and a part would hide what it begins with. */
  if (g_strv_contains (methods, imp_http_head_get_method (request)))
    return imp_http_head_remove_field (request, "Accept-Encoding", error)
           && imp_http_head_remove_field (request, "Range", error);
  response = imp_http_head_new_response (405, "Method Not Allowed");
  if (!imp_http_head_append_field (response, "Allow", "GET, HEAD, OPTIONS", error))
    return FALSE;
  imp_http_analyzer_answer (analyzer, response, (const guint8 *) text, strlen (text));
  return TRUE;
}

static gboolean
http_shield_response_head (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, ImpHttpHead *response,
                           GError **error)
{
  const char *type = imp_http_head_lookup (response, "Content-Type");

  if (type != NULL && g_ascii_strncasecmp (type, "text/", 5) == 0)
    imp_http_analyzer_read_body (analyzer, IMP_HTTP_BODY_WHOLE);
  return imp_http_head_set_field (response, "X-Shield", "read-only", error);
}

static gboolean
http_shield_response_body (ImpHttpAnalyzer *analyzer, ImpHttpHead *request, ImpHttpHead *response,
                           GBytes *body, gboolean is_last, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (body, &length);
  g_autofree char *text = g_memdup2 (data, length);
  gboolean found = FALSE;

  for (char *at = text; (at = memmem (at, text + length - at, WORD, strlen (WORD))) != NULL;)
    {
      memset (at, '*', strlen (WORD));
      found = TRUE;
    }
  if (!found)
    return TRUE;
  imp_http_analyzer_replace_body (analyzer, (const guint8 *) text, length);
  return imp_http_head_remove_field (response, "ETag", error);
}

static void
http_shield_class_init (HttpShieldClass *klass)
{
  klass->parent_class.request_head = http_shield_request_head;
  klass->parent_class.response_head = http_shield_response_head;
  klass->parent_class.response_body = http_shield_response_body;
}

static void
http_shield_init (HttpShield *self)
{
}

GType
imp_module_query (void)
{
  return HTTP_TYPE_SHIELD;
}
