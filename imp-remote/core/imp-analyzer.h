/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-interface.h"
#include "imp-remote/core/imp-result.h"
#include "imp-remote/core/imp-view.h"

G_BEGIN_DECLS

#define IMP_TYPE_ANALYZER (imp_analyzer_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (ImpAnalyzer, imp_analyzer, IMP, ANALYZER, GObject)

/**
 * ImpAnalyzerClass:
 * @data: called with each piece of input; empty @data is the end of that direction's stream; offset
 *   is 0, or the true position if input was left out since the last call
 * @busy: called when the provider cannot take more output in a direction, and when it can again
 * @close: called once, when the analyzer is needed no more
 * @view: as @data, for analyzers in C that need a chunk for the time of the call only, which costs
 *   less; called where @data and @bytes are %NULL
 * @bytes: as @data, for analyzers in scripts, to which plain bytes cost less than a
 *   [struct@GLib.Bytes] around them; called where @data is %NULL
 * @wants_stable_input: input from [shared memory](concepts.html#shared-memory), which can change
 *   while it is looked at, is copied before it is fed
 *
 * What a plugin implements. `data` and `busy` return %TRUE, or %FALSE with an error, which reaches
 * the provider as a [enum@Imp.ResultType.FATAL] result.
 *
 * Since: 0.1
 */
struct _ImpAnalyzerClass
{
  GObjectClass parent_class;

  gboolean (*data)  (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                     gint32 data_type, GError **error);
  gboolean (*busy)  (ImpAnalyzer *self, ImpDirection direction, gboolean busy, GError **error);
  void     (*close) (ImpAnalyzer *self);
#ifndef __GI_SCANNER__ /* a binding could not keep to how long a view is there */
  gboolean (*view)  (ImpAnalyzer *self, ImpDirection direction, const ImpView *view,
                     gint64 offset, gint32 data_type, GError **error);
#else
  gpointer view;
#endif
  gboolean (*bytes) (ImpAnalyzer *self, ImpDirection direction, const guint8 *data, gsize length,
                     gint64 offset, gint32 data_type, GError **error);
  gboolean wants_stable_input;

  /*< private >*/
  /* Inside the library only, of those that stand for another one: a struct of functions. */
  gconstpointer proxy;
  gpointer padding[4];
};

/**
 * ImpAnalyzerClass::data:
 * @self: an analyzer
 * @direction: a direction
 * @data: (transfer none): input; empty at the end of the stream
 * @offset: 0, or the true position of @data, in bytes, if input was left out since the last call
 * @data_type: the type of @data
 * @error: return location for an error
 *
 * Takes a piece of input. This is where an analyzer does its work: it looks at @data, and answers
 * by [method@Imp.Analyzer.pass_bytes], [method@Imp.Analyzer.replace_bytes],
 * [method@Imp.Analyzer.deny] and the like, here or later. Until it answers, the provider keeps the
 * bytes.
 *
 * Each direction of a connection is a stream of its own, which comes in pieces of any length: a
 * word may come in two of them. The offsets of answers count from the beginning of the stream. So
 * an analyzer adds up the lengths of what it was given, unless @offset says where @data is. If
 * @data_type is that of packets, @data is one packet as a whole.
 *
 * An error becomes a [enum@Imp.ResultType.FATAL] result. In scripts, so does an exception.
 * [vfunc@Imp.Analyzer.bytes] is the same with plain bytes.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.1
 */
/**
 * ImpAnalyzerClass::busy:
 * @self: an analyzer
 * @direction: a direction
 * @busy: %TRUE if the provider cannot take more output, %FALSE if it can again
 * @error: return location for an error
 *
 * Takes note that whoever reads @direction has become slow, or reads again. An analyzer that makes
 * output of its own, or has much work to do for it, waits until then. One that only judges what it
 * is given need not implement this.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.1
 */
