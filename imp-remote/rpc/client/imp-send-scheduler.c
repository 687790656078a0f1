/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-send-scheduler-private.h"

#include "core/imp-error.h"

/* What an entry is expected to bring when it is released. */
#define RELEASE_SIZE (256 * 1024)
/* Smaller pieces are copied: each could be a slice that keeps a whole read buffer. */
#define COPY_BELOW 4096

struct _ImpSendScheduler
{
  const ImpSendFuncs *funcs;
  gpointer user_data;
  ImpSendLimits limits;
  ImpWatermark
    entry_level;      /* of what waits for one entry, which knows itself whether it is above */
  ImpWatermark level; /* of all that waits */
  gsize n_bytes;      /* that */
  GQueue backlog;     /* of ImpSendEntry, in the order in which they are served */
  GQueue held_back;   /* of ImpSendEntry, in the order in which they are released */
  gboolean congested; /* entries are held back */
  gboolean released;  /* some of them may go on, and have not filled the room yet */
  gboolean stopped;
};

ImpSendScheduler *
imp_send_scheduler_new (const ImpSendFuncs *funcs, gpointer user_data)
{
  ImpSendScheduler *self = g_new0 (ImpSendScheduler, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
imp_send_scheduler_free (ImpSendScheduler *self)
{
  g_assert (self->backlog.length == 0 && self->held_back.length == 0 && self->n_bytes == 0);

  g_free (self);
}

void
imp_send_scheduler_set_limits (ImpSendScheduler *self, const ImpSendLimits *limits)
{
  self->limits = *limits;
  imp_watermark_set_high (&self->entry_level, limits->high_water);
  imp_watermark_set_high (&self->level, limits->max_queued_all / 4);
}

static gsize
send_entry_get_n_bytes (const ImpSendEntry *entry)
{
  return entry->input != NULL ? imp_input_queue_get_n_bytes (entry->input) : 0;
}

static void
send_scheduler_join_backlog (ImpSendScheduler *self, ImpSendEntry *entry)
{
  if (entry->backlogged)
    return;
  entry->backlogged = TRUE;
  entry->backlog_node.data = entry;
  g_queue_push_tail_link (&self->backlog, &entry->backlog_node);
}

static void
send_scheduler_leave_backlog (ImpSendScheduler *self, ImpSendEntry *entry)
{
  if (!entry->backlogged)
    return;
  entry->backlogged = FALSE;
  g_queue_unlink (&self->backlog, &entry->backlog_node);
}

/* To be held back counts as more than anything that could wait. */
static void
send_scheduler_update_pause (ImpSendScheduler *self, ImpSendEntry *entry)
{
  gsize n_bytes = entry->held_back != NULL ? G_MAXSIZE : send_entry_get_n_bytes (entry);
  ImpWatermark level = self->entry_level;

  level.is_above = entry->paused;
  if (imp_watermark_update (&level, n_bytes) == IMP_WATERMARK_SAME)
    return;
  entry->paused = !entry->paused;
  self->funcs->set_paused (entry, entry->paused, self->user_data);
}

static void
send_scheduler_hold_back (ImpSendScheduler *self, ImpSendEntry *entry)
{
  if (entry->held_back != NULL)
    return;
  g_queue_push_tail (&self->held_back, entry);
  entry->held_back = self->held_back.tail;
  send_scheduler_update_pause (self, entry);
}

static void
send_scheduler_leave_held_back (ImpSendScheduler *self, ImpSendEntry *entry)
{
  if (entry->held_back != NULL)
    g_queue_delete_link (&self->held_back, g_steal_pointer (&entry->held_back));
}

/* Those first that have had nothing of the room. */
static void
send_scheduler_hold_back_all (ImpSendScheduler *self)
{
  g_autoptr (GPtrArray) entries = self->funcs->list (self->user_data);

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < entries->len; i++)
      {
        ImpSendEntry *entry = entries->pdata[i];

        if (entry->added && self->congested && (pass == 1 || send_entry_get_n_bytes (entry) == 0))
          send_scheduler_hold_back (self, entry);
      }
}

/* Each may bring the next piece as soon as it is released, so that there may be no room for more of
 * them. */
static void
send_scheduler_release (ImpSendScheduler *self, gsize n)
{
  self->released = TRUE;
  for (; n > 0 && self->congested && self->n_bytes <= imp_watermark_get_low (&self->level); n--)
    {
      ImpSendEntry *entry = g_queue_peek_head (&self->held_back);

      if (entry == NULL)
        {
          self->congested = FALSE;
          return;
        }
      self->funcs->hold (entry);
      send_scheduler_leave_held_back (self, entry);
      send_scheduler_update_pause (self, entry);
      self->funcs->release (entry);
    }
}

static void
send_scheduler_update_congestion (ImpSendScheduler *self)
{
  gsize high = imp_watermark_get_high (&self->level), low = imp_watermark_get_low (&self->level);

  if (self->stopped)
    return;
  if (self->n_bytes > low)
    self->released = FALSE;
  if (self->n_bytes > high && !self->congested)
    {
      self->congested = TRUE;
      send_scheduler_hold_back_all (self);
    }
  else if (self->congested && self->n_bytes == 0)
    send_scheduler_release (self, G_MAXSIZE);
  else if (self->congested && self->n_bytes <= low && !self->released)
    send_scheduler_release (self, (high - low) / RELEASE_SIZE + 1);
}

void
imp_send_scheduler_add (ImpSendScheduler *self, ImpSendEntry *entry)
{
  g_assert (!entry->added);

  entry->added = TRUE;
  if (self->congested)
    send_scheduler_hold_back (self, entry);
  if (!entry->added)
    return;
  if (self->backlog.length > 0 || !self->funcs->may_send (self->user_data))
    {
      send_scheduler_join_backlog (self, entry);
      return;
    }
  entry->announced = TRUE;
  self->funcs->announce (entry, self->user_data);
}

static void
send_entry_clear_input (ImpSendEntry *entry)
{
  ImpInputQueue *input = g_steal_pointer (&entry->input);

  if (input == NULL)
    return;
  imp_input_queue_clear (input);
  g_free (input);
}

ImpInputQueue *
imp_send_scheduler_remove_with_input (ImpSendScheduler *self, ImpSendEntry *entry)
{
  ImpInputQueue *input;

  self->n_bytes -= send_entry_get_n_bytes (entry);
  input = g_steal_pointer (&entry->input);
  imp_send_scheduler_remove (self, entry);
  return input;
}

void
imp_send_scheduler_remove (ImpSendScheduler *self, ImpSendEntry *entry)
{
  g_assert (entry->added);

  entry->added = FALSE;
  entry->paused = FALSE; /* nobody is asked to go on any more */
  self->n_bytes -= send_entry_get_n_bytes (entry);
  send_scheduler_leave_backlog (self, entry);
  send_scheduler_leave_held_back (self, entry);
  send_entry_clear_input (entry);
  send_scheduler_update_congestion (self);
}

static gboolean
send_scheduler_check_limits (ImpSendScheduler *self, ImpSendEntry *entry, gsize size,
                             GError **error)
{
  const ImpSendLimits *limits = &self->limits;
  gsize n_bytes = send_entry_get_n_bytes (entry);

  if (size <= limits->max_queued - MIN (n_bytes, limits->max_queued)
      && size <= limits->max_queued_all - MIN (self->n_bytes, limits->max_queued_all))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "%" G_GSIZE_FORMAT " bytes wait to be sent for the analyzer (max-queued is "
               "%" G_GSIZE_FORMAT "), %" G_GSIZE_FORMAT " for all (max-queued-all is "
               "%" G_GSIZE_FORMAT "), %" G_GSIZE_FORMAT " more came",
               n_bytes, limits->max_queued, self->n_bytes, limits->max_queued_all, size);
  return FALSE;
}

