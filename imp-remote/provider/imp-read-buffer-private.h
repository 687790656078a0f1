/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-block-private.h"
#include "io/imp-transport-private.h"

G_BEGIN_DECLS

#define IMP_READ_BUFFER_SIZE IMP_BLOCK_SIZE

/* Reads what there is, up to IMP_READ_BUFFER_SIZE bytes. A large piece is handed on in the buffer
 * that it was read into; a small one is copied, so that it cannot pin a large buffer. No bytes:
 * the end of the stream. NULL: an error, perhaps G_IO_ERROR_WOULD_BLOCK. */
GBytes *imp_read_buffer_read (ImpTransport *transport, GError **error);

G_END_DECLS
