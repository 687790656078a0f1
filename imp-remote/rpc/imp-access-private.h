/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-peer-private.h"

G_BEGIN_DECLS

/* Who may connect to unix sockets: by user and group, as the kernel names them. All-zero at first:
 * the user of this process and root. */
typedef struct
{
  char **texts;  /* as they were given: names, numbers or "*"; NULL: the default */
  GArray *ids;   /* of guint32 */
  gboolean any;  /* "*" is among them */
  char *unknown; /* one that nobody has, or NULL; with it, nobody may connect */
} ImpAccessList;

typedef struct
{
  ImpAccessList uids, gids;
} ImpAccess;

void imp_access_clear (ImpAccess *self);
/* Names are looked up, which may block. FALSE if that is what was set already. */
gboolean imp_access_set_uids (ImpAccess *self, const char *const *texts);
gboolean imp_access_set_gids (ImpAccess *self, const char *const *texts);
/* FALSE with %IMP_ERROR_SETTINGS for a name that nobody has. */
gboolean imp_access_check (const ImpAccess *self, GError **error);
/* FALSE with %IMP_ERROR_DENIED, which names the user and the process. */
gboolean imp_access_admit (const ImpAccess *self, const ImpCredentials *credentials,
                           GError **error);

G_END_DECLS
