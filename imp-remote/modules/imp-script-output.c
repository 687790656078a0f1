/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-output-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"
#include "core/imp-rate-limit-private.h"
#include "core/imp-source-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 16384
/* How often a pipe is read until others have their turn. */
#define READS_PER_TURN 4
/* The same when the process is gone: as much as can be in a pipe, by default, many times. Others
 * that have the pipe may fill it again all the while. */
#define READS_AT_END 64
/* How long lines are left out, once they are too many, until it is said how many. */
#define SILENCE_MS 1000

typedef struct
{
  char text[IMP_SCRIPT_OUTPUT_MAX_LINE];
  gsize length;
  gsize n_more; /* bytes that have found no place */
} ScriptLine;

typedef struct
{
  ImpScriptOutput *output;
  const char *name;
  int fd; /* -1 once it has ended */
  GSource *source;
  ScriptLine line; /* what has come of it */
} ScriptStream;

struct _ImpScriptOutput
{
  guint ref_count; /* of one thread; whoever hears of a line may free it */
  char *path;
  char *prefix; /* "shout.py[4711]" */
  char pid[16];
  ScriptStream streams[2];
  GMainContext *context;
  ImpRateLimit limit;
  guint64 n_left_out;
  ScriptLine last_left_out;
  GSource *silence;
};

static void
script_output_unref (ImpScriptOutput *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->path);
  g_free (self->prefix);
  g_free (self);
}

static ImpScriptOutput *
script_output_ref (ImpScriptOutput *self)
{
  self->ref_count++;
  return self;
}

/* --- lines --- */

static char *
script_line_clean (const ScriptLine *self)
{
  gsize length = self->length;

  if (self->n_more == 0 && length > 0 && self->text[length - 1] == '\r')
    length--;
  return imp_clean_text (self->text, length, self->n_more);
}

/* With the last one, since it may say why there are no more. */
static void
script_output_say_left_out (ImpScriptOutput *self)
{
  const ImpLogFields fields = { .script = self->path, .script_pid = self->pid };
  g_autofree char *last = NULL;
  guint64 n = self->n_left_out;

  if (n == 0)
    return;
  self->n_left_out = 0;
  last = script_line_clean (&self->last_left_out);
  imp_log_with (IMP_LOG_SCRIPT_OUTPUT, &fields,
                "%s: %" G_GUINT64_FORMAT " lines were left out (log-rate is %u), the last of "
                "them: %s",
                self->prefix, n, self->limit.rate, last);
}

static gboolean
script_output_on_silence_over (gpointer user_data)
{
  ImpScriptOutput *self = user_data;

  imp_source_clear (&self->silence);
  script_output_say_left_out (self);
  return G_SOURCE_REMOVE;
}

static void
script_output_be_silent (ImpScriptOutput *self)
{
  if (self->silence == NULL)
    self->silence = imp_source_add_timeout (self->context, SILENCE_MS, "imp script's output",
                                            script_output_on_silence_over, self);
}

/* While lines are left out none is logged, so that the log says how many between two lines only
 * once in a while. */
static gboolean
script_output_admit (ImpScriptOutput *self, const ScriptLine *line)
{
  if (self->n_left_out == 0 && imp_rate_limit_take (&self->limit))
    return TRUE;
  self->n_left_out++;
  memcpy (self->last_left_out.text, line->text, line->length);
  self->last_left_out.length = line->length;
  self->last_left_out.n_more = line->n_more;
  script_output_be_silent (self);
  return FALSE;
}

static void
script_stream_end_line (ScriptStream *self)
{
  const ImpLogFields fields = {
    .script = self->output->path,
    .script_pid = self->output->pid,
    .script_stream = self->name,
  };
  g_autofree char *text = NULL;

  if (script_output_admit (self->output, &self->line))
    text = script_line_clean (&self->line);
  self->line.length = self->line.n_more = 0;
  if (text != NULL)
    imp_log_with (IMP_LOG_SCRIPT_OUTPUT, &fields, "%s: %s", self->output->prefix, text);
}

