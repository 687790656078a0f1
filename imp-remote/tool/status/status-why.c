/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-why.h"

#include "tool/status/status-table.h"

#include <string.h>

#define WIDTH 79

/* What is said about one reason. @subject and the rest: see status_why_add_direction(). */
typedef struct
{
  const char *why;
  const char *advice; /* or NULL */
} StatusAdvice;

static const StatusAdvice status_advice[] = {
  { "verdict", "See what the analyzer does: the log, and with --verbose each verdict; a script's "
               "process may hang." },
  { "promise", "It has promised to replace these bytes (REPLACE_LATER), and has not done so." },
  { "pause", "It has asked for a pause (PAUSE), and has to say when it goes on (CONTINUE)." },
  { "search", "It looks for a pattern that takes much computing; nothing has to be done, but the "
              "pattern may be worth another look." },
  { "connect",
    "Look whether it runs, at its address and with its log; imp-remote ping says whether "
    "it answers." },
  { "send",
    "It is there and does not read: it may be stopped, overloaded, or hang; imp-remote ping "
    "says whether it answers." },
  { "ask", "It was asked whether the connection may be (--ask-first), and has not answered." },
  { "read", "It is slow, is stopped or hangs; what it has not read waits here, and its machine's "
            "buffers are full." },
  { "more", "The analyzer cannot decide before it has seen more." },
  { "greeting", "It has not said yet where it wants to go, or for whom it is; --greeting-timeout "
                "and --sni-timeout end that." },
  { "idle", "Nothing is wrong here: nobody has anything to say. --idle-timeout ends what is silent "
            "for too long." },
  { "ended", "Nothing has to be done." },
};

static const char *
status_why_find_advice (const char *why)
{
  for (guint i = 0; i < G_N_ELEMENTS (status_advice); i++)
    if (g_str_equal (status_advice[i].why, why))
      return status_advice[i].advice;
  return "";
}

/* "The analyzer pattern at 127.0.0.1:9", as far as that is known. */
static char *
status_why_name_analyzer (JsonObject *row)
{
  const char *part = status_table_get_text (row, "part", NULL);
  const char *server = status_table_get_text (row, "analyzer-server", NULL);
  JsonNode *modules = json_object_get_member (row, "modules");
  GString *text = g_string_new ("The analyzer");

  if (part == NULL && modules != NULL && JSON_NODE_HOLDS_ARRAY (modules)
      && json_array_get_length (json_node_get_array (modules)) == 1
      && json_node_get_value_type (json_array_get_element (json_node_get_array (modules), 0))
           == G_TYPE_STRING)
    part = json_array_get_string_element (json_node_get_array (modules), 0);
  if (part != NULL)
    g_string_append_printf (text, " %s", part);
  if (server != NULL)
    g_string_append_printf (text, " at %s", server);
  return g_string_free (text, FALSE);
}

/* "for 41 s", or nothing if that is not known. */
static char *
status_why_say_since (gint64 ms)
{
  g_autofree char *time = status_table_make_time (ms);

  return ms >= 0 ? g_strdup_printf (" for %s", time) : g_strdup ("");
}

/* ---- the end that is to come ---- */

static void
status_why_add_deadline (GString *text, JsonObject *row, gint64 ms)
{
  const gint64 deadline = status_table_get_number (row, "deadline-ms", 0);
  g_autofree char *left = NULL;

  if (deadline == 0 || ms < 0)
    return;
  left = status_table_make_time (MAX (deadline - ms, 0));
  g_string_append_printf (text, " It will be ended in about %s by --deadline %" G_GINT64_FORMAT ".",
                          left, deadline / 1000);
}

/* ---- one direction ---- */

typedef struct
{
  const char *sender, *receiver; /* "client" and "server", or the other way round */
  JsonObject *facts;
} StatusDirection;

static void
status_why_add_held (GString *text, JsonObject *row, const StatusDirection *direction)
{
  const char *why = status_table_get_text (direction->facts, "why", "");
  const gint64 held = status_table_get_number (direction->facts, "held", 0);
  const gint64 ms = status_table_get_number (direction->facts, "held-ms", -1);
  g_autofree char *size = status_table_make_size (held);
  g_autofree char *since = status_why_say_since (ms);
  g_autofree char *name = status_why_name_analyzer (row);

  if (g_str_equal (why, "connect"))
    g_string_append_printf (text, "%s cannot be reached, and %s from the %s wait for it%s.", name,
                            size, direction->sender, since);
  else if (g_str_equal (why, "send"))
    g_string_append_printf (text,
                            "%s does not read what it is sent, and %s from the %s wait for "
                            "its verdict%s.",
                            name, size, direction->sender, since);
  else if (held > 0)
    g_string_append_printf (text, "%s has held %s from the %s%s.", name, size, direction->sender,
                            since);
  else if (g_str_equal (why, "pause") || g_str_equal (why, "search"))
    g_string_append_printf (text, "%s does not want to see more from the %s now.", name,
                            direction->sender);
  else
    g_string_append_printf (text, "%s has not said what becomes of the end of the %s's data.", name,
                            direction->sender);
  status_why_add_deadline (text, row, ms);
}

