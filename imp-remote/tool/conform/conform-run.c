/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-run.h"

#include "tool/conform/conform-answer.h"
#include "tool/conform/conform-names.h"

#include <string.h>

/* Where a provider cannot be asked whether it is still there: how long it may take to end what it
 * has to end. */
#define SETTLE_TIME (50 * G_TIME_SPAN_MILLISECOND)
/* What we say that we take. */
#define USUAL_LIMITS "\"limits\":{\"max-message\":33554432}"

struct _ConformRun
{
  const ConformSetup *setup;
  const ConformCase *this;
  const ConformFormat *format; /* of this connection; NULL while a provider has said nothing */
  ConformLink *link;
  ConformJudge *judge;
  GQueue heard;       /* of ImpMessage: checked, and waited for by nobody yet */
  GPtrArray *allowed; /* of patterns */
  GByteArray *queued; /* goes with what is sent next */
  ConformNames *names;
  gint64 id; /* of the provider's analyzer that the case is about; 0: none */
  guint n_tokens;
  gboolean greeted;  /* we have */
  gboolean bytewise; /* what the steps send goes byte by byte */
  char *failure;
  char *expected;
  char *skip;
  ImpMessage *theirs; /* set_version of the first connection */
};

/* --- failing --- */

gboolean
conform_run_has_failed (const ConformRun *self)
{
  return self->failure != NULL;
}

void
conform_run_fail (ConformRun *self, const char *format, ...)
{
  va_list args;

  if (self->failure != NULL)
    return;
  va_start (args, format);
  self->failure = g_strdup_vprintf (format, args);
  va_end (args);
}

static void
conform_run_set_expected (ConformRun *self, const char *expected)
{
  if (self->failure != NULL)
    return;
  g_free (self->expected);
  self->expected = g_strdup (expected);
}

gint64
conform_run_get_until (const ConformRun *self)
{
  return g_get_monotonic_time () + self->setup->timeout;
}

/* --- sending --- */

/* An end that does not take it any more shows that when it is waited for. */
void
conform_run_send_bytes (ConformRun *self, const guint8 *data, gsize length)
{
  if (self->failure != NULL)
    return;
  g_byte_array_append (self->queued, data, length);
  if (conform_link_send (self->link, self->queued->data, self->queued->len,
                         conform_run_get_until (self))
        < self->queued->len
      && !conform_link_has_ended (self->link) && !conform_link_is_broken (self->link))
    conform_run_fail (self, "it does not read what is sent");
  g_byte_array_set_size (self->queued, 0);
}

static GBytes *
conform_run_encode_message (ConformRun *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = conform_message_encode (message, self->format, &error);

  if (bytes == NULL)
    conform_run_fail (self, "the format cannot write this message: %s", error->message);
  return bytes;
}

GBytes *
conform_run_encode (ConformRun *self, const char *json)
{
  g_autofree char *expanded = conform_names_expand (self->names, json);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpMessage) message = NULL;

  if (self->failure != NULL)
    return NULL;
  message = conform_message_parse (expanded, &error);
  if (message != NULL)
    return conform_run_encode_message (self, message);
  conform_run_fail (self, "the case itself is wrong: %s", error->message);
  return NULL;
}

