/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-analyzer.h"
#include "imp-remote/core/imp-factory-status.h"

G_BEGIN_DECLS

#define IMP_TYPE_FACTORY (imp_factory_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (ImpFactory, imp_factory, IMP, FACTORY, GObject)

/**
 * ImpFactoryClass:
 * @list_interfaces: (transfer full): gets the interfaces that the factory's analyzers
 *   can work with; the default is any data and all results
 * @create_analyzer: makes an analyzer for the connection that @context describes; %NULL is a
 *   failure, with @error set, and never "not interested"
 * @set_interface: makes a factory whose analyzers are bound to @interface; the default suits every
 *   factory that need not know
 * @query_interfaces_async: starts to find out which of the wanted interfaces match
 * @query_interfaces_finish: ends it
 * @list_statuses: (transfer full): gets how the factory is, as far as it knows without asking
 *   anybody; the default is that it is up, unless it has failed ([method@Imp.Factory.fail])
 * @ignores: checks whether the factory is not interested in the connection that @context
 *   describes; the default is that it is in all of them
 *
 * What a plugin implements.
 *
 * Since: 0.1
 */
struct _ImpFactoryClass
{
  GObjectClass parent_class;

  /**
   * ImpFactoryClass::list_interfaces:
   * @self: a factory
   *
   * Gets the interfaces that the factory's analyzers can work with.
   *
   * Returns: (transfer full) (element-type ImpInterface): the interfaces
   */
  GList       *(*list_interfaces) (ImpFactory *self);

  /**
   * ImpFactoryClass::create_analyzer:
   * @self: a factory
   * @context: (element-type utf8 utf8): what is known of the connection
   * @error: return location for an error
   *
   * Makes an analyzer for one connection.
   *
   * Returns: (transfer full): the analyzer, or %NULL with an error
   */
  ImpAnalyzer *(*create_analyzer) (ImpFactory *self, GHashTable *context, GError **error);

  /**
   * ImpFactoryClass::set_interface:
   * @self: a factory
   * @interface: one interface
   * @error: return location for an error
   *
   * Makes a factory whose analyzers are bound to one interface.
   *
   * Returns: (transfer full): the bound factory, or %NULL with an error
   */
  ImpFactory  *(*set_interface)   (ImpFactory *self, ImpInterface *interface, GError **error);

  void         (*query_interfaces_async)  (ImpFactory *self, GList *wanted,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);

  /**
   * ImpFactoryClass::query_interfaces_finish:
   * @self: a factory
   * @result: the result
   * @error: return location for an error
   *
   * Finishes an operation started with query_interfaces_async().
   *
   * Returns: (transfer full) (element-type ImpInterface): the interfaces that match
   */
  GList       *(*query_interfaces_finish) (ImpFactory *self, GAsyncResult *result, GError **error);

  /**
   * ImpFactoryClass::list_statuses:
   * @self: a factory
   *
   * Gets how the factory is: one entry, or one for each factory that it consists of.
   *
   * Returns: (transfer full) (element-type ImpFactoryStatus): the statuses
   */
  GList       *(*list_statuses)   (ImpFactory *self);

  /**
   * ImpFactoryClass::ignores:
   * @self: a factory
   * @context: (element-type utf8 utf8): what is known of the connection
   * @error: return location for an error
   *
   * Checks whether the factory is not interested in one connection. Then all of it passes, and no
   * analyzer is asked for.
   *
   * %FALSE is the answer of whoever is interested, and of whoever has failed: with @error set there
   * is no analyzer either.
   *
   * Returns: %TRUE if the connection is to pass without an analyzer
   */
  gboolean     (*ignores)         (ImpFactory *self, GHashTable *context, GError **error);

  /*< private >*/
  /* Inside the library only. Introspection need not know them, but that there are three. */
#ifndef __GI_SCANNER__
  /* A context that was packed by the wire need not become a table. */
  ImpAnalyzer *(*create_packed) (ImpFactory *self, gpointer context, GError **error);
  /* Called once the settings are there; adds to @errors, as char *, what is wrong with them
   * together or what their GParamSpecs cannot say. Errors that were found before are in it already:
   * then a setting that is missing need not have been left out. */
  void         (*validate) (ImpFactory *self, GPtrArray *errors);
  /* The same as list_statuses(), for those who have to ask somebody, within @timeout_ms. @task, a
   * reference to which is given, gets the list. */
  void         (*query_statuses)  (ImpFactory *self, guint timeout_ms, GTask *task);
#else
  gpointer internal[3];
#endif
  /* Inside the library only: a struct of functions for settings that are no properties. */
  gconstpointer numbered;
  /* Inside the library only: other names of settings. */
  gconstpointer aliases;
  gpointer padding[2];
};

IMP_AVAILABLE_IN_0_1
void         imp_factory_fail             (ImpFactory *self, const char *reason);
IMP_AVAILABLE_IN_0_1
GList       *imp_factory_list_interfaces  (ImpFactory *self);
IMP_AVAILABLE_IN_0_1
GList       *imp_factory_match_interfaces (ImpFactory *self, GList *wanted);
IMP_AVAILABLE_IN_0_1
ImpFactory  *imp_factory_set_interface    (ImpFactory *self, ImpInterface *interface,
                                           GError **error);
IMP_AVAILABLE_IN_0_1
ImpAnalyzer *imp_factory_create_analyzer  (ImpFactory *self, GHashTable *context,
                                           GError **error);
IMP_AVAILABLE_IN_0_1
gboolean     imp_factory_ignores          (ImpFactory *self, GHashTable *context,
                                           GError **error);

IMP_AVAILABLE_IN_0_1
void   imp_factory_query_interfaces_async  (ImpFactory *self, GList *wanted,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
IMP_AVAILABLE_IN_0_1
GList *imp_factory_query_interfaces_finish (ImpFactory *self, GAsyncResult *result,
                                            GError **error);

IMP_AVAILABLE_IN_0_1
GList *imp_factory_list_statuses           (ImpFactory *self);
IMP_AVAILABLE_IN_0_1
void   imp_factory_query_statuses_async    (ImpFactory *self, guint timeout_ms,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);
IMP_AVAILABLE_IN_0_1
GList *imp_factory_query_statuses_finish   (ImpFactory *self, GAsyncResult *result,
                                            GError **error);

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_factory_new_from_settings (GType type, const char *settings,
                                           GError **error);
IMP_AVAILABLE_IN_0_1
char       *imp_factory_get_settings      (ImpFactory *self);

IMP_AVAILABLE_IN_0_2
void         imp_factory_set_measured     (ImpFactory *self, gboolean measured);
IMP_AVAILABLE_IN_0_2
GVariant    *imp_factory_get_measurements (ImpFactory *self);

G_END_DECLS
