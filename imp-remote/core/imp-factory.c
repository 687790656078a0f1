/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-factory-private.h"

#include "core/imp-error.h"
#include "core/imp-initable-private.h"
#include "core/imp-interface-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-settings-private.h"

/**
 * ImpFactory:
 *
 * Creates analyzers that share a configuration.
 *
 * A provider holds one factory and asks it for an analyzer for each connection. It can first look
 * for an interface that suits both sides, with [method@Imp.Factory.query_interfaces_async] or
 * [method@Imp.Factory.match_interfaces], and bind the factory to it with
 * [method@Imp.Factory.set_interface].
 *
 * A factory is configured by its GObject properties, and
 * [ctor@Imp.Factory.new_from_settings] sets them from a string. Once it is in use it does not
 * change, so that any number of providers can share it.
 *
 * Where they are set one by one, g_initable_new() makes a factory, or says at once all that is
 * wrong with its properties: %IMP_ERROR_SETTINGS. So it is in Python (`Gio.Initable.newv`, or
 * `init ()` of a new object) and in JavaScript (`init ()`). g_async_initable_new_async() does the
 * same. Neither connects to anything. A factory that is made by g_object_new() says it where it is
 * first used.
 *
 * A plugin that needs no more than a class of analyzers takes [class@Imp.TypeFactory]; others
 * derive from this class and implement `create_analyzer`. One that wants to look at some
 * connections only implements `ignores` as well: all others pass and cost no analyzer.
 *
 * Since: 0.1
 */
typedef struct
{
  char *failure; /* what keeps it from making analyzers */
  char *name;    /* that of its module, or NULL */
  gboolean ignores_all;
  /* Of a bound factory, what it is bound to; else NULL. */
  ImpFactory *base;
  ImpInterface *interface;
  ImpMeter *meter; /* NULL: nobody counts */
} ImpFactoryPrivate;

static void factory_init_initable (GInitableIface *iface);

/* clang-format off */
G_DEFINE_ABSTRACT_TYPE_WITH_CODE (ImpFactory, imp_factory, G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (ImpFactory)
                                  G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, factory_init_initable)
                                  G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_INITABLE,
                                                         imp_initable_init_async_interface))
/* clang-format on */

#define PRIVATE(self) ((ImpFactoryPrivate *) imp_factory_get_instance_private (self))

static ImpFactory *bound_factory_new (ImpFactory *base, ImpInterface *interface);

const char *
imp_factory_get_failure (ImpFactory *self)
{
  return PRIVATE (self)->failure;
}

static gboolean
factory_check (ImpFactory *self, GError **error)
{
  const char *failure = imp_factory_get_failure (self);

  if (G_LIKELY (failure == NULL))
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, failure);
  return FALSE;
}

gboolean
imp_factory_validate (ImpFactory *self, GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);

  if (imp_factory_get_failure (self) != NULL)
    g_ptr_array_add (errors, g_strdup (imp_factory_get_failure (self)));
  else if (IMP_FACTORY_GET_CLASS (self)->validate != NULL)
    IMP_FACTORY_GET_CLASS (self)->validate (self, errors);
  return imp_settings_check (errors, error);
}

static gboolean
factory_initialize (GInitable *initable, GCancellable *cancellable, GError **error)
{
  return !g_cancellable_set_error_if_cancelled (cancellable, error)
         && imp_factory_validate (IMP_FACTORY (initable), error);
}

static void
factory_init_initable (GInitableIface *iface)
{
  iface->init = factory_initialize;
}

void
imp_factory_set_name (ImpFactory *self, const char *name)
{
  ImpFactoryPrivate *priv = PRIVATE (self);

  g_free (priv->name);
  priv->name = g_strdup (name);
}

const char *
imp_factory_get_name (ImpFactory *self)
{
  const char *name = PRIVATE (self)->name;

  return name != NULL ? name : G_OBJECT_TYPE_NAME (self);
}

static void
interface_list_free (GList *list)
{
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

typedef GList ImpInterfaceList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpInterfaceList, interface_list_free)

static gboolean
interface_list_contains (GList *list, ImpInterface *interface)
{
  for (; list != NULL; list = list->next)
    if (imp_interface_equal (list->data, interface))
      return TRUE;
  return FALSE;
}

