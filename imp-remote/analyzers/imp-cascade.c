/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade.h"

#include "analyzers/imp-cascade-analyzer-private.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-interface-private.h"
#include "core/imp-pass-analyzer.h"

#define MAX_HELD_DEFAULT (16 * 1024 * 1024)
#define HOLD_TIMEOUT_DEFAULT 500

/**
 * ImpCascade:
 *
 * Several factories as one.
 *
 * What comes from the client goes through the analyzer of the first factory, what that lets through
 * or puts in its place goes through that of the second, and so on; what comes from the server goes
 * through them in the opposite order. What comes of it is, byte for byte, what several filters one
 * behind the other would give. To the provider it is one analyzer, whose results speak of the
 * provider's own offsets:
 *
 * - what no part has changed is passed, or prepassed while a part has said no more about it; what
 *   one has changed is replaced;
 * - a pass into the future, or indefinitely, is one where all parts agree. A part that has passed a
 *   direction indefinitely costs nothing there any more, and where all have, the provider knows;
 * - the first deny, drop or failure ends all; each part is closed once;
 * - what is for the sender goes through the parts between it and the one that sends it, as data of
 *   the other direction that no input stands behind. If the provider was told before that so many
 *   of its bytes pass unseen, it goes past the parts that would otherwise have seen fewer of them;
 * - a direction is paused while one part wants it to be; who wants more input is heard if all who
 *   hold some do. That a direction is busy is told to all parts;
 * - the offsets in a log are those of the input. Where another part has changed what one speaks of,
 *   that is where the change begins, and the result has the detail "offset" with the value
 *   "inexact";
 * - a search (pass pattern) is done here, so that the other parts can see what is searched;
 * - promises, fields for accounting and reserved results are handed on.
 *
 * A cascade works with the types of data that all parts work with, and uses the results that any of
 * them uses. Each part gets the context. If one cannot make its analyzer, the cascade cannot
 * either; one that is not interested is left out.
 *
 * Parts can be of any kind: here, in scripts, behind a socket. What becomes of a part that cannot
 * be reached is for its own settings to say.
 *
 * Since: 0.1
 */
struct _ImpCascade
{
  ImpFactory parent_instance;

  GPtrArray *parts; /* of ImpFactory */
  ImpCascadeOptions options;
};

G_DEFINE_FINAL_TYPE (ImpCascade, imp_cascade, IMP_TYPE_FACTORY)

typedef enum
{
  PROP_MAX_HELD = 1,
  PROP_HOLD_TIMEOUT,
} CascadeProperty;

static GParamSpec *properties[PROP_HOLD_TIMEOUT + 1];

