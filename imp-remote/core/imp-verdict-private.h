/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result-private.h"
#include "core/imp-view-private.h"

G_BEGIN_DECLS

/* A result on its way through the library: by value, since one comes with every chunk. Those that
 * come often have all that they say in here; the others, and those for which somebody has made an
 * object already, come with a result. Whoever keeps one for later keeps a result. */
typedef struct
{
  guint16 type; /* ImpResultType */
  guint8 direction;
  gint64 offset;     /* PASS, PREPASS, REPLACE */
  ImpView data;      /* REPLACE, TO_SENDER */
  ImpResult *result; /* borrowed. NULL only for those three, TO_SENDER, PAUSE and CONTINUE */
} ImpVerdict;

static inline ImpVerdict
imp_verdict_of_offset (ImpResultType type, ImpDirection direction, gint64 offset)
{
  ImpVerdict self;

  self.type = type;
  self.direction = direction == IMP_DIRECTION_FROM_SERVER;
  self.offset = offset;
  self.result = NULL;
  return self;
}

static inline ImpVerdict
imp_verdict_of_data (ImpResultType type, ImpDirection direction, gint64 offset, ImpView data)
{
  ImpVerdict self = imp_verdict_of_offset (type, direction, offset);

  self.data = data;
  return self;
}

static inline ImpVerdict
imp_verdict_of_result (ImpResult *result)
{
  ImpVerdict self = imp_verdict_of_offset (result->type, result->direction, result->offset);

  if (result->data != NULL)
    self.data = imp_view_of_bytes (result->data);
  self.result = result;
  return self;
}

/* DENY, DROP or FATAL: nothing comes after it. */
static inline gboolean
imp_verdict_is_refusal (const ImpVerdict *self)
{
  return self->type == IMP_RESULT_DENY || self->type == IMP_RESULT_DROP
         || self->type == IMP_RESULT_FATAL;
}

/* One that a provider may ignore. */
gboolean imp_verdict_is_hint (const ImpVerdict *self);

/* A reference to its result, which is made if there is none. */
ImpResult *imp_verdict_to_result (const ImpVerdict *self);

G_END_DECLS
