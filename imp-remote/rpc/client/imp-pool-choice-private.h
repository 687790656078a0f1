/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which of several servers a new analyzer goes to, and which of them is better left alone for a
 * while. It knows neither connections nor clocks: how a server is is asked for, and what time it is
 * is said, in monotonic microseconds. */
typedef struct _ImpPoolChoice ImpPoolChoice;

typedef enum
{
  IMP_POOL_TWO_CHOICES, /* of two at random, the one with less to do */
  IMP_POOL_HASH,        /* always the same one for the same key */
  IMP_POOL_FIRST,       /* the first one, while it can be used */
} ImpPoolBalance;

typedef enum
{
  IMP_POOL_DOWN,
  IMP_POOL_COMING, /* a connection to it is being made */
  IMP_POOL_READY,
} ImpPoolReadiness;

typedef struct
{
  guint64 bytes;     /* that wait for verdicts */
  guint n_analyzers; /* that live: decides where that is the same */
} ImpPoolLoad;

/* How a server is. Its load is only asked for where it decides. */
typedef struct
{
  ImpPoolReadiness (*get_readiness) (guint server, gpointer user_data);
  void (*get_load) (guint server, ImpPoolLoad *load, gpointer user_data);
} ImpPoolChoiceFuncs;

/* Consecutive failures after which a server is ejected. */
#define IMP_POOL_FAILURES_MAX 5
/* Microseconds, times the number of its ejections. */
#define IMP_POOL_EJECTION_TIME (30 * G_USEC_PER_SEC)
/* After so long without another one, an ejection is forgotten. */
#define IMP_POOL_FORGIVING_TIME (300 * G_USEC_PER_SEC)

ImpPoolChoice *imp_pool_choice_new (ImpPoolBalance balance, guint32 seed,
                                    const ImpPoolChoiceFuncs *funcs, gpointer user_data);
void imp_pool_choice_free (ImpPoolChoice *self);

/* In the place of IMP_POOL_EJECTION_TIME. */
void imp_pool_choice_set_ejection_time (ImpPoolChoice *self, gint64 time);

/* Its index. The name is what keys are joined with, and has to be the same everywhere. */
guint imp_pool_choice_add_server (ImpPoolChoice *self, const char *name);
/* Lower ones are chosen first, while they can be used; 0 at first. */
void imp_pool_choice_set_priority (ImpPoolChoice *self, guint server, guint priority);
/* One that is not present is not chosen, and none of them. */
void imp_pool_choice_set_present (ImpPoolChoice *self, guint server, gboolean present);
/* Another one, of which nothing is known, has its index. */
void imp_pool_choice_replace_server (ImpPoolChoice *self, guint server, const char *name);
/* A server for an analyzer; @key (may be NULL) as IMP_POOL_HASH has it: without one it is as with
 * IMP_POOL_TWO_CHOICES. -1 if none can be used. */
int imp_pool_choice_pick (ImpPoolChoice *self, const char *key);
/* The same, but not @avoided, which is in trouble, while there are others. */
int imp_pool_choice_pick_other (ImpPoolChoice *self, const char *key, guint avoided);

/* A verdict that did not come in time, an exception, a connection that was lost. TRUE if the server
 * is ejected because of it. */
gboolean imp_pool_choice_note_failure (ImpPoolChoice *self, guint server, gint64 now);
/* It has done what it is there for. */
void imp_pool_choice_note_success (ImpPoolChoice *self, guint server);
/* A server whose ejection is over is not chosen before it has answered a question. */
gboolean imp_pool_choice_wants_probe (ImpPoolChoice *self, guint server, gint64 now);
/* It has answered it, or not: then it is ejected once more. */
void imp_pool_choice_note_probe (ImpPoolChoice *self, guint server, gboolean answered, gint64 now);

gboolean imp_pool_choice_is_ejected (ImpPoolChoice *self, guint server);
/* When it ends. */
gint64 imp_pool_choice_get_ejected_until (ImpPoolChoice *self, guint server);
guint imp_pool_choice_get_failures (ImpPoolChoice *self, guint server);
/* How often it was ejected, in all. */
guint imp_pool_choice_get_n_ejections (ImpPoolChoice *self, guint server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpPoolChoice, imp_pool_choice_free)

G_END_DECLS
