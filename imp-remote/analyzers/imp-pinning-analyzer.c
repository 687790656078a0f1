/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pinning-engine-private.h"
#include "analyzers/imp-pinning-private.h"

#include "core/imp-error.h"

/* What has been said about a direction. */
typedef struct
{
  gint64 passed;
  gint64 wanted;
  gboolean paused;
} Said;

struct _ImpPinningAnalyzer
{
  ImpAnalyzer parent_instance;

  GObject *owner;
  ImpPinningEngine engine;
  Said said[2];
  gboolean over; /* closed, or the outcome was said: nothing is looked at any more */
};

G_DEFINE_FINAL_TYPE (ImpPinningAnalyzer, imp_pinning_analyzer, IMP_TYPE_ANALYZER)

static void
imp_pinning_analyzer_init (ImpPinningAnalyzer *self)
{
}

static void
imp_pinning_analyzer_finalize (GObject *object)
{
  ImpPinningAnalyzer *self = IMP_PINNING_ANALYZER (object);

  imp_pinning_engine_clear (&self->engine);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (imp_pinning_analyzer_parent_class)->finalize (object);
}

/* ---- answers: whoever gets one may feed more, or close the analyzer. So what has been said is
 * noted before it is said, and all is looked at again afterwards ---- */

static void
pinning_analyzer_give (ImpPinningAnalyzer *self, ImpResultType type, ImpDirection direction,
                       gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (type, direction, offset);

  imp_analyzer_take_verdict (IMP_ANALYZER (self), &verdict);
}

static void
pinning_analyzer_pass (ImpPinningAnalyzer *self, ImpDirection direction)
{
  gint64 passed = self->engine.sides[direction].passed;

  if (self->over || passed <= self->said[direction].passed)
    return;
  self->said[direction].passed = passed;
  pinning_analyzer_give (self, IMP_RESULT_PASS, direction, passed);
}

/* Data without a rule wait for the other direction; there should not be more of them. */
static void
pinning_analyzer_pause (ImpPinningAnalyzer *self, ImpDirection direction)
{
  Said *said = &self->said[direction];

  if (self->over || said->paused || !self->engine.sides[direction].paused)
    return;
  said->paused = TRUE;
  pinning_analyzer_give (self, IMP_RESULT_PAUSE, direction, 0);
}

/* What is held says nothing without more. */
static void
pinning_analyzer_want (ImpPinningAnalyzer *self, ImpDirection direction)
{
  const ImpPinningSide *side = &self->engine.sides[direction];
  Said *said = &self->said[direction];

  if (self->over || side->ended || side->passed >= side->fed || said->wanted > side->fed)
    return;
  said->wanted = side->fed + 1;
  imp_analyzer_take_result (IMP_ANALYZER (self), imp_result_new_want (direction, said->wanted));
}

static void
pinning_analyzer_finish (ImpPinningAnalyzer *self)
{
  self->over = TRUE;
  for (guint i = 0; i < 2; i++)
    if (self->said[i].paused)
      pinning_analyzer_give (self, IMP_RESULT_CONTINUE, i, 0);
  for (guint i = 0; i < 2; i++)
    pinning_analyzer_give (self, IMP_RESULT_PASS, i, IMP_MAX_OFFSET);
}

static void
pinning_analyzer_deny (ImpPinningAnalyzer *self)
{
  self->over = TRUE;
  imp_analyzer_take_result (IMP_ANALYZER (self),
                            imp_result_new_deny (self->engine.denied, self->engine.reason, NULL));
}

/* Says all that is new. */
static gboolean
pinning_analyzer_answer (ImpPinningAnalyzer *self, ImpDirection direction, GError **error)
{
  /* The pass of all is said instead. */
  if (self->engine.state != IMP_PINNING_DONE)
    {
      pinning_analyzer_pass (self, !direction);
      pinning_analyzer_pass (self, direction);
    }
  if (self->over)
    return TRUE;
  switch (self->engine.state)
    {
    case IMP_PINNING_DONE:
      pinning_analyzer_finish (self);
      break;
    case IMP_PINNING_DENIED:
      pinning_analyzer_deny (self);
      break;
    case IMP_PINNING_FAILED:
      self->over = TRUE;
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, self->engine.reason);
      return FALSE;
    case IMP_PINNING_GOES_ON:
    default:
      pinning_analyzer_pause (self, direction);
      pinning_analyzer_want (self, direction);
      break;
    }
  return TRUE;
}

/* ---- input ---- */

static gboolean
imp_pinning_analyzer_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *view,
                           gint64 offset, gint32 data_type, GError **error)
{
  ImpPinningAnalyzer *self = IMP_PINNING_ANALYZER (analyzer);
  gint64 fed = self->engine.sides[direction].fed;

  if (self->over || self->engine.sides[direction].ended)
    return TRUE;
  if (offset != 0 && imp_explicit_offset (offset) != fed)
    {
      self->over = TRUE;
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "input from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                   " was left out, without which the rules cannot be applied",
                   fed, imp_explicit_offset (offset));
      return FALSE;
    }
  if (view->length > 0)
    imp_pinning_engine_feed (&self->engine, direction, view->data, view->length, data_type);
  else
    imp_pinning_engine_end (&self->engine, direction);
  return pinning_analyzer_answer (self, direction, error);
}

static void
imp_pinning_analyzer_close (ImpAnalyzer *analyzer)
{
  IMP_PINNING_ANALYZER (analyzer)->over = TRUE;
}

static void
imp_pinning_analyzer_class_init (ImpPinningAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_pinning_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->view = imp_pinning_analyzer_view;
  IMP_ANALYZER_CLASS (klass)->close = imp_pinning_analyzer_close;
  /* As the pattern analyzer, for its expressions. */
  IMP_ANALYZER_CLASS (klass)->wants_stable_input = TRUE;
}

ImpAnalyzer *
imp_pinning_analyzer_new (GObject *owner, const ImpPinningRules *rules)
{
  ImpPinningAnalyzer *self = g_object_new (IMP_TYPE_PINNING_ANALYZER, NULL);

  self->owner = g_object_ref (owner);
  imp_pinning_engine_init (&self->engine, rules);
  return IMP_ANALYZER (self);
}