/* @now: or with what is sent next. */
static void
conform_run_send_message (ConformRun *self, ImpMessage *message, gboolean now)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->failure != NULL)
    return;
  self->greeted = self->greeted || imp_message_get_op (message) == IMP_OP_SET_VERSION;
  bytes = conform_run_encode_message (self, message);
  if (bytes == NULL)
    return;
  conform_judge_note_sent (self->judge, message);
  if (now)
    conform_run_send_bytes (self, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  else
    g_byte_array_append (self->queued, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
conform_run_send_or_queue (ConformRun *self, const char *json, gboolean now)
{
  g_autofree char *expanded = conform_names_expand (self->names, json);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpMessage) message = NULL;

  if (self->failure != NULL)
    return;
  message = conform_message_parse (expanded, &error);
  if (message != NULL)
    conform_run_send_message (self, message, now);
  else
    conform_run_fail (self, "the case itself is wrong: %s", error->message);
}

void
conform_run_send (ConformRun *self, const char *json)
{
  conform_run_send_or_queue (self, json, TRUE);
}

/* --- hearing --- */

static void
conform_run_hear (ConformRun *self, ImpMessage *message, gsize size)
{
  g_autofree char *wrong = conform_judge_check (self->judge, message, size);
  g_autoptr (ImpMessage) answer = NULL;

  if (imp_message_get_op (message) == IMP_OP_SET_VERSION && self->theirs == NULL)
    self->theirs = imp_message_ref (message);
  if (wrong != NULL)
    {
      g_autofree char *json = conform_message_to_json (message);

      conform_run_fail (self, "%s: %s", wrong, json);
      return;
    }
  g_queue_push_tail (&self->heard, imp_message_ref (message));
  answer = conform_answer_make (self->judge, !self->setup->of_server, self->id, message);
  if (answer != NULL)
    conform_run_send_message (self, answer, TRUE);
}

/* A provider says by its first byte which format it uses. */
static gboolean
conform_run_recognize (ConformRun *self, const guint8 *data, gsize length)
{
  if (self->format != NULL || length == 0)
    return self->format != NULL;
  self->format = conform_format_recognize (data[0]);
  if (self->format == NULL)
    conform_run_fail (self, "no format begins with the byte 0x%02x", data[0]);
  return self->format != NULL;
}

/* The next message out of what has come; NULL if there is none that is whole. */
static ImpMessage *
conform_run_decode (ConformRun *self, GBytes *bytes, gsize *size)
{
  ImpMessage *message = NULL;
  g_autoptr (GError) error = NULL;

  if (!imp_codec_decode (conform_format_get_codec (self->format), bytes, &message, size, &error))
    conform_run_fail (self, "it has sent what is no message: %s", error->message);
  return message;
}

static void
conform_run_hear_all (ConformRun *self)
{
  gsize length, done = 0, size;
  const guint8 *data = conform_link_peek (self->link, &length);
  g_autoptr (GBytes) all = NULL;

  if (self->failure != NULL || !conform_run_recognize (self, data, length))
    return;
  all = g_bytes_new (data, length);
  while (self->failure == NULL && done < length)
    {
      g_autoptr (GBytes) rest = g_bytes_new_from_bytes (all, done, length - done);
      g_autoptr (ImpMessage) message = conform_run_decode (self, rest, &size);

      if (message == NULL)
        break;
      conform_run_hear (self, message, size);
      done += size;
    }
  conform_link_consume (self->link, done);
}

/* Waits for something new. FALSE if nothing comes by then, or ever. */
static gboolean
conform_run_wait (ConformRun *self, gint64 until)
{
  if (self->failure != NULL || self->link == NULL || conform_link_has_ended (self->link))
    return FALSE;
  /* An end that never stops talking is out of time as well. */
  if (g_get_monotonic_time () >= until || !conform_link_wait (self->link, until))
    return FALSE;
  conform_run_hear_all (self);
  return self->failure == NULL;
}

/* What may come at any time, and so is no surprise. */
static gboolean
conform_run_is_usual (ConformRun *self, ImpMessage *message)
{
  switch (imp_message_get_op (message))
    {
    case IMP_OP_EXCEPTION:
      /* An analyzer that was fed may fail, whatever it is. */
      return imp_message_get_id (message) != 0
             && conform_judge_was_fed (self->judge, imp_message_get_id (message));
    case IMP_OP_INTERFACE:
    case IMP_OP_STATUS:
    case IMP_OP_PONG:
    case IMP_OP_RELEASE:
      return FALSE;
    default:
      return TRUE;
    }
}

static gboolean
conform_run_may_skip (ConformRun *self, ImpMessage *message)
{
  if (conform_run_is_usual (self, message))
    return TRUE;
  for (guint i = 0; i < self->allowed->len; i++)
    if (conform_message_matches (message, self->allowed->pdata[i]))
      return TRUE;
  return FALSE;
}

void
conform_run_allow (ConformRun *self, const char *pattern)
{
  g_ptr_array_add (self->allowed, conform_names_expand (self->names, pattern));
}

/* The first interface that a server has offered is one that it supports. */
static void
conform_run_note_interface (ConformRun *self, ImpMessage *message)
{
  g_autofree char *json = conform_message_get_first_interface (message);

  if (json != NULL)
    conform_names_set (self->names, "$interface", json);
}

/* Takes what was heard up to the first message that matches (NULL: none does); FALSE if there is
 * none. */
static gboolean
conform_run_take (ConformRun *self, const char *pattern)
{
  while (self->failure == NULL && !g_queue_is_empty (&self->heard))
    {
      g_autoptr (ImpMessage) message = g_queue_pop_head (&self->heard);

      if (pattern != NULL && conform_message_matches (message, pattern))
        {
          conform_run_note_interface (self, message);
          return TRUE;
        }
      if (!conform_run_may_skip (self, message))
        {
          g_autofree char *json = conform_message_to_json (message);

          conform_run_fail (self, "something else came: %s", json);
        }
    }
  return FALSE;
}

/* Waits for what @is_so says; @expected is for people. */
static void
conform_run_wait_until (ConformRun *self, const char *expected,
                        gboolean (*is_so) (ConformRun *self, const char *argument),
                        const char *argument)
{
  gint64 until = conform_run_get_until (self);
  g_autofree char *text = g_strdup_printf ("%s %s", expected, argument);

  conform_run_set_expected (self, text);
  conform_run_hear_all (self);
  while (self->failure == NULL && !is_so (self, argument))
    if (!conform_run_wait (self, until) && self->failure == NULL && !is_so (self, argument))
      conform_run_fail (self, "%s",
                        conform_link_has_ended (self->link) ? "the connection has ended"
                                                            : "it did not happen in time");
}

void
conform_run_expect (ConformRun *self, const char *pattern)
{
  g_autofree char *expanded = conform_names_expand (self->names, pattern);

  conform_run_wait_until (self, "a message like", conform_run_take, expanded);
}

/* In version 1 a provider cannot be asked: what it has to end it ends soon. */
static void
conform_run_watch (ConformRun *self)
{
  gint64 until = g_get_monotonic_time () + MIN (SETTLE_TIME, self->setup->timeout);

  while (conform_run_wait (self, until))
    ;
  conform_run_take (self, NULL);
  if (self->failure == NULL && conform_link_has_ended (self->link))
    conform_run_fail (self, "the connection has ended");
}

static gboolean
conform_run_has_greeting (ConformRun *self, const char *argument)
{
  return conform_judge_get_greeting (self->judge) != NULL;
}

/* Before that, nothing of version 2 may be said. */
void
conform_run_expect_greeting (ConformRun *self)
{
  conform_run_wait_until (self, "set_version", conform_run_has_greeting, "");
}

void
conform_run_sync (ConformRun *self)
{
  g_autofree char *ping = g_strdup_printf ("{\"op\":\"ping\",\"token\":%u}", ++self->n_tokens);
  g_autofree char *pong = g_strdup_printf ("{\"op\":\"pong\",\"token\":%u}", self->n_tokens);

  if (self->failure != NULL)
    return;
  if (conform_judge_get_version (self->judge) >= 2
      || (self->greeted && self->setup->version >= 2 && self->setup->of_server))
    {
      conform_run_expect_greeting (self);
      conform_run_send (self, ping);
      conform_run_expect (self, pong);
    }
  else if (self->setup->of_server)
    {
      conform_run_send (self, "{\"op\":\"get_interface\"}");
      conform_run_expect (self, "{\"op\":\"interface\"}");
    }
  else
    conform_run_watch (self);
}

void
conform_run_expect_end (ConformRun *self)
{
  gint64 until = conform_run_get_until (self);

  conform_run_set_expected (self, "the end of the connection");
  conform_run_allow (self, "{\"op\":\"exception\",\"id\":0}");
  conform_run_hear_all (self);
  while (self->failure == NULL && !conform_link_has_ended (self->link))
    if (!conform_run_wait (self, until) && !conform_link_has_ended (self->link))
      conform_run_fail (self, "it did not come in time");
  conform_run_take (self, NULL);
}

/* --- connections --- */

static void
conform_run_close (ConformRun *self, gboolean reset)
{
  if (self->link != NULL)
    conform_link_close (self->link, reset);
}

/* What we begin with: of a case of its own, or the usual. */
static void
conform_run_greet (ConformRun *self)
{
  g_autofree char *json = NULL;

  if (self->this->hello != NULL)
    json = g_strdup (self->this->hello);
  else if (self->setup->version < 2)
    json = g_strdup ("{\"op\":\"set_version\",\"version\":1}");
  else
    json = g_strdup_printf ("{\"op\":\"set_version\",\"version\":2,\"minimum\":1," USUAL_LIMITS
                            ",\"features\":[\"%s\"]}",
                            self->setup->of_server ? "conform" : "end");
  conform_run_send (self, json);
}

/* A provider is greeted once it has said in which format it speaks, or at once if it waits for
 * that. */
static void
conform_run_begin (ConformRun *self)
{
  gint64 until = conform_run_get_until (self);

  if (self->setup->of_server)
    {
      /* Clients of the formats for Perl say no version. */
      if (!self->this->bare && !self->format->greets_first)
        conform_run_greet (self);
      return;
    }
  conform_run_set_expected (self, "the first message of a provider");
  while (self->failure == NULL && (self->format == NULL || !self->format->greets_first)
         && g_queue_is_empty (&self->heard))
    if (!conform_run_wait (self, until) && g_queue_is_empty (&self->heard))
      conform_run_fail (self, "it said nothing in time");
  if (self->failure == NULL && self->format != self->setup->format && self->setup->format != NULL)
    conform_run_fail (self, "it speaks another format than before, %s", self->format->name);
  if (!self->this->bare)
    conform_run_greet (self);
}

void
conform_run_open (ConformRun *self, gboolean greets)
{
  g_autoptr (GError) error = NULL;

  if (self->failure != NULL)
    return;
  g_clear_pointer (&self->link, conform_link_free);
  g_clear_pointer (&self->judge, conform_judge_free);
  g_queue_clear_full (&self->heard, (GDestroyNotify) imp_message_unref);
  g_byte_array_set_size (self->queued, 0);
  self->greeted = FALSE;
  self->id = 0;
  self->judge = conform_judge_new (self->setup->of_server);
  self->link = conform_peer_open (self->setup->peer, conform_run_get_until (self), &error);
  if (self->link == NULL)
    conform_run_fail (self, "there is no connection: %s", error->message);
  else if (greets)
    conform_run_begin (self);
}

ConformRun *
conform_run_new (const ConformSetup *setup, const ConformCase *this)
{
  ConformRun *self = g_new0 (ConformRun, 1);

  self->setup = setup;
  self->this = this;
  self->format = setup->format;
  self->allowed = g_ptr_array_new_with_free_func (g_free);
  self->queued = g_byte_array_new ();
  self->names = conform_names_new ();
  self->judge = conform_judge_new (setup->of_server);
  return self;
}

void
conform_run_free (ConformRun *self)
{
  g_clear_pointer (&self->link, conform_link_free);
  conform_judge_free (self->judge);
  g_queue_clear_full (&self->heard, (GDestroyNotify) imp_message_unref);
  g_ptr_array_unref (self->allowed);
  g_byte_array_unref (self->queued);
  conform_names_free (self->names);
  g_free (self->failure);
  g_free (self->expected);
  g_free (self->skip);
  g_clear_pointer (&self->theirs, imp_message_unref);
  g_free (self);
}

/* --- steps --- */

/* What is sent as it is may be a message all the same, which the judge has to know. */
static void
conform_run_note_raw (ConformRun *self)
{
  g_autoptr (GBytes) bytes = g_bytes_new (self->queued->data, self->queued->len);
  g_autoptr (ImpMessage) message = NULL;

  if (imp_codec_decode (conform_format_get_codec (self->format), bytes, &message, NULL, NULL)
      && message != NULL)
    {
      conform_judge_note_sent (self->judge, message);
      self->greeted = self->greeted || imp_message_get_op (message) == IMP_OP_SET_VERSION;
    }
}

static void
conform_run_send_raw (ConformRun *self, const ConformStep *step)
{
  g_autofree char *line = NULL;

  if (step->kind == CONFORM_STEP_RAW && step->format != self->format)
    return;
  if (step->bytes != NULL)
    {
      g_byte_array_append (self->queued, g_bytes_get_data (step->bytes, NULL),
                           g_bytes_get_size (step->bytes));
    }
  else
    {
      line = conform_names_expand (self->names, step->text);
      g_byte_array_append (self->queued, (const guint8 *) line, strlen (line));
      g_byte_array_append (self->queued, (const guint8 *) "\n", 1);
    }
  conform_run_note_raw (self);
  conform_run_send_bytes (self, NULL, 0);
}

/* "DIR OFFSET" */
static gboolean
conform_run_is_settled (ConformRun *self, const char *argument)
{
  guint direction = argument[0] == '1';
  gint64 offset = g_ascii_strtoll (argument + 1, NULL, 10);

  return conform_judge_get_settled (self->judge, 1, direction) == offset;
}

/* "DIR TEXT" */
static gboolean
conform_run_has_output (ConformRun *self, const char *argument)
{
  const GString *output = conform_judge_get_output (self->judge, 1, argument[0] == '1');

  return output != NULL && g_str_equal (output->str, strlen (argument) > 1 ? argument + 2 : "");
}

/* The first analyzer that is not gone again. */
static gboolean
conform_run_has_analyzer (ConformRun *self, const char *argument)
{
  for (GList *l = self->heard.head; l != NULL; l = l->next)
    {
      ImpMessage *message = l->data;

      if (imp_message_get_op (message) != IMP_OP_NEW_ANALYZER
          || !conform_judge_is_live (self->judge, imp_message_get_id (message)))
        continue;
      self->id = imp_message_get_id (message);
      conform_names_set_number (self->names, "$id", imp_message_get_id (message));
      return TRUE;
    }
  return FALSE;
}

static gboolean
conform_run_is_fed (ConformRun *self, const char *argument)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      gint64 end = conform_judge_get_fed (self->judge, self->id, direction);

      if (end == 0)
        continue;
      conform_names_set_number (self->names, "$dir", direction);
      conform_names_set_number (self->names, "$end", end);
      conform_names_set_number (self->names, "$beyond", end + 1000000);
      return TRUE;
    }
  return FALSE;
}

