/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-read-buffer-private.h"

/* Less than this of a block is copied out of it. */
#define COPY_BELOW (IMP_READ_BUFFER_SIZE / 4)

GBytes *
imp_read_buffer_read (ImpTransport *transport, GError **error)
{
  ImpBlock *block = imp_block_new (IMP_READ_BUFFER_SIZE);
  gssize n = imp_transport_read (transport, block->data, IMP_READ_BUFFER_SIZE, error);
  GBytes *bytes = NULL;

  if (n >= COPY_BELOW)
    bytes = imp_block_slice (block, block->data, n);
  else if (n >= 0)
    bytes = g_bytes_new (block->data, n);
  imp_block_unref (block);
  return bytes;
}
