/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of a filter, as properties: how much it may hold, and for how long; what its analyzer
 * may add and say. */
#include "provider/imp-filter-object-private.h"

#define MAX_HELD_DEFAULT (16 * 1024 * 1024)
#define MAX_EXTENSIONS_DEFAULT 10

void
imp_filter_init_limits (ImpFilter *self)
{
  self->limits[IMP_FILTER_MAX_HELD] = MAX_HELD_DEFAULT;
  self->limits[IMP_FILTER_MAX_EXTENSIONS] = MAX_EXTENSIONS_DEFAULT;
  self->limits[IMP_FILTER_MAX_LOG_SIZE] = IMP_NOTE_SIZE_DEFAULT;
  self->limits[IMP_FILTER_WARN_SILENCE] = IMP_FILTER_SILENCE_DEFAULT;
}

static void
filter_make_time_specs (GParamFlags flags, GParamSpec **specs)
{
  /**
   * ImpFilter:deadline: (attributes org.gtk.Property.default=0)
   *
   * How long, in milliseconds, a byte or the end of a stream may wait for the analyzer's verdict; 0
   * (the default) indefinitely. It is measured to a quarter of it. Then the analyzer has failed,
   * with %IMP_ERROR_TIMEOUT.
   *
   * A direction that is busy ([method@Imp.Filter.set_busy]) does not count, nor does an analyzer
   * that has said what it waits for ([method@Imp.Analyzer.want]), as long as that has not come. A
   * direction that the analyzer keeps paused waits as well; PAUSE and REPLACE_LATER gain another
   * deadline, [property@Imp.Filter:max-extensions] times. An analyzer of an
   * [class@Imp.RemoteFactory] is left to that one's own deadline, and its outcome, also where it
   * was given none.
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_DEADLINE] = g_param_spec_uint ("deadline", NULL, NULL, 0, G_MAXINT32, 0, flags);

  /**
   * ImpFilter:max-extensions: (attributes org.gtk.Property.default=10)
   *
   * How often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another
   * [property@Imp.Filter:deadline].
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_MAX_EXTENSIONS] = g_param_spec_uint ("max-extensions", NULL, NULL, 0, G_MAXINT32,
                                                        MAX_EXTENSIONS_DEFAULT, flags);

  /**
   * ImpFilter:hold-timeout: (attributes org.gtk.Property.default=0)
   *
   * How long, in milliseconds, bytes are held since they may be the beginning of what an analyzer
   * has asked to look for (PASS_PATTERN); 0 (the default): until that is decided. It is measured to
   * a quarter of it. Then what is a match whatever follows is taken for one as it stands; else the
   * bytes pass.
   *
   * The search goes on: a match that is complete later is still fed, from its beginning. But what
   * has passed of it cannot be replaced any more: if the analyzer wants that, the connection is
   * refused, with %IMP_ERROR_TIMEOUT.
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_HOLD_TIMEOUT] = g_param_spec_uint ("hold-timeout", NULL, NULL, 0, G_MAXINT32, 0,
                                                      flags);

  /**
   * ImpFilter:warn-silence: (attributes org.gtk.Property.default=10000)
   *
   * After how long, in milliseconds, it is logged that the analyzer gives no verdict while bytes
   * wait for one; 0 for never. The line has the analyzer's name, the direction, since when it says
   * nothing and how many bytes wait; there is one each time that it stops. Nothing else comes of
   * it: see [property@Imp.Filter:deadline].
   *
   * A direction that is busy or paused does not count, nor does an analyzer that wants more input
   * first.
   *
   * Since: 0.2
   */
  specs[IMP_FILTER_WARN_SILENCE] = g_param_spec_uint ("warn-silence", NULL, NULL, 0, G_MAXINT32,
                                                      IMP_FILTER_SILENCE_DEFAULT, flags);
}

static void
filter_make_size_specs (GParamFlags flags, GParamSpec **specs)
{
  /**
   * ImpFilter:max-growth: (attributes org.gtk.Property.default=0)
   *
   * By how many bytes what leaves in a direction may be longer than what has come in it; 0 for no
   * limit. What an analyzer adds by REPLACE, and by TO_SENDER in the other direction, is more where
   * it has taken away before. An analyzer that adds more has failed: the connection is refused, and
   * nothing of what is too much goes out.
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_MAX_GROWTH] = g_param_spec_uint64 ("max-growth", NULL, NULL, 0, G_MAXINT64, 0,
                                                      flags);

  /**
   * ImpFilter:max-held: (attributes org.gtk.Property.default=16777216)
   *
   * How many bytes, of both directions together, may wait for a verdict. If the analyzer leaves
   * more unsettled when a push ends, the connection is refused.
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_MAX_HELD] = g_param_spec_uint64 ("max-held", NULL, NULL, 0, G_MAXINT64,
                                                    MAX_HELD_DEFAULT, flags);
}

static void
filter_make_note_specs (GParamFlags flags, GParamSpec **specs)
{
  /**
   * ImpFilter:max-log-rate: (attributes org.gtk.Property.default=0)
   *
   * How many results for logs, LOG and ACCOUNT_FIELD, the analyzer may give in a second on average;
   * ten times as many may come at once. 0 (the default) for any number. An analyzer that gives more
   * has failed: the connection is refused, and what was too much is shown to nobody.
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_MAX_LOG_RATE] = g_param_spec_uint (IMP_NOTE_RATE_NAME, NULL, NULL, 0, G_MAXINT32,
                                                      0, flags);

  /**
   * ImpFilter:max-log-size: (attributes org.gtk.Property.default=65536)
   *
   * How many bytes the text of a result for people may have: of a LOG, an ACCOUNT_FIELD, and the
   * reason of a DENY or FATAL, with all keys and values. An analyzer that gives a longer one has
   * failed.
   *
   * Since: 0.1
   */
  specs[IMP_FILTER_MAX_LOG_SIZE] = g_param_spec_uint64 (IMP_NOTE_SIZE_NAME, NULL, NULL, 1,
                                                        G_MAXINT64, IMP_NOTE_SIZE_DEFAULT, flags);
}

void
imp_filter_make_limit_specs (GParamSpec **specs)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  filter_make_size_specs (flags, specs);
  filter_make_time_specs (flags, specs);
  filter_make_note_specs (flags, specs);
}

const char *
imp_filter_judge_note (ImpFilter *self, const ImpResult *result, char **reason)
{
  const ImpNoteLimits limits = { .max_rate = self->limits[IMP_FILTER_MAX_LOG_RATE],
                                 .max_size = self->limits[IMP_FILTER_MAX_LOG_SIZE] };

  switch (imp_note_count_admit (&self->notes, &limits, result, reason))
    {
    case IMP_NOTE_TOO_LARGE:
      return IMP_NOTE_SIZE_NAME;
    case IMP_NOTE_TOO_MANY:
      return IMP_NOTE_RATE_NAME;
    case IMP_NOTE_ADMITTED:
    default:
      return NULL;
    }
}
