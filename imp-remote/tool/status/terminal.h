/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A terminal on which something is shown that changes: the alternate screen, without echo, until it
 * is given back. */
typedef struct _Terminal Terminal;

typedef struct
{
  void (*key) (char key, gpointer user_data); /* a letter was typed */
  void (*resized) (gpointer user_data);
  void (*ended) (gpointer user_data); /* nothing can be typed any more, or a signal has come */
} TerminalFuncs;

/* Whether both standard input and standard output are one. */
gboolean terminal_is_there (void);
Terminal *terminal_new (const TerminalFuncs *funcs, gpointer user_data);
/* Gives it back as it was. */
void terminal_free (Terminal *self);

guint terminal_get_height (Terminal *self);
/* Shows these lines from the top, each cut where the terminal ends; what may be others' text in
 * them does nothing to it. */
void terminal_draw (Terminal *self, const char *const *lines);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Terminal, terminal_free)

G_END_DECLS
