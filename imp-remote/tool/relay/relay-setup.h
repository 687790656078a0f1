/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-options.h"
#include "tool/relay/relay-config.h"

G_BEGIN_DECLS

/* What the command line or a file says, without the groups. */
typedef struct
{
  RelayOptions options;
  ConfigOptions config;
  char *record;     /* a folder, or NULL */
  char *control;    /* an address, or NULL */
  gsize record_max; /* bytes of one recording */
  gsize record_max_total;
  guint grace;             /* seconds */
  char *take_over;         /* the control socket of the process that is replaced, or NULL */
  guint take_over_grace;   /* seconds, 0: any */
  guint take_over_timeout; /* seconds */
  guint log_rate;          /* lines a second, 0: all */
  GPtrArray *parts;        /* of the command line: see relay_parts_make_groups() */
} RelaySetup;

RelaySetup *relay_setup_new (void);
void relay_setup_free (RelaySetup *self);

/* From the command line. FALSE: it is over, with *@status. */
gboolean relay_setup_parse (RelaySetup *self, int *argc, char ***argv, int *status);
/* From the section [relay]; what is wrong is added to the errors of @file. */
void relay_setup_read (RelaySetup *self, ConfigFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelaySetup, relay_setup_free)

G_END_DECLS
