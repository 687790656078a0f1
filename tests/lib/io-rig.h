/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-peer.h"

#include "provider/imp-io-stream.h"

/* An ImpIOStream whose base stream is one end of a pair of sockets, and the peer at the other.
 * Where it is not said otherwise, the application is the server. */
typedef struct
{
  GIOStream *stream;
  GInputStream *input;
  GOutputStream *output;
  ImpAnalyzer *analyzer;
  TestPeer *peer;
} IORig;

/* Takes @analyzer. @faults of the base stream may be NULL. */
IORig *io_rig_new (ImpAnalyzer *analyzer, const char *faults);
/* With one property of the stream. */
IORig *io_rig_new_with (ImpAnalyzer *analyzer, const char *faults, const char *property,
                        guint value);
/* Over other streams, which are taken as well. */
IORig *io_rig_new_over (ImpAnalyzer *analyzer, GIOStream *ours, GIOStream *theirs);
void io_rig_free (IORig *self);

void io_rig_peer_says (IORig *self, const char *text);
void io_rig_peer_ends (IORig *self);
/* Waits until the peer has got exactly this, in all. */
void io_rig_peer_hears (IORig *self, const char *text);
/* Waits until the peer sees the end, be it one or an error. */
void io_rig_peer_waits_for_end (IORig *self);

/* With blocking; each of them has to succeed, or to fail with that error. */
void io_rig_write (IORig *self, const char *text);
void io_rig_read (IORig *self, const char *text);
void io_rig_read_end (IORig *self);
void io_rig_fails_to_read (IORig *self, GQuark domain, int code);
void io_rig_fails_to_write (IORig *self, GQuark domain, int code);
void io_rig_fails_to_close (IORig *self, GQuark domain, int code);
void io_rig_close (IORig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IORig, io_rig_free)
