/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result.h"

G_BEGIN_DECLS

/* What an analyzer has been fed of one direction, and what it has said of it: no bytes, only where
 * the marks stand. It lets the end that hosts a plugin, and the end that proxies one, refuse
 * verdicts that make no sense and know what waits for one. What to forward is ImpFlow's affair. */
typedef struct
{
  gint64 fed;       /* end of what was fed */
  gint64 settled;   /* end of the last PASS or REPLACE; may lie in the future */
  gint64 prepassed; /* end of the last PREPASS */
  gint64 promised;  /* end of the last REPLACE_LATER */
  guint ended : 1;  /* the end of the stream was fed */
  guint passed : 1; /* PASS indefinitely */
  guint prepassed_forever : 1;
  guint seeking : 1; /* PASS_PATTERN: what comes without an offset was under way: meaningless */
  guint paused : 1;
} ImpVerdicts;

/* In data(), offset 0 means "goes on where the last piece ended". After a PASS_PATTERN the first
 * piece must say where it stands, even at the very beginning: there, and only there, the true
 * position 0 is spelled IMP_MAX_OFFSET (-1), which stands for no position otherwise. */
static inline gint64
imp_explicit_offset (gint64 offset)
{
  return offset == IMP_MAX_OFFSET ? 0 : offset;
}

/* FALSE if the plugin need not see these bytes: it waits for a pattern, or has lost interest. */
gboolean imp_verdicts_feed (ImpVerdicts *self, gsize length, gint64 offset);
/* FALSE with %IMP_ERROR_PROTOCOL if the model does not allow @result here. */
gboolean imp_verdicts_note (ImpVerdicts *self, const ImpResult *result, GError **error);

/* Bytes without a verdict. */
static inline gint64
imp_verdicts_get_unsettled (const ImpVerdicts *self)
{
  if (self->passed || self->prepassed_forever || self->seeking)
    return 0;
  return MAX (0, self->fed - MAX (self->settled, self->prepassed));
}

/* Is there something without a verdict: bytes, or the end of the stream? */
gboolean imp_verdicts_is_waiting (const ImpVerdicts *self);
gboolean imp_verdicts_has_promise (const ImpVerdicts *self);
/* The end of the stream was fed, all before it is settled, and nothing is promised. */
gboolean imp_verdicts_end_is_due (const ImpVerdicts *self);

G_END_DECLS
