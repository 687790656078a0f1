/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin's side of ImpAnalyzer: the ways to answer, and what it may ask. The scalar answers are
 * several times cheaper from Python and JavaScript than making a result object first. */
#include "core/imp-analyzer-object-private.h"

/**
 * imp_analyzer_add_result:
 * @self: an analyzer
 * @result: (transfer none): a result
 *
 * Answers with a result of any kind. After DENY, DROP and FATAL, and once the analyzer is closed,
 * nothing is taken any more.
 *
 * Since: 0.1
 */
void
imp_analyzer_add_result (ImpAnalyzer *self, ImpResult *result)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (result != NULL);

  imp_analyzer_take_result (self, imp_result_ref (result));
}

/**
 * imp_analyzer_pass_bytes:
 * @self: an analyzer
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input, or %IMP_MAX_OFFSET
 *
 * Answers with a PASS: forward up to @offset, which may lie in the future.
 *
 * Since: 0.1
 */
void
imp_analyzer_pass_bytes (ImpAnalyzer *self, ImpDirection direction, gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, direction, offset);

  g_return_if_fail (imp_analyzer_is_valid (self));

  imp_analyzer_take_verdict (self, &verdict);
}

/**
 * imp_analyzer_prepass_bytes:
 * @self: an analyzer
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input, or %IMP_MAX_OFFSET
 *
 * Answers with a PREPASS: forward up to @offset at once, and go on feeding.
 *
 * Since: 0.1
 */
void
imp_analyzer_prepass_bytes (ImpAnalyzer *self, ImpDirection direction, gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PREPASS, direction, offset);

  g_return_if_fail (imp_analyzer_is_valid (self));

  imp_analyzer_take_verdict (self, &verdict);
}

/**
 * imp_analyzer_replace_bytes:
 * @self: an analyzer
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input
 * @data: (array length=length): what to forward instead
 * @length: how many bytes
 *
 * Answers with a REPLACE: forward @data instead of all unsettled input up to @offset.
 *
 * Since: 0.1
 */
void
imp_analyzer_replace_bytes (ImpAnalyzer *self, ImpDirection direction, gint64 offset,
                            const guint8 *data, gsize length)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, direction, offset,
                                                  imp_view_of_data (data, length));

  g_return_if_fail (imp_analyzer_is_valid (self));
  g_return_if_fail (data != NULL || length == 0);

  imp_analyzer_take_verdict (self, &verdict);
}

/* An answer to what is being fed. Without that, it would be about nothing. */
static void
analyzer_answer_input (ImpAnalyzer *self, const char *function, ImpResultType type, ImpView data)
{
  ImpAnalyzerPrivate *priv = imp_analyzer_get_private (self);
  g_autofree char *reason = NULL;

  if (imp_mailbox_is_here (&priv->mailbox) && priv->fed_by != 0)
    {
      const ImpDirection direction = priv->fed_by - 1;
      const ImpVerdict verdict = imp_verdict_of_data (type, direction, priv->marks[direction].fed,
                                                      data);

      imp_analyzer_take_verdict (self, &verdict);
      return;
    }
  reason = g_strdup_printf ("%s: %s() was called while nothing is being fed",
                            G_OBJECT_TYPE_NAME (self), function);
  imp_analyzer_fail (self, reason);
}

/**
 * imp_analyzer_pass_data:
 * @self: an analyzer
 *
 * Answers what it is being fed with a PASS: forward it, and whatever came before it and has no
 * verdict yet.
 *
 * It is for use within [vfunc@Imp.Analyzer.data] or [vfunc@Imp.Analyzer.bytes], in the same thread,
 * and means [method@Imp.Analyzer.pass_bytes] with the direction and the end of what came with that
 * call. Elsewhere the analyzer fails. Nothing is to be done for the end of a stream, but it may be
 * answered so as well.
 *
 * Since: 0.2
 */
void
imp_analyzer_pass_data (ImpAnalyzer *self)
{
  g_return_if_fail (imp_analyzer_is_valid (self));

  analyzer_answer_input (self, "pass_data", IMP_RESULT_PASS, imp_view_of_data (NULL, 0));
}

