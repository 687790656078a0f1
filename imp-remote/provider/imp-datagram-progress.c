/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-datagram-client-private.h"
#include "provider/imp-progress-private.h"

static void
datagram_client_add_direction (GVariantDict *dictionary, const char *name, ImpFilter *filter,
                               ImpDirection direction, gint64 now)
{
  const ImpProgressInput input = { .direction = direction, .sent = -1 };

  g_variant_dict_insert_value (dictionary, name,
                               imp_progress_describe_direction (filter, &input, now));
}

static char *
datagram_client_make_name (const ImpDatagramClient *self)
{
  g_autofree char *host = imp_datagram_path_get_host (&self->path);
  const gboolean is_v6 = strchr (host, ':') != NULL;

  return g_strdup_printf ("%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
                          g_ntohs (self->path.port));
}

GVariant *
imp_datagram_client_describe (ImpDatagramClient *self, gint64 now)
{
  g_autofree char *client = datagram_client_make_name (self);
  GVariantDict dictionary;

  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "id", "x", (gint64) self->serial);
  g_variant_dict_insert (&dictionary, "client", "s", client);
  imp_progress_add_age (&dictionary, "since-ms", self->since, now);
  imp_progress_add_age (&dictionary, "idle-ms", self->active, now);
  if (self->filter == NULL)
    return g_variant_dict_end (&dictionary);
  imp_progress_add_analyzer (&dictionary, self->filter, now);
  datagram_client_add_direction (&dictionary, "from-client", self->filter,
                                 IMP_DIRECTION_FROM_CLIENT, now);
  datagram_client_add_direction (&dictionary, "from-server", self->filter,
                                 IMP_DIRECTION_FROM_SERVER, now);
  return g_variant_dict_end (&dictionary);
}