/* What a plugin offers for any type of data it offers for the wanted one, too: so "any" is in the
 * answer only if the provider itself has asked for it. */
GList *
imp_interface_list_match (GList *offered, GList *wanted)
{
  GList *matches = NULL;

  for (; wanted != NULL; wanted = wanted->next)
    for (GList *l = offered; l != NULL; l = l->next)
      {
        g_autoptr (ImpInterface) match = NULL;

        if (!imp_interface_satisfies (l->data, wanted->data))
          continue;
        match = imp_interface_new (imp_interface_get_data_type (wanted->data),
                                   imp_interface_get_results (l->data));
        if (!interface_list_contains (matches, match))
          matches = g_list_prepend (matches, g_steal_pointer (&match));
      }
  return g_list_reverse (matches);
}

static GList *
imp_factory_real_list_interfaces (ImpFactory *self)
{
  return g_list_prepend (NULL, imp_interface_new (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL));
}

static ImpFactory *
imp_factory_real_set_interface (ImpFactory *self, ImpInterface *interface, GError **error)
{
  GList wanted = { .data = interface };
  g_autoptr (ImpInterfaceList) matches = imp_factory_match_interfaces (self, &wanted);

  if (matches == NULL)
    {
      g_autofree char *text = imp_interface_to_string (interface);

      g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                   "%s does not support the interface \"%s\"", G_OBJECT_TYPE_NAME (self), text);
      return NULL;
    }
  return bound_factory_new (self, interface);
}

static void
imp_factory_real_query_interfaces_async (ImpFactory *self, GList *wanted, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (ImpInterfaceList) matches = imp_factory_match_interfaces (self, wanted);
  GError *error = NULL;

  g_task_set_source_tag (task, imp_factory_real_query_interfaces_async);
  if (factory_check (self, &error))
    g_task_return_pointer (task, g_steal_pointer (&matches), (GDestroyNotify) interface_list_free);
  else
    g_task_return_error (task, error);
}

