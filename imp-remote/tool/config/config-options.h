/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-errors.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* --config and --check-config, which nothing else may stand beside. */
typedef struct
{
  char *path; /* NULL: the command line says all */
  gboolean check;
} ConfigOptions;

/* Both, for the options of a subcommand. */
#define CONFIG_OPTION_ENTRIES(self)                                                                \
  { "config",                                                                                      \
    0,                                                                                             \
    0,                                                                                             \
    G_OPTION_ARG_FILENAME,                                                                         \
    &(self)->path,                                                                                 \
    "Read all options from this file, and again after SIGHUP",                                     \
    "FILE" },                                                                                      \
  {                                                                                                \
    "check-config", 0, 0, G_OPTION_ARG_NONE, &(self)->check,                                       \
      "Only say whether the file is right, and what is wrong in it", NULL                          \
  }

void config_options_clear (ConfigOptions *self);
/* After the command line has been parsed; @argv: as it was before. Prints what is wrong, and
 * returns the program's status. */
int config_options_check (const ConfigOptions *self, const char *command, const char *const *argv);

/* Which options may be keys of a section, and how often. */
typedef struct
{
  const char *const *several;               /* those that may stand there more than once */
  gboolean (*elsewhere) (const char *name); /* those for which another section is, or NULL */
  const char *where;                        /* which one */
} ConfigKeys;

/* Applies the keys of a section as if they were options; what is wrong is added to the errors. */
void config_options_apply (ConfigErrors *errors, const ToolOptions *options,
                           const ConfigKeys *keys);

/* Adds an error if it stands twice in its section. */
gboolean config_options_check_once (ConfigErrors *errors, const ConfigKey *key);

G_END_DECLS
