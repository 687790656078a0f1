/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-log-private.h"
#include "tool/access-options.h"
#include "tool/handover/hand-over.h"
#include "tool/handover/take-over.h"
#include "tool/log.h"
#include "tool/metrics/metrics.h"
#include "tool/relay/relay-datagrams.h"
#include "tool/relay/relay-group.h"
#include "tool/relay/relay-setup.h"
#include "tool/relay/relay-status.h"
#include "tool/service.h"
#include "tool/tool.h"

typedef struct
{
  RelaySetup *setup;
  ConfigFile *file;    /* what has been read, or NULL */
  ConfigErrors errors; /* of it */
  GPtrArray *groups;
  GMainLoop *loop;
  Metrics *metrics;          /* or NULL */
  Opening *opening;          /* of all listeners; NULL once that is over */
  RelayDatagrams *datagrams; /* that are being opened; NULL once that is over */
  guint n_opened;            /* of the groups: datagrams of theirs */
  RelayRecorder *recorder;   /* or NULL */
  HandOver *hand_over;       /* to whoever replaces this process; NULL without control */
  TakeOver *take_over;       /* from whom this one replaces; NULL: nobody, or that is over */
  Control *control;          /* the same */
  RelayOwn *own;
  gboolean stopped; /* by a signal */
  gboolean given;   /* another process accepts at its sockets */
  int status;
} Relay;

/* Of one connection: its client's socket and its server's. */
#define CONNECTION_DESCRIPTORS 2

static void
relay_clear (Relay *self)
{
  g_clear_pointer (&self->metrics, metrics_free);
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->hand_over, hand_over_free);
  g_clear_pointer (&self->take_over, take_over_free);
  g_clear_pointer (&self->opening, opening_free);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->recorder, relay_recorder_free);
  g_clear_pointer (&self->own, relay_own_free);
  g_clear_pointer (&self->setup, relay_setup_free);
  g_clear_pointer (&self->file, config_file_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Relay, relay_clear)

/* Called whenever a group may have come to its end. */
static void
relay_on_group_stopped (gpointer user_data)
{
  Relay *self = user_data;

  for (guint i = 0; i < self->groups->len; i++)
    if (!relay_group_is_idle (self->groups->pdata[i]))
      return;
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

/* @grace: seconds; without @limited, as long as there are connections. */
static void
relay_stop_groups (Relay *self, guint grace, gboolean limited)
{
  for (guint i = 0; i < self->groups->len; i++)
    relay_group_stop (self->groups->pdata[i]);
  if (limited)
    g_timeout_add_seconds (grace, relay_on_grace_over, self);
  relay_on_group_stopped (self);
}

/* The process with @pid accepts at the sockets, and answers at the others. */
static void
relay_on_given (gint64 pid, gpointer user_data)
{
  Relay *self = user_data;
  const guint grace = self->setup->take_over_grace;

  self->given = TRUE;
  service_notify_replaced (pid);
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->metrics, metrics_free);
  relay_stop_groups (self, grace, grace > 0);
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
  service_notify_stopping (self->setup->grace, "Waiting for connections to end");
  if (self->opening != NULL)
    {
      opening_cancel (self->opening);
      return;
    }
  if (self->datagrams != NULL)
    {
      relay_datagrams_cancel (self->datagrams);
      return;
    }
  relay_stop_groups (self, self->setup->grace, TRUE);
}

static RelayGroup *
relay_add_group (gpointer user_data)
{
  Relay *self = user_data;
  RelayGroup *group = relay_group_new (&self->setup->options, relay_on_group_stopped, self);

  g_ptr_array_add (self->groups, group);
  return group;
}