static GList *
imp_factory_real_query_interfaces_finish (ImpFactory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

GList *
imp_factory_status_list_new (ImpFactoryStatus *status)
{
  return g_list_prepend (NULL, status);
}

void
imp_factory_status_list_free (gpointer list)
{
  g_list_free_full (list, (GDestroyNotify) imp_factory_status_unref);
}

static GList *
factory_list_own_status (ImpFactory *self)
{
  const char *failure = imp_factory_get_failure (self);
  ImpFactoryState state = failure != NULL ? IMP_FACTORY_STATE_UNUSABLE : IMP_FACTORY_STATE_UP;

  return imp_factory_status_list_new (
    imp_factory_status_new (imp_factory_get_name (self), state, failure, -1, -1));
}

static GList *
imp_factory_real_list_statuses (ImpFactory *self)
{
  return factory_list_own_status (self);
}

static void
imp_factory_real_query_statuses (ImpFactory *self, guint timeout_ms, GTask *task)
{
  g_task_return_pointer (task, imp_factory_list_statuses (self), imp_factory_status_list_free);
  g_object_unref (task);
}

static void
imp_factory_finalize (GObject *object)
{
  ImpFactoryPrivate *priv = PRIVATE (IMP_FACTORY (object));

  g_free (priv->failure);
  g_free (priv->name);
  g_clear_object (&priv->base);
  g_clear_pointer (&priv->interface, imp_interface_unref);
  g_clear_pointer (&priv->meter, imp_meter_unref);
  G_OBJECT_CLASS (imp_factory_parent_class)->finalize (object);
}

static void
imp_factory_class_init (ImpFactoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_factory_finalize;
  klass->list_interfaces = imp_factory_real_list_interfaces;
  klass->set_interface = imp_factory_real_set_interface;
  klass->query_interfaces_async = imp_factory_real_query_interfaces_async;
  klass->query_interfaces_finish = imp_factory_real_query_interfaces_finish;
  klass->list_statuses = imp_factory_real_list_statuses;
  klass->query_statuses = imp_factory_real_query_statuses;
}

static void
imp_factory_init (ImpFactory *self)
{
}

ImpFactory *
imp_factory_get_base (ImpFactory *self)
{
  ImpFactory *base = PRIVATE (self)->base;

  return base != NULL ? base : self;
}

/* --- a factory and one interface for all of its analyzers: a shared factory is never changed, so
 * one of these is made around it, and never around another one of them --- */

G_DECLARE_FINAL_TYPE (ImpBoundFactory, imp_bound_factory, IMP, BOUND_FACTORY, ImpFactory)

struct _ImpBoundFactory
{
  ImpFactory parent_instance;
};

G_DEFINE_FINAL_TYPE (ImpBoundFactory, imp_bound_factory, IMP_TYPE_FACTORY)

static GList *
imp_bound_factory_list_interfaces (ImpFactory *factory)
{
  return g_list_prepend (NULL, imp_interface_ref (PRIVATE (factory)->interface));
}

/* Bound again, it is the base that knows what it can do. */
static ImpFactory *
imp_bound_factory_set_interface (ImpFactory *factory, ImpInterface *interface, GError **error)
{
  return imp_factory_set_interface (PRIVATE (factory)->base, interface, error);
}

static void
imp_bound_factory_class_init (ImpBoundFactoryClass *klass)
{
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  factory_class->list_interfaces = imp_bound_factory_list_interfaces;
  factory_class->set_interface = imp_bound_factory_set_interface;
}

static void
imp_bound_factory_init (ImpBoundFactory *self)
{
}

static ImpFactory *
bound_factory_new (ImpFactory *base, ImpInterface *interface)
{
  ImpFactory *self = g_object_new (imp_bound_factory_get_type (), NULL);
  ImpFactoryPrivate *priv = PRIVATE (self);

  g_assert (PRIVATE (base)->base == NULL);

  priv->base = g_object_ref (base);
  priv->interface = imp_interface_ref (interface);
  return self;
}

/**
 * imp_factory_fail:
 * @self: a factory
 * @reason: what failed, for people
 *
 * Says that the factory cannot do its work: from now on it makes no analyzers and is bound to no
 * interface, with @reason as the error.
 *
 * This is for the places where a plugin can give no error: a constructor, a property,
 * `list_interfaces`. The first reason stays.
 *
 * Since: 0.1
 */
void
imp_factory_fail (ImpFactory *self, const char *reason)
{
  ImpFactoryPrivate *priv;

  g_return_if_fail (IMP_IS_FACTORY (self));
  g_return_if_fail (reason != NULL);

  priv = PRIVATE (self);
  if (priv->failure == NULL)
    priv->failure = g_strdup (reason);
}

/**
 * imp_factory_list_interfaces:
 * @self: a factory
 *
 * Gets all interfaces that the factory's analyzers can work with.
 *
 * Returns: (transfer full) (element-type ImpInterface): the interfaces
 *
 * Since: 0.1
 */
GList *
imp_factory_list_interfaces (ImpFactory *self)
{
  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);

  return IMP_FACTORY_GET_CLASS (self)->list_interfaces (self);
}

/**
 * imp_factory_match_interfaces:
 * @self: a factory
 * @wanted: (nullable) (element-type ImpInterface): the interfaces that a provider can serve, best
 *   first; %NULL for all that the factory has
 *
 * Finds the interfaces that suit the factory and a provider.
 *
 * One of @wanted matches if its type of data is one that the factory works with, and it has all
 * results that the factory's analyzers may use there; hints and %IMP_RESULT_FATAL are never
 * demanded, and %IMP_RESULT_FLAGS_ALL stands for a provider that handles every result. The answer
 * has the provider's type of data and the factory's results.
 *
 * This does not wait for anything, and so says nothing of use for a factory whose analyzers are
 * elsewhere: there use [method@Imp.Factory.query_interfaces_async].
 *
 * Returns: (transfer full) (element-type ImpInterface): the matching interfaces, in the order of
 *   @wanted; empty if there are none
 *
 * Since: 0.1
 */
GList *
imp_factory_match_interfaces (ImpFactory *self, GList *wanted)
{
  g_autoptr (ImpInterfaceList) offered = NULL;

  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);

  offered = imp_factory_list_interfaces (self);
  return wanted == NULL ? g_steal_pointer (&offered) : imp_interface_list_match (offered, wanted);
}

