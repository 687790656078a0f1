/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What "$NAME" stands for in the steps of a case. */
typedef struct _ConformNames ConformNames;

ConformNames *conform_names_new (void);
void conform_names_free (ConformNames *self);
void conform_names_set (ConformNames *self, const char *name, const char *value);
void conform_names_set_number (ConformNames *self, const char *name, gint64 value);
/* A copy of @text with the values of all names in it. */
char *conform_names_expand (ConformNames *self, const char *text);

G_END_DECLS
