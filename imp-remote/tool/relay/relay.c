/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-log-private.h"
#include "tool/config/config-changes.h"
#include "tool/config/config-drafts.h"
#include "tool/handover/hand-over.h"
#include "tool/handover/take-over.h"
#include "tool/log.h"
#include "tool/metrics/metrics.h"
#include "tool/relay/relay-draft.h"
#include "tool/relay/relay-status.h"
#include "tool/service.h"
#include "tool/tool.h"
#include "tool/trace/trace.h"

typedef struct
{
  RelaySetup *setup;
  ConfigFile *file;  /* what it was read from, or NULL */
  GPtrArray *groups; /* of RelayGroup: those that accept connections */
  GPtrArray *former; /* the same: those that have connections, and accept none */
  GPtrArray *all;    /* both */
  RelayDraft *draft; /* what is about to take the place of all, or NULL */
  gboolean drafting; /* the same, and it is not complete yet */
  gboolean again;    /* the file may have changed since it was read */
  RelayCommon common;
  Metrics *metrics;    /* or NULL */
  Control *control;    /* the same */
  HandOver *hand_over; /* to whoever replaces this process; NULL without control */
  TakeOver *take_over; /* from whom this one replaces; NULL: nobody, or that is over */
  GMainLoop *loop;
  guint sweep;      /* the source of it, or 0 */
  gboolean stopped; /* by a signal */
  gboolean given;   /* another process accepts at its sockets */
  int status;
} Relay;

static void relay_reload (gpointer user_data);

static void
relay_clear (Relay *self)
{
  g_clear_pointer (&self->metrics, metrics_free);
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->hand_over, hand_over_free);
  g_clear_pointer (&self->take_over, take_over_free);
  g_clear_handle_id (&self->sweep, g_source_remove);
  g_clear_pointer (&self->draft, relay_draft_free);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->former, g_ptr_array_unref);
  g_clear_pointer (&self->all, g_ptr_array_unref);
  g_clear_pointer (&self->common.recorder, relay_recorder_free);
  g_clear_pointer (&self->common.own, relay_own_free);
  g_clear_pointer (&self->setup, relay_setup_free);
  g_clear_pointer (&self->file, config_file_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  /* Those of the last connections are written by now. */
  trace_close ();
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Relay, relay_clear)

static void
relay_add_all (Relay *self, const GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++)
    g_ptr_array_add (self->all, relay_group_ref (groups->pdata[i]));
}

static void
relay_update_all (Relay *self)
{
  g_ptr_array_set_size (self->all, 0);
  relay_add_all (self, self->groups);
  relay_add_all (self, self->former);
}

/* ---- the end ---- */

static gboolean
relay_is_ending (const Relay *self)
{
  return self->stopped || self->given;
}

static gboolean
relay_are_idle (GPtrArray *groups)
{
  for (guint i = 0; i < groups->len; i++)
    if (!relay_group_is_idle (groups->pdata[i]))
      return FALSE;
  return TRUE;
}

/* The last connection of a former group has ended: so do its modules. */
static gboolean
relay_on_sweep (gpointer user_data)
{
  Relay *self = user_data;

  self->sweep = 0;
  for (guint i = self->former->len; i-- > 0;)
    if (relay_group_is_idle (self->former->pdata[i]))
      g_ptr_array_remove_index (self->former, i);
  relay_update_all (self);
  return G_SOURCE_REMOVE;
}

/* Called whenever a group may have come to its end, by that group. */
static void
relay_on_group_stopped (gpointer user_data)
{
  Relay *self = user_data;

  if (self->sweep == 0 && self->former->len > 0)
    self->sweep = g_idle_add (relay_on_sweep, self);
  if (relay_is_ending (self) && relay_are_idle (self->groups) && relay_are_idle (self->former))
    g_main_loop_quit (self->loop);
}

