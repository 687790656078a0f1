/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the module session-log writes for Wireshark: tshark finds a conversation in it, nothing to
 * complain of, and the data. */
#include "analyzers/imp-session-format-private.h"

#include <glib/gstdio.h>
#include <string.h>

/* What there is to complain of shows besides the two packets with SYN. */
#define SHOWN                                                                                      \
  "tcp.flags.syn == 1 || tcp.analysis.flags || _ws.malformed || "                                  \
  "(_ws.expert.severity >= 0x600000 && tcp.flags.reset == 0) || "                                  \
  "ip.checksum.status == \"Bad\" || !(tcp.checksum.status == \"Good\") || frame.len > 1500"

#define SESSIONS_MAX 16

typedef struct
{
  ImpSessionPcap pcap;
  GByteArray *output;
  GString *sent[2];
  gint64 time;
} Session;

/* Several of them in one file: each look at one takes tshark a second. */
typedef struct
{
  Session sessions[SESSIONS_MAX];
  const char *completeness[SESSIONS_MAX];
  guint n;
} Batch;

/* @completeness: what tshark makes of it: 1 SYN, 2 SYN and ACK, 4 ACK, 8 data, 16 FIN, 32 RST. */
static Session *
batch_add (Batch *self, const char *const parts[4], guint32 first, guint32 second,
           const char *completeness)
{
  const guint32 initial[2] = { first, second };
  g_autofree char *port = g_strdup_printf ("%u", 20000 + self->n);
  Session *session = &self->sessions[self->n];

  g_assert_cmpuint (self->n, <, SESSIONS_MAX);
  self->completeness[self->n++] = completeness;
  session->output = g_byte_array_new ();
  session->time = 1700000000000000;
  for (guint i = 0; i < 2; i++)
    session->sent[i] = g_string_new (NULL);
  imp_session_pcap_init (&session->pcap, parts[0], completeness != NULL ? port : parts[1], parts[2],
                         parts[3], initial);
  imp_session_pcap_begin (&session->pcap, session->output, session->time);
  return session;
}

static void
session_send (Session *self, ImpDirection direction, gsize length)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz \n0123456789.";
  ImpSessionMoment moment = { self->time += 1000, direction };
  g_autofree char *data = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    data[i] = letters[(i + self->sent[direction]->len) % (sizeof letters - 1)];
  g_string_append_len (self->sent[direction], data, length);
  imp_session_pcap_add (&self->pcap, self->output, moment, (const guint8 *) data, length);
}

/* The header of a file has 24 bytes. */
static char *
batch_write (Batch *self)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  char *path = NULL;
  int descriptor = g_file_open_tmp ("imp-XXXXXX.pcap", &path, &error);

  g_assert_no_error (error);
  g_assert_true (g_close (descriptor, NULL));
  for (guint i = 0; i < self->n; i++)
    {
      GByteArray *output = self->sessions[i].output;
      guint begin = i > 0 ? 24 : 0;

      g_byte_array_append (all, output->data + begin, output->len - begin);
    }
  g_file_set_contents (path, (const char *) all->data, all->len, &error);
  g_assert_no_error (error);
  return path;
}

/* What tshark says, line by line. */
static char **
batch_run_tshark (Batch *self, const char *const *fields)
{
  static const char *const options[] = {
    "tshark", "-n", "-2",     "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y",
    SHOWN,    "-T", "fields", "-r"
  };
  g_autofree char *path = batch_write (self), *output = NULL, *errors = NULL;
  g_autoptr (GPtrArray) command = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  int status;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_ptr_array_add (command, g_strdup (options[i]));
  g_ptr_array_add (command, g_strdup (path));
  for (; *fields != NULL; fields++)
    {
      g_ptr_array_add (command, g_strdup ("-e"));
      g_ptr_array_add (command, g_strdup (*fields));
    }
  for (guint i = 0; i < self->n; i++)
    {
      g_ptr_array_add (command, g_strdup ("-z"));
      g_ptr_array_add (command, g_strdup_printf ("follow,tcp,raw,%u", i));
    }
  g_ptr_array_add (command, NULL);
  g_spawn_sync (NULL, (char **) command->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                &errors, &status, &error);
  g_assert_no_error (error);
  g_unlink (path);
  if (!g_spawn_check_wait_status (status, NULL))
    g_error ("tshark: %s", errors);
  return g_strsplit (output, "\n", -1);
}

static void
batch_clear (Batch *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      g_byte_array_unref (self->sessions[i].output);
      for (guint j = 0; j < 2; j++)
        g_string_free (self->sessions[i].sent[j], TRUE);
    }
}

/* Lines of the server begin with a tab, and all others that are no data are no numbers. */
static void
session_check_follow (Session *self, char **lines)
{
  GString *got[2] = { g_string_new (NULL), g_string_new (NULL) };

  for (; *lines != NULL && !g_str_has_prefix (*lines, "===="); lines++)
    {
      guint side = **lines == '\t';
      const char *hex = *lines + side;

      if (strspn (hex, "0123456789abcdef") != strlen (hex))
        continue;
      for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2)
        g_string_append_c (got[side],
                           g_ascii_xdigit_value (hex[0]) * 16 + g_ascii_xdigit_value (hex[1]));
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (g_string_equal (got[i], self->sent[i]));
      g_string_free (got[i], TRUE);
    }
}

