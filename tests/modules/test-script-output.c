/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a script prints, as it comes into the log. The test is the script, and holds its pipes. */
#include "core/imp-log-private.h"
#include "modules/imp-script-output-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  ImpScriptOutput *output;
  int out, err; /* the script's ends */
} Rig;

static GPtrArray *lines; /* of char *: "STREAM: text", as they were logged */

static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const char *message = imp_log_find_field (fields, n_fields, "MESSAGE");
  const char *stream = imp_log_find_field (fields, n_fields, "IMP_SCRIPT_STREAM");

  if (imp_log_find_field (fields, n_fields, "IMP_SCRIPT") == NULL)
    return g_log_writer_default (level, fields, n_fields, user_data);
  g_assert_cmpint (level, ==, G_LOG_LEVEL_MESSAGE);
  g_assert_cmpstr (imp_log_find_field (fields, n_fields, "GLIB_DOMAIN"), ==, "Imp-modules");
  g_assert_cmpstr (imp_log_find_field (fields, n_fields, "IMP_SCRIPT"), ==,
                   "/some/where/a\\x0ascript.py");
  g_assert_cmpstr (imp_log_find_field (fields, n_fields, "IMP_SCRIPT_PID"), ==, "4711");
  g_assert_true (g_str_has_prefix (message, "a\\x0ascript.py[4711]: "));
  message += strlen ("a\\x0ascript.py[4711]: ");
  g_ptr_array_add (lines, g_strdup_printf ("%s: %s", stream != NULL ? stream : "note", message));
  return G_LOG_WRITER_HANDLED;
}

static void
rig_open_pipe (int *reading, int *writing)
{
  int fds[2];

  g_assert_cmpint (pipe2 (fds, O_CLOEXEC), ==, 0);
  *reading = fds[0];
  *writing = fds[1];
}

static Rig
rig_new (guint rate)
{
  Rig rig;
  int fds[2];

  g_ptr_array_set_size (lines, 0);
  rig_open_pipe (&fds[0], &rig.out);
  rig_open_pipe (&fds[1], &rig.err);
  rig.output = imp_script_output_new ("/some/where/a\nscript.py", 4711, fds, rate);
  imp_script_output_attach (rig.output, g_main_context_default ());
  return rig;
}

static void
rig_close (int *fd)
{
  if (*fd != -1)
    g_assert_cmpint (close (*fd), ==, 0);
  *fd = -1;
}

static void
rig_free (Rig *rig)
{
  imp_script_output_free (rig->output);
  rig_close (&rig->out);
  rig_close (&rig->err);
}

static void
write_all (int fd, const char *text, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, text, length);

      g_assert_cmpint (n, >, 0);
      text += n;
      length -= n;
    }
}

#define SAY(fd, text) write_all (fd, text, sizeof (text) - 1)

static void
wait_for_lines (guint n)
{
  while (lines->len < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_lines (const char *first, ...)
{
  va_list more;
  guint i = 0;

  va_start (more, first);
  for (const char *line = first; line != NULL; line = va_arg (more, const char *))
    {
      g_assert_cmpuint (i, <, lines->len);
      g_assert_cmpstr (lines->pdata[i++], ==, line);
    }
  va_end (more);
  g_assert_cmpuint (i, ==, lines->len);
}

static void
test_lines (void)
{
  Rig rig = rig_new (0);

  SAY (rig.out, "one\ntwo");
  wait_for_lines (1);
  SAY (rig.out, " words\r\n\n\r\na\rb\n");
  wait_for_lines (5);
  SAY (rig.err, "\x1b[1m\xff\xc2\x9b\0.\n");
  wait_for_lines (6);
  assert_lines ("stdout: one", "stdout: two words", "stdout: ", "stdout: ", "stdout: a\\x0db",
                "stderr: \\x1b[1m\\xff\\x9b\\x00.", NULL);
  rig_free (&rig);
}

/* A line without an end is logged when there is no more, by the script's doing or at its end. */
static void
test_last (void)
{
  Rig rig = rig_new (0);

  SAY (rig.out, "out");
  rig_close (&rig.out);
  wait_for_lines (1);
  SAY (rig.err, "more\nerr");
  imp_script_output_finish (rig.output);
  assert_lines ("stdout: out", "stderr: more", "stderr: err", NULL);
  rig_free (&rig);
  assert_lines ("stdout: out", "stderr: more", "stderr: err", NULL);
}

/* However it is cut into pieces. */
static void
test_pieces (void)
{
  static const char text[] = "gr\xc3\xbc\xc3\x9f\nsecond\r\n\nlast";

  for (gsize cut = 0; cut < sizeof text; cut++)
    {
      Rig rig = rig_new (0);

      write_all (rig.out, text, cut);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      write_all (rig.out, text + cut, sizeof text - 1 - MIN (cut, sizeof text - 1));
      imp_script_output_finish (rig.output);
      assert_lines ("stdout: gr\xc3\xbc\xc3\x9f", "stdout: second", "stdout: ", "stdout: last",
                    NULL);
      rig_free (&rig);
    }
}

static void
test_long (void)
{
  Rig rig = rig_new (0);
  gsize length = 10 * IMP_SCRIPT_OUTPUT_MAX_LINE;
  g_autofree char *text = g_strnfill (length, 'x');
  g_autofree char *begin = g_strnfill (IMP_SCRIPT_OUTPUT_MAX_LINE, 'x');
  g_autofree char *exact = g_strconcat ("stdout: ", begin, NULL);
  g_autofree char *cut = g_strdup_printf ("stdout: %s... (%d bytes more)", begin,
                                          9 * IMP_SCRIPT_OUTPUT_MAX_LINE);

  write_all (rig.out, text, length);
  SAY (rig.out, "\n");
  wait_for_lines (1);
  write_all (rig.out, begin, IMP_SCRIPT_OUTPUT_MAX_LINE);
  SAY (rig.out, "\nshort\n");
  wait_for_lines (3);
  write_all (rig.out, text, length);
  imp_script_output_finish (rig.output);
  assert_lines (cut, exact, "stdout: short", cut, NULL);
  rig_free (&rig);
}

/* How many lines were logged, and how many were said to be left out. */
static guint64
count_lines (guint *n_notes)
{
  guint64 n = 0;

  *n_notes = 0;
  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = lines->pdata[i];

      if (g_str_has_prefix (line, "note: "))
        {
          n += g_ascii_strtoull (line + strlen ("note: "), NULL, 10);
          ++*n_notes;
        }
      else
        n++;
    }
  return n;
}

#define N_FLOOD 100000

static gpointer
run_flood (gpointer data)
{
  for (guint i = 0; i < N_FLOOD; i++)
    {
      char line[32];

      write_all (GPOINTER_TO_INT (data), line, g_snprintf (line, sizeof line, "line %u\n", i));
    }
  return NULL;
}

/* Far more than is logged never keeps who prints it, and each line is logged or counted. */
static void
test_flood (void)
{
  Rig rig = rig_new (10);
  GThread *thread = g_thread_new ("flood", run_flood, GINT_TO_POINTER (rig.out));
  g_autofree char *last = g_strdup_printf ("line %d", N_FLOOD - 1);
  guint n_notes;

  while (count_lines (&n_notes) < N_FLOOD)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_assert_cmpuint (count_lines (&n_notes), ==, N_FLOOD);
  g_assert_cmpuint (n_notes, >=, 1);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *line = g_strdup_printf ("stdout: line %u", i);

      g_assert_cmpstr (lines->pdata[i], ==, line);
    }
  g_assert_true (g_str_has_suffix (lines->pdata[lines->len - 1], last));
  rig_free (&rig);
  g_assert_cmpuint (count_lines (&n_notes), ==, N_FLOOD);
}