static void
cascade_free_interfaces (gpointer list)
{
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

static char *
cascade_name_part (ImpCascade *self, guint i)
{
  return g_strdup_printf ("part %u of the cascade (%s)", i + 1,
                          imp_factory_get_name (self->parts->pdata[i]));
}

/* --- interfaces --- */

/* What a part uses on data of a type: the first entry for it, or else for any. */
static ImpInterface *
interface_list_find (GList *list, gint32 data_type)
{
  ImpInterface *any = NULL;

  for (; list != NULL; list = list->next)
    {
      gint32 offered = imp_interface_get_data_type (list->data);

      if (offered == data_type)
        return list->data;
      if (offered == IMP_DATA_TYPE_ANY && any == NULL)
        any = list->data;
    }
  return any;
}

/* What all of @lists, of GList of ImpInterface, have for a type of data, or NULL. */
static ImpInterface *
cascade_join (GPtrArray *lists, gint32 data_type)
{
  ImpResultFlags results = 0;
  gboolean all = FALSE;

  for (guint i = 0; i < lists->len; i++)
    {
      ImpInterface *interface = interface_list_find (lists->pdata[i], data_type);

      if (interface == NULL)
        return NULL;
      all |= imp_interface_get_results (interface) == IMP_RESULT_FLAGS_ALL;
      results |= imp_interface_get_results (interface);
    }
  return imp_interface_new (data_type, all ? IMP_RESULT_FLAGS_ALL : results);
}

/* In the order of the parts. */
static GList *
cascade_combine (GPtrArray *lists)
{
  GList *combined = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  if (lists->len == 0)
    return g_list_prepend (NULL, imp_interface_new (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL));
  for (guint i = 0; i < lists->len; i++)
    for (GList *l = lists->pdata[i]; l != NULL; l = l->next)
      {
        gint32 data_type = imp_interface_get_data_type (l->data);
        ImpInterface *joined;

        if (!g_hash_table_add (seen, GINT_TO_POINTER (data_type)))
          continue;
        joined = cascade_join (lists, data_type);
        if (joined != NULL)
          combined = g_list_prepend (combined, joined);
      }
  return g_list_reverse (combined);
}

static GList *
imp_cascade_list_interfaces (ImpFactory *factory)
{
  ImpCascade *self = IMP_CASCADE (factory);
  g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func (cascade_free_interfaces);

  for (guint i = 0; i < self->parts->len; i++)
    g_ptr_array_add (lists, imp_factory_list_interfaces (self->parts->pdata[i]));
  return cascade_combine (lists);
}

static ImpCascade *
cascade_new_like (ImpCascade *self)
{
  ImpCascade *other = g_object_new (IMP_TYPE_CASCADE, NULL);

  other->options = self->options;
  imp_factory_set_name (IMP_FACTORY (other), imp_factory_get_name (IMP_FACTORY (self)));
  return other;
}

/* Each part knows by itself whether it can work with that. */
static ImpFactory *
imp_cascade_set_interface (ImpFactory *factory, ImpInterface *interface, GError **error)
{
  ImpCascade *self = IMP_CASCADE (factory);
  g_autoptr (ImpCascade) bound = cascade_new_like (self);

  for (guint i = 0; i < self->parts->len; i++)
    {
      ImpFactory *part = imp_factory_set_interface (self->parts->pdata[i], interface, error);

      if (part == NULL)
        {
          g_autofree char *name = cascade_name_part (self, i);

          g_prefix_error (error, "%s: ", name);
          return NULL;
        }
      g_ptr_array_add (bound->parts, part);
    }
  return IMP_FACTORY (g_steal_pointer (&bound));
}

/* --- questions that are asked of all parts at once --- */

typedef struct
{
  GPtrArray *answers; /* of GList, by part; NULL while there is none */
  GError *error;      /* the first one */
  guint n_missing;
  GDestroyNotify free_list;
} CascadeQuestion;

typedef struct
{
  GTask *task;
  guint part;
} CascadeAsked;

static void
cascade_question_free (CascadeQuestion *self)
{
  for (guint i = 0; i < self->answers->len; i++)
    self->free_list (self->answers->pdata[i]);
  g_ptr_array_unref (self->answers);
  g_clear_error (&self->error);
  g_free (self);
}

static CascadeQuestion *
cascade_ask (ImpCascade *self, GTask *task, GDestroyNotify free_list)
{
  CascadeQuestion *question = g_new0 (CascadeQuestion, 1);

  question->answers = g_ptr_array_new ();
  g_ptr_array_set_size (question->answers, self->parts->len);
  question->n_missing = self->parts->len;
  question->free_list = free_list;
  g_task_set_task_data (task, question, (GDestroyNotify) cascade_question_free);
  return question;
}

static CascadeAsked *
cascade_asked_new (GTask *task, guint part)
{
  CascadeAsked *self = g_new0 (CascadeAsked, 1);

  self->task = g_object_ref (task);
  self->part = part;
  return self;
}

/* Takes @answer. Gives the question, once, if it was the last one. */
static CascadeQuestion *
cascade_asked_take (CascadeAsked *self, GList *answer, const GError *error)
{
  CascadeQuestion *question = g_task_get_task_data (self->task);

  question->answers->pdata[self->part] = answer;
  if (error != NULL && question->error == NULL)
    {
      ImpCascade *cascade = IMP_CASCADE (
        imp_factory_get_base (g_task_get_source_object (self->task)));
      g_autofree char *name = cascade_name_part (cascade, self->part);

      question->error = g_error_copy (error);
      g_prefix_error (&question->error, "%s: ", name);
    }
  return --question->n_missing == 0 ? question : NULL;
}

static void
cascade_asked_free (CascadeAsked *self)
{
  g_object_unref (self->task);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CascadeAsked, cascade_asked_free)

static void
cascade_on_interfaces (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CascadeAsked) asked = user_data;
  g_autoptr (GError) error = NULL;
  GList *list = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);
  CascadeQuestion *question = cascade_asked_take (asked, list, error);

  if (question == NULL)
    return;
  if (question->error != NULL)
    g_task_return_error (asked->task, g_steal_pointer (&question->error));
  else
    g_task_return_pointer (asked->task, cascade_combine (question->answers),
                           cascade_free_interfaces);
}

