/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pinning-rig.h"

#include <string.h>

#include "core/imp-data-type.h"

static void
say (PinningRig *self, const char *what, ImpDirection direction, const char *more)
{
  g_string_append_printf (self->said, "%s%s %d%s%s", self->said->len > 0 ? "; " : "", what,
                          direction, *more != '\0' ? " " : "", more);
}

static void
take_pass (PinningRig *self, ImpDirection direction, gint64 offset)
{
  g_autofree char *text = offset == IMP_MAX_OFFSET ? g_strdup ("max")
                                                   : g_strdup_printf ("%d", (int) offset);

  if (self->done[direction])
    return;
  say (self, "pass", direction, text);
  self->done[direction] = offset == IMP_MAX_OFFSET;
  if (offset == IMP_MAX_OFFSET)
    offset = self->fed[direction];
  g_assert_cmpint (offset, >=, self->passed[direction]);
  g_assert_cmpint (offset, <=, self->fed[direction]);
  self->passed[direction] = offset;
}

static void
take_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  PinningRig *self = user_data;
  ImpResultType type = imp_result_get_result_type (result);
  ImpDirection direction = imp_result_get_direction (result);
  const char *message = imp_result_get_message (result);

  g_assert_null (self->refused);
  switch (type)
    {
    case IMP_RESULT_PASS:
      take_pass (self, direction, imp_result_get_offset (result));
      break;
    case IMP_RESULT_WANT:
      self->wanted[direction] = imp_result_get_offset (result);
      break;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      g_assert_true (self->paused[direction] != (type == IMP_RESULT_PAUSE));
      self->paused[direction] = type == IMP_RESULT_PAUSE;
      say (self, type == IMP_RESULT_PAUSE ? "pause" : "continue", direction, "");
      break;
    case IMP_RESULT_DENY:
      say (self, "deny", direction, message);
      self->refused = g_strdup_printf ("deny %s", message);
      break;
    case IMP_RESULT_FATAL:
      self->refused = g_strdup_printf ("fatal %s", message);
      break;
    default:
      g_assert_not_reached ();
    }
}

PinningRig *
pinning_rig_new (ImpFactory *factory)
{
  PinningRig *self = g_new0 (PinningRig, 1);
  g_autoptr (GError) error = NULL;

  self->said = g_string_new (NULL);
  self->analyzer = imp_factory_create_analyzer (factory, NULL, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (self->analyzer, take_result, self, NULL);
  return self;
}

PinningRig *
pinning_rig_new_for_settings (const char *settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pinning_factory_new (settings, &error);

  g_assert_no_error (error);
  return pinning_rig_new (factory);
}

void
pinning_rig_free (PinningRig *self)
{
  imp_analyzer_close (self->analyzer);
  g_object_unref (self->analyzer);
  g_string_free (self->said, TRUE);
  g_free (self->refused);
  g_free (self);
}

/* As a provider does: nothing after a refusal, and what comes after a pass of all passes. */
void
pinning_rig_feed (PinningRig *self, ImpDirection direction, const char *data, gsize length,
                  gint32 type)
{
  if (self->refused != NULL)
    return;
  self->fed[direction] += length;
  if (self->done[direction])
    self->passed[direction] = self->fed[direction];
  else
    imp_analyzer_data_bytes (self->analyzer, direction, (const guint8 *) data, length, 0, type);
}

void
pinning_rig_play (PinningRig *self, const char *script)
{
  g_auto (GStrv) parts = g_strsplit (script, "|", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      const char *data = parts[i] + 2;
      gint32 type = parts[i][1] == '!' ? IMP_DATA_TYPE_PACKET : IMP_DATA_TYPE_STREAM;

      pinning_rig_feed (self, parts[i][0] - '0', data, parts[i][1] == '.' ? 0 : strlen (data),
                        type);
    }
}
