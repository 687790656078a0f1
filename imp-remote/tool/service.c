/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/service.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"

#include <errno.h>
#include <fcntl.h>
#include <imp-remote.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How much longer than what was said the service manager is to wait. */
#define STOP_MARGIN_SECONDS 5
/* A day: more is no watchdog. */
#define WATCHDOG_MAX_USEC (G_GUINT64_CONSTANT (86400) * G_USEC_PER_SEC)

typedef struct
{
  struct sockaddr_un address;
  socklen_t length; /* 0: nobody wants to hear anything there */
  int fd;           /* a socket at which somebody does; 0: none */
  guint64 watchdog; /* microseconds; 0: none */
  guint failures;
} Service;

static Service service;

static gboolean
service_read_address (const char *text, GError **error)
{
  gsize length = strlen (text);

  if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof service.address.sun_path)
    {
      g_autofree char *shown = g_strescape (text, NULL);

      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "NOTIFY_SOCKET \"%s\" is no unix socket: /PATH or @NAME, of at most %u bytes",
                   shown, (guint) sizeof service.address.sun_path - 1);
      return FALSE;
    }
  service.address.sun_family = AF_UNIX;
  memcpy (service.address.sun_path, text, length);
  if (text[0] == '@')
    service.address.sun_path[0] = '\0';
  /* An abstract name ends where its length says, a path with a zero byte. */
  service.length = offsetof (struct sockaddr_un, sun_path) + length + (text[0] == '/');
  return TRUE;
}

/* It may have been meant for a process that has started this one. */
static gboolean
service_read_watchdog (const char *text, const char *pid, GError **error)
{
  guint64 number;

  if (pid != NULL
      && (!g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT, &number, NULL)
          || number != (guint64) getpid ()))
    return TRUE;
  if (g_ascii_string_to_unsigned (text, 10, 1, WATCHDOG_MAX_USEC, &service.watchdog, NULL))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "WATCHDOG_USEC \"%s\" is no number of microseconds from 1 to %" G_GUINT64_FORMAT,
               text, WATCHDOG_MAX_USEC);
  return FALSE;
}

gboolean
service_begin (GError **error)
{
  g_autofree char *address = g_strdup (g_getenv ("NOTIFY_SOCKET"));
  g_autofree char *watchdog = g_strdup (g_getenv ("WATCHDOG_USEC"));
  g_autofree char *pid = g_strdup (g_getenv ("WATCHDOG_PID"));

  g_unsetenv ("NOTIFY_SOCKET");
  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  if (address == NULL)
    return TRUE;
  return service_read_address (address, error)
         && (watchdog == NULL || service_read_watchdog (watchdog, pid, error));
}

gboolean
service_begin_at (int fd, GError **error)
{
  g_autofree char *watchdog = g_strdup (g_getenv ("WATCHDOG_USEC"));

  service.fd = fd;
  /* Scripts have nothing to say there. */
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  g_unsetenv ("WATCHDOG_USEC");
  return watchdog == NULL || service_read_watchdog (watchdog, NULL, error);
}

guint64
service_get_watchdog (void)
{
  return service.watchdog;
}

/* The program goes on if this fails: the service manager does what it does with services that say
 * nothing. */
static void
service_send (const char *message)
{
  int fd;

  /* It hears nothing only where it is about to end. */
  if (service.fd > 0)
    (void) !send (service.fd, message, strlen (message), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (service.length == 0)
    return;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if ((fd < 0
       || sendto (fd, message, strlen (message), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *) &service.address, service.length)
            < 0)
      && service.failures++ == 0)
    imp_log_warning ("The service manager (NOTIFY_SOCKET) cannot be told %s: %s", message,
                     g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

static gboolean
service_on_watchdog (gpointer user_data)
{
  service_send ("WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

/* Half of the time, as sd_watchdog_enabled(3) recommends. */
static void
service_start_watchdog (void)
{
  if (service.watchdog == 0)
    return;
  service_send ("WATCHDOG=1");
  g_timeout_add_full (G_PRIORITY_HIGH, (guint) MAX (service.watchdog / 2000, 1),
                      service_on_watchdog, NULL, NULL);
}

void
service_notify (const char *message)
{
  service_send (message);
}

void
service_notify_ready (const char *status)
{
  g_autofree char *clean = imp_clean_line (status, IMP_CLEAN_TEXT_MAX);
  g_autofree char *message = g_strdup_printf ("READY=1\nSTATUS=%s", clean);

  service_send (message);
  service_start_watchdog ();
}

void
service_notify_status (const char *status)
{
  g_autofree char *clean = imp_clean_line (status, IMP_CLEAN_TEXT_MAX);
  g_autofree char *message = g_strconcat ("STATUS=", clean, NULL);

  service_send (message);
}

void
service_notify_reloading (void)
{
  g_autofree char *message = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
                                              g_get_monotonic_time ());

  service_send (message);
}

void
service_notify_reloaded (void)
{
  service_send ("READY=1");
}

void
service_notify_replaced (gint64 pid)
{
  g_autofree char *message = g_strdup_printf ("MAINPID=%" G_GINT64_FORMAT, pid);

  service_send (message);
}

void
service_notify_stopping (guint seconds, const char *status)
{
  guint64 wait = ((guint64) seconds + STOP_MARGIN_SECONDS) * G_USEC_PER_SEC;
  g_autofree char *clean = imp_clean_line (status, IMP_CLEAN_TEXT_MAX);
  g_autofree char *message = g_strdup_printf ("STOPPING=1\nEXTEND_TIMEOUT_USEC=%" G_GUINT64_FORMAT
                                              "\nSTATUS=%s",
                                              wait, clean);

  service_send (message);
}
