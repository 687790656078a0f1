/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-certificate-names-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-context-private.h"
#include "core/imp-cursor-private.h"

/* GIO gives the subject as one text only, and some of its modules do not escape what separates the
 * parts of it: an organization called "x,CN=root" would be a common name. So it is read where it
 * lies. */

/* Of DER, what a certificate is made of up to its subject. */
typedef enum
{
  DER_INTEGER = 0x02,
  DER_OBJECT_ID = 0x06,
  DER_UTF8_STRING = 0x0c,
  DER_PRINTABLE_STRING = 0x13,
  DER_TELETEX_STRING = 0x14,
  DER_IA5_STRING = 0x16,
  DER_SEQUENCE = 0x30,
  DER_SET = 0x31,
  DER_VERSION = 0xa0,
} DerTag;

/* Certificates of 16 MiB and more are none. */
#define LENGTH_BYTES_MAX 3

/* 2.5.4.3 */
static const guint8 common_name_id[] = { 0x55, 0x04, 0x03 };

static gboolean
der_take_length (ImpCursor *in, gsize *length)
{
  guint8 byte, n;

  if (!imp_cursor_u8 (in, &byte))
    return FALSE;
  *length = byte;
  if (byte < 0x80)
    return TRUE;
  n = byte & 0x7f;
  if (n == 0 || n > LENGTH_BYTES_MAX)
    return FALSE;
  for (*length = 0; n > 0; n--)
    {
      if (!imp_cursor_u8 (in, &byte))
        return FALSE;
      *length = *length << 8 | byte;
    }
  return TRUE;
}

/* Whatever comes next. */
static gboolean
der_take_any (ImpCursor *in, guint8 *tag, ImpCursor *content)
{
  gsize length;

  return imp_cursor_u8 (in, tag) && der_take_length (in, &length)
         && imp_cursor_take_cursor (in, length, content);
}

static gboolean
der_take (ImpCursor *in, DerTag tag, ImpCursor *content)
{
  guint8 found;

  return der_take_any (in, &found, content) && found == tag;
}

static gboolean
certificate_find_subject (ImpCursor *whole, ImpCursor *subject)
{
  ImpCursor certificate, signed_part, skipped;

  if (!der_take (whole, DER_SEQUENCE, &certificate)
      || !der_take (&certificate, DER_SEQUENCE, &signed_part))
    return FALSE;
  /* The first version does not say that it is. */
  if (imp_cursor_left (&signed_part) > 0 && *imp_cursor_here (&signed_part) == DER_VERSION
      && !der_take (&signed_part, DER_VERSION, &skipped))
    return FALSE;
  return der_take (&signed_part, DER_INTEGER, &skipped)     /* its number */
         && der_take (&signed_part, DER_SEQUENCE, &skipped) /* how it is signed */
         && der_take (&signed_part, DER_SEQUENCE, &skipped) /* by whom */
         && der_take (&signed_part, DER_SEQUENCE, &skipped) /* for how long */
         && der_take (&signed_part, DER_SEQUENCE, subject);
}

/* Others are encodings that hardly anybody writes, and of which programs make different texts. */
static gboolean
certificate_is_text (guint8 tag, const char *text, gsize length)
{
  if (tag == DER_UTF8_STRING)
    return imp_text_is_valid (text, length);
  return (tag == DER_PRINTABLE_STRING || tag == DER_TELETEX_STRING || tag == DER_IA5_STRING)
         && imp_text_is_plain (text, length);
}

/* Can it be taken for nothing but what it is? */
static gboolean
certificate_is_clear (const char *text, gsize length)
{
  g_autofree char *clean = imp_clean_text (text, length, 0);

  return text[0] != ' ' && text[length - 1] != ' ' && strlen (clean) == length
         && memcmp (clean, text, length) == 0;
}

static char *
certificate_dup_name (guint8 tag, const ImpCursor *value)
{
  const char *text = (const char *) value->data;
  gsize length = value->length;

  if (length == 0 || length > IMP_COMMON_NAME_MAX || !certificate_is_text (tag, text, length)
      || !certificate_is_clear (text, length))
    return NULL;
  return g_strndup (text, length);
}

/* One of the parts of a subject: what it is, and its value. FALSE if it is malformed. */
static gboolean
certificate_take_part (ImpCursor *set, gboolean *is_name, guint8 *tag, ImpCursor *value)
{
  ImpCursor part, id;

  if (!der_take (set, DER_SEQUENCE, &part) || !der_take (&part, DER_OBJECT_ID, &id)
      || !der_take_any (&part, tag, value))
    return FALSE;
  *is_name = id.length == sizeof common_name_id
             && memcmp (id.data, common_name_id, sizeof common_name_id) == 0;
  return TRUE;
}

char *
imp_certificate_read_common_name (const guint8 *der, gsize length)
{
  ImpCursor whole = { .data = der, .length = length };
  ImpCursor subject, set, value, name = { .data = NULL };
  guint8 tag, name_tag = 0;
  gboolean is_name;
  guint n_names = 0;

  if (!certificate_find_subject (&whole, &subject))
    return NULL;
  while (imp_cursor_left (&subject) > 0)
    {
      if (!der_take (&subject, DER_SET, &set))
        return NULL;
      while (imp_cursor_left (&set) > 0)
        {
          if (!certificate_take_part (&set, &is_name, &tag, &value))
            return NULL;
          if (!is_name)
            continue;
          n_names++;
          name = value;
          name_tag = tag;
        }
    }
  return n_names == 1 ? certificate_dup_name (name_tag, &name) : NULL;
}

char *
imp_certificate_get_common_name (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  return der != NULL ? imp_certificate_read_common_name (der->data, der->len) : NULL;
}

static gboolean
certificate_is_dns_name (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && (text[i] == '\0' || strchr ("-_.*", text[i]) == NULL))
      return FALSE;
  return length > 0;
}

char **
imp_certificate_get_dns_names (GTlsCertificate *certificate)
{
  g_autoptr (GPtrArray) names = g_tls_certificate_get_dns_names (certificate);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gsize room = IMP_DNS_NAMES_MAX;

  if (names == NULL || names->len == 0)
    return NULL;
  for (guint i = 0; i < names->len; i++)
    {
      gsize length;
      const char *text = g_bytes_get_data (names->pdata[i], &length);
      g_autofree char *lower = NULL;

      if (length >= room || !certificate_is_dns_name (text, length))
        return NULL;
      room -= length + 1;
      lower = g_ascii_strdown (text, length);
      g_strv_builder_add (builder, lower);
    }
  return g_strv_builder_end (builder);
}