/**
 * imp_analyzer_replace_data:
 * @self: an analyzer
 * @data: (array length=length): what to forward instead
 * @length: how many bytes
 *
 * Answers what it is being fed with a REPLACE: forward @data instead of it, and of whatever came
 * before it and has no verdict yet. At the end of the stream, @data is appended.
 *
 * See [method@Imp.Analyzer.pass_data] about where it can be used.
 *
 * Since: 0.2
 */
void
imp_analyzer_replace_data (ImpAnalyzer *self, const guint8 *data, gsize length)
{
  g_return_if_fail (imp_analyzer_is_valid (self));
  g_return_if_fail (data != NULL || length == 0);

  analyzer_answer_input (self, "replace_data", IMP_RESULT_REPLACE, imp_view_of_data (data, length));
}

/**
 * imp_analyzer_replace_later:
 * @self: an analyzer
 * @direction: a direction
 * @offset: where the promise begins, in bytes of that direction's input
 * @end_offset: where it ends
 *
 * Promises to replace what lies between both offsets: the provider may forget it.
 *
 * Since: 0.1
 */
void
imp_analyzer_replace_later (ImpAnalyzer *self, ImpDirection direction, gint64 offset,
                            gint64 end_offset)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));

  imp_analyzer_take_result (self, imp_result_new_replace_later (direction, offset, end_offset));
}

/**
 * imp_analyzer_send_back:
 * @self: an analyzer
 * @direction: a direction
 * @data: (array length=length): what to write
 * @length: how many bytes
 *
 * Answers with a TO_SENDER: write @data to the side that @direction comes from.
 *
 * Since: 0.1
 */
void
imp_analyzer_send_back (ImpAnalyzer *self, ImpDirection direction, const guint8 *data, gsize length)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_TO_SENDER, direction, 0,
                                                  imp_view_of_data (data, length));

  g_return_if_fail (imp_analyzer_is_valid (self));
  g_return_if_fail (data != NULL || length == 0);

  imp_analyzer_take_verdict (self, &verdict);
}

/**
 * imp_analyzer_deny:
 * @self: an analyzer
 * @direction: the direction whose data gave the reason
 * @reason: why, for people
 *
 * Answers with a DENY: refuse the connection visibly. The analyzer is closed by it.
 *
 * Since: 0.1
 */
void
imp_analyzer_deny (ImpAnalyzer *self, ImpDirection direction, const char *reason)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));

  imp_analyzer_take_result (self, imp_result_new_deny (direction, reason, NULL));
}

/**
 * imp_analyzer_drop:
 * @self: an analyzer
 *
 * Answers with a DROP: refuse the connection without a word. The analyzer is closed by it.
 *
 * Since: 0.1
 */
void
imp_analyzer_drop (ImpAnalyzer *self)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));

  imp_analyzer_take_result (self, imp_result_new_drop ());
}

/**
 * imp_analyzer_fail:
 * @self: an analyzer
 * @reason: what failed, for people
 *
 * Answers with a FATAL: the analyzer itself has failed. It is closed by it.
 *
 * Since: 0.1
 */
void
imp_analyzer_fail (ImpAnalyzer *self, const char *reason)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));

  imp_analyzer_take_result (self, imp_result_new_fatal (reason));
}

/**
 * imp_analyzer_pause:
 * @self: an analyzer
 * @direction: a direction
 *
 * Answers with a PAUSE: the hint to stop feeding @direction.
 *
 * Since: 0.1
 */
void
imp_analyzer_pause (ImpAnalyzer *self, ImpDirection direction)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));

  imp_analyzer_take_result (self, imp_result_new_pause (direction));
}

/**
 * imp_analyzer_resume:
 * @self: an analyzer
 * @direction: a direction
 *
 * Answers with a CONTINUE: the hint to go on feeding @direction.
 *
 * Since: 0.1
 */
void
imp_analyzer_resume (ImpAnalyzer *self, ImpDirection direction)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));

  imp_analyzer_take_result (self, imp_result_new_continue (direction));
}

/**
 * imp_analyzer_log:
 * @self: an analyzer
 * @direction: the direction whose data gave the reason
 * @offset: where in that direction's input, in bytes
 * @length: of how many bytes of it the message speaks
 * @level: how important it is
 * @message: what to log
 *
 * Answers with a LOG.
 *
 * Since: 0.1
 */
void
imp_analyzer_log (ImpAnalyzer *self, ImpDirection direction, gint64 offset, gint64 length,
                  ImpLogLevel level, const char *message)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (message != NULL);

  imp_analyzer_take_result (self,
                            imp_result_new_log (direction, offset, length, level, message, NULL));
}

