/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-borders-private.h"
#include "core/imp-promises-private.h"
#include "core/imp-verdict-private.h"

G_BEGIN_DECLS

/* What few directions ever need. */
typedef struct
{
  ImpPromises *promises;
  ImpBorders *borders;
  gint64 wanted; /* before the input reaches this, nothing more can be said */
  gint64 refed;  /* where the last search ended, and from where on all was fed again */
} ImpMarksExtra;

/* How far one direction was fed to an analyzer, and how far the verdicts go that it has given; and
 * with that, which verdicts the model allows next. No bytes. The end that hosts a plugin, the end
 * that proxies one and the flow that has the bytes each keep marks of their own and ask nothing
 * else, so that they always agree on the same feeds and verdicts in the same order.
 *
 * They are not at the same point at the same time. A verdict is on its way while more is fed, but
 * that never makes wrong what was right: whoever is nearer to the bytes has been fed at least as
 * much. So what the analyzer's end has let through is let through by all others.
 *
 * All zero is a direction where nothing has happened yet. */
typedef struct
{
  gint64 fed;       /* end of what was fed */
  gint64 final;     /* end of the last PASS or REPLACE; may lie in the future */
  gint64 prepassed; /* end of the last PREPASS; may lie in the future */
  ImpMarksExtra *extra;
  guint ended : 1;     /* the end of the stream was fed */
  guint searching : 1; /* PASS_PATTERN: what comes without an offset was under way */
  guint deferred : 1;  /* and it cannot begin yet */
  guint searched : 1;  /* there was one, and refed counts */
  guint paused : 1;
} ImpMarks;

/* IMP_MAX_OFFSET as a mark: behind everything. */
#define IMP_MARK_INDEFINITE G_MAXINT64

/* In data(), offset 0 means "goes on where the last piece ended". After a PASS_PATTERN the first
 * piece must say where it stands, even at the very beginning: there, and only there, the true
 * position 0 is spelled IMP_MAX_OFFSET (-1), which stands for no position otherwise. */
static inline gint64
imp_explicit_offset (gint64 offset)
{
  return offset == IMP_MAX_OFFSET ? 0 : offset;
}

void imp_marks_free_extra (ImpMarksExtra *extra);

static inline void
imp_marks_clear (ImpMarks *self)
{
  if (self->extra != NULL)
    imp_marks_free_extra (self->extra);
  *self = (ImpMarks){ 0 };
}

gboolean imp_marks_feed_any (ImpMarks *self, gsize length, gint64 offset, gint32 data_type);

/* Input, or with length 0 its end. FALSE if the plugin need not see it: a pattern is looked for, or
 * it has lost interest. */
static inline gboolean
imp_marks_feed (ImpMarks *self, gsize length, gint64 offset, gint32 data_type)
{
  /* Nearly always a stream goes on where it stood. */
  if (G_UNLIKELY (offset != 0 || length == 0 || data_type >= 0 || self->extra != NULL
                  || self->searching || self->final == IMP_MARK_INDEFINITE
                  || length >= (guint64) (IMP_MARK_INDEFINITE - self->fed)))
    return imp_marks_feed_any (self, length, offset, data_type);
  self->fed += length;
  return TRUE;
}

/* A packet comes from @begin to @end: verdicts that would end inside of it end before it. It is
 * enough to feed it, unless the marks are wanted before. */
void imp_marks_spare_packet (ImpMarks *self, gint64 begin, gint64 end);
/* All before @position has passed without being fed, since a search went on. */
void imp_marks_pass_unseen (ImpMarks *self, gint64 position);

/* The same, but a match may yet begin before @position: from there on it will be fed. */
void imp_marks_prepass_unseen (ImpMarks *self, gint64 position);

/* A verdict. If the model does not allow it here, that is an %IMP_ERROR_PROTOCOL, and nothing has
 * changed; a pattern that cannot be used is an %IMP_ERROR_SETTINGS or %IMP_ERROR_LIMIT. */
gboolean imp_marks_apply (ImpMarks *self, const ImpVerdict *verdict, GError **error);
/* The same for those that have to do with bytes. */
gboolean imp_marks_pass_any (ImpMarks *self, gint64 offset, GError **error);

/* A PASS that goes further, with nothing else to be looked at: as nearly all do. FALSE, and nothing
 * has changed, where there is. */
