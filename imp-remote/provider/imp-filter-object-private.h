/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"
#include "core/imp-note-limit-private.h"
#include "provider/imp-filter-clock-private.h"
#include "provider/imp-filter-silence-private.h"
#include "provider/imp-filter-tap-private.h"

G_BEGIN_DECLS

/* For the files of the filter itself. */

typedef enum
{
  STATE_OPEN,
  STATE_DENIED,
  STATE_DROPPED,
  STATE_FAILED,
  STATE_CLOSED,
} FilterState;

/* Who wants a direction not to be fed for now. */
typedef enum
{
  PAUSED_BY_ANALYZER = 1 << 0,
  PAUSED_BY_SEARCH = 1 << 1,
} FilterPause;

struct _ImpFilter
{
  GObject parent_instance;

  ImpAnalyzer *analyzer;
  ImpOutputFunc output;
  gpointer output_data;
  GDestroyNotify output_destroy;
  ImpFlowEventQueue queue;
  ImpFlow *flows[2];
  guint64 limits[IMP_FILTER_N_LIMITS];
  ImpNoteCount notes;
  gint64 balance[2];    /* bytes that have come in that direction, less those that have left */
  guint64 n_verdicts;   /* that have come, of any kind */
  guint64 n_noted;      /* of them: when they came is known */
  gint64 verdict_time;  /* when the last of those did, on the monotonic clock; 0: not known */
  guint16 verdict_type; /* of the last one */
  FilterState state;
  GError *error;            /* why it is not open; what pushes give */
  char *reason;             /* the same in the analyzer's words */
  const char *exceeded;     /* the limit for which that is so, or NULL */
  ImpVerdictRunFunc on_run; /* takes several at once, as long as nobody looks */
  guint observed;           /* flags of the types of results that the observer wants */
  ImpVerdictFunc observer;
  gpointer observer_data;
  gboolean watched;      /* somebody has connected to the signal of the results */
  gboolean listening;    /* the analyzer's results come here */
  gboolean working;      /* the queue is being carried out, further up the stack */
  gboolean closed;       /* by the owner: nothing is emitted any more */
  gboolean notified;     /* the signal that goes with the state has been emitted */
  gboolean ended[2];     /* the end of that direction was given to the output */
  gboolean sent[2];      /* what was given to it last came from the analyzer */
  guint8 paused[2];      /* of FilterPause */
  guint8 has_end;        /* the end of a direction was pushed */
  ImpFilterTap *taps;    /* who else sees what happens; mostly nobody */
  ImpFilterClock *clock; /* NULL: nothing has been left for later yet, or nothing is any more */
  GMainContext *context;
  ImpFilterSilence silence;
  gint64 notified_held;  /* bytes, when that was looked at last */
  GObject *held_owner;   /* who has a property held-bytes as well, or NULL; it owns this one */
  GParamSpec *held_spec; /* that property */
};

/* What analyzers say may be anything, and errors are shown to people. */
static inline GError *
imp_filter_make_error (ImpError code, const char *prefix, const char *reason)
{
  g_autofree char *clean = imp_clean_line (reason, IMP_CLEAN_TEXT_MAX);

  return g_error_new (IMP_ERROR, code, "%s%s", prefix, clean);
}

/* FALSE, with the error that tells why not. */
static inline gboolean
imp_filter_is_open (ImpFilter *self, GError **error)
{
  if (self->state == STATE_OPEN)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

void imp_filter_init_limits (ImpFilter *self);
/* Their properties, in the order of ImpFilterLimit. */
void imp_filter_make_limit_specs (GParamSpec **specs);
/* The limit that a result is beyond, with the reason; NULL: none. It is counted then. */
const char *imp_filter_judge_note (ImpFilter *self, const ImpResult *result, char **reason);
/* Sets it, and what follows from it. */
void imp_filter_set_limit (ImpFilter *self, ImpFilterLimit limit, guint64 value);

/* Those who look at it. */
void imp_filter_class_add_result (GObjectClass *klass);
void imp_filter_update_run_sink (ImpFilter *self);
void imp_filter_update_watched (ImpFilter *self);
/* While it is watched or observed, or has taps. */
void imp_filter_show_verdict (ImpFilter *self, const ImpVerdict *verdict);
void imp_filter_taps_show_input (ImpFilter *self, ImpDirection direction, GBytes *data,
                                 gint32 data_type);
void imp_filter_taps_show_output (ImpFilter *self, ImpDirection direction, GBytes *data,
                                  gint32 data_type);
/* Nothing happens any more: says so, once. */
void imp_filter_taps_end (ImpFilter *self);
/* Whether somebody wants to see all that comes. */
gboolean imp_filter_taps_want_input (ImpFilter *self);

G_END_DECLS
