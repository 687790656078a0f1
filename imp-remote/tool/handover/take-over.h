/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The end of a program that replaces another one: it gets the sockets of that (--take-over), opens
 * what it wants as always, which uses them, and says that it accepts clients now. */
typedef struct _TakeOver TakeOver;

/* @status: %TOOL_DONE if the other one has stopped, else what this program has to end with, since
 * the other one goes on; that is said on standard error. */
typedef void (*TakeOverFunc) (int status, gpointer user_data);

#define TAKE_OVER_OPTION(place)                                                                    \
  {                                                                                                \
    "take-over", 0, 0, G_OPTION_ARG_FILENAME, place,                                               \
      "Replace the process that has this --control socket, if there is one", "ADDRESS"             \
  }

/* @address: of a control socket, @program: see hand_over_new(). */
TakeOver *take_over_new (const char *address, const char *program);
/* What is still under way calls nobody any more. */
void take_over_free (TakeOver *self);

/* Asks for the sockets, once, before any is opened; where nobody is, there are none. The main loop
 * runs meanwhile, until *@stopped.
 * %TOOL_DONE, or what the program ends with; said on standard error. */
int take_over_ask (TakeOver *self, const gboolean *stopped);
/* This process accepts clients: what it has not used goes back. @done comes from the main loop, or
 * at once. */
void take_over_finish (TakeOver *self, TakeOverFunc done, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TakeOver, take_over_free)

G_END_DECLS