/* What was caught from now on would not be seen. */
static void
relay_release_errors (Relay *self)
{
  if (self->file == NULL)
    return;
  config_errors_end (&self->errors);
  config_errors_print (self->file);
  g_clear_pointer (&self->file, config_file_free);
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
relay_start_groups (Relay *self)
{
  relay_release_errors (self);
  for (guint i = 0; i < self->groups->len; i++)
    relay_group_start (self->groups->pdata[i]);
  service_notify_ready ("Relaying");
  if (self->hand_over != NULL)
    hand_over_set_ready (self->hand_over);
  if (self->take_over != NULL)
    take_over_finish (self->take_over, relay_on_taken_over, self);
}

/* All that is to be opened was, or one of it cannot be. */
static gboolean
relay_has_opened (Relay *self, int status)
{
  if (status == TOOL_DONE && !self->stopped)
    return TRUE;
  relay_release_errors (self);
  self->status = self->stopped ? TOOL_DONE : status;
  g_main_loop_quit (self->loop);
  return FALSE;
}

static void relay_on_datagrams_opened (int status, gpointer user_data);

static void
relay_open_datagrams (Relay *self)
{
  while (self->n_opened < self->groups->len)
    {
      RelayDatagrams *datagrams = relay_group_get_datagrams (self->groups->pdata[self->n_opened++]);

      if (datagrams == NULL)
        continue;
      self->datagrams = datagrams;
      relay_datagrams_open (datagrams, relay_on_datagrams_opened, self);
      return;
    }
  relay_start_groups (self);
}

static void
relay_on_datagrams_opened (int status, gpointer user_data)
{
  Relay *self = user_data;

  self->datagrams = NULL;
  if (relay_has_opened (self, status))
    relay_open_datagrams (self);
}

static void
relay_on_opened (int status, gpointer user_data)
{
  Relay *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  for (guint i = 0; status == TOOL_DONE && i < self->groups->len; i++)
    status = relay_group_check_listeners (self->groups->pdata[i]);
  if (relay_has_opened (self, status))
    relay_open_datagrams (self);
}

static void
relay_begin_datagrams (gpointer user_data)
{
  Relay *self = user_data;

  if (relay_has_opened (self, TOOL_DONE))
    relay_open_datagrams (self);
}

static void
relay_open_groups (Relay *self)
{
  guint max_connections = tool_limit_connections (self->setup->options.max_connections,
                                                  CONNECTION_DESCRIPTORS * self->groups->len);
  gboolean has_listeners = FALSE;

  self->opening = opening_new ();
  opening_set_mode (self->opening, access_options_get_mode ());
  for (guint i = 0; i < self->groups->len; i++)
    {
      RelayGroup *group = self->groups->pdata[i];

      relay_group_set_max_connections (group, max_connections);
      relay_group_open (group, self->opening);
      has_listeners |= relay_group_get_datagrams (group) == NULL;
    }
  if (has_listeners)
    {
      opening_start (self->opening, relay_on_opened, self);
      return;
    }
  g_clear_pointer (&self->opening, opening_free);
  g_idle_add_once (relay_begin_datagrams, self);
}

static void
relay_describe (MetricsText *text, gpointer user_data)
{
  Relay *self = user_data;

  for (guint i = 0; i < self->groups->len; i++)
    relay_group_describe (self->groups->pdata[i], i + 1, text);
}

static int
relay_open_recorder (Relay *self)
{
  const RelaySetup *setup = self->setup;
  int status = TOOL_DONE;

  if (setup->record != NULL)
    self->recorder = relay_recorder_new (setup->record, setup->record_max, setup->record_max_total,
                                         &status);
  return status;
}

/* What all groups share has to be there before them. */
static int
relay_share (Relay *self)
{
  int status = relay_open_recorder (self);

  self->setup->options.recorder = self->recorder;
  self->setup->options.own = self->own;
  return status;
}

/* What the file says takes the place of what the command line has said. */
static int
relay_read_config (Relay *self)
{
  ConfigFile *file = config_file_read (self->setup->config.path);
  const gboolean check = self->setup->config.check;

  self->file = file;
  self->errors = (ConfigErrors){ .file = file };
  relay_setup_read (self->setup, file);
  config_errors_begin (&self->errors);
  if (check)
    tool_only_check_modules ();
  else if (file->errors->len == 0)
    relay_share (self);
  self->setup->options.own = self->own;
  metrics_check ();
  config_errors_end (&self->errors);
  relay_config_make_groups (file, relay_add_group, self);
  if (!config_errors_print (file))
    return TOOL_DONE;
  g_clear_pointer (&self->file, config_file_free);
  return TOOL_USAGE;
}

static int
relay_make_groups (Relay *self)
{
  int status;

  if (self->setup->config.path != NULL)
    return relay_read_config (self);
  status = metrics_check ();
  if (status == TOOL_DONE)
    status = relay_share (self);
  return status == TOOL_DONE ? relay_parts_make_groups (self->setup->parts, relay_add_group, self)
                             : status;
}

static int
relay_open_control (Relay *self)
{
  if (self->setup->control == NULL)
    return TOOL_DONE;
  self->control = control_new ();
  relay_status_add_commands (self->control, self->groups);
  self->hand_over = hand_over_new (self->control, "relay", relay_on_given, self);
  return control_open (self->control, self->setup->control, FALSE);
}

/* What it has open is what is opened from now on. */
static int
relay_ask_predecessor (Relay *self)
{
  if (self->setup->take_over == NULL)
    return TOOL_DONE;
  self->take_over = take_over_new (self->setup->take_over, "relay");
  return take_over_ask (self->take_over, &self->stopped);
}

static int
relay_run (int argc, char **argv)
{
  g_auto (Relay) self = { .status = TOOL_DONE };
  g_autoptr (GError) error = NULL;
  int status;

  self.groups = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_free);
  self.own = relay_own_new ();
  self.setup = relay_setup_new ();
  self.loop = g_main_loop_new (NULL, FALSE);
  if (!relay_setup_parse (self.setup, &argc, &argv, &status))
    return status;

  if (!service_begin (&error))
    return tool_usage_error ("relay: %s", error->message);
  /* Whoever has read that it listens may send a signal at once. */
  tool_watch_signals (relay_stop, &self);
  status = relay_make_groups (&self);
  log_set_rate (self.setup->log_rate);
  if (self.setup->config.check)
    return status;
  if (self.file != NULL)
    config_errors_begin (&self.errors);
  for (guint i = 0; i < self.groups->len && status == TOOL_DONE && !self.stopped; i++)
    status = relay_group_start_shadow (self.groups->pdata[i], &self.stopped);
  if (status == TOOL_DONE && !self.stopped)
    status = relay_ask_predecessor (&self);
  if (status == TOOL_DONE && !self.stopped)
    self.metrics = metrics_new (relay_describe, &self, &status);
  if (status == TOOL_DONE && !self.stopped)
    status = relay_open_control (&self);
  if (status != TOOL_DONE || self.stopped)
    {
      relay_release_errors (&self);
      return status;
    }
  relay_open_groups (&self);
  g_main_loop_run (self.loop);
  return self.status;
}

const ToolCommand tool_relay = {
  .name = "relay",
  .summary = "forward connections through analyzers",
  .run = relay_run,
};