static gboolean
relay_on_grace_over (gpointer user_data)
{
  Relay *self = user_data;

  imp_log_kind (IMP_LOG_ENDING, "Connections that are still there after %u seconds are closed",
                self->stopped ? self->setup->grace : self->setup->take_over_grace);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* To another process they are given for as long as it takes, unless somebody has said otherwise. */
static void
relay_stop_groups (Relay *self)
{
  const guint grace = self->stopped ? self->setup->grace : self->setup->take_over_grace;

  for (guint i = 0; i < self->groups->len; i++)
    relay_group_stop (self->groups->pdata[i]);
  if (self->stopped || grace > 0)
    g_timeout_add_seconds (grace, relay_on_grace_over, self);
  relay_on_group_stopped (self);
}

/* What is about to take the place of all does not any more. */
static void
relay_begin_end (Relay *self)
{
  if (self->draft == NULL)
    relay_stop_groups (self);
  else if (!self->drafting)
    relay_draft_cancel (self->draft);
}

/* The process with @pid accepts at the sockets, and answers at the others. */
static void
relay_on_given (gint64 pid, gpointer user_data)
{
  Relay *self = user_data;

  self->given = TRUE;
  service_notify_replaced (pid);
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->metrics, metrics_free);
  if (!self->stopped)
    relay_begin_end (self);
}

static void
relay_stop (gpointer user_data)
{
  Relay *self = user_data;

  self->stopped = TRUE;
  if (self->hand_over != NULL)
    hand_over_stop (self->hand_over);
  if (self->given)
    {
      g_timeout_add_seconds (self->setup->grace, relay_on_grace_over, self);
      return;
    }
  service_notify_stopping (self->setup != NULL ? self->setup->grace : 0,
                           "Waiting for connections to end");
  relay_begin_end (self);
}

/* ---- what runs ---- */

static void
relay_replace_former (Relay *self, GPtrArray *groups)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      RelayGroup *group = self->groups->pdata[i];

      if (g_ptr_array_find (groups, group, NULL))
        continue;
      relay_group_stop (group);
      if (!relay_group_is_idle (group))
        g_ptr_array_add (self->former, relay_group_ref (group));
    }
  g_ptr_array_unref (self->groups);
  self->groups = g_ptr_array_ref (groups);
  relay_update_all (self);
}

/* First the sockets go to those who accept from now on, then the others are closed. */
static void
relay_adopt (Relay *self)
{
  GPtrArray *groups = relay_draft_get_groups (self->draft);

  for (guint i = 0; i < groups->len; i++)
    if (!relay_group_is_started (groups->pdata[i]))
      relay_group_start (groups->pdata[i]);
  relay_replace_former (self, groups);
  g_clear_pointer (&self->setup, relay_setup_free);
  self->setup = relay_draft_steal_setup (self->draft);
  g_clear_pointer (&self->file, config_file_free);
  self->file = relay_draft_steal_file (self->draft);
  log_set_rate (self->setup->log_rate);
  if (self->hand_over != NULL)
    hand_over_set_timeout (self->hand_over, self->setup->take_over_timeout);
}

/* If that has failed, the other process goes on, and this one must not. */
static void
relay_on_taken_over (int status, gpointer user_data)
{
  Relay *self = user_data;

  g_clear_pointer (&self->take_over, take_over_free);
  if (status == TOOL_DONE || self->stopped)
    return;
  self->status = status;
  relay_stop (self);
}

static void
relay_begin (Relay *self)
{
  relay_adopt (self);
  service_notify_ready ("Relaying");
  if (self->hand_over != NULL)
    hand_over_set_ready (self->hand_over);
  if (self->take_over != NULL)
    take_over_finish (self->take_over, relay_on_taken_over, self);
}

static void
relay_on_first_open (int status, gpointer user_data)
{
  Relay *self = user_data;

  if (status == TOOL_DONE)
    relay_begin (self);
  g_clear_pointer (&self->draft, relay_draft_free);
  if (status != TOOL_DONE)
    {
      self->status = self->stopped ? TOOL_DONE : status;
      g_main_loop_quit (self->loop);
    }
  else if (self->again)
    relay_reload (self);
}

/* ---- the same again ---- */

static void
relay_adopt_again (Relay *self)
{
  relay_config_log_later (self->file, relay_draft_get_file (self->draft));
  relay_adopt (self);
  config_changes_log_outcome (self->file->path, TRUE);
}

/* What is wrong has been printed already. */
static void
relay_end_reload (Relay *self, int status)
{
  const gboolean good = status == TOOL_DONE && !relay_is_ending (self);

  config_drafts_end (good);
  if (good)
    relay_adopt_again (self);
  else if (!relay_is_ending (self))
    config_changes_log_outcome (self->file->path, FALSE);
  g_clear_pointer (&self->draft, relay_draft_free);
  service_notify_reloaded ();
  if (relay_is_ending (self))
    relay_stop_groups (self);
  else if (self->again)
    relay_reload (self);
}

