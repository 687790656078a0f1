/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-limits-private.h"
#include "tool/config/option-table.h"

G_BEGIN_DECLS

/* Limits as options of the command line: "--NAME=NUMBER" for each, with the range, the default and
 * the help that its row or its property has. Behind a number of bytes may stand KiB, MiB or GiB. */
typedef struct _LimitOptions LimitOptions;

LimitOptions *limit_options_new (void);
void limit_options_free (LimitOptions *self);

/* Adds limits that @owner has. */
void limit_options_add_rows (LimitOptions *self, const ImpLimit *rows, gsize n_rows,
                             gpointer owner);
/* Adds the properties of @type that are limits, but for those whose name is in use already. */
void limit_options_add_properties (LimitOptions *self, GType type);

/* Gives one of them a short name: "-t" for "--timeout". */
void limit_options_set_letter (LimitOptions *self, const char *name, char letter);

/* For the parser of options; the entries live as long as @self. */
void limit_options_add_to_table (LimitOptions *self, OptionTable *table);
/* Sets the limits that have an owner. FALSE with %IMP_ERROR_SETTINGS if something is no number or
 * one out of range. */
gboolean limit_options_check (LimitOptions *self, GError **error);
/* Sets the limits that are properties, of an object of the type that was added. */
void limit_options_apply (LimitOptions *self, GObject *object);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LimitOptions, limit_options_free)

G_END_DECLS