/**
 * ImpAnalyzerClass::bytes:
 * @self: an analyzer
 * @direction: a direction
 * @data: (array length=length): input; empty at the end of the stream
 * @length: how many bytes
 * @offset: 0, or the true position of @data, in bytes, if input was left out since the last call
 * @data_type: the type of @data
 *
 * Takes a piece of input, as [vfunc@Imp.Analyzer.data] does, as plain bytes: `bytes` in Python, an
 * `Uint8Array` in JavaScript. It is called where [vfunc@Imp.Analyzer.data] is not implemented, and
 * is the faster one of both in scripts. In C, @data is there for the time of the call.
 *
 * Returns: %TRUE, or %FALSE with an error
 *
 * Since: 0.1
 */
/**
 * ImpResultFunc:
 * @analyzer: the analyzer
 * @result: (transfer none): one of its results
 * @user_data: data that was given with the function
 *
 * Takes the results of an analyzer.
 *
 * Since: 0.1
 */
typedef void (*ImpResultFunc) (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data);

/* for providers */
IMP_AVAILABLE_IN_0_1
void     imp_analyzer_data         (ImpAnalyzer *self, ImpDirection direction, GBytes *data,
                                    gint64 offset, gint32 data_type);
IMP_AVAILABLE_IN_0_1
void     imp_analyzer_data_bytes   (ImpAnalyzer *self, ImpDirection direction,
                                    const guint8 *data, gsize length, gint64 offset,
                                    gint32 data_type);
IMP_AVAILABLE_IN_0_1
void     imp_analyzer_set_busy     (ImpAnalyzer *self, ImpDirection direction,
                                    gboolean busy);
IMP_AVAILABLE_IN_0_1
void     imp_analyzer_set_callback (ImpAnalyzer *self, ImpResultFunc callback,
                                    gpointer user_data, GDestroyNotify destroy);
IMP_AVAILABLE_IN_0_1
GList   *imp_analyzer_poll_results (ImpAnalyzer *self);
IMP_AVAILABLE_IN_0_1
void     imp_analyzer_close        (ImpAnalyzer *self);
IMP_AVAILABLE_IN_0_1
gboolean imp_analyzer_is_closed    (ImpAnalyzer *self);

/* for plugins */
IMP_AVAILABLE_IN_0_1
void imp_analyzer_add_result    (ImpAnalyzer *self, ImpResult *result);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_pass_bytes    (ImpAnalyzer *self, ImpDirection direction, gint64 offset);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_prepass_bytes (ImpAnalyzer *self, ImpDirection direction, gint64 offset);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_replace_bytes (ImpAnalyzer *self, ImpDirection direction, gint64 offset,
                                 const guint8 *data, gsize length);
IMP_AVAILABLE_IN_0_2
void imp_analyzer_pass_data     (ImpAnalyzer *self);
IMP_AVAILABLE_IN_0_2
void imp_analyzer_replace_data  (ImpAnalyzer *self, const guint8 *data, gsize length);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_replace_later (ImpAnalyzer *self, ImpDirection direction, gint64 offset,
                                 gint64 end_offset);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_send_back     (ImpAnalyzer *self, ImpDirection direction,
                                 const guint8 *data, gsize length);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_deny          (ImpAnalyzer *self, ImpDirection direction,
                                 const char *reason);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_drop          (ImpAnalyzer *self);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_fail          (ImpAnalyzer *self, const char *reason);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_want          (ImpAnalyzer *self, ImpDirection direction,
                                 guint n_bytes);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_pause         (ImpAnalyzer *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_resume        (ImpAnalyzer *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_log           (ImpAnalyzer *self, ImpDirection direction, gint64 offset,
                                 gint64 length, ImpLogLevel level, const char *message);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_account       (ImpAnalyzer *self, const char *key, const char *value);
IMP_AVAILABLE_IN_0_1
void imp_analyzer_pass_pattern  (ImpAnalyzer *self, ImpDirection direction,
                                 const char *regex, guint max_length);

IMP_AVAILABLE_IN_0_1
GHashTable   *imp_analyzer_get_context    (ImpAnalyzer *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_analyzer_lookup_context (ImpAnalyzer *self, const char *key);
IMP_AVAILABLE_IN_0_1
ImpInterface *imp_analyzer_get_interface  (ImpAnalyzer *self);

G_END_DECLS
