/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "analyzers/imp-rewriter.h"

#include "core/imp-property-private.h"

/**
 * imp_rewriter_get_max_delay: (get-property max-delay)
 * @self: a rewriter
 *
 * Gets how long, in milliseconds, bytes may be held since they may be the beginning of a match; 0
 * (the default): until that is decided.
 *
 * Returns: the value of [property@Imp.Rewriter:max-delay]
 *
 * Since: 0.2
 */
guint
imp_rewriter_get_max_delay (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return imp_property_get_uint (self, "max-delay");
}

/**
 * imp_rewriter_set_max_delay: (set-property max-delay)
 * @self: a rewriter
 * @value: the new value of [property@Imp.Rewriter:max-delay]
 *
 * Sets how long, in milliseconds, bytes may be held since they may be the beginning of a match; 0
 * (the default): until that is decided.
 *
 * Since: 0.2
 */
void
imp_rewriter_set_max_delay (ImpRewriter *self, guint value)
{
  g_return_if_fail (IMP_IS_REWRITER (self));

  g_object_set (self, "max-delay", value, NULL);
}

/**
 * imp_rewriter_get_max_effort: (get-property max-effort)
 * @self: a rewriter
 *
 * Gets how much time the search may take in one direction, in milliseconds of computing, beyond 0.1
 * microseconds for each byte and each regular expression, and 1 % of the time that goes by.
 *
 * Returns: the value of [property@Imp.Rewriter:max-effort]
 *
 * Since: 0.2
 */
guint
imp_rewriter_get_max_effort (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return imp_property_get_uint (self, "max-effort");
}

/**
 * imp_rewriter_set_max_effort: (set-property max-effort)
 * @self: a rewriter
 * @value: the new value of [property@Imp.Rewriter:max-effort]
 *
 * Sets how much time the search may take in one direction, in milliseconds of computing, beyond 0.1
 * microseconds for each byte and each regular expression, and 1 % of the time that goes by.
 *
 * Since: 0.2
 */
void
imp_rewriter_set_max_effort (ImpRewriter *self, guint value)
{
  g_return_if_fail (IMP_IS_REWRITER (self));

  g_object_set (self, "max-effort", value, NULL);
}

/**
 * imp_rewriter_get_n_delayed: (get-property n-delayed)
 * @self: a rewriter
 *
 * Gets how often bytes were held for [property@Imp.Rewriter:max-delay].
 *
 * Returns: the value of [property@Imp.Rewriter:n-delayed]
 *
 * Since: 0.2
 */
guint64
imp_rewriter_get_n_delayed (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return imp_property_get_uint64 (self, "n-delayed");
}

/**
 * imp_rewriter_get_n_late: (get-property n-late)
 * @self: a rewriter
 *
 * Gets how many matches passed unchanged, since their beginning had passed already.
 *
 * Returns: the value of [property@Imp.Rewriter:n-late]
 *
 * Since: 0.2
 */
guint64
imp_rewriter_get_n_late (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return imp_property_get_uint64 (self, "n-late");
}

/**
 * imp_rewriter_get_n_matches: (get-property n-matches)
 * @self: a rewriter
 *
 * Gets how many matches there were, in both directions.
 *
 * Returns: the value of [property@Imp.Rewriter:n-matches]
 *
 * Since: 0.2
 */
guint64
imp_rewriter_get_n_matches (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return imp_property_get_uint64 (self, "n-matches");
}

/**
 * imp_rewriter_get_n_replaced: (get-property n-replaced)
 * @self: a rewriter
 *
 * Gets how many of them were replaced, or packets that had some of them.
 *
 * Returns: the value of [property@Imp.Rewriter:n-replaced]
 *
 * Since: 0.2
 */
guint64
imp_rewriter_get_n_replaced (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return imp_property_get_uint64 (self, "n-replaced");
}

/**
 * imp_rewriter_get_on_delay: (get-property on-delay)
 * @self: a rewriter
 *
 * Gets what becomes of bytes that were held for [property@Imp.Rewriter:max-delay].
 *
 * Returns: the value of [property@Imp.Rewriter:on-delay]
 *
 * Since: 0.2
 */
ImpDelayAction
imp_rewriter_get_on_delay (ImpRewriter *self)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);

  return (ImpDelayAction) imp_property_get_enum (self, "on-delay");
}

/**
 * imp_rewriter_set_on_delay: (set-property on-delay)
 * @self: a rewriter
 * @value: the new value of [property@Imp.Rewriter:on-delay]
 *
 * Sets what becomes of bytes that were held for [property@Imp.Rewriter:max-delay].
 *
 * Since: 0.2
 */
void
imp_rewriter_set_on_delay (ImpRewriter *self, ImpDelayAction value)
{
  g_return_if_fail (IMP_IS_REWRITER (self));

  g_object_set (self, "on-delay", value, NULL);
}