static void
status_why_add_reader (GString *text, JsonObject *row, const StatusDirection *direction)
{
  const gint64 queued = status_table_get_number (direction->facts, "queued", 0);
  g_autofree char *size = status_table_make_size (queued);
  g_autofree char *since = status_why_say_since (status_table_get_number (row, "idle-ms", -1));

  g_string_append_printf (text, "The %s does not read: %s wait for it", direction->receiver, size);
  if (status_table_get_flag (direction->facts, "busy"))
    g_string_append_printf (text, ", so that the %s is not read either", direction->sender);
  g_string_append_printf (text, ". Nothing has moved%s.", since);
}

static void
status_why_add_sender (GString *text, JsonObject *row, const StatusDirection *direction)
{
  const gint64 held = status_table_get_number (direction->facts, "held", 0);
  g_autofree char *size = status_table_make_size (held);
  g_autofree char *name = status_why_name_analyzer (row);
  g_autofree char *since = status_why_say_since (status_table_get_number (row, "idle-ms", -1));

  if (g_str_equal (status_table_get_text (direction->facts, "why", ""), "more"))
    g_string_append_printf (text,
                            "The %s has to say more: %s holds %s from it, and wants more "
                            "before it decides. Nothing has moved%s.",
                            direction->sender, name, size, since);
  else
    g_string_append_printf (text,
                            "The %s has nothing more to say; all that came from it has "
                            "gone on. Nothing has moved%s.",
                            direction->sender, since);
}

static void
status_why_add_direction (GString *text, JsonObject *row, const StatusDirection *direction)
{
  const char *whom = status_table_get_text (direction->facts, "waits-for", "nobody");
  const char *why = status_table_get_text (direction->facts, "why", "ended");

  g_string_append_printf (text, "From the %s: ", direction->sender);
  if (g_str_equal (whom, "analyzer"))
    status_why_add_held (text, row, direction);
  else if (g_str_equal (why, "read"))
    status_why_add_reader (text, row, direction);
  else if (g_str_equal (whom, "nobody"))
    g_string_append_printf (text, "The end has come, and was handed on.");
  else
    status_why_add_sender (text, row, direction);
  g_string_append_printf (text, " %s\n", status_why_find_advice (why));
}

/* ---- other connections ---- */

static void
status_why_add_early (GString *text, JsonObject *row)
{
  const char *whom = status_table_get_text (row, "waits-for", "nobody");
  const char *why = status_table_get_text (row, "why", "ended");
  g_autofree char *since = status_why_say_since (status_table_get_number (row, "waits-ms", -1));
  g_autofree char *name = status_why_name_analyzer (row);

  if (g_str_equal (whom, "server"))
    g_string_append_printf (text,
                            "The server %s has not accepted the connection yet%s. Look whether "
                            "it runs, and whether a firewall is in the way; --connect-timeout "
                            "ends that.\n",
                            status_table_get_text (row, "server", "?"), since);
  else if (g_str_equal (whom, "client"))
    g_string_append_printf (text, "The client is to say something first%s. %s\n", since,
                            status_why_find_advice (why));
  else if (g_str_equal (whom, "analyzer"))
    g_string_append_printf (text, "%s has not agreed to the connection yet%s. %s\n", name, since,
                            status_why_find_advice (why));
  else
    g_string_append_printf (text, "It is over, and is being closed.\n");
}

static void
status_why_add_hosted (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *row = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autofree char *size = NULL, *since = NULL;

  if (row == NULL)
    return;
  size = status_table_make_size (status_table_get_number (row, "held", 0));
  since = status_why_say_since (status_table_get_number (row, "held-ms", -1));
  g_string_append_printf (user_data, "Analyzer %" G_GINT64_FORMAT " (%s) holds %s%s%s%s. ",
                          status_table_get_number (row, "id", 0),
                          status_table_get_text (row, "analyzer", "?"), size, since,
                          status_table_get_flag (row, "waiting") ? ", and has to say what becomes "
                                                                   "of them"
                                                                 : "",
                          status_table_get_flag (row, "paused") ? ", and does not want to be fed"
                                                                : "");
  g_string_append_printf (user_data, "Its last verdict: %s.\n",
                          status_table_get_text (row, "verdict", "none"));
}

