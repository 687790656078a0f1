/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A resolver that knows one name. */
#define NAME_RESOLVER_NAME "up.example"
/* And one service. */
#define NAME_RESOLVER_SERVICE "_imp._tcp.up.example"

typedef struct _NameResolver NameResolver;

/* Has all names looked up by a new one. @ips: what the name stands for, with blanks between them;
 * "": there is no such name. */
NameResolver *name_resolver_use (const char *ips);
void name_resolver_set (NameResolver *self, const char *ips);

/* @servers: the service's, as HOST:PORT with blanks between them; "": there is none. */
void name_resolver_set_servers (NameResolver *self, const char *servers);

/* Of all of them; before, each has another one. */
void name_resolver_set_priority (NameResolver *self, guint priority);

/* Does not answer from now on, where it can be waited for without blocking. */
void name_resolver_hold (NameResolver *self);
/* Answers those that wait, and others again. */
void name_resolver_release (NameResolver *self);
guint name_resolver_get_n_waiting (NameResolver *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NameResolver, g_object_unref)
