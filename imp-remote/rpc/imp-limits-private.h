/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* What a limit counts, and so which type it has where it is kept. */
typedef enum
{
  IMP_LIMIT_COUNT,   /* guint */
  IMP_LIMIT_BYTES,   /* gsize; its property is a guint64 */
  IMP_LIMIT_SECONDS, /* guint, as the following */
  IMP_LIMIT_MILLISECONDS,
  IMP_LIMIT_MICROSECONDS,
} ImpLimitKind;

/* A limit, or another number that a user can set: all that there is to say of it, in one row. From
 * it come the default, the property with its getter and setter, and the option of the tool.
 * docs/limits.md is compared with it by a test. The row of a property has the property's doc
 * comment before it, for those who read the reference. */
typedef struct
{
  const char *name;
  ImpLimitKind kind;
  gsize place; /* offsetof() in the struct that has it */
  guint64 minimum;
  guint64 maximum;
  guint64 standard;  /* the default */
  const char *blurb; /* a few words that begin in lower case: for the tool's help */
} ImpLimit;

/* A property for the limit. */
GParamSpec *imp_limit_make_spec (const ImpLimit *self);
/* What the property of a limit counts: "BYTES", "MS", "N", ... NULL for any other property. So the
 * tool, which sees a server from outside, finds the limits among its properties. */
const char *imp_limit_get_unit (GParamSpec *spec);

/* In these, @owner is the struct that has it. */
guint64 imp_limit_get (const ImpLimit *self, gconstpointer owner);
/* FALSE if it had that value already. @value is in the range. */
gboolean imp_limit_set (const ImpLimit *self, gpointer owner, guint64 value);

/* The same by the property. */
void imp_limit_get_property (const ImpLimit *self, gconstpointer owner, GValue *value);
gboolean imp_limit_set_property (const ImpLimit *self, gpointer owner, const GValue *value);

/* Sets all to their defaults. */
void imp_limits_init (const ImpLimit *limits, gsize n_limits, gpointer owner);
/* A property for each. */
void imp_limits_make_specs (const ImpLimit *limits, gsize n_limits, GParamSpec **specs);

G_END_DECLS
