/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/option-table.h"
#include "tool/metrics/metrics-text.h"

G_BEGIN_DECLS

/* What --metrics says: what is counted is read at addresses by HTTP, or stands in files. */

/* The command line is one of the whole process. */
void metrics_add_to_table (OptionTable *table);
/* Whether anything is to be counted that would not be counted otherwise. */
gboolean metrics_is_wanted (void);
/* A file of settings is read again: what it says of this is only checked, and forgotten in the
 * end. */
void metrics_begin_draft (void);
void metrics_end_draft (void);
/* Whether they are right, as far as that can be known before anything starts: prints what is wrong
 * on standard error, and returns the program's status. */
int metrics_check (void);

/* This is one of several processes, each of which has a place of its own: "imp.0.prom" of
 * "imp.prom", and "/run/imp.0" of "/run/imp". Before metrics_check(). */
void metrics_set_worker (guint number);
/* Whether there can be several processes, whose number stands in their places' names. */
int metrics_check_for_workers (void);

typedef struct _Metrics Metrics;

/* Adds all that @user_data knows, whenever somebody asks. */
typedef void (*MetricsFunc) (MetricsText *text, gpointer user_data);

/* Opens all of them, prints where, and answers from now on. NULL: nobody wants that, or *@status
 * says that it has failed. */
Metrics *metrics_new (MetricsFunc func, gpointer user_data, int *status);
void metrics_free (Metrics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Metrics, metrics_free)

G_END_DECLS
