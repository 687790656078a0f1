/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a subclass calls: its patterns, and its answers to matches. */
#include "analyzers/imp-rewriter-object-private.h"

#include <string.h>

/**
 * imp_rewriter_add_string:
 * @self: a rewriter
 * @direction: where it is looked for
 * @string: (array length=length): the bytes to look for
 * @length: how many bytes, 1 to 65536
 * @error: return location for an error
 *
 * Adds a string to what is looked for in a direction. That can be done until the first byte of the
 * connection is looked at (%IMP_ERROR_FAILED), best when the analyzer is made.
 *
 * What is wrong with @string is an %IMP_ERROR_SETTINGS; more than 4096 patterns, or 1 MiB of
 * strings, in one direction are an %IMP_ERROR_LIMIT.
 *
 * Returns: the number by which [vfunc@Imp.Rewriter.match] names it: 1 for the first pattern that is
 *   added, and so on; 0 with @error set
 *
 * Since: 0.1
 */
guint
imp_rewriter_add_string (ImpRewriter *self, ImpDirection direction, const guint8 *string,
                         gsize length, GError **error)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);
  g_return_val_if_fail (string != NULL || length == 0, 0);

  return imp_rewriter_patterns_add (imp_rewriter_ensure_patterns (self), direction, FALSE, string,
                                    length, 0, error);
}

/**
 * imp_rewriter_add_regex:
 * @self: a rewriter
 * @direction: where it is looked for
 * @regex: a regular expression as PCRE2 has them, matched against bytes
 * @max_length: the greatest length of a match, in bytes, 1 to 65536
 * @error: return location for an error
 *
 * Adds a regular expression to what is looked for in a direction; see
 * [method@Imp.Rewriter.add_string] for when that can be done.
 *
 * Whatever would be a longer match is none. An expression that is wrong, matches the empty string,
 * can have no match that is short enough, looks ahead without a bound, or uses what makes no sense
 * in a stream (`\G`, `\K`, verbs such as `(*COMMIT)`) is an %IMP_ERROR_SETTINGS.
 *
 * Returns: the number by which [vfunc@Imp.Rewriter.match] names it, or 0 with @error set
 *
 * Since: 0.1
 */
guint
imp_rewriter_add_regex (ImpRewriter *self, ImpDirection direction, const char *regex,
                        guint max_length, GError **error)
{
  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);
  g_return_val_if_fail (regex != NULL, 0);

  return imp_rewriter_patterns_add (imp_rewriter_ensure_patterns (self), direction, TRUE,
                                    (const guint8 *) regex, strlen (regex), max_length, error);
}

/**
 * imp_rewriter_get_max_held:
 * @self: a rewriter
 * @direction: a direction
 *
 * Gets how many bytes can be held back at most, once the first byte of the connection was looked
 * at: the length of the longest string less one; or what a regular expression has to see to be
 * sure, less one: its greatest length, and 2 bytes behind that, or as far as it looks ahead. One
 * that can match no more than its greatest length holds that less one byte at most.
 *
 * Returns: the number of bytes; 0 where there are no patterns, or nothing was fed yet
 *
 * Since: 0.1
 */
guint
imp_rewriter_get_max_held (ImpRewriter *self, ImpDirection direction)
{
  ImpSearchSide *side;

  g_return_val_if_fail (IMP_IS_REWRITER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  side = &imp_rewriter_get_private (self)->searcher.sides[direction];
  return side->stream.matcher != NULL
           ? imp_matcher_set_get_max_doubt (imp_matcher_peek_set (side->stream.matcher))
           : 0;
}

/* An answer that nobody has asked for must not be lost unseen. */
static gboolean
rewriter_check_asked (ImpRewriter *self, const char *function)
{
  g_autofree char *reason = NULL;

  if (imp_rewriter_get_private (self)->match.run != NULL)
    return TRUE;
  reason = g_strdup_printf ("%s: %s() was called outside of match()", G_OBJECT_TYPE_NAME (self),
                            function);
  imp_analyzer_fail (IMP_ANALYZER (self), reason);
  return FALSE;
}

/**
 * imp_rewriter_replace:
 * @self: a rewriter
 * @data: (array length=length) (nullable): what stands in the place of the match
 * @length: how many bytes; 0 takes the match away
 *
 * Answers a match, from within [vfunc@Imp.Rewriter.match]; elsewhere the analyzer fails. The last
 * answer counts.
 *
 * Since: 0.1
 */
void
imp_rewriter_replace (ImpRewriter *self, const guint8 *data, gsize length)
{
  ImpRewriterPrivate *priv;

  g_return_if_fail (IMP_IS_REWRITER (self));
  g_return_if_fail (data != NULL || length == 0);

  priv = imp_rewriter_get_private (self);
  if (!rewriter_check_asked (self, "replace"))
    return;
  g_clear_pointer (&priv->match.replacement, g_bytes_unref);
  priv->match.replacement = g_bytes_new (data, length);
}

/**
 * imp_rewriter_keep:
 * @self: a rewriter
 *
 * Answers a match, from within [vfunc@Imp.Rewriter.match]: it passes as it is. So it does without
 * an answer. Elsewhere the analyzer fails. The last answer counts.
 *
 * Since: 0.1
 */
void
imp_rewriter_keep (ImpRewriter *self)
{
  g_return_if_fail (IMP_IS_REWRITER (self));

  if (rewriter_check_asked (self, "keep"))
    g_clear_pointer (&imp_rewriter_get_private (self)->match.replacement, g_bytes_unref);
}

/**
 * imp_rewriter_get_group:
 * @self: a rewriter
 * @number: the number of a group of the regular expression; 0: the match
 *
 * Gets what a group of the match had, from within [vfunc@Imp.Rewriter.match]; elsewhere the
 * analyzer fails.
 *
 * Returns: (transfer full) (nullable): its bytes, or %NULL if it took no part in the match, or
 *   there is no such group
 *
 * Since: 0.1
 */
GBytes *
imp_rewriter_get_group (ImpRewriter *self, guint number)
{
  const ImpRewriterMatch *match;
  ImpSearchRun run;
  gsize from, to;

  g_return_val_if_fail (IMP_IS_REWRITER (self), NULL);

  match = &imp_rewriter_get_private (self)->match;
  if (!rewriter_check_asked (self, "get_group"))
    return NULL;
  run = *match->run;
  run.groups = (const gsize *) match->groups->data;
  if (!imp_search_run_get_group (&run, number, &from, &to))
    return NULL;
  return g_bytes_new (run.data + from, to - from);
}

/**
 * imp_rewriter_get_named_group:
 * @self: a rewriter
 * @name: the name of a group of the regular expression
 *
 * Gets what a group of the match had; see [method@Imp.Rewriter.get_group].
 *
 * Returns: (transfer full) (nullable): its bytes, or %NULL if it took no part in the match, or
 *   there is no such group
 *
 * Since: 0.1
 */
GBytes *
imp_rewriter_get_named_group (ImpRewriter *self, const char *name)
{
  const ImpRewriterMatch *match;
  guint number;

  g_return_val_if_fail (IMP_IS_REWRITER (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  match = &imp_rewriter_get_private (self)->match;
  if (!rewriter_check_asked (self, "get_named_group"))
    return NULL;
  number = imp_matcher_set_find_group (imp_matcher_peek_set (match->side->stream.matcher),
                                       match->run->which, name);
  return number > 0 ? imp_rewriter_get_group (self, number) : NULL;
}
