/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "send-rig.h"

/* Every stream has the same bytes, so that a byte tells its position up to this. */
#define PERIOD 251

static guint8 pattern[PERIOD + SEND_RIG_MAX_QUEUED_ALL];

static gboolean
send_rig_may_send (gpointer user_data)
{
  return ((SendRig *) user_data)->room > 0;
}

static void
send_rig_announce (ImpSendEntry *entry, gpointer user_data)
{
  SendRig *self = user_data;
  Sender *sender = (Sender *) entry;

  g_assert_cmpuint (self->room, >, 0);
  self->room--;
  sender->n_announced++;
}

static void
send_rig_send (ImpSendEntry *entry, const ImpInput *input, gpointer user_data)
{
  SendRig *self = user_data;
  Sender *sender = (Sender *) entry;
  gsize size, *sent = &sender->sent[input->direction];
  gconstpointer data = g_bytes_get_data (input->data, &size);

  g_assert_true (entry->added);
  g_assert_cmpuint (sender->n_announced, ==, 1);
  g_assert_cmpmem (data, size, pattern + *sent % PERIOD, size);
  *sent += size;
  self->room -= MIN (self->room, 1);
  g_array_append_val (self->served, sender->index);
  if (self->on_send != NULL)
    self->on_send (sender);
}

static void
send_rig_set_paused (ImpSendEntry *entry, gboolean paused, gpointer user_data)
{
  SendRig *self = user_data;
  Sender *sender = (Sender *) entry;

  g_assert_true (entry->added);
  g_assert_cmpint (sender->paused, !=, paused);
  sender->paused = paused;
  if (self->on_paused != NULL)
    self->on_paused (sender, paused);
}

static void
send_rig_hold (ImpSendEntry *entry)
{
  ((Sender *) entry)->n_holds++;
}

static void
send_rig_release (ImpSendEntry *entry)
{
  Sender *sender = (Sender *) entry;

  g_assert_cmpuint (sender->n_holds, >, 0);
  sender->n_holds--;
}

static GPtrArray *
send_rig_list (gpointer user_data)
{
  SendRig *self = user_data;
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) send_rig_release);

  for (guint i = 0; i < SEND_RIG_SENDERS; i++)
    if (self->senders[i].entry.added)
      {
        send_rig_hold (&self->senders[i].entry);
        g_ptr_array_add (entries, &self->senders[i].entry);
      }
  return entries;
}

static const ImpSendFuncs send_rig_funcs = {
  .may_send = send_rig_may_send,
  .announce = send_rig_announce,
  .send = send_rig_send,
  .set_paused = send_rig_set_paused,
  .hold = send_rig_hold,
  .release = send_rig_release,
  .list = send_rig_list,
};

void
send_rig_add (SendRig *self, guint i)
{
  self->senders[i] = (Sender){ .rig = self, .index = i };
  imp_send_scheduler_add (self->scheduler, &self->senders[i].entry);
}

void
send_rig_drop (Sender *sender)
{
  imp_send_scheduler_remove (sender->rig->scheduler, &sender->entry);
  sender->paused = FALSE;
}

void
send_rig_init (SendRig *self, guint n)
{
  const ImpSendLimits limits = {
    .high_water = SEND_RIG_HIGH_WATER,
    .max_queued = SEND_RIG_MAX_QUEUED,
    .max_queued_all = SEND_RIG_MAX_QUEUED_ALL,
  };

  for (gsize i = 0; i < sizeof pattern; i++)
    pattern[i] = i % PERIOD;
  *self = (SendRig){ .served = g_array_new (FALSE, FALSE, sizeof (guint)) };
  self->scheduler = imp_send_scheduler_new (&send_rig_funcs, self);
  imp_send_scheduler_set_limits (self->scheduler, &limits);
  for (guint i = 0; i < n; i++)
    send_rig_add (self, i);
}

void
send_rig_clear (SendRig *self)
{
  self->on_send = NULL;
  self->on_paused = NULL;
  for (guint i = 0; i < SEND_RIG_SENDERS; i++)
    {
      if (self->senders[i].entry.added)
        send_rig_drop (&self->senders[i]);
      g_assert_cmpuint (self->senders[i].n_holds, ==, 0);
    }
  g_assert_cmpuint (imp_send_scheduler_get_n_bytes (self->scheduler), ==, 0);
  imp_send_scheduler_free (self->scheduler);
  g_array_unref (self->served);
}

gboolean
send_rig_try_push (Sender *sender, ImpDirection direction, gsize size, gint32 data_type,
                   GError **error)
{
  gsize *fed = &sender->fed[direction];
  g_autoptr (GBytes) data = g_bytes_new_static (pattern + *fed % PERIOD, size);
  const ImpInput input = { data, 0, data_type, direction };

  /* Said before, as it may be sent at once. */
  *fed += size;
  if (imp_send_scheduler_push (sender->rig->scheduler, &sender->entry, &input, error))
    return TRUE;
  *fed -= size;
  return FALSE;
}

void
send_rig_push (SendRig *self, guint i, gsize size)
{
  g_autoptr (GError) error = NULL;
  gboolean pushed = send_rig_try_push (&self->senders[i], IMP_DIRECTION_FROM_CLIENT, size,
                                       IMP_DATA_TYPE_STREAM, &error);

  g_assert_no_error (error);
  g_assert_true (pushed);
}

void
send_rig_let_send (SendRig *self, gsize n)
{
  self->room = n;
  imp_send_scheduler_run (self->scheduler);
}

char *
send_rig_take_served (SendRig *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->served->len; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? " " : "", g_array_index (self->served, guint, i));
  g_array_set_size (self->served, 0);
  return g_string_free (text, FALSE);
}

guint
send_rig_count_paused (const SendRig *self)
{
  guint n = 0;

  for (guint i = 0; i < SEND_RIG_SENDERS; i++)
    n += self->senders[i].entry.added && self->senders[i].paused;
  return n;
}
