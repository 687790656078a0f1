/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* The table of messages in the specification. */

/* @by_server: or by a provider. */
gboolean conform_op_may_send (ImpOp op, gboolean by_server);
/* The first version that has it. */
guint conform_op_get_version (ImpOp op);
const char *conform_op_get_name (ImpOp op);

/* A limit that the other end has announced; 0: none of that name. */
guint64 conform_op_get_limit (ImpMessage *greeting, const char *name);
gboolean conform_op_has_feature (ImpMessage *greeting, const char *name);

G_END_DECLS
