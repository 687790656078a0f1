/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-draft.h"

#include "core/imp-log-private.h"
#include "tool/access-options.h"
#include "tool/metrics/metrics.h"

struct _RelayDraft
{
  RelaySetup *setup;
  RelayCommon *common;
  GPtrArray *before; /* of RelayGroup */
  GPtrArray *groups; /* the same */
  ConfigFile *file;  /* or NULL */
  ConfigErrors errors;

  Opening *opening;          /* of all listeners; NULL once that is over */
  RelayDatagrams *datagrams; /* that are being opened; NULL once that is over */
  guint n_opened;            /* of the groups: datagrams of theirs */
  gboolean cancelled;
  RelayDraftFunc done; /* NULL: not under way */
  gpointer user_data;
};

/* Of one connection: its client's socket and its server's. */
#define CONNECTION_DESCRIPTORS 2

RelayDraft *
relay_draft_new (RelaySetup *setup, RelayCommon *common, GPtrArray *before)
{
  RelayDraft *self = g_new0 (RelayDraft, 1);

  self->setup = setup;
  self->common = common;
  self->before = g_ptr_array_ref (before);
  self->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_unref);
  return self;
}

void
relay_draft_free (RelayDraft *self)
{
  g_assert (self->done == NULL);
  g_ptr_array_unref (self->groups);
  g_ptr_array_unref (self->before);
  g_clear_pointer (&self->file, config_file_free);
  g_clear_pointer (&self->setup, relay_setup_free);
  g_free (self);
}

GPtrArray *
relay_draft_get_groups (RelayDraft *self)
{
  return self->groups;
}

RelaySetup *
relay_draft_steal_setup (RelayDraft *self)
{
  return g_steal_pointer (&self->setup);
}

const ConfigFile *
relay_draft_get_file (RelayDraft *self)
{
  return self->file;
}

ConfigFile *
relay_draft_steal_file (RelayDraft *self)
{
  return g_steal_pointer (&self->file);
}

void
relay_draft_begin_errors (RelayDraft *self)
{
  if (self->file != NULL)
    config_errors_begin (&self->errors);
}

int
relay_draft_end_errors (RelayDraft *self, int status)
{
  if (self->file != NULL)
    {
      config_errors_end (&self->errors);
      config_errors_print (self->file);
    }
  return status;
}

/* ---- making ---- */

static RelayGroup *
relay_draft_add_group (gpointer user_data)
{
  RelayDraft *self = user_data;
  RelayGroup *group = relay_group_new (&self->setup->options, self->common->stopped,
                                       self->common->user_data);

  g_ptr_array_add (self->groups, group);
  return group;
}

static RelayGroup *
relay_draft_find_before (RelayDraft *self, const char *name)
{
  for (guint i = 0; i < self->before->len; i++)
    if (g_strcmp0 (relay_group_get_name (self->before->pdata[i]), name) == 0)
      return self->before->pdata[i];
  return NULL;
}

/* One of which nothing has changed stays. */
static RelayGroup *
relay_draft_add_section (const char *name, const char *fingerprint, gpointer user_data)
{
  RelayDraft *self = user_data;
  RelayGroup *before = relay_draft_find_before (self, name);
  RelayGroup *group;

  if (before != NULL && g_strcmp0 (relay_group_get_fingerprint (before), fingerprint) == 0)
    {
      relay_group_note_addresses (before);
      g_ptr_array_add (self->groups, relay_group_ref (before));
      return NULL;
    }
  group = relay_draft_add_group (self);
  relay_group_set_name (group, name, fingerprint);
  if (before != NULL)
    relay_group_continue (group, before);
  return group;
}

/* The first time; recordings go on with what that said. */
static int
relay_draft_open_recorder (RelayDraft *self)
{
  const RelaySetup *setup = self->setup;
  int status = TOOL_DONE;

  if (setup->record != NULL && self->before->len == 0)
    self->common->recorder = relay_recorder_new (setup->record, setup->record_max,
                                                 setup->record_max_total, &status);
  return status;
}

/* What all groups share has to be there before them. */
static int
relay_draft_share (RelayDraft *self)
{
  int status = self->setup->config.check ? TOOL_DONE : relay_draft_open_recorder (self);

  self->setup->options.recorder = self->common->recorder;
  self->setup->options.own = self->common->own;
  return status;
}

/* Datagrams of one client come to the socket of all: it cannot be given away while there are
 * clients. */
static void
relay_draft_keep_datagrams (RelayDraft *self)
{
  for (guint i = 0; i < self->groups->len; i++)
    {
      RelayGroup *group = self->groups->pdata[i];
      RelayGroup *before = relay_draft_find_before (self, relay_group_get_name (group));

      if (before == NULL || before == group || !relay_group_has_same_datagrams (group, before))
        continue;
      imp_log_kind (IMP_LOG_SETTINGS,
                    "[listener %s] is for datagrams: what has changed of it or of [relay] is "
                    "for the next start, and it goes on as it is",
                    relay_group_get_name (group));
      relay_group_unref (group);
      self->groups->pdata[i] = relay_group_ref (before);
    }
}

