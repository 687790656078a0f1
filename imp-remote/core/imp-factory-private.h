/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-factory.h"

G_BEGIN_DECLS

/* As imp_factory_create_analyzer(), for a context that is packed already (NULL: empty). */
ImpAnalyzer *imp_factory_create_packed (ImpFactory *self, ImpContext *context, GError **error);

/* As above; the analyzer is bound to @interface (NULL: to none). */
ImpAnalyzer *imp_factory_create_bound (ImpFactory *self, ImpContext *context,
                                       ImpInterface *interface, GError **error);

/* As imp_factory_create_packed(). Where the factory is not interested there is neither an analyzer
 * nor an error, but @ignored is set. */
ImpAnalyzer *imp_factory_create_wanted (ImpFactory *self, ImpContext *context, gboolean *ignored,
                                        GError **error);
/* It is interested in no connection at all; nobody has to ask it with a context. */
void imp_factory_set_ignores_all (ImpFactory *self);

/* The factory that this one is bound to an interface of, or itself. */
ImpFactory *imp_factory_get_base (ImpFactory *self);

/* What imp_factory_fail() said, or NULL. */
const char *imp_factory_get_failure (ImpFactory *self);

/* Whether its properties are right, each and together; else %IMP_ERROR_SETTINGS with all that is
 * wrong. */
gboolean imp_factory_validate (ImpFactory *self, GError **error);

/* What it is called in its status: a copy of @name, or else its type's name. */
void imp_factory_set_name (ImpFactory *self, const char *name);
const char *imp_factory_get_name (ImpFactory *self);

/* For those who make lists of ImpFactoryStatus: takes @status. */
GList *imp_factory_status_list_new (ImpFactoryStatus *status);
void imp_factory_status_list_free (gpointer list);

/* Those of @offered that can serve one of @wanted; (transfer full), in the order of @wanted
 * and with its types of data. */
GList *imp_interface_list_match (GList *offered, GList *wanted);

G_END_DECLS
