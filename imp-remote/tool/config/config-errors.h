/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-file.h"

G_BEGIN_DECLS

/* Errors of options, which know nothing of files, as errors of a file: each gets the place of the
 * key that it names. */
typedef struct
{
  ConfigFile *file;
  const ConfigSection *section; /* whose keys are being applied; NULL: any */
} ConfigErrors;

/* Adds one that was written for a command line, as in "--listen "a:b": why". */
void config_errors_add (ConfigErrors *self, const char *text);

/* From now on, errors of the tool come here instead of being printed. */
void config_errors_begin (ConfigErrors *self);
void config_errors_end (ConfigErrors *self);

/* Prints all errors of @file, for people or for the log; whether there are any. */
gboolean config_errors_print (ConfigFile *file);

G_END_DECLS
