/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server.h"
#include "tool/config/config-options.h"
#include "tool/drain.h"

G_BEGIN_DECLS

/* What the command line or a file says of a server, and nothing that runs. */
typedef struct
{
  ConfigOptions config;
  ConfigFile *file; /* what it was read from, or NULL */
  char **listen;    /* what that says, or NULL */
  GStrv arguments;  /* all of it as a command line */
  char **addresses; /* what listen is, or what stands on the command line */
  char **modules;
  char *codec;
  guint grace;     /* seconds */
  guint idle_exit; /* the same; 0: never */
  guint log_rate;  /* lines a second, 0: all */
  gboolean replace;
  gboolean insecure;
  char *proxy_protocol;
  char **proxy_from;
  gboolean shared_memory;
  gboolean any_peer; /* the same with whoever it is */
  char *tls_cert;
  char *tls_key;
  char *tls_client_ca;
  DrainOptions drain;
  char *worker;          /* what it is told where it is one of several processes, or NULL */
  char *control_address; /* or NULL */
  char *take_over_address;
  guint take_over_grace; /* seconds, 0: any */
  guint take_over_timeout;
  LimitOptions *limits;
} ServeSetup;

ServeSetup *serve_setup_new (void);
void serve_setup_free (ServeSetup *self);

/* From the command line, which lives as long as this, and from the file that it names. FALSE: it is
 * over, with *@status. */
gboolean serve_setup_parse (ServeSetup *self, int argc, char **argv, int *status);
/* What the file says; scripts are only looked for. FALSE: it is wrong, which has been said. */
gboolean serve_setup_read (ServeSetup *self, const char *path);
/* What has to fit together. Prints what does not, and returns the program's status. */
int serve_setup_check (const ServeSetup *self);
/* The same of the files of TLS, as far as a server that runs would find it too late. */
int serve_setup_check_files (const ServeSetup *self);

/* Whether several processes serve, and this one only starts them. */
gboolean serve_setup_wants_workers (const ServeSetup *self);
char *serve_setup_name_modules (const ServeSetup *self);
/* All that can be set of a server at any time, besides its factory and where it listens. */
void serve_setup_apply (const ServeSetup *self, ImpServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServeSetup, serve_setup_free)

G_END_DECLS
