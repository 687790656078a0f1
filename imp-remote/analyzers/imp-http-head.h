/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define IMP_TYPE_HTTP_HEAD (imp_http_head_get_type ())
IMP_AVAILABLE_IN_0_2
G_DECLARE_FINAL_TYPE (ImpHttpHead, imp_http_head, IMP, HTTP_HEAD, GObject)

IMP_AVAILABLE_IN_0_2
ImpHttpHead *imp_http_head_new_response   (guint status, const char *reason);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_is_request     (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
const char  *imp_http_head_get_method     (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
const char  *imp_http_head_get_target     (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
guint        imp_http_head_get_minor      (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
guint        imp_http_head_get_status     (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
const char  *imp_http_head_get_reason     (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
guint        imp_http_head_get_n_fields   (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
const char  *imp_http_head_get_name       (ImpHttpHead *self, guint index);
IMP_AVAILABLE_IN_0_2
const char  *imp_http_head_get_value      (ImpHttpHead *self, guint index);
IMP_AVAILABLE_IN_0_2
const char  *imp_http_head_lookup         (ImpHttpHead *self, const char *name);
IMP_AVAILABLE_IN_0_2
char       **imp_http_head_list_values    (ImpHttpHead *self, const char *name);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_has_token      (ImpHttpHead *self, const char *name, const char *token);

IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_set_method     (ImpHttpHead *self, const char *method, GError **error);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_set_target     (ImpHttpHead *self, const char *target, GError **error);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_set_status     (ImpHttpHead *self, guint status, const char *reason,
                                           GError **error);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_set_field      (ImpHttpHead *self, const char *name, const char *value,
                                           GError **error);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_append_field   (ImpHttpHead *self, const char *name, const char *value,
                                           GError **error);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_remove_field   (ImpHttpHead *self, const char *name, GError **error);
IMP_AVAILABLE_IN_0_2
gboolean     imp_http_head_is_changed     (ImpHttpHead *self);
IMP_AVAILABLE_IN_0_2
GBytes      *imp_http_head_to_bytes       (ImpHttpHead *self);

G_END_DECLS
