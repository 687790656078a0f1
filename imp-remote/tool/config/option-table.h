/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All options that a subcommand takes: for its command line, and by their names for a file. */
typedef struct _OptionTable OptionTable;

OptionTable *option_table_new (void);
void option_table_free (OptionTable *self);

/* @entries: ends with %G_OPTION_ENTRY_NULL; what it points to outlives @self. @data: for those that
 * are callbacks. */
void option_table_add (OptionTable *self, const GOptionEntry *entries, gpointer data);

typedef void (*OptionTableFunc) (const GOptionEntry *entry, gpointer user_data);
void option_table_foreach (OptionTable *self, OptionTableFunc func, gpointer user_data);

/* All of them, for the command line. */
GOptionGroup *option_table_make_group (OptionTable *self);

gboolean option_table_has (OptionTable *self, const char *name);
/* Whether it has a value on a command line. There must be such an option. */
gboolean option_table_takes_value (OptionTable *self, const char *name);
/* As if --NAME=VALUE had been given; one without value wants "true" or "false". There must be such
 * an option. */
gboolean option_table_apply (OptionTable *self, const char *name, const char *value,
                             GError **error);

/* FALSE: it is neither a yes nor a no. */
gboolean option_table_parse_boolean (const char *text, gboolean *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OptionTable, option_table_free)

G_END_DECLS