/* A client of a server. */
static void
status_why_add_client (GString *text, JsonObject *row)
{
  const char *whom = status_table_get_text (row, "waits-for", "nobody");
  const char *why = status_table_get_text (row, "why", "ended");
  const gint64 n = status_table_get_number (row, "analyzers", 0);
  JsonNode *longest = json_object_get_member (row, "longest");
  g_autofree char *queued = status_table_make_size (status_table_get_number (row, "queued", 0));

  g_string_append_printf (text,
                          "It has %" G_GINT64_FORMAT " analyzers; %" G_GINT64_FORMAT
                          " of them have to say something, and %" G_GINT64_FORMAT
                          " do not want to be fed now. ",
                          n, status_table_get_number (row, "waiting", 0),
                          status_table_get_number (row, "paused", 0));
  if (g_str_equal (why, "read"))
    g_string_append_printf (text, "The client does not read: %s of verdicts wait for it.", queued);
  else if (g_str_equal (whom, "analyzer"))
    g_string_append (text, "Those that have held something for longest come first.");
  else
    g_string_append (text, "All that it has sent was answered, or waits for more of it.");
  g_string_append_printf (text, " %s\n", status_why_find_advice (why));
  if (longest != NULL && JSON_NODE_HOLDS_ARRAY (longest))
    json_array_foreach_element (json_node_get_array (longest), status_why_add_hosted, text);
}

static void
status_why_add_verdict (GString *text, JsonObject *row)
{
  const char *verdict = status_table_get_text (row, "verdict", NULL);
  const gint64 ms = status_table_get_number (row, "verdict-ms", -1);
  g_autofree char *time = status_table_make_time (ms);

  if (verdict == NULL)
    g_string_append (text, "The analyzer has not said anything yet.\n");
  else if (ms >= 0)
    g_string_append_printf (text, "The last verdict, %s, came %s ago.\n", verdict, time);
  else
    g_string_append_printf (text, "The last verdict was %s.\n", verdict);
}

/* ---- all of it ---- */

/* Breaks each line between words; what goes on is indented. */
static char *
status_why_wrap (const char *text)
{
  g_auto (GStrv) paragraphs = g_strsplit (text, "\n", -1);
  GString *wrapped = g_string_new (NULL);

  for (guint i = 0; paragraphs[i] != NULL && paragraphs[i][0] != '\0'; i++)
    {
      g_auto (GStrv) words = g_strsplit (paragraphs[i], " ", -1);
      gsize width = 0;

      for (guint j = 0; words[j] != NULL; j++)
        {
          const gsize length = strlen (words[j]);
          const gboolean breaks = width > 0 && width + 1 + length > WIDTH;

          g_string_append (wrapped, breaks ? "\n  " : width > 0 ? " " : "");
          g_string_append (wrapped, words[j]);
          width = (breaks ? 2 : width > 0 ? width + 1 : 0) + length;
        }
      g_string_append_c (wrapped, '\n');
    }
  return g_string_free (wrapped, FALSE);
}

static void
status_why_add_all (GString *text, JsonObject *row)
{
  g_autofree char *age = status_table_make_time (status_table_get_number (row, "since-ms", -1));
  StatusDirection client = { "client", "server", status_table_get_object (row, "from-client") };
  StatusDirection server = { "server", "client", status_table_get_object (row, "from-server") };
  const char *stage = status_table_get_text (row, "stage", "relaying");

  g_string_append_printf (text, "Connection %" G_GINT64_FORMAT ": %s%s%s, for %s.\n",
                          status_table_get_number (row, "id", 0),
                          status_table_get_text (row, "client", "?"),
                          status_table_get_text (row, "server", NULL) != NULL ? " -> " : "",
                          status_table_get_text (row, "server", ""), age);
  if (status_table_get_text (row, "server", NULL) == NULL)
    {
      status_why_add_client (text, row);
      return;
    }
  if (client.facts == NULL || server.facts == NULL || !g_str_equal (stage, "relaying"))
    {
      status_why_add_early (text, row);
      return;
    }
  status_why_add_direction (text, row, &client);
  status_why_add_direction (text, row, &server);
  status_why_add_verdict (text, row);
}

char *
status_why_explain (JsonObject *row)
{
  g_autoptr (GString) text = g_string_new (NULL);

  status_why_add_all (text, row);
  return status_why_wrap (text->str);
}
