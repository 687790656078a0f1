/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-access-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define ANYBODY "*"

/* FALSE if nobody has that name. */
typedef gboolean (*AccessLookup) (const char *name, guint32 *id);

static gboolean
access_look_up_user (const char *name, guint32 *id)
{
  const struct passwd *entry = getpwnam (name);

  if (entry != NULL)
    *id = entry->pw_uid;
  return entry != NULL;
}

static gboolean
access_look_up_group (const char *name, guint32 *id)
{
  const struct group *entry = getgrnam (name);

  if (entry != NULL)
    *id = entry->gr_gid;
  return entry != NULL;
}

static void
access_list_clear (ImpAccessList *self)
{
  g_clear_pointer (&self->texts, g_strfreev);
  g_clear_pointer (&self->ids, g_array_unref);
  g_clear_pointer (&self->unknown, g_free);
  self->any = FALSE;
}

/* The number -1 is nobody's: it means that an id is not known. */
static void
access_list_add (ImpAccessList *self, const char *text, AccessLookup look_up)
{
  guint64 number;
  guint32 id = 0;

  if (g_str_equal (text, ANYBODY))
    self->any = TRUE;
  else if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32 - 1, &number, NULL))
    {
      id = number;
      g_array_append_val (self->ids, id);
    }
  else if (look_up (text, &id))
    g_array_append_val (self->ids, id);
  else if (self->unknown == NULL)
    self->unknown = imp_clean_text (text, strlen (text), 0);
}

static gboolean
access_list_set (ImpAccessList *self, const char *const *texts, AccessLookup look_up)
{
  if (texts == NULL
        ? self->texts == NULL
        : self->texts != NULL && g_strv_equal (texts, (const char *const *) self->texts))
    return FALSE;
  access_list_clear (self);
  if (texts == NULL)
    return TRUE;
  self->texts = g_strdupv ((char **) texts);
  self->ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (const char *const *text = texts; *text != NULL; text++)
    access_list_add (self, *text, look_up);
  return TRUE;
}

static gboolean
access_list_has (const ImpAccessList *self, gint64 id)
{
  if (self->texts == NULL || id < 0)
    return self->any;
  for (guint i = 0; i < self->ids->len; i++)
    if (g_array_index (self->ids, guint32, i) == id)
      return TRUE;
  return self->any;
}

static char *
access_list_describe (const ImpAccessList *self, const char *standard)
{
  g_autofree char *text = NULL;

  if (self->texts == NULL)
    return g_strdup (standard);
  text = g_strjoinv (", ", self->texts);
  return *text != '\0' ? g_steal_pointer (&text) : g_strdup ("none");
}

void
imp_access_clear (ImpAccess *self)
{
  access_list_clear (&self->uids);
  access_list_clear (&self->gids);
}

gboolean
imp_access_set_uids (ImpAccess *self, const char *const *texts)
{
  return access_list_set (&self->uids, texts, access_look_up_user);
}

gboolean
imp_access_set_gids (ImpAccess *self, const char *const *texts)
{
  return access_list_set (&self->gids, texts, access_look_up_group);
}

gboolean
imp_access_check (const ImpAccess *self, GError **error)
{
  if (self->uids.unknown != NULL)
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is no user \"%s\" (allow-uids)",
                 self->uids.unknown);
  else if (self->gids.unknown != NULL)
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is no group \"%s\" (allow-gids)",
                 self->gids.unknown);
  return self->uids.unknown == NULL && self->gids.unknown == NULL;
}

static gboolean
access_admits_user (const ImpAccess *self, gint64 uid)
{
  if (self->uids.texts == NULL)
    return uid == 0 || uid == geteuid ();
  return access_list_has (&self->uids, uid);
}

static gboolean
access_admits_group (const ImpAccess *self, const ImpCredentials *credentials)
{
  if (access_list_has (&self->gids, credentials->gid))
    return TRUE;
  for (guint i = 0; credentials->groups != NULL && i < credentials->groups->len; i++)
    if (access_list_has (&self->gids, g_array_index (credentials->groups, gid_t, i)))
      return TRUE;
  return FALSE;
}

gboolean
imp_access_admit (const ImpAccess *self, const ImpCredentials *credentials, GError **error)
{
  g_autofree char *own = NULL, *uids = NULL, *gids = NULL;

  if (imp_access_check (self, NULL)
      && (access_admits_user (self, credentials->uid) || access_admits_group (self, credentials)))
    return TRUE;
  own = geteuid () == 0 ? g_strdup ("0") : g_strdup_printf ("%u, 0", (guint) geteuid ());
  uids = access_list_describe (&self->uids, own);
  gids = access_list_describe (&self->gids, "none");
  g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED,
               "User %" G_GINT64_FORMAT " (process %" G_GINT64_FORMAT
               ") is not allowed to connect; allowed are the users (allow-uids) %s and the groups "
               "(allow-gids) %s",
               credentials->uid, credentials->pid, uids, gids);
  return FALSE;
}
