/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* Another name of a setting. A class of the library that has some points to a table of them, which
 * ends with a row of NULL; of a setting with several names, the one to be suggested comes first. A
 * numbered setting has them without the number. */
typedef struct
{
  const char *name;
  const char *setting;
} ImpSettingAlias;

/* Of a class; or NULL. */
const ImpSettingAlias *imp_setting_aliases_get (GObjectClass *klass);
/* " (or NAME)", with @suffix behind each name; "" if the setting has one name only. */
char *imp_setting_aliases_describe (const ImpSettingAlias *aliases, const char *setting,
                                    const char *suffix);

/* Under which names settings were given: so that messages have those. */
typedef struct
{
  const ImpSettingAlias *aliases; /* or NULL */
  GHashTable *written;            /* a setting to the name that was written; NULL: no others */
} ImpSettingNames;

void imp_setting_names_init (ImpSettingNames *self, GObjectClass *klass);
void imp_setting_names_clear (ImpSettingNames *self);
/* The setting that @key stands for. If it was given under another name before, that is @other. */
char *imp_setting_names_resolve (ImpSettingNames *self, const char *key, const char **other);
/* Has @factory remember them. */
void imp_setting_names_attach (const ImpSettingNames *self, ImpFactory *factory);

/* What to call a setting in a message: as whoever made @factory did. One that was not given has its
 * first other name, if there were any such. It lives as long as @factory. */
const char *imp_setting_names_look_up (ImpFactory *factory, const char *setting);
/* Is one of the errors about this setting already? */
gboolean imp_setting_names_is_mentioned (ImpFactory *factory, GPtrArray *errors,
                                         const char *setting);

G_END_DECLS
