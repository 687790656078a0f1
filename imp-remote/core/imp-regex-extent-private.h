/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-regex-info-private.h"

G_BEGIN_DECLS

/* What an item of an expression, or several of them, can take and see. */
typedef struct
{
  gsize min;   /* takes at least */
  gsize max;   /* and at most */
  gsize need;  /* cannot succeed unless so much is there */
  gsize reach; /* does not depend on anything further on */
} ImpRegexExtent;

static const ImpRegexExtent imp_regex_extent_nothing = { 0, 0, 0, 0 };
static const ImpRegexExtent imp_regex_extent_unknown = { 0, IMP_REGEX_UNBOUNDED, 0,
                                                         IMP_REGEX_UNBOUNDED };

static inline gsize
imp_regex_bound_add (gsize a, gsize b)
{
  return a > IMP_REGEX_UNBOUNDED - b ? IMP_REGEX_UNBOUNDED : a + b;
}

static inline gsize
imp_regex_bound_multiply (gsize a, gsize b)
{
  if (a == 0 || b == 0)
    return 0;
  return a > IMP_REGEX_UNBOUNDED / b ? IMP_REGEX_UNBOUNDED : a * b;
}

static inline ImpRegexExtent
imp_regex_extent_of (gsize min, gsize max)
{
  return (ImpRegexExtent){ min, max, min, max };
}

/* Looks as far, and takes nothing. */
static inline ImpRegexExtent
imp_regex_extent_look (gsize reach)
{
  return (ImpRegexExtent){ 0, 0, 0, reach };
}

static inline ImpRegexExtent
imp_regex_extent_join (ImpRegexExtent a, ImpRegexExtent b)
{
  return (ImpRegexExtent){
    imp_regex_bound_add (a.min, b.min),
    imp_regex_bound_add (a.max, b.max),
    MAX (a.need, imp_regex_bound_add (a.min, b.need)),
    MAX (a.reach, imp_regex_bound_add (a.max, b.reach)),
  };
}

static inline ImpRegexExtent
imp_regex_extent_either (ImpRegexExtent a, ImpRegexExtent b)
{
  return (ImpRegexExtent){
    MIN (a.min, b.min),
    MAX (a.max, b.max),
    MIN (a.need, b.need),
    MAX (a.reach, b.reach),
  };
}

static inline ImpRegexExtent
imp_regex_extent_repeat (ImpRegexExtent item, gsize least, gsize most)
{
  ImpRegexExtent before_last = { 0, 0, 0, 0 };

  if (most == 0)
    return imp_regex_extent_nothing;
  before_last.max = most == IMP_REGEX_UNBOUNDED && item.max > 0
                      ? IMP_REGEX_UNBOUNDED
                      : imp_regex_bound_multiply (most - 1, item.max);
  before_last.reach = before_last.max;
  if (least > 0)
    before_last.min = before_last.need = imp_regex_bound_multiply (least - 1, item.min);
  if (least == 0)
    item.min = item.need = 0;
  return imp_regex_extent_join (before_last, item);
}

G_END_DECLS
