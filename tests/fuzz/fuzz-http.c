/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An analyzer of HTTP in a filter: what comes out, and whether it is refused, does not depend on
 * the chunks, the filter's ledger holds, and what goes on to the server is clean to a strict
 * reader. */
#include "fuzz.h"
#include "http-rig.h"

#include <string.h>

#define FLAG_NORMALIZE 1
#define FLAG_HEADS 2
#define FLAG_WHOLE 4
#define FLAG_REPLACE 8
#define FLAG_ANSWER 16
#define FLAG_SMALL 32
#define FLAG_LARGE_PASS 64

static guint8 flags;

static void
change_head (TestHttp *http, ImpHttpHead *head)
{
  if ((flags & FLAG_HEADS) != 0)
    {
      g_assert_true (imp_http_head_set_field (head, "X-Fuzz", "1", NULL));
      g_assert_true (imp_http_head_remove_field (head, "X", NULL));
    }
  if ((flags & FLAG_WHOLE) != 0)
    imp_http_analyzer_read_body (IMP_HTTP_ANALYZER (http), IMP_HTTP_BODY_WHOLE);
}

static void
on_request (TestHttp *http, ImpHttpHead *request)
{
  g_autoptr (ImpHttpHead) response = NULL;

  change_head (http, request);
  if ((flags & FLAG_ANSWER) == 0 || strncmp (imp_http_head_get_target (request), "/no", 3) != 0)
    return;
  response = imp_http_head_new_response (404, NULL);
  imp_http_analyzer_answer (IMP_HTTP_ANALYZER (http), response, (const guint8 *) "no", 2);
}

static void
on_response (TestHttp *http, ImpHttpHead *request, ImpHttpHead *response)
{
  change_head (http, response);
}

static void
on_body (TestHttp *http, ImpHttpHead *head, GBytes *piece, gboolean is_last)
{
  g_assert_true (is_last);
  if ((flags & FLAG_REPLACE) != 0)
    imp_http_analyzer_replace_body (IMP_HTTP_ANALYZER (http), (const guint8 *) "new", 3);
}

static void
setup (TestHttp *http)
{
  http->on_request = on_request;
  http->on_response = on_response;
  http->on_body = on_body;
  g_object_set (http, "strict",
                flags & FLAG_NORMALIZE ? IMP_HTTP_STRICT_NORMALIZE : IMP_HTTP_STRICT_REFUSE,
                "on-large-body",
                flags & FLAG_LARGE_PASS ? IMP_HTTP_LARGE_PASS : IMP_HTTP_LARGE_DENY, NULL);
  if ((flags & FLAG_SMALL) != 0)
    g_object_set (http, "max-body", 5, "max-head-size", 100, "max-line", 40, "max-fields", 3,
                  "max-pipeline", 3, NULL);
}

/* @chunks: their sizes; NULL: each thing that is said comes in one piece. */
static void
play (HttpRig *rig, FuzzInput words, FuzzInput *chunks)
{
  while (words.left > 0)
    {
      const guint8 direction = fuzz_take (&words) & 1;
      gsize length;
      const char *text = (const char *) fuzz_take_bytes (&words, 255, &length);

      for (gsize at = 0, step; at < length; at += step)
        {
          step = chunks != NULL ? (gsize) 1 + fuzz_take (chunks) % 32 : length;
          step = MIN (step, length - at);
          http_rig_push (rig, direction, text + at, step);
        }
    }
  http_rig_finish (rig);
}

static void
check_clean (const GString *output)
{
  HttpRig strict;

  http_rig_init (&strict, NULL);
  g_object_set (strict.http, "max-pipeline", 1000, NULL);
  if (output->len > 0)
    http_rig_push (&strict, IMP_DIRECTION_FROM_CLIENT, output->str, output->len);
  http_rig_finish (&strict);
  g_assert_cmpstr (strict.error, ==, NULL);
  http_rig_clear (&strict);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  FuzzInput chunks;
  HttpRig whole, chunked;
  gsize n;

  flags = fuzz_take (&input);
  chunks.data = fuzz_take_bytes (&input, 64, &n);
  chunks.left = n;
  http_rig_init (&whole, setup);
  http_rig_init (&chunked, setup);
  play (&whole, input, NULL);
  play (&chunked, input, &chunks);
  /* Where both directions are malformed, either of them may be seen first. */
  g_assert_true ((whole.error == NULL) == (chunked.error == NULL));
  for (guint i = 0; i < 2 && whole.error == NULL; i++)
    g_assert_true (g_string_equal (whole.output[i], chunked.output[i]));
  if (whole.error == NULL)
    check_clean (whole.output[IMP_DIRECTION_FROM_CLIENT]);
  http_rig_clear (&whole);
  http_rig_clear (&chunked);
  return 0;
}
