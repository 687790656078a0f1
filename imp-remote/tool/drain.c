/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/drain.h"

#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "tool/access-options.h"
#include "tool/agent-check.h"
#include "tool/service.h"
#include "tool/tool.h"

#include <glib-unix.h>
#include <imp-remote.h>
#include <signal.h>

typedef enum
{
  DRAIN_SERVING,
  DRAIN_ANNOUNCED, /* balancers are told, as soon as they ask */
  DRAIN_TOLD,      /* one of them was */
  DRAIN_DRAINING,  /* clients are told */
  DRAIN_STOPPED,
} DrainState;

struct _Drain
{
  const DrainFuncs *funcs;
  gpointer user_data;
  const DrainOptions *options;
  AgentCheck *agent;
  ImpAddress *address; /* of the agent check */
  DrainOpened opened;
  DrainState state;
  GSource *drain;   /* the signal */
  GSource *undrain; /* the same, or NULL: the first one does it */
  GSource *timer;   /* until clients are told */
};

/* --- clients --- */

static void
drain_set_state (Drain *self, DrainState state)
{
  static const char *const texts[] = {
    [DRAIN_SERVING] = "Serving again",
    [DRAIN_ANNOUNCED] = "Draining: load balancers that ask are told",
    [DRAIN_DRAINING] = "Draining: clients are told goodbye",
  };

  imp_source_clear (&self->timer);
  self->state = state;
  if (state >= G_N_ELEMENTS (texts) || texts[state] == NULL)
    return;
  imp_log_message ("%s", texts[state]);
  service_notify_status (texts[state]);
}

static void
drain_tell_clients (Drain *self)
{
  drain_set_state (self, DRAIN_DRAINING);
  self->funcs->set_draining (TRUE, self->user_data);
}

static gboolean
drain_on_timer (gpointer user_data)
{
  drain_tell_clients (user_data);
  return G_SOURCE_REMOVE;
}

static void
drain_set_timer (Drain *self, guint seconds)
{
  self->timer = imp_source_add_timeout (NULL, seconds * 1000, "drain: clients", drain_on_timer,
                                        self);
}

/* --- balancers --- */

static guint
drain_get_free (gpointer user_data)
{
  Drain *self = user_data;

  return self->funcs->get_free (self->user_data);
}

/* Others may ask later than the first. */
static void
drain_on_told (gpointer user_data)
{
  Drain *self = user_data;

  if (self->state != DRAIN_ANNOUNCED)
    return;
  drain_set_state (self, DRAIN_TOLD);
  drain_set_timer (self, self->options->delay);
}

static const AgentCheckFuncs agent_funcs = {
  .get_free = drain_get_free,
  .told_drain = drain_on_told,
};

/* --- signals --- */

static void
drain_begin (Drain *self)
{
  if (self->agent == NULL)
    {
      drain_tell_clients (self);
      return;
    }
  drain_set_state (self, DRAIN_ANNOUNCED);
  agent_check_set_draining (self->agent, TRUE);
  drain_set_timer (self, MAX (DRAIN_ASK_SECONDS, self->options->delay));
}

static gboolean
drain_on_undrain (gpointer user_data)
{
  Drain *self = user_data;
  const gboolean told = self->state == DRAIN_DRAINING;

  if (self->state == DRAIN_SERVING || self->state == DRAIN_STOPPED)
    return G_SOURCE_CONTINUE;
  drain_set_state (self, DRAIN_SERVING);
  if (self->agent != NULL)
    agent_check_set_draining (self->agent, FALSE);
  if (told)
    self->funcs->set_draining (FALSE, self->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
drain_on_drain (gpointer user_data)
{
  Drain *self = user_data;

  if (self->state == DRAIN_SERVING)
    drain_begin (self);
  else if (self->undrain == NULL)
    drain_on_undrain (self);
  return G_SOURCE_CONTINUE;
}

static GSource *
drain_watch_signal (Drain *self, int number, GSourceFunc func)
{
  GSource *source = g_unix_signal_source_new (number);

  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, NULL);
  return source;
}

/* --- */

Drain *
drain_new (const DrainFuncs *funcs, gboolean is_worker, gpointer user_data)
{
  Drain *self = g_new0 (Drain, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  self->drain = drain_watch_signal (self, SIGUSR2, drain_on_drain);
  if (is_worker)
    self->undrain = drain_watch_signal (self, SIGWINCH, drain_on_undrain);
  return self;
}

void
drain_free (Drain *self)
{
  imp_source_clear (&self->timer);
  imp_source_clear (&self->drain);
  imp_source_clear (&self->undrain);
  g_clear_pointer (&self->agent, agent_check_free);
  g_clear_pointer (&self->address, imp_address_free);
  g_free (self);
}

void
drain_options_clear (DrainOptions *options)
{
  g_free (options->agent_check);
  g_strfreev (options->agent_check_from);
}

static int
drain_allow (Drain *self)
{
  for (char **mask = self->options->agent_check_from; mask != NULL && *mask != NULL; mask++)
    {
      g_autoptr (GError) error = NULL;

      if (!agent_check_allow (self->agent, *mask, &error))
        return tool_option_error ("--agent-check-from", *mask, error);
    }
  return TOOL_DONE;
}

int
drain_set_options (Drain *self, const DrainOptions *options)
{
  g_autoptr (GError) error = NULL;

  self->options = options;
  if (options->agent_check == NULL)
    return options->agent_check_from == NULL
             ? TOOL_DONE
             : tool_usage_error ("--agent-check-from is for --agent-check");
  self->address = imp_address_parse (options->agent_check, &error);
  if (self->address == NULL
      || !imp_address_refuse_tls (self->address, options->agent_check, &error))
    return tool_option_error ("--agent-check", options->agent_check, error);
  access_options_note_address (self->address);
  self->agent = agent_check_new (&agent_funcs, self);
  return drain_allow (self);
}

static void
drain_on_opened (int status, gpointer user_data)
{
  Drain *self = user_data;

  self->opened (status, self->user_data);
}

void
drain_open (Drain *self, DrainOpened opened)
{
  self->opened = opened;
  if (self->agent != NULL)
    agent_check_open (self->agent, self->address, self->options->agent_check, drain_on_opened);
  else
    opened (TOOL_DONE, self->user_data);
}

void
drain_print (Drain *self)
{
  if (self->agent != NULL)
    agent_check_print (self->agent);
}

void
drain_stop (Drain *self)
{
  drain_set_state (self, DRAIN_STOPPED);
  if (self->agent != NULL)
    agent_check_set_draining (self->agent, TRUE);
}
