/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A file of settings: sections of KEY=VALUE lines, as in a key file of GLib, and where each of them
 * stands. A key may stand several times, and values are taken as they are: nothing is quoted or
 * escaped, so that the settings of a module stay what they are. */
typedef struct
{
  char *name;
  char *value;
  char *place; /* FILE:LINE */
} ConfigKey;

typedef struct
{
  char *kind; /* the first word between the brackets */
  char *name; /* what follows; NULL if nothing does */
  char *place;
  GPtrArray *keys; /* of ConfigKey, as they stand */
} ConfigSection;

typedef struct
{
  char *path;
  GPtrArray *files;    /* the paths of those that were read, as they were named */
  GPtrArray *sections; /* of ConfigSection, as they begin */
  GPtrArray *errors;   /* of text, with FILE:LINE in front; the file is good if there are none */
} ConfigFile;

/* Reads @path, and what it includes. Always returns something: whoever has asked looks at the
 * errors. */
ConfigFile *config_file_read (const char *path);
void config_file_free (ConfigFile *self);

/* For errors that are found later. What is found twice is said once. */
void config_file_add_error (ConfigFile *self, const char *place, const char *format, ...)
  G_GNUC_PRINTF (3, 4);

/* In the order of files and lines, in which people go through them. */
void config_file_sort_errors (ConfigFile *self);

/* "[KIND NAME]", or NULL. */
const ConfigSection *config_file_find (const ConfigFile *self, const char *kind, const char *name);
/* The first key of that name, or NULL. */
const ConfigKey *config_section_find (const ConfigSection *self, const char *name);
/* As it stands in the file: "[KIND NAME]". */
char *config_section_to_text (const ConfigSection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigFile, config_file_free)

G_END_DECLS