static void
relay_on_open_again (int status, gpointer user_data)
{
  relay_end_reload (user_data, status);
}

/* What is asked of it meanwhile is done at the end. */
static int
relay_make_draft (Relay *self, RelaySetup *setup)
{
  int status;

  self->again = FALSE;
  self->draft = relay_draft_new (setup, &self->common, self->groups);
  self->drafting = TRUE;
  status = relay_draft_make (self->draft);
  if (status == TOOL_DONE && !setup->config.check)
    status = relay_draft_start_shadows (self->draft, &self->stopped);
  self->drafting = FALSE;
  return status;
}

static void
relay_reload (gpointer user_data)
{
  Relay *self = user_data;
  RelaySetup *setup;
  int status;

  if (self->draft != NULL || relay_is_ending (self))
    {
      self->again = TRUE;
      return;
    }
  service_notify_reloading ();
  setup = relay_setup_new ();
  setup->config.path = g_strdup (self->setup->config.path);
  config_drafts_begin ();
  status = relay_make_draft (self, setup);
  if (status != TOOL_DONE || relay_is_ending (self))
    relay_end_reload (self, status);
  else
    relay_draft_open (self->draft, relay_on_open_again, self);
}

/* ---- the beginning ---- */

static void
relay_describe (MetricsText *text, gpointer user_data)
{
  Relay *self = user_data;

  for (guint i = 0; i < self->groups->len; i++)
    relay_group_describe (self->groups->pdata[i], i + 1, self->former, text);
  if (self->common.recorder != NULL)
    relay_recorder_describe (self->common.recorder, text);
}

static int
relay_open_control (Relay *self, const RelaySetup *setup)
{
  relay_status_log_on_signal (self->all);
  if (setup->control == NULL)
    return TOOL_DONE;
  self->control = control_new ();
  relay_status_add_commands (self->control, self->all);
  self->hand_over = hand_over_new (self->control, "relay", relay_on_given, self);
  return control_open (self->control, setup->control, FALSE);
}

/* What it has open is what is opened from now on. */
static int
relay_ask_predecessor (Relay *self, const RelaySetup *setup)
{
  if (setup->take_over == NULL)
    return TOOL_DONE;
  self->take_over = take_over_new (setup->take_over, "relay");
  return take_over_ask (self->take_over, &self->stopped);
}

/* Where others ask what happens. */
static int
relay_open_counters (Relay *self, const RelaySetup *setup)
{
  int status;

  relay_draft_begin_errors (self->draft);
  status = relay_ask_predecessor (self, setup);
  if (status == TOOL_DONE && !self->stopped)
    self->metrics = metrics_new (relay_describe, self, &status);
  if (status == TOOL_DONE && !self->stopped)
    status = relay_open_control (self, setup);
  return relay_draft_end_errors (self->draft, status);
}

static int
relay_start (Relay *self, RelaySetup *setup)
{
  int status;

  /* Whoever has read that it listens may send a signal at once. */
  tool_watch_signals (relay_stop, self);
  if (setup->config.path != NULL)
    tool_watch_reload (relay_reload);
  status = relay_make_draft (self, setup);
  if (status == TOOL_DONE && !self->stopped && !setup->config.check)
    status = relay_open_counters (self, setup);
  if (status == TOOL_DONE && !self->stopped && !setup->config.check)
    status = trace_open ();
  if (status != TOOL_DONE || self->stopped || setup->config.check)
    return status;
  relay_draft_open (self->draft, relay_on_first_open, self);
  g_main_loop_run (self->loop);
  return self->status;
}

static int
relay_run (int argc, char **argv)
{
  g_auto (Relay) self = { .status = TOOL_DONE };
  g_autoptr (RelaySetup) setup = relay_setup_new ();
  g_autoptr (GError) error = NULL;
  int status;

  if (!relay_setup_parse (setup, &argc, &argv, &status))
    return status;
  if (setup->config.check)
    tool_only_check_modules (TRUE);
  else if (!service_begin (&error))
    return tool_usage_error ("relay: %s", error->message);
  self.groups = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_unref);
  self.former = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_unref);
  self.all = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_unref);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.common.own = relay_own_new ();
  self.common.stopped = relay_on_group_stopped;
  self.common.user_data = &self;
  return relay_start (&self, g_steal_pointer (&setup));
}

const ToolCommand tool_relay = {
  .name = "relay",
  .summary = "forward connections through analyzers",
  .run = relay_run,
};
