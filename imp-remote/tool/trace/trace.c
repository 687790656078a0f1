/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/trace/trace.h"

#include "core/imp-log-private.h"
#include "io/imp-disk-writer-private.h"
#include "tool/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes that wait for the disk. */
#define TRACE_BUFFERED (4 * 1024 * 1024)
/* Bytes that it gets at once, if they come within a second. */
#define TRACE_BATCH (64 * 1024)

typedef struct
{
  char *path;
  gsize max;
  double ratio;
  GObject *owner; /* of the file, for its report */
  ImpDiskWriter *disk;
  ImpDiskFile *file; /* NULL: nothing is written */
  gsize size;
  guint64 n_lost;   /* spans */
  GString *pending; /* what the thread does not have yet */
  guint n_pending;  /* spans in it */
  guint timer;      /* until it gets that, or 0 */
} Trace;

static Trace trace = { .ratio = 1 };

static const ImpLimit trace_limits[] = {
  { "trace-max", IMP_LIMIT_BYTES, G_STRUCT_OFFSET (Trace, max), 4096, G_MAXINT64, 256 << 20,
    "how large the file of --trace may become" },
};

static gboolean
trace_on_sample (const char *option, const char *value, gpointer data, GError **error)
{
  char *end;
  const double ratio = g_ascii_strtod (value, &end);

  if (end != value && *end == '\0' && ratio >= 0 && ratio <= 1)
    {
      trace.ratio = ratio;
      return TRUE;
    }
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "%s \"%s\": a number from 0 to 1 is wanted, such as 0.01", option, value);
  return FALSE;
}

void
trace_add_to_table (OptionTable *table)
{
  static const GOptionEntry entries[] = {
    { "trace", 0, 0, G_OPTION_ARG_FILENAME, &trace.path,
      "Append a span to this file for each analyzer, in JSON of OTLP", "FILE" },
    { "trace-sample", 0, 0, G_OPTION_ARG_CALLBACK, trace_on_sample,
      "How many of those whose traceparent does not say it (1: all)", "RATIO" },
    G_OPTION_ENTRY_NULL,
  };

  option_table_add (table, entries, NULL);
}

void
trace_add_limits (LimitOptions *limits)
{
  limit_options_add_rows (limits, trace_limits, G_N_ELEMENTS (trace_limits), &trace);
}

/* --- the file --- */

static void
trace_stop (const char *reason)
{
  if (trace.file == NULL)
    return;
  imp_log_kind (IMP_LOG_TRACE_FAILED, "--trace \"%s\": no more spans are written: %s", trace.path,
                reason);
  g_clear_pointer (&trace.file, imp_disk_file_close);
}

static void
trace_on_failed (GObject *owner, const char *reason)
{
  trace_stop (reason);
}

int
trace_open (void)
{
  g_autoptr (GError) error = NULL;
  struct stat status;
  int fd;

  if (trace.path == NULL)
    return TOOL_DONE;
  /* A pipe that nobody reads would keep the program. */
  fd = open (trace.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd == -1 || fstat (fd, &status) != 0)
    return tool_error ("--trace \"%s\": %s", trace.path, g_strerror (errno));
  if (!S_ISREG (status.st_mode))
    return tool_error ("--trace \"%s\": it is no ordinary file", trace.path);
  trace.disk = imp_disk_writer_new (TRACE_BUFFERED, &error);
  if (trace.disk == NULL)
    return tool_error ("--trace \"%s\": %s", trace.path, error->message);
  trace.size = status.st_size;
  trace.pending = g_string_new (NULL);
  trace.owner = g_object_new (G_TYPE_OBJECT, NULL);
  trace.file = imp_disk_file_new (trace.disk, fd, trace.owner, g_main_context_default (),
                                  trace_on_failed);
  return TOOL_DONE;
}

/* To wake the thread for each of them would cost more than they do. */
static void
trace_flush (void)
{
  g_autofree char *reason = NULL;

  g_clear_handle_id (&trace.timer, g_source_remove);
  if (trace.n_pending > 0
      && (trace.file == NULL
          || !imp_disk_file_append (trace.file, (const guint8 *) trace.pending->str,
                                    trace.pending->len, &reason)))
    trace.n_lost += trace.n_pending;
  trace.n_pending = 0;
  g_string_truncate (trace.pending, 0);
}

void
trace_close (void)
{
  if (trace.pending != NULL)
    trace_flush ();
  g_clear_pointer (&trace.file, imp_disk_file_close);
  g_clear_pointer (&trace.disk, imp_disk_writer_unref);
  g_clear_object (&trace.owner);
  if (trace.n_lost > 0)
    imp_log_kind (IMP_LOG_TRACE_FAILED,
                  "--trace \"%s\": %" G_GUINT64_FORMAT " spans were not written", trace.path,
                  trace.n_lost);
  trace.n_lost = 0;
}

gboolean
trace_is_on (void)
{
  return trace.disk != NULL;
}

static gboolean
trace_on_time (gpointer user_data)
{
  trace.timer = 0;
  trace_flush ();
  return G_SOURCE_REMOVE;
}

static void
trace_write (const GString *line)
{
  if (trace.file != NULL && line->len > trace.max - MIN (trace.size, trace.max))
    {
      trace_flush ();
      trace_stop ("the file is as large as it may become (--trace-max)");
    }
  if (trace.file == NULL)
    {
      trace.n_lost++;
      return;
    }
  trace.size += line->len;
  trace.n_pending++;
  g_string_append_len (trace.pending, line->str, line->len);
  if (trace.pending->len >= TRACE_BATCH)
    trace_flush ();
  else if (trace.timer == 0)
    trace.timer = g_timeout_add_seconds (1, trace_on_time, NULL);
}

/* --- spans --- */

/* Who has caused it decides, if that is known. */
static gboolean
trace_choose (const TraceContext *parent)
{
  if (parent != NULL)
    return parent->sampled;
  return trace.ratio >= 1 || g_random_double () < trace.ratio;
}

TraceSpan *
trace_begin (const char *parent, TraceKind kind, char **child)
{
  TraceContext before;
  const TraceContext *known = trace_context_parse (&before, parent) ? &before : NULL;
  TraceSpan span = { .begin = g_get_real_time (), .kind = kind };

  trace_context_init (&span.context, known, trace_choose (known));
  if (known != NULL)
    memcpy (span.parent, before.span, sizeof span.parent);
  if (child != NULL)
    *child = trace_context_to_string (&span.context);
  return span.context.sampled ? g_memdup2 (&span, sizeof span) : NULL;
}

void
trace_end (TraceSpan *span, const char *name, const char *failure, const TraceAttribute *attributes)
{
  /* One for all: to make one of that size costs more than what is written into it. */
  static GString *line;

  if (line == NULL)
    line = g_string_new (NULL);
  g_string_truncate (line, 0);
  trace_span_append_json (span, name, failure, attributes, line);
  trace_write (line);
  g_free (span);
}