static void
conform_run_call (ConformRun *self, const char *name)
{
  ConformSpecial special = self->setup->find_special (name);

  if (special != NULL)
    special (self);
  else
    conform_run_fail (self, "the case itself is wrong: there is no \"%s\"", name);
}

static void
conform_run_do (ConformRun *self, const ConformStep *step)
{
  switch (step->kind)
    {
    case CONFORM_STEP_SEND:
    case CONFORM_STEP_QUEUE:
      conform_link_set_piece (self->link, self->bytewise);
      conform_run_send_or_queue (self, step->text, step->kind == CONFORM_STEP_SEND);
      conform_link_set_piece (self->link, 0);
      break;
    case CONFORM_STEP_RAW:
    case CONFORM_STEP_BYTES:
      conform_run_send_raw (self, step);
      break;
    case CONFORM_STEP_EXPECT:
      conform_run_expect (self, step->text);
      break;
    case CONFORM_STEP_MAY:
      conform_run_allow (self, step->text);
      break;
    case CONFORM_STEP_SYNC:
      conform_run_sync (self);
      break;
    case CONFORM_STEP_END:
      conform_run_expect_end (self);
      break;
    case CONFORM_STEP_SETTLED:
      conform_run_wait_until (self, "settled", conform_run_is_settled, step->text);
      break;
    case CONFORM_STEP_OUTPUT:
      conform_run_wait_until (self, "output", conform_run_has_output, step->text);
      break;
    case CONFORM_STEP_BYTEWISE:
      self->bytewise = TRUE;
      break;
    case CONFORM_STEP_SHUT:
      conform_link_shut (self->link);
      break;
    case CONFORM_STEP_CLOSE:
    case CONFORM_STEP_RESET:
      conform_run_close (self, step->kind == CONFORM_STEP_RESET);
      break;
    case CONFORM_STEP_NEW:
      conform_run_wait_until (self, "new_analyzer", conform_run_has_analyzer, "");
      break;
    case CONFORM_STEP_FED:
      conform_run_wait_until (self, "data", conform_run_is_fed, "");
      break;
    case CONFORM_STEP_CALL:
      conform_run_call (self, step->text);
      break;
    }
}

