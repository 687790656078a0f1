/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* What is known of a filter's connection, for the log; of few filters. */
typedef struct
{
  guint64 connection; /* its number, or 0 */
  char *client;       /* addresses */
  char *server;
} ImpFilterLabel;

#define IMP_FILTER_LABEL_KEY "imp-filter-label"

static inline void
imp_filter_label_free (gpointer data)
{
  ImpFilterLabel *self = data;

  g_free (self->client);
  g_free (self->server);
  g_free (self);
}

static inline void
imp_filter_label_attach (gpointer filter, guint64 connection, const char *client,
                         const char *server)
{
  ImpFilterLabel *self = g_new (ImpFilterLabel, 1);

  self->connection = connection;
  self->client = g_strdup (client);
  self->server = g_strdup (server);
  g_object_set_data_full (filter, IMP_FILTER_LABEL_KEY, self, imp_filter_label_free);
}

/* NULL: it has none. */
static inline const ImpFilterLabel *
imp_filter_label_peek (gpointer filter)
{
  return g_object_get_data (filter, IMP_FILTER_LABEL_KEY);
}

G_END_DECLS
