/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control-request.h"

G_BEGIN_DECLS

/* The control socket of a program (--control ADDRESS): a unix socket at which its user and root,
 * and nobody else, ask what it does and have it do something. A request is one line with a JSON
 * object, whose "command" says what is wanted; the answer is one as well. What failed is
 * {"error": TEXT}. Several may follow each other on one connection.
 *
 * Whoever connects can neither stop the program nor make it grow: there are few of them at a time,
 * lines are short, a client gets one answer at a time, and one that does not read it is
 * disconnected. */
typedef struct _Control Control;

/* Called from the main loop for each request that names it; it has to answer once, now or later. */
typedef void (*ControlHandler) (ControlRequest *request, gpointer user_data);

typedef struct
{
  const char *name;
  ControlHandler handle;
} ControlCommand;

#define CONTROL_OPTION(place)                                                                      \
  {                                                                                                \
    "control", 0, 0, G_OPTION_ARG_FILENAME, place,                                                 \
      "A unix socket for \"imp-remote status\" and the like: /PATH, ./PATH or @NAME", "ADDRESS"    \
  }

Control *control_new (void);
/* Disconnects everybody, and removes the socket's file. What is still to be answered may be
 * answered later, for nobody. */
void control_free (Control *self);

/* @commands is static; each name is there once. */
void control_add (Control *self, const ControlCommand *commands, gsize n, gpointer user_data);
/* Listens there, once, and has it served by the main loop. Prints on standard error what is wrong,
 * and returns the program's status for it. @replace: also in the place of one at which somebody
 * listens. */
int control_open (Control *self, const char *address, gboolean replace);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Control, control_free)

G_END_DECLS
