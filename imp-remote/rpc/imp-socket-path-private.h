/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* The file of a listening unix socket: made where nothing is, put in the place of a socket at which
 * nobody listens, and removed at the end if it is still ours. All of it happens under a lock on the
 * folder, so that of several servers that come to the same path one gets it and the others are told
 * so. */
typedef struct _ImpSocketPath ImpSocketPath;

/* Binds a socket and has it listen. @replace: also in the place of one at which somebody listens.
 * Any other file is left alone: %G_IO_ERROR_EXISTS. Nobody can connect before the file has @mode,
 * which is a number up to 0777; the umask changes nothing in that. */
GSocket *imp_socket_path_listen (const char *path, gboolean replace, guint mode, int backlog,
                                 ImpSocketPath **claim, GError **error);
/* Claims the file of a socket that another process has made and handed over, and gives it @mode. It
 * is the other one's to remove until imp_socket_path_set_given().
 * @device and @inode are its numbers: FALSE if another one is at @path by now. */
gboolean imp_socket_path_adopt (const char *path, guint64 device, guint64 inode, guint mode,
                                ImpSocketPath **claim, GError **error);
/* The numbers of the file. */
void imp_socket_path_get_file (const ImpSocketPath *self, guint64 *device, guint64 *inode);
/* Whether it is another process' to remove, which has the socket as well. */
void imp_socket_path_set_given (ImpSocketPath *self, gboolean given);
/* Removes the file, unless it is another server's by now, and frees @self. */
void imp_socket_path_release (ImpSocketPath *self);

G_END_DECLS
