/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/conform/conform-case.h"
#include "tool/conform/conform-judge.h"
#include "tool/conform/conform-peer.h"

G_BEGIN_DECLS

/* One case while it runs, over a connection, or over several, one after the other. */
typedef struct _ConformRun ConformRun;

typedef void (*ConformSpecial) (ConformRun *run);

/* What all cases of one run of the tool have in common. */
typedef struct
{
  ConformPeer *peer;
  gboolean of_server; /* what is tested is a server */
  gint64 timeout;     /* of each step, in microseconds */
  const ConformFormat *format;
  guint version;                                     /* that we say we speak */
  ConformSpecial (*find_special) (const char *name); /* NULL: there is none of this name */
} ConformSetup;

ConformRun *conform_run_new (const ConformSetup *setup, const ConformCase *this);
void conform_run_free (ConformRun *self);
/* Runs it; TRUE if all was as it should be. */
gboolean conform_run_go (ConformRun *self);

/* --- what has happened --- */

/* What was wrong; NULL: nothing. */
const char *conform_run_get_failure (const ConformRun *self);
/* What was waited for then, or NULL. */
const char *conform_run_get_expected (const ConformRun *self);
/* Why it could not be tried here, or NULL. */
const char *conform_run_get_skip (const ConformRun *self);
/* The last connection; NULL if there was none. */
ConformLink *conform_run_get_link (const ConformRun *self);
/* What the other end said of itself on the first connection; NULL: nothing. */
ImpMessage *conform_run_get_theirs (const ConformRun *self);
ConformJudge *conform_run_get_judge (const ConformRun *self);
/* The format in which a provider speaks; NULL before it has said anything. */
const ConformFormat *conform_run_get_format (const ConformRun *self);

/* --- for the steps that are written in C. All do nothing once something was wrong. --- */

const ConformSetup *conform_run_get_setup (const ConformRun *self);
void conform_run_fail (ConformRun *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean conform_run_has_failed (const ConformRun *self);
gint64 conform_run_get_until (const ConformRun *self);
/* A new connection instead of the present one; @greets: and says what a case begins with. */
void conform_run_open (ConformRun *self, gboolean greets);
/* A message, as json. */
void conform_run_send (ConformRun *self, const char *json);
void conform_run_send_bytes (ConformRun *self, const guint8 *data, gsize length);
/* The bytes of a message. */
GBytes *conform_run_encode (ConformRun *self, const char *json);
/* Waits for a message with all fields of the pattern. */
void conform_run_expect (ConformRun *self, const char *pattern);
/* Messages of this pattern may come from now on. */
void conform_run_allow (ConformRun *self, const char *pattern);
/* Their set_version. */
void conform_run_expect_greeting (ConformRun *self);
/* All that was sent has been read, and the connection goes on. */
void conform_run_sync (ConformRun *self);
/* The other end ends the connection. */
void conform_run_expect_end (ConformRun *self);
/* It cannot be tried here. */
void conform_run_skip (ConformRun *self, const char *reason);
/* That message has been sent by conform_run_send_bytes(), or is about to be. */
void conform_run_note_sent (ConformRun *self, const char *json);
/* Waits for something new, and takes all that was heard: how many of @op. */
guint conform_run_count (ConformRun *self, ImpOp op, gint64 until);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConformRun, conform_run_free)

G_END_DECLS