/* What was left out is counted at the end, too; a line that says why it ends is among the rest. */
static void
test_flood_ended (void)
{
  Rig rig = rig_new (1);
  guint n_notes;

  for (guint i = 0; i < 1000; i++)
    SAY (rig.out, "noise\n");
  SAY (rig.err, "last words");
  imp_script_output_finish (rig.output);
  g_assert_cmpuint (count_lines (&n_notes), ==, 1001);
  g_assert_cmpuint (n_notes, ==, 1);
  g_assert_cmpstr (lines->pdata[0], ==, "stdout: noise");
  g_assert_true (g_str_has_suffix (lines->pdata[lines->len - 1], "the last of them: last words"));
  rig_free (&rig);
}

/* A process of the script's that prints on and on has no say in when it is over. */
static void
test_held_open (void)
{
  Rig rig = rig_new (0);
  int others[] = { dup (rig.out), dup (rig.err) };

  SAY (rig.out, "last");
  imp_script_output_finish (rig.output);
  assert_lines ("stdout: last", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_assert_cmpint (write (others[i], "x", 1), ==, -1);
      g_assert_cmpint (errno, ==, EPIPE);
      close (others[i]);
    }
  rig_free (&rig);
}

/* It can be read in another loop, and whatever has come before is not lost. */
static void
test_attached_again (void)
{
  Rig rig = rig_new (0);
  g_autoptr (GMainContext) context = g_main_context_new ();

  SAY (rig.out, "one\ntw");
  wait_for_lines (1);
  imp_script_output_attach (rig.output, context);
  SAY (rig.out, "o\n");
  while (lines->len < 2)
    g_main_context_iteration (context, TRUE);
  assert_lines ("stdout: one", "stdout: two", NULL);
  rig_free (&rig);
}

static Rig *freed_by_line;

static GLogWriterOutput
on_log_free (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  Rig *rig = g_steal_pointer (&freed_by_line);

  if (rig != NULL)
    rig_free (rig);
  return on_log (level, fields, n_fields, user_data);
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  return freed_by_line != NULL ? on_log_free (level, fields, n_fields, user_data)
                               : on_log (level, fields, n_fields, user_data);
}

/* Whoever hears of a line may end it all. */
static void
test_freed (void)
{
  Rig rig = rig_new (1);

  for (guint i = 0; i < 100; i++)
    SAY (rig.out, "noise\n");
  freed_by_line = &rig;
  while (freed_by_line != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (lines->len, >=, 1);
  g_assert_false (g_main_context_pending (NULL));
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  signal (SIGPIPE, SIG_IGN);
  lines = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (write_log, NULL, NULL);
  g_test_add_func ("/script-output/lines", test_lines);
  g_test_add_func ("/script-output/last", test_last);
  g_test_add_func ("/script-output/pieces", test_pieces);
  g_test_add_func ("/script-output/long", test_long);
  g_test_add_func ("/script-output/flood", test_flood);
  g_test_add_func ("/script-output/flood/ended", test_flood_ended);
  g_test_add_func ("/script-output/held-open", test_held_open);
  g_test_add_func ("/script-output/attached-again", test_attached_again);
  g_test_add_func ("/script-output/freed", test_freed);
  status = g_test_run ();
  g_ptr_array_unref (lines);
  return status;
}
