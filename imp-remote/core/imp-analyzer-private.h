/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"
#include "core/imp-context-private.h"
#include "core/imp-marks-private.h"
#include "core/imp-meter-private.h"
#include "core/imp-verdict-run-private.h"

G_BEGIN_DECLS

/* For those who host or proxy analyzers: factories, the server's connection, the remote factory. */

/* Gives the analyzer its context, unless it has one, and the interface (NULL: leave it). */
void imp_analyzer_bind (ImpAnalyzer *self, ImpContext *context, ImpInterface *interface);
ImpContext *imp_analyzer_peek_context (ImpAnalyzer *self);
ImpInterface *imp_analyzer_peek_interface (ImpAnalyzer *self);

/* The class of the last one that imp_analyzer_check_type() has seen to be an analyzer. */
extern gpointer imp_analyzer_known_class;
gboolean imp_analyzer_check_type (gconstpointer self);

/* As IMP_IS_ANALYZER(), for what is called with every chunk. */
static inline gboolean
imp_analyzer_is_valid (gconstpointer self)
{
  return self != NULL
         && (((const GTypeInstance *) self)->g_class
               == g_atomic_pointer_get (&imp_analyzer_known_class)
             || imp_analyzer_check_type (self));
}

/* As imp_analyzer_data(), for a caller that holds a reference for as long as this takes. */
void imp_analyzer_feed (ImpAnalyzer *self, ImpDirection direction, const ImpView *view,
                        gint64 offset, gint32 data_type);

/* The same for callers that may lose their reference meanwhile. A plugin gets one, since it goes on
 * after its answer; a proxy is written to do without. */
void imp_analyzer_feed_any (ImpAnalyzer *self, ImpDirection direction, const ImpView *view,
                            gint64 offset, gint32 data_type);

/* Takes the results by value: as a callback does, but no object is made. */
typedef void (*ImpVerdictFunc) (ImpAnalyzer *analyzer, const ImpVerdict *verdict,
                                gpointer user_data);
void imp_analyzer_set_sink (ImpAnalyzer *self, ImpVerdictFunc sink, gpointer user_data);
/* A sink that takes several at once, too (NULL: it does not); see imp-verdict-run-private.h. Set it
 * after the sink. */
typedef void (*ImpVerdictRunFunc) (ImpAnalyzer *analyzer, const ImpVerdict *verdicts, guint n,
                                   gpointer user_data);
void imp_analyzer_set_run_sink (ImpAnalyzer *self, ImpVerdictRunFunc sink);

/* As imp_analyzer_add_result(). The analyzer may be gone afterwards, unless the caller has a
 * reference. */
void imp_analyzer_take_verdict (ImpAnalyzer *self, const ImpVerdict *verdict);
/* The same, and takes @result. */
void imp_analyzer_take_result (ImpAnalyzer *self, ImpResult *result);
/* As imp_analyzer_take_verdict(), but what the model does not allow is an error, and it is for the
 * caller to resolve the analyzer. */
gboolean imp_analyzer_try_verdict (ImpAnalyzer *self, const ImpVerdict *verdict, GError **error);

/* Delivers as many verdicts of a run as can go together, and says how many these are. The others
 * are to be given one by one, the first of them next. The analyzer may be gone afterwards, unless
 * the caller has a reference. */
guint imp_analyzer_try_run (ImpAnalyzer *self, const ImpVerdict *verdicts, guint n);
/* As imp_analyzer_take_verdict() with each of them. */
void imp_analyzer_take_run (ImpAnalyzer *self, const ImpVerdict *verdicts, guint n);

/* Has it counted, with what it has answered already; once, before it is fed, and while nobody takes
 * its results. */
void imp_analyzer_set_meter (ImpAnalyzer *self, ImpMeter *meter);

const ImpMarks *imp_analyzer_peek_marks (ImpAnalyzer *self, ImpDirection direction);
gboolean imp_analyzer_is_busy (ImpAnalyzer *self, ImpDirection direction);
/* How many bytes the results take that wait to be taken or, in this direction, are kept while it
 * is busy. */
gsize imp_analyzer_get_waiting (ImpAnalyzer *self, ImpDirection direction);
/* All that it makes the one who hosts it keep: that, and bytes without a verdict. */
gsize imp_analyzer_get_held (ImpAnalyzer *self);

/* The end of a stream needs an answer as bytes do: PASS indefinitely. A plugin need not give it:
 * once it was fed the end and all is settled, the base class gives it. A proxy switches
 * this off while the other end does the same. */
void imp_analyzer_set_settles_end (ImpAnalyzer *self, gboolean settles_end);

/* For plugins that have something to do later: that of the thread to which the analyzer belongs.
 * NULL: the global default one. */
GMainContext *imp_analyzer_peek_main_context (ImpAnalyzer *self);

/* A proxy hands on what it is fed as it is: also how offset 0 is spelled after a PASS_PATTERN. It
 * touches nothing of itself once its view() has done what could take the last reference. */
void imp_analyzer_set_is_proxy (ImpAnalyzer *self);

/* The one outcome of an analyzer that cannot be reached any more. Hard: FATAL with @reason. Soft:
 * LOG(ERROR) with @reason, then PASS indefinitely in each direction that is not passed already;
 * FATAL nevertheless where a promise was made whose bytes the provider may have forgotten. Nothing
 * that the plugin says later is heard. TRUE if it was soft. */
gboolean imp_analyzer_resolve (ImpAnalyzer *self, ImpFailMode mode, const char *reason);

/* What is known of that outcome, for whoever hands it on. All but the first is said before it. */
typedef struct
{
  guint8 is_lost : 1;      /* it was a hard one: its FATAL is no decision of the plugin's */
  guint8 is_overload : 1;  /* traffic alone can be what it is lost by */
  guint8 is_unreached : 1; /* it is only that whoever was to decide is gone or was never there */
} ImpAnalyzerLoss;

ImpAnalyzerLoss *imp_analyzer_peek_loss (ImpAnalyzer *self);

/* The reason of a FATAL that the plugin has given and nobody has taken yet, or NULL. */
char *imp_analyzer_dup_failure (ImpAnalyzer *self);

G_END_DECLS
