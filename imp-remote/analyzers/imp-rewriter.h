/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-analyzer.h"

G_BEGIN_DECLS

/**
 * ImpDelayAction:
 * @IMP_DELAY_PASS: they pass, and a match that begins in them can no more be changed
 * @IMP_DELAY_DENY: the connection is refused
 *
 * What becomes of bytes that may be the beginning of a match, and were held for as long as may be
 * ([property@Imp.Rewriter:max-delay]).
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_DELAY_PASS,
  IMP_DELAY_DENY,
} ImpDelayAction;

#define IMP_TYPE_DELAY_ACTION (imp_delay_action_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_delay_action_get_type (void);

#define IMP_TYPE_REWRITER (imp_rewriter_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (ImpRewriter, imp_rewriter, IMP, REWRITER, ImpAnalyzer)

/**
 * ImpRewriterClass:
 * @match: called for each match, in the order of the stream; answers with
 *   [method@Imp.Rewriter.replace], [method@Imp.Rewriter.keep], a refusal, or not at all, which
 *   keeps it
 *
 * What a rewriter implements. `match` returns %TRUE, or %FALSE with an error, which reaches the
 * provider as a [enum@Imp.ResultType.FATAL] result.
 *
 * Since: 0.1
 */
struct _ImpRewriterClass
{
  ImpAnalyzerClass parent_class;

  gboolean (*match) (ImpRewriter *self, ImpDirection direction, guint id, GBytes *match,
                     gint64 offset, GError **error);

  /*< private >*/
  gpointer padding[6];
};

/**
 * ImpRewriterClass::match:
 * @self: a rewriter
 * @direction: a direction
 * @id: what [method@Imp.Rewriter.add_string] or [method@Imp.Rewriter.add_regex] has returned
 * @match: (transfer none): the bytes that match
 * @offset: where they begin in the stream, in bytes
 * @error: return location for an error
 *
 * Takes a match, in the order of the stream, however it was cut into pieces. It answers by
 * [method@Imp.Rewriter.replace], by [method@Imp.Rewriter.keep], by a refusal such as
 * [method@Imp.Analyzer.deny], or not at all, which keeps the match.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.1
 */

IMP_AVAILABLE_IN_0_1
guint   imp_rewriter_add_string      (ImpRewriter *self, ImpDirection direction,
                                      const guint8 *string, gsize length, GError **error);
IMP_AVAILABLE_IN_0_1
guint   imp_rewriter_add_regex       (ImpRewriter *self, ImpDirection direction,
                                      const char *regex, guint max_length, GError **error);
IMP_AVAILABLE_IN_0_1
guint   imp_rewriter_get_max_held    (ImpRewriter *self, ImpDirection direction);

IMP_AVAILABLE_IN_0_1
void    imp_rewriter_replace         (ImpRewriter *self, const guint8 *data, gsize length);
IMP_AVAILABLE_IN_0_1
void    imp_rewriter_keep            (ImpRewriter *self);
IMP_AVAILABLE_IN_0_1
GBytes *imp_rewriter_get_group       (ImpRewriter *self, guint number);
IMP_AVAILABLE_IN_0_1
GBytes *imp_rewriter_get_named_group (ImpRewriter *self, const char *name);

IMP_AVAILABLE_IN_0_2
guint imp_rewriter_get_max_delay (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
void imp_rewriter_set_max_delay (ImpRewriter *self, guint value);
IMP_AVAILABLE_IN_0_2
guint imp_rewriter_get_max_effort (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
void imp_rewriter_set_max_effort (ImpRewriter *self, guint value);
IMP_AVAILABLE_IN_0_2
guint64 imp_rewriter_get_n_delayed (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_rewriter_get_n_late (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_rewriter_get_n_matches (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_rewriter_get_n_replaced (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
ImpDelayAction imp_rewriter_get_on_delay (ImpRewriter *self);
IMP_AVAILABLE_IN_0_2
void imp_rewriter_set_on_delay (ImpRewriter *self, ImpDelayAction value);

G_END_DECLS
