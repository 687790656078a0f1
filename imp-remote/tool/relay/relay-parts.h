/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-group.h"

G_BEGIN_DECLS

/* What can be said of a group: an option of the command line, or a key of a file. */
typedef struct
{
  const char *option;
  const char *letter; /* or NULL */
  /* @value: NULL where there is none. Prints what is wrong, and returns the program's status. */
  int (*apply) (RelayGroup *group, const char *value);
  gboolean has_value;
  gboolean several; /* of them in one group */
  gboolean ends_group;
} RelayPartKind;

typedef RelayGroup *(*RelayAddGroupFunc) (gpointer user_data);

/* NULL if there is none. */
const RelayPartKind *relay_parts_find (const char *option);

/* Those of a command line, in their order. */
GPtrArray *relay_parts_new (void);
void relay_parts_add (GPtrArray *parts, const char *option, const char *value);
/* Makes groups of them. Prints what is wrong, and returns the program's status. */
int relay_parts_make_groups (const GPtrArray *parts, RelayAddGroupFunc add_group,
                             gpointer user_data);

G_END_DECLS