static void
relay_draft_claim (RelayDraft *self)
{
  relay_draft_keep_datagrams (self);
  for (guint i = 0; i < self->groups->len; i++)
    for (guint j = 0; j < self->before->len; j++)
      if (!relay_group_is_started (self->groups->pdata[i])
          && !g_ptr_array_find (self->groups, self->before->pdata[j], NULL))
        relay_group_claim_ports (self->groups->pdata[i], self->before->pdata[j]);
}

/* What the file says takes the place of what the command line has said. */
static int
relay_draft_read (RelayDraft *self)
{
  ConfigFile *file = config_file_read (self->setup->config.path);

  self->file = file;
  self->errors = (ConfigErrors){ .file = file };
  relay_setup_read (self->setup, file);
  config_errors_begin (&self->errors);
  if (file->errors->len == 0)
    relay_draft_share (self);
  metrics_check ();
  config_errors_end (&self->errors);
  relay_config_make_groups (file, relay_draft_add_section, self);
  if (config_errors_print (file))
    return TOOL_USAGE;
  relay_draft_claim (self);
  return TOOL_DONE;
}

int
relay_draft_make (RelayDraft *self)
{
  int status;

  if (self->setup->config.path != NULL)
    return relay_draft_read (self);
  status = metrics_check ();
  if (status == TOOL_DONE)
    status = relay_draft_share (self);
  if (status != TOOL_DONE)
    return status;
  return relay_parts_make_groups (self->setup->parts, relay_draft_add_group, self);
}

/* ---- opening ---- */

int
relay_draft_start_shadows (RelayDraft *self, const gboolean *stopped)
{
  int status = TOOL_DONE;

  relay_draft_begin_errors (self);
  for (guint i = 0; i < self->groups->len && status == TOOL_DONE && !*stopped; i++)
    if (!relay_group_is_started (self->groups->pdata[i]))
      status = relay_group_start_shadow (self->groups->pdata[i], stopped);
  return relay_draft_end_errors (self, status);
}

static void
relay_draft_finish (RelayDraft *self, int status)
{
  RelayDraftFunc done = g_steal_pointer (&self->done);

  if (status == TOOL_DONE && self->cancelled)
    status = TOOL_FAILED;
  done (relay_draft_end_errors (self, status), self->user_data);
}

static void relay_draft_on_datagrams_opened (int status, gpointer user_data);

static void
relay_draft_open_datagrams (RelayDraft *self)
{
  while (self->n_opened < self->groups->len && !self->cancelled)
    {
      RelayGroup *group = self->groups->pdata[self->n_opened++];

      if (relay_group_is_started (group) || relay_group_get_datagrams (group) == NULL)
        continue;
      self->datagrams = relay_group_get_datagrams (group);
      relay_datagrams_open (self->datagrams, relay_draft_on_datagrams_opened, self);
      return;
    }
  relay_draft_finish (self, TOOL_DONE);
}

static void
relay_draft_on_datagrams_opened (int status, gpointer user_data)
{
  RelayDraft *self = user_data;

  self->datagrams = NULL;
  if (status == TOOL_DONE)
    relay_draft_open_datagrams (self);
  else
    relay_draft_finish (self, status);
}

static void
relay_draft_on_opened (int status, gpointer user_data)
{
  RelayDraft *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  for (guint i = 0; status == TOOL_DONE && i < self->groups->len; i++)
    if (!relay_group_is_started (self->groups->pdata[i]))
      status = relay_group_check_listeners (self->groups->pdata[i]);
  if (status == TOOL_DONE)
    relay_draft_open_datagrams (self);
  else
    relay_draft_finish (self, status);
}

static void
relay_draft_on_nothing_to_open (gpointer user_data)
{
  relay_draft_on_opened (TOOL_DONE, user_data);
}

void
relay_draft_open (RelayDraft *self, RelayDraftFunc done, gpointer user_data)
{
  const guint max_connections = tool_limit_connections (self->setup->options.max_connections,
                                                        CONNECTION_DESCRIPTORS * self->groups->len);
  gboolean has_listeners = FALSE;

  self->done = done;
  self->user_data = user_data;
  relay_draft_begin_errors (self);
  self->opening = opening_new ();
  opening_set_mode (self->opening, access_options_get_mode ());
  for (guint i = 0; i < self->groups->len; i++)
    {
      RelayGroup *group = self->groups->pdata[i];

      if (relay_group_is_started (group))
        continue;
      relay_group_set_max_connections (group, max_connections);
      has_listeners |= relay_group_open (group, self->opening);
    }
  if (has_listeners)
    {
      opening_start (self->opening, relay_draft_on_opened, self);
      return;
    }
  g_clear_pointer (&self->opening, opening_free);
  g_idle_add_once (relay_draft_on_nothing_to_open, self);
}

void
relay_draft_cancel (RelayDraft *self)
{
  self->cancelled = TRUE;
  if (self->opening != NULL)
    opening_cancel (self->opening);
  else if (self->datagrams != NULL)
    relay_datagrams_cancel (self->datagrams);
}