/* Whatever has happened, the other end goes on with a new connection. */
static void
conform_run_check_alive (ConformRun *self)
{
  if (self->failure != NULL)
    return;
  conform_run_close (self, FALSE);
  if (!self->setup->of_server)
    return; /* the next case has it connect again */
  conform_run_open (self, FALSE);
  if (self->failure == NULL && !self->format->greets_first)
    conform_run_send (self, "{\"op\":\"set_version\",\"version\":1}");
  conform_run_send (self, "{\"op\":\"get_interface\"}");
  conform_run_expect (self, "{\"op\":\"interface\"}");
  if (self->failure != NULL)
    {
      g_autofree char *failure = g_steal_pointer (&self->failure);

      self->failure = g_strdup_printf ("a new connection is not served afterwards: %s", failure);
    }
}

gboolean
conform_run_go (ConformRun *self)
{
  conform_run_open (self, TRUE);
  for (guint i = 0; i < self->this->steps->len && self->failure == NULL; i++)
    conform_run_do (self, self->this->steps->pdata[i]);
  conform_run_check_alive (self);
  conform_run_close (self, FALSE);
  return self->failure == NULL;
}

/* --- for the steps in C --- */

void
conform_run_skip (ConformRun *self, const char *reason)
{
  if (self->skip == NULL)
    self->skip = g_strdup (reason);
}