/**
 * imp_analyzer_account:
 * @self: an analyzer
 * @key: the field's name
 * @value: its value
 *
 * Answers with an ACCOUNT_FIELD.
 *
 * Since: 0.1
 */
void
imp_analyzer_account (ImpAnalyzer *self, const char *key, const char *value)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (key != NULL);
  g_return_if_fail (value != NULL);

  imp_analyzer_take_result (self, imp_result_new_account_field (key, value));
}

/**
 * imp_analyzer_want:
 * @self: an analyzer
 * @direction: a direction
 * @n_bytes: how many more bytes are wanted, at least 1
 *
 * Answers with a WANT: the hint that what is held of @direction can only be judged when @n_bytes
 * more have been fed than now, or the stream has ended.
 *
 * An analyzer that leaves bytes without a verdict has the provider wait for it, and be impatient at
 * last ([property@Imp.RemoteFactory:deadline], [property@Imp.Filter:deadline]); one that has said
 * what it waits for is not late. A provider may gather what comes until then, as a filter does up
 * to 1 MiB, so that it is fed in one piece; or feed it as ever. A verdict may be given at any time.
 * The hint is dropped where the chosen interface lacks it ([flags@Imp.ResultFlags.WANT]), or the
 * provider does not know it.
 *
 * Since: 0.1
 */
void
imp_analyzer_want (ImpAnalyzer *self, ImpDirection direction, guint n_bytes)
{
  gint64 fed;

  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (n_bytes > 0);

  fed = imp_analyzer_peek_marks (self, direction)->fed;
  imp_analyzer_take_result (self, imp_result_new_want (direction, fed + n_bytes));
}

/**
 * imp_analyzer_pass_pattern:
 * @self: an analyzer
 * @direction: a direction
 * @regex: a regular expression as PCRE2 has them, matched against bytes: at most 4096 of them
 * @max_length: the greatest length of a match, in bytes
 *
 * Answers with a PASS_PATTERN: forward unseen up to a match, then feed from there on, with an
 * explicit offset.
 *
 * Input that was under way already is kept from the plugin; it comes again if it belongs to what
 * begins with the match.
 *
 * A provider may let pass, after a while, what may yet become a match
 * ([property@Imp.Filter:hold-timeout]). The match is fed from its beginning even then, but what has
 * passed of it can no more be replaced: to try that is the end of the connection.
 *
 * Since: 0.1
 */
void
imp_analyzer_pass_pattern (ImpAnalyzer *self, ImpDirection direction, const char *regex,
                           guint max_length)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (regex != NULL);

  imp_analyzer_take_result (self, imp_result_new_pass_pattern (direction, regex, max_length));
}

/**
 * imp_analyzer_get_context:
 * @self: an analyzer
 *
 * Gets what the provider has said of the connection.
 *
 * Returns: (transfer full) (element-type utf8 utf8): keys and values
 *
 * Since: 0.1
 */
GHashTable *
imp_analyzer_get_context (ImpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);

  return imp_context_to_table (imp_analyzer_peek_context (self));
}

/**
 * imp_analyzer_lookup_context:
 * @self: an analyzer
 * @key: a key, e.g. "caddr"
 *
 * Gets one thing that the provider has said of the connection.
 *
 * Returns: (nullable): its value
 *
 * Since: 0.1
 */
const char *
imp_analyzer_lookup_context (ImpAnalyzer *self, const char *key)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return imp_context_lookup (imp_analyzer_peek_context (self), key);
}

/**
 * imp_analyzer_get_interface:
 * @self: an analyzer
 *
 * Gets the interface that the provider has chosen.
 *
 * Returns: (transfer none) (nullable): the interface, or %NULL if it has chosen none: then all
 *   types of data may come and all results may be given
 *
 * Since: 0.1
 */
ImpInterface *
imp_analyzer_get_interface (ImpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);

  return imp_analyzer_peek_interface (self);
}

void
imp_analyzer_take_run (ImpAnalyzer *self, const ImpVerdict *verdicts, guint n)
{
  guint done;

  g_object_ref (self);
  done = imp_analyzer_try_run (self, verdicts, n);
  while (done < n)
    imp_analyzer_take_verdict (self, &verdicts[done++]);
  g_object_unref (self);
}
