/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/chunks.h"
#include "tool/tool.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  GPtrArray *modules;
  GPtrArray *against_modules;
  char *chunks;
  gboolean shrink;
  guint timeout; /* seconds */

  int chunk_size;
  ImpFactory *factory;
  ImpFactory *against; /* NULL: the recording */
} Replay;

static void
replay_clear (Replay *self)
{
  g_clear_object (&self->factory);
  g_clear_object (&self->against);
  g_clear_pointer (&self->modules, g_ptr_array_unref);
  g_clear_pointer (&self->against_modules, g_ptr_array_unref);
  g_clear_pointer (&self->chunks, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Replay, replay_clear)

#define PLACE(field) G_STRUCT_OFFSET (Replay, field)

static const ImpLimit replay_limits[] = {
  { "timeout", IMP_LIMIT_SECONDS, PLACE (timeout), 1, TOOL_MAX_SECONDS, 5,
    "how long to wait for a verdict" },
};

/* ---- playing ---- */

typedef struct
{
  GMainLoop *loop;
  ImpReplay *replay;
  GError *error;
} ReplayRun;

static void
replay_on_replayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ReplayRun *run = user_data;

  run->replay = imp_recording_replay_finish (IMP_RECORDING (source), result, &run->error);
  g_main_loop_quit (run->loop);
}

static ImpReplay *
replay_play (ImpRecording *recording, ImpFactory *factory, int chunk_size, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  ReplayRun run = { .loop = loop };

  imp_recording_replay_async (recording, factory, chunk_size, NULL, replay_on_replayed, &run);
  g_main_loop_run (loop);
  if (run.error != NULL)
    g_propagate_error (error, run.error);
  return run.replay;
}

/* What is different; *@replay is what came of it. FALSE: an error. */
static gboolean
replay_compare (Replay *self, ImpRecording *recording, ImpReplay **replay, GList **differences,
                GError **error)
{
  g_autoptr (ImpReplay) against = NULL;

  *replay = replay_play (recording, self->factory, self->chunk_size, error);
  if (*replay == NULL)
    return FALSE;
  if (self->against == NULL)
    {
      *differences = imp_recording_compare (recording, *replay);
      return TRUE;
    }
  against = replay_play (recording, self->against, self->chunk_size, error);
  if (against == NULL)
    return FALSE;
  *differences = imp_replay_compare (against, *replay);
  return TRUE;
}

/* ---- what is said about it ---- */

static void
replay_print_differences (GList *differences)
{
  for (GList *l = differences; l != NULL; l = l->next)
    tool_print ("  %s", imp_difference_get_text (l->data));
}

static int
replay_print_part (Replay *self, const char *path, ImpRecording *recording)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRecording) part = imp_recording_shrink (recording, self->factory, self->against,
                                                        self->chunk_size, NULL, &error);
  g_autoptr (ImpReplay) replay = NULL;
  g_autolist (ImpDifference) differences = NULL;

  if (part != NULL)
    imp_recording_set_timeout (part, self->timeout * 1000);
  if (part == NULL || !replay_compare (self, part, &replay, &differences, &error))
    return tool_error ("replay \"%s\": %s", path, error->message);
  tool_print ("with these %u chunks:", imp_recording_get_n_chunks (part));
  replay_print_differences (differences);
  for (guint i = 0; i < imp_recording_get_n_chunks (part); i++)
    {
      ImpDirection direction;
      gint32 data_type;
      GBytes *data = imp_recording_get_chunk (part, i, &direction, &data_type, NULL);

      chunks_print (direction, data_type, data);
    }
  return TOOL_FAILED;
}

static int
replay_report (Replay *self, const char *path, ImpRecording *recording, ImpReplay *replay,
               GList *differences)
{
  g_autofree char *outcome = imp_replay_describe (replay);
  int status = TOOL_DONE;

  if (differences == NULL)
    {
      tool_print ("same %s: %s", path, outcome);
    }
  else
    {
      tool_print ("differs %s:", path);
      replay_print_differences (differences);
      status = self->shrink ? replay_print_part (self, path, recording) : TOOL_FAILED;
    }
  fflush (stdout);
  return status;
}