static void
imp_cascade_query_interfaces_async (ImpFactory *factory, GList *wanted, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data)
{
  ImpCascade *self = IMP_CASCADE (factory);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_cascade_query_interfaces_async);
  if (self->parts->len == 0)
    {
      g_task_return_pointer (task, imp_factory_match_interfaces (factory, wanted),
                             cascade_free_interfaces);
      return;
    }
  cascade_ask (self, task, cascade_free_interfaces);
  for (guint i = 0; i < self->parts->len; i++)
    imp_factory_query_interfaces_async (self->parts->pdata[i], wanted, cancellable,
                                        cascade_on_interfaces, cascade_asked_new (task, i));
}

static GList *
imp_cascade_query_interfaces_finish (ImpFactory *factory, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, factory), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static GList *
imp_cascade_list_statuses (ImpFactory *factory)
{
  ImpCascade *self = IMP_CASCADE (factory);
  GList *statuses = NULL;

  for (guint i = 0; i < self->parts->len; i++)
    statuses = g_list_concat (statuses, imp_factory_list_statuses (self->parts->pdata[i]));
  return statuses;
}

static void
cascade_on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CascadeAsked) asked = user_data;
  g_autoptr (GError) error = NULL;
  GList *list = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, &error);
  CascadeQuestion *question = cascade_asked_take (asked, list, error);
  GList *all = NULL;

  if (question == NULL)
    return;
  if (question->error != NULL)
    {
      g_task_return_error (asked->task, g_steal_pointer (&question->error));
      return;
    }
  for (guint i = 0; i < question->answers->len; i++)
    all = g_list_concat (all, g_steal_pointer (&question->answers->pdata[i]));
  g_task_return_pointer (asked->task, all, imp_factory_status_list_free);
}

static void
imp_cascade_query_statuses (ImpFactory *factory, guint timeout_ms, GTask *task)
{
  ImpCascade *self = IMP_CASCADE (factory);

  cascade_ask (self, task, imp_factory_status_list_free);
  for (guint i = 0; i < self->parts->len; i++)
    imp_factory_query_statuses_async (self->parts->pdata[i], timeout_ms,
                                      g_task_get_cancellable (task), cascade_on_statuses,
                                      cascade_asked_new (task, i));
  if (self->parts->len == 0)
    g_task_return_pointer (task, imp_factory_list_statuses (factory), imp_factory_status_list_free);
  g_object_unref (task);
}

/* --- analyzers --- */

static void
cascade_drop_analyzer (gpointer analyzer)
{
  imp_analyzer_close (analyzer);
  g_object_unref (analyzer);
}

/* Adds the part's analyzer, unless that is not interested. */
static gboolean
cascade_create_part (ImpCascade *self, guint i, ImpContext *context, GPtrArray *analyzers,
                     GPtrArray *factories, GPtrArray *names, GError **error)
{
  g_autofree char *name = cascade_name_part (self, i);
  gboolean ignored;
  ImpAnalyzer *analyzer = imp_factory_create_wanted (self->parts->pdata[i], context, &ignored,
                                                     error);

  if (ignored)
    return TRUE;
  if (analyzer == NULL)
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  g_ptr_array_add (analyzers, analyzer);
  g_ptr_array_add (factories, self->parts->pdata[i]);
  g_ptr_array_add (names, g_steal_pointer (&name));
  return TRUE;
}

/* Where but one is interested, there is nothing to be put together. */
static ImpAnalyzer *
imp_cascade_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpCascade *self = IMP_CASCADE (factory);
  g_autoptr (GPtrArray) analyzers = g_ptr_array_new_with_free_func (cascade_drop_analyzer);
  g_autoptr (GPtrArray) factories = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  ImpAnalyzer *cascade;

  for (guint i = 0; i < self->parts->len; i++)
    if (!cascade_create_part (self, i, context, analyzers, factories, names, error))
      return NULL;
  if (analyzers->len == 0)
    return imp_pass_analyzer_new ();
  if (analyzers->len == 1)
    return g_ptr_array_steal_index (analyzers, 0);

  cascade = imp_cascade_analyzer_new (analyzers, factories, names, &self->options);
  /* They are its own now. */
  g_ptr_array_set_free_func (analyzers, g_object_unref);
  return cascade;
}

static gboolean
imp_cascade_ignores (ImpFactory *factory, GHashTable *context, GError **error)
{
  ImpCascade *self = IMP_CASCADE (factory);

  for (guint i = 0; i < self->parts->len; i++)
    {
      g_autofree char *name = NULL;
      g_autoptr (GError) local = NULL;

      if (imp_factory_ignores (self->parts->pdata[i], context, &local))
        continue;
      if (local == NULL)
        return FALSE;
      name = cascade_name_part (self, i);
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", name);
      return FALSE;
    }
  return TRUE;
}

