/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/prove/prove-input.h"
#include "tool/tool.h"

#include <stdio.h>

typedef struct
{
  guint random_trials;
  guint exhaustive;
  guint max_chunk;
  guint seed;
  guint timeout; /* seconds */
  gboolean keep_order;
  gboolean from_server;

  ImpFactory *factory;
} Prove;

#define PLACE(field) G_STRUCT_OFFSET (Prove, field)

static const ImpLimit prove_limits[] = {
  { "random-trials", IMP_LIMIT_COUNT, PLACE (random_trials), 0, G_MAXINT32, 10000,
    "in how many random ways to cut each file" },
  { "exhaustive", IMP_LIMIT_COUNT, PLACE (exhaustive), 0, 24, 16,
    "up to how many bytes to try all ways to cut" },
  { "max-chunk", IMP_LIMIT_COUNT, PLACE (max_chunk), 0, G_MAXINT32, 16,
    "try chunks of each size up to this" },
  { "seed", IMP_LIMIT_COUNT, PLACE (seed), 0, G_MAXUINT32, 0, "where chance begins; 0: anywhere" },
  { "timeout", IMP_LIMIT_SECONDS, PLACE (timeout), 1, TOOL_MAX_SECONDS, 5,
    "how long to wait for a verdict" },
};

/* Says what came of one file. */
static int
prove_report (ImpProver *prover, const char *path, gboolean proved, const GError *error)
{
  guint seed;

  g_object_get (prover, "seed", &seed, NULL);
  if (proved)
    {
      tool_print ("proved %s: %" G_GUINT64_FORMAT " trials, seed %u", path,
                  imp_prover_get_n_trials (prover), seed);
      fflush (stdout);
      return TOOL_DONE;
    }
  prove_input_print (prover);
  return tool_error ("prove \"%s\": %s (after %" G_GUINT64_FORMAT " trials, seed %u)", path,
                     error->message, imp_prover_get_n_trials (prover), seed);
}

static int
prove_file (Prove *self, const char *path)
{
  g_autoptr (ImpProver) prover = imp_prover_new (self->factory);
  g_autoptr (GError) error = NULL;
  gboolean proved;

  g_object_set (prover, "random-trials", self->random_trials, "exhaustive", self->exhaustive,
                "max-chunk", self->max_chunk, "seed", self->seed, "timeout", self->timeout * 1000,
                "keep-order", self->keep_order, NULL);
  if (!prove_input_read (path, self->from_server, prover, &error))
    return tool_error ("prove \"%s\": %s", path, error->message);
  proved = imp_prover_run (prover, &error);
  return prove_report (prover, path, proved, error);
}

static gboolean
prove_parse (Prove *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "keep-order", 'k', 0, G_OPTION_ARG_NONE, &self->keep_order,
      "Keep the order of the two directions as it is in the file", NULL },
    { "from-server", 's', 0, G_OPTION_ARG_NONE, &self->from_server,
      "Files that are no JSON come from the server, and not from the client", NULL },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "MODULE[=SETTINGS] FILE... - see whether the borders of chunks matter",
    .summary
    = "Gives each FILE to the module, in many different chunks, and looks whether the same\n"
      "comes out each time. If not, it prints the smallest input that it found for which this\n"
      "is so, and the exit status is 1. A FILE named *.json or *.jsonl has messages with the\n"
      "op \"data\", a line for each; any other one is what the client says.",
    .entries = entries,
    .limits = limits,
  };

  limit_options_add_rows (limits, prove_limits, G_N_ELEMENTS (prove_limits), self);
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc < 2)
    *status = tool_usage_error ("prove: MODULE is missing");
  else if (*argc < 3)
    *status = tool_usage_error ("prove: FILE is missing: what shall be given to \"%s\"?",
                                (*argv)[1]);
  return *status == TOOL_DONE;
}

static int
prove_run (int argc, char **argv)
{
  Prove self = { 0 };
  int status;

  if (!prove_parse (&self, &argc, &argv, &status))
    return status;
  self.factory = tool_new_factory ((const char *const[]){ argv[1], NULL }, &status);
  if (self.factory == NULL)
    return status;
  for (int i = 2; i < argc; i++)
    {
      const int outcome = prove_file (&self, argv[i]);

      status = MAX (status, outcome);
    }
  g_object_unref (self.factory);
  return status;
}

const ToolCommand tool_prove = {
  .name = "prove",
  .summary = "see whether the borders of chunks matter to a module",
  .run = prove_run,
};
