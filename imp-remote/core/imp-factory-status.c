/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-factory-status.h"

struct _ImpFactoryStatus
{
  gatomicrefcount ref_count;
  ImpFactoryState state;
  char *name;
  char *reason;    /* or NULL */
  gint64 since_ms; /* -1: not known */
  gint64 retry_ms; /* -1: there is no attempt to come */
};

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpFactoryState, imp_factory_state,
                    G_DEFINE_ENUM_VALUE (IMP_FACTORY_STATE_UP, "up"),
                    G_DEFINE_ENUM_VALUE (IMP_FACTORY_STATE_RESTARTING, "restarting"),
                    G_DEFINE_ENUM_VALUE (IMP_FACTORY_STATE_UNUSABLE, "unusable"))

G_DEFINE_BOXED_TYPE (ImpFactoryStatus, imp_factory_status, imp_factory_status_ref,
                     imp_factory_status_unref)
/* clang-format on */

static char *
factory_status_copy_text (const char *text)
{
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

/**
 * imp_factory_status_new: (constructor)
 * @name: what the factory is called, such as that of its module
 * @state: what can be expected of it
 * @reason: (nullable): why, for people
 * @since_ms: for how long it has been so, in milliseconds; -1 where that is not known
 * @retry_ms: how long it is until it tries again, in milliseconds; 0 if it does now, -1 if it does
 *   not
 *
 * Creates a status.
 *
 * Returns: (transfer full): a new status
 *
 * Since: 0.1
 */
ImpFactoryStatus *
imp_factory_status_new (const char *name, ImpFactoryState state, const char *reason,
                        gint64 since_ms, gint64 retry_ms)
{
  ImpFactoryStatus *self;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (since_ms >= -1, NULL);
  g_return_val_if_fail (retry_ms >= -1, NULL);

  self = g_new0 (ImpFactoryStatus, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->name = factory_status_copy_text (name);
  self->state = state;
  self->reason = factory_status_copy_text (reason);
  self->since_ms = since_ms;
  self->retry_ms = retry_ms;
  return self;
}

/**
 * imp_factory_status_ref:
 * @self: a status
 *
 * Increases the reference count of @self.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
ImpFactoryStatus *
imp_factory_status_ref (ImpFactoryStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * imp_factory_status_unref:
 * @self: (transfer full): a status
 *
 * Decreases the reference count of @self; the last one frees it.
 *
 * Since: 0.1
 */
void
imp_factory_status_unref (ImpFactoryStatus *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->name);
  g_free (self->reason);
  g_free (self);
}

/**
 * imp_factory_status_get_name:
 * @self: a status
 *
 * Gets what the factory is called: the name of its module, as it was given; for one behind a
 * server, that comes after "remote ADDRESS: ".
 *
 * Returns: the name
 *
 * Since: 0.1
 */
const char *
imp_factory_status_get_name (ImpFactoryStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name;
}

/**
 * imp_factory_status_get_state:
 * @self: a status
 *
 * Gets what can be expected of the factory. Nothing can be analyzed by it unless that is
 * %IMP_FACTORY_STATE_UP.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
ImpFactoryState
imp_factory_status_get_state (ImpFactoryStatus *self)
{
  g_return_val_if_fail (self != NULL, IMP_FACTORY_STATE_UNUSABLE);

  return self->state;
}

/**
 * imp_factory_status_get_reason:
 * @self: a status
 *
 * Gets the reason for the state.
 *
 * Returns: (nullable): a text for people; %NULL where there is nothing to say
 *
 * Since: 0.1
 */
const char *
imp_factory_status_get_reason (ImpFactoryStatus *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->reason;
}

/**
 * imp_factory_status_get_since:
 * @self: a status
 *
 * Gets for how long the state has been what it is.
 *
 * Returns: a time in milliseconds; -1 where that is not known
 *
 * Since: 0.1
 */
gint64
imp_factory_status_get_since (ImpFactoryStatus *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->since_ms;
}

/**
 * imp_factory_status_get_retry:
 * @self: a status
 *
 * Gets the time until the factory tries to be of use again.
 *
 * Returns: a time in milliseconds; 0 if it is trying now, -1 if there is no attempt to come
 *
 * Since: 0.1
 */
gint64
imp_factory_status_get_retry (ImpFactoryStatus *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->retry_ms;
}

/**
 * imp_factory_status_to_string:
 * @self: a status
 *
 * Describes a status for people, e.g.
 * "./shout.py: restarting for 1.2 s, next attempt in 0.3 s: ended with exit status 3".
 *
 * Returns: (transfer full): the description
 *
 * Since: 0.1
 */
char *
imp_factory_status_to_string (ImpFactoryStatus *self)
{
  static const char *const states[] = { "up", "restarting", "unusable" };
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (self->name);
  g_string_append_printf (text, ": %s", states[self->state]);
  if (self->since_ms >= 0)
    g_string_append_printf (text, " for %.1f s", self->since_ms / 1000.0);
  if (self->retry_ms == 0)
    g_string_append (text, ", being tried now");
  else if (self->retry_ms > 0)
    g_string_append_printf (text, ", next attempt in %.1f s", self->retry_ms / 1000.0);
  if (self->reason != NULL)
    g_string_append_printf (text, ": %s", self->reason);
  return g_string_free (text, FALSE);
}
