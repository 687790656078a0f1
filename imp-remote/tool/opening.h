/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-address-private.h"
#include "rpc/imp-listener-private.h"

G_BEGIN_DECLS

/* Opens listeners at one address after the other, while the main loop runs and signals are heard.
 * What fails is printed as an error of an option. */
typedef struct _Opening Opening;

/* @status: %TOOL_DONE if all are open, else what the program ends with. */
typedef void (*OpeningFunc) (int status, gpointer user_data);

Opening *opening_new (void);
/* Not while it is under way. */
void opening_free (Opening *self);

/* Of the files of unix sockets; 0600 if this is not called. */
void opening_set_mode (Opening *self, guint mode);
/* As what errors name it; "--listen" if this is not called. */
void opening_set_option (Opening *self, const char *option);
/* Whether a unix socket is taken over from whoever listens there. */
void opening_set_replace (Opening *self, gboolean replace);
/* @text is @address as the user wrote it. The listeners are appended to @listeners, which lives
 * until the end. */
void opening_add (Opening *self, const ImpAddress *address, const char *text, GPtrArray *listeners);
/* Once. @done comes from the main loop, in any case. */
void opening_start (Opening *self, OpeningFunc done, gpointer user_data);
/* Gives up what is not open yet, without a word: @done comes soon, with %TOOL_FAILED. */
void opening_cancel (Opening *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

G_END_DECLS