/* --- the object --- */

static void
imp_cascade_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpCascade *self = IMP_CASCADE (object);
  gboolean changed = FALSE;

  switch ((CascadeProperty) id)
    {
    case PROP_MAX_HELD:
      changed = self->options.max_held != g_value_get_uint64 (value);
      self->options.max_held = g_value_get_uint64 (value);
      break;
    case PROP_HOLD_TIMEOUT:
      changed = self->options.hold_timeout != g_value_get_uint (value);
      self->options.hold_timeout = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
  if (changed)
    g_object_notify_by_pspec (object, pspec);
}

static void
imp_cascade_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpCascade *self = IMP_CASCADE (object);

  switch ((CascadeProperty) id)
    {
    case PROP_MAX_HELD:
      g_value_set_uint64 (value, self->options.max_held);
      break;
    case PROP_HOLD_TIMEOUT:
      g_value_set_uint (value, self->options.hold_timeout);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_cascade_finalize (GObject *object)
{
  g_ptr_array_unref (IMP_CASCADE (object)->parts);
  G_OBJECT_CLASS (imp_cascade_parent_class)->finalize (object);
}

static void
cascade_install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ImpCascade:max-held: (attributes org.gtk.Property.default=16777216)
   *
   * How many bytes one part may leave unsettled, in both directions of a connection together. One
   * that leaves more has failed.
   *
   * It holds for analyzers that are made afterwards.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD] = g_param_spec_uint64 (
    "max-held", NULL, "how many bytes one part may leave unsettled in a connection", 1, G_MAXINT64,
    MAX_HELD_DEFAULT, flags);

  /**
   * ImpCascade:hold-timeout: (attributes org.gtk.Property.default=500)
   *
   * How long a search (pass pattern) of a part may hold what may be the beginning of a match, in
   * milliseconds; 0: until it is decided. It takes up to twice as long to notice. Then it passes,
   * as with [property@Imp.Filter:hold-timeout].
   *
   * It holds for analyzers that are made afterwards.
   *
   * Since: 0.1
   */
  properties[PROP_HOLD_TIMEOUT]
    = g_param_spec_uint ("hold-timeout", NULL,
                         "how long the beginning of a match is held, in milliseconds; 0: until it "
                         "is decided",
                         0, G_MAXINT, HOLD_TIMEOUT_DEFAULT, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
imp_cascade_class_init (ImpCascadeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->finalize = imp_cascade_finalize;
  object_class->get_property = imp_cascade_get_property;
  object_class->set_property = imp_cascade_set_property;
  factory_class->list_interfaces = imp_cascade_list_interfaces;
  factory_class->set_interface = imp_cascade_set_interface;
  factory_class->query_interfaces_async = imp_cascade_query_interfaces_async;
  factory_class->query_interfaces_finish = imp_cascade_query_interfaces_finish;
  factory_class->list_statuses = imp_cascade_list_statuses;
  factory_class->query_statuses = imp_cascade_query_statuses;
  factory_class->create_packed = imp_cascade_create_packed;
  factory_class->ignores = imp_cascade_ignores;
  cascade_install_properties (object_class);
}

static void
imp_cascade_init (ImpCascade *self)
{
  self->parts = g_ptr_array_new_with_free_func (g_object_unref);
  self->options.max_held = MAX_HELD_DEFAULT;
  self->options.hold_timeout = HOLD_TIMEOUT_DEFAULT;
}

/**
 * imp_cascade_new:
 * @factories: (transfer none) (element-type ImpFactory): the factories of its parts; what comes
 * from the client goes through the first of them first. None at all pass everything
 *
 * Creates a factory whose analyzers are those of several others, one behind the other.
 *
 * Returns: (transfer full) (type ImpCascade): a new factory
 *
 * Since: 0.1
 */
ImpFactory *
imp_cascade_new (GList *factories)
{
  ImpCascade *self = g_object_new (IMP_TYPE_CASCADE, NULL);

  for (; factories != NULL; factories = factories->next)
    {
      g_return_val_if_fail (IMP_IS_FACTORY (factories->data), IMP_FACTORY (self));
      g_ptr_array_add (self->parts, g_object_ref (factories->data));
    }
  return IMP_FACTORY (self);
}