/* Whichever of the two makes an analyzer. */
static void
factory_share_meter (ImpFactory *self, ImpFactory *bound)
{
  ImpMeter *meter = PRIVATE (imp_factory_get_base (self))->meter;
  ImpFactoryPrivate *priv = PRIVATE (bound);

  if (meter != NULL && bound != self && priv->base == NULL && priv->meter == NULL)
    priv->meter = imp_meter_ref (meter);
}

/**
 * imp_factory_set_interface:
 * @self: a factory
 * @interface: the interface that the provider has chosen
 * @error: return location for an error
 *
 * Creates a factory whose analyzers are bound to one interface.
 *
 * Hints that @interface lacks do not reach the provider from those analyzers. @self stays as it is:
 * others may share it.
 *
 * Returns: (transfer full): a factory, or %NULL with %IMP_ERROR_UNSUPPORTED if @self cannot work
 *   with @interface, %IMP_ERROR_FATAL if it has failed ([method@Imp.Factory.fail]), or another
 *   error of the plugin
 *
 * Since: 0.1
 */
ImpFactory *
imp_factory_set_interface (ImpFactory *self, ImpInterface *interface, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (ImpFactory) bound = NULL;

  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);
  g_return_val_if_fail (interface != NULL, NULL);

  bound = IMP_FACTORY_GET_CLASS (self)->set_interface (self, interface, &local);
  if (imp_factory_get_failure (self) != NULL)
    {
      /* That says more than that no interface suits. */
      factory_check (self, error);
      return NULL;
    }
  if (bound != NULL)
    {
      factory_share_meter (self, bound);
      return g_steal_pointer (&bound);
    }

  if (local == NULL)
    g_set_error (&local, IMP_ERROR, IMP_ERROR_FAILED,
                 "%s.set_interface returned neither a factory nor an error",
                 G_OBJECT_TYPE_NAME (self));
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

void
imp_factory_set_ignores_all (ImpFactory *self)
{
  PRIVATE (self)->ignores_all = TRUE;
}

/* What is asked for about one connection. */
typedef struct
{
  ImpContext *context;
  GHashTable *table;     /* the same, or NULL */
  GHashTable *own_table; /* the same, once it was needed */
  ImpInterface *interface;
} FactoryRequest;

static GHashTable *
factory_request_get_table (FactoryRequest *request)
{
  if (request->table == NULL)
    request->table = request->own_table = imp_context_to_table (request->context);
  return request->table;
}

/* A factory that has failed ignores nobody. */
static gboolean
factory_call_ignores (ImpFactory *self, FactoryRequest *request, GError **error)
{
  ImpFactoryClass *klass = IMP_FACTORY_GET_CLASS (self);
  g_autoptr (GError) local = NULL;
  gboolean ignores;

  if (PRIVATE (self)->ignores_all || klass->ignores == NULL)
    return PRIVATE (self)->ignores_all;
  ignores = klass->ignores (self, factory_request_get_table (request), &local);
  if (local == NULL)
    return factory_check (self, error) && ignores;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* The one place where a plugin's code makes an analyzer. Scripts cannot always say why they
 * failed, so that a missing error gets words here. */
static ImpAnalyzer *
factory_call_create (ImpFactory *self, FactoryRequest *request, GError **error)
{
  ImpFactoryClass *klass = IMP_FACTORY_GET_CLASS (self);

  if (klass->create_packed != NULL)
    return klass->create_packed (self, request->context, error);

  if (klass->create_analyzer == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "%s does not implement create_analyzer",
                   G_OBJECT_TYPE_NAME (self));
      return NULL;
    }

  return klass->create_analyzer (self, factory_request_get_table (request), error);
}

/* A constructor can give no error. One that has failed has left an analyzer that says so, and that
 * nobody may use as if it were whole. */
static gboolean
factory_check_analyzer (ImpAnalyzer *analyzer, GError **error)
{
  g_autofree char *failure = NULL;

  if (G_LIKELY (imp_analyzer_is_valid (analyzer) && !imp_analyzer_is_closed (analyzer)))
    return TRUE;
  failure = imp_analyzer_dup_failure (analyzer);
  if (failure == NULL)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, failure);
  imp_analyzer_close (analyzer);
  return FALSE;
}

