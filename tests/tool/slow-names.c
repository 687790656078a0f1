/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into a program, it has a name found when a test says so, and as what: the name is that
 * of a FIFO in the folder IMP_TEST_NAMES, from which the addresses are read, with blanks between
 * them. None: there is no such name. */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Lookup) (const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);

static void
read_all (int fd, char *text, size_t size)
{
  size_t length = 0;
  ssize_t n;

  while (length < size - 1 && (n = read (fd, text + length, size - 1 - length)) > 0)
    length += n;
  text[length] = '\0';
}

/* They are freed one by one, so that lists can be joined. */
static int
look_up_all (Lookup lookup, char *text, const char *service, const struct addrinfo *hints,
             struct addrinfo **result)
{
  struct addrinfo **end = result;
  char *rest = NULL;

  *result = NULL;
  for (char *ip = strtok_r (text, " ", &rest); ip != NULL; ip = strtok_r (NULL, " ", &rest))
    {
      if (lookup (ip, service, hints, end) != 0)
        abort ();
      while (*end != NULL)
        end = &(*end)->ai_next;
    }
  return *result != NULL ? 0 : EAI_NONAME;
}

int
getaddrinfo (const char *node, const char *service, const struct addrinfo *hints,
             struct addrinfo **result)
{
  Lookup lookup = (Lookup) dlsym (RTLD_NEXT, "getaddrinfo");
  char path[4096], text[1024];
  int fd;

  snprintf (path, sizeof path, "%s/%s", getenv ("IMP_TEST_NAMES"), node);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return lookup (node, service, hints, result);
  read_all (fd, text, sizeof text);
  close (fd);
  return look_up_all (lookup, text, service, hints, result);
}
