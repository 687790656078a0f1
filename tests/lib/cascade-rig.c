/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cascade-rig.h"

#include <string.h>

/* --- a factory for one analyzer --- */

#define GIVEN_TYPE_FACTORY (given_factory_get_type ())
G_DECLARE_FINAL_TYPE (GivenFactory, given_factory, GIVEN, FACTORY, ImpFactory)

struct _GivenFactory
{
  ImpFactory parent_instance;
  ImpAnalyzer *analyzer;
  char *failure;
};

G_DEFINE_FINAL_TYPE (GivenFactory, given_factory, IMP_TYPE_FACTORY)

static ImpAnalyzer *
given_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  GivenFactory *self = GIVEN_FACTORY (factory);

  if (self->analyzer == NULL)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, self->failure);
  return g_steal_pointer (&self->analyzer);
}

static void
given_factory_finalize (GObject *object)
{
  g_clear_object (&GIVEN_FACTORY (object)->analyzer);
  g_free (GIVEN_FACTORY (object)->failure);
  G_OBJECT_CLASS (given_factory_parent_class)->finalize (object);
}

static void
given_factory_class_init (GivenFactoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = given_factory_finalize;
  IMP_FACTORY_CLASS (klass)->create_analyzer = given_factory_create_analyzer;
}

static void
given_factory_init (GivenFactory *self)
{
}

ImpFactory *
cascade_rig_factory_new (ImpAnalyzer *analyzer, const char *failure)
{
  GivenFactory *self = g_object_new (GIVEN_TYPE_FACTORY, NULL);

  self->analyzer = analyzer;
  self->failure = g_strdup (failure);
  return IMP_FACTORY (self);
}

/* --- the rig --- */

static void
cascade_rig_note (CascadeRig *self, ImpResult *result)
{
  GBytes *data = imp_result_get_data (result);
  GHashTable *details = imp_result_get_details (result);

  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  g_string_append (self->log, imp_result_type_to_string (imp_result_get_result_type (result)));
  if (imp_result_has_direction (result))
    g_string_append_printf (self->log, "%d", imp_result_get_direction (result));
  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
    case IMP_RESULT_REPLACE:
    case IMP_RESULT_WANT:
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
      g_string_append_printf (self->log, "@%" G_GINT64_FORMAT, imp_result_get_offset (result));
      break;
    case IMP_RESULT_REPLACE_LATER:
      g_string_append_printf (self->log, "@%d-%d", (int) imp_result_get_offset (result),
                              (int) imp_result_get_end_offset (result));
      break;
    default:
      break;
    }
  if (imp_result_get_result_type (result) == IMP_RESULT_LOG)
    g_string_append_printf (self->log, "+%d", (int) imp_result_get_length (result));
  if (data != NULL)
    g_string_append_printf (self->log, "=%.*s", (int) g_bytes_get_size (data),
                            (const char *) g_bytes_get_data (data, NULL));
  if (imp_result_get_key (result) != NULL)
    g_string_append_printf (self->log, ":%s=%s", imp_result_get_key (result),
                            imp_result_get_value (result));
  else if (imp_result_get_message (result) != NULL)
    g_string_append_printf (self->log, "(%s)", imp_result_get_message (result));
  if (details != NULL && g_hash_table_contains (details, "offset"))
    g_string_append (self->log, "~");
}

static void
cascade_rig_on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  CascadeRig *self = user_data;
  void (*on_result) (gpointer) = g_steal_pointer (&self->on_result);

  cascade_rig_note (self, result);
  if (on_result != NULL)
    on_result (self);
}

void
cascade_rig_listen (CascadeRig *self)
{
  imp_analyzer_set_callback (self->cascade, cascade_rig_on_result, self, NULL);
}

CascadeRig *
cascade_rig_new (guint n, MockFunc func)
{
  CascadeRig *self = g_new0 (CascadeRig, 1);
  GList *factories = NULL;
  g_autoptr (GError) error = NULL;

  self->n = n;
  for (guint i = n; i-- > 0;)
    {
      self->mocks[i] = mock_analyzer_new (func, self);
      self->parts[i] = IMP_ANALYZER (self->mocks[i]);
      g_object_add_weak_pointer (G_OBJECT (self->mocks[i]), (gpointer *) &self->mocks[i]);
      factories = g_list_prepend (factories, cascade_rig_factory_new (self->parts[i], NULL));
    }
  self->factory = imp_cascade_new (factories);
  g_list_free_full (factories, g_object_unref);
  self->cascade = imp_factory_create_analyzer (self->factory, NULL, &error);
  g_assert_no_error (error);
  self->log = g_string_new (NULL);
  cascade_rig_listen (self);
  return self;
}

void
cascade_rig_free (CascadeRig *self)
{
  imp_analyzer_close (self->cascade);
  g_assert_cmpstr (self->log->str, ==, "");
  for (guint i = 0; i < self->n; i++)
    g_assert_cmpuint (self->mocks[i]->n_closed, ==, 1);
  g_object_unref (self->cascade);
  g_object_unref (self->factory);
  for (guint i = 0; i < self->n; i++)
    g_assert_null (self->mocks[i]);
  g_string_free (self->log, TRUE);
  g_free (self);
}

void
cascade_rig_expect (CascadeRig *self, const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}

void
cascade_rig_feed_at (CascadeRig *self, ImpDirection direction, const char *text, gint64 offset,
                     gint32 data_type, const char *expected)
{
  imp_analyzer_data_bytes (self->cascade, direction, (const guint8 *) text, strlen (text), offset,
                           data_type);
  cascade_rig_expect (self, expected);
}

void
cascade_rig_feed (CascadeRig *self, ImpDirection direction, const char *text, const char *expected)
{
  cascade_rig_feed_at (self, direction, text, 0, IMP_DATA_TYPE_STREAM, expected);
}

void
cascade_rig_replace (CascadeRig *self, guint part, ImpDirection direction, gint64 offset,
                     const char *text)
{
  imp_analyzer_replace_bytes (self->parts[part], direction, offset, (const guint8 *) text,
                              strlen (text));
}

void
cascade_rig_send_back (CascadeRig *self, guint part, ImpDirection direction, const char *text)
{
  imp_analyzer_send_back (self->parts[part], direction, (const guint8 *) text, strlen (text));
}
