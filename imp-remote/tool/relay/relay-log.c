/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-log.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"

/* What stands before the text, and in IMP_OUTCOME where that is one. */
static const struct
{
  ImpLogKind kind;
  const char *word;
  gboolean is_outcome;
} relay_log_words[] = {
  { IMP_LOG_CONNECTION_REFUSED, "refused", TRUE },
  { IMP_LOG_CONNECTION_FAILED, "failed", TRUE },
  { IMP_LOG_NO_ANALYZER, "no analyzer", TRUE },
  { IMP_LOG_ANALYZER_LOG, "log", FALSE },
  { IMP_LOG_ANALYZER_ACCOUNT, "account", FALSE },
  { IMP_LOG_ANALYZER_VERDICT, "verdict", FALSE },
  { IMP_LOG_CANARY, "canary", FALSE },
  { IMP_LOG_SHADOW, "shadow", FALSE },
};

static guint
relay_log_find_word (ImpLogKind kind)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (relay_log_words) && relay_log_words[i].kind != kind)
    i++;
  g_assert (i < G_N_ELEMENTS (relay_log_words));
  return i;
}

char *
relay_log_name_modules (const RelayLogSubject *subject)
{
  g_auto (GStrv) names = NULL;

  if (subject->modules == NULL || subject->modules[0] == NULL)
    return NULL;
  names = tool_name_modules (subject->modules);
  return g_strjoinv (", ", names);
}

/* @more: what is known besides. */
static void
relay_log_with (const RelayLogSubject *subject, ImpLogKind kind, ImpLogFields more,
                const char *text)
{
  const guint word = relay_log_find_word (kind);
  g_autofree char *clean = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
  g_autofree char *module = relay_log_name_modules (subject);

  more.connection = subject->connection;
  more.client = subject->client;
  more.server = subject->server;
  more.module = module;
  if (relay_log_words[word].is_outcome)
    {
      more.outcome = relay_log_words[word].word;
      more.reason = clean;
    }
  imp_log_with (kind, &more, "%s -> %s: %s: %s", subject->client, subject->server,
                relay_log_words[word].word, clean);
}

void
relay_log (const RelayLogSubject *subject, ImpLogKind kind, const char *text)
{
  relay_log_with (subject, kind, (ImpLogFields){ 0 }, text);
}

static const char *
relay_log_name_direction (ImpDirection direction)
{
  return direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server";
}

/* An analyzer's verdicts are the relay's responsibility. */
static void
relay_log_message (const RelayLogSubject *subject, ImpResult *result)
{
  const gint64 offset = imp_result_get_offset (result);

  relay_log_with (subject, IMP_LOG_ANALYZER_LOG,
                  (ImpLogFields){
                    .direction = relay_log_name_direction (imp_result_get_direction (result)),
                    .offset = &offset,
                    .level = imp_result_get_level (result),
                  },
                  imp_result_get_message (result));
}

static void
relay_log_verdict (const RelayLogSubject *subject, ImpResult *result)
{
  const gint64 offset = imp_result_get_offset (result);
  g_autofree char *text = imp_result_to_string (result);

  relay_log_with (subject, IMP_LOG_ANALYZER_VERDICT,
                  (ImpLogFields){
                    .direction = relay_log_name_direction (imp_result_get_direction (result)),
                    .offset = &offset,
                    .outcome = imp_result_type_to_string (imp_result_get_result_type (result)),
                  },
                  text);
}

void
relay_log_result (const RelayLogSubject *subject, ImpResult *result)
{
  g_autofree char *field = NULL;

  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_LOG:
      relay_log_message (subject, result);
      break;
    case IMP_RESULT_ACCOUNT_FIELD:
      field = g_strdup_printf ("%s=%s", imp_result_get_key (result), imp_result_get_value (result));
      relay_log (subject, IMP_LOG_ANALYZER_ACCOUNT, field);
      break;
    default:
      relay_log_verdict (subject, result);
      break;
    }
}

void
relay_log_stage (const RelayLogSubject *subject, RelayStageKind stage)
{
  static const char *const names[] = {
    [RELAY_STAGE_GREETING] = "accepted",     [RELAY_STAGE_ASKING] = "asking the analyzer",
    [RELAY_STAGE_CONNECTING] = "connecting", [RELAY_STAGE_RELAYING] = "relaying",
    [RELAY_STAGE_ENDING] = "turned away",
  };

  imp_log_state ("connection %" G_GUINT64_FORMAT ": %s -> %s: %s", subject->connection,
                 subject->client, subject->server, names[stage]);
}

void
relay_log_end (const RelayLogSubject *subject, const GError *error)
{
  imp_log_state ("connection %" G_GUINT64_FORMAT ": %s -> %s: %s", subject->connection,
                 subject->client, subject->server, error != NULL ? error->message : "complete");
}
