/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says in capital letters what somebody says on IRC:
 * imp-remote relay --listen localhost:6668 --module ./irc-shout.so --connect irc.example:6667
 *
 * Only texts of PRIVMSG from the client change, ASCII letters in them, and no CTCP (/me and the
 * like). A line that has more than 16 KiB is refused. */
#include <imp-remote.h>

#include <string.h>

#define IRC_TYPE_SHOUT (irc_shout_get_type ())
G_DECLARE_FINAL_TYPE (IrcShout, irc_shout, IRC, SHOUT, ImpFramer)

struct _IrcShout
{
  ImpFramer parent_instance;
};

G_DEFINE_FINAL_TYPE (IrcShout, irc_shout, IMP_TYPE_FRAMER)

static const char *
skip_word (const char *at, const char *end)
{
  while (at < end && *at != ' ')
    at++;
  while (at < end && *at == ' ')
    at++;
  return at;
}

/* Tags and who says it may stand before it, and the text is all behind the target. @end if there
 * is none. */
static const char *
find_text (const char *line, const char *end)
{
  if (line < end && *line == '@')
    line = skip_word (line, end);
  if (line < end && *line == ':')
    line = skip_word (line, end);
  if (end - line < 8 || g_ascii_strncasecmp (line, "PRIVMSG ", 8) != 0)
    return end;
  line = skip_word (skip_word (line, end), end);
  return memchr (line, '\1', end - line) != NULL ? end : line;
}

static gboolean
irc_shout_record (ImpFramer *framer, ImpDirection direction, GBytes *record, GError **error)
{
  gsize length;
  const char *line = g_bytes_get_data (record, &length);
  const gsize begin = find_text (line, line + length) - line;
  g_autofree guint8 *shouted = NULL;

  if (begin == length)
    {
      imp_framer_pass_record (framer);
      return TRUE;
    }
  shouted = g_memdup2 (line, length);
  for (gsize i = begin; i < length; i++)
    shouted[i] = g_ascii_toupper (shouted[i]);
  imp_framer_replace_record (framer, shouted, length);
  return TRUE;
}

static void
irc_shout_class_init (IrcShoutClass *klass)
{
  IMP_FRAMER_CLASS (klass)->record = irc_shout_record;
  IMP_FRAMER_CLASS (klass)->incomplete = irc_shout_record;
}

static void
irc_shout_init (IrcShout *self)
{
  g_object_set (self, "max-record", 16384, NULL);
  imp_framer_set_lines (IMP_FRAMER (self), IMP_DIRECTION_FROM_CLIENT);
}

GType
imp_module_query (void)
{
  return IRC_TYPE_SHOUT;
}
