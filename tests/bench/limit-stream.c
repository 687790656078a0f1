/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSL is used as it is quickest: whole records, and no calls but those that are needed. */
#include "limit-stream.h"

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD 16384

static SSL *ssl; /* NULL: none */
static unsigned char record[RECORD];
static size_t record_length; /* what OpenSSL has not written yet, and has to be given again */

static void
die (const char *what)
{
  bench_die ("%s: %s", what, ERR_error_string (ERR_get_error (), NULL));
}

static void
use_files (SSL_CTX *context, const char *folder, bool is_server)
{
  char certificate[4096], key[4096], ca[4096];

  snprintf (certificate, sizeof certificate, "%s/server.pem", folder);
  snprintf (key, sizeof key, "%s/server.key", folder);
  snprintf (ca, sizeof ca, "%s/ca.pem", folder);
  if (is_server ? SSL_CTX_use_certificate_chain_file (context, certificate) != 1
                    || SSL_CTX_use_PrivateKey_file (context, key, SSL_FILETYPE_PEM) != 1
                : SSL_CTX_load_verify_locations (context, ca, NULL) != 1)
    die (folder);
  if (!is_server)
    SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
}

void
limit_stream_begin (int fd, bool is_server)
{
  const char *folder = getenv ("IMP_BENCH_TLS");
  SSL_CTX *context;
  int flags = fcntl (fd, F_GETFL);

  if (folder == NULL)
    return;
  context = SSL_CTX_new (is_server ? TLS_server_method () : TLS_client_method ());
  if (context == NULL)
    die ("OpenSSL");
  use_files (context, folder, is_server);
  SSL_CTX_set_mode (context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ssl = SSL_new (context);
  if (ssl == NULL || SSL_set_fd (ssl, fd) != 1)
    die ("OpenSSL");
  fcntl (fd, F_SETFL, flags & ~O_NONBLOCK);
  if ((is_server ? SSL_accept (ssl) : SSL_connect (ssl)) != 1)
    die ("handshake");
  fcntl (fd, F_SETFL, flags);
}

static bool
would_block (int result)
{
  int error = SSL_get_error (ssl, result);

  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
    return true;
  if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL || error == SSL_ERROR_SSL)
    return false;
  die ("OpenSSL");
  return false;
}

/* A record is read whole, so that nothing is left that epoll does not see. */
ssize_t
limit_stream_read (int fd, void *buffer, size_t length)
{
  size_t total = 0;

  if (ssl == NULL)
    return recv (fd, buffer, length, 0);
  while (length - total >= RECORD || total == 0)
    {
      int n = SSL_read (ssl, (char *) buffer + total, (int) (length - total));

      if (n > 0)
        total += (size_t) n;
      else if (total > 0)
        break;
      else if (would_block (n))
        {
          errno = EAGAIN;
          return -1;
        }
      else
        return 0;
    }
  return (ssize_t) total;
}

static void
fill_record (const struct msghdr *message)
{
  for (size_t i = 0; i < message->msg_iovlen && record_length < RECORD; i++)
    {
      const struct iovec *vector = &message->msg_iov[i];
      size_t room = RECORD - record_length;
      size_t n = vector->iov_len < room ? vector->iov_len : room;

      memcpy (record + record_length, vector->iov_base, n);
      record_length += n;
    }
}

ssize_t
limit_stream_write (int fd, const struct msghdr *message)
{
  size_t length;
  int n;

  if (ssl == NULL)
    return sendmsg (fd, message, MSG_NOSIGNAL);
  if (record_length == 0)
    fill_record (message);
  length = record_length;
  n = SSL_write (ssl, record, (int) length);
  if (n == (int) length)
    {
      record_length = 0;
      return n;
    }
  if (n > 0)
    bench_die ("OpenSSL has written a part of a record");
  if (!would_block (n))
    bench_die ("write: the connection has ended");
  errno = EAGAIN;
  return -1;
}
