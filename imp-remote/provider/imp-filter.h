/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-analyzer.h"

G_BEGIN_DECLS

#define IMP_TYPE_FILTER (imp_filter_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpFilter, imp_filter, IMP, FILTER, GObject)

/**
 * ImpOutputFunc:
 * @filter: the filter
 * @direction: which way the bytes go: [enum@Imp.Direction.FROM_CLIENT] is towards the server
 * @data: (transfer none): the bytes; none at all is the end of that direction's stream
 * @data_type: their type
 * @user_data: data that was given with the function
 *
 * Takes what comes out of a filter.
 *
 * It may call any function of the filter; what comes out because of that is given to it after it
 * has returned, so that the order stays. Where several verdicts are known at once, what they set
 * free may come in one piece, and one that makes the direction busy gets what is known already. One
 * that cannot do its work calls
 * [method@Imp.Filter.fail].
 *
 * Since: 0.1
 */
typedef void (*ImpOutputFunc) (ImpFilter *filter, ImpDirection direction, GBytes *data,
                               gint32 data_type, gpointer user_data);

IMP_AVAILABLE_IN_0_1
ImpFilter   *imp_filter_new          (ImpAnalyzer *analyzer);
IMP_AVAILABLE_IN_0_1
ImpAnalyzer *imp_filter_get_analyzer (ImpFilter *self);
IMP_AVAILABLE_IN_0_1
void         imp_filter_set_output   (ImpFilter *self, ImpOutputFunc output,
                                      gpointer user_data, GDestroyNotify destroy);
IMP_AVAILABLE_IN_0_1
void         imp_filter_set_max_held (ImpFilter *self, guint64 max_held);
IMP_AVAILABLE_IN_0_1
guint64      imp_filter_get_max_held (ImpFilter *self);

IMP_AVAILABLE_IN_0_1
void         imp_filter_set_deadline (ImpFilter *self, guint deadline);
IMP_AVAILABLE_IN_0_1
guint        imp_filter_get_deadline (ImpFilter *self);
IMP_AVAILABLE_IN_0_1
void         imp_filter_set_max_extensions (ImpFilter *self, guint max_extensions);
IMP_AVAILABLE_IN_0_1
guint        imp_filter_get_max_extensions (ImpFilter *self);
IMP_AVAILABLE_IN_0_1
void         imp_filter_set_hold_timeout (ImpFilter *self, guint hold_timeout);
IMP_AVAILABLE_IN_0_1
guint        imp_filter_get_hold_timeout (ImpFilter *self);
IMP_AVAILABLE_IN_0_1
gboolean imp_filter_push        (ImpFilter *self, ImpDirection direction, GBytes *data,
                                 gint32 data_type, GError **error);
IMP_AVAILABLE_IN_0_1
gboolean imp_filter_push_bytes  (ImpFilter *self, ImpDirection direction,
                                 const guint8 *data, gsize length, gint32 data_type,
                                 GError **error);
IMP_AVAILABLE_IN_0_1
gboolean imp_filter_skip        (ImpFilter *self, ImpDirection direction, gint64 length,
                                 GError **error);
IMP_AVAILABLE_IN_0_1
void     imp_filter_set_busy    (ImpFilter *self, ImpDirection direction, gboolean busy);
IMP_AVAILABLE_IN_0_1
gboolean imp_filter_is_paused   (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gboolean imp_filter_is_finished (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gboolean imp_filter_check       (ImpFilter *self, GError **error);
IMP_AVAILABLE_IN_0_1
void     imp_filter_fail        (ImpFilter *self, const char *reason);
IMP_AVAILABLE_IN_0_1
void     imp_filter_close       (ImpFilter *self);

IMP_AVAILABLE_IN_0_1
gint64 imp_filter_get_input    (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64 imp_filter_get_held     (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64 imp_filter_get_passed   (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64 imp_filter_get_replaced (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64 imp_filter_get_denied   (ImpFilter *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_2
guint64 imp_filter_get_n_verdicts (ImpFilter *self);
IMP_AVAILABLE_IN_0_1
GVariant *imp_filter_get_statistics (ImpFilter *self);

IMP_AVAILABLE_IN_0_2
gint64 imp_filter_get_held_bytes (ImpFilter *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_filter_get_max_growth (ImpFilter *self);
IMP_AVAILABLE_IN_0_2
void imp_filter_set_max_growth (ImpFilter *self, guint64 value);
IMP_AVAILABLE_IN_0_2
guint imp_filter_get_max_log_rate (ImpFilter *self);
IMP_AVAILABLE_IN_0_2
void imp_filter_set_max_log_rate (ImpFilter *self, guint value);
IMP_AVAILABLE_IN_0_2
guint64 imp_filter_get_max_log_size (ImpFilter *self);
IMP_AVAILABLE_IN_0_2
void imp_filter_set_max_log_size (ImpFilter *self, guint64 value);
IMP_AVAILABLE_IN_0_2
guint imp_filter_get_warn_silence (ImpFilter *self);
IMP_AVAILABLE_IN_0_2
void imp_filter_set_warn_silence (ImpFilter *self, guint value);

G_END_DECLS
