/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-judge.h"

G_BEGIN_DECLS

/* What is answered to @message whatever a case is about, by a client or by a server; NULL: nothing.
 * @own: the analyzer that the case is about, for which it answers itself. */
ImpMessage *conform_answer_make (const ConformJudge *judge, gboolean as_server, gint64 own,
                                 ImpMessage *message);

G_END_DECLS