static void
batch_check (Batch *self)
{
  static const char *const fields[] = { "tcp.stream", "tcp.flags", "tcp.completeness", NULL };
  g_auto (GStrv) lines = batch_run_tshark (self, fields);
  guint n = 0, followed = 0;

  for (guint i = 0; i < self->n; i++)
    for (guint j = 0; j < 2; j++)
      {
        g_autofree char *expected = g_strdup_printf ("%u\t%s\t%s", i, j == 0 ? "0x0002" : "0x0012",
                                                     self->completeness[i]);

        g_assert_cmpstr (lines[n++], ==, expected);
      }
  /* Nothing to complain of; what was said comes next, in any order. */
  if (*lines[n] != '\0' && *lines[n] != '=')
    g_error ("%s", lines[n]);
  for (; lines[n] != NULL; n++)
    {
      static const char heading[] = "Filter: tcp.stream eq ";
      guint64 stream;

      if (!g_str_has_prefix (lines[n], heading))
        continue;
      stream = g_ascii_strtoull (lines[n] + strlen (heading), NULL, 10);
      g_assert_cmpuint (stream, <, self->n);
      session_check_follow (&self->sessions[stream], lines + n + 1);
      followed |= 1u << stream;
    }
  g_assert_cmpuint (followed, ==, (1u << self->n) - 1);
  batch_clear (self);
}

static const char *const ends[][4] = {
  { "10.1.2.3", "4711", "10.9.8.7", "8877" },
  { "2001:db8::77", "4711", "fe80::1%eth0", "8877" },
  { NULL, NULL, NULL, NULL },
  { "/run/socket", "x", "2001:db8::99", "70000" },
  { "192.0.2.9", "1", "::1", "0" },
};

static void
test_exchange (void)
{
  Batch batch = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      Session *session = batch_add (&batch, ends[i], 1000, 2000, "31");

      session_send (session, 1, 30);
      session_send (session, 0, 1);
      session_send (session, 0, 200000);
      session_send (session, 1, 70001);
      session_send (session, 0, 5);
      session_send (session, 1, 0);
      session_send (session, 0, 0);
    }
  batch_check (&batch);
}

static void
test_addresses (void)
{
  static const char *const fields[] = { "ip.src",      "ip.dst",      "ipv6.src", "ipv6.dst",
                                        "tcp.srcport", "tcp.dstport", NULL };
  static const char *const expected[] = {
    "10.1.2.3\t10.9.8.7\t\t\t4711\t8877",        "\t\t2001:db8::77\tfe80::1\t4711\t8877",
    "192.0.2.1\t198.51.100.1\t\t\t49152\t49153", "\t\t2001:db8::1\t2001:db8::99\t49152\t49153",
    "\t\t::ffff:192.0.2.9\t::1\t1\t49153",
  };
  g_auto (GStrv) lines = NULL;
  Batch batch = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    batch_add (&batch, ends[i], 1000, 2000, NULL);
  lines = batch_run_tshark (&batch, fields);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    g_assert_cmpstr (lines[2 * i], ==, expected[i]);
  batch_clear (&batch);
}

/* One side has ended, the other goes on. */
static void
test_half_closed (void)
{
  Batch batch = { 0 };

  for (guint i = 0; i < 4; i++)
    {
      Session *session = batch_add (&batch, ends[i / 2], 1, 1, "31");

      session_send (session, i % 2, 10);
      session_send (session, i % 2, 0);
      session_send (session, !(i % 2), 150000);
      session_send (session, !(i % 2), 1);
      session_send (session, !(i % 2), 0);
      session_send (session, i % 2, 0);
      imp_session_pcap_end (&session->pcap, session->output, session->time);
    }
  batch_check (&batch);
}

/* It ends before its streams do. */
static void
test_cut (void)
{
  Batch batch = { 0 };

  for (guint i = 0; i < 3; i++)
    {
      Session *session = batch_add (&batch, ends[0], 1, 1, i == 0 ? "47" : "63");

      session_send (session, 0, 100);
      if (i > 0)
        session_send (session, i - 1, 0);
      session_send (session, i == 1 ? 1 : 0, 50 + i);
      imp_session_pcap_end (&session->pcap, session->output, session->time);
    }
  batch_check (&batch);
}

/* Sequence numbers begin anew behind 2^32 - 1, in a segment, between two, and at the handshake. */
static void
test_wrap (void)
{
  static const guint32 distances[] = { 1, 2, 1460, 1461, 1462, 5000, 70000 };
  Batch batch = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (distances); i++)
    {
      Session *session = batch_add (&batch, ends[i % 2], -distances[i], -distances[i] - 7, "31");

      session_send (session, 0, 100000);
      session_send (session, 1, 100000);
      session_send (session, 0, 1);
      session_send (session, 0, 0);
      session_send (session, 1, 0);
    }
  batch_check (&batch);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/session-pcap/exchange", test_exchange);
  g_test_add_func ("/session-pcap/addresses", test_addresses);
  g_test_add_func ("/session-pcap/half-closed", test_half_closed);
  g_test_add_func ("/session-pcap/cut", test_cut);
  g_test_add_func ("/session-pcap/wrap", test_wrap);
  return g_test_run ();
}
