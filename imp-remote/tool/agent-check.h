/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-address-private.h"

G_BEGIN_DECLS

/* What a load balancer is told that asks how the program is, by the protocol that HAProxy calls
 * agent check: whoever connects gets one line, "up 75%" or "drain", and the end. What they say is
 * not looked at. Those who do not read it, or do not close, are closed soon. */
typedef struct _AgentCheck AgentCheck;

/* Of so many at once; the oldest makes room for one more. */
#define AGENT_CHECK_MAX_CLIENTS 16
/* Milliseconds until one that does not close is closed. */
#define AGENT_CHECK_TIMEOUT 2000
/* For so long after the beginning, and after a drain that was taken back, "ready" is said as well,
 * which ends a drain that the balancer remembers. It would also end one that somebody has asked the
 * balancer itself for, so it is not said for longer; in seconds, and in answers. */
#define AGENT_CHECK_READY_SECONDS 60
#define AGENT_CHECK_READY_ANSWERS 3

typedef struct
{
  /* How much room there is, in percent. It is asked at most ten times a second. */
  guint (*get_free) (gpointer user_data);
  /* Somebody has been told "drain". */
  void (*told_drain) (gpointer user_data);
} AgentCheckFuncs;

AgentCheck *agent_check_new (const AgentCheckFuncs *funcs, gpointer user_data);
void agent_check_free (AgentCheck *self);

/* Who may ask, besides those on this machine. FALSE with %IMP_ERROR_SETTINGS if it is no
 * "ADDRESS[/BITS]". */
gboolean agent_check_allow (AgentCheck *self, const char *mask, GError **error);

/* @status: %TOOL_DONE if it answers there, else what the program ends with. */
typedef void (*AgentCheckOpened) (int status, gpointer user_data);
/* Once. @text is @address as the user wrote it. @opened comes from the main loop, unless @self is
 * freed before. */
void agent_check_open (AgentCheck *self, const ImpAddress *address, const char *text,
                       AgentCheckOpened opened);
/* Prints where it answers. */
void agent_check_print (AgentCheck *self);

void agent_check_set_draining (AgentCheck *self, gboolean draining);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AgentCheck, agent_check_free)

G_END_DECLS
