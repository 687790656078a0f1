/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pinning-rules-private.h"

#include "core/imp-error.h"
#include "core/imp-matcher-private.h"

ImpPinningRule *
imp_pinning_rule_new (void)
{
  ImpPinningRule *self = g_new0 (ImpPinningRule, 1);

  self->direction = -1;
  return self;
}

void
imp_pinning_rule_free (ImpPinningRule *self)
{
  g_clear_pointer (&self->program, imp_regex_program_free);
  g_free (self->regex);
  g_free (self);
}

static gboolean pinning_rule_refuse (ImpPinningRule *self, GError **error, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

static gboolean
pinning_rule_refuse (ImpPinningRule *self, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The regular expression \"%s\" %s",
               self->regex, what);
  return FALSE;
}

/* A match that might become too long must not be taken for one before that is known. */
static void
pinning_rule_set_window (ImpPinningRule *self, const ImpRegexInfo *info)
{
  gsize ahead = info->ahead <= IMP_PATTERN_LENGTH_MAX ? info->ahead : 0;

  self->window = self->max_length + ahead;
  self->grows = ahead == 0 || info->max_length <= self->max_length;
}

gboolean
imp_pinning_rule_compile (ImpPinningRule *self, GError **error)
{
  const ImpRegexInfo *info;

  g_clear_pointer (&self->program, imp_regex_program_free);
  self->program = imp_regex_program_new (self->regex, FALSE, error);
  if (self->program == NULL)
    return FALSE;
  info = imp_regex_program_get_info (self->program);
  if (info->max_length == 0)
    return pinning_rule_refuse (self, error, "matches nothing but the empty string");
  if (imp_regex_program_matches_empty (self->program))
    return pinning_rule_refuse (self, error, "matches the empty string");
  pinning_rule_set_window (self, info);
  if (info->min_length > self->max_length)
    return pinning_rule_refuse (self, error,
                                "can never match: its matches have %" G_GSIZE_FORMAT " bytes or "
                                "more, and may have %u",
                                info->min_length, self->max_length);
  if (info->need > self->window)
    return pinning_rule_refuse (self, error,
                                "can never match: it has to see %" G_GSIZE_FORMAT " bytes or more, "
                                "and may see %" G_GSIZE_FORMAT,
                                info->need, self->window);
  return TRUE;
}

static ImpPinningAnswer
pinning_rule_attempt (const ImpPinningRule *self, const guint8 *data, gsize size, ImpRegexEnd end,
                      gsize *length)
{
  ImpRegexFinding finding;

  switch (imp_regex_program_attempt (self->program, data, size, 0, end, &finding))
    {
    case IMP_REGEX_MATCH:
      *length = finding.to;
      return finding.to <= self->max_length ? IMP_PINNING_MATCH : IMP_PINNING_NONE;
    case IMP_REGEX_EDGE:
      return IMP_PINNING_OPEN;
    case IMP_REGEX_NONE:
      return IMP_PINNING_NONE;
    case IMP_REGEX_COSTLY:
    default:
      return IMP_PINNING_COSTLY;
    }
}

/* The first bytes up to the window decide, and what decides earlier does not depend on the rest of
 * them: so it makes no difference in how many pieces they come. */
ImpPinningAnswer
imp_pinning_rule_try (const ImpPinningRule *self, const guint8 *data, gsize size,
                      ImpPinningInput input, gsize *length)
{
  ImpPinningAnswer answer;

  if (input == IMP_PINNING_PACKET)
    return size > self->max_length
             ? IMP_PINNING_NONE
             : pinning_rule_attempt (self, data, size, IMP_REGEX_END_WHOLE, length);
  if (input == IMP_PINNING_END || size >= self->window)
    return pinning_rule_attempt (self, data, MIN (size, self->window), IMP_REGEX_END_FINAL, length);

  answer = pinning_rule_attempt (self, data, size, IMP_REGEX_END_OPEN, length);
  if (answer != IMP_PINNING_OPEN || !self->grows)
    return answer;
  answer = pinning_rule_attempt (self, data, size, IMP_REGEX_END_PAUSE, length);
  if (answer == IMP_PINNING_MATCH)
    return IMP_PINNING_GROWS;
  return answer == IMP_PINNING_COSTLY ? IMP_PINNING_COSTLY : IMP_PINNING_OPEN;
}
