/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-special.h"

#include "tool/conform/conform-op.h"

#include <string.h>

/* What is sent at most to an end that keeps reading though its answers are not read. */
#define FLOOD_MAX (32 * 1024 * 1024)
#define FLOOD_PIECE 1000
/* It has stopped reading if nothing is taken for so long. */
#define FLOOD_TIME (100 * G_TIME_SPAN_MILLISECOND)
/* Messages above that are not tried. */
#define LARGEST_MESSAGE (64 * 1024 * 1024)
#define N_ANALYZERS 300
/* Malformed messages that concern no analyzer, after which the connection ends. */
#define N_MALFORMED 16
#define BLANKS_MAX 4096

static guint64
special_get_limit (ConformRun *run, const char *name)
{
  return conform_op_get_limit (conform_judge_get_greeting (conform_run_get_judge (run)), name);
}

static void
special_append (GByteArray *all, GBytes *bytes)
{
  if (bytes != NULL)
    g_byte_array_append (all, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* --- cut at every byte --- */

static const char *
special_get_greeting (ConformRun *run)
{
  const ConformSetup *setup = conform_run_get_setup (run);

  if (setup->format->greets_first)
    return NULL;
  return setup->version == 1 ? "{\"op\":\"set_version\",\"version\":1}"
                             : "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}";
}

static const char *const special_cut_messages[] = {
  "{\"op\":\"get_interface\"}",
  "{\"op\":\"new_analyzer\",\"id\":1,\"context\":{\"caddr\":\"10.0.0.1\"}}",
  "{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"some bytes\"}",
  "{\"op\":\"delete_analyzer\",\"id\":1}",
};

/* A connection that ends there, within a message or between two. */
static void
special_cut_at (ConformRun *run, const GByteArray *all, gsize length)
{
  const char *greeting = special_get_greeting (run);

  conform_run_open (run, FALSE);
  if (conform_run_has_failed (run))
    return;
  if (greeting != NULL)
    conform_run_note_sent (run, greeting);
  for (gsize i = 0; i < G_N_ELEMENTS (special_cut_messages); i++)
    conform_run_note_sent (run, special_cut_messages[i]);
  conform_run_send_bytes (run, all->data, length);
  conform_link_shut (conform_run_get_link (run));
  conform_run_expect_end (run);
  if (conform_run_has_failed (run))
    conform_run_fail (run, "cut after %" G_GSIZE_FORMAT " bytes", length);
}

static void
special_cut (ConformRun *run)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  const char *greeting = special_get_greeting (run);

  /* What the server has understood of a part may be answered. */
  conform_run_allow (run, "{\"op\":\"exception\"}");
  conform_run_allow (run, "{\"op\":\"interface\"}");
  if (greeting != NULL)
    {
      g_autoptr (GBytes) bytes = NULL;

      conform_run_note_sent (run, greeting);
      bytes = conform_run_encode (run, greeting);
      special_append (all, bytes);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (special_cut_messages); i++)
    {
      g_autoptr (GBytes) bytes = conform_run_encode (run, special_cut_messages[i]);

      special_append (all, bytes);
    }
  for (gsize length = 0; length <= all->len && !conform_run_has_failed (run); length++)
    special_cut_at (run, all, length);
}

/* The same of a verdict that a provider gets. */
static void
special_cut_verdict (ConformRun *run)
{
  g_autoptr (GBytes) bytes = conform_run_encode (run, "{\"op\":\"result\",\"id\":1,\"result\":"
                                                      "\"log\",\"dir\":0,\"message\":\"cut\"}");
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  for (gsize length = 1; length < size && !conform_run_has_failed (run); length++)
    {
      conform_run_open (run, TRUE);
      conform_run_send_bytes (run, g_bytes_get_data (bytes, NULL), length);
      if (conform_run_has_failed (run))
        return;
      conform_link_shut (conform_run_get_link (run));
      conform_run_expect_end (run);
    }
}

/* --- who does not read --- */

static GByteArray *
special_make_flood (ConformRun *run, const char *question)
{
  GByteArray *all = g_byte_array_new ();
  g_autoptr (GBytes) bytes = conform_run_encode (run, question);

  for (guint i = 0; i < FLOOD_PIECE; i++)
    special_append (all, bytes);
  return all;
}

/* How many questions were sent, all of them wholly; 0 if it goes on reading without end. */
static guint
special_send_flood (ConformRun *run, const GByteArray *piece, const char *question)
{
  ConformLink *link = conform_run_get_link (run);
  guint n = 0;
  gsize taken = piece->len;

  conform_link_shrink_buffers (link);
  conform_link_set_reading (link, FALSE);
  while (taken == piece->len && n < FLOOD_MAX / piece->len * FLOOD_PIECE)
    {
      taken = conform_link_send (link, piece->data, piece->len,
                                 g_get_monotonic_time () + FLOOD_TIME);
      for (guint i = 0; i < FLOOD_PIECE; i++)
        conform_run_note_sent (run, question);
      n += FLOOD_PIECE;
    }
  conform_link_set_reading (link, TRUE);
  if (taken == piece->len)
    return 0;
  conform_run_send_bytes (run, piece->data + taken, piece->len - taken);
  return n;
}

/* Whoever asks and does not read the answers is not read either; nothing is lost of it. */
static void
special_flood (ConformRun *run)
{
  gboolean pings = conform_run_get_setup (run)->version >= 2;
  const char *question = pings ? "{\"op\":\"ping\",\"token\":7}" : "{\"op\":\"get_interface\"}";
  g_autoptr (GByteArray) piece = NULL;
  gint64 until;
  guint n, heard = 0;

  conform_run_sync (run);
  if (conform_run_has_failed (run))
    return;
  piece = special_make_flood (run, question);
  n = special_send_flood (run, piece, question);
  if (n == 0)
    conform_run_fail (run, "it goes on reading though nobody reads its answers: more than %d bytes",
                      FLOOD_MAX);
  until = conform_run_get_until (run);
  while (!conform_run_has_failed (run) && heard < n && g_get_monotonic_time () < until)
    {
      guint more = conform_run_count (run, pings ? IMP_OP_PONG : IMP_OP_INTERFACE, until);

      heard += more;
      if (more > 0)
        until = conform_run_get_until (run);
      else if (conform_link_has_ended (conform_run_get_link (run)))
        break;
    }
  if (heard < n)
    conform_run_fail (run, "of %u questions, %u were answered", n, heard);
}

/* A server that does not read for a while. */
static void
special_hush (ConformRun *run)
{
  ConformLink *link = conform_run_get_link (run);

  conform_link_set_reading (link, FALSE);
  g_usleep (FLOOD_TIME);
  conform_link_set_reading (link, TRUE);
  conform_run_sync (run);
}

/* What comes passes, as long as somebody is there. */
static void
special_serve (ConformRun *run)
{
  while (!conform_run_has_failed (run) && !conform_link_has_ended (conform_run_get_link (run)))
    conform_run_count (run, IMP_OP_DATA, conform_run_get_until (run));
}

/* --- limits --- */

static void
special_append_head (GByteArray *bytes, guint8 first, guint32 length)
{
  guint32 big = GUINT32_TO_BE (length);

  g_byte_array_append (bytes, &first, 1);
  g_byte_array_append (bytes, (const guint8 *) &big, sizeof big);
}

static void
special_append_filling (GByteArray *bytes, gsize end)
{
  gsize old = bytes->len;

  g_byte_array_set_size (bytes, end);
  memset (bytes->data + old, 'x', end - old);
}

/* A ping of so many bytes, by a field that is not known. */
static GByteArray *
special_make_ping (ConformRun *run, gsize size)
{
  static const char json[] = "{\"op\":\"ping\",\"token\":5,\"later\":\"", json_end[] = "\"}\n";
  static const guint8 cbor[] = { 0x83, 0x19, 0x40, 0x08, 0x05 };
  GByteArray *bytes = g_byte_array_new ();

  if (conform_run_get_setup (run)->format->is_lines)
    {
      g_byte_array_append (bytes, (const guint8 *) json, strlen (json));
      special_append_filling (bytes, size - strlen (json_end));
      g_byte_array_append (bytes, (const guint8 *) json_end, strlen (json_end));
      return bytes;
    }
  special_append_head (bytes, 0x5a, size - 5);
  g_byte_array_append (bytes, cbor, sizeof cbor);
  special_append_head (bytes, 0x5a, size - bytes->len - 5);
  special_append_filling (bytes, size);
  return bytes;
}

/* Sends a ping of @more bytes above the limit; FALSE if that is not tried. */
static gboolean
special_send_large_ping (ConformRun *run, gsize more)
{
  g_autoptr (GByteArray) bytes = NULL;
  guint64 limit;

  conform_run_expect_greeting (run);
  limit = special_get_limit (run, "max-message");
  if (limit < 256 || limit > LARGEST_MESSAGE)
    {
      conform_run_skip (run, "the server announces no max-message from 256 bytes to 64 MiB");
      return FALSE;
    }
  bytes = special_make_ping (run, limit + more);
  conform_run_note_sent (run, "{\"op\":\"ping\",\"token\":5}");
  conform_run_send_bytes (run, bytes->data, bytes->len);
  return TRUE;
}

static void
special_exact_message (ConformRun *run)
{
  if (special_send_large_ping (run, 0))
    conform_run_expect (run, "{\"op\":\"pong\",\"token\":5}");
}

static void
special_over_message (ConformRun *run)
{
  if (special_send_large_ping (run, 1))
    conform_run_expect_end (run);
}

/* A new_analyzer whose context has @size bytes: those of a key, of its value and one more each. */
static GByteArray *
special_make_context (ConformRun *run, gsize size)
{
  static const char json[] = "{\"op\":\"new_analyzer\",\"id\":1,\"context\":{\"k\":\"";
  static const char json_end[] = "\"}}\n";
  static const guint8 cbor[] = { 0x83, 0x19, 0x40, 0x03, 0x01, 0xa1, 0x61, 'k' };
  gsize length = size - strlen ("k") - 2;
  GByteArray *bytes = g_byte_array_new ();

  if (conform_run_get_setup (run)->format->is_lines)
    {
      g_byte_array_append (bytes, (const guint8 *) json, strlen (json));
      special_append_filling (bytes, bytes->len + length);
      g_byte_array_append (bytes, (const guint8 *) json_end, strlen (json_end));
      return bytes;
    }
  special_append_head (bytes, 0x5a, sizeof cbor + 5 + length);
  g_byte_array_append (bytes, cbor, sizeof cbor);
  special_append_head (bytes, 0x7a, length);
  special_append_filling (bytes, bytes->len + length);
  return bytes;
}

/* Of @more bytes than the limit; FALSE if that is not tried. */
static gboolean
special_send_context (ConformRun *run, gsize more)
{
  g_autoptr (GByteArray) bytes = NULL;
  guint64 limit;

  conform_run_expect_greeting (run);
  limit = special_get_limit (run, "max-context");
  if (limit < 16 || limit > LARGEST_MESSAGE / 16
      || limit + 256 > special_get_limit (run, "max-message"))
    {
      conform_run_skip (run, "the server announces no max-context that fits into a message");
      return FALSE;
    }
  bytes = special_make_context (run, limit + more);
  conform_run_note_sent (run, "{\"op\":\"new_analyzer\",\"id\":1}");
  conform_run_send_bytes (run, bytes->data, bytes->len);
  return TRUE;
}

static void
special_exact_context (ConformRun *run)
{
  if (!special_send_context (run, 0))
    return;
  conform_run_send (run, "{\"op\":\"new_analyzer\",\"id\":1}");
  conform_run_expect (run, "{\"op\":\"exception\",\"id\":1}");
  conform_run_sync (run);
}

/* It was not made, and the id is free. */
static void
special_over_context (ConformRun *run)
{
  if (!special_send_context (run, 1))
    return;
  conform_run_expect (run, "{\"op\":\"exception\",\"id\":1}");
  conform_run_send (run, "{\"op\":\"new_analyzer\",\"id\":1}");
  conform_run_sync (run);
}

static void
special_many (ConformRun *run)
{
  static const char *const forms[] = { "{\"op\":\"new_analyzer\",\"id\":%u}",
                                       "{\"op\":\"delete_analyzer\",\"id\":%u}" };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_auto (GStrv) parts = g_strsplit (forms[i], "%u", 2);

      for (guint id = 1; id <= N_ANALYZERS; id++)
        {
          g_autofree char *json = g_strdup_printf ("%s%u%s", parts[0], id, parts[1]);

          conform_run_send (run, json);
        }
      conform_run_sync (run);
    }
}

