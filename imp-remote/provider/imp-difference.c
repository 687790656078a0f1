/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-difference-private.h"

#include "core/imp-clean-text-private.h"

/* So much of what differs is shown, and of what is before it. */
#define SHOWN_MAX 40
#define BEFORE_MAX 16

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpDifferenceKind, imp_difference_kind,
                    G_DEFINE_ENUM_VALUE (IMP_DIFFERENCE_OUTCOME, "outcome"),
                    G_DEFINE_ENUM_VALUE (IMP_DIFFERENCE_OUTPUT, "output"),
                    G_DEFINE_ENUM_VALUE (IMP_DIFFERENCE_BORDERS, "borders"),
                    G_DEFINE_ENUM_VALUE (IMP_DIFFERENCE_SENT, "sent"),
                    G_DEFINE_ENUM_VALUE (IMP_DIFFERENCE_LOG, "log"),
                    G_DEFINE_ENUM_VALUE (IMP_DIFFERENCE_ACCOUNT, "account"))
/* clang-format on */

/**
 * ImpDifference:
 *
 * One difference between two ways to treat the same conversation.
 *
 * Since: 0.1
 */
struct _ImpDifference
{
  gatomicrefcount ref_count;
  ImpDifferenceKind kind;
  ImpDirection direction;
  gint64 offset;
  char *text;
};

G_DEFINE_BOXED_TYPE (ImpDifference, imp_difference, imp_difference_ref, imp_difference_unref)

ImpDifference *
imp_difference_new (ImpDifferenceKind kind, ImpDirection direction, gint64 offset, char *text)
{
  ImpDifference *self = g_new0 (ImpDifference, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->kind = kind;
  self->direction = direction;
  self->offset = offset;
  self->text = text;
  return self;
}

/**
 * imp_difference_ref:
 * @self: a difference
 *
 * Increases the reference count of @self.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
ImpDifference *
imp_difference_ref (ImpDifference *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * imp_difference_unref:
 * @self: (transfer full): a difference
 *
 * Decreases the reference count of @self.
 *
 * Since: 0.1
 */
void
imp_difference_unref (ImpDifference *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->text);
  g_free (self);
}

/**
 * imp_difference_get_kind:
 * @self: a difference
 *
 * Gets in what they differ.
 *
 * Returns: the kind
 *
 * Since: 0.1
 */
ImpDifferenceKind
imp_difference_get_kind (ImpDifference *self)
{
  g_return_val_if_fail (self != NULL, IMP_DIFFERENCE_OUTCOME);

  return self->kind;
}

/**
 * imp_difference_get_direction:
 * @self: a difference
 *
 * Gets in which direction they differ, if it is not the outcome or the account.
 *
 * Returns: which way the bytes go
 *
 * Since: 0.1
 */
ImpDirection
imp_difference_get_direction (ImpDifference *self)
{
  g_return_val_if_fail (self != NULL, IMP_DIRECTION_FROM_CLIENT);

  return self->direction;
}

/**
 * imp_difference_get_offset:
 * @self: a difference
 *
 * Gets where they begin to differ: at which byte of what comes out or is sent, or at which entry of
 * the log; counted from 0.
 *
 * Returns: a number of bytes or entries; -1 for the outcome and the account
 *
 * Since: 0.1
 */
gint64
imp_difference_get_offset (ImpDifference *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->offset;
}

/**
 * imp_difference_get_text:
 * @self: a difference
 *
 * Gets what the difference is, in words, with the bytes around it; what cannot be printed is
 * escaped.
 *
 * Returns: text for people
 *
 * Since: 0.1
 */
const char *
imp_difference_get_text (ImpDifference *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

const char *
imp_difference_name_direction (guint direction)
{
  return direction == IMP_DIRECTION_FROM_CLIENT ? "to the server" : "to the client";
}

char *
imp_difference_show_bytes (const guint8 *data, gsize length, gsize position)
{
  const gsize left = length - position;
  const gsize n = MIN (left, SHOWN_MAX);
  g_autofree char *text = NULL;

  if (left == 0)
    return g_strdup ("nothing");
  text = imp_clean_text ((const char *) data + position, n, left - n);
  return g_strdup_printf ("\"%s\"", text);
}

char *
imp_difference_show_before (const guint8 *data, gsize position)
{
  const gsize n = MIN (position, BEFORE_MAX);
  g_autofree char *text = NULL;

  if (n == 0)
    return g_strdup ("");
  text = imp_clean_text ((const char *) data + position - n, n, 0);
  return g_strdup_printf (", after \"%s\"", text);
}
