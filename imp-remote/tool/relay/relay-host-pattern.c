/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-host-pattern.h"

#include <string.h>

#define NAME_MAX_BYTES 255

static gboolean
relay_host_is_plain (const char *name)
{
  return strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen (name) && name[0] != '.'
         && strstr (name, "..") == NULL;
}

/* As DNS has it; NULL if it is no name. */
static char *
relay_host_normalize (const char *name)
{
  g_autofree char *ascii = NULL;
  g_autofree char *lower = NULL;
  gsize length;

  if (name[0] == '\0' || strlen (name) > NAME_MAX_BYTES || !g_utf8_validate (name, -1, NULL))
    return NULL;
  ascii = g_hostname_to_ascii (name);
  if (ascii == NULL)
    return NULL;
  lower = g_ascii_strdown (ascii, -1);
  length = strlen (lower);
  if (length > 1 && lower[length - 1] == '.')
    lower[length - 1] = '\0';
  return relay_host_is_plain (lower) && lower[0] != '\0' ? g_steal_pointer (&lower) : NULL;
}

/* How much stands before the name. */
static gsize
relay_host_pattern_get_prefix (const char *text)
{
  if (g_str_has_prefix (text, "*."))
    return 2;
  return text[0] == '.' ? 1 : 0;
}

char *
relay_host_pattern_new (const char *text)
{
  const gsize prefix = relay_host_pattern_get_prefix (text);
  g_autofree char *name = NULL;

  if (g_str_equal (text, "*"))
    return g_strdup (text);
  name = relay_host_normalize (text + prefix);
  return name != NULL ? g_strdup_printf ("%.*s%s", (int) prefix, text, name) : NULL;
}

gboolean
relay_host_pattern_match (const char *pattern, const char *name)
{
  const gsize prefix = relay_host_pattern_get_prefix (pattern);
  g_autofree char *normal = relay_host_normalize (name);

  if (normal == NULL)
    return FALSE;
  if (g_str_equal (pattern, "*"))
    return TRUE;
  if (prefix < 2 && g_str_equal (normal, pattern + prefix))
    return TRUE;
  /* From the dot on. */
  return prefix > 0 && g_str_has_suffix (normal, pattern + prefix - 1);
}