static ImpAnalyzer *
factory_create_checked (ImpFactory *self, FactoryRequest *request, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (ImpAnalyzer) analyzer = factory_call_create (self, request, &local);
  gboolean passes;

  if (analyzer == NULL)
    {
      if (local == NULL)
        g_set_error (&local, IMP_ERROR, IMP_ERROR_FAILED,
                     "%s.create_analyzer returned neither an analyzer nor an error",
                     G_OBJECT_TYPE_NAME (self));
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (!factory_check_analyzer (analyzer, error))
    return NULL;

  /* "Not interested" can be said under every interface. */
  passes = G_OBJECT_TYPE (analyzer) == IMP_TYPE_PASS_ANALYZER;
  imp_analyzer_bind (analyzer, request->context, passes ? NULL : request->interface);
  if (PRIVATE (self)->meter != NULL)
    imp_analyzer_set_meter (analyzer, PRIVATE (self)->meter);
  return g_steal_pointer (&analyzer);
}

/* NULL without an error, and @ignored is set: it is not interested. */
static ImpAnalyzer *
factory_create_wanted (ImpFactory *self, FactoryRequest *request, gboolean *ignored, GError **error)
{
  GError *local = NULL;
  ImpAnalyzer *analyzer = NULL;

  *ignored = FALSE;
  if (request->interface == NULL)
    request->interface = PRIVATE (self)->interface;
  self = imp_factory_get_base (self);
  if (!factory_check (self, error))
    return NULL;
  *ignored = factory_call_ignores (self, request, &local);
  if (G_UNLIKELY (local != NULL))
    g_propagate_error (error, local);
  else if (!*ignored)
    analyzer = factory_create_checked (self, request, error);
  else if (PRIVATE (self)->meter != NULL)
    PRIVATE (self)->meter->n_ignored++;
  g_clear_pointer (&request->own_table, g_hash_table_unref);
  return analyzer;
}

/* Who has to have an analyzer gets one that passes everything. */
static ImpAnalyzer *
factory_create (ImpFactory *self, FactoryRequest *request, GError **error)
{
  gboolean ignored;
  ImpAnalyzer *analyzer = factory_create_wanted (self, request, &ignored, error);

  if (ignored)
    {
      analyzer = imp_pass_analyzer_new ();
      imp_analyzer_bind (analyzer, request->context, NULL);
    }
  return analyzer;
}

ImpAnalyzer *
imp_factory_create_bound (ImpFactory *self, ImpContext *context, ImpInterface *interface,
                          GError **error)
{
  FactoryRequest request = { .context = context, .interface = interface };

  return factory_create (self, &request, error);
}

ImpAnalyzer *
imp_factory_create_packed (ImpFactory *self, ImpContext *context, GError **error)
{
  return imp_factory_create_bound (self, context, NULL, error);
}

ImpAnalyzer *
imp_factory_create_wanted (ImpFactory *self, ImpContext *context, gboolean *ignored, GError **error)
{
  FactoryRequest request = { .context = context };

  return factory_create_wanted (self, &request, ignored, error);
}

/**
 * imp_factory_ignores:
 * @self: a factory
 * @context: (nullable) (element-type utf8 utf8): what is known of the connection, as for
 *   [method@Imp.Factory.create_analyzer]
 * @error: return location for an error
 *
 * Checks whether the factory is not interested in a connection.
 *
 * All of such a connection may pass, so that a provider needs no analyzer for it. Nobody has to
 * ask: [method@Imp.Factory.create_analyzer] returns a [class@Imp.PassAnalyzer] then, and a server
 * answers its client without making an analyzer.
 *
 * A factory whose analyzers are in another process does not know; there it is the answer to
 * [method@Imp.Factory.create_analyzer] that passes everything.
 *
 * Returns: %TRUE if it is not interested; %FALSE if it is, or with @error set if it has failed
 *
 * Since: 0.1
 */
gboolean
imp_factory_ignores (ImpFactory *self, GHashTable *context, GError **error)
{
  FactoryRequest request = { .table = context };
  gboolean ignores;

  g_return_val_if_fail (IMP_IS_FACTORY (self), FALSE);

  self = imp_factory_get_base (self);
  if (!factory_check (self, error))
    return FALSE;
  ignores = factory_call_ignores (self, &request, error);
  g_clear_pointer (&request.own_table, g_hash_table_unref);
  return ignores;
}

/* Nearly always it is of the same class as the one before. */
static gboolean
factory_is_valid (gconstpointer self)
{
  static gpointer known_class;

  if (self == NULL)
    return FALSE;
  if (((const GTypeInstance *) self)->g_class == g_atomic_pointer_get (&known_class))
    return TRUE;
  if (!IMP_IS_FACTORY ((gpointer) self))
    return FALSE;
  g_atomic_pointer_set (&known_class, ((const GTypeInstance *) self)->g_class);
  return TRUE;
}

/**
 * imp_factory_create_analyzer:
 * @self: a factory
 * @context: (nullable) (element-type utf8 utf8): what is known of the connection, such as "caddr",
 *   "cport", "saddr", "sport" and "app"
 * @error: return location for an error
 *
 * Creates an analyzer for one connection.
 *
 * A factory that is not interested in it ([method@Imp.Factory.ignores]) makes none; what is
 * returned then is a [class@Imp.PassAnalyzer].
 *
 * Returns: (transfer full): an analyzer, or %NULL with the plugin's error, with %IMP_ERROR_FATAL if
 *   the factory has failed ([method@Imp.Factory.fail]) or the analyzer did while it was made
 *   ([method@Imp.Analyzer.fail]), or with %IMP_ERROR_FAILED if the plugin gave none
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_factory_create_analyzer (ImpFactory *self, GHashTable *context, GError **error)
{
  g_autoptr (ImpContext) packed = NULL;
  FactoryRequest request = { NULL };

  g_return_val_if_fail (factory_is_valid (self), NULL);

  packed = imp_context_from_table (context);
  request.context = packed;
  request.table = context;
  return factory_create (self, &request, error);
}

/**
 * imp_factory_query_interfaces_async:
 * @self: a factory
 * @wanted: (nullable) (element-type ImpInterface): the interfaces that a provider can serve, best
 *   first; %NULL for all that the factory has
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when the answer is there
 * @user_data: data for @callback
 *
 * Starts to find the interfaces that suit the factory and a provider.
 *
 * This is [method@Imp.Factory.match_interfaces] that suits any kind of factory, also one that has
 * to ask another process.
 *
 * Since: 0.1
 */
void
imp_factory_query_interfaces_async (ImpFactory *self, GList *wanted, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (IMP_IS_FACTORY (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  IMP_FACTORY_GET_CLASS (self)->query_interfaces_async (self, wanted, cancellable, callback,
                                                        user_data);
}

/**
 * imp_factory_query_interfaces_finish:
 * @self: a factory
 * @result: the result that the callback got
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.Factory.query_interfaces_async].
 *
 * Returns: (transfer full) (element-type ImpInterface): the matching interfaces, in the order in
 *   which they were wanted; empty if there are none, or with @error set if they could not be had
 *
 * Since: 0.1
 */
GList *
imp_factory_query_interfaces_finish (ImpFactory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);
  g_return_val_if_fail (G_IS_ASYNC_RESULT (result), NULL);

  return IMP_FACTORY_GET_CLASS (self)->query_interfaces_finish (self, result, error);
}

/**
 * imp_factory_set_measured:
 * @self: a factory
 * @measured: whether its analyzers are to be counted
 *
 * Counts from now on what the factory's new analyzers are fed and answer, and how long that takes;
 * see [method@Imp.Factory.get_measurements]. To say so again does no harm, and %FALSE forgets what
 * was counted.
 *
 * All analyzers of a factory that is measured belong into one thread. A chunk then takes a few
 * instructions more, and no memory.
 *
 * Since: 0.2
 */
void
imp_factory_set_measured (ImpFactory *self, gboolean measured)
{
  ImpFactoryPrivate *priv;

  g_return_if_fail (IMP_IS_FACTORY (self));

  priv = PRIVATE (imp_factory_get_base (self));
  if (!measured)
    g_clear_pointer (&priv->meter, imp_meter_unref);
  else if (priv->meter == NULL)
    priv->meter = imp_meter_new ();
}

/**
 * imp_factory_get_measurements:
 * @self: a factory
 *
 * Gets what was counted of the factory's analyzers since [method@Imp.Factory.set_measured], and of
 * those of all factories that [method@Imp.Factory.set_interface] has made of it since then, as a
 * dictionary (a{sv}).
 *
 * Unsigned 64-bit numbers are "analyzers", "live-analyzers" and "ignored" (connections in
 * which it was not interested). "verdicts" is a dictionary (a{st}) of the
 * number of results by the names of their types; a "fatal" is also that of an analyzer that has
 * failed or cannot be reached. "times" (an array of unsigned 64-bit numbers) says how long chunks
 * waited until a verdict was there about all of them: how many waited at most as long as the first
 * of "time-bounds" (an array of doubles, in seconds, ascending) says, how many longer, but at most
 * as long as the second says, and so on; the last number is that of those which waited longer than
 * all bounds. "total-time" (a double) is the sum of these times, in seconds.
 *
 * Not every chunk is timed: of each direction of an analyzer only one at a time, and where more
 * than a thousand come in a second only few of them, down to one in 256.
 *
 * Returns: (transfer full) (nullable): the dictionary, or %NULL if nothing is counted
 *
 * Since: 0.2
 */
GVariant *
imp_factory_get_measurements (ImpFactory *self)
{
  const ImpMeter *meter;

  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);

  meter = PRIVATE (imp_factory_get_base (self))->meter;
  return meter != NULL ? imp_meter_describe (meter) : NULL;
}

/**
 * imp_factory_list_statuses:
 * @self: a factory
 *
 * Gets how the factory is, as far as it knows: whether it can be used now, and if not, why, and
 * what is being done about it. There is one entry for each factory that it consists of; one that
 * has failed ([method@Imp.Factory.fail]) is unusable.
 *
 * This does not wait for anything: of a factory whose analyzers are elsewhere it tells only whether
 * they can be reached. To ask there use [method@Imp.Factory.query_statuses_async].
 *
 * Returns: (transfer full) (element-type ImpFactoryStatus): the statuses, at least one
 *
 * Since: 0.1
 */
GList *
imp_factory_list_statuses (ImpFactory *self)
{
  GList *statuses = NULL;

  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);

  self = imp_factory_get_base (self);
  if (imp_factory_get_failure (self) == NULL)
    statuses = IMP_FACTORY_GET_CLASS (self)->list_statuses (self);
  /* To ask may have been what failed. */
  if (statuses != NULL && imp_factory_get_failure (self) == NULL)
    return statuses;
  imp_factory_status_list_free (statuses);
  return factory_list_own_status (self);
}

