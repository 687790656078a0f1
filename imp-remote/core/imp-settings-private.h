/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "core/imp-setting-names-private.h"

G_BEGIN_DECLS

/* A setting is a writable property of a class between its own and ImpFactory's or ImpAnalyzer's, of
 * a type that can be written as text; they stand in the order of their definition.
 * NULL-terminated. */
GParamSpec **imp_settings_list (GObjectClass *klass);

/* Settings of which a factory has any number, as name0, name1 and so on: one for each
 * specification, which is no property. A class of the library that has them points to this. */
typedef struct
{
  GParamSpec **(*list) (void); /* NULL-terminated */
  guint max;                   /* how many numbers there may be */
  /* Called for each one that was given, in any order, before the factory is validated. */
  void (*set) (ImpFactory *self, guint number, GParamSpec *pspec, const GValue *value);
  guint (*count) (ImpFactory *self);
  /* @value has the type of @pspec. */
  void (*get) (ImpFactory *self, guint number, GParamSpec *pspec, GValue *value);
} ImpNumberedSettings;

/* Of a class; or NULL. */
const ImpNumberedSettings *imp_settings_get_numbered (GObjectClass *klass);

/* What settings say of new objects. */
typedef struct
{
  GPtrArray *names;                    /* of the properties */
  GArray *values;                      /* of GValue */
  const ImpNumberedSettings *numbered; /* or NULL */
  GArray *others;                      /* those of them that are given */
  ImpSettingNames keys;                /* under which they are given */
} ImpSettingValues;

/* What is wrong goes to @errors (char *). */
ImpSettingValues *imp_setting_values_new (GObjectClass *klass, const char *settings,
                                          GPtrArray *errors);
/* Without the numbered ones, which are no properties. */
gpointer imp_setting_values_make (const ImpSettingValues *self, GType type);
void imp_setting_values_free (ImpSettingValues *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpSettingValues, imp_setting_values_free)

/* Whether there are none; else they become one error. */
static inline gboolean
imp_settings_check (GPtrArray *errors, GError **error)
{
  g_autofree char *text = NULL;

  if (errors->len == 0)
    return TRUE;
  g_ptr_array_add (errors, NULL);
  text = g_strjoinv ("; ", (char **) errors->pdata);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS, text);
  return FALSE;
}

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
