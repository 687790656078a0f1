/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-mailbox-private.h"

#include "core/imp-log-private.h"
#include "core/imp-result-queue-private.h"

__thread char imp_mailbox_thread;

struct _ImpMail
{
  ImpResultQueue results;
  gboolean is_scheduled; /* somebody is going to take them */
  gboolean has_lost;
};

/* One for all: who answers in the right thread needs none. */
static GMutex mailbox_lock;

static GMainContext *
mailbox_find_context (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  return context != NULL ? g_main_context_ref (context) : NULL;
}

void
imp_mailbox_init (ImpMailbox *self)
{
  self->thread = imp_mailbox_this_thread ();
  self->context = mailbox_find_context ();
}

void
imp_mailbox_clear (ImpMailbox *self)
{
  if (self->mail != NULL)
    imp_result_queue_clear (&self->mail->results);
  g_clear_pointer (&self->mail, g_free);
  g_clear_pointer (&self->context, g_main_context_unref);
}

void
imp_mailbox_move_here (ImpMailbox *self)
{
  g_autoptr (GMainContext) old = NULL;

  if (imp_mailbox_is_here (self))
    return;
  g_mutex_lock (&mailbox_lock);
  old = self->context;
  self->context = mailbox_find_context ();
  self->thread = imp_mailbox_this_thread ();
  g_mutex_unlock (&mailbox_lock);
}

typedef struct
{
  ImpMailbox *box;
  gpointer owner; /* a reference */
  GSourceOnceFunc deliver;
} MailboxDelivery;

static void
mailbox_delivery_free (MailboxDelivery *self)
{
  g_object_unref (self->owner);
  g_free (self);
}

static gboolean
mailbox_on_delivery (gpointer user_data)
{
  MailboxDelivery *delivery = user_data;
  ImpMailbox *box = delivery->box;
  gboolean is_empty;

  g_mutex_lock (&mailbox_lock);
  box->mail->is_scheduled = FALSE;
  is_empty = imp_result_queue_is_empty (&box->mail->results);
  g_mutex_unlock (&mailbox_lock);
  if (imp_mailbox_is_here (box))
    delivery->deliver (delivery->owner);
  else if (!is_empty)
    imp_log_warning (
      "%s has answered in a thread that is not its own, and its own runs no main loop: "
      "the answer waits until it is called there",
      G_OBJECT_TYPE_NAME (delivery->owner));
  return G_SOURCE_REMOVE;
}

static void
mailbox_schedule (ImpMailbox *self, GMainContext *context, gpointer owner, GSourceOnceFunc deliver)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  MailboxDelivery *delivery = g_new (MailboxDelivery, 1);

  *delivery = (MailboxDelivery){ self, g_object_ref (owner), deliver };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "imp mailbox");
  g_source_set_callback (source, mailbox_on_delivery, delivery,
                         (GDestroyNotify) mailbox_delivery_free);
  g_source_attach (source, context);
}

void
imp_mailbox_post (ImpMailbox *self, ImpResult *result, gpointer owner, GSourceOnceFunc deliver)
{
  g_autoptr (GMainContext) context = NULL;
  gboolean is_scheduled;
  ImpMail *mail;

  g_mutex_lock (&mailbox_lock);
  if (self->mail == NULL)
    g_atomic_pointer_set (&self->mail, g_new0 (ImpMail, 1));
  mail = self->mail;
  if (imp_result_queue_get_size (&mail->results) > IMP_MAILBOX_MAX)
    mail->has_lost = TRUE;
  if (mail->has_lost)
    imp_result_unref (result);
  else
    imp_result_queue_push (&mail->results, result);
  is_scheduled = mail->is_scheduled;
  mail->is_scheduled = TRUE;
  if (self->context != NULL)
    context = g_main_context_ref (self->context);
  g_mutex_unlock (&mailbox_lock);

  /* The last reference may go there: here it would end the object in the wrong thread. */
  if (!is_scheduled)
    mailbox_schedule (self, context, owner, deliver);
}

ImpResult *
imp_mailbox_take (ImpMailbox *self, gboolean *has_lost)
{
  ImpResult *result = NULL;

  g_mutex_lock (&mailbox_lock);
  if (self->mail != NULL)
    {
      result = imp_result_queue_pop (&self->mail->results);
      *has_lost = result == NULL && self->mail->has_lost;
    }
  g_mutex_unlock (&mailbox_lock);
  return result;
}
