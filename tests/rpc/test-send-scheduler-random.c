/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The send scheduler against a model that keeps lists of numbers. */
#include "send-rig.h"

#define PIECE IMP_INPUT_PIECE_SIZE
#define HIGH_WATER SEND_RIG_HIGH_WATER
#define MAX_QUEUED SEND_RIG_MAX_QUEUED
#define MAX_QUEUED_ALL SEND_RIG_MAX_QUEUED_ALL
#define N_SENDERS SEND_RIG_SENDERS

/* Whose turn it is, and what they have to send. */
typedef struct
{
  GList *turns;              /* of indexes */
  GQueue pieces[N_SENDERS];  /* of sizes */
  gboolean known[N_SENDERS]; /* it has been announced */
  gsize n_bytes;
  gsize room;
  GString *served; /* as send_rig_take_served() says it */
  gsize most_room; /* there is less than that after any step */
  guint n_refused, n_congested;
} Model;

static void
model_serve (Model *model)
{
  while (model->turns != NULL && model->room > 0)
    {
      guint i = GPOINTER_TO_UINT (model->turns->data);
      GQueue *pieces = &model->pieces[i];

      model->turns = g_list_delete_link (model->turns, model->turns);
      if (!model->known[i])
        model->room--;
      model->known[i] = TRUE;
      if (pieces->length > 0)
        {
          gsize size = GPOINTER_TO_SIZE (g_queue_pop_head (pieces));

          model->n_bytes -= size;
          model->room -= MIN (model->room, 1);
          g_string_append_printf (model->served, "%s%u", model->served->len > 0 ? " " : "", i);
        }
      if (pieces->length > 0)
        model->turns = g_list_append (model->turns, GUINT_TO_POINTER (i));
    }
}

static void
model_join (Model *model, guint i)
{
  if (g_list_find (model->turns, GUINT_TO_POINTER (i)) == NULL)
    model->turns = g_list_append (model->turns, GUINT_TO_POINTER (i));
}

static void
model_push (Model *model, guint i, gsize size, gint32 data_type)
{
  model->n_bytes += size;
  for (; size > PIECE && data_type == IMP_DATA_TYPE_STREAM; size -= PIECE)
    g_queue_push_tail (&model->pieces[i], GSIZE_TO_POINTER (PIECE));
  g_queue_push_tail (&model->pieces[i], GSIZE_TO_POINTER (size));
  model_join (model, i);
  model_serve (model);
}

static gsize
model_count (Model *model, guint i)
{
  gsize n = 0;

  for (GList *l = model->pieces[i].head; l != NULL; l = l->next)
    n += GPOINTER_TO_SIZE (l->data);
  return n;
}

static void
model_remove (Model *model, guint i)
{
  model->n_bytes -= model_count (model, i);
  g_queue_clear (&model->pieces[i]);
  model->turns = g_list_remove (model->turns, GUINT_TO_POINTER (i));
  model->known[i] = FALSE;
}

static void
random_push (SendRig *rig, Model *model, guint i)
{
  gsize size = g_test_rand_int_range (0, g_test_rand_bit () ? 5000 : 3 * PIECE);
  gint32 data_type = g_test_rand_int_range (0, 4) > 0 ? IMP_DATA_TYPE_STREAM : IMP_DATA_TYPE_PACKET;
  gboolean fits = size <= MAX_QUEUED - model_count (model, i)
                  && size <= MAX_QUEUED_ALL - model->n_bytes;

  if (fits)
    model_push (model, i, size, data_type);
  else
    model->n_refused++;
  g_assert_cmpint (send_rig_try_push (&rig->senders[i], g_test_rand_int_range (0, 2), size,
                                      data_type, NULL),
                   ==, fits);
  if (fits && model->n_bytes > MAX_QUEUED_ALL / 4)
    g_assert_true (rig->senders[i].paused);
}

static void
random_toggle (SendRig *rig, Model *model, guint i)
{
  if (rig->senders[i].entry.added)
    {
      model_remove (model, i);
      send_rig_drop (&rig->senders[i]);
      return;
    }
  if (model->turns == NULL && model->room > 0)
    {
      model->room--;
      model->known[i] = TRUE;
    }
  else
    model_join (model, i);
  send_rig_add (rig, i);
}

static void
random_step (SendRig *rig, Model *model)
{
  guint i = g_test_rand_int_range (0, N_SENDERS);
  guint choice = g_test_rand_int_range (0, 20);

  if (choice == 0)
    random_toggle (rig, model, i);
  else if (choice < 12 && rig->senders[i].entry.added)
    random_push (rig, model, i);
  else
    {
      rig->room = model->room = g_test_rand_int_range (0, model->most_room);
      model_serve (model);
      imp_send_scheduler_run (rig->scheduler);
    }
}

static void
assert_like (SendRig *rig, Model *model)
{
  gsize n_bytes = imp_send_scheduler_get_n_bytes (rig->scheduler);
  g_autofree char *served = send_rig_take_served (rig);

  g_assert_cmpuint (n_bytes, ==, model->n_bytes);
  g_assert_cmpuint (rig->room, ==, model->room);
  model->n_congested += n_bytes > MAX_QUEUED_ALL / 4;
  for (guint i = 0; i < N_SENDERS; i++)
    {
      const Sender *sender = &rig->senders[i];
      gsize waiting = model_count (model, i);

      if (!sender->entry.added)
        continue;
      g_assert_cmpuint (sender->n_announced, ==, model->known[i]);
      g_assert_cmpuint (sender->fed[0] + sender->fed[1], ==,
                        sender->sent[0] + sender->sent[1] + waiting);
      if (waiting > HIGH_WATER)
        g_assert_true (sender->paused);
      if (n_bytes == 0)
        g_assert_false (sender->paused);
    }
  g_assert_cmpstr (served, ==, model->served->str);
  g_string_truncate (model->served, 0);
}

/* The more room there is, the less waits. */
static void
test_random (void)
{
  guint n_refused = 0, n_congested = 0;

  for (guint round = 0; round < 24; round++)
    {
      SendRig rig;
      Model model = { .served = g_string_new (NULL), .most_room = 1 + round % 8 };

      send_rig_init (&rig, 0);
      for (guint step = 0; step < 2000; step++)
        {
          random_step (&rig, &model);
          assert_like (&rig, &model);
        }
      for (guint i = 0; i < N_SENDERS; i++)
        model_remove (&model, i);
      n_refused += model.n_refused;
      n_congested += model.n_congested;
      g_string_free (model.served, TRUE);
      send_rig_clear (&rig);
    }
  g_test_message ("%u pushes were refused, %u steps were under congestion", n_refused, n_congested);
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_cmpuint (n_congested, >, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/send-scheduler/random", test_random);
  return g_test_run ();
}
