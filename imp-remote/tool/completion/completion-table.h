/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/tool.h"

G_BEGIN_DECLS

/* What shells know of an option. */
typedef struct
{
  char *name; /* without the dashes */
  char letter;
  char *meaning;
  char *values; /* NULL: it has none */
} CompletionOption;

/* What they know of a subcommand. */
typedef struct
{
  const char *name;
  const char *alias; /* or NULL */
  const char *summary;
  char *arguments;
  GPtrArray *options; /* of CompletionOption */
} CompletionCommand;

/* `values` and `arguments` are words with a space between them, or one of these. */
#define COMPLETION_NOTHING "@nothing"
#define COMPLETION_MODULES "@modules"
#define COMPLETION_FILES "@files"
#define COMPLETION_FOLDERS "@folders"
#define COMPLETION_USERS "@users"
#define COMPLETION_GROUPS "@groups"

/* All of @commands, by their own tables of options: an array of CompletionCommand. */
GPtrArray *completion_table_new (const ToolCommand *const *commands);

G_END_DECLS
