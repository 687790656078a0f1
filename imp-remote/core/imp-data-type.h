/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

G_BEGIN_DECLS

/**
 * IMP_DATA_TYPE_ANY:
 *
 * In an [struct@Imp.Interface] only: whatever type of data comes.
 *
 * Since: 0.1
 */
#define IMP_DATA_TYPE_ANY 0

/**
 * IMP_DATA_TYPE_STREAM:
 *
 * Bytes of a stream, whose chunks may be joined and split.
 *
 * Since: 0.1
 */
#define IMP_DATA_TYPE_STREAM -1

/**
 * IMP_DATA_TYPE_PACKET:
 *
 * Packets, which are never joined, split or replaced in part.
 *
 * Since: 0.1
 */
#define IMP_DATA_TYPE_PACKET 1

IMP_AVAILABLE_IN_0_1
gboolean    imp_data_type_register  (const char *name, gint32 value, GError **error);
IMP_AVAILABLE_IN_0_1
const char *imp_data_type_get_name  (gint32 type);
IMP_AVAILABLE_IN_0_1
gint32      imp_data_type_from_name (const char *name);
IMP_AVAILABLE_IN_0_1
gboolean    imp_data_type_is_stream (gint32 type);

G_END_DECLS