gboolean
imp_send_scheduler_push (ImpSendScheduler *self, ImpSendEntry *entry, const ImpInput *input,
                         GError **error)
{
  gsize size = g_bytes_get_size (input->data);

  g_assert (entry->added);

  if (!send_scheduler_check_limits (self, entry, size, error))
    return FALSE;
  if (entry->input == NULL)
    {
      entry->input = g_new (ImpInputQueue, 1);
      imp_input_queue_init (entry->input, COPY_BELOW);
    }
  imp_input_queue_push (entry->input, input);
  self->n_bytes += size;
  send_scheduler_join_backlog (self, entry);

  self->funcs->hold (entry);
  if (self->congested)
    send_scheduler_hold_back (self, entry);
  send_scheduler_update_pause (self, entry);
  send_scheduler_update_congestion (self);
  self->funcs->release (entry);
  imp_send_scheduler_run (self);
  return TRUE;
}

/* The next piece of the entry, which then waits behind the others or not at all. */
static gboolean
send_scheduler_take (ImpSendScheduler *self, ImpSendEntry *entry, ImpInput *input)
{
  gboolean taken = entry->input != NULL
                   && imp_input_queue_take (entry->input, IMP_INPUT_PIECE_SIZE, input);

  send_scheduler_leave_backlog (self, entry);
  if (taken)
    self->n_bytes -= g_bytes_get_size (input->data);
  if (entry->input == NULL)
    return taken;
  if (imp_input_queue_is_empty (entry->input))
    send_entry_clear_input (entry);
  else
    send_scheduler_join_backlog (self, entry);
  return taken;
}

/* One turn of one entry. */
static void
send_scheduler_serve (ImpSendScheduler *self, ImpSendEntry *entry)
{
  gboolean announced = entry->announced;
  ImpInput input;
  gboolean taken = send_scheduler_take (self, entry, &input);

  entry->announced = TRUE;
  if (!announced)
    self->funcs->announce (entry, self->user_data);
  if (taken)
    {
      if (entry->added)
        self->funcs->send (entry, &input, self->user_data);
      g_bytes_unref (input.data);
    }
  send_scheduler_update_pause (self, entry);
  send_scheduler_update_congestion (self);
}

void
imp_send_scheduler_run (ImpSendScheduler *self)
{
  while (self->backlog.length > 0 && !self->stopped && self->funcs->may_send (self->user_data))
    {
      ImpSendEntry *entry = self->backlog.head->data;

      self->funcs->hold (entry);
      send_scheduler_serve (self, entry);
      self->funcs->release (entry);
    }
}

void
imp_send_scheduler_stop (ImpSendScheduler *self)
{
  self->stopped = TRUE;
}

const ImpSendEntry *
imp_send_scheduler_peek_unannounced (const ImpSendScheduler *self)
{
  for (const GList *l = self->backlog.head; l != NULL; l = l->next)
    if (!((const ImpSendEntry *) l->data)->announced)
      return l->data;
  return NULL;
}

gsize
imp_send_scheduler_get_n_bytes (const ImpSendScheduler *self)
{
  return self->n_bytes;
}