static void
script_line_add (ScriptLine *self, const char *bytes, gsize length)
{
  gsize n = MIN (length, sizeof self->text - self->length);

  memcpy (self->text + self->length, bytes, n);
  self->length += n;
  self->n_more += length - n;
}

static void
script_stream_take (ScriptStream *self, const char *bytes, gsize length)
{
  /* Unless whoever hears of a line has had enough. */
  while (length > 0 && self->fd != -1)
    {
      const char *end = memchr (bytes, '\n', length);
      gsize n = end != NULL ? (gsize) (end - bytes) : length;

      script_line_add (&self->line, bytes, n);
      if (end == NULL)
        return;
      script_stream_end_line (self);
      bytes += n + 1;
      length -= n + 1;
    }
}

/* --- pipes --- */

static void
script_stream_close (ScriptStream *self)
{
  imp_source_clear (&self->source);
  if (self->fd == -1)
    return;
  close (self->fd);
  self->fd = -1;
  /* A line that has no end is one. */
  if (self->line.length > 0)
    script_stream_end_line (self);
}

static void
script_stream_read (ScriptStream *self, guint n_reads)
{
  char bytes[READ_SIZE];

  while (n_reads-- > 0 && self->fd != -1)
    {
      gssize n = read (self->fd, bytes, sizeof bytes);

      if (n > 0)
        script_stream_take (self, bytes, n);
      else if (n < 0 && errno == EAGAIN)
        return;
      else if (n == 0 || errno != EINTR)
        script_stream_close (self);
    }
}

static gboolean
script_stream_on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  ScriptStream *self = user_data;
  ImpScriptOutput *output = script_output_ref (self->output);

  script_stream_read (self, READS_PER_TURN);
  script_output_unref (output);
  return G_SOURCE_CONTINUE;
}

static void
script_stream_attach (ScriptStream *self, GMainContext *context)
{
  imp_source_clear (&self->source);
  if (self->fd == -1)
    return;
  self->source = g_unix_fd_source_new (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_static_name (self->source, "imp script's output");
  g_source_set_callback (self->source, G_SOURCE_FUNC (script_stream_on_readable), self, NULL);
  g_source_attach (self->source, context);
}

/* --- both --- */

ImpScriptOutput *
imp_script_output_new (const char *path, GPid pid, const int fds[2], guint rate)
{
  static const char *const names[] = { "stdout", "stderr" };
  ImpScriptOutput *self = g_new0 (ImpScriptOutput, 1);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *clean = imp_clean_text (name, strlen (name), 0);

  self->ref_count = 1;
  self->path = g_strdup (path);
  self->prefix = g_strdup_printf ("%s[%d]", clean, (int) pid);
  g_snprintf (self->pid, sizeof self->pid, "%d", (int) pid);
  imp_rate_limit_init (&self->limit, rate);
  for (gsize i = 0; i < G_N_ELEMENTS (self->streams); i++)
    {
      ScriptStream *stream = &self->streams[i];

      stream->output = self;
      stream->name = names[i];
      stream->fd = fds[i];
      g_unix_set_fd_nonblocking (stream->fd, TRUE, NULL);
    }
  return self;
}

void
imp_script_output_attach (ImpScriptOutput *self, GMainContext *context)
{
  g_main_context_ref (context);
  g_clear_pointer (&self->context, g_main_context_unref);
  self->context = context;
  for (gsize i = 0; i < G_N_ELEMENTS (self->streams); i++)
    script_stream_attach (&self->streams[i], context);
  if (self->silence != NULL)
    {
      imp_source_clear (&self->silence);
      script_output_be_silent (self);
    }
}

void
imp_script_output_finish (ImpScriptOutput *self)
{
  script_output_ref (self);
  for (gsize i = 0; i < G_N_ELEMENTS (self->streams); i++)
    {
      script_stream_read (&self->streams[i], READS_AT_END);
      script_stream_close (&self->streams[i]);
    }
  imp_source_clear (&self->silence);
  script_output_say_left_out (self);
  script_output_unref (self);
}

void
imp_script_output_free (ImpScriptOutput *self)
{
  imp_script_output_finish (self);
  script_output_unref (self);
}
