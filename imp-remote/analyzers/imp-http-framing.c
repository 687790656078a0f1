/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a body ends. Two programs that answer this differently are what smuggling needs, so all
 * that can be read in more than one way is refused, or goes on in the one way in which it was
 * read. */
#include "analyzers/imp-http-parser-private.h"

#include <string.h>

#define CONTENT_LENGTH "Content-Length"
#define TRANSFER_ENCODING "Transfer-Encoding"
/* Enough for all that there is, and far from where numbers overflow. */
#define LENGTH_DIGITS_MAX 18
#define CHUNK_DIGITS_MAX 16
#define CHUNK_SIZE_MAX G_GUINT64_CONSTANT (0x0fffffffffffffff)

/* One head that is looked at. */
typedef struct
{
  const ImpHttpRules *rules;
  ImpHttpHead *head;
  ImpHttpProblem *problem;
} HttpFramer;

#define http_framer_refuse(self, ...) imp_http_problem_set ((self)->problem, __VA_ARGS__)

static gboolean
http_framer_mend (HttpFramer *self, const char *what)
{
  if (self->rules->strict)
    return TRUE;
  return http_framer_refuse (self, 400, "%s", what);
}

/* ---- fields that others may take for what they are not ---- */

/* As they are called where `_` and `-` are the same, in CGI and what comes from it. */
static gboolean
http_framer_is_lookalike (const char *name)
{
  static const char *const names[] = { "content-length", "transfer-encoding", "host", "expect" };

  if (strchr (name, '_') == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *plain = g_strdelimit (g_ascii_strdown (name, -1), "_", '-');

      if (strcmp (plain, names[i]) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
http_framer_check_lookalikes (HttpFramer *self)
{
  for (guint i = 0; i < self->head->fields->len; i++)
    {
      const char *name = imp_http_head_peek_field (self->head, i)->name;

      if (!http_framer_is_lookalike (name))
        continue;
      if (!self->rules->strict)
        return http_framer_refuse (self, 400,
                                   "a field is called %s, which may be taken for another", name);
      imp_http_head_drop_index (self->head, i--);
    }
  return TRUE;
}

/* What is named by Connection, the next one takes away: with it what all hang on. */
static gboolean
http_framer_check_connection (HttpFramer *self)
{
  static const char *const names[] = { CONTENT_LENGTH, TRANSFER_ENCODING, "Host" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (imp_http_head_has_token (self->head, "Connection", names[i]))
      return http_framer_refuse (self, 400, "Connection names %s, which must not be taken away",
                                 names[i]);
  return TRUE;
}

/* ---- how long the body is ---- */

/* Decimal digits and nothing else. */
static gboolean
http_framer_parse_length (const char *text, guint64 *length)
{
  gsize digits = strspn (text, "0123456789");
  gsize zeros = strspn (text, "0");

  if (digits == 0 || text[digits] != '\0' || digits - MIN (zeros, digits) > LENGTH_DIGITS_MAX)
    return FALSE;
  *length = g_ascii_strtoull (text + zeros, NULL, 10);
  return TRUE;
}

/* All words of all its fields, which should be one. */
static gboolean
http_framer_take_length (HttpFramer *self)
{
  g_auto (GStrv) values = imp_http_head_list_values (self->head, CONTENT_LENGTH);
  g_autofree char *joined = g_strjoinv (",", values);
  g_auto (GStrv) words = g_strsplit (joined, ",", -1);
  g_autofree char *plain = NULL;

  if (words[0] == NULL)
    return http_framer_refuse (self, 400, CONTENT_LENGTH " \"\" is no number");
  for (guint i = 0; words[i] != NULL; i++)
    {
      guint64 length = 0;

      if (!http_framer_parse_length (g_strstrip (words[i]), &length))
        return http_framer_refuse (self, 400, CONTENT_LENGTH " \"%.40s\" is no number", words[i]);
      if (i > 0 && length != self->head->length)
        return http_framer_refuse (self, 400,
                                   "there are several " CONTENT_LENGTH "s, %.20s and %.20s",
                                   words[0], words[i]);
      if (i > 0 && !http_framer_mend (self, CONTENT_LENGTH " is there more than once"))
        return FALSE;
      self->head->length = length;
    }
  /* Zeros in front are no reason to refuse, but for some they make it an octal number. */
  plain = g_strdup_printf ("%" G_GUINT64_FORMAT, self->head->length);
  imp_http_head_put (self->head, CONTENT_LENGTH, plain);
  self->head->framing = self->head->length > 0 ? IMP_HTTP_FRAMING_LENGTH : IMP_HTTP_FRAMING_NONE;
  return TRUE;
}

static gboolean
http_framer_take_encoding (HttpFramer *self)
{
  ImpHttpHead *head = self->head;
  const char *coding = imp_http_head_lookup (head, TRANSFER_ENCODING);

  if (head->minor == 0)
    return http_framer_refuse (self, 400, "there is " TRANSFER_ENCODING " in HTTP/1.0");
  if (imp_http_head_count (head, TRANSFER_ENCODING) > 1)
    return http_framer_refuse (self, 400, TRANSFER_ENCODING " is there more than once");
  if (g_ascii_strcasecmp (coding, "chunked") != 0)
    return http_framer_refuse (self, 501, TRANSFER_ENCODING " \"%.40s\" is not \"chunked\"",
                               coding);
  imp_http_head_put (head, TRANSFER_ENCODING, "chunked");
  head->framing = IMP_HTTP_FRAMING_CHUNKED;
  return TRUE;
}

/* From either of both fields, if there is one. */
static gboolean
http_framer_take_framing (HttpFramer *self)
{
  ImpHttpHead *head = self->head;
  gboolean has_length = imp_http_head_lookup (head, CONTENT_LENGTH) != NULL;
  gboolean has_encoding = imp_http_head_lookup (head, TRANSFER_ENCODING) != NULL;

  if (has_length && !http_framer_take_length (self))
    return FALSE;
  if (has_encoding && !http_framer_take_encoding (self))
    return FALSE;
  if (!has_length || !has_encoding)
    return TRUE;
  if (!http_framer_mend (self, "there are both " CONTENT_LENGTH " and " TRANSFER_ENCODING))
    return FALSE;
  /* Who sent it may go on with another message than we do. */
  imp_http_head_drop (head, CONTENT_LENGTH);
  imp_http_head_put (head, "Connection", "close");
  return TRUE;
}

static void
http_framer_take_persistence (HttpFramer *self)
{
  ImpHttpHead *head = self->head;

  head->is_last = imp_http_head_has_token (head, "Connection", "close")
                  || (head->minor == 0
                      && !imp_http_head_has_token (head, "Connection", "keep-alive"));
}

/* ---- whom a request is for ---- */

/* What stands in the target between "//" and the path, or NULL. */
static char *
http_framer_dup_authority (const char *target)
{
  const char *begin = strstr (target, "://");

  if (begin == NULL || begin == target
      || strspn (target, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+-.") != (gsize) (begin - target))
    return NULL;
  begin += 3;
  return g_strndup (begin, strcspn (begin, "/?#"));
}

static gboolean
http_framer_is_same_host (const char *target, const char *authority, const char *host)
{
  const char *port = g_ascii_strncasecmp (target, "https:", 6) == 0 ? ":443" : ":80";
  g_autofree char *one = g_ascii_strdown (authority, -1);
  g_autofree char *other = g_ascii_strdown (host, -1);

  if (g_str_has_suffix (one, port))
    one[strlen (one) - strlen (port)] = '\0';
  if (g_str_has_suffix (other, port))
    other[strlen (other) - strlen (port)] = '\0';
  return strcmp (one, other) == 0;
}

static gboolean
http_framer_check_target (HttpFramer *self, const char *authority)
{
  ImpHttpHead *head = self->head;
  const char *target = head->target;

  if (strcmp (head->method, "CONNECT") == 0)
    return (strchr (target, ':') != NULL && strpbrk (target, "/?#@") == NULL)
           || http_framer_refuse (self, 400, "\"%.60s\" is no host and port to connect to", target);
  if (*target == '/' || (strcmp (target, "*") == 0 && strcmp (head->method, "OPTIONS") == 0))
    return TRUE;
  if (authority != NULL && *authority != '\0' && strchr (authority, '@') == NULL
      && g_ascii_isalpha (*target))
    return TRUE;
  return http_framer_refuse (self, 400, "the target \"%.60s\" is no path and no address", target);
}

static gboolean
http_framer_check_host (HttpFramer *self)
{
  ImpHttpHead *head = self->head;
  const char *host = imp_http_head_lookup (head, "Host");
  g_autofree char *authority = *head->target != '/' ? http_framer_dup_authority (head->target)
                                                    : NULL;

  if (!http_framer_check_target (self, authority))
    return FALSE;
  if (imp_http_head_count (head, "Host") > 1)
    return http_framer_refuse (self, 400, "Host is there more than once");
  if (host != NULL && strpbrk (host, " \t,/?#@\\") != NULL)
    return http_framer_refuse (self, 400, "\"%.60s\" cannot be a Host", host);
  if (strcmp (head->method, "CONNECT") == 0)
    authority = g_strdup (head->target);
  if (host == NULL && (head->minor == 0 || (authority != NULL && self->rules->strict)))
    {
      if (authority != NULL && self->rules->strict)
        imp_http_head_put (head, "Host", authority);
      return TRUE;
    }
  if (host == NULL)
    return http_framer_refuse (self, 400, "there is no Host");
  if (authority == NULL || strcmp (head->method, "CONNECT") == 0
      || http_framer_is_same_host (head->target, authority, host))
    return TRUE;
  if (!http_framer_mend (self, "Host is another one than in the target"))
    return FALSE;
  imp_http_head_put (head, "Host", authority);
  return TRUE;
}

/* Whether a body comes at all must not be a matter of taste. */
static gboolean
http_framer_check_expect (HttpFramer *self)
{
  ImpHttpHead *head = self->head;
  const char *expect = imp_http_head_lookup (head, "Expect");

  if (expect == NULL
      || (imp_http_head_count (head, "Expect") == 1
          && g_ascii_strcasecmp (expect, "100-continue") == 0))
    return TRUE;
  if (!self->rules->strict)
    return http_framer_refuse (self, 417, "Expect is not \"100-continue\" once: \"%.40s\"", expect);
  imp_http_head_drop (head, "Expect");
  return TRUE;
}

gboolean
imp_http_frame_request (const ImpHttpRules *rules, ImpHttpHead *head, ImpHttpProblem *problem)
{
  HttpFramer self = { rules, head, problem };

  if (!http_framer_check_lookalikes (&self) || !http_framer_check_connection (&self)
      || !http_framer_take_framing (&self) || !http_framer_check_host (&self)
      || !http_framer_check_expect (&self))
    return FALSE;
  if (strcmp (head->method, "CONNECT") == 0 && head->framing != IMP_HTTP_FRAMING_NONE)
    return http_framer_refuse (&self, 400, "a request CONNECT has a body");
  http_framer_take_persistence (&self);
  return TRUE;
}

/* Responses that end with their head, whatever it says. */
static gboolean
http_framer_check_bodiless (HttpFramer *self)
{
  ImpHttpHead *head = self->head;

  if (head->framing == IMP_HTTP_FRAMING_NONE)
    return TRUE;
  if (!self->rules->strict)
    return http_framer_refuse (self, 502, "a response %u, which has no body, says how long it is",
                               head->status);
  imp_http_head_drop (head, CONTENT_LENGTH);
  imp_http_head_drop (head, TRANSFER_ENCODING);
  head->framing = IMP_HTTP_FRAMING_NONE;
  return TRUE;
}

gboolean
imp_http_frame_response (const ImpHttpRules *rules, ImpHttpHead *head, ImpHttpHead *request,
                         ImpHttpProblem *problem)
{
  HttpFramer self = { rules, head, problem };

  if (!http_framer_check_lookalikes (&self) || !http_framer_check_connection (&self)
      || !http_framer_take_framing (&self))
    return FALSE;
  http_framer_take_persistence (&self);
  if (strcmp (request->method, "CONNECT") == 0 && head->status / 100 == 2)
    {
      imp_http_head_drop (head, CONTENT_LENGTH);
      imp_http_head_drop (head, TRANSFER_ENCODING);
      head->framing = IMP_HTTP_FRAMING_NONE;
      return TRUE;
    }
  if (head->status < 200 || head->status == 204)
    return http_framer_check_bodiless (&self);
  if (strcmp (request->method, "HEAD") == 0 || head->status == 304)
    head->framing = IMP_HTTP_FRAMING_NONE;
  else if (head->framing == IMP_HTTP_FRAMING_NONE
           && imp_http_head_lookup (head, CONTENT_LENGTH) == NULL)
    head->framing = IMP_HTTP_FRAMING_UNTIL_END;
  return TRUE;
}

/* ---- chunks ---- */

gboolean
imp_http_check_trailers (const ImpHttpRules *rules, ImpHttpHead *trailers, ImpHttpProblem *problem)
{
  static const char *const names[] = { CONTENT_LENGTH, TRANSFER_ENCODING, "Host",   "Connection",
                                       "Upgrade",      "Trailer",         "Expect", NULL };
  HttpFramer self = { rules, trailers, problem };

  if (!http_framer_check_lookalikes (&self))
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (imp_http_head_count (trailers, names[i]) == 0)
        continue;
      if (!rules->strict)
        return http_framer_refuse (&self, 400, "%s stands behind the body", names[i]);
      imp_http_head_drop (trailers, names[i]);
    }
  return TRUE;
}

/* What comes behind the size: nothing, or ";" and text. */
static gboolean
http_framer_check_extension (HttpFramer *self, const guint8 *text, gsize length,
                             gboolean *is_changed)
{
  gsize spaces = 0;

  for (gsize i = 0; i < length; i++)
    if (!imp_http_is_text_char (text[i]))
      return http_framer_refuse (self, 400, "the line before a chunk has the byte 0x%02x", text[i]);
  while (spaces < length && (text[spaces] == ' ' || text[spaces] == '\t'))
    spaces++;
  if (spaces < length && text[spaces] != ';')
    return http_framer_refuse (self, 400, "the size of a chunk has the character 0x%02x",
                               text[spaces]);
  if (spaces > 0 && !http_framer_mend (self, "there is white space behind the size of a chunk"))
    return FALSE;
  *is_changed |= length > 0 && self->rules->strict;
  return TRUE;
}

gboolean
imp_http_parse_chunk (const ImpHttpRules *rules, const guint8 *line, gsize length, guint64 *size,
                      gboolean *is_changed, ImpHttpProblem *problem)
{
  HttpFramer self = { rules, NULL, problem };
  gsize digits = 0;

  *size = 0;
  while (digits < length && g_ascii_isxdigit (line[digits]))
    {
      if (digits == CHUNK_DIGITS_MAX || *size > CHUNK_SIZE_MAX >> 4)
        return http_framer_refuse (&self, 413, "the size of a chunk is too large: %.*s...",
                                   CHUNK_DIGITS_MAX, (const char *) line);
      *size = *size << 4 | g_ascii_xdigit_value (line[digits++]);
    }
  if (digits == 0)
    return http_framer_refuse (&self, 400, "a chunk has no size");
  return http_framer_check_extension (&self, line + digits, length - digits, is_changed);
}
