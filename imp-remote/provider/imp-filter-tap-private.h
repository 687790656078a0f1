/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-filter-private.h"
#include "provider/imp-outcome.h"

G_BEGIN_DECLS

/* Who looks at all that happens in a filter, and changes nothing. Each function may be NULL, and
 * may remove its tap. */
typedef struct
{
  /* Before the analyzer sees it. */
  void (*input) (gpointer user_data, ImpDirection direction, GBytes *data, gint32 data_type);
  /* Before it is applied. */
  void (*verdict) (gpointer user_data, const ImpVerdict *verdict);
  /* Before it is given to the output function. @sent: the analyzer itself has sent it. */
  void (*output) (gpointer user_data, ImpDirection direction, GBytes *data, gint32 data_type,
                  gboolean sent);
  /* The last that is called: the tap is removed. @reason: of a refusal or failure, else "". */
  void (*over) (gpointer user_data, ImpOutcome outcome, const char *reason);
} ImpFilterTapFuncs;

typedef struct _ImpFilterTap ImpFilterTap;

struct _ImpFilterTap
{
  const ImpFilterTapFuncs *funcs; /* NULL: this one is at no filter */
  gpointer user_data;
  gboolean blind; /* need not see what comes, so that it may pass unseen */
  ImpFilterTap *next;
};

/* The memory is the caller's, and stays until over() or imp_filter_remove_tap(). */
void imp_filter_add_tap (ImpFilter *self, ImpFilterTap *tap);
/* Nothing happens if it is over. */
void imp_filter_remove_tap (ImpFilter *self, ImpFilterTap *tap);
/* What has become of the filter so far. */
ImpOutcome imp_filter_get_outcome (ImpFilter *self);

G_END_DECLS