/**
 * imp_factory_query_statuses_async:
 * @self: a factory
 * @timeout_ms: how long an answer may take that is not here, in milliseconds
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when the answer is there
 * @user_data: data for @callback
 *
 * Starts to find out how the factory is, also where that has to be asked in another process.
 *
 * An entry of who does not answer in time is %IMP_FACTORY_STATE_UNUSABLE.
 *
 * Since: 0.1
 */
void
imp_factory_query_statuses_async (ImpFactory *self, guint timeout_ms, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  ImpFactory *base;
  GTask *task;

  g_return_if_fail (IMP_IS_FACTORY (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_factory_query_statuses_async);
  base = imp_factory_get_base (self);
  if (imp_factory_get_failure (base) == NULL)
    IMP_FACTORY_GET_CLASS (base)->query_statuses (base, timeout_ms, task);
  else
    imp_factory_real_query_statuses (base, timeout_ms, task);
}

/**
 * imp_factory_query_statuses_finish:
 * @self: a factory
 * @result: the result that the callback got
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.Factory.query_statuses_async]. That something
 * cannot be asked is no error: the answer says so.
 *
 * Returns: (transfer full) (element-type ImpFactoryStatus): the statuses, at least one; empty with
 *   %G_IO_ERROR_CANCELLED if it was cancelled
 *
 * Since: 0.1
 */
GList *
imp_factory_query_statuses_finish (ImpFactory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
