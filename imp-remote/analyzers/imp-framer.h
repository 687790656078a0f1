/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-analyzer.h"

G_BEGIN_DECLS

#define IMP_TYPE_FRAMER (imp_framer_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (ImpFramer, imp_framer, IMP, FRAMER, ImpAnalyzer)

/**
 * ImpFramerClass:
 * @record: called for each record, in the order of the stream, with all its bytes: its delimiter or
 *   prefix is part of it; has to answer, at once or with [method@Imp.Framer.hold_record]
 * @incomplete: called with what has come of a record where the stream ends within it; answers as
 *   @record does. Where it is %NULL, the connection is refused
 *
 * What a framer implements. Both return %TRUE, or %FALSE with an error, which reaches the provider
 * as a [enum@Imp.ResultType.FATAL] result.
 *
 * Since: 0.1
 */
struct _ImpFramerClass
{
  ImpAnalyzerClass parent_class;

  gboolean (*record)     (ImpFramer *self, ImpDirection direction, GBytes *record,
                          GError **error);
  gboolean (*incomplete) (ImpFramer *self, ImpDirection direction, GBytes *rest,
                          GError **error);

  /*< private >*/
  gpointer padding[6];
};

/**
 * ImpFramerClass::record:
 * @self: a framer
 * @direction: a direction
 * @record: (transfer none): a record with all its bytes, its delimiter or prefix among them
 * @error: return location for an error
 *
 * Takes a record, in the order of the stream, however it was cut into pieces. It has to answer, by
 * [method@Imp.Framer.pass_record], [method@Imp.Framer.replace_record] and the like, or by
 * [method@Imp.Framer.hold_record], and then later.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.1
 */
/**
 * ImpFramerClass::incomplete:
 * @self: a framer
 * @direction: a direction
 * @rest: (transfer none): what has come of a record
 * @error: return location for an error
 *
 * Takes what has come of a record where the stream ends within it, and answers as
 * [vfunc@Imp.Framer.record] does. Where it is not implemented, the connection is refused.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.1
 */

IMP_AVAILABLE_IN_0_1
void     imp_framer_set_lines         (ImpFramer *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gboolean imp_framer_set_delimiter     (ImpFramer *self, ImpDirection direction,
                                       const guint8 *delimiter, gsize length, GError **error);
IMP_AVAILABLE_IN_0_1
gboolean imp_framer_set_length        (ImpFramer *self, ImpDirection direction,
                                       guint n_bytes, GError **error);
IMP_AVAILABLE_IN_0_1
gboolean imp_framer_set_length_prefix (ImpFramer *self, ImpDirection direction, guint width,
                                       gboolean little_endian, gint64 adjust, GError **error);
IMP_AVAILABLE_IN_0_1
void     imp_framer_pass_next         (ImpFramer *self, ImpDirection direction, gint64 n_bytes);
IMP_AVAILABLE_IN_0_1
void     imp_framer_pass_rest         (ImpFramer *self, ImpDirection direction);

IMP_AVAILABLE_IN_0_1
void     imp_framer_pass_record       (ImpFramer *self);
IMP_AVAILABLE_IN_0_1
void     imp_framer_replace_record    (ImpFramer *self, const guint8 *data, gsize length);
IMP_AVAILABLE_IN_0_1
void     imp_framer_drop_record       (ImpFramer *self);
IMP_AVAILABLE_IN_0_1
gint64   imp_framer_hold_record       (ImpFramer *self);
IMP_AVAILABLE_IN_0_1
void     imp_framer_pass_held         (ImpFramer *self, gint64 number);
IMP_AVAILABLE_IN_0_1
void     imp_framer_replace_held      (ImpFramer *self, gint64 number, const guint8 *data,
                                       gsize length);
IMP_AVAILABLE_IN_0_1
void     imp_framer_drop_held         (ImpFramer *self, gint64 number);

IMP_AVAILABLE_IN_0_2
guint imp_framer_get_max_record (ImpFramer *self);
IMP_AVAILABLE_IN_0_2
void imp_framer_set_max_record (ImpFramer *self, guint value);

G_END_DECLS
