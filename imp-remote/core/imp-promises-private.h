/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The ranges of a direction whose replacement was promised: sorted, apart from each other. */

#define IMP_PROMISES_MAX 32

typedef struct
{
  gint64 begin;
  gint64 end;
} ImpRange;

typedef struct
{
  guint n; /* at least one */
  ImpRange ranges[IMP_PROMISES_MAX];
} ImpPromises;

/* NULL: there are none, as nearly always. FALSE: there are too many, and this one is not kept. */
gboolean imp_promises_add (ImpPromises **self, gint64 begin, gint64 end);
/* What lies before @position is over. */
void imp_promises_trim (ImpPromises **self, gint64 position);
/* Is all of it promised? */
gboolean imp_promises_cover (const ImpPromises *self, gint64 begin, gint64 end);

/* Nearly always there are none. */
static inline gboolean
imp_promises_covers (const ImpPromises *self, gint64 begin, gint64 end)
{
  return self != NULL && imp_promises_cover (self, begin, end);
}

G_END_DECLS
