/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "analyzers/imp-http-analyzer.h"

#include "core/imp-property-private.h"

/**
 * imp_http_analyzer_get_explain: (get-property explain)
 * @self: an analyzer
 *
 * Gets whether the client gets a short response that says why, before the connection is refused,
 * where no other response stands before it.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:explain]
 *
 * Since: 0.2
 */
gboolean
imp_http_analyzer_get_explain (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), FALSE);

  return imp_property_get_boolean (self, "explain");
}

/**
 * imp_http_analyzer_set_explain: (set-property explain)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:explain]
 *
 * Sets whether the client gets a short response that says why, before the connection is refused,
 * where no other response stands before it.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_explain (ImpHttpAnalyzer *self, gboolean value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "explain", value, NULL);
}

/**
 * imp_http_analyzer_get_max_body: (get-property max-body)
 * @self: an analyzer
 *
 * Gets the greatest length of a body that is held as a whole, in bytes.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:max-body]
 *
 * Since: 0.2
 */
guint
imp_http_analyzer_get_max_body (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return imp_property_get_uint (self, "max-body");
}

/**
 * imp_http_analyzer_set_max_body: (set-property max-body)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:max-body]
 *
 * Sets the greatest length of a body that is held as a whole, in bytes.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_max_body (ImpHttpAnalyzer *self, guint value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "max-body", value, NULL);
}

/**
 * imp_http_analyzer_get_max_fields: (get-property max-fields)
 * @self: an analyzer
 *
 * Gets how many fields a head may have.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:max-fields]
 *
 * Since: 0.2
 */
guint
imp_http_analyzer_get_max_fields (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return imp_property_get_uint (self, "max-fields");
}

/**
 * imp_http_analyzer_set_max_fields: (set-property max-fields)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:max-fields]
 *
 * Sets how many fields a head may have.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_max_fields (ImpHttpAnalyzer *self, guint value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "max-fields", value, NULL);
}

/**
 * imp_http_analyzer_get_max_head_size: (get-property max-head-size)
 * @self: an analyzer
 *
 * Gets the greatest length of a head, in bytes, its empty line included; and that of trailers.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:max-head-size]
 *
 * Since: 0.2
 */
guint
imp_http_analyzer_get_max_head_size (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return imp_property_get_uint (self, "max-head-size");
}

/**
 * imp_http_analyzer_set_max_head_size: (set-property max-head-size)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:max-head-size]
 *
 * Sets the greatest length of a head, in bytes, its empty line included; and that of trailers.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_max_head_size (ImpHttpAnalyzer *self, guint value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "max-head-size", value, NULL);
}

/**
 * imp_http_analyzer_get_max_line: (get-property max-line)
 * @self: an analyzer
 *
 * Gets the greatest length of a line in a head, or before a chunk, in bytes, its end included.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:max-line]
 *
 * Since: 0.2
 */
guint
imp_http_analyzer_get_max_line (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return imp_property_get_uint (self, "max-line");
}

/**
 * imp_http_analyzer_set_max_line: (set-property max-line)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:max-line]
 *
 * Sets the greatest length of a line in a head, or before a chunk, in bytes, its end included.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_max_line (ImpHttpAnalyzer *self, guint value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "max-line", value, NULL);
}

/**
 * imp_http_analyzer_get_max_pipeline: (get-property max-pipeline)
 * @self: an analyzer
 *
 * Gets how many requests may wait for their response.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:max-pipeline]
 *
 * Since: 0.2
 */
guint
imp_http_analyzer_get_max_pipeline (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return imp_property_get_uint (self, "max-pipeline");
}

/**
 * imp_http_analyzer_set_max_pipeline: (set-property max-pipeline)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:max-pipeline]
 *
 * Sets how many requests may wait for their response.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_max_pipeline (ImpHttpAnalyzer *self, guint value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "max-pipeline", value, NULL);
}

/**
 * imp_http_analyzer_get_on_large_body: (get-property on-large-body)
 * @self: an analyzer
 *
 * Gets what becomes of a body that is to be held as a whole and is longer than
 * [property@Imp.HttpAnalyzer:max-body].
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:on-large-body]
 *
 * Since: 0.2
 */
ImpHttpLarge
imp_http_analyzer_get_on_large_body (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return (ImpHttpLarge) imp_property_get_enum (self, "on-large-body");
}

/**
 * imp_http_analyzer_set_on_large_body: (set-property on-large-body)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:on-large-body]
 *
 * Sets what becomes of a body that is to be held as a whole and is longer than
 * [property@Imp.HttpAnalyzer:max-body].
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_on_large_body (ImpHttpAnalyzer *self, ImpHttpLarge value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "on-large-body", value, NULL);
}

/**
 * imp_http_analyzer_get_strict: (get-property strict)
 * @self: an analyzer
 *
 * Gets what becomes of a message that is not as RFC 9112 has it.
 *
 * Returns: the value of [property@Imp.HttpAnalyzer:strict]
 *
 * Since: 0.2
 */
ImpHttpStrict
imp_http_analyzer_get_strict (ImpHttpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_ANALYZER (self), 0);

  return (ImpHttpStrict) imp_property_get_enum (self, "strict");
}

/**
 * imp_http_analyzer_set_strict: (set-property strict)
 * @self: an analyzer
 * @value: the new value of [property@Imp.HttpAnalyzer:strict]
 *
 * Sets what becomes of a message that is not as RFC 9112 has it.
 *
 * Since: 0.2
 */
void
imp_http_analyzer_set_strict (ImpHttpAnalyzer *self, ImpHttpStrict value)
{
  g_return_if_fail (IMP_IS_HTTP_ANALYZER (self));

  g_object_set (self, "strict", value, NULL);
}
