/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* How the parts of a cascade are that an analyzer consists of. It ends once all of them have
 * answered; there is at least one. */
typedef struct _ImpCascadeQuestion ImpCascadeQuestion;

/* Takes @task, which gets what they say in their order, as a list of ImpFactoryStatus. */
ImpCascadeQuestion *imp_cascade_question_new (guint n_parts, GTask *task);
/* To be called for each. The last one may answer at once. */
void imp_cascade_question_ask (ImpCascadeQuestion *self, guint part, ImpAnalyzer *analyzer,
                               ImpFactory *factory, guint timeout_ms);

G_END_DECLS
