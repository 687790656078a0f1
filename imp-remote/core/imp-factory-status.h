/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-enums.h"

G_BEGIN_DECLS

/**
 * ImpFactoryState:
 * @IMP_FACTORY_STATE_UP: it makes analyzers, and they are of use
 * @IMP_FACTORY_STATE_RESTARTING: it does not now, and tries by itself to do so again
 * @IMP_FACTORY_STATE_UNUSABLE: it does not, and nobody tries
 *
 * What can be expected of a factory.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_FACTORY_STATE_UP,
  IMP_FACTORY_STATE_RESTARTING,
  IMP_FACTORY_STATE_UNUSABLE,
} ImpFactoryState;

#define IMP_TYPE_FACTORY_STATE (imp_factory_state_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_factory_state_get_type (void);

#define IMP_TYPE_FACTORY_STATUS (imp_factory_status_get_type ())

/**
 * ImpFactoryStatus:
 *
 * How a factory is: whether it can be used at the moment, and if not, why, and what is being done
 * about it.
 *
 * An `ImpFactoryStatus` is immutable and reference counted, so it can be shared by threads.
 *
 * Since: 0.1
 */
typedef struct _ImpFactoryStatus ImpFactoryStatus;

IMP_AVAILABLE_IN_0_1
GType             imp_factory_status_get_type   (void);
IMP_AVAILABLE_IN_0_1
ImpFactoryStatus *imp_factory_status_new        (const char *name, ImpFactoryState state,
                                                 const char *reason, gint64 since_ms,
                                                 gint64 retry_ms);
IMP_AVAILABLE_IN_0_1
ImpFactoryStatus *imp_factory_status_ref        (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
void              imp_factory_status_unref      (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
const char       *imp_factory_status_get_name   (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
ImpFactoryState   imp_factory_status_get_state  (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
const char       *imp_factory_status_get_reason (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
gint64            imp_factory_status_get_since  (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
gint64            imp_factory_status_get_retry  (ImpFactoryStatus *self);
IMP_AVAILABLE_IN_0_1
char             *imp_factory_status_to_string  (ImpFactoryStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpFactoryStatus, imp_factory_status_unref)

G_END_DECLS
