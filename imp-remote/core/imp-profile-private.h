/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Marks for sysprof: what takes how long. Where no profiler has started the program, it is one
 * comparison each; in a build without them it is nothing. */
#ifdef IMP_HAVE_SYSPROF

extern gboolean imp_profile_is_on;

gint64 imp_profile_get_time (void);
void imp_profile_add_mark (gint64 begin, const char *name);

/* What imp_profile_end() wants to know. */
static inline gint64
imp_profile_begin (void)
{
  return G_UNLIKELY (imp_profile_is_on) ? imp_profile_get_time () : 0;
}

static inline void
imp_profile_end (gint64 begin, const char *name)
{
  if (G_UNLIKELY (begin != 0))
    imp_profile_add_mark (begin, name);
}

#else

static inline gint64
imp_profile_begin (void)
{
  return 0;
}

static inline void
imp_profile_end (gint64 begin, const char *name)
{
}

#endif

G_END_DECLS