static inline gboolean
imp_marks_pass_onward (ImpMarks *self, gint64 offset)
{
  if (G_UNLIKELY (offset < self->final || self->extra != NULL || self->searching || self->ended))
    return FALSE;
  self->final = offset;
  return TRUE;
}

/* The same for a PASS or a REPLACE, also after the end of the stream. */
static inline gboolean
imp_marks_go_onward (ImpMarks *self, const ImpVerdict *verdict)
{
  gint64 offset = verdict->offset;

  if (G_UNLIKELY (offset < self->final || self->extra != NULL || self->searching))
    return FALSE;
  if (verdict->type == IMP_RESULT_REPLACE && (offset < self->prepassed || offset > self->fed))
    return FALSE;
  self->final = offset;
  return TRUE;
}

static inline gboolean
imp_marks_pass (ImpMarks *self, gint64 offset, GError **error)
{
  /* Nearly always it goes further, and there is nothing to be looked at. */
  if (G_UNLIKELY (offset < self->final || self->extra != NULL || self->searching))
    return imp_marks_pass_any (self, offset, error);
  self->final = offset;
  return TRUE;
}

gboolean imp_marks_prepass (ImpMarks *self, gint64 offset, GError **error);
gboolean imp_marks_replace (ImpMarks *self, gint64 offset, GError **error);
gboolean imp_marks_replace_later (ImpMarks *self, gint64 offset, gint64 end_offset, GError **error);
/* May a search begin? That the pattern can be used is another question. */
gboolean imp_marks_check_search (const ImpMarks *self, GError **error);

static inline void
imp_marks_begin_search (ImpMarks *self)
{
  self->searching = TRUE;
}

/* A search ends with a piece that says its offset; but so comes, too, what follows a PASS into the
 * future, and that may be under way already. So after a PASS_PATTERN behind such a PASS, whoever
 * hands verdicts on has to wait with it until that PASS has been reached. TRUE if that is so.
 * Meanwhile the plugin sees nothing; if the stream ends first, there is nothing to be searched. */
gboolean imp_marks_defer_search (ImpMarks *self);
/* TRUE, once, when the time has come. */
gboolean imp_marks_take_deferred (ImpMarks *self);

/* PASS indefinitely: the analyzer is not fed any more. */
static inline gboolean
imp_marks_is_passed (const ImpMarks *self)
{
  return self->final == IMP_MARK_INDEFINITE;
}

/* Who has passed indefinitely already may say so again, as plugins like to do at the end of a
 * stream that was settled for them; the provider need not hear it twice. */
static inline gboolean
imp_marks_is_repetition (const ImpMarks *self, const ImpVerdict *verdict)
{
  return imp_marks_is_passed (self)
         && (verdict->type == IMP_RESULT_PASS || verdict->type == IMP_RESULT_PREPASS)
         && verdict->offset >= IMP_MAX_OFFSET;
}

/* How far all is passed, prepassed or replaced; may lie in the future. */
static inline gint64
imp_marks_get_settled (const ImpMarks *self)
{
  return MAX (self->final, self->prepassed);
}

/* Bytes without a verdict. */
static inline gint64
imp_marks_get_unsettled (const ImpMarks *self)
{
  gint64 settled = imp_marks_get_settled (self);

  return self->searching || settled > self->fed ? 0 : self->fed - settled;
}

/* What that costs whoever keeps the bytes: them, and where they have borders. */
static inline gsize
imp_marks_get_held (const ImpMarks *self)
{
  gint64 settled = imp_marks_get_settled (self);

  if (self->fed <= settled || self->searching)
    return 0;
  return self->fed - settled
         + (self->extra == NULL ? 0 : imp_borders_get_size (self->extra->borders));
}

/* What was promised and not yet replaced, or NULL. */
static inline const ImpPromises *
imp_marks_get_promises (const ImpMarks *self)
{
  return self->extra == NULL ? NULL : self->extra->promises;
}

static inline gboolean
imp_marks_has_promise (const ImpMarks *self)
{
  return imp_marks_get_promises (self) != NULL;
}

/* Is there something without a verdict, bytes or the end of the stream, for which the analyzer does
 * not want more input first? */
gboolean imp_marks_is_waiting (const ImpMarks *self);
/* The end of the stream was fed, all before it is settled by more than a PREPASS, and nothing is
 * promised. */
gboolean imp_marks_end_is_due (const ImpMarks *self);

G_END_DECLS
