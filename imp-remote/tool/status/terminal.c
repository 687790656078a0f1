/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/terminal.h"

#include "core/imp-clean-text-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Where the size is not known. */
#define WIDTH_DEFAULT 80
#define HEIGHT_DEFAULT 24
#define KEYS_MAX 64

/* The alternate screen, without a cursor, where lines are not broken; and the way back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

struct _Terminal
{
  const TerminalFuncs *funcs;
  gpointer user_data;
  struct termios before;
  guint width, height;
  guint sources[5];
};

gboolean
terminal_is_there (void)
{
  return isatty (STDIN_FILENO) && isatty (STDOUT_FILENO);
}

static void
terminal_write (const char *text, gsize length)
{
  while (length > 0)
    {
      const gssize n = write (STDOUT_FILENO, text, length);

      if (n < 0 && errno != EINTR)
        return;
      if (n > 0)
        {
          text += n;
          length -= n;
        }
    }
}

static void
terminal_measure (Terminal *self)
{
  struct winsize size;
  const gboolean known = ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

  self->width = known && size.ws_col > 0 ? size.ws_col : WIDTH_DEFAULT;
  self->height = known && size.ws_row > 0 ? size.ws_row : HEIGHT_DEFAULT;
}

static gboolean
terminal_on_resized (gpointer user_data)
{
  Terminal *self = user_data;

  terminal_measure (self);
  self->funcs->resized (self->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
terminal_on_signal (gpointer user_data)
{
  Terminal *self = user_data;

  self->funcs->ended (self->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
terminal_on_input (int fd, GIOCondition condition, gpointer user_data)
{
  Terminal *self = user_data;
  char keys[KEYS_MAX];
  const gssize n = read (fd, keys, sizeof keys);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    {
      self->sources[0] = 0;
      self->funcs->ended (self->user_data);
      return G_SOURCE_REMOVE;
    }
  for (gssize i = 0; i < n; i++)
    if (g_ascii_isalpha (keys[i]))
      self->funcs->key (keys[i], self->user_data);
  return G_SOURCE_CONTINUE;
}

/* What is typed comes at once and is not shown. Ctrl-C still ends the program; Ctrl-Z would leave a
 * screen to the shell that is not its own. */
static void
terminal_set_up (Terminal *self)
{
  struct termios mode;

  tcgetattr (STDIN_FILENO, &self->before);
  mode = self->before;
  mode.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  mode.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &mode);
  terminal_write (ENTER, strlen (ENTER));
}

Terminal *
terminal_new (const TerminalFuncs *funcs, gpointer user_data)
{
  Terminal *self = g_new0 (Terminal, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  terminal_measure (self);
  /* Before anything is changed that they have to change back. */
  self->sources[0] = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, terminal_on_input,
                                    self);
  self->sources[1] = g_unix_signal_add (SIGWINCH, terminal_on_resized, self);
  self->sources[2] = g_unix_signal_add (SIGINT, terminal_on_signal, self);
  self->sources[3] = g_unix_signal_add (SIGTERM, terminal_on_signal, self);
  self->sources[4] = g_unix_signal_add (SIGHUP, terminal_on_signal, self);
  terminal_set_up (self);
  return self;
}

void
terminal_free (Terminal *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->sources); i++)
    g_clear_handle_id (&self->sources[i], g_source_remove);
  terminal_write (LEAVE, strlen (LEAVE));
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &self->before);
  g_free (self);
}

guint
terminal_get_height (Terminal *self)
{
  return self->height;
}

static void
terminal_add_line (Terminal *self, GString *screen, const char *line)
{
  g_autofree char *clean = imp_clean_text (line, strlen (line), 0);
  const char *end = clean;

  for (guint i = 0; i < self->width && *end != '\0'; i++)
    end = g_utf8_next_char (end);
  g_string_append_len (screen, clean, end - clean);
  g_string_append (screen, CLEAR_LINE);
}

void
terminal_draw (Terminal *self, const char *const *lines)
{
  g_autoptr (GString) screen = g_string_new (HOME);

  for (guint i = 0; lines[i] != NULL && i < self->height; i++)
    {
      if (i > 0)
        g_string_append (screen, "\r\n");
      terminal_add_line (self, screen, lines[i]);
    }
  g_string_append (screen, CLEAR_REST);
  terminal_write (screen->str, screen->len);
}
