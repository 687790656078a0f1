/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-disk-writer-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Of an address or a port; four of them and all else are far below the 255 that a name may have. */
#define PART_MAX 45
#define N_RANDOM 6
#define N_ATTEMPTS 100

/* A letter or digit that stays as it is. */
static gboolean
disk_name_is_plain (const char *at)
{
  return g_ascii_isalnum (*at);
}

/* What is no letter, digit, "-" or ":" becomes "_", but for a dot between letters or digits. */
static void
disk_name_append (GString *name, const char *text)
{
  if (text == NULL || *text == '\0')
    text = "unknown";
  for (gsize i = 0; i < PART_MAX && text[i] != '\0'; i++)
    {
      gboolean keeps = disk_name_is_plain (text + i) || text[i] == '-' || text[i] == ':'
                       || (text[i] == '.' && i > 0 && disk_name_is_plain (text + i - 1)
                           && disk_name_is_plain (text + i + 1));

      g_string_append_c (name, keeps ? text[i] : '_');
    }
}

static gboolean
disk_name_append_random (GString *name, GError **error)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  guint8 bytes[N_RANDOM];

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                   "there are no random numbers for its name: %s", g_strerror (errno));
      return FALSE;
    }
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_c (name, letters[bytes[i] % (sizeof letters - 1)]);
  return TRUE;
}

static char *
disk_name_new (gint64 seconds, const char *const texts[4], const char *suffix, GError **error)
{
  g_autoptr (GString) name = g_string_new (NULL);

  g_string_append_printf (name, "%" G_GINT64_FORMAT, seconds);
  for (guint i = 0; i < 4; i++)
    {
      g_string_append_c (name, i % 2 == 0 ? '-' : '.');
      disk_name_append (name, texts[i]);
    }
  g_string_append_c (name, '-');
  if (!disk_name_append_random (name, error))
    return NULL;
  g_string_append_printf (name, ".%s", suffix);
  return g_string_free (g_steal_pointer (&name), FALSE);
}

static int
disk_folder_create (int folder, gint64 seconds, const char *const texts[4], const char *suffix,
                    char **name, GError **error)
{
  int number = EEXIST;

  for (guint i = 0; i < N_ATTEMPTS && (number == EEXIST || number == EINTR); i++)
    {
      g_autofree char *attempt = disk_name_new (seconds, texts, suffix, error);
      int descriptor;

      if (attempt == NULL)
        return -1;
      descriptor = openat (folder, attempt, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                           0600);
      number = errno;
      if (descriptor >= 0)
        {
          *name = g_steal_pointer (&attempt);
          return descriptor;
        }
    }
  g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (number), g_strerror (number));
  return -1;
}

int
imp_disk_file_create (const char *folder, gint64 seconds, const char *const texts[4],
                      const char *suffix, char **path, GError **error)
{
  int directory = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autofree char *name = NULL;
  int descriptor;

  if (directory < 0)
    {
      g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (errno),
                           g_strerror (errno));
      return -1;
    }
  descriptor = disk_folder_create (directory, seconds, texts, suffix, &name, error);
  close (directory);
  if (descriptor >= 0)
    *path = g_build_filename (folder, name, NULL);
  return descriptor;
}