static int
replay_file (Replay *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRecording) recording = imp_recording_new_for_file (path, &error);
  g_autoptr (ImpReplay) replay = NULL;
  g_autolist (ImpDifference) differences = NULL;

  if (recording == NULL)
    return tool_error ("replay: %s", error->message);
  if (!imp_recording_is_complete (recording))
    tool_error ("replay \"%s\": %s", path, imp_recording_get_missing (recording));
  imp_recording_set_timeout (recording, self->timeout * 1000);
  if (!replay_compare (self, recording, &replay, &differences, &error))
    return tool_error ("replay \"%s\": %s", path, error->message);
  return replay_report (self, path, recording, replay, differences);
}

/* ---- the command ---- */

static gboolean
replay_on_module (const char *option, const char *value, gpointer data, GError **error)
{
  Replay *self = data;
  const gboolean is_against = g_str_equal (option, "--against");

  g_ptr_array_add (is_against ? self->against_modules : self->modules, g_strdup (value));
  return TRUE;
}

static gboolean
replay_parse_chunks (Replay *self, int *status)
{
  guint64 size;

  if (self->chunks == NULL || g_str_equal (self->chunks, "recorded"))
    self->chunk_size = IMP_RECORDING_AS_RECORDED;
  else if (g_str_equal (self->chunks, "whole"))
    self->chunk_size = IMP_RECORDING_AT_ONCE;
  else if (g_ascii_string_to_unsigned (self->chunks, 10, 1, G_MAXINT, &size, NULL))
    self->chunk_size = (int) size;
  else
    *status = tool_usage_error ("--chunks \"%s\": it is \"recorded\", \"whole\", or a number of "
                                "bytes from 1 to %d",
                                self->chunks, G_MAXINT);
  return *status == TOOL_DONE;
}

static gboolean
replay_parse (Replay *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "module", 'm', 0, G_OPTION_ARG_CALLBACK, replay_on_module,
      "The analyzer: a module and its settings; several: one behind the other", "NAME[=SETTINGS]" },
    { "against", 0, 0, G_OPTION_ARG_CALLBACK, replay_on_module,
      "Compare with what this one does now, and not with the recording", "NAME[=SETTINGS]" },
    { "chunks", 0, 0, G_OPTION_ARG_STRING, &self->chunks,
      "In chunks as \"recorded\" (the default), as a \"whole\", or of so many bytes", "SIZE" },
    { "shrink", 0, 0, G_OPTION_ARG_NONE, &self->shrink,
      "Find the smallest part with which the difference is still there", NULL },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "FILE... --module NAME[=SETTINGS]... - play recordings to a module",
    .summary = "Plays each FILE, which \"imp-remote relay --record\" has written, to the module, "
               "and\nprints where what comes out, is logged or accounted, or the outcome differs "
               "from\nwhat was recorded. If there is a difference, the exit status is 1.",
    .entries = entries,
    .limits = limits,
    .has_scripts = TRUE,
    .data = self,
  };

  limit_options_add_rows (limits, replay_limits, G_N_ELEMENTS (replay_limits), self);
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc < 2)
    *status = tool_usage_error ("replay: FILE is missing");
  else if (self->modules->len == 0)
    *status = tool_usage_error ("replay: --module NAME[=SETTINGS] is missing");
  return *status == TOOL_DONE && replay_parse_chunks (self, status);
}

static ImpFactory *
replay_make_factory (GPtrArray *modules, int *status)
{
  g_ptr_array_add (modules, NULL);
  return tool_new_factory ((const char *const *) modules->pdata, status);
}

static int
replay_run (int argc, char **argv)
{
  g_auto (Replay) self = { 0 };
  int status;

  self.modules = g_ptr_array_new_with_free_func (g_free);
  self.against_modules = g_ptr_array_new_with_free_func (g_free);
  if (!replay_parse (&self, &argc, &argv, &status))
    return status;
  self.factory = replay_make_factory (self.modules, &status);
  if (self.factory == NULL)
    return status;
  if (self.against_modules->len > 0)
    {
      self.against = replay_make_factory (self.against_modules, &status);
      if (self.against == NULL)
        return status;
    }
  for (int i = 1; i < argc; i++)
    {
      const int outcome = replay_file (&self, argv[i]);

      status = MAX (status, outcome);
    }
  return status;
}

const ToolCommand tool_replay = {
  .name = "replay",
  .summary = "play recorded connections to a module, and tell differences",
  .run = replay_run,
};
