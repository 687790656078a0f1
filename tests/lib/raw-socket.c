/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw-socket.h"

#include "io/imp-descriptor-closer-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT (10 * G_TIME_SPAN_SECOND)
#define DESCRIPTORS_MAX 16

typedef union
{
  struct cmsghdr header;
  char data[CMSG_SPACE (DESCRIPTORS_MAX * sizeof (int))];
} Control;

RawSocket *
raw_socket_new (GIOStream **other)
{
  RawSocket *self = g_new0 (RawSocket, 1);
  g_autoptr (GSocket) socket = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  self->fd = fds[0];
  self->descriptor = -1;
  self->heard = g_string_new (NULL);
  socket = g_socket_new_from_fd (fds[1], NULL);
  *other = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  return self;
}

void
raw_socket_hang_up (RawSocket *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

void
raw_socket_free (RawSocket *self)
{
  raw_socket_hang_up (self);
  if (self->descriptor >= 0)
    close (self->descriptor);
  g_string_free (self->heard, TRUE);
  g_free (self);
}

void
raw_socket_send (RawSocket *self, const char *text, int descriptor, guint n)
{
  Control control = { 0 };
  struct iovec vector = { (gpointer) text, strlen (text) };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  struct cmsghdr *part = &control.header;

  g_assert_cmpuint (n, <=, DESCRIPTORS_MAX);
  if (n > 0)
    {
      message.msg_control = &control;
      message.msg_controllen = CMSG_SPACE (n * sizeof (int));
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN (n * sizeof (int));
    }
  for (guint i = 0; i < n; i++)
    memcpy (CMSG_DATA (part) + i * sizeof (int), &descriptor, sizeof (int));
  if (sendmsg (self->fd, &message, MSG_NOSIGNAL) >= 0)
    return;
  /* The other end may have closed already. */
  if (errno != EPERM)
    {
      g_assert_true (errno == EPIPE || errno == ECONNRESET);
      return;
    }
  g_assert_cmpuint (n, >, 0);
  self->n_refused++;
  raw_socket_send (self, text, -1, 0);
}

void
raw_socket_say (RawSocket *self, const char *text, int descriptor, guint n)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  raw_socket_send (self, line, descriptor, n);
}

static void
raw_socket_listen (RawSocket *self)
{
  char buffer[65536];
  Control control;
  struct iovec vector = { buffer, sizeof buffer };
  struct msghdr message = {
    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
  };
  gssize n = recvmsg (self->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

  if (n <= 0)
    {
      self->ended |= n == 0 || errno != EAGAIN;
      return;
    }
  g_string_append_len (self->heard, buffer, n);
  if (CMSG_FIRSTHDR (&message) == NULL)
    return;
  self->n_descriptors++;
  memcpy (&self->descriptor, CMSG_DATA (CMSG_FIRSTHDR (&message)), sizeof (int));
}

static void
raw_socket_turn (RawSocket *self)
{
  if (!g_main_context_iteration (NULL, FALSE))
    g_usleep (200);
  raw_socket_listen (self);
}

static guint
count_words (const char *text, const char *word)
{
  guint n = 0;

  for (const char *p = text; (p = strstr (p, word)) != NULL; p++)
    n++;
  return n;
}

void
raw_socket_expect (RawSocket *self, const char *text, guint times)
{
  gint64 until = g_get_monotonic_time () + TIMEOUT;

  while (count_words (self->heard->str, text) < times && g_get_monotonic_time () < until
         && !self->ended)
    raw_socket_turn (self);
  if (count_words (self->heard->str, text) >= times)
    return;
  g_test_message ("\"%s\" was not said %u times in: %s", text, times, self->heard->str);
  g_assert_not_reached ();
}

void
raw_socket_expect_end (RawSocket *self)
{
  gint64 until = g_get_monotonic_time () + TIMEOUT;

  while (!self->ended && g_get_monotonic_time () < until)
    raw_socket_turn (self);
  g_assert_true (self->ended);
}

int
raw_memory_new (gsize size, int seals)
{
  int fd = memfd_create ("imp-arena of a test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  for (gsize i = 0; i < size; i += 4096)
    g_assert_cmpint (pwrite (fd, "", 1, i), ==, 1);
  if (seals != 0)
    g_assert_cmpint (fcntl (fd, F_ADD_SEALS, seals), ==, 0);
  return fd;
}

guint
raw_count_descriptors (void)
{
  g_autoptr (GDir) dir = NULL;
  guint n = 0;

  while (imp_descriptor_closer_get_n_waiting () > 0)
    g_usleep (200);
  dir = g_dir_open ("/proc/self/fd", 0, NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

guint
raw_count_maps (void)
{
  g_autofree char *maps = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  return count_words (maps, "memfd:imp-arena");
}
