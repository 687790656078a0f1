/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A new folder with what tests/lib/certificates.sh makes. */
char *test_certificates_new (void);
/* Takes @folder, and removes it. */
void test_certificates_free (char *folder);

/* @folder/@name */
char *test_certificates_path (const char *folder, const char *name);
GTlsCertificate *test_certificates_load (const char *folder, const char *name);
/* Writes @from over @to, by a rename. */
void test_certificates_replace (const char *folder, const char *from, const char *to);
/* Another one of the authority "ca", whose subject is as openssl takes it, such as "/CN=x/O=y".
 * @alternative: its alternative names. */
void test_certificates_add (const char *folder, const char *name, const char *subject,
                            const char *alternative);
