/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-filter-silence-private.h"

#include "core/imp-log-private.h"
#include "core/imp-proxy-private.h"
#include "core/imp-source-private.h"
#include "provider/imp-filter-label-private.h"

#include <string.h>

/* How often it is looked at within the limit. */
#define SILENCE_TICKS 4

/* A search holds bytes by itself, and who is paused, busy or wants more need not say anything. */
static gboolean
filter_silence_is_waiting (ImpFilterSilence *self, ImpDirection direction)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (self->analyzer, direction);

  return imp_marks_is_waiting (marks) && !marks->paused
         && !imp_analyzer_is_busy (self->analyzer, direction)
         && !imp_flow_is_searching (self->flows[direction])
         && !imp_analyzer_is_closed (self->analyzer);
}

/* FALSE if it has got no further since the last time. */
static gboolean
filter_silence_note_progress (ImpFilterSilence *self, ImpDirection direction)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (self->analyzer, direction);
  const gint64 settled = imp_flow_get_settled (self->flows[direction]);
  ImpFilterSilenceSide *side = &self->sides[direction];

  if (side->since != 0 && side->final == marks->final && side->prepassed == marks->prepassed
      && side->settled == settled)
    return FALSE;
  side->since = g_get_monotonic_time ();
  side->final = marks->final;
  side->prepassed = marks->prepassed;
  side->settled = settled;
  side->notified = FALSE;
  return TRUE;
}

static char *
filter_silence_describe_since (gint64 since)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) then = g_date_time_add (now, since - g_get_monotonic_time ());

  return g_date_time_format (then, "%H:%M:%S");
}

static void
filter_silence_log (ImpFilterSilence *self, ImpDirection direction)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (self->analyzer, direction);
  const ImpFilterSilenceSide *side = &self->sides[direction];
  const ImpFilterLabel *label = imp_filter_label_peek (self->filter);
  const guint64 bytes = imp_marks_get_unsettled (marks);
  const gint64 offset = imp_marks_get_settled (marks);
  const gint64 seconds = (g_get_monotonic_time () - side->since) / G_USEC_PER_SEC;
  g_autofree char *prefix = label != NULL
                              ? g_strdup_printf ("%s -> %s: ", label->client, label->server)
                              : g_strdup ("");
  g_autofree char *since = filter_silence_describe_since (side->since);
  const ImpLogFields fields = {
    .connection = label != NULL ? label->connection : 0,
    .client = label != NULL ? label->client : NULL,
    .server = label != NULL ? label->server : NULL,
    .module = imp_proxy_peek_name (self->analyzer),
    .direction = direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server",
    .offset = &offset,
    .bytes = &bytes,
    .outcome = "silent",
  };

  imp_log_with (IMP_LOG_ANALYZER_SILENT, &fields,
                "%sThe analyzer %s has said nothing for %" G_GINT64_FORMAT
                " s (since %s) about %" G_GUINT64_FORMAT
                " bytes from the %s that wait for it at offset %" G_GINT64_FORMAT,
                prefix, fields.module, seconds, since, bytes, fields.direction, offset);
}

/* FALSE if nothing waits in this direction. */
static gboolean
filter_silence_check (ImpFilterSilence *self, ImpDirection direction)
{
  ImpFilterSilenceSide *side = &self->sides[direction];

  if (!filter_silence_is_waiting (self, direction))
    {
      side->since = 0;
      return FALSE;
    }
  if (filter_silence_note_progress (self, direction) || side->notified
      || g_get_monotonic_time () - side->since < (gint64) self->limit * G_TIME_SPAN_MILLISECOND)
    return TRUE;
  side->notified = TRUE;
  filter_silence_log (self, direction);
  return TRUE;
}

static gboolean
filter_silence_on_tick (gpointer user_data)
{
  ImpFilterSilence *self = user_data;
  const gboolean one = filter_silence_check (self, IMP_DIRECTION_FROM_CLIENT);
  const gboolean other = filter_silence_check (self, IMP_DIRECTION_FROM_SERVER);

  if (one || other)
    return G_SOURCE_CONTINUE;
  imp_source_clear (&self->timer);
  return G_SOURCE_REMOVE;
}

void
imp_filter_silence_start (ImpFilterSilence *self, GMainContext *context, gpointer filter,
                          ImpAnalyzer *analyzer, ImpFlow *const *flows, guint limit)
{
  self->filter = filter;
  self->analyzer = analyzer;
  self->flows = flows;
  self->limit = limit;
  memset (self->sides, 0, sizeof self->sides);
  for (guint direction = 0; direction < 2; direction++)
    filter_silence_check (self, direction);
  self->timer = imp_source_add_timeout (context, MAX (1, limit / SILENCE_TICKS), "imp silence",
                                        filter_silence_on_tick, self);
}

void
imp_filter_silence_stop (ImpFilterSilence *self)
{
  imp_source_clear (&self->timer);
}
