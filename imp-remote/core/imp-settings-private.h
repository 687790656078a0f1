/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* A setting is a writable property of a class between its own and ImpFactory's, of a type that can
 * be written as text; they stand in the order of their definition. NULL-terminated. */
GParamSpec **imp_settings_list (GObjectClass *klass);

/* Splits "key=value&key=value" and decodes both sides: the keys are UTF-8 with '-' for '_', the
 * values any bytes. What cannot be split goes to @errors (char *). */
typedef struct
{
  char *key;
  GBytes *value;
  char *text; /* as it stood in the string, made fit to be shown */
} ImpSetting;

GPtrArray *imp_settings_split (const char *settings, GPtrArray *errors);
/* "key=" with the value percent-encoded. */
void imp_settings_append (GString *settings, const char *key, const guint8 *value, gsize length);

/* One value as bytes, by the type of its property. */
gboolean imp_setting_is_supported (GParamSpec *pspec);
/* FALSE if @bytes are no such value; imp_setting_describe() says what would be one. */
gboolean imp_setting_parse (GParamSpec *pspec, GBytes *bytes, GValue *value);
/* NULL for a value that stands for "not set". */
GBytes *imp_setting_format (GParamSpec *pspec, const GValue *value);
/* "true or false", "a whole number from 1 to 65535", "deny, reject or replace", ... */
char *imp_setting_describe (GParamSpec *pspec);

G_END_DECLS
