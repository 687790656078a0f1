/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/access-options.h"

#include "rpc/imp-listener-private.h"
#include "tool/tool.h"

#include <imp-remote.h>

#define MODE_MAX 0777

typedef struct
{
  guint mode;
  gboolean has_mode;
  gboolean may_have_file; /* an address at which there may be a unix socket's file */
  GStrv uids, gids;
  ImpAccess lists;
} AccessOptions;

/* What is set is one of the whole process. */
static AccessOptions access_options = { .mode = IMP_LISTENER_MODE_DEFAULT };
/* While there is a draft: those that are in force. */
static AccessOptions *access_options_in_force = &access_options;

static gboolean
access_options_on_mode (const char *option, const char *value, gpointer data, GError **error)
{
  guint64 mode;

  if (!g_ascii_string_to_unsigned (value, 8, 0, MODE_MAX, &mode, NULL))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "%s \"%s\": an octal number from 0 to 0777 is wanted, such as 0660", option,
                   value);
      return FALSE;
    }
  access_options.mode = mode;
  access_options.has_mode = TRUE;
  return TRUE;
}

static void
access_options_append (GStrv *texts, const char *text)
{
  guint n = *texts != NULL ? g_strv_length (*texts) : 0;

  *texts = g_renew (char *, *texts, n + 2);
  (*texts)[n] = g_strdup (text);
  (*texts)[n + 1] = NULL;
}

static gboolean
access_options_on_id (const char *option, const char *value, gpointer data, GError **error)
{
  if (g_str_equal (option, "--allow-uid"))
    {
      access_options_append (&access_options.uids, value);
      imp_access_set_uids (&access_options.lists, (const char *const *) access_options.uids);
    }
  else
    {
      access_options_append (&access_options.gids, value);
      imp_access_set_gids (&access_options.lists, (const char *const *) access_options.gids);
    }
  if (imp_access_check (&access_options.lists, error))
    return TRUE;
  g_prefix_error (error, "%s: ", option);
  return FALSE;
}

void
access_options_add_to_table (OptionTable *table)
{
  static const GOptionEntry entries[] = {
    { "socket-mode", 0, 0, G_OPTION_ARG_CALLBACK, access_options_on_mode,
      "The mode of unix sockets' files (0600 unless it is given)", "MODE" },
    { "allow-uid", 0, 0, G_OPTION_ARG_CALLBACK, access_options_on_id,
      "A user who may connect to unix sockets, * all (default: this one and root)", "USER" },
    { "allow-gid", 0, 0, G_OPTION_ARG_CALLBACK, access_options_on_id,
      "A group whose members may do so as well (default: none)", "GROUP" },
    G_OPTION_ENTRY_NULL,
  };

  option_table_add (table, entries, NULL);
}

void
access_options_note_address (const ImpAddress *address)
{
  if (address->kind != IMP_ADDRESS_TCP && address->kind != IMP_ADDRESS_ABSTRACT)
    access_options.may_have_file = TRUE;
}

int
access_options_check (void)
{
  if (access_options.has_mode && !access_options.may_have_file)
    return tool_usage_error ("--socket-mode is for unix sockets, but no address is the /PATH or "
                             "./PATH of one");
  return TOOL_DONE;
}

guint
access_options_get_mode (void)
{
  return access_options.mode;
}

const ImpAccess *
access_options_get_lists (void)
{
  return &access_options.lists;
}

static void
access_options_clear (AccessOptions *self)
{
  g_strfreev (self->uids);
  g_strfreev (self->gids);
  imp_access_clear (&self->lists);
  *self = (AccessOptions){ .mode = IMP_LISTENER_MODE_DEFAULT };
}

void
access_options_begin_draft (void)
{
  static AccessOptions in_force;

  g_assert (access_options_in_force == &access_options);
  in_force = access_options;
  access_options_in_force = &in_force;
  access_options = (AccessOptions){ .mode = IMP_LISTENER_MODE_DEFAULT };
}

void
access_options_end_draft (gboolean adopt)
{
  AccessOptions *in_force = access_options_in_force;

  g_assert (in_force != &access_options);
  access_options_in_force = &access_options;
  if (!adopt)
    {
      AccessOptions draft = access_options;

      access_options = *in_force;
      *in_force = draft;
    }
  access_options_clear (in_force);
}

gboolean
access_options_admit (GIOStream *client, GError **error)
{
  ImpCredentials credentials;
  gboolean admitted;

  if (!imp_credentials_get (client, &credentials))
    return TRUE;
  admitted = imp_access_admit (&access_options_in_force->lists, &credentials, error);
  imp_credentials_clear (&credentials);
  return admitted;
}
