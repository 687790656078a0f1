/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/log-sink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_PATH "/run/systemd/journal/socket"
/* Room for the longest record: the kernel takes none that is longer. */
#define JOURNAL_BUFFER (1024 * 1024)

gboolean
log_sink_write (const char *text, gsize length)
{
  while (length > 0)
    {
      gssize n = write (STDERR_FILENO, text, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          text += n;
          length -= n;
        }
    }
  return TRUE;
}

static int
log_sink_open (void)
{
  static int fd = -1;
  const int size = JOURNAL_BUFFER;

  if (fd != -1)
    return fd;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd != -1)
    setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return fd;
}

/* With the address each time: the journal may have been started again. */
static gboolean
log_sink_send_record (const GString *record)
{
  static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_PATH };
  const int fd = log_sink_open ();
  gssize n;

  if (fd == -1)
    return FALSE;
  do
    n = sendto (fd, record->str, record->len, MSG_NOSIGNAL, (const struct sockaddr *) &address,
                sizeof address);
  while (n < 0 && errno == EINTR);
  return n >= 0;
}

gboolean
log_sink_send (const GString *record, const char *line)
{
  return log_sink_send_record (record) || log_sink_write (line, strlen (line));
}