static void
special_send_malformed (ConformRun *run)
{
  static const guint8 json[] = "hello\n", cbor[] = { 0x5a, 0, 0, 0, 1, 0x80 };

  if (conform_run_get_setup (run)->format->is_lines)
    conform_run_send_bytes (run, json, sizeof json - 1);
  else
    conform_run_send_bytes (run, cbor, sizeof cbor);
}

static void
special_malformed (ConformRun *run)
{
  for (guint i = 0; i < N_MALFORMED; i++)
    {
      special_send_malformed (run);
      conform_run_expect (run, "{\"op\":\"exception\",\"id\":0}");
    }
  conform_run_sync (run);
  special_send_malformed (run);
  conform_run_expect_end (run);
}

static void
special_send_blanks (ConformRun *run, gsize n)
{
  g_autofree char *blanks = g_strnfill (n, '\n');

  conform_run_expect_greeting (run);
  conform_run_send_bytes (run, (const guint8 *) blanks, n);
}

static void
special_exact_blanks (ConformRun *run)
{
  special_send_blanks (run, BLANKS_MAX);
  conform_run_sync (run);
}

static void
special_over_blanks (ConformRun *run)
{
  special_send_blanks (run, BLANKS_MAX + 1);
  conform_run_expect_end (run);
}

static const struct
{
  const char *name;
  ConformSpecial special;
} specials[] = {
  { "cut", special_cut },
  { "cut-verdict", special_cut_verdict },
  { "exact-blanks", special_exact_blanks },
  { "exact-context", special_exact_context },
  { "exact-message", special_exact_message },
  { "flood", special_flood },
  { "hush", special_hush },
  { "malformed", special_malformed },
  { "many", special_many },
  { "over-blanks", special_over_blanks },
  { "over-context", special_over_context },
  { "over-message", special_over_message },
  { "serve", special_serve },
};

ConformSpecial
conform_special_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (specials); i++)
    if (g_str_equal (specials[i].name, name))
      return specials[i].special;
  return NULL;
}
