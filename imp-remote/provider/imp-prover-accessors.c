/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "provider/imp-prover.h"

#include "core/imp-property-private.h"

/**
 * imp_prover_get_exhaustive: (get-property exhaustive)
 * @self: a prover
 *
 * Gets up to how many bytes of input all ways to cut it into chunks are tried, of which each byte
 * doubles the number.
 *
 * Returns: the value of [property@Imp.Prover:exhaustive]
 *
 * Since: 0.2
 */
guint
imp_prover_get_exhaustive (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return imp_property_get_uint (self, "exhaustive");
}

/**
 * imp_prover_set_exhaustive: (set-property exhaustive)
 * @self: a prover
 * @value: the new value of [property@Imp.Prover:exhaustive]
 *
 * Sets up to how many bytes of input all ways to cut it into chunks are tried, of which each byte
 * doubles the number.
 *
 * Since: 0.2
 */
void
imp_prover_set_exhaustive (ImpProver *self, guint value)
{
  g_return_if_fail (IMP_IS_PROVER (self));

  g_object_set (self, "exhaustive", value, NULL);
}

/**
 * imp_prover_get_factory: (get-property factory)
 * @self: a prover
 *
 * Gets the factory that makes the analyzers.
 *
 * Returns: (nullable) (transfer none): the value of [property@Imp.Prover:factory]
 *
 * Since: 0.2
 */
ImpFactory *
imp_prover_get_factory (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), NULL);

  return imp_property_get_object (self, "factory");
}

/**
 * imp_prover_get_keep_order: (get-property keep-order)
 * @self: a prover
 *
 * Gets whether the directions take turns as they were added, for an analyzer whose outcome depends
 * on who speaks first.
 *
 * Returns: the value of [property@Imp.Prover:keep-order]
 *
 * Since: 0.2
 */
gboolean
imp_prover_get_keep_order (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), FALSE);

  return imp_property_get_boolean (self, "keep-order");
}

/**
 * imp_prover_set_keep_order: (set-property keep-order)
 * @self: a prover
 * @value: the new value of [property@Imp.Prover:keep-order]
 *
 * Sets whether the directions take turns as they were added, for an analyzer whose outcome depends
 * on who speaks first.
 *
 * Since: 0.2
 */
void
imp_prover_set_keep_order (ImpProver *self, gboolean value)
{
  g_return_if_fail (IMP_IS_PROVER (self));

  g_object_set (self, "keep-order", value, NULL);
}

/**
 * imp_prover_get_max_chunk: (get-property max-chunk)
 * @self: a prover
 *
 * Gets up to how many bytes the chunks have that long input is tried in.
 *
 * Returns: the value of [property@Imp.Prover:max-chunk]
 *
 * Since: 0.2
 */
guint
imp_prover_get_max_chunk (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return imp_property_get_uint (self, "max-chunk");
}

/**
 * imp_prover_set_max_chunk: (set-property max-chunk)
 * @self: a prover
 * @value: the new value of [property@Imp.Prover:max-chunk]
 *
 * Sets up to how many bytes the chunks have that long input is tried in.
 *
 * Since: 0.2
 */
void
imp_prover_set_max_chunk (ImpProver *self, guint value)
{
  g_return_if_fail (IMP_IS_PROVER (self));

  g_object_set (self, "max-chunk", value, NULL);
}

/**
 * imp_prover_get_random_trials: (get-property random-trials)
 * @self: a prover
 *
 * Gets in how many random ways the input is tried.
 *
 * Returns: the value of [property@Imp.Prover:random-trials]
 *
 * Since: 0.2
 */
guint
imp_prover_get_random_trials (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return imp_property_get_uint (self, "random-trials");
}

/**
 * imp_prover_set_random_trials: (set-property random-trials)
 * @self: a prover
 * @value: the new value of [property@Imp.Prover:random-trials]
 *
 * Sets in how many random ways the input is tried.
 *
 * Since: 0.2
 */
void
imp_prover_set_random_trials (ImpProver *self, guint value)
{
  g_return_if_fail (IMP_IS_PROVER (self));

  g_object_set (self, "random-trials", value, NULL);
}

/**
 * imp_prover_get_seed: (get-property seed)
 * @self: a prover
 *
 * Gets what the random ways follow from.
 *
 * Returns: the value of [property@Imp.Prover:seed]
 *
 * Since: 0.2
 */
guint
imp_prover_get_seed (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return imp_property_get_uint (self, "seed");
}

/**
 * imp_prover_set_seed: (set-property seed)
 * @self: a prover
 * @value: the new value of [property@Imp.Prover:seed]
 *
 * Sets what the random ways follow from.
 *
 * Since: 0.2
 */
void
imp_prover_set_seed (ImpProver *self, guint value)
{
  g_return_if_fail (IMP_IS_PROVER (self));

  g_object_set (self, "seed", value, NULL);
}

/**
 * imp_prover_get_timeout: (get-property timeout)
 * @self: a prover
 *
 * Gets how long to wait, in milliseconds, for an analyzer that does not answer at once.
 *
 * Returns: the value of [property@Imp.Prover:timeout]
 *
 * Since: 0.2
 */
guint
imp_prover_get_timeout (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return imp_property_get_uint (self, "timeout");
}

/**
 * imp_prover_set_timeout: (set-property timeout)
 * @self: a prover
 * @value: the new value of [property@Imp.Prover:timeout]
 *
 * Sets how long to wait, in milliseconds, for an analyzer that does not answer at once.
 *
 * Since: 0.2
 */
void
imp_prover_set_timeout (ImpProver *self, guint value)
{
  g_return_if_fail (IMP_IS_PROVER (self));

  g_object_set (self, "timeout", value, NULL);
}
