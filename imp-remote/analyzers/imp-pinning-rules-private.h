/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-effort-private.h"
#include "core/imp-enums.h"
#include "core/imp-regex-program-private.h"

G_BEGIN_DECLS

/* So many rules may there be. */
#define IMP_PINNING_RULES_MAX 1000
/* The key of the hashes of packets. */
#define IMP_PINNING_KEY_SIZE 32

/* What one piece of a protocol must look like. Some of it may be missing as long as settings are
 * read. */
typedef struct
{
  int direction; /* -1: not known */
  guint max_length;
  char *regex;
  ImpRegexProgram *program;
  gsize window;   /* what is decided by so many bytes is decided */
  gboolean grows; /* it may be taken for matched while more could make the match longer */
} ImpPinningRule;

ImpPinningRule *imp_pinning_rule_new (void);
void imp_pinning_rule_free (ImpPinningRule *self);
/* All that it says is there. IMP_ERROR_SETTINGS: it cannot be used. */
gboolean imp_pinning_rule_compile (ImpPinningRule *self, GError **error);

typedef enum
{
  IMP_PINNING_NONE,   /* no match, whatever comes */
  IMP_PINNING_MATCH,  /* and what comes does not change it */
  IMP_PINNING_GROWS,  /* a match, which more may make longer */
  IMP_PINNING_OPEN,   /* more will tell */
  IMP_PINNING_COSTLY, /* it cannot be told with the work that is allowed */
} ImpPinningAnswer;

typedef enum
{
  IMP_PINNING_STREAM, /* more may follow */
  IMP_PINNING_END,    /* nothing follows */
  IMP_PINNING_PACKET, /* nothing follows, and all of it has to match */
} ImpPinningInput;

/* Does @data begin with a match? It is the first @length bytes then. */
ImpPinningAnswer imp_pinning_rule_try (const ImpPinningRule *self, const guint8 *data, gsize size,
                                       ImpPinningInput input, gsize *length);

/* What all analyzers of one factory share; it lives in the factory. */
typedef struct
{
  GPtrArray *rules; /* of ImpPinningRule */
  gboolean ignore_order;
  gboolean allow_dup;
  gboolean allow_reorder;
  gint64 max_unbound[2]; /* -1: none */
  guint max_effort;      /* in milliseconds */
  guint8 key[IMP_PINNING_KEY_SIZE];
} ImpPinningRules;

static inline const ImpPinningRule *
imp_pinning_rules_get (const ImpPinningRules *self, guint i)
{
  return g_ptr_array_index (self->rules, i);
}

G_END_DECLS
