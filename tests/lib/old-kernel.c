/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In place of libc's functions, in the tests that name this among their sources. */
#include "old-kernel.h"

#include "io/imp-descriptor-port-private.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean is_old, keeps_linger;

void
old_kernel_set (gboolean old)
{
  is_old = old;
}

void
old_kernel_set_keeps_linger (gboolean keeps)
{
  keeps_linger = keeps;
}

gboolean
old_kernel_is_new (void)
{
  int fds[2], passes = 0;
  gboolean is_new;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  is_new = syscall (SYS_setsockopt, fds[0], SOL_SOCKET, IMP_SO_PASSRIGHTS, &passes, sizeof passes)
           == 0;
  close (fds[0]);
  close (fds[1]);
  return is_new;
}

static gboolean
is_unknown (int level, int name)
{
  if (!is_old || level != SOL_SOCKET || name != IMP_SO_PASSRIGHTS)
    return FALSE;
  errno = ENOPROTOOPT;
  return TRUE;
}

int
setsockopt (int fd, int level, int name, const void *value, socklen_t length)
{
  if (is_unknown (level, name))
    return -1;
  if (keeps_linger && level == SOL_SOCKET && name == SO_LINGER)
    return 0;
  return syscall (SYS_setsockopt, fd, level, name, value, length);
}

int
getsockopt (int fd, int level, int name, void *value, socklen_t *length)
{
  return is_unknown (level, name) ? -1
                                  : (int) syscall (SYS_getsockopt, fd, level, name, value, length);
}