void
conform_run_note_sent (ConformRun *self, const char *json)
{
  g_autoptr (ImpMessage) message = conform_message_parse (json, NULL);

  g_assert (message != NULL);
  conform_judge_note_sent (self->judge, message);
  self->greeted = self->greeted || imp_message_get_op (message) == IMP_OP_SET_VERSION;
}

guint
conform_run_count (ConformRun *self, ImpOp op, gint64 until)
{
  guint n = 0;

  conform_run_wait (self, until);
  while (!g_queue_is_empty (&self->heard))
    {
      g_autoptr (ImpMessage) message = g_queue_pop_head (&self->heard);

      n += imp_message_get_op (message) == op;
    }
  return n;
}

/* --- for those who ask --- */

const char *
conform_run_get_skip (const ConformRun *self)
{
  return self->skip;
}

const char *
conform_run_get_failure (const ConformRun *self)
{
  return self->failure;
}

const char *
conform_run_get_expected (const ConformRun *self)
{
  return self->expected;
}

ImpMessage *
conform_run_get_theirs (const ConformRun *self)
{
  return self->theirs;
}

ConformLink *
conform_run_get_link (const ConformRun *self)
{
  return self->link;
}

ConformJudge *
conform_run_get_judge (const ConformRun *self)
{
  return self->judge;
}

const ConformFormat *
conform_run_get_format (const ConformRun *self)
{
  return self->format;
}

const ConformSetup *
conform_run_get_setup (const ConformRun *self)
{
  return self->setup;
}
